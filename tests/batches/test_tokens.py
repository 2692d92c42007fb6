"""Words to token ids, against transformers itself."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer, CanineTokenizer, PreTrainedTokenizerFast

from bioner.batches.tokenizer import SpecialTokens, fingerprint, special_tokens
from bioner.batches.tokens import Encoded, encode, encoding_key, kept_tags
from bioner.corpora.sentence import Sentence
from bioner.errors import ConfigError

TAGS = ("O", "B-X", "I-X", "B-Y", "I-Y")


@pytest.fixture(scope="session")
def tokenizer(minilm):
    return AutoTokenizer.from_pretrained(minilm)


def word_level(template=None, **vocab):
    backend = Tokenizer(WordLevel({"[UNK]": 0, "<s>": 1, "</s>": 2, **vocab}, unk_token="[UNK]"))
    backend.pre_tokenizer = Whitespace()
    if template:
        specials = [("<s>", 1), ("</s>", 2)]
        backend.post_processor = TemplateProcessing(single=template, special_tokens=specials)
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]")


def plain(*sentences):
    return [Sentence(tuple(words), ("O",) * len(words), 1) for words in sentences]


def expected(tokenizer, words):
    """The ids of each word as transformers itself gives them for the whole sentence."""
    encoding = tokenizer(list(words), is_split_into_words=True, add_special_tokens=False)
    pieces = [[] for _ in words]
    for word, piece in zip(encoding.word_ids(), encoding["input_ids"], strict=True):
        pieces[word].append(piece)
    return pieces


def assert_same_as_transformers(encoded, tokenizer, sentences):
    pieces = [p for s in sentences for p in expected(tokenizer, s.words)]
    assert encoded.piece_counts.tolist() == [len(p) for p in pieces]
    assert encoded.pieces.tolist() == [i for p in pieces for i in p]


def test_the_arrays_of_a_small_split():
    tokenizer = word_level(a=3, b=4)
    sentences = [
        Sentence(("a", "a b", "zz"), ("O", "B-Y", "I-Y"), 1),
        Sentence(("b",), ("B-X",), 5),
    ]
    encoded = encode(sentences, TAGS, tokenizer)
    assert encoded.pieces.tolist() == [3, 3, 4, 0, 4]
    assert encoded.piece_counts.tolist() == [1, 2, 1, 1]
    assert encoded.tags.tolist() == [0, 3, 4, 1]
    assert encoded.sentence_words.tolist() == [3, 1]
    assert encoded.sentence_pieces.tolist() == [4, 1]
    dtypes = [getattr(encoded, field.name).dtype for field in dataclasses.fields(encoded)]
    assert dtypes == [
        np.int32,
        np.int32,
        np.int16,
        np.int32,
        np.int32,
        np.int64,
        np.int32,
        np.int16,
    ]
    assert encoded.documents.tolist() == [0, 1]
    assert encoded.words_by_pieces.tolist() == [0, 3, 1]


def test_a_split_without_sentences():
    encoded = encode([], TAGS, word_level(a=3))
    assert encoded.pieces.size == encoded.tags.size == encoded.sentence_words.size == 0
    assert encoded.lost == 0 and kept_tags(encoded.tags, encoded.piece_counts).size == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8), min_size=1))
def test_any_unicode_gives_the_ids_of_transformers(tokenizer, sentences):
    sentences = plain(*sentences)
    assert_same_as_transformers(encode(sentences, TAGS, tokenizer), tokenizer, sentences)


def test_rare_characters_give_the_ids_of_transformers(tokenizer):
    words = [
        "TNF-\u03b1",
        "café",
        "Éé",
        "病気",
        "\u200b",
        "a\u00adb",
        "[SEP]",
        "🧬",
        "x" * 101,
        "Ⅷ",
        "ﬁ",
    ]
    sentences = plain(words, words[::-1], ["IL-2"])
    encoded = encode(sentences, TAGS, tokenizer)
    assert_same_as_transformers(encoded, tokenizer, sentences)
    assert encoded.lost == 2


@pytest.mark.parametrize("name", ["NCBI-disease", "JNLPBA"])
def test_real_corpora_give_the_ids_of_transformers(corpora: Path, tokenizer, name):
    blocks = (corpora / name / "devel.tsv").read_text("utf-8").strip().split("\n\n")
    sentences = plain(*([line.split("\t")[0] for line in b.splitlines()] for b in blocks[:900]))
    encoded = encode(sentences, TAGS, tokenizer)
    assert_same_as_transformers(encoded, tokenizer, sentences)
    assert encoded.lost == 0


def test_truncation_and_padding_that_the_tokenizer_file_asks_for_are_not_applied(tokenizer):
    backend = tokenizer.backend_tokenizer
    backend.enable_truncation(max_length=5, stride=1)
    backend.enable_padding(length=9)
    before = backend.truncation, backend.padding
    try:
        encoded = encode(plain(["-" * 200, "gene"]), TAGS, tokenizer)
        assert encoded.piece_counts.tolist() == [200, 1]
        assert encoded.oversized(199) == 1 and encoded.oversized(200) == 0
        assert encoded.windowed(200) == 1 and encoded.windowed(201) == 0
        assert special_tokens(tokenizer) == SpecialTokens((101,), (102,))
        assert (backend.truncation, backend.padding) == before
    finally:
        backend.no_truncation()
        backend.no_padding()


def test_an_unknown_tag_is_refused():
    with pytest.raises(ValueError, match="tag 'B-Z' is not among O, B-X"):
        encode([Sentence(("a",), ("B-Z",), 1)], TAGS, word_level(a=3))


def test_a_tokenizer_that_is_not_fast_is_refused():
    with pytest.raises(ConfigError, match=r"encoder\.name: .*CanineTokenizer.* not a fast one"):
        encode(plain(["a"]), TAGS, CanineTokenizer())


@pytest.mark.parametrize(
    ("template", "special"),
    [
        (None, SpecialTokens((), ())),
        ("<s> $A </s>", SpecialTokens((1,), (2,))),
        ("$A </s>", SpecialTokens((), (2,))),
        ("<s> <s> $A", SpecialTokens((1, 1), ())),
    ],
)
def test_special_tokens_are_those_of_the_template(template, special):
    assert special_tokens(word_level(template, a=3)) == special


def test_the_window_is_what_the_special_tokens_leave():
    special = SpecialTokens((1,), (2, 2))
    assert special.window(10) == 7
    with pytest.raises(ConfigError, match=r"encoder\.max_pieces: 3 .*at least 4"):
        special.window(3)


def test_the_fingerprint_is_of_the_ids_alone(tokenizer):
    same = word_level("<s> $A", a=3)
    before = fingerprint(same)
    same(["a"], max_length=4, truncation=True)
    assert fingerprint(same) == before == fingerprint(word_level("<s> $A", a=3))
    others = {fingerprint(t) for t in (tokenizer, word_level("<s> $A", a=4), word_level("$A", a=3))}
    assert len(others) == 3 and before not in others


def test_the_key_has_all_that_decides_the_result():
    keys = [
        encoding_key({"sha256": "00"}, ["X", "Y"], "ff"),
        encoding_key({"sha256": "01"}, ["X", "Y"], "ff"),
        encoding_key({"sha256": "00"}, ["X"], "ff"),
        encoding_key({"sha256": "00"}, ["Y", "X"], "ff"),
        encoding_key({"sha256": "00"}, ["X", "Y"], "fe"),
    ]
    assert all(one != other for i, one in enumerate(keys) for other in keys[:i])


def test_an_i_whose_mention_lost_its_start_becomes_a_b():
    # The second X mention lost its B-; without care its I- would go on with the first mention.
    encoded = Encoded.of(
        pieces=np.arange(5, dtype=np.int32),
        piece_counts=np.array([1, 1, 0, 1, 0, 1, 1], dtype=np.int32),
        tags=np.array([1, 2, 1, 2, 3, 4, 4], dtype=np.int16),
        sentence_words=np.array([4, 3], dtype=np.int32),
    )
    assert kept_tags(encoded.tags, encoded.piece_counts).tolist() == [1, 2, 0, 1, 0, 3, 4]
    assert encoded.lost == 2


@st.composite
def tagged(draw):
    """Sentences of (mention number or None, type, kept) words."""
    sentences = []
    for _ in range(draw(st.integers(0, 4))):
        sentence = []
        for mention in range(draw(st.integers(0, 4))):
            kind = draw(st.sampled_from([None, 0, 1]))
            for place in range(draw(st.integers(1, 3))):
                sentence.append((mention, kind, place, draw(st.booleans())))
        sentences.append(sentence)
    return sentences


@given(tagged())
def test_kept_tags_are_the_mentions_of_the_kept_words(sentences):
    words = [word for sentence in sentences for word in sentence]
    tags = [0 if kind is None else 1 + 2 * kind + (place > 0) for _, kind, place, _ in words]
    expected_tags = []
    for sentence in sentences:
        seen = set()
        for mention, kind, _, kept in sentence:
            inside = kept and kind is not None
            expected_tags.append(1 + 2 * kind + (mention in seen) if inside else 0)
            if kept:
                seen.add(mention)
    encoded = Encoded.of(
        pieces=np.zeros(sum(kept for *_, kept in words), dtype=np.int32),
        piece_counts=np.array([kept for *_, kept in words], dtype=np.int32),
        tags=np.array(tags, dtype=np.int16),
        sentence_words=np.array([len(s) for s in sentences], dtype=np.int32),
    )
    assert kept_tags(encoded.tags, encoded.piece_counts).tolist() == expected_tags
