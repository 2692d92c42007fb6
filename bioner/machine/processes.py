"""The processes of a run that trains on several devices (DDP): one writes, all meet.

Lightning says which one this is. Before it is imported, which takes seconds, the environment does.
"""

import os
import sys

# In the order in which Lightning looks.
_RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK")


def is_first() -> bool:
    """Return whether this process is the one that writes; so is the only one of a plain run."""
    if "pytorch_lightning" not in sys.modules:
        return int(next((os.environ[name] for name in _RANKS if name in os.environ), "0")) == 0
    from pytorch_lightning.utilities import rank_zero_only

    return not getattr(rank_zero_only, "rank", 0)


def meet() -> None:
    """Wait until all processes are here."""
    import torch

    if torch.distributed.is_initialized():
        torch.distributed.barrier()


def first_says(value: bool) -> bool:
    """Return what the first process says, in all that have met already; else one's own value.

    Lightning starts the others at the first training of a run. What came before it they look up
    themselves, as the first process left it.
    """
    import torch

    if not torch.distributed.is_initialized():
        return value
    said = [value]
    torch.distributed.broadcast_object_list(said, src=0)
    return said[0]
