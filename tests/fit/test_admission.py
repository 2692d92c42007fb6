"""Which corpora are sources: demo datasets if named, parts of others only if named."""

from pathlib import Path

import pytest

from bioner.config.dataset import DatasetConfig
from bioner.config.fit import FitConfig
from bioner.config.train import Leakage
from bioner.errors import ConfigError, DataError, UserError
from bioner.fit.admission import load_target, look_at_sources
from tests.fit.searches import fit_config, places

WORDS = [f"word{i}" for i in range(12)]


def corpus(tmp_path: Path, name: str, first: int, count: int, of: str = "Gene") -> DatasetConfig:
    """Write a corpus of numbered sentences, which others may share, and return its YAML."""
    folder = tmp_path / name
    folder.mkdir()
    for split, (start, many) in {
        "train": (first, count),
        "devel": (first + 5000, 12),
        "test": (first + 6000, 12),
    }.items():
        text = "".join(
            f"the\tO\ngene\tO\nnumber\tO\n{i}\tB-{of}\nis\tO\nknown\tO\n\n"
            for i in range(start, start + many)
        )
        (folder / f"{split}.tsv").write_text(text)
    files = {split: f"{split}.tsv" for split in ("train", "devel", "test")}
    return DatasetConfig(path=str(folder), files=files, types=[of], licence="CC0 1.0")


@pytest.fixture
def config(tmp_path: Path) -> FitConfig:
    found = fit_config("target=demo_disease", *places(tmp_path))
    found.target = "mine"
    found.dataset = {
        "mine": corpus(tmp_path, "mine", 0, 20),
        "whole": corpus(tmp_path, "whole", 1000, 40),
        "part": corpus(tmp_path, "part", 1010, 20),
        "other": corpus(tmp_path, "other", 2000, 20, of="Disease"),
        "same": corpus(tmp_path, "same", 5, 20),
        "leaks": corpus(tmp_path, "leaks", 5001, 30),
        "demo_chemical": found.dataset["demo_chemical"],
    }
    return found


def refusals(config: FitConfig) -> dict[str, str]:
    return {one.name: one.refused for one in look_at_sources(config, load_target(config))[0]}


def test_what_is_here_is_a_source_unless_there_is_a_reason(config: FitConfig) -> None:
    found, corpora = look_at_sources(config, load_target(config))
    assert {one.name: one.refused for one in found} == {
        "whole": "",
        "part": "part of whole",
        "other": "",
        "same": "holds the sentences of mine",
        "leaks": "",
        "demo_chemical": "a demo dataset",
    }
    assert [*corpora] == ["whole", "other", "leaks"]
    about = {one.name: one for one in found}
    assert (about["leaks"].leaked, about["whole"].leaked) == (11, 0)
    assert (about["whole"].shared_types, about["other"].shared_types) == (["Gene"], [])
    assert about["whole"].licence == "CC0 1.0"


def test_what_is_named_is_a_source(config: FitConfig) -> None:
    config.sources = ["part", "same", "demo_chemical"]
    assert refusals(config) == {"part": "", "same": "", "demo_chemical": ""}


def test_a_licence_can_be_asked_for(config: FitConfig) -> None:
    config.redistributable = True
    with pytest.raises(UserError, match=r"sources: none may be used \(whole: licence: CC0 1\.0"):
        refusals(config)
    config.dataset["whole"].redistributable = True
    assert [name for name, why in refusals(config).items() if not why] == ["whole"]


def test_a_target_that_is_too_small_says_so(config: FitConfig, tmp_path: Path) -> None:
    config.dataset["mine"] = corpus(tmp_path, "small", 0, 9)
    with pytest.raises(DataError, match="mine: train has 9 mentions, too few to learn from"):
        load_target(config)
    (tmp_path / "small" / "devel.tsv").write_text("a\tB-Gene\n\n")
    (tmp_path / "small" / "train.tsv").write_text("a\tB-Gene\n\n" * 10)
    message = r"devel has 1 mentions, .*or another file for devel"
    with pytest.raises(DataError, match=message):
        load_target(config)


def test_what_a_run_uses_of_a_target_is_counted(config: FitConfig, tmp_path: Path) -> None:
    config.dataset["mine"] = corpus(tmp_path, "larger", 0, 40)
    (tmp_path / "larger" / "devel.tsv").write_text("a\tB-Gene\n\n" * 20)
    load_target(config)
    config.finetune.train_size = 9
    with pytest.raises(DataError, match="train has 9 mentions"):
        load_target(config)
    config.finetune.train_size, config.finetune.devel_size = None, 5
    with pytest.raises(DataError, match="devel has 5 mentions"):
        load_target(config)


def test_a_source_of_which_nothing_would_be_left_is_none(config: FitConfig, tmp_path: Path) -> None:
    devel = (Path(config.dataset["mine"].path) / "devel.tsv").read_text()
    config.dataset["held"] = corpus(tmp_path, "held", 0, 1)
    (tmp_path / "held" / "train.tsv").write_text(devel)
    config.sources = ["held", "other"]
    assert refusals(config) == {
        "held": "all of its train stands in the target's devel or test",
        "other": "",
    }
    config.leakage = Leakage.warn
    assert refusals(config)["held"] == ""


def test_without_any_source_only_single_is_left(config: FitConfig) -> None:
    config.sources = []
    assert look_at_sources(config, load_target(config)) == ([], {})


def test_a_corpus_that_cannot_be_read_is_said_or_an_error(config: FitConfig) -> None:
    Path(config.dataset["other"].path, "train.tsv").write_text("a\n")
    assert refusals(config)["other"].startswith("can't be read: ")
    config.sources = ["other"]
    with pytest.raises(DataError, match=r"train\.tsv:1"):
        refusals(config)


def test_a_corpus_that_no_run_can_use_is_said_or_an_error(config: FitConfig) -> None:
    config.dataset["other"].files = {"train": "train.tsv", "test": "test.tsv"}
    assert "dataset.other.files.devel: is not given" in refusals(config)["other"]
    config.sources = ["other"]
    with pytest.raises(ConfigError, match=r"dataset\.other\.files\.devel"):
        refusals(config)
