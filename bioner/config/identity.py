"""Who a run is: its regime, the tasks it uses, and the hash of all that can change its result."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import PurePath
from typing import Any

from bioner.config.train import AdapterConfig, Finetuning, Pretraining, TrainConfig

# What names, shows or places a run, but can't change what comes out of it.
_WITHOUT_EFFECT = (
    "logger",
    "study",
    "datasets_dir",
    "datasets_mirror",
    "runs_dir",
    "cache_dir",
    "checkpoint_minutes",
    "rerun",
    "dry_run",
    "debug",
)
_DATASET_WITHOUT_EFFECT = (
    "title",
    "path",
    "url",
    "hub",
    "licence",
    "redistributable",
    "citation",
    "verified",
)

_NO_ADAPTER = asdict(AdapterConfig())


def regime(config: TrainConfig) -> str:
    """Return `single`, `mtl`, `transfer` or `transfer_mtl`."""
    shared = config.finetune.kind == Finetuning.mtl
    if config.pretrain.kind == Pretraining.none:
        return "mtl" if shared else "single"
    return "transfer_mtl" if shared else "transfer"


def roles(config: TrainConfig) -> dict[str, str]:
    """Return each dataset of the run with its role: target, auxiliary or source."""
    found = dict.fromkeys(config.pretrain.sources, "source")
    found |= dict.fromkeys(config.finetune.auxiliaries, "auxiliary")
    return found | dict.fromkeys(config.finetune.targets, "target")


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's JSON with sorted keys, in hexadecimal."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def what_counts(config: TrainConfig) -> dict[str, Any]:
    """Return the part of the config that can change the result, as plain containers."""
    plain = asdict(config)
    for key in _WITHOUT_EFFECT:
        del plain[key]
    del plain["finetune"]["affinity_every"]  # looks on, and changes nothing
    plain["trainer"].pop("log_every_n_steps", None)
    for dataset in plain["dataset"].values():
        for key in _DATASET_WITHOUT_EFFECT:
            del dataset[key]
        if isinstance(dataset["types"], dict):  # the order is that of the tag ids
            dataset["types"] = list(dataset["types"].items())
    return plain


def what_is_set(value: Any) -> Any:
    """Return a value's containers without what is null in them.

    A key that a later version adds, null where it is not asked for, then leaves every hash as it
    was, and finished runs and stages stay valid.
    """
    if isinstance(value, dict):
        absent = (None, _NO_ADAPTER)
        return {key: what_is_set(one) for key, one in value.items() if one not in absent}
    return value


def encoder_label(name: str) -> str:
    """Return a short name for an encoder: a module, a folder's or a hub id's last part."""
    kind, _, rest = name.partition(":")
    return PurePath(rest).parts[0] if kind == "package" and rest else PurePath(name).name


def compared_as(name: str, from_scratch: object) -> str:
    """Return the encoder that results are told apart by: random weights are not the name's."""
    label = encoder_label(name)
    return label if from_scratch is None else f"{label} from scratch"


def _joined(prefix: str, names: Iterable[str]) -> str:
    text = "+".join(names)
    return f"-{prefix}-{text}" if text else ""


def _places(config: TrainConfig) -> dict[str, Any]:
    """Return where the datasets lie of which some file is not pinned: there they may be others."""
    return {
        name: [dataset.path, asdict(dataset.hub)]
        for name, dataset in config.dataset.items()
        if not set(dataset.own_files) <= set(dataset.sha256)
    }


def run_name(config: TrainConfig) -> str:
    """Return `<slug>-<hash8>`, the name of the run's directory."""
    size = config.finetune.train_size
    parts = (
        f"{regime(config)}-{'+'.join(config.finetune.targets)}"
        + _joined("from", config.pretrain.sources)
        + _joined("with", config.finetune.auxiliaries)
        + ("" if size is None else f"-{size:.0%}" if isinstance(size, float) else f"-{size}")
        + f"-{encoder_label(config.encoder.name)}"
    )
    slug = re.sub(r"[^\w.+-]", "", parts.replace("%", "pct"))[:120]
    # A run that looked at affinities has in its record what one that did not lacks.
    counts = what_counts(config) | {"affinity_every": config.finetune.affinity_every}
    counts |= {"places": _places(config) or None}
    return f"{slug}-s{config.seed}-{digest(what_is_set(counts))[:8]}"
