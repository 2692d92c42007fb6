"""What a tokenizer loses."""

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from bioner.batches.audit import tokenizer_loss
from bioner.corpora.sentence import Sentence


@pytest.fixture(scope="module")
def tokenizer(minilm: str) -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(minilm)


def sentence(*words: str) -> Sentence:
    return Sentence(words, ("O",) * len(words), 1)


def test_what_is_lost(tokenizer: PreTrainedTokenizerFast) -> None:
    zero_width, format_mark = "\u200b", "\u2060"
    sentences = [
        sentence("gene", format_mark, zero_width, "cell"),
        sentence(zero_width, "gattacagattacagattacagattacagattaca"),
        sentence(*["gene"] * 9),
    ]
    pieces = len(tokenizer.tokenize("gattacagattacagattacagattacagattaca"))
    assert pieces > 5
    found = tokenizer_loss(sentences, ["O"], tokenizer, word_pieces=5, window=8)
    assert (found.words, found.lost_words, found.long_words) == (15, 3, 1)
    assert found.most_pieces == pieces
    assert (found.sentences, found.windowed_sentences) == (3, 1 + (pieces > 8))
    assert found.examples == [zero_width, format_mark]


def test_the_bounds_are_allowed(tokenizer: PreTrainedTokenizerFast) -> None:
    found = tokenizer_loss([sentence(*["gene"] * 8)], ["O"], tokenizer, word_pieces=1, window=8)
    assert (found.long_words, found.windowed_sentences, found.examples) == (0, 0, [])
