"""What a stage has cost over all its starts, and how it ends when it is asked to."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.demos.boring_classes import BoringModel

from bioner.train.resuming import Checkpoint


def test_what_lies_behind_the_checkpoint_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    trainer = pl.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    module: Any = BoringModel()
    module.words_seen = 30
    saved: dict[str, Any] = {}
    first = Checkpoint(tmp_path / "a.ckpt", "finetune", "k", 5.0)
    now[0] += 50  # loading is no training
    first.on_fit_start(trainer, module)
    now[0] += 8
    first.on_save_checkpoint(trainer, module, saved)
    again = Checkpoint(tmp_path / "a.ckpt", "finetune", "k", 5.0)
    now[0] += 1000
    again.on_load_checkpoint(trainer, module, saved)
    again.on_fit_start(trainer, module)
    now[0] += 4
    module.words_seen = 12
    assert (again.earlier_seconds, again.seconds()) == (8, 12)
    assert again.words(module) == 42


def test_a_change_of_threads_is_said_and_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = pl.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    module: Any = BoringModel()
    module.words_seen = 0
    saved: dict[str, Any] = {}
    before = torch.get_num_threads()
    try:
        for number, threads in ((1, [1]), (1, [1]), (3, [1, 3]), (1, [3, 1]), (1, [3, 1])):
            caplog.clear()
            torch.set_num_threads(number)
            one = Checkpoint(tmp_path / "a.ckpt", "finetune", "k", 5.0)
            if saved:
                one.on_load_checkpoint(trainer, module, saved)
            had = saved["spent"]["threads"][-1] if saved else number
            said = f"goes on with {number} CPU threads and had {had} before" in caplog.text
            assert said == (had != number)
            assert one.threads == threads
            one.on_save_checkpoint(trainer, module, saved)
    finally:
        torch.set_num_threads(before)


TRAIN = [
    "encoder=tiny",
    "logger=none",
    "trainer.accelerator=cpu",
    "finetune.targets=[demo_disease]",
    "finetune.train_size=16",
    "finetune.devel_size=16",
    "finetune.epochs=4000",
]


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (signal.SIGTERM, "stopped by SIGTERM"),
        pytest.param(signal.SIGINT, "interrupted", marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, "stopped by SIGHUP", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow, id="ddp")])
def test_a_training_that_is_asked_to_end_leaves_a_checkpoint_and_says_so(
    number: signal.Signals, says: str, processes: int, tmp_path: Path
) -> None:
    ddp = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]
    places = [f"cache_dir={tmp_path}/cache", f"datasets_dir={tmp_path}/datasets"]
    process = subprocess.Popen(
        [sys.executable, "-m", "bioner", "train", *TRAIN, *places, *ddp[: 3 * (processes - 1)]],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "finetune epoch 3 " in line:
            process.send_signal(number)
            break
    rest = process.stdout.read()
    assert process.wait() == 128 + number, rest
    left = re.escape(f"bioner: {says}; the same command goes on from step ")
    assert re.search(left + r"\d+ of finetune$", rest.strip()), rest
    (folder,) = tmp_path.glob("runs/default/*/checkpoints")
    assert sorted(path.name for path in folder.iterdir()) == [
        "demo_disease.safetensors",
        "finetune.ckpt",
    ]
    assert not (folder.parent / "record.json").exists()
