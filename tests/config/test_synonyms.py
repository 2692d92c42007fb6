"""What users call keys by names that they know from elsewhere."""

from dataclasses import fields

import pytest

from bioner.config.hydra_setup import SCHEMAS
from bioner.config.synonyms import SYNONYMS, meant
from tests.composition import composed


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("lr", ["optimizer.lr"]),
        ("learning_rate", ["optimizer.lr"]),
        ("epochs", ["finetune.epochs"]),
        ("trainer.max_epochs", ["finetune.epochs"]),
        ("batch_size", ["batch.sentences"]),
        ("targets", ["finetune.targets"]),
        ("finetune.lr", ["optimizer.lr"]),
        ("head.crf", []),
        ("nonsense", []),
    ],
)
def test_the_key_that_is_meant(key: str, right: list[str]) -> None:
    assert meant(key, SCHEMAS["train"]) == right


def test_a_verb_has_its_own_keys() -> None:
    assert meant("lr", SCHEMAS["export"]) == []
    assert meant("max_epochs", SCHEMAS["predict"]) == []
    assert meant("source", SCHEMAS["fit"]) == meant("source", SCHEMAS["recommend"]) == ["sources"]
    assert meant("targets", SCHEMAS["fit"]) == ["target"]
    assert meant("target", SCHEMAS["measure"]) == ["targets"]


def test_a_letter_less_is_of_its_own_group() -> None:
    assert meant("finetune.epoch", SCHEMAS["train"]) == []  # not mixing.epoch
    assert meant("epoch", SCHEMAS["train"]) == ["mixing.epoch"]


def test_every_synonym_is_of_a_key_that_exists() -> None:
    config = composed("finetune.targets=[x]", "trainer=ddp", with_hydra=True)
    of_verbs = {one.name for schema in SCHEMAS.values() for one in fields(schema)}
    for name, keys in SYNONYMS.items():
        for key in keys:
            node = config
            for part in key.split(".") if key not in of_verbs else ():
                assert part in node, f"{name}: {key}"
                node = node[part]
