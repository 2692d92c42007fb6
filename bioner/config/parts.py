"""What of a config counts for which stage of its run."""

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Any

from bioner.config.effects import DATA, LATER, STAGE, Changes, Declared, declared, hashed, set_of
from bioner.config.per_stage import PerStage, StageConfig
from bioner.config.train import TrainConfig


def stages_of(config: TrainConfig) -> list[str]:
    """Return the names of the run's stages, in their order."""
    groups = ((one.name, one.value) for one in declared(config))
    return [name for name, group in groups if isinstance(group, StageConfig) and not group.left_out]


def datasets_of(config: TrainConfig, stage: str) -> dict[str, str]:
    """Return each dataset of a stage with its role there, in the order of the stage's group."""
    found: dict[str, str] = {}
    for one in declared(getattr(config, stage)):
        if one.effect.role is not None:
            found |= dict.fromkeys(one.value, one.effect.role)
    return found


def stage_part(config: TrainConfig, stage: str) -> dict[str, Any]:
    """Return what of a config decides the result of one stage, given that of the one before it.

    These are the stage's own group, what the groups of earlier stages say of later ones, the
    stage's datasets, and all other groups and values, as far as the stage uses them.
    """
    tasks = list(datasets_of(config, stage))
    earlier = stages_of(config)[: stages_of(config).index(stage)]
    part: dict[str, Any] = {}
    for one in declared(config):
        if isinstance(one.value, StageConfig):
            if one.name in earlier:
                part[one.name] = hashed(one.value, [LATER])
            elif one.name == stage:
                part[one.name] = hashed(one.value.of(tasks), [STAGE])
        elif one.effect.many:
            part[one.name] = {name: hashed(one.value[name], [STAGE]) for name in tasks}
        else:
            part[one.name] = _used(one, tasks, [STAGE])
    return {name: kept for name, kept in part.items() if kept not in (None, {})}


def decides(config: TrainConfig) -> dict[str, Any]:
    """Return all of a config that decides a run's result, its stages in their order."""
    stages = [[stage, stage_part(config, stage)] for stage in stages_of(config)]
    return {"stages": stages, **level_part(config, [DATA])}


def level_part(config: TrainConfig, levels: Container[Changes | None]) -> dict[str, Any]:
    """Return what of a config is of some levels, in the groups that the run uses."""
    running = stages_of(config)
    left_out = {
        one.name
        for one in declared(config)
        if isinstance(one.value, StageConfig) and one.name not in running
    }
    found = hashed(config, levels)
    return {name: part for name, part in found.items() if name not in left_out}


def without_stages(config: TrainConfig, kept: Container[str]) -> TrainConfig:
    """Return the config without its other stages."""
    others: dict[str, Any] = {
        one.name: one.value.without()
        for one in declared(config)
        if isinstance(one.value, StageConfig) and one.name not in kept
    }
    return replace(config, **others)


def shared_part(config: Any) -> dict[str, Any]:
    """Return what decides the values of a verb without stages, one dataset like another."""
    found = (
        (one.name, _used(one, ["a dataset"], [STAGE]))
        for one in declared(config)
        if not one.effect.many
    )
    return {name: kept for name, kept in found if kept not in (None, {})}


def _used(one: Declared, tasks: Sequence[str], levels: Container[Changes | None]) -> Any:
    """Return what a stage with these tasks uses of a value or a group; None or {}: nothing."""
    if one.effect.group is None:
        neutral = one.effect.is_neutral(one.value)
        return set_of(one) if one.effect.changes in levels and not neutral else None
    used = one.value.of(tasks) if isinstance(one.value, PerStage) else one.value
    return {} if used is None else hashed(used, levels)
