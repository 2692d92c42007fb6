"""Changing a field changes exactly the hashes that its declaration says; each field has one."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any

import pytest
from omegaconf import OmegaConf

from bioner.config.dataset import DatasetConfig
from bioner.config.effects import (
    DATA,
    LATER,
    PLACE,
    RUN,
    STAGE,
    Changes,
    Declared,
    declared,
    group,
    leaves,
    made,
    value,
)
from bioner.config.identity import Trained, as_regime, run_hash, stage_key, what_counts
from bioner.config.measure import MeasureConfig, measure_name
from bioner.config.parts import decides, stages_of
from bioner.config.per_stage import StageConfig
from bioner.config.recommend import RecommendConfig, measuring
from bioner.config.train import TrainConfig
from bioner.corpora.sentence_key import sentence_key
from tests.composition import composed, train_config

Key = tuple[str, ...]

# A run that uses every field: all stages, several tasks in each, auxiliaries, weights.
TARGETS = ["demo_disease", "demo_shuffled"]
SOURCES = ["demo_chemical", "demo_disease_related"]
AUXILIARY = "demo_unrelated"
BASE = [
    "pretrain=sources",
    f"pretrain.sources=[{','.join(SOURCES)}]",
    "finetune=mtl",
    f"finetune.targets=[{','.join(TARGETS)}]",
    f"finetune.auxiliaries=[{AUXILIARY}]",
    "selftrain=soft",
    "finetune.train_size=0.5",
]
WEIGHTS = "mixing.weights={" + ", ".join(f"{n}: 1" for n in (*TARGETS, *SOURCES, AUXILIARY)) + "}"
# Fields that not every run uses, with what makes this one use them.
USED_WITH = {
    "mixing.strategy": ["mixing=uniform"],  # a pretraining stage of to_targets is its base
    "mixing.temperature": ["mixing=temperature"],
    "mixing.weights": ["mixing=weights", WEIGHTS],
    "mixing.start": ["mixing=to_targets"],
    "mixing.end": ["mixing=to_targets"],
    "mixing.base": ["mixing=to_targets"],
}
# Other values where the kind of the present one does not give a legal one.
OTHER: dict[str, Any] = {
    "pretrain.sources": SOURCES[::-1],
    "pretrain.kind": "none",
    "finetune.targets": TARGETS[::-1],
    "finetune.auxiliaries": [SOURCES[0]],
    "finetune.kind": "single",
    "format": "jsonl",
    "joint": "runs/default/mtl-1234",
    "mixing.weights": dict.fromkeys((*TARGETS, *SOURCES, AUXILIARY), 2),
}


CONFIG = train_config(*BASE)


@cache
def _composed(*overrides: str) -> TrainConfig:
    return train_config(*BASE, *overrides)


def run_with(*overrides: str) -> TrainConfig:
    return copy.deepcopy(_composed(*overrides) if overrides else CONFIG)


def other(key: str, present: Any) -> Any:
    """Return another value than the present one."""
    if key in OTHER:
        return OTHER[key]
    match present:
        case Enum():
            return next(one for one in type(present) if one != present)
        case bool():
            return not present
        case int() | float():
            return present + 1
        case str():
            return f"{present}x"
        case list():
            return [*present, "x"]
        case dict():
            return {**present, "x": 1}
        case _:
            return 7


def at(config: Any, key: Key) -> Any:
    for name in key:
        config = config[name] if isinstance(config, dict) else getattr(config, name)
    return config


def changed(config: Any, key: Key) -> Any:
    """Return the config with another value under a full key."""
    config = copy.deepcopy(config)
    holder = at(config, key[:-1])
    setattr(holder, key[-1], other(".".join(key), getattr(holder, key[-1])))
    return config


def keys_of(config: TrainConfig) -> list[Key]:
    return [key for key, _ in leaves(config)]


def stage_keys(config: TrainConfig) -> dict[str, str]:
    """Return the key of each stage, with the same data whatever the config is."""
    found: dict[str, str] = {}
    before = None
    for stage in stages_of(config):
        before = found[stage] = stage_key(
            config, stage, "32-true", "e", {"d": Trained({"train": "0"}, ["O"], [])}, before
        )
    return found


def single(config: TrainConfig) -> Any:
    return decides(as_regime(config, TARGETS[0], "single"))


@dataclass(frozen=True)
class Hashes:
    """All that is derived from a config, and whether it is that of another config."""

    stages: dict[str, str]
    run: str
    record: Any
    single: Any

    @classmethod
    def of(cls, config: TrainConfig) -> "Hashes":
        return cls(stage_keys(config), run_hash(config), what_counts(config), single(config))

    def differ(self, before: "Hashes") -> dict[str, bool]:
        stages = {s: self.stages.get(s) != key for s, key in before.stages.items()}
        names = ("run", "record", "single")
        return stages | {one: getattr(self, one) != getattr(before, one) for one in names}


def pinned(config: TrainConfig) -> TrainConfig:
    for dataset in config.dataset.values():
        dataset.sha256 = dict.fromkeys(dataset.own_files, "0")
    return config


@cache
def _base(*overrides: str) -> tuple[TrainConfig, Hashes]:
    config = pinned(run_with(*overrides))
    return config, Hashes.of(config)


def expected(config: TrainConfig, key: Key, one: Declared) -> dict[str, bool]:
    """Return what the declaration of a field says of each hash."""
    stages, changes = stages_of(config), one.effect.changes
    top = key[0]
    users = list(stages)
    if top in stages:
        users = [top]
    elif top == "dataset":
        users = ["pretrain"] if key[1] in SOURCES else ["finetune"]
    elif key in (("mixing", "start"), ("mixing", "end")):
        users = ["finetune"]  # the stage with auxiliaries
    first = stages.index(users[0]) + (changes is LATER)
    of_stage = changes in (STAGE, LATER)
    found = {s: of_stage and i >= first for i, s in enumerate(stages)}
    # The single run has none of what several tasks need, and one target of its own.
    theirs = ("mixing", "weighting")
    partners = ("kind", "targets", "auxiliaries", "auxiliary_size")
    alone = (
        "finetune" in users
        and top not in theirs
        and key != ("batch", "shared")
        and not (top == "finetune" and key[1] in partners)
        and not (top == "dataset" and key[1] != TARGETS[0])
    )
    return found | {
        "run": changes in (STAGE, LATER, DATA, RUN),
        "record": changes in (STAGE, LATER, DATA, RUN),
        "single": alone and changes in (STAGE, DATA),
    }


@pytest.mark.parametrize("key", keys_of(CONFIG), ids=".".join)
def test_every_field_changes_what_it_says(key: Key) -> None:
    config, before = _base(*USED_WITH.get(".".join(key), []))
    one = dict(leaves(config))[key]
    found = Hashes.of(changed(config, key)).differ(before)
    assert found == expected(config, key, one)


PLACES = [key for key, one in leaves(CONFIG) if one.effect.changes is PLACE]


@pytest.mark.parametrize("key", PLACES, ids=".".join)
def test_a_place_counts_for_the_run_where_no_hash_says_what_lies_there(key: Key) -> None:
    config = run_with()
    config.dataset[key[1]].sha256 = {}
    found = Hashes.of(changed(config, key)).differ(Hashes.of(config))
    assert found == dict.fromkeys(found, False) | {"run": True}


@pytest.mark.parametrize("name", [one.name for one in fields(DatasetConfig)])
def test_sentences_are_kept_under_what_the_reader_reads(name: str) -> None:
    dataset = pinned(run_with()).dataset[TARGETS[0]]
    if is_dataclass(getattr(dataset, name)):
        pytest.skip("a group")
    reading = {one.name for one in declared(dataset) if one.effect.reading}
    again = changed(dataset, (name,))
    assert (sentence_key("0", again) != sentence_key("0", dataset)) == (name in reading)
    with_part = sentence_key("0", again, "devel") != sentence_key("0", dataset, "devel")
    parting = ("devel_share", "test_share", "devel_folds", "devel_fold", "folds", "fold")
    assert with_part == (name in reading or name in parting)


MEASURE = ["sources=[bc2gm]", "targets=[s800]"]


@cache
def to_object(verb: str, schema: type, *overrides: str) -> Any:
    cfg = composed(*overrides, verb=verb)
    OmegaConf.set_struct(cfg, False)
    cfg.dataset = {name: cfg.dataset[name] for name in ("bc2gm", "s800")}
    found = OmegaConf.to_object(cfg)
    assert isinstance(found, schema)
    return found


def verbs() -> Iterator[tuple[Any, Callable[[Any], str]]]:
    yield to_object("measure", MeasureConfig, *MEASURE), measure_name
    recommend = to_object("recommend", RecommendConfig, "target=s800", "sources=[bc2gm]")
    yield recommend, lambda config: measure_name(measuring(config))


@pytest.mark.parametrize(
    ("config", "name", "key"),
    [
        pytest.param(config, name, key, id=f"{type(config).__name__}.{'.'.join(key)}")
        for config, name in verbs()
        for key, _ in leaves(config)
    ],
)
def test_every_field_of_measures_changes_what_it_says(
    config: Any, name: Callable[[Any], str], key: Key
) -> None:
    one = dict(leaves(config))[key]
    # A source's stage has one task, and what each dataset held stands in the directory.
    used = key[0] not in ("mixing", "weighting", "dataset") and key != ("batch", "shared")
    digest, other_digest = (name(c).rpartition("-")[2] for c in (config, changed(config, key)))
    assert (digest != other_digest) == (used and one.effect.changes is STAGE)


# What a later version of the schema may add.


@dataclass
class ExtraConfig:
    """A group."""

    start: str = value("probe", STAGE, neutral="random")
    sharp: float | None = value(None, STAGE)
    options: dict[str, Any] = made(dict, STAGE, neutral={})


@dataclass
class WiderConfig(TrainConfig):
    """The schema with one more group."""

    extra: ExtraConfig = group(ExtraConfig)


@dataclass
class DistilConfig(StageConfig):
    """A stage."""

    unlabelled: list[str] = made(list, STAGE, role="unlabelled")
    teacher: str = value("soft", STAGE)
    keep: str = value("all", LATER)


@dataclass
class ThreeStages(TrainConfig):
    """The schema with one more stage."""

    distil: DistilConfig = group(DistilConfig)


@dataclass
class Forgetful(TrainConfig):
    """A field that says nothing."""

    forgotten: int = 3


def widened(schema: type, config: TrainConfig, **more: Any) -> Any:
    held = {one.name: getattr(config, one.name) for one in fields(TrainConfig)}
    return schema(**held, **more)


def test_a_new_group_counts_for_every_stage_by_itself() -> None:
    config = widened(WiderConfig, CONFIG)
    found = Hashes.of(changed(config, ("extra", "start"))).differ(Hashes.of(config))
    assert found == dict.fromkeys(found, True)


def test_a_new_key_with_its_neutral_value_orphans_no_run() -> None:
    config = widened(WiderConfig, CONFIG, extra=ExtraConfig("random"))
    before = Hashes.of(CONFIG)
    found = Hashes.of(config).differ(before)
    assert found == dict.fromkeys(found, False) | {"record": True}
    assert Hashes.of(widened(WiderConfig, CONFIG)).run != before.run


def test_a_stage_outside_the_package_is_a_group() -> None:
    config = widened(ThreeStages, CONFIG, distil=DistilConfig(unlabelled=["demo_disease"]))
    assert stages_of(config) == ["pretrain", "finetune", "selftrain", "distil"]
    before = Hashes.of(config)
    two = Hashes.of(CONFIG)
    assert {s: before.stages[s] for s in two.stages} == two.stages  # a prefix is shared
    third = {"pretrain": False, "finetune": False, "selftrain": False, "distil": True}
    found = Hashes.of(changed(config, ("distil", "teacher"))).differ(before)
    assert found == third | {"run": True, "record": True, "single": True}
    last = Hashes.of(changed(config, ("distil", "keep"))).differ(before)
    assert last == dict.fromkeys(last, False) | {"record": True}  # nothing follows from it
    earlier = Hashes.of(changed(config, ("pretrain", "epochs"))).differ(before)
    assert earlier["distil"]
    apart = changed(config, ("dataset", "demo_disease", "version"))
    assert Hashes.of(apart).differ(before) == {
        "pretrain": False,
        "finetune": True,
        "selftrain": True,
        "distil": True,
        "run": True,
        "record": True,
        "single": True,
    }


def test_a_field_without_a_declaration_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Forgetful\.forgotten: nothing says what it can change"):
        run_hash(widened(Forgetful, CONFIG))


def test_what_a_run_does_not_use_does_not_change_it() -> None:
    alone = as_regime(CONFIG, TARGETS[0], "single")
    for key in (
        ("mixing", "strategy"),
        ("weighting", "strategy"),
        ("pretrain", "epochs"),
        ("pretrain", "carry"),
        ("finetune", "auxiliary_size"),
        ("dataset", AUXILIARY, "version"),
    ):
        assert run_hash(changed(alone, key)) == run_hash(alone), key
    assert run_hash(changed(alone, ("finetune", "epochs"))) != run_hash(alone)


def test_semantics_are_part_of_every_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    before, measured = Hashes.of(CONFIG), measure_name(next(verbs())[0])
    monkeypatch.setattr("bioner.config.identity.SEMANTICS", 99)
    monkeypatch.setattr("bioner.config.measure.SEMANTICS", 99)
    found = Hashes.of(CONFIG).differ(before)
    stages = dict.fromkeys(stage_keys(CONFIG), True)
    assert found == stages | {"run": True, "record": False, "single": False}
    assert measure_name(next(verbs())[0]) != measured


def test_stages_are_shared_whatever_comes_after_them() -> None:
    mine = stage_keys(CONFIG)["pretrain"]
    for later in (("leakage",), ("finetune", "epochs"), ("pretrain", "carry")):
        assert stage_keys(changed(CONFIG, later))["pretrain"] == mine
    weighted = run_with(*USED_WITH["mixing.weights"])
    again = copy.deepcopy(weighted)
    again.mixing.weights[AUXILIARY] = 3
    one, two = stage_keys(weighted), stage_keys(again)
    assert one["pretrain"] == two["pretrain"] and one["finetune"] != two["finetune"]


def test_auto_precision_is_what_it_comes_to() -> None:
    auto, said = run_with(), run_with()
    said.trainer["precision"] = "32-true"
    assert auto.trainer["precision"] == "auto"
    assert stage_keys(auto) == stage_keys(said)
    data = {"d": Trained({}, [], [])}
    keys = {stage_key(auto, "pretrain", p, "e", data, None) for p in ("32-true", "bf16-mixed")}
    assert len(keys) == 2
    others = [
        stage_key(auto, "pretrain", "32-true", "other", data, None),
        stage_key(auto, "pretrain", "32-true", "e", {"d": Trained({}, [], [1])}, None),
        stage_key(auto, "pretrain", "32-true", "e", data, "other"),
    ]
    assert len({*keys, *others}) == 5


def test_every_level_is_used() -> None:
    assert {one.effect.changes for _, one in leaves(CONFIG)} == {*Changes}
