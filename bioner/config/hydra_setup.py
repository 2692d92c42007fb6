"""What Hydra is told before it composes: schemas, catalogues, experiments, resolvers, plugins."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from hydra.conf import HydraConf
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from platformdirs import user_cache_path

from bioner.config.checks import typed
from bioner.config.config_folders import has_file, refuse_hidden, shipped
from bioner.config.datasets import DatasetsConfig
from bioner.config.evaluate import EvaluateConfig
from bioner.config.export import ExportConfig
from bioner.config.fit import FitConfig
from bioner.config.help_text import help_text
from bioner.config.hydra_private import compose_with, serve_experiments, share_the_store
from bioner.config.identity import name_in, run_name
from bioner.config.measure import MeasureConfig, measure_name, to_measure_config
from bioner.config.offered import Offered
from bioner.config.predict import PredictConfig
from bioner.config.recommend import RecommendConfig
from bioner.config.report import ReportConfig
from bioner.config.stages import StagesConfig
from bioner.config.train import TrainConfig
from bioner.config.unknown_keys import refuse_unknown_keys

SCHEMAS: dict[str, type] = {
    "train": TrainConfig,
    "report": ReportConfig,
    "datasets": DatasetsConfig,
    "stages": StagesConfig,
    "measure": MeasureConfig,
    "recommend": RecommendConfig,
    "fit": FitConfig,
    "evaluate": EvaluateConfig,
    "predict": PredictConfig,
    "export": ExportConfig,
}
"""The schema of each verb."""


class Experiments(SearchPathPlugin):
    """Puts the folder `experiments` on Hydra's search path."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append the folder of experiments."""
        search_path.append("bioner", f"experiments://{shipped('experiments')}")


def register(
    own: Sequence[Path] = (),
    described: Iterable[str] = (),
    verbs: Iterable[str] = tuple(SCHEMAS),
    whole: bool = False,
) -> None:
    """Tell Hydra about all that is bioner's.

    Args:
        own: the user's folders of configs, which may hold more datasets and encoders.
        described: datasets that the command line describes, of which some have no file.
        verbs: those that may be composed; reading a schema takes its time.
        whole: whether a config gets every shipped dataset, not those alone that it names.

    Raises:
        DataError: the name of a dataset, or of another config of the user's, can't be used.
    """
    refuse_hidden(own)
    # Hydra instantiates launchers and sweepers of the namespace package `hydra_plugins` alone.
    plugins = str(Path(__file__).parents[1] / "grid" / "plugin")
    if plugins not in sys.path:
        sys.path.append(plugins)
    share_the_store()
    store = ConfigStore.instance()
    for verb in verbs:
        store.store(name=f"{verb}_schema", node=SCHEMAS[verb])
    folders = [shipped("conf"), *own]
    unfiled = sorted(name for name in set(described) if not has_file(name, folders))
    for name in unfiled:
        store.store(group="dataset", name=name, node={})
    compose_with(Offered(own, unfiled, whole))
    serve_experiments()
    Plugins.instance().register(Experiments)
    OmegaConf.register_new_resolver("run_name", _RUNS.name, replace=True)
    OmegaConf.register_new_resolver("measure_name", _measure_name, replace=True)
    OmegaConf.register_new_resolver("help_text", _help_text, replace=True)
    OmegaConf.register_new_resolver("datasets_dir", _default_datasets_dir, replace=True)
    OmegaConf.register_new_resolver("cache_dir", _default_cache_dir, replace=True)


def own_config(composed: DictConfig) -> DictConfig:
    """Return a composed config without Hydra's own part."""
    own = composed.copy()
    with read_write(own), open_dict(own):
        del own["hydra"]
    return own


def own_folders(hydra: HydraConf) -> list[Path]:
    """Return the user's folders of configs, absolute, from Hydra's part of a config."""
    sources = hydra.runtime.config_sources
    return [Path(source.path) for source in sources if source.provider == "command-line"]


class _Runs:
    """The name of the run that a config asks for, and the typed config that it is taken from.

    Hydra asks for the name when it looks for the run's directory. A grid wants both, of hundreds
    of configs, and to make the typed one is most of the time that composing takes.
    """

    def __init__(self) -> None:
        self._last: tuple[DictConfig, TrainConfig] | None = None

    def name(self, *, _root_: DictConfig) -> str:
        """Return the name of the run's directory."""
        own = own_config(_root_)
        refuse_unknown_keys(own, TrainConfig)  # here, before a directory is made
        config = typed(own)
        self._last = (_root_, config)
        return name_in(Path(config.runs_dir) / config.study, run_name(config))

    def asked_by(self, composed: DictConfig) -> tuple[Path, TrainConfig]:
        """Return the directory of a run, and its config."""
        directory = Path(str(OmegaConf.select(composed, "hydra.run.dir"))).absolute()
        if self._last is not None and self._last[0] is composed:
            return directory, self._last[1]
        return directory, typed(own_config(composed))  # a directory without the name in it


_RUNS = _Runs()


def run_asked_by(composed: DictConfig) -> tuple[Path, TrainConfig]:
    """Return the directory and the checked config of the run that a composed config asks for.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    return _RUNS.asked_by(composed)


def _measure_name(*, _root_: DictConfig) -> str:
    own = own_config(_root_)
    refuse_unknown_keys(own, MeasureConfig)
    config = to_measure_config(own)
    return name_in(Path(config.runs_dir) / "measures", measure_name(config))


def _help_text(verb: str, *, _root_: DictConfig) -> str:
    text = help_text(_root_, SCHEMAS[verb], own_folders(_root_.hydra))
    return text.replace("$", "$$")  # Hydra substitutes names after a single one


def _default_datasets_dir() -> str:
    return os.environ.get("BIONER_DATASETS") or str(user_cache_path("bioner") / "datasets")


def _default_cache_dir() -> str:
    return str(user_cache_path("bioner"))
