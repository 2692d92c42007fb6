"""conf/README.md says of every key what the YAML and the schema say, and is up to date."""

import re
from pathlib import Path

import pytest

from bioner.config.conf_files import Entry, choices, read_config
from bioner.config.config_folders import shipped
from bioner.config.effects import NOTHING, value
from bioner.config.meaning import attributes
from bioner.config.reference import page

PAGE = page(shipped("conf"))


def test_the_page_is_up_to_date() -> None:
    written = (shipped("conf") / "README.md").read_text(encoding="utf-8")
    assert written == PAGE, "make reference"


def test_every_key_has_a_line() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| .* \| (.*) \|$", PAGE, re.MULTILINE)
    keys = {key for key, _ in rows}
    assert {"seed", "batch.tokens", "head.shared", "mixing.tasks_per_update"} < keys
    assert {"hydra.launcher.gpus", "hydra.sweeper.n_trials", "trainer.precision"} < keys
    assert {"words", "merge", "of_head", "idle_days", "picture"} < keys
    choices_alone = {name for name, meaning in rows if not meaning} - {
        file.stem for file in shipped("conf").rglob("*.yaml")
    }
    assert choices_alone == set()


@pytest.mark.parametrize(
    "row",
    [
        "| `optimizer.lr` | `${encoder.lr}` | peak learning rate of the encoder |",
        "| `mixing.temperature` | `2.0` | T in size^(1/T) |",
        "| `run` | (required) |",
        "| `default` (default) | One process on whatever is there. |  |",
        "| `temperature` | Shares follow size^(1/temperature)",
    ],
)
def test_what_a_row_says(row: str) -> None:
    assert f"\n{row}" in PAGE


def test_the_comment_beside_a_key_is_its_line(tmp_path: Path) -> None:
    file = tmp_path / "head" / "mine.yaml"
    file.parent.mkdir()
    file.write_text(
        "# @package _global_\n# What it is,\n# in two lines.\n"
        "defaults:\n  - /keys@_here_\n  - _self_\n"
        'word: "a # b" # said here\noptions:\n  rate: 0.5\nlist: [1, 2] # two\n'
    )
    (tmp_path / "keys.yaml").write_text("word: x # said there\nrest: null # of both\n")
    own = read_config(file)
    assert own.head == "What it is, in two lines."
    assert own.entries == {
        ("word",): Entry('"a # b"', "said here"),
        ("options", "rate"): Entry("0.5", ""),
        ("list",): Entry("[1, 2]", "two"),
    }
    whole = choices(file.parent)["mine"].entries
    assert whole["word",] == Entry('"a # b"', "said here")
    assert whole["rest",] == Entry("null", "of both")


def test_a_docstring_says_what_its_attributes_are() -> None:
    class Above:
        """Above.

        Attributes:
            first: in one line.
        """

        first: int = value(1, NOTHING)

    class Below(Above):
        """Below.

        Attributes:
            second: in two lines,
                of which this is one.
        """

    assert attributes(Below) == {
        "first": "in one line.",
        "second": "in two lines, of which this is one.",
    }
