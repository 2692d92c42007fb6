"""Which fold of a dataset is test: the key `fold` says it for all datasets of a command."""

from collections.abc import Mapping
from dataclasses import replace

from bioner.config.dataset import DatasetConfig
from bioner.errors import ConfigError


def in_fold(datasets: Mapping[str, DatasetConfig], fold: int | None) -> dict[str, DatasetConfig]:
    """Return the datasets with the fold of those that are in folds.

    Args:
        datasets: of a command, under their names.
        fold: which of the folds is test, from 1 on; None: none is chosen.

    Raises:
        ConfigError: a dataset is in folds and none is chosen, or one that it lacks; one is chosen
            and no dataset is in folds; a dataset's own YAML chooses another.
    """
    found = {name: _in_fold(name, one, fold) for name, one in datasets.items()}
    if fold is not None and not any(one.folds is not None for one in found.values()):
        names = ", ".join(f"dataset.{name}.folds" for name in found)
        raise ConfigError("fold", f"is {fold}, but no dataset is in folds", f"give {names}")
    return found


def _in_fold(name: str, dataset: DatasetConfig, fold: int | None) -> DatasetConfig:
    key, folds = f"dataset.{name}", dataset.folds
    if dataset.fold not in (None, fold):  # the config of a run that is read again holds both
        legal = "fold, which chooses that of every dataset"
        raise ConfigError(f"{key}.fold", f"is {dataset.fold}", legal)
    if folds is None:
        return dataset
    each = f"fold=1 to fold={folds}; -m fold={','.join(map(str, range(1, min(folds, 20) + 1)))}"
    if fold is None:
        found = f"is not given, but {key}.folds is {folds}"
        raise ConfigError("fold", found, f"{each} for all of them")
    if not 1 <= fold <= folds:
        raise ConfigError("fold", f"is {fold}, but {key}.folds is {folds}", each)
    return replace(dataset, fold=fold)
