"""What a killed process leaves beside its results."""

import shutil
from pathlib import Path


def remove_leftovers(*folders: Path) -> None:
    """Remove the half-written files in some folders; the caller holds the lock of all of them.

    Everything that a run or a stage leaves behind is first written under a name that ends so.
    """
    for folder in folders:
        for half in folder.glob("*.tmp"):
            if half.is_dir():  # a plugin of Lightning may write a checkpoint as a folder
                shutil.rmtree(half)
            else:
                half.unlink()


def drop_checkpoint(directory: Path) -> None:
    """Remove what a run goes on from, once its record is there: not before, or a kill costs all."""
    for checkpoint in (directory / "checkpoints").glob("*.ckpt"):
        checkpoint.unlink()
    for labelled in (directory / "checkpoints").glob("*.soft"):
        shutil.rmtree(labelled)
