"""Ends verbs at their writes, by a kill or a full disk: what they leave is whole or not there.

`python -m tests.kills_of_verbs FOLDER SEED VERB:HOW:TIMES…` prints a JSON object for each; `HOW` is
`kill` or `full`, and TIMES 0 is each of the writes. Every start is a fork of this process, which
has imported everything and computed nothing. A write is what Python tells its audit hooks of a file
below the folder: that it is opened for writing, renamed, removed, made. The disk of a process is
full when the system takes no byte more from it (RLIMIT_FSIZE), whichever library writes.
"""

import errno
import json
import mmap
import os
import random
import re
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")

import pandas as pd

from bioner import cli
from bioner.datasets import actions
from bioner.predict import export, stream
from bioner.report import report
from bioner.train import recorded_run
from bioner.transferability import measuring

_LOADED = (
    actions,
    export,
    stream,
    report,
    recorded_run,
    measuring,
)  # the verbs import them when they run

_TRAIN = [
    "train",
    "encoder=tiny",
    "trainer.accelerator=cpu",
    "finetune.targets=[demo_disease]",
    "finetune.train_size=16",
    "finetune.devel_size=16",
    "finetune.epochs=1",
    "checkpoint_minutes=0",
    "study=s",
]
_WRITES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree", "os.truncate")
_PLACES = ["cache_dir=cache/tokens", "datasets_dir=datasets"]


@dataclass(frozen=True)
class Verb:
    """A command line, and what it leaves.

    Attributes:
        words: as typed; RUN is the directory of a finished run.
        output: what is there whole or not at all, from the folder in which it is typed.
        once: whether the command refuses an output that is there.
    """

    words: list[str]
    output: list[str]
    once: bool = False


_PREDICT = ["predict", "run=RUN", "input=in.txt", "input_format=lines", "resume=true"]
VERBS = {
    "train": Verb([*_TRAIN, "logger=csv", *_PLACES], []),
    "fetch": Verb(
        [
            *("datasets", "fetch", "mine", "+dataset.mine.path=mine", "datasets_dir=datasets"),
            "+dataset.mine.url='file://HERE/source/{file}'",
        ],
        [f"datasets/mine/{split}.tsv" for split in ("train", "devel", "test")],
    ),
    "predict": Verb([*_PREDICT, "output=out.jsonl"], ["out.jsonl"], once=True),
    "predict_folder": Verb([*_PREDICT, "output=out", "output_format=brat"], ["out"], once=True),
    "export": Verb(["export", "run=RUN", "output=out", *_PLACES[1:]], ["out"], once=True),
    "measure": Verb(
        [
            *("measure", "sources=[demo_chemical]", "targets=[demo_disease]"),
            *("measures=[surface]", *_PLACES),
        ],
        [],
    ),
    "report": Verb(["report", "study=s", "samples=100"], ["runs/s/report/report.html"]),
}


def _watch(folder: Path, at: int, how: str, count: mmap.mmap) -> None:
    """End this process, or fill its disk, at the n-th write below a folder; count all of them."""
    root, seen = str(folder), 0

    def heed(event: str, args: tuple[object, ...]) -> None:
        nonlocal seen
        if event == "open":
            flags = args[2] if isinstance(args[2], int) else 0
            is_write = bool(flags & (os.O_WRONLY | os.O_RDWR))
        else:
            is_write = event in _WRITES
        if not is_write or not os.path.abspath(str(args[0])).startswith(root):  # noqa: PTH100
            return
        seen += 1
        count[:8] = seen.to_bytes(8, "little")
        if seen == at and how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif seen == at:
            most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))

    sys.addaudithook(heed)


def _be(words: list[str], folder: Path, out: int, at: int, how: str, count: mmap.mmap) -> None:
    """Be the process of one start."""
    code: object = 1
    try:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(out, stream.fileno())
        os.chdir(folder)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        sys.argv = ["bioner", *words]
        _watch(folder, at, how, count)
        code = cli.main()
    except SystemExit as left:
        code = left.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def start(words: list[str], folder: Path, at: int = 0, how: str = "kill") -> tuple[int, str, int]:
    """Run a command in a process of its own.

    Returns:
        How it ended, what it printed, and how many writes there were.
    """
    made = next(folder.glob("runs/s/*/record.json"), folder / "none")
    known = {"RUN": str(made.parent), "HERE": str(folder)}
    for name, value in known.items():
        words = [word.replace(name, value) for word in words]
    read, write = os.pipe()
    count = mmap.mmap(-1, 8)
    process = os.fork()
    if process == 0:
        os.close(read)
        _be(words, folder, write, at, how, count)
    os.close(write)
    with os.fdopen(read, errors="replace") as stream:
        printed = stream.read()
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status), printed, int.from_bytes(count[:8], "little")


