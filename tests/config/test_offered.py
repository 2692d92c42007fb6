"""A config holds the datasets that it names, from wherever it names them."""

from pathlib import Path

import pytest
from hydra import compose
from omegaconf import DictConfig

from bioner.config.checks import to_train_config
from tests.composition import composed, hydra_ready, train_config


def held(*overrides: str, own: Path | None = None) -> list[str]:
    """Return the datasets of a composed config, as Hydra makes it."""
    config: DictConfig = composed(*overrides, with_hydra=True, own=own)
    return sorted(map(str, config.dataset))


def test_the_datasets_of_the_command_line_of_an_experiment_and_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert held("finetune.targets=[bc2gm]", "dataset.s800.scheme=IO") == ["bc2gm", "s800"]
    assert held("experiment=demo/single") == ["demo_disease"]
    monkeypatch.setenv("MY_TARGET", "bc2gm")
    assert held("finetune.targets=[${oc.env:MY_TARGET}]") == ["bc2gm"]


def test_a_file_that_changes_a_shipped_dataset_changes_all_of_it(tmp_path: Path) -> None:
    experiment = tmp_path / "experiment" / "mine.yaml"
    experiment.parent.mkdir()
    experiment.write_text(
        "# @package _global_\n"
        "finetune: {targets: [bc2gm]}\n"
        "dataset: {bc2gm: {title: mine}, s800: {repair: true}}\n"
    )
    config = composed("experiment=mine", with_hydra=True, own=tmp_path)
    plain = train_config("finetune.targets=[bc2gm]").dataset["bc2gm"]
    assert config.dataset.bc2gm.title == "mine"
    assert config.dataset.bc2gm.path == plain.path and config.dataset.s800.path == "s800"


def test_the_users_own_are_there_unnamed(tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "my-own.yaml").write_text("path: here\n")
    assert held(own=tmp_path) == ["my-own"]


def test_a_dataset_that_is_added_is_what_hydra_would_make_of_it() -> None:
    overrides = ["finetune.targets=[bc2gm]", "pretrain=sources", "pretrain.sources=[craft]"]
    with hydra_ready(whole=True):
        whole = compose("train", overrides)
    assert len(whole.dataset) > 20
    assert to_train_config(whole) == train_config(*overrides)
