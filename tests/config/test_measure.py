"""Every value of `bioner measure` and `bioner recommend` that can't be used names its key."""

from dataclasses import replace

import pytest

from bioner.config.encoder import EncoderConfig
from bioner.config.measure import measure_name, stage_config, to_measure_config
from bioner.config.recommend import measuring, to_recommend_config
from bioner.errors import ConfigError
from bioner.transferability.registry import Family, chosen, measures
from tests.composition import composed, train_config

PAIR = ["sources=[bc2gm]", "targets=[s800]"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["targets=[s800]"], "sources: is empty; expected some of "),
        (["sources=[s800]"], "targets: is empty; expected some of "),
        (["sources=[bc2g]", "targets=[s800]"], "sources: no dataset 'bc2g'; did you mean bc2gm"),
        (["sources=[s800,s800]", "targets=[s800]"], "sources: names s800 more than once"),
        (
            ["sources=[s800]", "targets=[s800]"],
            "sources: s800 is the only source and the only target",
        ),
        ([*PAIR, "measures=[]"], "measures: is empty"),
        ([*PAIR, "words=5"], "words: is 5"),
        ([*PAIR, "seed=-1"], "seed: is -1"),
        ([*PAIR, "pretrain.sources=[bc2gm]"], "pretrain.sources: is ['bc2gm']"),
        ([*PAIR, "target_size=0"], "target_size: is 0; a count of sentences"),
        ([*PAIR, "pretrain.train_size=2.0"], "pretrain.train_size: is 2.0; a count of sentences"),
        ([*PAIR, "pretrain.epochs=null"], "pretrain.epochs and pretrain.steps: neither"),
        ([*PAIR, "pretrain=none"], "pretrain.sources: is given, but pretrain=none"),
        ([*PAIR, "optimizer.lr=0"], "optimizer.lr: is 0"),
    ],
)
def test_refused_by_measure(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        to_measure_config(composed(*overrides, verb="measure"))
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["sources=[bc2gm]"], "target: is not given; expected one of "),
        (["target=s800", "sources=[]"], "sources: is empty"),
        (["target=s80", "sources=[bc2gm]"], "target: no dataset 's80'; did you mean s800"),
        (["target=s800", "sources=[bc2gm,s800]"], "sources: holds the target s800"),
        (["target=s800", "sources=[bc2gm]", "words=5"], "words: is 5"),
        (["target=s800", "sources=[bc2gm]", "target_size=-3"], "target_size: is -3"),
    ],
)
def test_refused_by_recommend(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        to_recommend_config(composed(*overrides, verb="recommend"))
    assert str(raised.value).startswith(message)


def test_parquet_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bioner.config.measure.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"parquet: pyarrow is not installed; pip install"):
        to_measure_config(composed(*PAIR, "parquet=true", verb="measure"))


def test_unknown_measures_list_the_known_ones() -> None:
    with pytest.raises(ConfigError) as raised:
        chosen("measures", ["leap"])
    message = str(raised.value)
    assert message.startswith("measures: no measure or family 'leap'; did you mean leep")
    assert all(name in message for name in measures())


def test_names_stand_for_families() -> None:
    assert chosen("m", ["all"]) == measures()
    assert {m.family for m in chosen("m", ["cheap"]).values()} == set(Family) - {
        Family.tuned,
        Family.gradients,
        Family.joint,
    }
    assert list(chosen("m", ["leep", "surface"])) == [
        *(n for n, m in measures().items() if m.family == Family.surface),
        "leep",
    ]


def test_every_measure_is_documented() -> None:
    for measure in measures().values():
        text = measure.function.__doc__ or ""
        assert text.startswith("Return "), measure.name
        assert measure.says and measure.name.islower()


def test_one_directory_grows_with_the_names() -> None:
    config = to_measure_config(composed(*PAIR, verb="measure"))
    name = measure_name(config)
    for same in (
        {"measures": ["all"], "train_stages": True, "heatmaps": False},
        {"sources": ["jnlpba"], "targets": ["bc2gm"], "runs_dir": "x", "cache_dir": "x"},
    ):
        assert measure_name(replace(config, **same)) == name
    others = [{"words": 500}, {"seed": 2}, {"encoder": EncoderConfig("other")}, {"target_size": 9}]
    assert len({name, *(measure_name(replace(config, **other)) for other in others)}) == 5


def test_stages_are_those_of_train() -> None:
    config = to_measure_config(composed(*PAIR, "optimizer.lr=1e-4", verb="measure"))
    mine = stage_config(config, "bc2gm")
    theirs = train_config(
        "pretrain=sources",
        "pretrain.sources=[bc2gm]",
        "optimizer.lr=1e-4",
        "finetune.targets=[s800]",
    )
    for part in (
        "encoder",
        "head",
        "mixing",
        "weighting",
        "pretrain",
        "optimizer",
        "batch",
        "trainer",
        "seed",
        "subset_seed",
        "subset_unit",
    ):
        assert getattr(mine, part) == getattr(theirs, part), part
    assert mine.dataset["bc2gm"] == theirs.dataset["bc2gm"]


def test_a_recommendation_measures_what_needs_no_training() -> None:
    config = to_recommend_config(composed("target=s800", "sources=[bc2gm]", verb="recommend"))
    assert (measuring(config).measures, measuring(config).targets) == (["cheap"], ["s800"])
