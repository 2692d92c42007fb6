"""Prediction files: mentions, units, mistakes, partial matches, and what is no such file."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator

from bioner.corpora.tags import spans
from bioner.errors import DataError
from bioner.report.mistake_kinds import mistakes, word_pairs
from bioner.report.partial import partial_counts
from bioner.report.prediction_arrays import Predictions, Spans, matches, read_predictions

TAGS = st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y"])
SENTENCE = st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=7)
FILE = st.lists(SENTENCE, min_size=1, max_size=6)


def write(path: Path, sentences: list[list[tuple[str, str]]]) -> Predictions:
    blocks = [
        "".join(f"w{k}\t{gold}\t{guess}\n" for k, (gold, guess) in enumerate(rows))
        for rows in sentences
    ]
    path.write_text("".join(f"{block}\n" for block in blocks))
    return read_predictions(path)


def listed(found: Predictions, side: Spans) -> list[tuple[int, int, str]]:
    columns = zip(side.start.tolist(), side.end.tolist(), side.type.tolist(), strict=True)
    return [(start, end, found.types[kind]) for start, end, kind in columns]


@given(FILE)
@settings(max_examples=100, deadline=None)
def test_mentions_are_those_of_the_strict_scheme(
    tmp_path_factory: pytest.TempPathFactory, sentences: list[list[tuple[str, str]]]
) -> None:
    found = write(tmp_path_factory.getbasetemp() / "p.tsv", sentences)
    for side, column in ((found.gold, 0), (found.guess, 1)):
        expected, offset = [], 0
        for rows in sentences:
            expected += [
                (m.start + offset, m.end + offset, m.type)
                for m in spans([row[column] for row in rows])
            ]
            offset += len(rows) + 1
        assert listed(found, side) == expected
    assert (found.sentences, found.opens) == (len(sentences), None)
    assert found.sentence.tolist() == [k for k, rows in enumerate(sentences) for _ in [*rows, 0]]
    left, right, typed = matches(found.gold, found.guess)
    both = set(listed(found, found.gold)) & set(listed(found, found.guess))
    assert {listed(found, found.gold)[k] for k in left[typed]} == both
    assert {listed(found, found.guess)[k] for k in right[typed]} == both


@given(FILE)
@settings(max_examples=100, deadline=None)
def test_partial_matches_are_nervaluates(
    tmp_path_factory: pytest.TempPathFactory, sentences: list[list[tuple[str, str]]]
) -> None:
    found = write(tmp_path_factory.getbasetemp() / "p.tsv", sentences)
    sides = [
        [
            [
                {"label": m.type, "start": m.start, "end": m.end - 1}
                for m in spans([r[c] for r in s])
            ]
            for s in sentences
        ]
        for c in (0, 1)
    ]
    known = Evaluator(*sides, tags=["X", "Y"], loader="dict").evaluate()["overall"]
    for scheme, *outcomes in partial_counts(found):
        judged = known[str(scheme)]
        assert outcomes == [
            judged.correct,
            judged.incorrect,
            judged.partial,
            judged.missed,
            judged.spurious,
        ], scheme


def test_kinds_of_mistakes(tmp_path: Path) -> None:
    o, bx, ix, by, iy = "O", "B-X", "I-X", "B-Y", "I-Y"
    found = write(
        tmp_path / "p.tsv",
        [
            [(bx, bx), (ix, ix), (o, o)],  # correct
            [(bx, by), (ix, iy), (o, o)],  # type
            [(bx, bx), (ix, o), (o, o)],  # boundary
            [(bx, by), (o, iy), (o, o)],  # boundary and type
            [(by, o), (o, o), (o, bx)],  # missed; spurious
            [(o, bx), (bx, ix), (o, o)],  # boundary: the predicted one begins before
        ],
    )
    kinds: dict[str, int] = {}
    for kind, *_, n in mistakes(found):
        kinds[kind] = kinds.get(kind, 0) + n
    assert kinds == {
        "correct": 1,
        "type": 1,
        "boundary": 2,
        "boundary and type": 1,
        "missed": 1,
        "spurious": 1,
    }
    assert ("missed", "Y", "", "1", 1) in mistakes(found)
    assert ("spurious", "", "X", "1", 1) in mistakes(found)
    assert ("w0 w1 (X)", "w0 w1 (Y)", 1) in word_pairs(found)
    assert sum(n for *_, n in word_pairs(found)) == 6


def test_documents_are_the_units_where_they_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "p.tsv"
    path.write_text("# document 7\na\tB-X\tO\n\nb\tO\tO\n\n# document 9\n#\tB-X\tB-X\n\n")
    found = read_predictions(path)
    assert (found.opens.tolist(), found.sentences) == ([0, 2], 3)
    assert np.array_equal(found.sentence[found.gold.start], [0, 2])
    path.write_text("# document 7\na\tB-X\tO\n# document 8\nb\tO\tO\n\n")
    with pytest.raises(DataError, match="inside a sentence"):
        read_predictions(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "ends inside a sentence"),
        ("a\tO\tO\n", "ends inside a sentence"),
        ("a\tO\tO\n\nb\tO\n\n", ":3: holds"),
        ("a\tO\tO\tO\n\nb\tO\n\n", ":1: holds"),
        ("a\tO\tX\n\n", ":1: holds"),
        ("a\tO\tO\n\n\n\n", "empty lines"),
    ],
)
def test_no_prediction_file(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "p.tsv"
    path.write_text(text)
    with pytest.raises(DataError, match=says):
        read_predictions(path)
    with pytest.raises(DataError, match="can't be read"):
        read_predictions(tmp_path / "none.tsv")
