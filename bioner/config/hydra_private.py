"""All that bioner knows of Hydra's private parts, each with its reason; Hydra is pinned for it."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from typing import Any, NoReturn, Protocol

from hydra import version
from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.hydra import Hydra
from hydra._internal.sources_registry import SourcesRegistry
from hydra._internal.utils import _run_hydra, get_args_parser
from hydra.core import utils as hydra_utils
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.types import Override
from hydra.plugins.config_source import ConfigResult
from hydra.types import RunMode
from omegaconf import DictConfig
from yaml.reader import Reader

from bioner.errors import UserError


class ExperimentSource(FileConfigSource):
    """Serves the folder `experiments` as the config group `experiment`.

    Hydra's own source of files serves a folder under its own name alone.
    """

    @staticmethod
    def scheme() -> str:
        """Return the prefix of this source in Hydra's search path."""
        return "experiments"

    def _inside(self, config_path: str) -> str | None:
        group, _, rest = config_path.partition("/")
        return rest if group == "experiment" else None

    def load_config(self, config_path: str) -> ConfigResult:
        """Load `experiment/STUDY/NAME` from `STUDY/NAME.yaml`."""
        return super().load_config(self._inside(config_path) or config_path)

    def is_group(self, config_path: str) -> bool:
        """Say whether a folder stands behind the name."""
        inside = self._inside(config_path)
        return config_path == "" or (inside is not None and super().is_group(inside))

    def is_config(self, config_path: str) -> bool:
        """Say whether a file stands behind the name."""
        inside = self._inside(config_path)
        return bool(inside) and super().is_config(str(inside))

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """List what stands below the name."""
        if config_path == "":
            return [] if results_filter == ObjectType.CONFIG else ["experiment"]
        inside = self._inside(config_path)
        return [] if inside is None else super().list(inside, results_filter)


def serve_experiments() -> None:
    """Let Hydra's search path hold folders of the scheme `experiments`: no plugin can add one."""
    SourcesRegistry.instance().register(ExperimentSource)


class Choosing(Protocol):
    """Chooses what stands in Hydra's store, by what the overrides and then the config name."""

    def begin(self, overrides: Sequence[str]) -> None:
        """Put into the store what overrides name."""

    def complete(self, composed: DictConfig) -> bool:
        """Put into a config what it names besides; False: it is to be composed once more."""


_load_configuration = ConfigLoaderImpl.load_configuration


def compose_with(offered: Choosing) -> None:
    """Let each config that Hydra composes choose what it finds in the store."""

    def load(
        self: ConfigLoaderImpl,
        config_name: str | None,
        overrides: list[str],
        *given: Any,
        **more: Any,
    ) -> DictConfig:
        offered.begin(overrides)
        config = _load_configuration(self, config_name, overrides, *given, **more)
        while not offered.complete(config):
            config = _load_configuration(self, config_name, overrides, *given, **more)
        return config

    setattr(ConfigLoaderImpl, "load_configuration", load)  # noqa: B010


def share_the_store() -> None:
    """Let a copy of Hydra's store of schemas be the store itself.

    Hydra copies it for each group that `--help` lists, which takes seconds, and writes into no
    copy: what it loads from the store it copies once more.
    """
    setattr(ConfigStore, "__deepcopy__", lambda self, memo: self)  # noqa: B010


def _take_the_mode_from_the_command_line() -> None:
    """Let `-m` and `hydra.mode=…` alone say whether a grid is run.

    Hydra composes the whole config once more before each run, to look for a mode in its files.
    """

    def mode(hydra: Hydra, config_name: str | None, overrides: Sequence[str]) -> RunMode | None:
        given = [word.partition("=")[2] for word in overrides if word.startswith("hydra.mode=")]
        return RunMode[given[-1]] if given and given[-1] in RunMode.__members__ else None

    setattr(Hydra, "get_mode", mode)  # noqa: B010


