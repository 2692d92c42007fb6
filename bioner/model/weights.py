"""The file of selected weights: named tensors as safetensors, with the label space of each task."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from bioner.errors import UserError
from bioner.machine.writing import whole


@dataclass(frozen=True)
class Weights:
    """The encoder and some heads at one step.

    Attributes:
        file: where they are from.
        tensors: under the names that they have in `bioner.model.network.Network`.
        tags: the label space of each task whose head is here.
        base: the fingerprint of the pretrained files without which the encoder is not whole; None:
            it is.
    """

    file: Path
    tensors: dict[str, Tensor]
    tags: dict[str, tuple[str, ...]]
    base: str | None = None

    def below(self, part: str) -> dict[str, Tensor]:
        """Return the tensors of one part of the network, under their names in it."""
        start = f"{part}."
        return {n.removeprefix(start): t for n, t in self.tensors.items() if n.startswith(start)}


def save_weights(
    path: Path,
    tensors: Mapping[str, Tensor],
    tags: Mapping[str, Sequence[str]],
    base: str | None = None,
) -> None:
    """Write tensors, label spaces and what they need besides (`Weights.base`), at once."""
    plain = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    metadata = {"tags": json.dumps({task: list(names) for task, names in tags.items()})}
    if base is not None:
        metadata["base"] = base
    with whole(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode
        save_file(plain, temporary, metadata=metadata)
        temporary.chmod(mode)  # safetensors lets nobody but the owner read it


def load_weights(path: Path) -> Weights:
    """Read what `save_weights` wrote.

    Raises:
        UserError: the file is not there, or damaged, or holds what is no number.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            for name, tensor in tensors.items():
                if not (tensor.is_floating_point() and tensor.isfinite().all()):
                    raise ValueError(f"{name} is not all finite floating-point numbers")
            metadata = file.metadata() or {}
            tags = _tags(metadata["tags"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise UserError(f"{path}: can't be read as weights of a stage: {error}") from error
    return Weights(path, tensors, tags, metadata.get("base"))


def _tags(metadata: str) -> dict[str, tuple[str, ...]]:
    found = json.loads(metadata)
    lists = found.values() if isinstance(found, dict) else [None]
    if not all(isinstance(n, list) and all(isinstance(t, str) for t in n) for n in lists):
        raise ValueError(f"the tags are {metadata[:80]}")
    return {task: tuple(names) for task, names in found.items()}
