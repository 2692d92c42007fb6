"""The stages that a run may have: what each kind asks for, one line a kind.

To add one: a group of the schema (a `StageConfig`), a function here that says what it asks for,
and its line in `KINDS`. Their order in a run is that of the groups.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from bioner.config.parts import datasets_of, trainings_of
from bioner.config.train import Carry, Pretraining, TrainConfig, TrainOn
from bioner.runs.record import FINETUNE, PRETRAIN, SELFTRAIN


@dataclass(frozen=True)
class Size:
    """How many sentences of a split are asked for (see `bioner.corpora.subset`), by which key."""

    asked: int | float | None
    key: str


@dataclass(frozen=True)
class Asked:
    """What a config asks of one stage.

    Attributes:
        name: of its group, and which round, where there are several.
        roles: each dataset with its role in this stage, in the order of the tasks.
        sizes: of each role, those of train and of devel.
        passes: the datasets whose passes make an epoch.
        groups: the datasets on whose mean devel F1 each set of weights is selected.
        epochs: passes, or None.
        steps: updates, or None.
        carry: what the next stage takes over.
        patience: epochs without a better devel F1 after which it ends; None: it never does.
        affinity_every: updates between two looks at the tasks' affinity; None: nobody looks.
        conflict_every: updates between two looks at the tasks' gradients, likewise.
        weights: a run, or a file of weights, that are taken instead of a training; or None.
        devel_too: the roles whose devel sentences are trained on too.
        group: of the config.
        taught: whether the networks of the stage before it label text for it; it starts from what
            that one started from.
    """

    name: str
    roles: Mapping[str, str]
    sizes: Mapping[str, tuple[Size, Size]]
    passes: Sequence[str]
    groups: Mapping[str, Sequence[str]]
    epochs: int | None
    steps: int | None
    carry: Carry = Carry.encoder
    patience: int | None = None
    affinity_every: int | None = None
    conflict_every: int | None = None
    weights: Path | None = None
    devel_too: Collection[str] = ()
    group: str = ""
    taught: bool = False

    def as_prefix(self) -> "Asked":
        """Return it as another stage needs it, which starts from one set of weights."""
        if len(self.groups) < 2:
            return self
        scored = dict.fromkeys(name for group in self.groups.values() for name in group)
        return replace(self, groups={"all": list(scored)})


def _pretrain(config: TrainConfig) -> Asked:
    group = config.pretrain
    sizes = Size(group.train_size, "pretrain.train_size"), _devel(group.devel_size, PRETRAIN)
    taken = group.kind == Pretraining.checkpoint
    return Asked(
        PRETRAIN,
        datasets_of(config, PRETRAIN),
        {"source": sizes},
        group.sources,
        {"sources": group.sources},
        group.epochs,
        group.steps,
        carry=group.carry,
        patience=group.patience,
        weights=Path(str(group.checkpoint)) if taken else None,
    )


def _finetune(config: TrainConfig) -> Asked:
    group = config.finetune
    devel = _devel(group.devel_size, FINETUNE)
    return Asked(
        FINETUNE,
        datasets_of(config, FINETUNE),
        {
            "target": (Size(group.train_size, "finetune.train_size"), devel),
            "auxiliary": (Size(group.auxiliary_size, "finetune.auxiliary_size"), devel),
        },
        group.targets,
        {target: [target] for target in group.targets},
        group.epochs,
        group.steps,
        # What comes after it goes on with the same heads.
        carry=Carry.encoder_and_matching_heads,
        patience=group.patience,
        affinity_every=group.affinity_every,
        conflict_every=group.conflict_every,
        devel_too=("target",) if group.train_on == TrainOn.train_devel else (),
    )


def _selftrain(config: TrainConfig) -> Asked:
    group = config.selftrain
    return replace(
        _finetune(config),
        name=SELFTRAIN,
        epochs=group.epochs,
        steps=group.steps,
        patience=group.patience,
        affinity_every=None,
        conflict_every=None,
        taught=True,
    )


def _devel(size: int | float | None, stage: str) -> Size:
    return Size(size, f"{stage}.devel_size")


KINDS: dict[str, Callable[[TrainConfig], Asked]] = {
    PRETRAIN: _pretrain,
    FINETUNE: _finetune,
    SELFTRAIN: _selftrain,
}
"""Each kind of stage, by the name of its group."""


def asked_stages(config: TrainConfig) -> list[Asked]:
    """Return what a config asks of each stage of its run; the last one serves the targets."""
    trainings = trainings_of(config).items()
    asked = [replace(KINDS[group](config), name=name, group=group) for name, group in trainings]
    # Each target has a teacher of its own; any other stage starts from one set of weights.
    followed = pairwise(asked)
    return [*(one if after.taught else one.as_prefix() for one, after in followed), asked[-1]]
