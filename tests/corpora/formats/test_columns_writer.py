"""Columns are written so that the reader gives the same, or not at all."""

from dataclasses import replace

import pytest

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats.columns_writer import render
from bioner.corpora.sentence import Sentence
from bioner.errors import DataError

TEXT = "Famotidine caused delirium ."
WORDS = Sentence(("Famotidine", "caused", "delirium", "."), ("O",) * 4, 1)
OFFSETS = ((0, 10), (11, 17), (18, 26), (27, 28))


def document(*marks: Annotation, words: Sentence = WORDS, heads: tuple[str, ...] = ()) -> Document:
    sentence = replace(words, offsets=OFFSETS)
    found = Document("1", (Passage(TEXT, 0, ""),), marks, 1)
    return replace(found, sentences=(sentence,), heads=heads)


def test_whoever_marked_it_before() -> None:
    marks = [
        Annotation(((0, 10),), "Chemical", "Famotidine", source="human"),
        Annotation(((18, 26),), "Disease", "delirium", source="other+head"),
    ]
    lines = render(document(*marks, heads=("head",))).splitlines()
    assert [line.split("\t")[1:] for line in lines[:3]] == [
        ["B-Chemical", "O"],
        ["O", "O"],
        ["B-Disease", "B-Disease"],
    ]


@pytest.mark.parametrize("name", ["", "Chem\tical", "Dis\nease", "a b", "a\0", " a", "a\u2028b"])
def test_a_type_that_would_end_its_column(name: str) -> None:
    with pytest.raises(DataError, match="can't stand in a column"):
        render(document(Annotation(((0, 10),), name, "Famotidine")))


@pytest.mark.parametrize("word", ["", " ", "a\tb", "a\nb", "a\rb", "a\0"])
def test_a_word_that_would_end_its_column(word: str) -> None:
    words = replace(WORDS, words=(word, *WORDS.words[1:]))
    with pytest.raises(DataError, match="can't stand in a column"):
        render(document(words=words))
