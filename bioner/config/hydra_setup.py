"""Where Hydra finds the schema, the datasets, the experiments and the run's name."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from platformdirs import user_cache_path

from bioner.config.checks import to_train_config
from bioner.config.datasets import DatasetsConfig
from bioner.config.evaluate import EvaluateConfig
from bioner.config.export import ExportConfig
from bioner.config.identity import run_name
from bioner.config.measure import MeasureConfig, measure_name, to_measure_config
from bioner.config.predict import PredictConfig
from bioner.config.recommend import RecommendConfig
from bioner.config.report import ReportConfig
from bioner.config.stages import StagesConfig
from bioner.config.train import TrainConfig
from bioner.errors import DataError

CATALOGUE = "catalogue"

# The values of a dataset that hold one for each split.
_WITH_KEYS = ("files", "sha256", "sentences", "mentions", "hub.splits")


def shipped(folder: str) -> Path:
    """Return `conf` or `experiments`: inside an installed wheel, else beside the package."""
    package = Path(__file__).parents[1]
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder


class ExperimentSource(FileConfigSource):
    """Serves the folder `experiments` as the config group `experiment`."""

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


class Experiments(SearchPathPlugin):
    """Puts the folder `experiments` on Hydra's search path."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append the folder of experiments."""
        search_path.append("bioner", f"experiments://{shipped('experiments')}")


def user_config_dirs() -> list[Path]:
    """Return the folders that `--config-dir` or `-cd` name on the command line."""
    found = []
    for index, argument in enumerate(sys.argv):
        name, _, value = argument.partition("=")
        if name in ("--config-dir", "-cd"):
            found.append(Path(value or "".join(sys.argv[index + 1 : index + 2])))
    return found


def config_file(name: str) -> str:
    """Return the path of the YAML file behind a config's name, or the name where there is none."""
    for folder in (*user_config_dirs(), shipped("conf"), shipped("experiments").parent):
        file = folder / f"{name.replace('experiment/', 'experiments/', 1)}.yaml"
        if file.is_file():
            return str(file)
    return name


def _catalogue(folders: Sequence[Path], store: ConfigStore) -> dict[str, Any]:
    """Load every dataset under its own name; one that the command line describes starts empty."""
    names = set()
    for file in (file for folder in folders for file in folder.glob("dataset/*.yaml")):
        if "." in file.stem:  # the name is part of keys, dataset.NAME.path
            raise DataError(file, None, "a dataset's name has no dot", "rename the file")
        names.add(file.stem)
    for index, argument in enumerate(sys.argv):
        match = re.match(r"\+*dataset\.(\w+)\.([\w.]+)=", argument)
        if match:
            # Only what has keys of its own may get new ones: a misspelt key stays an error.
            plus = "++" if match[2].startswith(_WITH_KEYS) else ""
            sys.argv[index] = plus + argument.lstrip("+")
            if match[1] not in names:
                store.store(group="dataset", name=match[1], node={})
                names.add(match[1])
    return {"defaults": [f"{name}@{name}" for name in sorted(names - {CATALOGUE})]}


def _all_encoders(folders: Sequence[Path]) -> dict[str, Any]:
    """Load every encoder under its own name."""
    names = sorted({file.stem for folder in folders for file in folder.glob("encoder/*.yaml")})
    return {"defaults": [{f"encoder@encoder.{name}": name} for name in names]}


def plain_words(words: Sequence[str]) -> list[str]:
    """Turn the words of `bioner VERB ACTION NAME… [overrides]` into overrides.

    Only the words before the first override or option are taken: an option's value has no `=`
    either. The words after `new` are one path.
    """
    given = [*words]
    override = (i for i, word in enumerate(given) if "=" in word or word.startswith("-"))
    end = next(override, len(given))
    if end == 0:
        return given
    if given[0] == "new":
        path = " ".join(given[1:end]).replace("\\", "\\\\").replace("'", "\\'")
        names = [f"path='{path}'"] if end > 1 else []
    else:
        names = [f"names=[{','.join(given[1:end])}]"] if end > 1 else []
    return [f"action={given[0]}", *names, *given[end:]]


def head_of_export(words: Sequence[str]) -> list[str]:
    """Turn `head=NAME` of `bioner export` into the key's own name: to Hydra `head` is a group."""
    return [re.sub(r"^head=", "of_head=", word) for word in words]


def experiments() -> list[str]:
    """Return the names that `experiment=` takes."""
    root = shipped("experiments")
    return sorted(str(file.relative_to(root).with_suffix("")) for file in root.rglob("*.yaml"))


def own_config(composed: DictConfig) -> DictConfig:
    """Return a composed config without Hydra's own part."""
    own = composed.copy()
    with read_write(own), open_dict(own):
        del own["hydra"]
    return own


def _run_name(*, _root_: DictConfig) -> str:
    return run_name(to_train_config(own_config(_root_)))


def _measure_name(*, _root_: DictConfig) -> str:
    return measure_name(to_measure_config(own_config(_root_)))


def _share_the_store() -> None:
    """Let a copy of Hydra's store of schemas be the store itself.

    Hydra copies it for each group that `--help` lists, which takes seconds, and writes into no
    copy: what it loads from the store it copies once more.
    """
    setattr(ConfigStore, "__deepcopy__", lambda self, memo: self)  # noqa: B010


def register() -> None:
    """Tell Hydra about the schema, the catalogue, the experiments, the resolvers and the plugins.

    The command line counts: `--config-dir` may name a folder with more datasets, and
    `+dataset.NAME.path=…` describes one.
    """
    # Hydra instantiates launchers and sweepers of the namespace package `hydra_plugins` alone.
    plugins = str(Path(__file__).parents[1] / "grid" / "plugin")
    if plugins not in sys.path:
        sys.path.append(plugins)
    store = ConfigStore.instance()
    _share_the_store()
    store.store(name="train_schema", node=TrainConfig)
    store.store(name="report_schema", node=ReportConfig)
    store.store(name="datasets_schema", node=DatasetsConfig)
    store.store(name="stages_schema", node=StagesConfig)
    store.store(name="measure_schema", node=MeasureConfig)
    store.store(name="recommend_schema", node=RecommendConfig)
    store.store(name="evaluate_schema", node=EvaluateConfig)
    store.store(name="predict_schema", node=PredictConfig)
    store.store(name="export_schema", node=ExportConfig)
    folders = [shipped("conf"), *user_config_dirs()]
    store.store(name="all_encoders", node=_all_encoders(folders))
    store.store(group="dataset", name=CATALOGUE, node=_catalogue(folders, store))
    SourcesRegistry.instance().register(ExperimentSource)
    Plugins.instance().register(Experiments)
    OmegaConf.register_new_resolver("run_name", _run_name, replace=True)
    OmegaConf.register_new_resolver("measure_name", _measure_name, replace=True)
    OmegaConf.register_new_resolver("datasets_dir", _default_datasets_dir, replace=True)
    OmegaConf.register_new_resolver("cache_dir", _default_cache_dir, replace=True)


def _default_datasets_dir() -> str:
    return os.environ.get("BIONER_DATASETS") or str(user_cache_path("bioner") / "datasets")


def _default_cache_dir() -> str:
    return str(user_cache_path("bioner"))
