"""Kills runs at random places and starts them again; their results are those of undisturbed ones.

`python -m tests.train.kills FOLDER SEED REGIME:KILLS…` prints a JSON object for each regime. Every
run is a fork of this process, which has imported everything and computed nothing: a start costs a
second.
"""

import json
import os
import random
import shutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

os.environ.update(OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")

import torch
from pytorch_lightning.utilities import rank_zero_only

from bioner.config.identity import run_name
from bioner.config.train import TrainConfig
from bioner.errors import Stopped
from bioner.model.module import TaggingModule
from bioner.train import recorded_run
from bioner.train.run import train
from tests.composition import train_config

_LOADED = recorded_run  # a run imports it when it begins

_TARGET = [
    "finetune.targets=[demo_disease]",
    "finetune.train_size=40",
    "finetune.devel_size=24",
    "finetune.epochs=3",
]
_SHARED = [
    "finetune=mtl",
    "finetune.auxiliaries=[demo_chemical]",
    "finetune.auxiliary_size=40",
    "mixing=temperature",
]
_SOURCE = [
    "pretrain=sources",
    "pretrain.sources=[demo_disease_related,demo_chemical]",
    "pretrain.train_size=24",
    "pretrain.devel_size=24",
    "pretrain.epochs=2",
]
REGIMES = {
    "single": _TARGET,
    "mtl": [*_TARGET, *_SHARED],
    "transfer": [*_TARGET, *_SOURCE],
    "uncertainty": [
        *_TARGET,
        *_SHARED,
        "weighting=uncertainty",
        "finetune.affinity_every=3",
        "batch.accumulate=3",
    ],
    "ddp": [*_TARGET, *_SHARED, "trainer=ddp", "trainer.devices=2", "batch.sentences=4"],
}
# A process is killed so often, then its run is let go to its end.
_KILLS_A_RUN = 5
# A checkpoint after each update, every few of them, or not before the process is asked to end.
_MINUTES = (0.0, 0.001, 5.0)
# What is equal in the records of a run that was disturbed and of one that was not.
_EQUAL = ("scores", "best", "datasets", "config")
_EQUAL_OF_STAGES = ("name", "key", "tasks", "mixing", "best", "affinity", "source", "sha256")


def _config(folder: Path, shared: Path, regime: str) -> TrainConfig:
    return train_config(
        "encoder=tiny",
        "logger=none",
        "batch.sentences=8",
        "optimizer.lr=3e-3",
        *REGIMES[regime],
        "trainer.accelerator=cpu",
        f"runs_dir={folder}",
        f"datasets_dir={shared}/datasets",
        f"cache_dir={shared}/cache",
    )


def _select_the_last() -> None:
    """Let the last step be the best on devel: so little training learns nothing, and all are 0."""
    count = TaggingModule.on_validation_epoch_end

    def rising(module: TaggingModule) -> None:
        count(module)
        for scores in module.devel.values():
            scores.f1 = module.global_step / 1000

    TaggingModule.on_validation_epoch_end = rising


class _Fate:
    """Ends the process at the n-th of the places where it might be killed."""

    def __init__(self, at: int, number: signal.Signals) -> None:
        self._left, self._number = at, number

    def place(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), self._number)

    def watch(self, owner: Any, name: str, after: bool = False) -> None:
        """Make the beginning of a function such a place, and its end where asked for."""
        real: Callable[..., Any] = getattr(owner, name)

        def watched(*args: Any, **options: Any) -> Any:
            self.place()
            found = real(*args, **options)
            if after:
                self.place()
            return found

        setattr(owner, name, watched)

    def watch_all(self) -> None:
        for name in ("training_step", "validation_step", "predict_step"):
            self.watch(TaggingModule, name)
        for name in ("replace", "unlink"):
            self.watch(Path, name, after=True)
        self.watch(shutil, "rmtree", after=True)
        save = torch.save

        def half(content: object, file: IO[bytes]) -> None:
            save(content, file)
            file.truncate(file.tell() // 2)
            self.place()
            file.seek(0)
            file.truncate()
            save(content, file)

        torch.save = half


def _run(config: TrainConfig, log: Path, at: int, number: signal.Signals) -> None:
    """Be the process of one start."""
    code = 1
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, sys.stdout.fileno())
        os.dup2(out, sys.stderr.fileno())
        _select_the_last()
        _Fate(at, number).watch_all()
        directory = Path(config.runs_dir) / config.study / run_name(config)
        directory.mkdir(parents=True, exist_ok=True)
        train(config, directory)
        code = 0
    except Stopped as stopped:
        code = stopped.code
    except SystemExit as left:
        code = int(left.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _start(config: TrainConfig, log: Path, at: int = -1, number: int = signal.SIGKILL) -> int:
    """Run in a process of its own, or in two of DDP, and return how they ended."""
    ranks = 2 if "ddp" in str(config.trainer.get("strategy")) else 1
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mortal = random.randrange(ranks)
    processes = []
    for rank in range(ranks):
        process = os.fork()
        if process == 0:
            place = {"LOCAL_RANK": rank, "WORLD_SIZE": ranks, "NODE_RANK": 0, "MASTER_PORT": port}
            if ranks > 1:
                rank_zero_only.rank = rank
                os.environ.update({name: str(value) for name, value in place.items()})
            _run(config, log, at if rank == mortal else -1, signal.Signals(number))
        processes.append(process)
    return _ended(processes)


def _ended(processes: list[int]) -> int:
    """Wait for all; where one is killed, the others are too, as a machine's that goes down.

    Where the first has been asked to end, too: the others are its children in a true run, and end
    with it.
    """
    codes: dict[int, int] = {}
    while len(codes) < len(processes):
        process, status = os.wait()
        codes[process] = os.waitstatus_to_exitcode(status)
        if codes[process] == -signal.SIGKILL or codes.get(processes[0]):
            for other in set(processes) - set(codes):
                os.kill(other, signal.SIGKILL)
    return next((codes[p] for p in processes if codes[p] < 0), codes[processes[0]])


def _result(folder: Path) -> dict[str, Any]:
    """Return all that a disturbed run must have in common with an undisturbed one."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    (record,) = (json.loads(p.read_text()) for name, p in files.items() if "record.json" in name)
    timing = record["timing"]
    return {
        "files": sorted(files),
        "bytes": {
            name: sha256(path.read_bytes()).hexdigest()
            for name, path in files.items()
            if name.endswith((".safetensors", ".tsv"))
        },
        "record": {part: record[part] for part in _EQUAL},
        "stages": [{part: one[part] for part in _EQUAL_OF_STAGES} for one in record["stages"]],
        "words": round(timing["words_per_second"] * timing["train_seconds"]),
    }


def _torment(folder: Path, regime: str, kills: int) -> dict[str, Any]:
    """Kill runs of a regime so many times in all, and return what came of it.

    Raises:
        AssertionError: a result is another one, a start failed, or something is left over.
    """
    began = time.monotonic()
    config = _config(folder / regime / "whole", folder, regime)
    assert _start(config, folder / f"{regime}.whole.log") == 0
    whole = _result(Path(config.runs_dir))
    ends: dict[str, int] = {}
    runs = starts = 0
    places = 60  # about as many as an undisturbed run has; past its end a start is not killed
    while sum(ends.values()) < kills:
        runs += 1
        runs_dir = folder / regime / f"run{runs}"
        log = folder / f"{regime}.{runs}.log"
        mine = replace(config, runs_dir=str(runs_dir))
        code = -1
        for _ in range(min(_KILLS_A_RUN, kills - sum(ends.values()))):
            mine = replace(mine, checkpoint_minutes=random.choice(_MINUTES))
            number = random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])
            code = _start(mine, log, random.randint(1, places), number)
            starts += 1
            if code == 0:
                break
            assert code in (-signal.SIGKILL, 128 + signal.SIGTERM), (code, log.read_text())
            name = signal.Signals(-code if code < 0 else code - 128).name
            ends[name] = ends.get(name, 0) + 1
        if code != 0:
            starts += 1
            code = _start(mine, log)
        assert code == 0, log.read_text()
        found = _result(runs_dir)
        for part, value in whole.items():
            assert found[part] == value, (regime, runs, part, found[part], value, log.read_text())
        shutil.rmtree(runs_dir)
    seconds = round(time.monotonic() - began, 1)
    return {"regime": regime, **ends, "runs": runs, "starts": starts, "seconds": seconds}


def main(folder: str, seed: str, *asked: str) -> None:
    """Torment each regime that is asked for."""
    random.seed(int(seed))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for one in asked:
        regime, _, kills = one.partition(":")
        print(json.dumps(_torment(Path(folder), regime, int(kills))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
