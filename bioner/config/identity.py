"""Who a run is: its regime, its tasks, and the hashes of all that can change its results."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bioner.config.effects import DATA, LATER, PLACE, RUN, STAGE, plain
from bioner.config.encoder_label import encoder_label
from bioner.config.parts import (
    datasets_of,
    decides,
    level_part,
    stage_part,
    stages_of,
    without_stages,
)
from bioner.config.semantics import SEMANTICS
from bioner.config.train import Finetuning, Pretraining, TrainConfig


def regime(config: TrainConfig) -> str:
    """Return `single`, `mtl`, `transfer` or `transfer_mtl`."""
    shared = config.finetune.kind == Finetuning.mtl
    if config.pretrain.kind == Pretraining.none:
        return "mtl" if shared else "single"
    return "transfer_mtl" if shared else "transfer"


def roles(config: TrainConfig) -> dict[str, str]:
    """Return each dataset of the run with its role, in the last stage that has it."""
    found: dict[str, str] = {}
    for stage in stages_of(config):
        found |= datasets_of(config, stage)
    return found


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's JSON with sorted keys, in hexadecimal."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def what_counts(config: TrainConfig) -> dict[str, Any]:
    """Return the config less what changes nothing and where data lie, as plain containers."""
    return plain(config, [STAGE, LATER, DATA, RUN])


def _joined(prefix: str, names: Iterable[str]) -> str:
    text = "+".join(names)
    return f"-{prefix}-{text}" if text else ""


def _places(config: TrainConfig) -> dict[str, Any]:
    """Return where the datasets lie of which some file is not pinned: there they may be others."""
    return {
        name: plain(dataset, [PLACE])
        for name, dataset in config.dataset.items()
        if not set(dataset.own_files) <= set(dataset.sha256)
    }


def run_name(config: TrainConfig) -> str:
    """Return `<slug>-<hash8>`, the name of the run's directory."""
    encoder = config.encoder
    size = config.finetune.train_size
    parts = (
        f"{regime(config)}-{'+'.join(config.finetune.targets)}"
        + _joined("from", config.pretrain.sources)
        + _joined("with", config.finetune.auxiliaries)
        + ("" if config.selftrain.left_out else "-selftrained")
        + ("" if size is None else f"-{size:.0%}" if isinstance(size, float) else f"-{size}")
        + f"-{encoder_label(encoder.name, encoder.from_scratch, encoder.label)}"
    )
    slug = re.sub(r"[^\w.+-]", "", parts.replace("%", "pct"))[:120]
    fold = "" if config.fold is None else f"-fold{config.fold}"
    return f"{slug}{fold}-s{config.seed}-{run_hash(config)[:8]}"


def name_in(folder: Path, name: str) -> str:
    """Return the name under which a folder has what a name's hash says, else the name.

    The words before the hash say less than it: two versions may have chosen others for one run.

    Args:
        folder: of runs or measures.
        name: `<slug>-<hash8>`.
    """
    if (folder / name).exists() or not folder.is_dir():
        return name
    digest = name.rpartition("-")[2]
    names = (one.name for one in folder.iterdir())
    return min((one for one in names if one.endswith(f"-{digest}")), default=name)


def run_hash(config: TrainConfig) -> str:
    """Return the hash of all of a config that a run's result or its record depends on."""
    record = level_part(config, [RUN])
    return digest([SEMANTICS, decides(config), record, _places(config)])


def as_regime(config: TrainConfig, target: str, other: str) -> TrainConfig:
    """Return the config of the run of another regime that this one is compared with.

    Args:
        config: of a run.
        target: one of its targets.
        other: `single`, `transfer` (from this run's sources), `mtl` (with its other tasks) or
            `transfer_mtl`.
    """
    kept = ["finetune", *(["pretrain"] if other.startswith("transfer") else [])]
    config = without_stages(config, kept)
    if other.endswith("mtl"):
        return config
    alone = replace(config.finetune, kind=Finetuning.single, targets=[target], auxiliaries=[])
    return replace(config, finetune=alone)


def with_precision(config: TrainConfig, precision: str) -> TrainConfig:
    """Return the config with what `trainer.precision` came to, which may have been `auto`."""
    return replace(config, trainer={**config.trainer, "precision": precision})


@dataclass(frozen=True)
class Trained:
    """What a stage is trained on of one dataset.

    Attributes:
        sha256: of the file of each split.
        tags: in the order of their ids.
        dropped: the train sentences that were left out since they stand in a target's devel or
            test.
    """

    sha256: Mapping[str, str]
    tags: Sequence[str]
    dropped: Sequence[int]


def stage_key(
    config: TrainConfig,
    stage: str,
    precision: str,
    encoder: str,
    data: Mapping[str, Trained],
    before: str | None,
) -> str:
    """Return the key of a stage in the store: the hash of all that determines its result.

    Args:
        config: of a run with this stage.
        stage: its name.
        precision: that it trains in.
        encoder: the fingerprint of the encoder's files.
        data: what it is trained on.
        before: the key of the stage before it; None for the first.
    """
    part = stage_part(with_precision(config, precision), stage)
    datasets = {name: asdict(one) for name, one in data.items()}
    return digest([SEMANTICS, stage, part, encoder, datasets, before])[:16]
