"""The limit: a bare loop over batches that are built before the clock starts; no framework.

The encoder with its packed attention and cheap dropout is bioner's, so that what is compared is
what stands around it: data, Lightning, metrics, logging, progress, checkpoints.
"""

import rounds

if __name__ == "__main__":
    JOB, ROUNDS = rounds.start()

import numpy as np
import torch
from torch import nn
from transformers import logging

from bioner.batches.scored import ScoredBatches, Shard
from bioner.batches.tokens import Encoded, encode
from bioner.config.encoder import EncoderConfig
from bioner.corpora.sentence import Sentence
from bioner.machine.precision import keep_memory
from bioner.model.encoder import Encoder
from bioner.model.encoder_loading import load_encoder
from bioner.model.heads import LinearHead
from bioner.model.pretrained import Pretrained

logging.set_verbosity_error()


def encoded_of(job: rounds.Job, split: str, tokenizer: object) -> Encoded:
    """Return the pieces of a split."""
    pairs = zip(*job.read(split), strict=True)
    sentences = [Sentence(tuple(w), tuple(t), 0) for w, t in pairs]
    return encode(sentences, job.tags, tokenizer)  # type: ignore[arg-type]


def train(
    job: rounds.Job, line: rounds.Rounds, encoder: Encoder, head: LinearHead, batches: list
) -> None:
    """Go over the batches once a round."""
    named = [p for p in (*encoder.parameters(), *head.parameters()) if p.requires_grad]
    groups = [
        {"params": [p for p in named if p.ndim >= 2], "weight_decay": 0.01},
        {"params": [p for p in named if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=3e-4, fused=True)
    total, rise = job.rounds * len(batches), max(1, job.rounds * len(batches) // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: (n + 1) / rise if n < rise else (total - n) / (total - rise)
    )
    for _ in range(job.rounds):
        line.begin()
        for batch in batches:
            with torch.autocast("cpu", torch.bfloat16, enabled=job.precision == "bf16"):
                loss = head.loss(encoder(batch), batch.words, batch.tags)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(named, 1.0)
            optimizer.step()
            schedule.step()
            line.done()


@torch.inference_mode()
def predict(
    job: rounds.Job, line: rounds.Rounds, encoder: Encoder, head: LinearHead, scored: list
) -> list[list[str]]:
    """Tag the test split, in rounds; return the tags in order."""
    found: dict[int, list[str]] = {}
    for _ in range(job.rounds):
        line.begin()
        with torch.autocast("cpu", torch.bfloat16, enabled=job.precision == "bf16"):
            tags = [batch.expand(head.decode(encoder(batch), batch.words)) for batch in scored]
        line.end()
    for batch, ids in zip(scored, tags, strict=True):
        for index, row in zip(batch.index.tolist(), ids.split(batch.lengths.tolist()), strict=True):
            found[index] = [job.tags[i] for i in row.tolist()]
    return [found[i] for i in sorted(found)]


def main(job: rounds.Job, line: rounds.Rounds) -> None:
    """Train, predict, report."""
    torch.set_num_threads(job.threads)
    torch.manual_seed(job.seed)
    keep_memory()
    config = EncoderConfig(name=job.model)
    pretrained = Pretrained(config)
    tokenizer, window = pretrained.tokenizer, pretrained.window
    encoder = load_encoder(pretrained)
    head = LinearHead(encoder.hidden, job.tags)
    data = encoded_of(job, "train", tokenizer)
    order = np.random.default_rng(job.seed).permutation(len(data.sentence_words))
    cuts = range(0, len(order), job.sentences)
    batches = [window.batch(job.name, data, order[cut : cut + job.sentences]) for cut in cuts]
    train(job, line, encoder, head, batches)
    encoder.eval(), head.eval()
    test = encoded_of(job, "test", tokenizer)
    scored = ScoredBatches(job.name, test, np.arange(len(test.sentence_words)), window, Shard())
    guess = predict(job, line, encoder, head, list(scored))
    f1 = rounds.strict_f1(job.read("test")[1], guess)
    line.tell("end", f1=f1, versions=rounds.versions("torch", "transformers"))


if __name__ == "__main__":
    main(JOB, ROUNDS)
