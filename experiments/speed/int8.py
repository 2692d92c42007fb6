"""Prediction in 8 bits against float32, ONNX Runtime and the Hugging Face pipeline.

python experiments/speed/int8.py RUN_DIR                    # needs the extra onnx

RUN_DIR is a finished run with one linear head. All tag the same test sentences, in turns, in one
process on one thread, and processor time is counted, so that it may share the machine. ONNX Runtime
gets bioner's batches: of similar length, in order again. The pipeline gets one text at a time, its
default, and reads words of its own, so its F1 is left out.
"""

import argparse
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["OMP_NUM_THREADS"] = "1"

import torch
from ratios import spread, times_faster
from transformers import pipeline

from bioner.corpora.catalogue import load_corpus
from bioner.corpora.sentence import Sentence
from bioner.machine.precision import keep_memory
from bioner.predict import onnx_model
from bioner.predict.device import FULL, INT8
from bioner.predict.export import score
from bioner.predict.finished import FinishedRun, open_run
from bioner.predict.tagger import Tagger, load_tagger
from bioner.predict.token_classifier import to_token_classifier

OURS = "bioner int8"
Tags = Sequence[Sequence[str]]
Peer = Callable[[Sequence[Sentence]], Tags | None]


def peers_of(run: FinishedRun, folder: Path) -> dict[str, Peer]:
    """Return what tags sentences for each peer; None comes from one that reads words of its own."""
    (head,) = run.choose([])
    full = load_tagger(run, [head], "cpu", FULL)

    def ours(tagger: Tagger, sentences: Sequence[Sentence]) -> Tags:
        tagged = tagger.tag(sentences)[head]
        return [tagged.tags(i) for i in range(len(sentences))]

    (network,) = full.networks.values()
    built = network.bank.head(head)
    model = to_token_classifier(run.config.encoder, network.encoder, built)
    onnx_model.write(model, folder)
    onnx_model.round_weights(folder)
    tagger = pipeline(
        "token-classification",
        model=model,
        tokenizer=full.tokenizer,
        device="cpu",
        aggregation_strategy="first",
    )

    def onnx(file: str) -> Peer:
        session, tags = onnx_model.open_model(folder / file, threads=1), full.tags[head]
        return lambda sentences: onnx_model.tag(
            session, sentences, full.tokenizer, full.window, tags
        )

    def piped(sentences: Sequence[Sentence]) -> None:
        tagger([" ".join(sentence.words) for sentence in sentences])

    return {
        OURS: partial(ours, load_tagger(run, [head], "cpu", INT8)),
        "bioner fp32": partial(ours, full),
        "ONNX Runtime int8": onnx(onnx_model.ROUNDED),
        "ONNX Runtime fp32": onnx(onnx_model.PLAIN),
        "pipeline fp32": piped,
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--rounds", type=int, default=5, help="counted, after one for warming up")
    parser.add_argument("--sentences", type=int, default=300, help="the first of test, to be timed")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_memory()
    run = open_run(options.run)
    (head,) = run.choose([])
    corpus = load_corpus(head, run.config.dataset[head], Path(run.config.datasets_dir))
    test = corpus.splits["test"].sentences
    timed = test[: options.sentences]
    seconds: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        peers = peers_of(run, Path(folder))
        for number in range(options.rounds + 1):
            for name, peer in peers.items():
                began = time.process_time()
                peer(timed)
                if number:
                    seconds[name].append(time.process_time() - began)
        tags = {name: peer(test) for name, peer in peers.items()}
    words = sum(len(s.words) for s in timed)
    print(f"{head}: {len(timed)} sentences, {words} words a round; F1 on {len(test)} sentences")
    for name, of_rounds in seconds.items():
        found = tags[name]
        f1 = "" if found is None else f"{score(test, found):.4f}"
        pace = words / spread(of_rounds).median
        print(
            f"{name:20}{pace:7.0f} words/s  int8 is faster by "
            f"{times_faster(seconds[OURS], of_rounds)!s:24}  {f1}"
        )


if __name__ == "__main__":
    main()
