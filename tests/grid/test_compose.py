"""A job's config is what its command line composes, with its own datasets alone."""

from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from bioner.config.checks import to_train_config
from bioner.config.hydra_setup import own_config
from bioner.config.identity import run_name
from bioner.grid.compose import Composer
from tests.composition import hydra_ready, train_config

JOBS = [
    ["finetune.targets=[demo_disease]", "seed=2"],
    ["finetune.targets=[demo_chemical]", "finetune=mtl", "finetune.auxiliaries=[demo_unrelated]"],
    ["finetune.targets=[demo_disease]", "pretrain=sources", "pretrain.sources=[demo_chemical]"],
    ["finetune.targets=[demo_disease]", "seed=3"],  # the choices of the first, other values
]


def test_jobs_are_composed_as_alone_and_carry_their_datasets() -> None:
    with hydra_ready():
        loader = GlobalHydra.instance().config_loader()
        compose_job = Composer(loader, loader.load_configuration("train", [], RunMode.MULTIRUN))
        jobs = [own_config(compose_job(job)) for job in JOBS]
    carried = [set(job.dataset) for job in jobs]
    assert carried == [
        {"demo_disease"},
        {"demo_chemical", "demo_unrelated"},
        {"demo_disease", "demo_chemical"},
        {"demo_disease"},
    ]
    for job, overrides in zip(jobs, JOBS, strict=True):
        alone = train_config(*overrides)
        assert to_train_config(job) == alone
        assert run_name(to_train_config(job)) == run_name(alone)
