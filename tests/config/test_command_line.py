"""What is typed becomes a verb, Hydra's flags and overrides, in whatever order it stands."""

from pathlib import Path

import pytest
from hydra import compose
from hydra.errors import ConfigCompositionException

from bioner.config.command_line import (
    asks_for_tracebacks,
    describe_datasets,
    names_in_lists,
    plain_words,
    read,
)
from bioner.config.hydra_setup import SCHEMAS
from bioner.errors import UserError
from tests.composition import hydra_ready


@pytest.mark.parametrize(
    "line",
    [
        "train -m --config-dir conf seed=1,2 study=x",
        "train seed=1,2 -m study=x --config-dir conf",
        "train seed=1,2 --config-dir=conf study=x -m",
        "-m train seed=1,2 -cd conf study=x",
        "--config-dir conf train seed=1,2 --multirun study=x",
    ],
)
def test_flags_and_overrides_in_any_order(line: str) -> None:
    found = read(line.split(), SCHEMAS)
    assert (found.verb, found.parsed.overrides) == ("train", ["seed=1,2", "study=x"])
    assert (found.parsed.multirun, found.own) == (True, [Path("conf")])


def test_flags_among_plain_words() -> None:
    found = read(["datasets", "check", "--config-dir", "X", "mine", "limit=1", "theirs"], SCHEMAS)
    assert found.own == [Path("X")]
    assert found.parsed.overrides == ["action=check", "names=[mine,theirs]", "limit=1"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("trian seed=1", r"no verb 'trian'; did you mean train\?"),
        ("--config-dir conf", "no verb is given; Legal: .*train"),
        ("train --config-dri conf", "unrecognized arguments: --config-dri"),
        ("train --cfg jop", "--cfg/-c: invalid choice: 'jop'"),
        ("train seed=1 --config-dir", "--config-dir/-cd: expected one argument"),
    ],
)
def test_what_cannot_be_read(line: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        read(line.split(), SCHEMAS)


@pytest.mark.parametrize(
    ("words", "overrides"),
    [
        ([], []),
        (["list"], ["action=list"]),
        (["check", "a", "b"], ["action=check", "names=[a,b]"]),
        (["check", "a", "format=json"], ["action=check", "names=[a]", "format=json"]),
        (["check", "format=json", "a"], ["action=check", "names=[a]", "format=json"]),
        (["action=check", "a"], ["names=[a]", "action=check"]),
        (["new", "my", "folder", "name=x"], ["action=new", "path='my folder'", "name=x"]),
    ],
)
def test_plain_words(words: list[str], overrides: list[str]) -> None:
    assert plain_words(words) == overrides


def test_the_path_of_a_new_dataset_may_hold_what_an_override_does(tmp_path: Path) -> None:
    (tmp_path / "a=b").mkdir()
    path = f"{tmp_path}/a=b"
    assert plain_words(["new", path, "name=x"]) == ["action=new", f"path='{path}'", "name=x"]


def test_the_head_of_an_export() -> None:
    assert read(["export", "run=r", "head=bc2gm"], SCHEMAS).parsed.overrides == [
        "run=r",
        "of_head=bc2gm",
    ]


def test_a_dataset_on_the_command_line_alone() -> None:
    given = [
        "+dataset.mine.path=/data",
        "+dataset.mine.files={train: a, devel: b, test: c}",
        "+dataset.mine.types={Old: New}",
        "+dataset.mine.sha256.train=00ff",
    ]
    taken, names = describe_datasets(given)
    assert names == ["mine"]
    with hydra_ready(names):
        mine = compose("train", taken).dataset.mine
    assert (mine.path, mine.types) == ("/data", {"Old": "New"})
    assert (mine.files, mine.sha256) == (
        {"train": "a", "devel": "b", "test": "c"},
        {"train": "00ff"},
    )


def test_a_name_with_a_hyphen() -> None:
    taken, names = describe_datasets(["+dataset.my-corpus.path=/data"])
    assert names == ["my-corpus"]
    with hydra_ready(names):
        assert compose("train", taken).dataset["my-corpus"].path == "/data"


def test_a_misspelt_key_on_the_command_line() -> None:
    taken, names = describe_datasets(["+dataset.mine.path=/data", "+dataset.mine.fromat=brat"])
    with hydra_ready(names), pytest.raises(ConfigCompositionException):
        compose("train", taken)


@pytest.mark.parametrize(
    ("verb", "override", "taken"),
    [
        ("train", "finetune.targets=a", "finetune.targets=[a]"),
        ("train", "++finetune.auxiliaries=a", "++finetune.auxiliaries=[a]"),
        ("train", "pretrain.sources=a,b-1", "pretrain.sources=[a],[b-1]"),
        ("train", "finetune.targets=[a,b]", "finetune.targets=[a,b]"),
        ("train", "finetune.targets=[a],[b]", "finetune.targets=[a],[b]"),
        ("train", "finetune.targets=choice([a],[b])", "finetune.targets=choice([a],[b])"),
        ("train", "pretrain.sources=null", "pretrain.sources=null"),
        ("train", "study=a,b", "study=a,b"),
        ("measure", "targets=a", "targets=[a]"),
        ("datasets", "encoders=minilm", "encoders=[minilm]"),
        ("evaluate", "datasets=a", "datasets=[a]"),
    ],
)
def test_one_name_is_a_list_of_one(verb: str, override: str, taken: str) -> None:
    assert names_in_lists([override], SCHEMAS[verb]) == [taken]


@pytest.mark.parametrize(
    "word",
    [
        "debug=true",
        "debug=True",
        "++debug=true",
        "debug=1",
        "hydra.verbose=true",
        "+hydra.verbose=True",
        "hydra.verbose=[bioner]",
    ],
)
def test_tracebacks_are_asked_for(word: str) -> None:
    assert asks_for_tracebacks(["train", "seed=1", word, "-m"])


@pytest.mark.parametrize("word", ["debug=false", "hydra.verbose=False", "debug=0", "study=debug"])
def test_no_tracebacks_are_asked_for(word: str) -> None:
    assert not asks_for_tracebacks(["train", word, "debug=["])
