"""What `bioner stages` does: list, prune."""

from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from bioner.config.stages import StageAction, StagesConfig
from bioner.errors import ConfigError, nearest
from bioner.runs.percent import percent
from bioner.runs.store import store_folder
from bioner.runs.upkeep import Listed, Removal, State, list_stages, remove_stage


def act(config: StagesConfig) -> None:
    """Do what is asked and print it.

    Raises:
        ConfigError: a name of no stage, or the store is none.
    """
    runs = Path(config.runs_dir)
    if runs.exists() and not runs.is_dir():
        raise ConfigError("runs_dir", f"{runs} is no folder", "a folder of runs")
    folder = store_folder(config.runs_dir)
    stages = list_stages(folder)
    if config.action == StageAction.list:
        _print(stages, folder)
        return
    console = Console()
    freed = 0
    for stage in _chosen(stages, config):
        became = remove_stage(folder, stage.key)
        freed += stage.size * (became == Removal.removed)
        line = f"{stage.key} {_sources(stage)} {_size(stage.size)} {became}"
        console.print(line, highlight=False, markup=False)
    console.print(f"freed {_size(freed)}", highlight=False)


def _chosen(stages: list[Listed], config: StagesConfig) -> list[Listed]:
    for name in config.names:
        if not any(stage.key.startswith(name) for stage in stages):
            legal = nearest(name, [stage.key for stage in stages])
            raise ConfigError("names", f"no stage {name!r} in {config.runs_dir}/.stages", legal)
    broken = (State.unfinished, State.damaged)
    return [
        stage
        for stage in stages
        if stage.key.startswith(tuple(config.names))
        or (config.idle_days is not None and stage.idle_days >= config.idle_days)
        or (config.broken and stage.state in broken)
    ]


def _print(stages: list[Listed], folder: Path) -> None:
    table = Table(
        Column("stage", no_wrap=True),
        "state",
        Column("sources", overflow="fold"),
        "encoder",
        "seed",
        "devel F1, %",
        "size",
        "idle days",
        title=str(folder),
    )
    for stage in stages:
        about = stage.about
        table.add_row(
            Text(stage.key),
            stage.state,
            _sources(stage),
            "" if about is None else about.label,
            "" if about is None else str(about.seed),
            ", ".join(_devel_f1(stage)),
            _size(stage.size),
            f"{stage.idle_days:.1f}",
        )
    console = Console()
    console.print(table)
    console.print(
        f"{len(stages)} stages, {_size(sum(stage.size for stage in stages))}", highlight=False
    )


def _sources(stage: Listed) -> str:
    return "" if stage.about is None else ", ".join(stage.about.record.tasks)


def _devel_f1(stage: Listed) -> list[str]:
    best = {} if stage.about is None else stage.about.record.best
    return [percent(one.f1) for one in best.values() if one.f1 is not None]


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
