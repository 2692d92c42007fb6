"""Every value that can't be used is refused with its full key."""

import pytest
from omegaconf import OmegaConf

from bioner.config.checks import to_train_config
from bioner.errors import ConfigError
from tests.composition import composed, train_config

TARGET = "finetune.targets=[demo_disease]"
SHARED = ["finetune=mtl", "finetune.auxiliaries=[demo_chemical]"]
SOURCE = ["pretrain=sources", "pretrain.sources=[demo_chemical]"]


@pytest.mark.parametrize(
    ("overrides", "key", "says"),
    [
        ([], "finetune.targets", "is not given"),
        (["finetune.targets=[]"], "finetune.targets", "is empty"),
        (["finetune.targets=[demo_diseas]"], "finetune.targets", "did you mean demo_disease"),
        (
            ["finetune.targets=[demo_disease,demo_disease]", "finetune=mtl"],
            "finetune.targets",
            "more than once",
        ),
        (
            [TARGET, "finetune=mtl", "finetune.auxiliaries=[demo_disease]"],
            "finetune.auxiliaries",
            "is a target already",
        ),
        ([TARGET, "pretrain=sources"], "pretrain.sources", "is empty"),
        ([TARGET, "pretrain.sources=[demo_chemical]"], "pretrain.sources", "add pretrain=sources"),
        ([TARGET, *SOURCE, "pretrain.seed=-1"], "pretrain.seed", "an integer from 0"),
        ([TARGET, "pretrain=checkpoint"], "pretrain.checkpoint", "is not given"),
        ([TARGET, "pretrain.checkpoint=x"], "pretrain.checkpoint", "add pretrain=checkpoint"),
        ([TARGET, "finetune=mtl"], "finetune", "two tasks or more"),
        (["finetune.targets=[demo_disease,demo_chemical]"], "finetune", "one target, found 2"),
        ([TARGET, "finetune.train_size=0"], "finetune.train_size", "is 0"),
        ([TARGET, "finetune.train_size=1.5"], "finetune.train_size", "is 1.5"),
        ([TARGET, "finetune.train_size=-3"], "finetune.train_size", "is -3"),
        ([TARGET, "finetune.train_size=nan"], "finetune.train_size", "is nan"),
        ([TARGET, "finetune.auxiliary_size=0.0"], "finetune.auxiliary_size", "is 0.0"),
        ([TARGET, *SOURCE, "pretrain.train_size=2.0"], "pretrain.train_size", "is 2.0"),
        (
            [TARGET, *SOURCE, "mixing=weights", "mixing.weights={demo_chemicals: 1.0}"],
            "mixing.weights.demo_chemicals",
            "did you mean demo_chemical",
        ),
        (
            [TARGET, *SOURCE, "mixing.weights={demo_chemical: many}"],
            "mixing.weights.demo_chemical",
            "is 'many'",
        ),
        ([TARGET, "mixing.weights=3"], "mixing.weights", "is 3"),
        ([TARGET, *SHARED, "mixing=weights"], "mixing.weights.demo_disease", "missing"),
        (
            [
                TARGET,
                *SHARED,
                "mixing=weights",
                "mixing.weights={demo_disease: 1, demo_chemical: 0}",
            ],
            "mixing.weights.demo_chemical",
            "0",
        ),
        (
            [TARGET, *SHARED, "mixing=temperature", "mixing.temperature=-1"],
            "mixing.temperature",
            "-1",
        ),
        ([TARGET, "encoder.from_scratch=yes"], "encoder.from_scratch", "is 'yes'"),
        ([TARGET, "finetune.epochs=0"], "finetune.epochs", "is 0"),
        ([TARGET, "finetune.steps=5"], "finetune.epochs and finetune.steps", "both are set"),
        ([TARGET, "finetune.epochs=null"], "finetune.epochs and finetune.steps", "neither"),
        ([TARGET, "optimizer.lr=-1e-3"], "optimizer.lr", "is -0.001"),
        ([TARGET, "optimizer.lr=nan"], "optimizer.lr", "is nan"),
        ([TARGET, "optimizer.lr=inf"], "optimizer.lr", "is inf"),
        ([TARGET, "optimizer.head_lr_times=0"], "optimizer.head_lr_times", "is 0.0"),
        ([TARGET, "optimizer.warmup=1.0"], "optimizer.warmup", "is 1.0"),
        ([TARGET, "optimizer.weight_decay=-0.1"], "optimizer.weight_decay", "is -0.1"),
        ([TARGET, "optimizer.clip=0"], "optimizer.clip", "is 0.0"),
        ([TARGET, "batch.sentences=0"], "batch.sentences", "is 0"),
        ([TARGET, "batch.accumulate=0"], "batch.accumulate", "is 0; 1 to 8, the sentences"),
        ([TARGET, "batch.accumulate=9"], "batch.accumulate", "is 9; 1 to 8, the sentences"),
        ([TARGET, "checkpoint_minutes=-1"], "checkpoint_minutes", "is -1.0"),
        ([TARGET, "checkpoint_minutes=inf"], "checkpoint_minutes", "is inf"),
        ([TARGET, "batch.tokens=0"], "batch.tokens", "is 0"),
        ([TARGET, "seed=-1"], "seed", "is -1"),
        ([TARGET, "study=a/b"], "study", "is 'a/b'"),
        ([TARGET, "study=.."], "study", "is '..'"),
        ([TARGET, "+trainer.max_epochs=1"], "trainer.max_epochs", "set finetune.epochs"),
        (
            [TARGET, "+trainer.accumulate_grad_batches=4"],
            "trainer.accumulate_grad_batches",
            "set batch.sentences and batch.accumulate",
        ),
        ([TARGET, "+trainer.gradient_clip_val=1"], "trainer.gradient_clip_val", "optimizer.clip"),
        ([TARGET, "+trainer.callbacks=[]"], "trainer.callbacks", "leave it out"),
        ([TARGET, "head._target_=???"], "head._target_", "is not given"),
    ],
)
def test_refused(overrides: list[str], key: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        train_config(*overrides)
    assert str(caught.value).startswith(f"{key}: ")
    assert says in str(caught.value)


def test_only_the_datasets_of_the_run_are_kept() -> None:
    config = train_config(TARGET, "finetune=mtl", "finetune.auxiliaries=[demo_chemical]")
    assert sorted(config.dataset) == ["demo_chemical", "demo_disease"]


@pytest.mark.parametrize("name", ["../../x", "/abs/x", "..", "a\\b", "a/b"])
def test_a_name_leads_out_of_no_folder(name: str) -> None:
    cfg = composed("finetune.targets=[demo_disease]")
    OmegaConf.set_struct(cfg, False)
    cfg.dataset[name] = cfg.dataset.demo_disease
    for key in ("finetune.targets", "finetune.auxiliaries", "pretrain.sources"):
        hostile = cfg.copy()
        OmegaConf.update(hostile, key, [name])
        with pytest.raises(ConfigError, match=rf"^{key}: holds "):
            to_train_config(hostile)
