"""CrfHead against the enumeration of all legal sequences."""

from itertools import pairwise, product

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from bioner.model.crf import CrfHead
from bioner.model.sentence_grid import to_grid

TAGS = ("O", "B-Gene", "I-Gene", "B-Disease", "I-Disease")
HIDDEN = 3

ragged = st.lists(st.integers(0, 4), min_size=1, max_size=4)
seeds = st.integers(0, 2**31)


def legal(sequence: tuple[int, ...]) -> bool:
    """Whether each inside tag (2 or 4) follows an opening or inside tag of its own type."""
    steps = pairwise((0, *sequence))
    return all(before in (after - 1, after) for before, after in steps if after in (2, 4))


def random_head(seed: int) -> CrfHead:
    """A head in float64 all of whose scores are random and large enough to matter."""
    generator = torch.Generator().manual_seed(seed)
    head = CrfHead(HIDDEN, TAGS).double().eval()
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.copy_(2 * torch.randn(parameter.shape, generator=generator))
    return head


def random_words(lengths: list[int], seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(sum(lengths), HIDDEN, generator=generator, dtype=torch.float64)


def random_tags(lengths: list[int], seed: int) -> Tensor:
    """Legal tags, drawn by following random steps and setting O where a step is illegal."""
    generator = torch.Generator().manual_seed(seed)
    tags: list[int] = []
    for length in lengths:
        of_sentence: tuple[int, ...] = ()
        for _ in range(length):
            tag = int(torch.randint(len(TAGS), (), generator=generator))
            of_sentence += (tag if legal((*of_sentence, tag)) else 0,)
        tags.extend(of_sentence)
    return torch.tensor(tags).long()


def sequence_score(head: CrfHead, emissions: Tensor, sequence: tuple[int, ...]) -> Tensor:
    score = head.start[sequence[0]] + head.end[sequence[-1]]
    score = score + sum(emissions[word, tag] for word, tag in enumerate(sequence))
    return score + sum(head.transitions[before, after] for before, after in pairwise(sequence))


def enumerated(head: CrfHead, emissions: Tensor) -> tuple[list[tuple[int, ...]], Tensor]:
    """All legal sequences of a sentence, and their scores."""
    sequences = [s for s in product(range(len(TAGS)), repeat=len(emissions)) if legal(s)]
    return sequences, torch.stack([sequence_score(head, emissions, s) for s in sequences])


@settings(max_examples=40, deadline=None)
@given(ragged, seeds)
@example([0, 3, 0, 1], 1)
@example([4, 2, 4], 2)
@torch.no_grad()
def test_equals_enumeration(lengths: list[int], seed: int) -> None:
    head, words, tags = random_head(seed), random_words(lengths, seed), random_tags(lengths, seed)
    sizes = torch.tensor(lengths)
    partitions = head._log_partition(head.emissions(words), to_grid(sizes, len(words)))
    decoded = head.decode(words, sizes).split(lengths)
    marginals = head.marginals(words, sizes).split(lengths)
    negative = torch.zeros((), dtype=torch.float64)
    for sentence, (of_sentence, gold) in enumerate(
        zip(head.emissions(words).split(lengths), tags.split(lengths), strict=True)
    ):
        if not len(of_sentence):
            assert partitions[sentence] == 0
            continue
        sequences, scores = enumerated(head, of_sentence)
        torch.testing.assert_close(partitions[sentence], scores.logsumexp(0))
        negative += scores.logsumexp(0) - sequence_score(head, of_sentence, tuple(gold.tolist()))

        path = tuple(decoded[sentence].tolist())
        assert path == sequences[int(scores.argmax())]
        torch.testing.assert_close(sequence_score(head, of_sentence, path), scores.max())

        expected = torch.zeros_like(of_sentence)
        for sequence, probability in zip(sequences, scores.softmax(0), strict=True):
            for word, tag in enumerate(sequence):
                expected[word, tag] += probability
        torch.testing.assert_close(marginals[sentence], expected)
    torch.testing.assert_close(head.loss(words, sizes, tags), negative / max(1, len(words)))
    logs = head.log_marginals(words, sizes)
    assert torch.isfinite(logs).all()  # of what can't be, too
    torch.testing.assert_close(logs.exp(), head.marginals(words, sizes))


@pytest.mark.parametrize("lengths", [[3, 0, 1, 5], [1], [2, 2]])
def test_gradients(lengths: list[int]) -> None:
    head, tags = random_head(3), random_tags(lengths, 3)
    words = random_words(lengths, 3).requires_grad_()

    # gradcheck nudges the parameters in place, so the head sees each nudge.
    def loss(words: Tensor, *parameters: Tensor) -> Tensor:
        return head.loss(words, torch.tensor(lengths), tags)

    assert torch.autograd.gradcheck(loss, (words, *head.parameters()))

    def soft_loss(words: Tensor, *parameters: Tensor) -> Tensor:
        return (said * head.log_marginals(words, torch.tensor(lengths))).sum()

    said = random_head(4).marginals(words.detach(), torch.tensor(lengths))
    assert torch.autograd.gradcheck(soft_loss, (words, *head.parameters()))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), seeds)
