"""Legal decoding against the enumeration of all legal sequences."""

from itertools import pairwise, product

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from bioner.corpora.tags import tag_set, violations
from bioner.model import viterbi as module
from bioner.model.viterbi import best_legal, illegal_pairs

TAGS = tag_set(["Gene", "Disease"])
ILLEGAL = illegal_pairs(TAGS)

ragged = st.lists(st.integers(0, 5), min_size=1, max_size=5)
seeds = st.integers(0, 2**31)


def random_scores(lengths: list[int], seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(sum(lengths), len(TAGS), generator=generator, dtype=torch.float64)


def is_legal(path: list[int]) -> bool:
    return not violations([TAGS[tag] for tag in path])


def enumerated(scores: Tensor) -> list[int]:
    """The best of all legal sequences of a sentence."""
    legal = [s for s in product(range(len(TAGS)), repeat=len(scores)) if is_legal(list(s))]
    return list(max(legal, key=lambda s: sum(float(scores[i, tag]) for i, tag in enumerate(s))))


def test_what_may_follow_what() -> None:
    before = [*TAGS, None]
    found = {(before[i], TAGS[j]) for i, j in ILLEGAL.nonzero().tolist()}
    goes_on = {"I-Gene": ("B-Gene", "I-Gene"), "I-Disease": ("B-Disease", "I-Disease")}
    expected = {(one, tag) for tag, legal in goes_on.items() for one in before if one not in legal}
    assert found == expected


@settings(max_examples=60, deadline=None)
@given(ragged, seeds)
@example([0, 4, 0, 1], 1)
@example([0], 1)
def test_is_the_best_of_all_legal_sequences(lengths: list[int], seed: int) -> None:
    scores = random_scores(lengths, seed)
    found = best_legal(scores, torch.tensor(lengths), ILLEGAL)
    expected = [enumerated(of) if len(of) else [] for of in scores.split(lengths)]
    assert [path.tolist() for path in found.split(lengths)] == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), seeds)
def test_is_legal_and_leaves_what_was_legal(lengths: list[int], seed: int) -> None:
    scores = random_scores(lengths, seed).float()
    scores[:, 0] += 2.5  # O, so that some sentences are legal as they are
    found = best_legal(scores, torch.tensor(lengths), ILLEGAL)
    for path, alone in zip(found.split(lengths), scores.argmax(-1).split(lengths), strict=True):
        assert is_legal(path.tolist())
        if is_legal(alone.tolist()):
            assert path.equal(alone)


@pytest.mark.parametrize("lengths", [[3, 2], [2, 0, 3]])
def test_only_illegal_sentences_are_searched(
    lengths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An inside tag at the start of the last sentence, after a legal one that ends in its type."""
    searched: list[int] = []
    real = module.viterbi

    def counted(emissions: Tensor, *rest: Tensor) -> Tensor:
        searched.append(len(emissions))
        return real(emissions, *rest)

    monkeypatch.setattr(module, "viterbi", counted)
    scores = torch.zeros(5, len(TAGS))
    first = lengths[0]
    for word, tag in enumerate([0, 1, 2][3 - first :] + [2, 0, 0][: 5 - first]):
        scores[word, tag] = 1.0
    found = best_legal(scores, torch.tensor(lengths), ILLEGAL)
    assert searched == [lengths[-1]]
    assert found[:first].equal(scores.argmax(-1)[:first])
    assert is_legal(found[first:].tolist())


def test_long_sentences_keep_their_precision() -> None:
    """Thousands of large scores before a close call at the end."""
    scores = torch.zeros(5000, len(TAGS))
    scores[:, 0] = 1000.0
    scores[-1] = torch.tensor([0.0, 0.001, 1.0, -5.0, -5.0])  # I-Gene is illegal, B-Gene beats O
    assert best_legal(scores, torch.tensor([5000]), ILLEGAL)[-1] == 1


@settings(max_examples=30, deadline=None)
@given(ragged, seeds)
def test_sentences_of_a_batch_do_not_touch(lengths: list[int], seed: int) -> None:
    scores = random_scores(lengths, seed)
    alone = [best_legal(of, torch.tensor([len(of)]), ILLEGAL) for of in scores.split(lengths)]
    assert best_legal(scores, torch.tensor(lengths), ILLEGAL).equal(torch.cat(alone))


def test_pairs_of_a_path_are_legal() -> None:
    path = best_legal(random_scores([30], 3), torch.tensor([30]), ILLEGAL).tolist()
    assert not any(ILLEGAL[one, after] for one, after in pairwise(path))
    assert not ILLEGAL[-1, path[0]]
