"""Two processes on the CPU: the updates of one with the doubled batch, each sentence once."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file
from torch import Tensor

from bioner.config.identity import run_name
from bioner.train.run import train
from tests.composition import train_config
from tests.grid.grids import is_gone

CHECKPOINTED = """
import os, sys
from pathlib import Path
import pytorch_lightning as pl
import torch
from pytorch_lightning.demos.boring_classes import BoringModel
from bioner.train import resuming

file, due = Path(sys.argv[1]), sys.argv[2]
# However slow the machine, only the clock that is put forward says so.
checkpoint = resuming.Checkpoint(file, "finetune", "k", 1e6)
if os.environ.get("LOCAL_RANK", "0") == due:
    checkpoint._last -= 60 * 1e6
trainer = pl.Trainer(accelerator="cpu", devices=2, strategy="ddp", max_epochs=2,
                     limit_train_batches=2, limit_val_batches=0, logger=False,
                     enable_checkpointing=False, enable_progress_bar=False,
                     enable_model_summary=False, callbacks=[checkpoint])
model = BoringModel()
model.words_seen = 0
trainer.fit(model)
torch.distributed.destroy_process_group()  # else its threads may abort the interpreter's end
"""


def overrides(tmp_path: Path, study: str, *more: str) -> list[str]:
    return [
        "encoder=tiny",
        "head.options.dropout=0.0",
        "+encoder.from_scratch.hidden_dropout_prob=0.0",
        "+encoder.from_scratch.attention_probs_dropout_prob=0.0",
        "logger=none",
        "trainer.accelerator=cpu",
        "optimizer.lr=0.05",
        f"study={study}",
        # Its updates are the gradients themselves: AdamW would hide their size.
        "optimizer._target_=torch.optim.SGD",
        "pretrain=sources",
        "pretrain.sources=[demo_disease_related]",
        "pretrain.epochs=1",
        "pretrain.train_size=100",
        "finetune=mtl",
        "finetune.targets=[demo_disease]",
        "finetune.auxiliaries=[demo_chemical]",
        "finetune.epochs=2",
        f"runs_dir={tmp_path}/runs",
        f"cache_dir={tmp_path}/cache",
        f"datasets_dir={tmp_path}/datasets",
        *more,
    ]


def trained(tmp_path: Path, study: str) -> tuple[dict, dict[str, Tensor]]:
    """Return the record and the selected weights of the one run of a study."""
    (record,) = (tmp_path / "runs" / study).glob("*/record.json")
    predicted = (record.parent / "predictions" / "demo_disease.test.tsv").read_text()
    assert predicted.count("\n\n") == 240
    weights = load_file(record.parent / "checkpoints" / "demo_disease.safetensors")
    return json.loads(record.read_text()), weights


def furthest(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> float:
    both = [n for n in ours if n in theirs and ours[n].shape == theirs[n].shape]
    return max(float((ours[name] - theirs[name]).abs().max()) for name in both)


TOGETHER = ["mixing.tasks_per_update=2"]
MIXED = [*TOGETHER, "batch.shared=true"]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param([], id="plain"),
        pytest.param(["head.shared=type", *TOGETHER], id="types", marks=pytest.mark.slow),
        pytest.param(
            ["head.shared=all", "encoder.task_tokens=dataset", *MIXED],
            id="fully shared",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_two_processes_train_as_one_with_the_doubled_batch(tmp_path: Path, more: list[str]) -> None:
    config = train_config(*overrides(tmp_path, "one", "batch.sentences=16", *more))
    directory = tmp_path / "runs" / "one" / run_name(config)
    directory.mkdir(parents=True)
    train(config, directory)
    halves = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2", "batch.sentences=8"]
    run = subprocess.run(
        [sys.executable, "-m", "bioner", "train", *overrides(tmp_path, "two", *halves, *more)],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr
    (one, weights), (two, same) = (trained(tmp_path, study) for study in ("one", "two"))
    drawn, same_drawn = ([one["mixing"] for one in record["stages"]] for record in (one, two))
    assert len(drawn) == 2 and drawn == same_drawn
    for split in ("devel", "test"):
        mine, theirs = (r["scores"]["demo_disease"][split] for r in (two, one))
        assert mine["support"] == theirs["support"]
        assert mine["f1"] == pytest.approx(theirs["f1"], abs=0.02)
    start = next((tmp_path / "runs" / ".stages").glob("*/weights.safetensors"))
    assert one["best"] == two["best"]
    assert furthest(weights, same) < 1e-3 * furthest(weights, load_file(start))


@pytest.mark.slow
@pytest.mark.parametrize("due", ["0", "1"])
def test_the_first_process_says_when_a_checkpoint_is_due(tmp_path: Path, due: str) -> None:
    (tmp_path / "train.py").write_text(CHECKPOINTED)
    file = tmp_path / "finetune.ckpt"
    # Where each asked its own clock, one would wait for the other, or be a barrier ahead of it.
    run = subprocess.run(
        [sys.executable, str(tmp_path / "train.py"), str(file), due],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert run.returncode == 0, run.stderr
    assert file.exists() == (due == "0")


@pytest.mark.slow
def test_the_second_process_ends_with_the_first_while_it_starts(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bioner", "train", "encoder=tiny", "logger=none"]
    ddp = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]
    first = subprocess.Popen(
        [*command, *ddp, "finetune.targets=[demo_disease]", f"cache_dir={tmp_path}/cache"],
        cwd=tmp_path,
    )
    children = Path(f"/proc/{first.pid}/task/{first.pid}/children")
    while not (others := _of_this_run(children)):
        assert first.poll() is None
        time.sleep(0.05)
    first.kill()
    first.wait()
    assert all(is_gone(pid, within=60) for pid in others)  # most of it imports


def _of_this_run(children: Path) -> list[int]:
    """Return the processes of a run among those that it has started."""
    pids = [int(pid) for pid in children.read_text().split()]
    return [pid for pid in pids if b"bioner" in Path(f"/proc/{pid}/cmdline").read_bytes()]
