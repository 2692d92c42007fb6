"""The file that a killed stage goes on from: written whole or not at all, checked before use."""

import logging
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO
from torch import Tensor

log = logging.getLogger(__name__)

# What Lightning needs to go on; every checkpoint of a training has them.
_PARTS = {"state_dict", "optimizer_states", "lr_schedulers", "loops", "callbacks"}

LAYOUT = 1
"""Under `layout` in a checkpoint; to be raised where a training keeps something else in it."""


class StreamedCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint straight to its file, where Lightning makes two copies in memory first.

    That the file appears whole or not at all, `put_in_place` sees to.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: object = None
    ) -> None:
        """Write it; there are no storage options."""
        # Through a file of Python's, whose errors say what the disk said.
        with Path(path).open("wb") as file:
            torch.save(checkpoint, file)


def put_in_place(temporary: Path, file: Path) -> None:
    """Give a file that is written its name, once its bytes are on the disk."""
    _sync(temporary)
    temporary.replace(file)
    _sync(file.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_aside_if_useless(file: Path, stage: str, key: str, module: Mapping[str, Tensor]) -> None:
    """Rename a checkpoint that no training can go on from, so that it is in nobody's way.

    Args:
        file: the checkpoint; one that is not there is no fault.
        stage: whose it is, for the message.
        key: the hash of all that determines the stage.
        module: the tensors of the module that it is to be loaded into, by name.
    """
    fault = _fault(file, key, module) if file.exists() else None
    if fault is not None:
        aside = file.with_name(f"{file.name}.damaged")
        file.replace(aside)
        log.warning("%s: %s is of no use (%s); set aside as %s", stage, file, fault, aside.name)
        log.warning("%s: it starts anew", stage)


def _fault(file: Path, key: str, module: Mapping[str, Tensor]) -> str | None:
    """Return why nothing can go on from a checkpoint, or None.

    It is a zip archive, which carries a CRC-32 of every record in it; that of each is compared.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            record = archive.testzip()
        if record is not None:
            return f"the checksum of its record {record} does not fit"
        found = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except OSError:  # it can't be read now: that says nothing of what is in it
        raise
    except Exception as error:  # the readers of zip, of pickle and of tensors raise all kinds
        return str(error).partition("\n")[0] or type(error).__name__
    if not isinstance(found, dict) or not found.keys() >= _PARTS:
        return "it is no checkpoint of a training"
    if found.get("layout") != LAYOUT:
        return "another version of bioner wrote it"
    if _shapes(found["state_dict"]) != _shapes(module):
        return "it is of another encoder, or of other heads"
    if found.get("key") != key:
        return "it is of other files, of another encoder, or of another precision"
    return None


def _shapes(tensors: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(tensor, "shape", None) for name, tensor in tensors.items()}
