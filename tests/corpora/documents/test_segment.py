"""Documents to sentences: offsets, tags, what is cut, and linear time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.documents.segment import segment, segmented

TEXT = "IL-2 helps (p<0.05). It binds β-synuclein."


def document(text: str, *annotations: Annotation, offset: int = 0) -> Document:
    return Document("d", (Passage(text, offset),), annotations, 3)


def mark(start: int, end: int, name: str = "X") -> Annotation:
    return Annotation(((start, end),), name, TEXT[start:end])


def test_words_know_where_they_stand() -> None:
    first, second = segment(document(TEXT, offset=100))
    assert first.words == ("IL", "-", "2", "helps", "(", "p", "<", "0", ".", "05", ")", ".")
    assert second.words == ("It", "binds", "β", "-", "synuclein", ".")
    assert first.offsets[:4] == ((100, 102), (102, 103), (103, 104), (105, 110))
    assert second.offsets[-1] == (141, 142)
    assert {(s.document, s.line) for s in (first, second)} == {("d", 3)}


def test_annotations_become_tags() -> None:
    found = segmented(document(TEXT, mark(30, 41), mark(0, 4, "Gene"), mark(24, 29)))
    assert found.cut == []
    assert found.sentences[0].tags[:4] == ("B-Gene", "I-Gene", "I-Gene", "O")
    assert found.sentences[1].tags == ("O", "B-X", "B-X", "I-X", "I-X", "O")


def test_a_mention_that_is_cut_is_tagged_where_it_touches() -> None:
    inside, over = mark(6, 10), mark(11, 29)
    found = segmented(document(TEXT, inside, over))
    assert found.cut == [inside, over]
    assert found.sentences[0].tags[2:] == ("O", "B-X", "B-X", *["I-X"] * 7)
    assert found.sentences[1].tags == ("B-X", "I-X", "O", "O", "O", "O")


def test_two_mentions_in_one_word() -> None:
    found = segmented(document("mRNA x", mark(0, 1, "A"), mark(1, 6, "B")))
    assert found.sentences[0].tags == ("B-A", "B-B")
    assert len(found.cut) == 2


def test_a_passage_border_ends_a_sentence() -> None:
    passages = (
        Passage("A title without a dot", 0),
        Passage("and an abstract", 22),
        Passage("", 40),
    )
    sentences = segment(Document("d", passages, ()))
    assert [s.words[-1] for s in sentences] == ["dot", "abstract"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("e\u0301t\u00e9 x\u200by", ["e\u0301t\u00e9", "x\u200by"]),
        ("\u200b \ufeff", ["\u200b", "\ufeff"]),
        ("测试 \U0001d6fc\U0001f9ec", ["测试", "\U0001d6fc\U0001f9ec"]),
        ("a\u2028b\x85c\u00a0d", ["a", "b", "c", "d"]),
        ("a\x1cb \x1d", ["a\x1cb"]),
        (" \n\t ", []),
    ],
    ids=["combining, zero width", "zero width alone", "wide, astral", "blanks", "control", "blank"],
)
def test_odd_characters(text: str, words: list[str]) -> None:
    assert [word for s in segment(document(text)) for word in s.words] == words


texts = st.text(
    st.one_of(st.sampled_from("aB. \n,-(?!1\u0301\u200b"), st.characters(codec="utf-8")),
    max_size=60,
)


@settings(deadline=None)  # the first example loads the libraries
@given(texts, st.integers(0, 5), st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9))))
def test_every_character_but_blanks_is_in_one_word(
    text: str, offset: int, spans: list[tuple[int, int]]
) -> None:
    marks = [
        Annotation(((offset + start, min(offset + start + length, offset + len(text))),), "X", "")
        for start, length in spans
        if start < len(text)
    ]
    sentences = segment(Document("d", (Passage(text, offset),), tuple(marks)))
    covered = [place for s in sentences for start, end in s.offsets for place in range(start, end)]
    assert covered == sorted(set(covered))
    left = set(range(len(text))) - {place - offset for place in covered}
    assert all(text[place].isspace() for place in left)
    for sentence in sentences:
        assert len(sentence.words) == len(sentence.tags) == len(sentence.offsets) > 0
        for word, (start, end) in zip(sentence.words, sentence.offsets, strict=True):
            assert text[start - offset : end - offset] == word


@pytest.mark.parametrize(
    "unit", ["word ", "a", "A. ", ".", "(", "1.2,", " ", "\n", "Dr. X said. "], ids=repr
)
def test_the_time_is_linear(unit: str) -> None:
    def seconds(size: int) -> float:
        text = (unit * (size // len(unit) + 1))[:size]
        marks = [Annotation(((s, s + 3),), "X", "") for s in range(0, size - 3, 50)]
        taken = []
        for _ in range(3):  # the least of them: other work of the machine only adds
            begin = time.process_time()
            segment(Document("d", (Passage(text, 0),), tuple(marks)))
            taken.append(time.process_time() - begin)
        return min(taken)

    seconds(1_000)
    # Four times the text: 4 times the time, 16 where it is quadratic.
    assert seconds(160_000) < 9 * seconds(40_000) + 0.3


@pytest.mark.parametrize("blank", ["\u00a0", "\u2009", "\u3000", "\u2028", " "], ids=ascii)
def test_any_blank_between_an_initial_and_a_full_stop(blank: str) -> None:
    text = f"Serum vitamin D{blank}. The level of E{blank}. coli was low."
    found = segment(document(text, mark(6, 15)))
    words = [word for sentence in found for word in sentence.words]
    assert words == text.replace(blank, " ").replace(".", " .").split()
    for sentence in found:
        spelt = [text[start:end] for start, end in sentence.offsets]
        assert spelt == list(sentence.words)
    assert found[0].tags[:4] == ("O", "B-X", "I-X", "O")


def test_no_panic_of_a_library_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    for text in ("Hepatitis C\u00a0.", "E \u2009. coli", "Of A\u3000\u00a0. B", "(D\u2028.)"):
        assert segment(document(text))
    assert capfd.readouterr() == ("", "")


def test_a_word_of_50_000_characters_and_a_sentence_of_5_000_words() -> None:
    (sentence,) = segment(document("G" * 50_000 + " is long", mark(0, 50_000)))
    assert len(sentence.words[0]) == 50_000 and sentence.tags == ("B-X", "O", "O")
    (sentence,) = segment(document("word " * 5_000))
    assert len(sentence.words) == 5_000
