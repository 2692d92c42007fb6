"""How a checkpoint is written, and that one which nothing can go on from is in nobody's way."""

import pickle
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from bioner.train.checkpoint_file import (
    LAYOUT,
    StreamedCheckpoints,
    put_in_place,
    set_aside_if_useless,
)
from tests.train.test_run import TARGET, config_of, run

MODULE = {"encoder.weight": torch.arange(3000.0), "heads.a.weight": torch.ones(2, 3)}


def write(file: Path, module: dict[str, Any] = MODULE, **parts: Any) -> None:
    parts = {"optimizer_states": [], "lr_schedulers": [], "loops": {}, "callbacks": {}} | parts
    torch.save({"state_dict": module, "layout": LAYOUT, "key": "k", **parts}, file)


def zero_the_first_bytes(file: Path) -> None:
    file.write_bytes(bytes(4096) + file.read_bytes()[4096:])


def change_a_weight(file: Path) -> None:
    content = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as archive:
        largest = max(archive.infolist(), key=lambda one: one.file_size)
    content[largest.header_offset + largest.file_size // 2] ^= 1
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def other_keys(file: Path) -> None:
    torch.save({"weights": torch.ones(2)}, file)


def a_list(file: Path) -> None:
    torch.save([1, 2], file)


def a_pickle(file: Path) -> None:
    file.write_bytes(pickle.dumps({"state_dict": {}}))


def code_in_it(file: Path) -> None:
    write(file, callbacks={"x": Path("y")})


def another_encoder(file: Path) -> None:
    write(file, MODULE | {"encoder.weight": torch.ones(7)})


def another_head(file: Path) -> None:
    write(file, MODULE | {"heads.b.weight": torch.ones(2, 3)})


def other_files(file: Path) -> None:
    write(file, key="another")


def another_version(file: Path) -> None:
    write(file, layout=LAYOUT - 1)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (other_files, "it is of other files"),
        (another_version, "another version of bioner wrote it"),
        (zero_the_first_bytes, "checksum of its record"),
        (change_a_weight, "checksum of its record"),
        (cut, "not a zip file"),
        (empty, "not a zip file"),
        (other_keys, "no checkpoint of a training"),
        (a_list, "no checkpoint of a training"),
        (a_pickle, "not a zip file"),
        (code_in_it, "Weights only load failed"),
        (another_encoder, "of another encoder"),
        (another_head, "of other heads"),
    ],
)
def test_one_that_is_damaged_is_named_and_set_aside(
    spoil: Callable[[Path], None], says: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "finetune.ckpt"
    write(file)
    spoil(file)
    set_aside_if_useless(file, "finetune", "k", MODULE)
    assert f"finetune: {file} is of no use (" in caplog.text
    assert says in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["finetune.ckpt.damaged"]


def test_a_whole_one_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "finetune.tmp")
    put_in_place(tmp_path / "finetune.tmp", tmp_path / "finetune.ckpt")
    set_aside_if_useless(tmp_path / "finetune.ckpt", "finetune", "k", MODULE)
    set_aside_if_useless(tmp_path / "pretrain.ckpt", "pretrain", "k", MODULE)
    assert caplog.text == ""
    assert [path.name for path in tmp_path.iterdir()] == ["finetune.ckpt"]


def test_a_checkpoint_is_written_without_a_copy_in_memory(tmp_path: Path) -> None:
    file, weights = tmp_path / "a.ckpt", torch.arange(1_000_000.0)
    tracemalloc.start()
    StreamedCheckpoints().save_checkpoint({"weights": weights}, file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6 < 4e6 < file.stat().st_size
    assert torch.equal(StreamedCheckpoints().load_checkpoint(file)["weights"], weights)


class OwnWay(TorchCheckpointIO):
    """A user's own way to write checkpoints."""


class Own(pl.Trainer):
    """A trainer with a plugin that writes checkpoints."""

    def __init__(self, **options: Any) -> None:
        super().__init__(plugins=[OwnWay()], **options)


@pytest.mark.parametrize("own", [False, True])
def test_a_run_writes_its_checkpoints_so_but_where_the_trainer_has_a_plugin(
    own: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def noted(self: StreamedCheckpoints, checkpoint: object, path: Path, **_: object) -> None:
        written.append(Path(path).name)
        torch.save(checkpoint, path)

    monkeypatch.setattr(StreamedCheckpoints, "save_checkpoint", noted)
    trainer = [f"trainer._target_={__name__}.Own"] if own else []
    run(
        config_of(
            tmp_path,
            *TARGET,
            "finetune.train_size=32",
            "finetune.epochs=2",
            "checkpoint_minutes=0",
            *trainer,
        )
    )
    # Two updates an epoch: one after the first, one before devel is scored and one after that.
    assert written == ([] if own else ["finetune.tmp"] * 6)
