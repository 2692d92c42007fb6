"""The processes of a run that trains on several devices (DDP): one writes, all meet."""

import torch
from pytorch_lightning.utilities import rank_zero_only


def is_first() -> bool:
    """Return whether this process is the one that writes; so is the only one of a plain run."""
    return not getattr(rank_zero_only, "rank", 0)


def meet() -> None:
    """Wait until all processes are here."""
    if torch.distributed.is_initialized():
        torch.distributed.barrier()
