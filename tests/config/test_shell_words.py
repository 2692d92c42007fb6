"""Words that are printed for a user to type are read back as they were."""

import shlex
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bioner.config.recommend import repeated
from bioner.config.shell_words import quoted


@given(st.text(st.characters(exclude_characters="\0"), min_size=1))
def test_what_a_shell_reads(word: str) -> None:
    unprintable = any(c.isspace() and c not in " \n\t" for c in word)
    assert unprintable or shlex.split(quoted(word)) == [word]


def test_brackets_stay() -> None:
    assert quoted("finetune.targets=[a,b]") == "finetune.targets=[a,b]"
    assert quoted("x={a: b}") == "'x={a: b}'"


def test_what_the_next_command_repeats() -> None:
    given = [
        "target=mine",
        "sources=[a]",
        "dataset.mine.path=/my data",
        "++dataset.mine.files.train=devel.tsv",
        "++encoder.lr=1e-4",
        "datasets_dir=.",
        "words=3",
        "encoder.from_scratch={hidden_size: 8}",
    ]
    assert repeated([Path("/my conf")], given) == [
        "--config-dir '/my conf'",
        "'dataset.mine.path=/my data'",
        "++dataset.mine.files.train=devel.tsv",
        "++encoder.lr=1e-4",
        "datasets_dir=.",
        "'encoder.from_scratch={hidden_size: 8}'",
    ]
