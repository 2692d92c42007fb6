"""The markers of one head as plain rows of an encoder and plain tokens of its tokenizer."""

import re
from dataclasses import replace
from typing import cast

import torch
from tokenizers import AddedToken
from tokenizers.processors import TemplateProcessing
from torch import nn
from transformers import PreTrainedTokenizerFast

from bioner.batches.tokenizer import SpecialTokens, special_tokens
from bioner.batches.window import Window
from bioner.errors import ConfigError
from bioner.model.encoder import Encoder
from bioner.model.task_tokens import MarkedEmbedding


def write_out_markers(
    encoder: Encoder, tokenizer: PreTrainedTokenizerFast, window: Window, head: str
) -> tuple[Window, PreTrainedTokenizerFast]:
    """Make the markers of a head a part of what any program reads; change nothing without any.

    The rows stand behind those of the tokenizer's own tokens, and the tokenizer puts their tokens
    around every text by itself, so that whoever reads text with the exported folder need not know
    of them.

    Args:
        encoder: is changed: its embeddings become a plain layer.
        tokenizer: is changed.
        window: how rows are cut, without markers.
        head: whose labels are asked for.

    Returns:
        How rows are cut with the new ids, and the tokenizer that is to be written: of no family,
        for those of families put their own special tokens when they are loaded.

    Raises:
        ConfigError: the tokenizer does not take new tokens as it should.
    """
    names = encoder.markers.get(head, ())
    marked = encoder.transformer.get_input_embeddings()
    if not names or not isinstance(marked, MarkedEmbedding):
        return window, tokenizer
    known = len(tokenizer)
    rows = torch.cat([marked.weight[:known], marked.of(names)]).detach()
    plain = nn.Embedding.from_pretrained(rows, padding_idx=marked.padding_idx)
    encoder.transformer.set_input_embeddings(plain)
    encoder.transformer.config.vocab_size = len(rows)
    encoder.markers = {}
    # A template takes no token with a colon or a blank; the number tells names apart.
    plain_names = [f"task{i}_{re.sub(r'[^a-zA-Z0-9]', '_', name)}" for i, name in enumerate(names)]
    tokens = [token for name in plain_names for token in (f"<{name}>", f"</{name}>")]
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in tokens], True)
    ids = {token: cast(int, tokenizer.convert_tokens_to_ids(token)) for token in tokens}
    special = SpecialTokens(
        (*window.special.prefix, *(ids[token] for token in tokens[::2])),
        (*(ids[token] for token in tokens[1::2]), *window.special.suffix),
    )
    _put_around(tokenizer, special)
    if [*ids.values()] != [*range(known, len(rows))] or special_tokens(tokenizer) != special:
        found = f"the tokenizer of {tokenizer.name_or_path} can't put task tokens around a text"
        raise ConfigError("run", found, "a run with encoder.task_tokens=none")
    of_no_family = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer,
        model_input_names=tokenizer.model_input_names,
        **tokenizer.special_tokens_map,
    )
    return replace(window, special=special, marked={}), of_no_family


def _put_around(tokenizer: PreTrainedTokenizerFast, special: SpecialTokens) -> None:
    """Let a tokenizer put these ids around a text, or two."""
    both = (*special.prefix, *special.suffix)
    names = dict(zip(both, tokenizer.convert_ids_to_tokens(list(both)), strict=True))
    before, after = ([names[one] for one in side] for side in (special.prefix, special.suffix))
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=[*before, "$A", *after],
        pair=[*before, "$A", *after, "$B:1", *(f"{token}:1" for token in after)],
        special_tokens=[(token, number) for number, token in names.items()],
    )
