"""What of a config counts for which stage of its run."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, cast

from bioner.config.effects import (
    DATA,
    LATER,
    STAGE,
    Changes,
    Declared,
    Key,
    counted,
    declared,
    effect_of,
    leaves_under,
    what_is_set,
)
from bioner.config.per_stage import PerStage, StageConfig
from bioner.config.train import TrainConfig


def stages_of(config: TrainConfig) -> list[str]:
    """Return the names of the run's stages, in their order."""
    groups = ((one.name, one.value) for one in declared(config))
    return [name for name, group in groups if isinstance(group, StageConfig) and not group.left_out]


def trainings_of(config: TrainConfig) -> dict[str, str]:
    """Return the name of each training of the run, in their order, with its stage.

    A stage that is trained several times has a number in the names of all but the first.
    """
    return {
        stage if number == 1 else f"{stage}{number}": stage
        for stage in stages_of(config)
        for number in range(1, getattr(config, stage).times + 1)
    }


def datasets_of(config: TrainConfig, stage: str) -> dict[str, str]:
    """Return each dataset of a stage with its role there, in the order of the stage's group."""
    found: dict[str, str] = {}
    group: StageConfig = getattr(config, stage)
    for one in declared(getattr(config, group.trains_as or stage)):
        if one.effect.role is not None:
            found |= dict.fromkeys(one.value, one.effect.role)
    return found


def dataset_keys(schema: type) -> list[str]:
    """Return the full keys of a schema under which a stage's group names datasets."""
    return [
        f"{stage.name}.{one.name}"
        for stage in fields(schema)
        if (kind := effect_of(schema, stage).group) is not None and issubclass(kind, StageConfig)
        for one in fields(cast(type, kind))
        if effect_of(kind, one).role is not None
    ]


def stage_leaves(config: TrainConfig, stage: str) -> Iterator[tuple[Key, Declared]]:
    """Yield what of a config decides the result of one stage, given that of the one before it.

    These are the stage's own group, what the groups of earlier stages say of later ones, the
    stage's datasets, and all other groups and values, as far as the stage uses them.
    """
    config = as_trained(config, stage)
    tasks = datasets_of(config, stage)
    running = stages_of(config)
    levels = dict.fromkeys(running[: running.index(stage)], LATER) | {stage: STAGE}
    for top in declared(config):
        stages_own = isinstance(top.value, StageConfig)
        level = levels.get(top.name) if stages_own else STAGE
        for key, one in _used(top, tasks):
            if one.effect.changes is level:
                yield key, one


def as_trained(config: TrainConfig, stage: str) -> TrainConfig:
    """Return the config that a stage is trained with: where it has a seed, that is the run's."""
    group: StageConfig = getattr(config, stage)
    if group.own_seed is None:
        return config
    others: dict[str, Any] = {stage: group.with_seed_of_run()}
    return replace(config, seed=group.own_seed, **others)


def stage_part(config: TrainConfig, stage: str) -> dict[str, Any]:
    """Return what of `stage_leaves` is not neutral, under full keys, plain."""
    return _hashed(stage_leaves(config, stage))


def decides(config: TrainConfig) -> dict[str, Any]:
    """Return all of a config that decides a run's result, its stages in their order."""
    stages = [[stage, stage_part(config, stage)] for stage in stages_of(config)]
    return {"stages": stages, "data": level_part(config, [DATA])}


def used(config: TrainConfig) -> set[Key]:
    """Return the full keys of all that decides a run's result, also of what is null or neutral."""
    keys = {key for stage in stages_of(config) for key, _ in stage_leaves(config, stage)}
    return keys | {key for key, _ in _of_levels(config, [DATA])}


def level_part(config: TrainConfig, levels: Container[Changes | None]) -> dict[str, Any]:
    """Return what of a config is of some levels and not neutral, in the groups that a run uses."""
    return _hashed(_of_levels(config, levels))


def shared_part(config: Any) -> dict[str, Any]:
    """Return what decides the values of a verb without stages, one dataset like another."""
    return _hashed(
        (key, one)
        for top in declared(config)
        if not top.effect.many
        for key, one in _used(top, {"a dataset": "source"})
        if one.effect.changes is STAGE
    )


def without_stages(config: TrainConfig, kept: Container[str]) -> TrainConfig:
    """Return the config without its other stages."""
    others: dict[str, Any] = {
        one.name: one.value.without()
        for one in declared(config)
        if isinstance(one.value, StageConfig) and one.name not in kept
    }
    return replace(config, **others)


def _of_levels(
    config: TrainConfig, levels: Container[Changes | None]
) -> Iterator[tuple[Key, Declared]]:
    running = stages_of(config)
    for top in declared(config):
        if isinstance(top.value, StageConfig) and top.name not in running:
            continue
        for key, one in leaves_under(top):
            if one.effect.changes in levels:
                yield key, one


def _used(top: Declared, tasks: Mapping[str, str]) -> Iterator[tuple[Key, Declared]]:
    """Yield what a stage with these tasks uses of a value or a group of a config."""
    if top.effect.many:
        own = {name: top.value[name] for name in tasks}
        yield from leaves_under(replace(top, value=own))
    elif isinstance(top.value, PerStage):
        used = top.value.of(tasks)
        if used is not None:
            yield from leaves_under(replace(top, value=used))
    else:
        yield from leaves_under(top)


def _hashed(found: Iterable[tuple[Key, Declared]]) -> dict[str, Any]:
    return {
        ".".join(key): what_is_set(counted(one))
        for key, one in found
        if not one.effect.is_neutral(one.value)
    }
