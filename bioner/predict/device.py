"""Where and how precisely a run's heads are computed."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from bioner.errors import ConfigError, nearest
from bioner.machine.precision import resolve_precision
from bioner.model import int8

FULL, MIXED, INT8 = "32-true", "bf16-mixed", "int8"
PRECISIONS = ("auto", FULL, MIXED, INT8)


@dataclass(frozen=True)
class Hardware:
    """A device, and the precision of its matrix products: one of `PRECISIONS` but auto."""

    device: torch.device
    precision: str

    def computing(self) -> AbstractContextManager[object]:
        """Return the context in which the precision holds."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == MIXED)


def pick_hardware(device: str, precision: str, trained: str) -> Hardware:
    """Return where to compute.

    Args:
        device: a device of torch's; `auto` is the first GPU, or the CPU where there is none.
        precision: 32-true, bf16-mixed, int8 (on a CPU, the linear layers of the encoder), or
            `auto`: that of the training where the hardware multiplies bfloat16, so that the tags
            are those that the run was scored by; else 32-true.
        trained: the precision of the training, from the run's record.

    Raises:
        ConfigError: no such device here, or no such precision, on this device.
    """
    if precision not in PRECISIONS:
        raise ConfigError("precision", f"is {precision!r}", nearest(precision, PRECISIONS))
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        found = torch.device(device)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        says = str(error).splitlines()[0]
        legal = "auto, cpu, cuda, …"
        raise ConfigError("device", f"{device!r} can't be used: {says}", legal) from error
    if precision == "auto":
        fits = found.type in ("cpu", "cuda") and resolve_precision("auto", found.type) == MIXED
        precision = MIXED if fits and trained == MIXED else FULL
    if precision == INT8 and found.type != "cpu":
        raise ConfigError("precision", f"is int8 with device={device}", "device=cpu for int8")
    if precision == INT8 and not int8.available():
        raise ConfigError("precision", "is int8, but this PyTorch has no oneDNN", "32-true")
    return Hardware(found, precision)
