"""The key `fold` chooses the fold of every dataset that is in folds, and of nothing else."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from bioner.config.checks import to_train_config
from bioner.config.datasets import to_datasets_config
from bioner.config.fit import to_fit_config
from bioner.config.identity import run_hash, run_name, stage_key
from bioner.config.measure import measure_name, to_measure_config
from bioner.config.parts import decides
from bioner.config.recommend import measuring, to_recommend_config
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError
from bioner.runs.baseline import as_regime
from tests.composition import composed

SINGLE = ["finetune.targets=[mine]"]
TRANSFER = [*SINGLE, "pretrain=sources", "pretrain.sources=[demo_disease]"]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    folder.mkdir()
    for name in ("mine", "other"):
        (folder / f"{name}.yaml").write_text(f"path: /{name}\ndevel_share: 0.1\nfolds: 3\n")
    return tmp_path


def configured(own: Path, *overrides: str) -> TrainConfig:
    return to_train_config(composed(*overrides, own=own))


def test_a_fold_is_that_of_every_dataset_in_folds(own: Path) -> None:
    config = configured(own, *TRANSFER, "fold=2")
    assert {name: one.fold for name, one in config.dataset.items()} == {
        "mine": 2,
        "demo_disease": None,
    }
    both = configured(own, *SINGLE, "finetune=mtl", "finetune.auxiliaries=[other]", "fold=3")
    assert [one.fold for one in both.dataset.values()] == [3, 3]


def test_the_config_of_a_run_can_be_read_again(own: Path) -> None:
    config = configured(own, *SINGLE, "fold=2")
    stored = OmegaConf.to_container(OmegaConf.structured(config))
    assert stored["dataset"]["mine"]["fold"] == 2
    assert to_train_config(OmegaConf.merge(OmegaConf.structured(TrainConfig), stored)) == config
    with pytest.raises(ConfigError, match=r"dataset\.mine\.fold: is 2; fold, which chooses"):
        configured(own, *SINGLE, "fold=1", "dataset.mine.fold=2")


def test_folds_are_runs_of_their_own_that_share_the_pretraining(own: Path) -> None:
    folds = [configured(own, *TRANSFER, f"fold={k}") for k in (1, 2, 3)]
    assert len({run_hash(config) for config in folds}) == 3
    assert [run_name(config).split("-")[-3] for config in folds] == ["fold1", "fold2", "fold3"]
    keys = [
        {stage: stage_key(config, stage, "32-true", "e", {}, None) for stage in stages}
        for config in folds
        for stages in [["pretrain", "finetune"]]
    ]
    assert len({one["pretrain"] for one in keys}) == 1
    assert len({one["finetune"] for one in keys}) == 3


def test_the_baseline_of_a_fold_is_the_single_of_that_fold(own: Path) -> None:
    single = {k: decides(configured(own, *SINGLE, f"fold={k}")) for k in (1, 2)}
    for fold, base in single.items():
        of_transfer = as_regime(configured(own, *TRANSFER, f"fold={fold}"), "mine", "single")
        assert decides(of_transfer) == base
    assert single[1] != single[2]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            SINGLE,
            "fold: is not given, but dataset.mine.folds is 3; fold=1 to fold=3; -m fold=1,2,3 for "
            "all of them",
        ),
        ([*SINGLE, "fold=0"], "fold: is 0, but dataset.mine.folds is 3; fold=1 to fold=3"),
        ([*SINGLE, "fold=4"], "fold: is 4, but dataset.mine.folds is 3; fold=1 to fold=3"),
        (
            ["finetune.targets=[demo_disease]", "fold=1"],
            "fold: is 1, but no dataset is in folds; give dataset.demo_disease.folds",
        ),
        (
            [*SINGLE, "dataset.mine.fold=1"],
            "dataset.mine.fold: is 1; fold, which chooses that of every dataset",
        ),
    ],
)
def test_what_can_not_be(own: Path, overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        configured(own, *overrides)
    assert str(raised.value).startswith(message)


def test_other_verbs_take_it_too(own: Path) -> None:
    pair = ["sources=[demo_disease]", "targets=[mine]"]
    measures = [
        to_measure_config(composed(*pair, f"fold={k}", verb="measure", own=own)) for k in (1, 2)
    ]
    assert [config.dataset["mine"].fold for config in measures] == [1, 2]
    assert len({measure_name(config) for config in measures}) == 1  # its inputs are noted there
    one = ["target=mine", "sources=[demo_disease]", "fold=2"]
    recommend = to_recommend_config(composed(*one, verb="recommend", own=own))
    assert measuring(recommend).dataset["mine"].fold == 2
    fit = to_fit_config(composed("target=mine", "fold=3", verb="fit", own=own))
    assert fit.dataset["mine"].fold == 3
    assert not fit.dataset["other"].is_parted  # it is no source unless it is named
    for verb, words, to_config in (
        ("measure", pair, to_measure_config),
        ("recommend", one[:2], to_recommend_config),
        ("fit", ["target=mine"], to_fit_config),
    ):
        with pytest.raises(ConfigError, match=r"fold: is not given, but dataset\.mine\.folds is 3"):
            to_config(composed(*words, verb=verb, own=own))


def test_datasets_takes_it_where_splits_are_looked_at(own: Path) -> None:
    def described(*overrides: str) -> object:
        words = ["names=[mine]", *overrides]
        return to_datasets_config(composed(*words, verb="datasets", own=own)).dataset["mine"].fold

    assert described("action=check", "fold=2") == 2
    assert described("action=describe") is None
    with pytest.raises(ConfigError, match="fold: is given, but the action is fetch"):
        described("action=fetch", "fold=1")
