"""Offsets beside the text of their mentions: named as a rule, and never advised to be repaired."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.config.dataset import DatasetConfig
from bioner.corpora.catalogue import load_corpus
from bioner.corpora.document import Annotation, Passage
from bioner.corpora.documents.displaced import displaced, nearest_place
from bioner.errors import DataError

TEXT = "Breast and ovarian cancer, then fever and a cough."
WORDS = ("ovarian cancer", "fever", "cough")


def marks(before: int = 0, after: int = 0, words: tuple[str, ...] = WORDS) -> list[Annotation]:
    """Mentions whose offsets are so much too large."""
    starts = [(TEXT.index(word), word) for word in words]
    return [
        Annotation(((s + before, s + len(w) + after),), "Disease", w, told=True) for s, w in starts
    ]


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (marks(), None),
        (marks(1, 1), "lie 1 character behind the mentions"),
        (marks(-2, -2), "lie 2 characters before the mentions"),
        (marks(900, 900), "lie 900 characters behind the mentions"),
        (marks(0, -1), "end at the last character of a mention, not behind it"),
        ([*marks(1, 1)[:1], *marks()[1:]], None),
        (marks(1, 1)[:1], None),
        (
            [*marks(1, 1)[:2], replace(marks()[2], text="sneeze")],
            "lie 1 character behind the mentions",
        ),
        ([*marks(1, 1)[:1], *marks(2, 2)[1:2], *marks(3, 3)[2:]], None),
    ],
)
def test_the_rule(found: list[Annotation], says: str | None) -> None:
    assert displaced(found, [Passage(TEXT, 0)]) == says


@given(st.integers(-40, 40).filter(bool))
def test_any_shift(shift: int) -> None:
    said = displaced(marks(shift, shift), [Passage(TEXT[:20], 0), Passage(TEXT[20:], 20)])
    # The first mention lies over the end of a passage, where no text has it whole.
    assert said is not None and f"lie {abs(shift)} character" in said


def test_the_nearest_place() -> None:
    passages = [Passage("aa aa", 0), Passage("aa", 10)]
    assert [nearest_place(passages, "aa", at) for at in (0, 4, 7, 20)] == [0, 3, 10, 10]
    assert nearest_place(passages, "b", 0) is None


def read(folder: Path, rows: list[tuple[int, int, str]]) -> str:
    """What is said of a file of PubTator with these mentions."""
    lines = "".join(f"1\t{start}\t{end}\t{text}\tDisease\n" for start, end, text in rows)
    (folder / "train.txt").write_text(f"1|t|{TEXT}\n{lines}")
    config = DatasetConfig(
        path=str(folder),
        format="pubtator",
        files=dict.fromkeys(("train", "devel", "test"), "train.txt"),
        types=["Disease"],
    )
    with pytest.raises(DataError) as raised:
        load_corpus("mine", config, folder)
    return str(raised.value)


@pytest.mark.parametrize("shift", [(1, 1), (0, -1)])
def test_a_corpus_that_follows_another_rule(shift: tuple[int, int], tmp_path: Path) -> None:
    rows = [(*mark.spans[0], mark.text) for mark in marks(*shift)]
    said = read(tmp_path, rows)
    assert "the offsets of document '1'" in said and "repair" not in said


def test_what_is_advised_for_a_spelling_alone(tmp_path: Path) -> None:
    start = TEXT.index("ovarian")
    assert "repair=true" in read(tmp_path, [(start, start + 14, "ovarian-cancer")])
    one = read(tmp_path, [(start + 1, start + 15, "ovarian cancer")])
    assert f"its own stands at {start}-{start + 14}" in one and "repair=" not in one
    assert "repair=" not in read(tmp_path, [(start, start + 14, "headache")])
