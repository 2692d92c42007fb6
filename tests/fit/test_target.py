"""A target must hold enough to learn from and to choose by; without sources it has none."""

from pathlib import Path

import pytest

from bioner.config.fit import FitConfig
from bioner.errors import DataError
from bioner.fit.target import load_target
from bioner.transferability.admission import look_at_sources
from tests.fit.searches import fit_config, places
from tests.transferability.numbered import numbered


@pytest.fixture
def config(tmp_path: Path) -> FitConfig:
    found = fit_config("target=demo_disease", *places(tmp_path))
    found.target, found.dataset = "mine", {"mine": numbered(tmp_path, "mine", 0, 20)}
    return found


def test_a_target_that_is_too_small_says_so(config: FitConfig, tmp_path: Path) -> None:
    config.dataset["mine"] = numbered(tmp_path, "small", 0, 9)
    with pytest.raises(DataError, match="mine: train has 9 mentions, too few to learn from"):
        load_target(config)
    (tmp_path / "small" / "devel.tsv").write_text("a\tB-Gene\n\n")
    (tmp_path / "small" / "train.tsv").write_text("a\tB-Gene\n\n" * 10)
    message = r"devel has 1 mentions, .*or another file for devel"
    with pytest.raises(DataError, match=message):
        load_target(config)


def test_what_a_run_uses_of_a_target_is_counted(config: FitConfig, tmp_path: Path) -> None:
    config.dataset["mine"] = numbered(tmp_path, "larger", 0, 40)
    (tmp_path / "larger" / "devel.tsv").write_text("a\tB-Gene\n\n" * 20)
    load_target(config)
    config.finetune.train_size = 9
    with pytest.raises(DataError, match="train has 9 mentions"):
        load_target(config)
    config.finetune.train_size, config.finetune.devel_size = None, 5
    with pytest.raises(DataError, match="devel has 5 mentions"):
        load_target(config)


def test_without_any_source_only_single_is_left(config: FitConfig) -> None:
    config.sources = []
    assert look_at_sources(config, load_target(config), without_leaks=True) == ([], {})