def test_decodes_only_legal_sequences(lengths: list[int], seed: int) -> None:
    head, words = random_head(seed).float(), 5 * random_words(lengths, seed).float()
    for path in head.decode(words, torch.tensor(lengths)).split(lengths):
        assert legal(tuple(path.tolist()))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=6), seeds)
def test_sentences_of_a_batch_do_not_touch(lengths: list[int], seed: int) -> None:
    head, words, tags = random_head(seed), random_words(lengths, seed), random_tags(lengths, seed)
    alone = [
        (head.loss(w, torch.tensor([len(w)]), t) * len(w), head.decode(w, torch.tensor([len(w)])))
        for w, t in zip(words.split(lengths), tags.split(lengths), strict=True)
    ]
    sizes = torch.tensor(lengths)
    total = head.loss(words, sizes, tags) * len(words)
    torch.testing.assert_close(total, torch.stack([loss for loss, _ in alone]).sum())
    assert head.decode(words, sizes).equal(torch.cat([path for _, path in alone]))


def test_illegal_gold_has_no_probability() -> None:
    head = random_head(0)
    words, sizes = random_words([2, 2], 0), torch.tensor([2, 2])
    for gold in ([0, 0, 2, 0], [0, 2, 0, 0], [1, 4, 0, 0], [0, 1, 2, 2]):
        assert head.loss(words, sizes, torch.tensor(gold)) == torch.inf


def test_gradients_stay_finite_with_extreme_scores() -> None:
    head = CrfHead(HIDDEN, TAGS).eval()
    lengths = [40, 0, 3]
    words = (1e4 * random_words(lengths, 1).float()).requires_grad_()
    head.loss(words, torch.tensor(lengths), random_tags(lengths, 1)).backward()
    assert words.grad is not None and words.grad.isfinite().all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in head.parameters())


def test_starts_uniform_over_legal_sequences() -> None:
    head = CrfHead(HIDDEN, TAGS).double().eval()
    count = sum(map(legal, product(range(len(TAGS)), repeat=3)))
    loss = head.loss(torch.zeros(3, HIDDEN).double(), torch.tensor([3]), torch.tensor([0, 1, 2]))
    assert loss.item() == pytest.approx(torch.tensor(count).double().log().item() / 3)


def test_marginals_in_inference_mode() -> None:
    head, sizes = random_head(5), torch.tensor([3, 2])
    words = random_words([3, 2], 5)
    expected = head.marginals(words, sizes)
    with torch.inference_mode():
        marginals = head.marginals(words.clone(), sizes.clone())
    torch.testing.assert_close(marginals, expected)
    assert not marginals.requires_grad
    assert all(parameter.grad is None for parameter in head.parameters())


def test_learns_what_only_the_order_tells() -> None:
    """All words look alike: no emission can tell the tags apart, transitions can."""
    torch.manual_seed(0)
    head = CrfHead(HIDDEN, TAGS, dropout=0.0)
    words, sizes = torch.ones(8, HIDDEN), torch.tensor([4, 4])
    tags = torch.tensor([0, 1, 2, 0] * 2)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        head.loss(words, sizes, tags).backward()
        optimizer.step()
    assert head.decode(words, sizes).equal(tags)
