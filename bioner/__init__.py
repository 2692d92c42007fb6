"""bioner: transfer and multi-task experiments for biomedical named entity recognition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from bioner.predict.annotator import Annotator


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version  # not needed to compose a config

    return version(__name__)


def load(
    run: str | Path,
    heads: Sequence[str] = (),
    merge: str = "union",
    device: str = "auto",
    precision: str = "auto",
    fetch: bool = False,
) -> Annotator:
    """Load a finished run, ready to mark text: `load(run).predict(["…"])`.

    Args:
        run: the directory of the run.
        heads: those of the run that mark; none named means all.
        merge: what is made of the mentions of several heads: `none` keeps all, `union` joins what
            is equal in place and type, `highest` keeps the surest of those that overlap in a type.
        device: auto, cpu, cuda, …
        precision: 32-true, bf16-mixed, or auto: that of the training where the hardware can.
        fetch: whether an encoder that isn't on this machine may be fetched from the hub.

    Raises:
        bioner.errors.UserError: the run or a head can't be used.
    """
    from bioner.predict.annotator import Annotator  # torch and transformers take seconds

    return Annotator(run, heads, merge, device, precision, fetch)
