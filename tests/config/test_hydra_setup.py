"""What is typed becomes overrides: the words of `bioner datasets`, a dataset without a file."""

import sys

import pytest
from hydra import compose
from hydra.errors import ConfigCompositionException

from bioner.config.hydra_setup import plain_words
from tests.composition import hydra_ready


@pytest.mark.parametrize(
    ("words", "overrides"),
    [
        ([], []),
        (["list"], ["action=list"]),
        (["check", "a", "b"], ["action=check", "names=[a,b]"]),
        (["check", "a", "format=json"], ["action=check", "names=[a]", "format=json"]),
        (["fetch", "a", "--config-dir", "b"], ["action=fetch", "names=[a]", "--config-dir", "b"]),
        (["--config-dir", "b"], ["--config-dir", "b"]),
        (["action=check", "a"], ["action=check", "a"]),
    ],
)
def test_plain_words(words: list[str], overrides: list[str]) -> None:
    assert plain_words(words) == overrides


def test_a_dataset_on_the_command_line_alone() -> None:
    given = [
        "+dataset.mine.path=/data",
        "+dataset.mine.files={train: a, devel: b, test: c}",
        "+dataset.mine.types={Old: New}",
        "+dataset.mine.sha256.train=00ff",
    ]
    with hydra_ready(given):
        mine = compose("train", sys.argv[1:]).dataset.mine
    assert (mine.path, mine.types) == ("/data", {"Old": "New"})
    assert (mine.files, mine.sha256) == (
        {"train": "a", "devel": "b", "test": "c"},
        {"train": "00ff"},
    )


def test_a_misspelt_key_on_the_command_line() -> None:
    given = ["+dataset.mine.path=/data", "+dataset.mine.fromat=brat"]
    with hydra_ready(given), pytest.raises(ConfigCompositionException):
        compose("train", sys.argv[1:])