class _Parser(ArgumentParser):
    """Hydra's parser of the command line, with errors of our own form."""

    def __init__(self) -> None:
        # A shortened flag would be passed on to the jobs of a grid as it is.
        super().__init__(add_help=False, allow_abbrev=False, parents=[get_args_parser()])

    def error(self, message: str) -> NoReturn:
        """Raise what the parser would print before it exits.

        Raises:
            UserError: always.
        """
        raise UserError(message)


def parse(words: Sequence[str]) -> Namespace:
    """Return Hydra's flags, and the overrides that stand before, between and after them.

    `hydra.main` refuses overrides on both sides of a flag.

    Raises:
        UserError: a flag that Hydra does not know, or a value that it does not take.
    """
    return _Parser().parse_intermixed_args(words)


@dataclass(frozen=True)
class Failure:
    """How a task ended.

    Attributes:
        error: of the task.
        debug: whether its config asks for the traceback.
    """

    error: Exception
    debug: bool


def run(
    verb: str, parsed: Namespace, task: Callable[[DictConfig], Any], conf: Path
) -> Failure | None:
    """Do what `hydra.main` does, with a command line that is parsed already.

    Args:
        verb: whose `VERB.yaml` is composed.
        parsed: flags and overrides.
        task: is given the config.
        conf: the folder of configs.

    Returns:
        The error of the task, which Hydra does not get: it would print a line of its own before
        ours, and exit with 1.

    Raises:
        Exception: no config can be composed, or a grid can't be run.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"
    version.setbase("1.3")
    _take_the_mode_from_the_command_line()
    failures: list[Failure] = []

    def held_back(cfg: DictConfig) -> Any:
        hydra = HydraConfig.get()
        try:
            return task(cfg)
        except Exception as error:
            if hydra.mode == RunMode.MULTIRUN:  # to Hydra's own launcher a job failed
                raise
            failures.append(Failure(error, cfg.debug or bool(hydra.verbose)))

    _run_hydra(parsed, _Parser(), held_back, str(conf), verb)
    return failures[0] if failures else None


def no_callbacks() -> Callbacks:
    """Return what Hydra wants to know beside its loader where a launcher is made; nothing here."""
    return Callbacks()


def unwritten(error: BaseException) -> Path | None:
    """Return the file that Hydra could not write where it met an error that names none, or None."""
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_code is hydra_utils._save_config.__code__:
            return Path(frame.f_locals["output_dir"], frame.f_locals["filename"])
    return None


def product(overrides: Sequence[Override]) -> list[list[str]]:
    """Return the overrides of every job that a line of sweeps makes, as Hydra's sweeper does."""
    (jobs,) = BasicSweeper.split_arguments(list(overrides), None)
    return [list(job) for job in jobs]


def is_group(loader: ConfigLoader, override: Override) -> bool:
    """Say whether an override chooses from a group of configs, and sets no value."""
    assert isinstance(loader, ConfigLoaderImpl)
    exists = loader.repository.group_exists(override.key_or_group)
    return bool(exists) and not isinstance(override.value(), dict)


def set_values(config: DictConfig, overrides: Sequence[Override]) -> None:
    """Set values in a composed config, as Hydra does after it has put the choices together."""
    ConfigLoaderImpl._apply_overrides_to_config(list(overrides), config)


def too_deep(error: RecursionError) -> str | None:
    """Return the name of the YAML file that nests too deeply for its parser, or None."""
    for frame, _ in walk_tb(error.__traceback__):
        reader = frame.f_locals.get("self")
        if isinstance(reader, Reader):
            return str(reader.name)
    return None


def names_no_config(error: ValueError) -> str | None:
    """Return the override of a group by what is no text, where an error is of that."""
    if "Config group override must be" not in str(error):
        return None
    *_, (frame, _) = walk_tb(error.__traceback__)
    return str(frame.f_locals["override"].input_line)
