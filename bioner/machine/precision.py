"""What the machine of a run can do, and how its memory is kept."""

import ctypes
import sys

import torch

from bioner.errors import ConfigError

# Of malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST = 2**30


def keep_memory() -> None:
    """Let glibc keep the memory that a step frees, for the next step.

    By default blocks above 32 MiB, such as the gradient of a vocabulary, go back to the kernel and
    are zeroed page by page when they are asked for again. Where there is no glibc nothing happens.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _LARGEST)


def resolve_precision(asked: str, accelerator: str) -> str:
    """Return the precision to train in.

    Args:
        asked: `trainer.precision`; `auto` is bf16-mixed where the hardware multiplies bfloat16
            (a CPU with avx512_bf16 or AMX, a GPU that says so), else 32-true.
        accelerator: `trainer.accelerator`.

    Raises:
        ConfigError: `trainer.accelerator` is none for which this is known.
    """
    if asked != "auto":
        return asked
    if accelerator == "auto":
        accelerator = "gpu" if torch.cuda.is_available() else "cpu"
    if accelerator not in ("cpu", "gpu", "cuda"):
        found = f"is auto with trainer.accelerator={accelerator}"
        raise ConfigError("trainer.precision", found, "bf16-mixed, 32-true, …")
    return "bf16-mixed" if _has_bfloat16(accelerator) else "32-true"


def _has_bfloat16(accelerator: str) -> bool:
    if accelerator == "cpu":
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.cuda.is_bf16_supported(including_emulation=False)
