"""Every file under conf/ and experiments/ composes, by discovery, and builds what it names."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from pytorch_lightning.loggers import Logger

from bioner.config.build import build, build_with_options
from bioner.config.checks import to_train_config
from bioner.config.config_folders import experiments, shipped
from bioner.config.dataset import DatasetConfig
from bioner.config.datasets import to_datasets_config
from bioner.config.evaluate import to_evaluate_config
from bioner.config.export import to_export_config
from bioner.config.fit import to_fit_config
from bioner.config.identity import run_name
from bioner.config.measure import to_measure_config
from bioner.config.predict import to_predict_config
from bioner.config.recommend import to_recommend_config
from bioner.config.stages import to_stages_config
from bioner.corpora.dataset_checks import check_config
from bioner.grid.combinations import expand
from bioner.model.heads import Head
from bioner.tracking.names import identify
from tests.composition import composed, train_config

CONF = shipped("conf")
TARGET = "finetune.targets=[demo_disease]"
# What a choice needs besides itself.
COMPANIONS = {
    "pretrain/sources": ["pretrain.sources=[demo_chemical]"],
    "pretrain/checkpoint": ["pretrain.checkpoint=somewhere"],
    "finetune/mtl": ["finetune.auxiliaries=[demo_chemical]"],
    "mixing/weights": ["mixing.weights={demo_disease: 1.0}"],
}
CHOICES = sorted(
    str(file.relative_to(CONF).with_suffix(""))
    for file in CONF.rglob("*.yaml")
    if file.parent != CONF and not {"dataset", "hydra"} & set(file.relative_to(CONF).parts)
)
# Cells of a grid, times five seeds.
JOBS = {
    "akdemir2020/single": 8 * 5,
    "akdemir2020/pairs": 8 * 8 * 5,
    "akdemir2020/all": 8 * 5,
    "akdemir2020/transfer": 8 * 7 * 5,
    "akdemir2020/transfer_mtl": 8 * 7 * 5,
}
ENCODERS = sorted(file.stem for file in (CONF / "encoder").glob("*.yaml"))
DATASETS = sorted(file.stem for file in (CONF / "dataset").glob("*.yaml"))


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_composes(choice: str) -> None:
    group, name = choice.rsplit("/", 1)
    train_config(TARGET, f"{group}={name}", *COMPANIONS.get(choice, []))


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_composes(name: str) -> None:
    config = train_config(f"finetune.targets=[{name}]").dataset[name]
    assert config.licence and config.title
    alone = OmegaConf.load(CONF / "dataset" / f"{name}.yaml")
    assert config == OmegaConf.to_object(OmegaConf.merge(DatasetConfig, alone))
    check_config(name, config)
    assert to_datasets_config(composed(verb="datasets")).dataset[name] == config  # unnamed
    if config.verified:  # of the others only what could be looked up is written down
        assert config.types
        for per_split in (config.sha256, config.sentences, config.mentions):
            assert set(per_split) == {"train", "devel", "test"}


def jobs_of(experiment: str) -> list[list[str]]:
    """Return the overrides of the jobs that `-m experiment=NAME` runs."""
    sweeper = composed(f"experiment={experiment}", with_hydra=True).hydra.sweeper
    parser = OverridesParser.create()
    return expand(parser, sweeper.params, sweeper.grids, [f"experiment={experiment}"])


@pytest.mark.parametrize("name", experiments())
def test_every_experiment_composes(name: str) -> None:
    jobs = jobs_of(name)
    assert len({tuple(job) for job in jobs}) == len(jobs) == JOBS.get(name, len(jobs))
    config = to_train_config(composed(*jobs[-1]))
    head = build_with_options("head", Head, config.head, hidden=4, tags=("O", "B-X", "I-X"))
    assert head.tags == ("O", "B-X", "I-X")


@pytest.mark.parametrize("head", sorted(f.stem for f in (CONF / "head").glob("*.yaml")))
def test_every_head_builds(head: str) -> None:
    tags = ("O", "B-X", "I-X")
    built = build_with_options(
        "head", Head, train_config(TARGET, f"head={head}").head, hidden=4, tags=tags
    )
    assert built.tags == tags


@pytest.mark.parametrize("logger", ["csv", "wandb"])
def test_every_logger_builds(logger: str, tmp_path: Path) -> None:
    config = train_config(TARGET, f"logger={logger}")
    about = {
        "wandb": {"identity": identify(config, run_name(config))},
        "csv": {"stages": ["finetune"], "continues": False},
    }[logger]
    build("logger", Logger, config.logger, save_dir=tmp_path, **about)


def test_datasets_composes_with_every_dataset_and_encoder() -> None:
    names, encoders = (f"[{','.join(names)}]" for names in (DATASETS, ENCODERS))
    config = to_datasets_config(
        composed("action=check", f"names={names}", f"encoders={encoders}", verb="datasets")
    )
    assert (list(config.dataset), list(config.encoder)) == (DATASETS, ENCODERS)
    assert all(one.name for one in config.encoder.values())


def test_report_composes() -> None:
    assert composed("study=x", verb="report").study == "x"


def test_the_verbs_of_a_finished_run_compose() -> None:
    evaluated = composed("run=.", f"datasets=[{','.join(DATASETS)}]", verb="evaluate")
    assert list(to_evaluate_config(evaluated).dataset) == DATASETS
    predicted = to_predict_config(composed("run=.", "input=-", "output=-", verb="predict"))
    assert (predicted.merge, predicted.device) == ("union", "auto")
    assert to_export_config(composed("run=.", "output=y", verb="export")).of_head is None


def test_measure_and_recommend_compose_with_every_dataset() -> None:
    names = f"[{','.join(DATASETS)}]"
    measuring = to_measure_config(composed(f"sources={names}", f"targets={names}", verb="measure"))
    assert list(measuring.dataset) == DATASETS
    others = f"[{','.join(DATASETS[1:])}]"
    recommending = to_recommend_config(
        composed(f"target={DATASETS[0]}", f"sources={others}", verb="recommend")
    )
    assert list(recommending.dataset) == DATASETS


def test_fit_composes_with_every_dataset() -> None:
    overrides = [f"target={DATASETS[0]}"]
    config = to_fit_config(composed(*overrides, verb="fit"), overrides)
    assert list(config.dataset) == DATASETS
    # What says how a run is trained is the same for both verbs.
    plain = train_config(f"finetune.targets=[{DATASETS[0]}]")
    for name in ("encoder", "head", "mixing", "finetune", "optimizer", "batch", "selection"):
        assert getattr(config, name) == getattr(plain, name)


def test_stages_composes() -> None:
    assert to_stages_config(composed(verb="stages")).names == []
