"""Which corpora are sources: demo datasets if named, parts of others only if named."""

from pathlib import Path

import pytest

from bioner.config.recommend import RecommendConfig, to_recommend_config
from bioner.corpora.catalogue import Corpus
from bioner.errors import ConfigError, DataError, UserError
from bioner.transferability.admission import SourceFound, load_in_catalogue, look_at_sources
from tests.composition import composed
from tests.transferability.numbered import numbered


@pytest.fixture
def config(tmp_path: Path) -> RecommendConfig:
    words = ["target=demo_disease", f"cache_dir={tmp_path}/cache", f"datasets_dir={tmp_path}/none"]
    found = to_recommend_config(composed(*words, verb="recommend"))
    found.target = "mine"
    found.dataset = {
        "mine": numbered(tmp_path, "mine", 0, 20),
        "whole": numbered(tmp_path, "whole", 1000, 40),
        "part": numbered(tmp_path, "part", 1010, 20),
        "other": numbered(tmp_path, "other", 2000, 20, of="Disease"),
        "same": numbered(tmp_path, "same", 5, 20),
        "leaks": numbered(tmp_path, "leaks", 5001, 30),
        "demo_chemical": found.dataset["demo_chemical"],
    }
    return found


def look(
    config: RecommendConfig, without_leaks: bool = True
) -> tuple[list[SourceFound], dict[str, Corpus]]:
    return look_at_sources(config, load_in_catalogue(config.target, config), without_leaks)


def refusals(config: RecommendConfig) -> dict[str, str]:
    return {one.name: one.refused for one in look(config)[0]}


def test_what_is_here_is_a_source_unless_there_is_a_reason(config: RecommendConfig) -> None:
    found, corpora = look(config)
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


def test_what_is_named_is_a_source(config: RecommendConfig) -> None:
    config.sources = ["part", "same", "demo_chemical"]
    assert refusals(config) == {"part": "", "same": "", "demo_chemical": ""}


def test_a_licence_can_be_asked_for(config: RecommendConfig) -> None:
    config.redistributable = True
    with pytest.raises(UserError, match=r"sources: none may be used \(whole: licence: CC0 1\.0"):
        refusals(config)
    config.dataset["whole"].redistributable = True
    assert [name for name, why in refusals(config).items() if not why] == ["whole"]


def test_a_source_of_which_nothing_would_be_left_is_none(
    config: RecommendConfig, tmp_path: Path
) -> None:
    devel = (Path(config.dataset["mine"].path) / "devel.tsv").read_text()
    config.dataset["held"] = numbered(tmp_path, "held", 0, 1)
    (tmp_path / "held" / "train.tsv").write_text(devel)
    config.sources = ["held", "other"]
    assert refusals(config) == {
        "held": "all of its train stands in the target's devel or test",
        "other": "",
    }
    assert [one.refused for one in look(config, without_leaks=False)[0]] == ["", ""]


def test_a_corpus_that_cannot_be_read_is_said_or_an_error(config: RecommendConfig) -> None:
    Path(config.dataset["other"].path, "train.tsv").write_text("a\n")
    assert refusals(config)["other"].startswith("can't be read: ")
    config.sources = ["other"]
    with pytest.raises(DataError, match=r"train\.tsv:1"):
        refusals(config)


def test_a_corpus_that_no_run_can_use_is_said_or_an_error(config: RecommendConfig) -> None:
    config.dataset["other"].files = {"train": "train.tsv", "test": "test.tsv"}
    assert "dataset.other.files.devel: is not given" in refusals(config)["other"]
    config.sources = ["other"]
    with pytest.raises(ConfigError, match=r"dataset\.other\.files\.devel"):
        refusals(config)
