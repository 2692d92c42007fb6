"""What every peer shares: its job, the rounds that the benchmark starts, and strict F1.

Each peer is a process of its own. It runs its framework's own training loop; hooks of the framework
wait at the beginning of an epoch until the benchmark lets it go, and stop the clock after the last
update. An epoch is a round: the same sentences, each once. Only the standard library here, and
seqeval, for every peer may live in an environment of its own.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Job:
    """What a peer is to do; the benchmark gives it as JSON.

    Attributes:
        name: the corpus's.
        corpus: folder with train.tsv, devel.tsv and test.tsv: word TAB tag, IOB2.
        model: folder of the encoder's weights and tokenizer.
        types: the entity types of the corpus.
        precision: fp32 or bf16.
        sentences: in a batch.
        updates: in a round.
        rounds: of training, and of prediction, the first of each for warming up.
        output: a folder for what the peer writes.
        datasets: how bioner is told of the corpus: overrides.
        threads: of the computation.
        grouped: whether batches hold similar lengths, where a peer has the choice.
        seed: of everything random.
    """

    name: str
    corpus: str
    model: str
    types: list[str]
    precision: str
    sentences: int
    updates: int
    rounds: int
    output: str
    datasets: list[str]
    threads: int
    grouped: bool
    seed: int

    @property
    def tags(self) -> list[str]:
        """O, and B- and I- of each type."""
        return ["O", *(f"{place}-{name}" for name in self.types for place in "BI")]

    def read(self, split: str) -> tuple[list[list[str]], list[list[str]]]:
        """Return the words and the tags of every sentence of a split."""
        text = Path(self.corpus, f"{split}.tsv").read_text("utf-8").strip()
        rows = [[line.split("\t") for line in block.splitlines()] for block in text.split("\n\n")]
        return [[r[0] for r in s] for s in rows], [[r[1] for r in s] for s in rows]


class Rounds:
    """The line between a peer and the benchmark: `begin`, `done` for each update, `end`."""

    def __init__(self, updates: int) -> None:
        self._in = os.fdopen(int(os.environ["SPEED_IN"]), "r")
        self._out = os.fdopen(int(os.environ["SPEED_OUT"]), "w")
        self._updates, self._done = updates, 0
        self._wall = self._cpu = 0.0
        self._first = True
        self._positions = self._real = 0

    def begin(self) -> None:
        """Wait until the benchmark lets this peer go, and start the clock."""
        self.tell("ready")
        if not self._in.readline():
            sys.exit("the benchmark is gone")
        self._done = self._positions = self._real = 0
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def done(self) -> None:
        """Count an update; after the last of a round stop the clock."""
        if self._first:
            self.tell("first", wall=time.time(), cpu=time.process_time())
            self._first = False
        self._done += 1
        if self._done == self._updates:
            self.end()

    def end(self) -> None:
        """Stop the clock, and report."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        share = 1 - self._real / self._positions if self._positions else 0.0
        self.tell("round", wall=wall, cpu=cpu, padding=share, peak=peak_bytes())

    def tell(self, event: str, **what: Any) -> None:
        """Write one line to the benchmark."""
        print(json.dumps({"event": event, **what}), file=self._out, flush=True)

    def watch_padding(self, transformer: Any) -> None:
        """Count what a transformer's mask keeps out, on every call."""

        def count(_: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
            mask = named.get("attention_mask")
            if mask is not None:
                self._positions += mask.numel()
                self._real += int(mask.sum())

        transformer.register_forward_pre_hook(count, with_kwargs=True)


def start() -> tuple[Job, Rounds]:
    """Return the job that stands on the command line, and the line to the benchmark."""
    job = Job(**json.loads(sys.argv[1]))
    return job, Rounds(job.updates)


def peak_bytes() -> int:
    """Return the largest resident memory of this process so far."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def strict_f1(gold: list[list[str]], guess: list[list[str]]) -> float:
    """Return the strict entity-level F1 by seqeval, 0 to 1."""
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2

    return float(f1_score(gold, guess, mode="strict", scheme=IOB2))


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of these packages."""
    return {name: version(name) for name in packages}
