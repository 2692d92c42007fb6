"""Every value of `bioner fit` that can't be used names its key; what runs get is what was typed."""

from pathlib import Path

import pytest

from bioner.config.command_line import read
from bioner.config.fit import handed_on, own_of_selftraining, to_fit_config
from bioner.config.hydra_setup import SCHEMAS
from bioner.errors import ConfigError, UserError
from tests.composition import composed
from tests.fit.searches import fit_config

TARGET = "target=demo_disease"


def test_the_whole_catalogue_may_help_or_what_is_named() -> None:
    everything = fit_config(TARGET)
    assert len(everything.dataset) > 20
    assert everything.finetune.targets == ["demo_disease"]
    assert everything.leakage == "drop"
    assert everything.folder == Path("runs/fit/demo_disease")
    named = fit_config(TARGET, "sources=[demo_chemical]", "name=again")
    assert [*named.dataset] == ["demo_chemical", "demo_disease"]
    assert named.folder == Path("runs/fit/again")
    assert [*fit_config(TARGET, "sources=[]").dataset] == ["demo_disease"]


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ([], "target: is not given"),
        (["target=demo_disese"], "target: no dataset 'demo_disese'; did you mean demo_disease"),
        ([TARGET, "sources=[demo_chemicl]"], "sources: no dataset 'demo_chemicl'; did you mean"),
        ([TARGET, "sources=[demo_disease]"], "sources: holds the target demo_disease"),
        ([TARGET, "budget.runs=0"], r"budget\.runs: is 0\.0; a finite number above 0"),
        ([TARGET, "budget.hours=-1"], r"budget\.hours: is -1\.0; a finite number above 0"),
        ([TARGET, "seeds=0"], "seeds: is 0; at least 1"),
        ([TARGET, "confidence=1"], r"confidence: is 1\.0; a number in \[0\.5, 1\)"),
        ([TARGET, "test_folds=1"], "test_folds: is 1; at least 2, or 0"),
        ([TARGET, "pretrain_updates=0"], r"pretrain_updates: is 0\.0"),
        ([TARGET, "name=a/b"], "name: is 'a/b'; letters, digits"),
        ([TARGET, "finetune.epochs=0"], r"finetune\.epochs: is 0; at least 1"),
        ([TARGET, "finetune.steps=9"], r"finetune\.steps: is given, but rungs end with epochs"),
        ([TARGET, "mixing=weights"], "mixing: is weights, which has one for each task"),
        ([TARGET, "mixing.base=weights"], "mixing: is weights, which has one for each task"),
        ([TARGET, "finetune=mtl"], "finetune: is given, but fit chooses it"),
        ([TARGET, "study=mine"], "study: is given, but fit chooses it"),
        ([TARGET, "finetune.test=true"], r"finetune\.test: is given, but fit chooses it"),
        ([TARGET, "finetune.targets=[s800]"], r"finetune\.targets: is given, but fit chooses it"),
    ],
)
def test_what_cannot_be_used_is_named(overrides: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=f"^{says}"):
        to_fit_config(composed(*overrides, verb="fit"), overrides)


def test_runs_get_what_says_how_they_are_trained() -> None:
    typed = [
        TARGET,
        "sources=[a]",
        "budget.runs=3",
        "encoder=tiny",
        "+dataset.mine.path=x",
        "seed=2",
        "dry_run=true",
        "finetune.train_size=0.1",
        "runs_dir=r",
    ]
    assert handed_on(typed) == [
        "encoder=tiny",
        "+dataset.mine.path=x",
        "finetune.train_size=0.1",
        "runs_dir=r",
    ]


def test_values_of_self_training_go_to_the_candidates_that_have_it() -> None:
    typed = [TARGET, "selftrain.text=more.txt", "selftrain.rounds=2", "seed=2"]
    assert handed_on(typed) == []
    assert own_of_selftraining(typed) == typed[1:3]
    assert fit_config(*typed).selftrain.text is None
    every = [TARGET, "selftrain=soft", "selftrain.text=more.txt"]
    assert handed_on(every) == every[1:]
    assert fit_config(*every).selftrain.text == "more.txt"


def test_fit_is_no_grid_of_hydra() -> None:
    with pytest.raises(UserError, match="fit makes a grid of its own: without -m"):
        read(["fit", "-m", "target=a,b"], SCHEMAS)
