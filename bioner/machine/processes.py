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


def first_says(value: bool) -> bool:
    """Return what the first process says, in all that have met already; else one's own value.

    Lightning starts the others at the first training of a run. What came before it they look up
    themselves, as the first process left it.
    """
    if not torch.distributed.is_initialized():
        return value
    said = [value]
    torch.distributed.broadcast_object_list(said, src=0)
    return said[0]
