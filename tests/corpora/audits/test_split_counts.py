"""The counts of a split."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bioner.corpora.audits.split_counts import BAR_WORDS, OPEN_BAR, Frequent, count
from bioner.corpora.catalogue import load_corpus
from bioner.corpora.sentence import Sentence
from tests.composition import train_config


def test_count() -> None:
    found = count(
        [
            Sentence(("a", "b", "c"), ("B-X", "I-X", "B-Y"), 1),
            Sentence(("c", "c"), ("B-Y", "B-X"), 5),
            Sentence(("d",) * 12, ("O",) * 12, 8),
        ],
        ["X", "Y", "Z"],
        shown=2,
    )
    assert (found.sentences, found.words, found.longest_sentence) == (3, 17, 12)
    assert found.mentions == {"X": 2, "Y": 2, "Z": 0}
    assert found.without_mention == 1
    assert found.mention_lengths == {1: 3, 2: 1}
    assert found.sentence_lengths == {0: 2, 10: 1}
    assert found.frequent == [Frequent("c", "Y", 2), Frequent("a b", "X", 1)]


def test_an_empty_split() -> None:
    found = count([], ["X"])
    assert (found.mentions, found.sentence_lengths, found.longest_sentence) == ({"X": 0}, {}, 0)


@given(st.lists(st.integers(1, 300)))
def test_every_sentence_stands_in_one_bar(lengths: list[int]) -> None:
    sentences = [Sentence(("a",) * n, ("O",) * n, 1) for n in lengths]
    bars = count(sentences, []).sentence_lengths
    assert sum(bars.values()) == len(lengths)
    for bar, n in bars.items():
        end = 10**9 if bar == OPEN_BAR else bar + BAR_WORDS
        assert n == sum(bar <= length < end for length in lengths)


def test_known_counts(corpora: Path) -> None:
    config = train_config("finetune.targets=[ncbi_disease]").dataset["ncbi_disease"]
    corpus = load_corpus("ncbi_disease", config, corpora)
    found = {s: count(split.sentences, corpus.types) for s, split in corpus.splits.items()}
    assert [one.words for one in found.values()] == [135701, 23969, 24497]
    assert [one.without_mention for one in found.values()] == [2501, 434, 401]
    assert [one.longest_sentence for one in found.values()] == [123, 86, 106]
    assert max(max(one.mention_lengths) for one in found.values()) == 22
