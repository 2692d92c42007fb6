"""Selected weights on disk, and what of them the next stage takes over."""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from bioner.config.train import Carry
from bioner.errors import UserError
from bioner.model.module import TaggingModule

log = logging.getLogger(__name__)

_ANOTHER = "it is of another encoder or head than this run's config names"


@dataclass(frozen=True)
class Weights:
    """The encoder and some heads at one step.

    Attributes:
        file: where they are from.
        tensors: named as in the module: `encoder.…` and `heads.TASK.…`.
        tags: the label space of each head.
    """

    file: Path
    tensors: dict[str, Tensor]
    tags: dict[str, tuple[str, ...]]


def save_weights(path: Path, module: TaggingModule, tags: Mapping[str, Sequence[str]]) -> None:
    """Write the encoder and the heads of these tasks as safetensors, at once."""
    wanted = ("encoder.", *(f"heads.{task}." for task in tags))
    tensors = {
        name: tensor.detach().contiguous()
        for name, tensor in module.state_dict().items()
        if name.startswith(wanted)
    }
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.touch()
    mode = temporary.stat().st_mode
    save_file(
        tensors, temporary, metadata={"tags": json.dumps({t: list(v) for t, v in tags.items()})}
    )
    temporary.chmod(mode)  # safetensors lets nobody but the owner read it
    temporary.replace(path)


def load_weights(path: Path) -> Weights:
    """Read what `save_weights` wrote.

    Raises:
        UserError: the file is not there, or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            tags = _tags((file.metadata() or {})["tags"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise UserError(f"{path}: can't be read as weights of a stage: {error}") from error
    return Weights(path, tensors, tags)


def _tags(metadata: str) -> dict[str, tuple[str, ...]]:
    found = json.loads(metadata)
    lists = found.values() if isinstance(found, dict) else [None]
    if not all(isinstance(n, list) and all(isinstance(t, str) for t in n) for n in lists):
        raise ValueError(f"the tags are {metadata[:80]}")
    return {task: tuple(names) for task, names in found.items()}


def restore(module: nn.Module, weights: Weights) -> None:
    """Put selected weights into a module with the encoder and the heads that they are of.

    Raises:
        UserError: a tensor that the module does not have, or has in another shape.
    """
    _copy(module, weights.tensors, weights.file)


def carry_over(
    module: TaggingModule, weights: Weights, tags: Mapping[str, Sequence[str]], what: Carry
) -> None:
    """Start a stage from another stage's weights; log every tensor carried, skipped or fresh.

    Args:
        module: the new stage's module.
        weights: what the earlier stage selected.
        tags: the label space of each head of the new stage.
        what: the encoder alone, or also the first earlier head with the same label space.

    Raises:
        UserError: an encoder tensor that only one side has, or of another shape.
    """
    carried = {n: t for n, t in weights.tensors.items() if n.startswith("encoder.")}
    heads = {}
    if what == Carry.encoder_and_matching_heads:
        heads = {task: _same_space(weights, names) for task, names in tags.items()}
    for task, source in heads.items():
        if source is not None:
            prefix = f"heads.{source}."
            for name, tensor in weights.tensors.items():
                if name.startswith(prefix):
                    carried[f"heads.{task}.{name.removeprefix(prefix)}"] = tensor
            log.info("head of %s starts from the head of %s", task, source)
    own = [name for name in module.state_dict() if name.startswith(("encoder.", "heads."))]
    fresh = [name for name in own if name not in carried]
    lacking = [name for name in fresh if name.startswith("encoder.")]
    if lacking:
        found = f"lacks {len(lacking)} tensors of this run's encoder: {', '.join(lacking[:5])}"
        raise UserError(f"{weights.file}: {found}; {_ANOTHER}")
    _copy(module, carried, weights.file)
    kept = {f"heads.{source}." for source in heads.values() if source is not None}
    skipped = [
        n for n in weights.tensors if n.startswith("heads.") and not n.startswith(tuple(kept))
    ]
    log.info("carried %d, skipped %d, fresh %d tensors", len(carried), len(skipped), len(fresh))
    for word, names in (("carried", list(carried)), ("skipped", skipped), ("fresh", fresh)):
        log.debug("%s: %s", word, ", ".join(names) or "(none)")


def _same_space(weights: Weights, tags: Sequence[str]) -> str | None:
    return next((task for task, names in weights.tags.items() if names == tuple(tags)), None)


def _copy(module: nn.Module, tensors: Mapping[str, Tensor], file: Path) -> None:
    own = module.state_dict()
    for name, tensor in tensors.items():
        if name not in own:
            raise UserError(f"{file}: holds {name}, which this run does not have; {_ANOTHER}")
        if own[name].shape != tensor.shape:
            found = f"holds {name} of shape {list(tensor.shape)}, expected {list(own[name].shape)}"
            raise UserError(f"{file}: {found}; {_ANOTHER}")
        own[name].copy_(tensor)