def content(folder: Path, below: str = ".") -> dict[str, str]:
    """Return a digest of each file; without the seconds of measures and the minute of a report."""
    found = {}
    for path in [*(folder / below).rglob("*"), folder / below]:
        if path.is_file():
            data = path.read_bytes()
            if path.name == "measures.csv":
                data = pd.read_csv(path).drop(columns="seconds").to_csv().encode()
            elif path.name == "report.html":
                data = re.sub(rb"Made \d{4}-\d\d-\d\d \d\d:\d\d", b"", data)
            found[path.relative_to(folder).as_posix()] = sha256(data).hexdigest()
    return found


def prepared(folder: Path) -> Path:
    """Make a folder with a finished run, a corpus to fetch, and a text."""
    base = folder / "base"
    base.mkdir(parents=True)
    code, printed, _ = start([*_TRAIN, "logger=none", *_PLACES], base)
    assert code == 0, printed
    (made,) = base.glob("cache/bioner/datasets/*demo_disease")
    shutil.copytree(made, base / "source")
    (base / "in.txt").write_text("Famotidine causes delirium.\nNo fever.\n" * 20)
    return base


def _check(verb: Verb, folder: Path, whole: dict[str, str], stable: set[str]) -> None:
    """Check that every output is as it is after an undisturbed start, or not there."""
    for name in verb.output:
        found = content(folder, name)
        if found:
            expected = {file for file in whole if file == name or file.startswith(f"{name}/")}
            assert found.keys() == expected, (name, found.keys())
            assert all(found[file] == whole[file] for file in stable & expected), name


def _check_full(code: int, printed: str) -> None:
    """Check what is said of a full disk: one line with a file, no traceback."""
    assert "Traceback" not in printed and "Logging error" not in printed, printed
    assert code in (0, 2), printed
    if code == 2:
        errors = [line for line in printed.splitlines() if line.startswith("bioner: error: ")]
        assert len(errors) == 1 and errors[0] == printed.splitlines()[-1], printed
        assert os.strerror(errno.EFBIG) in errors[0], printed
        named = errors[0].removeprefix("bioner: error: ").partition(": ")[0]
        assert "/" in named or "." in named, printed


def torment(base: Path, name: str, how: str, times: int) -> dict[str, object]:
    """End a verb so many times, and return what came of it.

    Raises:
        AssertionError: an output is neither whole nor absent, something is left over, or a full
            disk is not said in a line.
    """
    began, verb = time.monotonic(), VERBS[name]
    if name == "train":
        verb = Verb(["train", *verb.words[1:], "seed=2"], [])
    twice, places = [], 0
    for folder in _copies(base, 2):
        code, printed, places = start(verb.words, folder)
        assert code == 0, printed
        twice.append(content(folder))
        shutil.rmtree(folder)
    whole, again = twice
    stable = {file for file in whole if again.get(file) == whole[file]}
    every = list(range(1, places + 1))
    at_all = random.sample(every, times) if 0 < times < places else every
    ended = 0
    for at, folder in zip(at_all, _copies(base, len(at_all)), strict=True):
        code, printed, _ = start(verb.words, folder, at, how)
        ended += code != 0
        if how == "full":
            _check_full(code, printed)
        else:
            assert code in (0, -signal.SIGKILL), printed
        _check(verb, folder, whole, stable)
        code, printed, _ = start(verb.words, folder)
        is_there = verb.once and content(folder, verb.output[0])
        assert code == 0 or (code == 2 and is_there), (at, printed)
        found = content(folder)
        assert found.keys() == whole.keys(), (at, found.keys() ^ whole.keys(), printed)
        differ = [file for file in stable if found[file] != whole[file]]
        assert not differ, (at, differ, printed)
        shutil.rmtree(folder)
    seconds = round(time.monotonic() - began, 1)
    return {"verb": name, "how": how, "places": places, "ended": ended, "seconds": seconds}


def _copies(base: Path, number: int) -> Iterator[Path]:
    """Yield copies of the prepared folder, all in one place: some files hold where they are."""
    for _ in range(number):
        folder = base.with_name("work")
        shutil.rmtree(folder, ignore_errors=True)
        yield Path(shutil.copytree(base, folder))


def main(folder: str, seed: str, *asked: str) -> None:
    """Torment each verb that is asked for."""
    random.seed(int(seed))
    base = prepared(Path(folder).absolute())
    for one in asked:
        name, how, times = one.split(":")
        print(json.dumps(torment(base, name, how, int(times))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
