"""What takes the place of splits that a target lacks: folds of its train file, none of them twice.

Where it has no devel, each seed of a candidate is scored on another fold, and what is taken is then
trained on everything. Where it has no test, folds are test in their turn, each with a search of its
own that never sees it.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from bioner.config.blocks import SubsetUnit
from bioner.config.dataset import DatasetConfig
from bioner.config.fit import FitConfig, is_given
from bioner.config.train import Selection
from bioner.corpora.fetching.places import locate
from bioner.errors import ConfigError
from bioner.fit.trial import Trial

# Folds that are devel, where no more seeds ask for more: with fewer much of train is left out.
_FEWEST = 3


@dataclass(frozen=True)
class Parting:
    """How the train file of a target is parted.

    Attributes:
        target: its name.
        first: the first seed.
        devel: folds that are devel in their turn; 0 where the target has a devel.
        test: folds that are test in their turn; 0 where it has a test, or no F1 is to be expected.
        lacks_test: whether it has none.
        size: `finetune.train_size`.
    """

    target: str
    first: int = 1
    devel: int = 0
    test: int = 0
    lacks_test: bool = False
    size: int | float | None = None

    def fold(self, trial: Trial) -> int:
        """Return the number of the text on which a trial is scored, the same one for the same."""
        if trial.outer and trial.test:
            return trial.outer
        return self._devel_fold(trial.seed) if self.devel and not trial.whole else 0

    def _devel_fold(self, seed: int) -> int:
        return 1 + (seed - self.first) % self.devel

    def is_tested(self, outer: int) -> bool:
        """Say whether a search has a test split: the target's, or a fold of train."""
        return bool(outer) or not self.lacks_test

    def finals(self, outer: int, seeds: int) -> int:
        """Return with how many seeds what is taken is trained, or scored, in the end.

        Of the searches that only say what F1 is to be expected, and where nothing is scored, one
        is enough.
        """
        return 1 if self.lacks_test and (outer or self.devel) else seeds

    @property
    def trained(self) -> float:
        """The share of the labels that a run of a search is trained on."""
        return 1 - 1 / self.devel if self.devel else 1.0

    def words(self, trial: Trial) -> list[str]:
        """Return the overrides that part the target for a trial."""
        return [*self._of_test(trial.outer), *self._of_devel(trial)]

    def _of_test(self, outer: int) -> list[str]:
        if not self.lacks_test:
            return []
        if not outer:
            return [f"++dataset.{self.target}.test_share=0"]
        share = f"++dataset.{self.target}.test_share=null"
        return [share, f"++dataset.{self.target}.folds={self.test}", f"fold={outer}"]

    def _of_devel(self, trial: Trial) -> list[str]:
        if not self.devel:
            return []
        fold = 1 if trial.whole else self._devel_fold(trial.seed)
        key = f"++dataset.{self.target}.devel_fold"
        found = [f"{key}s={self.devel}", f"{key}={fold}"]
        return [*found, *self._everything()] if trial.whole else found

    def _everything(self) -> list[str]:
        """Return the overrides that train on what was devel too, as large a part of it."""
        size, of_devel = self.size, self.size
        if isinstance(self.size, int):
            of_devel = max(1, self.size // self.devel)
            size = max(1, self.size - of_devel)
        sizes = {"train_size": size, "devel_size": of_devel}
        given = (f"finetune.{k}={'null' if v is None else v}" for k, v in sizes.items())
        return ["finetune.train_on=train_devel", *given]


def parting_of(config: FitConfig, given: list[str]) -> Parting:
    """Return how the target of a search is parted.

    Args:
        config: of the search.
        given: the overrides of the command line.

    Raises:
        ConfigError: what was given does not go with it.
    """
    target = config.target
    lacking = lacks(config.dataset[target], Path(config.datasets_dir))
    found = Parting(target, config.seed, size=config.finetune.train_size)
    if "test" in lacking:
        if is_given(given, "fold"):
            legal = f"leave it out, or give dataset.{target}.test_share"
            raise ConfigError("fold", f"is given, but {target} has no test: fit folds it", legal)
        found = replace(found, lacks_test=True, test=config.test_folds)
    if "devel" in lacking:
        _check_no_devel(config, given)
        found = replace(found, devel=max(_FEWEST, config.seeds))
    return found


def lacks(dataset: DatasetConfig, datasets_dir: Path) -> list[str]:
    """Return which of devel and test a dataset has neither as a file nor as a part of train.

    A file that is named and not there is a mistake; one of the usual name that nothing names, in a
    folder that holds the train file, is none.
    """
    fetched = dataset.url or dataset.archive or dataset.hub.name
    there = {split: file.exists() for split, file in locate(dataset, datasets_dir).items()}

    def absent(split: str) -> bool:
        if split not in dataset.files:
            return True
        named = dataset.files[split] != f"{split}.tsv" or split in dataset.sha256
        return not (named or fetched or there[split]) and there.get("train", False)

    found = [split for split in ("devel", "test") if split in dataset.own_files and absent(split)]
    return [*found, *(["test"] if dataset.test_share == 0 else [])]


def parted(dataset: DatasetConfig, parting: Parting, outer: int = 0) -> DatasetConfig:
    """Return the YAML of the target as a search reads it: the first fold is devel.

    Args:
        dataset: the YAML that the user gave.
        parting: of the target.
        outer: the fold that is test; 0: none is.
    """
    gone = {"devel"} if parting.devel else set[str]()
    gone |= {"test"} if parting.lacks_test else set[str]()
    found = replace(dataset, files={s: f for s, f in dataset.files.items() if s not in gone})
    if parting.devel:
        found = replace(found, devel_folds=parting.devel, devel_fold=1)
    if not parting.lacks_test:
        return found
    if outer:
        return replace(found, test_share=None, folds=parting.test, fold=outer)
    return replace(found, test_share=0.0)


def _check_no_devel(config: FitConfig, given: list[str]) -> None:
    target = config.target
    legal = f"leave it out, or give dataset.{target}.devel_share, a part of train"
    without = f"{target} has no devel"
    if config.selection == Selection.best and is_given(given, "selection"):
        found = f"is best, but {without}: a run would be scored on the fold that it is selected by"
        raise ConfigError("selection", found, f"last, average; or {legal}")
    if config.finetune.patience is not None:
        found = f"is {config.finetune.patience}, but {without} by which to stop"
        raise ConfigError("finetune.patience", found, legal)
    by_document = config.subset_unit == SubsetUnit.documents
    if isinstance(config.finetune.train_size, int) and by_document:
        found = f"counts documents, but {without}, of which a part is trained on in the end"
        raise ConfigError("finetune.train_size", found, f"a share of them; or {legal}")
