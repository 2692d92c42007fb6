"""A target that lacks devel or test: which folds stand in their place, and what cannot be."""

from pathlib import Path

import pytest

from bioner.config.dataset import DatasetConfig, HubConfig
from bioner.config.fit import FitConfig
from bioner.errors import ConfigError
from bioner.fit.candidates import BASELINE
from bioner.fit.parting import Parting, lacks, parted, parting_of
from bioner.fit.trial import Trial
from tests.fit.searches import fit_config, places


def config(folder: Path, dataset: DatasetConfig, *overrides: str) -> FitConfig:
    found = fit_config("target=demo_disease", *overrides, *places(folder))
    found.target, found.dataset = "mine", {"mine": dataset}
    return found


def folder(tmp_path: Path, *splits: str) -> Path:
    for split in splits:
        (tmp_path / f"{split}.tsv").touch()
    return tmp_path


def test_what_a_target_lacks(tmp_path: Path) -> None:
    here = str(folder(tmp_path, "train", "test"))
    assert lacks(DatasetConfig(path=here), tmp_path) == ["devel"]
    assert lacks(DatasetConfig(path=here, devel_share=0.1), tmp_path) == []
    named = {"train": "train.tsv"}
    assert lacks(DatasetConfig(path=here, files=named), tmp_path) == ["devel", "test"]
    assert lacks(DatasetConfig(path=here, files=named, folds=3, fold=1), tmp_path) == ["devel"]
    assert lacks(DatasetConfig(path=here, test_share=0.0), tmp_path) == ["devel", "test"]
    # What is named, or fetched, or a whole folder that is away, is a mistake or comes.
    wrong = {**named, "devel": "dev.tsv", "test": "test.tsv"}
    assert lacks(DatasetConfig(path=here, files=wrong), tmp_path) == []
    assert lacks(DatasetConfig(path=here, url="https://here"), tmp_path) == []
    assert lacks(DatasetConfig(path=here, hub=HubConfig(name="a/b")), tmp_path) == []
    assert lacks(DatasetConfig(path=str(tmp_path / "away")), tmp_path) == []


def test_each_seed_has_a_fold_and_what_is_taken_has_them_all(tmp_path: Path) -> None:
    train = DatasetConfig(path=str(folder(tmp_path, "train")))
    found = parting_of(config(tmp_path, train, "seeds=4", "seed=7"), [])
    assert (found.devel, found.test, found.lacks_test) == (4, 3, True)

    def words(seed: int, **about: object) -> list[str]:
        trial = Trial(BASELINE, seed, **about)  # type: ignore[arg-type]
        return [word.replace("++dataset.mine.", "") for word in found.words(trial)]

    assert words(7) == ["test_share=0", "devel_folds=4", "devel_fold=1"]
    assert words(9)[-1] == "devel_fold=3"
    outer = ["test_share=null", "folds=3", "fold=2", "devel_folds=4", "devel_fold=2"]
    assert words(8, outer=2) == outer
    everything = ["finetune.train_on=train_devel", "finetune.train_size=null"]
    assert words(9, whole=True)[-3:] == [*everything, "finetune.devel_size=null"]
    texts = [found.fold(Trial(BASELINE, seed, outer=2)) for seed in (7, 8, 9, 10, 11)]
    assert texts == [1, 2, 3, 4, 1]
    assert found.fold(Trial(BASELINE, 8, outer=2, test=True, whole=True)) == 2
    read = parted(train, found)
    assert (read.files, read.splits) == ({"train": "train.tsv"}, ("train", "devel", "test"))


def test_a_target_with_all_splits_is_left_as_it_is(tmp_path: Path) -> None:
    whole = DatasetConfig(path=str(folder(tmp_path, "train", "devel", "test")))
    found = parting_of(config(tmp_path, whole), ["fold=1", "selection=best"])
    assert found.words(Trial(BASELINE, 1, whole=True)) == []
    assert parted(whole, found) == whole
    assert [found.fold(Trial(BASELINE, seed)) for seed in (1, 2)] == [0, 0]


@pytest.mark.parametrize(("size", "sizes"), [(100, (67, 33)), (0.1, (0.1, 0.1))])
def test_everything_is_as_large_a_part_of_each_fold(
    size: float, sizes: tuple[float, float]
) -> None:
    words = Parting("mine", devel=3, size=size).words(Trial(BASELINE, 1, whole=True))
    assert words[-2:] == [f"finetune.train_size={sizes[0]}", f"finetune.devel_size={sizes[1]}"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("fold=1", "fold: is given, but mine has no test: fit folds it; leave it out"),
        ("selection=best", "selection: is best, but mine has no devel: a run would be scored"),
        ("finetune.patience=2", r"finetune\.patience: is 2, but mine has no devel by which"),
    ],
)
def test_what_does_not_go_with_folds(tmp_path: Path, given: str, says: str) -> None:
    train = DatasetConfig(path=str(folder(tmp_path, "train")))
    overrides = [] if given.startswith("fold") else [given]
    with pytest.raises(ConfigError, match=f"^{says}"):
        parting_of(config(tmp_path, train, *overrides), [given])


def test_a_count_of_documents_cannot_be_parted(tmp_path: Path) -> None:
    train = DatasetConfig(path=str(folder(tmp_path, "train")))
    by_documents = ["subset_unit=documents", "finetune.train_size=20"]
    with pytest.raises(ConfigError, match=r"^finetune\.train_size: counts documents, but mine"):
        parting_of(config(tmp_path, train, *by_documents), [])
    assert parting_of(config(tmp_path, train, "finetune.train_size=20"), []).size == 20
