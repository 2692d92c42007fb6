"""A run directory that is read again: its record, its config and the weights of its heads.

A run directory may come from anywhere, so reading one runs no code: the record is JSON, the config
plain YAML, the weights safetensors, and the config can name no class but a head of bioner's own.
Nor does it reach the network, unless that is asked for.
"""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bioner.config.checks import to_train_config
from bioner.config.head import HeadConfig
from bioner.config.named_run import followed
from bioner.config.stored import load_stored
from bioner.config.train import TrainConfig
from bioner.corpora.fetching.places import is_here
from bioner.errors import ConfigError, UserError, nearest
from bioner.model.heads import Head, make_head
from bioner.runs.record import Record
from bioner.runs.record_file import read_record


@dataclass(frozen=True)
class FinishedRun:
    """A run that is complete.

    Attributes:
        directory: where it lies.
        config: what it was trained with.
        record: what it left behind.
        weights: the selected weights of each head, encoder included. The heads of a run are those
            of its targets, under the names of the datasets.
        fetch: whether what the config names, its encoder and its datasets, may be fetched.
    """

    directory: Path
    config: TrainConfig
    record: Record
    weights: Mapping[str, Path]
    fetch: bool = False

    def choose(self, heads: Sequence[str]) -> tuple[str, ...]:
        """Return the named heads, or all of them where none is named.

        Raises:
            ConfigError: a head that the run does not have, or one twice.
        """
        for head in heads:
            if head not in self.weights:
                raise ConfigError(
                    "heads", f"{self.directory} has no head {head!r}", nearest(head, self.weights)
                )
            if heads.count(head) > 1:
                raise ConfigError("heads", f"holds {head} more than once")
        return tuple(heads) or tuple(self.weights)

    def check_datasets(self, names: Iterable[str], datasets_dir: Path) -> None:
        """Check that datasets of the run can be read without a network, or that it may be used.

        Raises:
            ConfigError: one of them would be fetched.
        """
        for name in () if self.fetch else names:
            if not is_here(self.config.dataset[name], datasets_dir):
                found = f"is false, and {datasets_dir} lacks files of the run's dataset {name}"
                raise ConfigError("fetch", found, "true fetches them as the run's config says")


def open_run(directory: Path, fetch: bool = False) -> FinishedRun:
    """Read a run directory.

    Args:
        directory: where it lies, or a directory of `bioner fit`, which names the run that won.
        fetch: whether what its config names may be fetched, where it isn't on this machine.

    Raises:
        UserError: no run, one that did not finish, one of another schema, or a damaged one.
    """
    directory = followed(directory)
    if not directory.is_dir():
        raise ConfigError("run", f"{directory} is not a folder", "the directory of a finished run")
    record = read_record(directory)
    if record.status != "complete":
        why = record.error.message if record.error else "it was not ended"
        raise ConfigError("run", f"{directory} is {record.status}: {why}", "a complete run")
    config = _config(directory / "config.yaml")
    files = {t: directory / "checkpoints" / f"{t}.safetensors" for t in config.finetune.targets}
    lacking = [str(file) for file in files.values() if not file.is_file()]
    if lacking:
        raise ConfigError("run", f"{directory} lacks the weights {', '.join(lacking)}")
    return FinishedRun(directory, config, record, files, fetch)


def _config(path: Path) -> TrainConfig:
    """Read the resolved config of a run as a command line's is read: typed and checked."""
    try:
        typed = OmegaConf.merge(OmegaConf.structured(TrainConfig), load_stored(path))
        return to_train_config(cast(DictConfig, typed))
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: damaged: {error}") from error
    except (UserError, OmegaConfBaseException, yaml.YAMLError) as error:
        found = " ".join(str(error).split())
        raise UserError(f"{path}: not the config of a run: {found}") from error


def build_head(config: HeadConfig, hidden: int, tags: Sequence[str]) -> Head:
    """Build a head that a run's config names, without importing what it likes.

    A class outside bioner is taken only where the program that reads the run has imported it.

    Raises:
        ConfigError: no head of that name.
    """
    path = config._target_
    module, _, name = path.rpartition(".")
    if re.fullmatch(r"bioner\.model\.\w+", module) and find_spec(module) is not None:
        import_module(module)
    found = vars(sys.modules[module]).get(name) if module in sys.modules else None
    if not (isinstance(found, type) and issubclass(found, Head)):
        legal = "a head of bioner, or one that is imported before the run is loaded"
        raise ConfigError("head._target_", f"{path!r} is no known head", legal)
    return make_head(config, hidden, tags)
