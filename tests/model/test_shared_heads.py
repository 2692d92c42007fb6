"""Heads that tasks share, against sums over all sequences of tags."""

from dataclasses import replace
from itertools import pairwise, product

import pytest
import torch
from torch import Tensor

from bioner.config.head import Decode, HeadConfig, Missing
from bioner.config.train import Carry
from bioner.corpora.tags import tag_set, violations
from bioner.errors import ConfigError
from bioner.model.bank import HeadBank, build_bank
from bioner.model.crf import CrfHead
from bioner.model.heads import Head, LinearHead
from tests.model.toys import LINEAR

HIDDEN = 4
TAGS = {"genes": tag_set(["Gene"]), "drugs": tag_set(["Chemical", "Gene"])}
EVERY = tag_set(["Chemical", "Gene"])
BY_TYPE = replace(LINEAR, shared="type")


def bank_of(
    config: HeadConfig = BY_TYPE,
    tags: dict[str, tuple[str, ...]] = TAGS,
    kind: type[Head] = LinearHead,
    seed: int = 1,
) -> HeadBank:
    def make(name: str, names: tuple[str, ...]) -> Head:
        torch.manual_seed(seed)
        head = kind(HIDDEN, names, 0.0)
        for parameter in head.parameters():
            torch.nn.init.normal_(parameter)
        return head.double()

    return build_bank(config, tags, make)  # type: ignore[arg-type]


def sentences() -> tuple[Tensor, Tensor]:
    torch.manual_seed(2)
    return torch.randn(4, HIDDEN, dtype=torch.float64), torch.tensor([3, 0, 1])


def probabilities(bank: HeadBank, words: Tensor) -> dict[tuple[str, ...], float]:
    """Return the probability of each sequence of the head's tags for one sentence, by its sum."""
    head = bank.parts["all"]
    assert isinstance(head, Head)
    emissions = head.emissions(words).detach()
    found = {}
    for ids in product(range(len(EVERY)), repeat=len(words)):
        names = tuple(EVERY[i] for i in ids)
        score = sum(emissions[place, i] for place, i in enumerate(ids))
        if isinstance(head, CrfHead):
            if violations(names):
                continue
            score = score + head.start[ids[0]] + head.end[ids[-1]]
            score = score + sum(head.transitions[a, b] for a, b in pairwise(ids))
        found[names] = float(torch.as_tensor(score).exp())
    whole = sum(found.values())
    return {names: one / whole for names, one in found.items()}


def seen(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a corpus of genes alone would show of such tags."""
    return tuple(name if name.endswith("Gene") else "O" for name in names)


@pytest.mark.parametrize("kind", [LinearHead, CrfHead])
def test_what_a_corpus_cannot_know_is_summed_over(kind: type[Head]) -> None:
    bank, (words, lengths) = bank_of(kind=kind), sentences()
    gold = ("O", "B-Gene", "I-Gene"), ("O",)
    ids = torch.tensor([TAGS["genes"].index(tag) for names in gold for tag in names])
    expected = 0.0
    for names, own in zip(gold, (words[:3], words[3:]), strict=True):
        agree = (p for tags, p in probabilities(bank, own).items() if seen(tags) == names)
        expected -= float(torch.tensor(sum(agree)).log())
    assert bank.loss("genes", words, lengths, ids).item() == pytest.approx(expected / 4, abs=1e-6)
    # Where a corpus annotates all, the loss is that of its tags.
    gold_ids = torch.tensor([0, 1, 2, 3])
    head = bank.parts["all"]
    assert isinstance(head, Head)
    assert bank.loss("drugs", words, lengths, gold_ids) == head.loss(words, lengths, gold_ids)


@pytest.mark.parametrize("kind", [LinearHead, CrfHead])
def test_outside_says_o(kind: type[Head]) -> None:
    naive = replace(BY_TYPE, missing=Missing.outside)
    bank, (words, lengths) = bank_of(naive, kind=kind), sentences()
    head = bank.parts["all"]
    assert isinstance(head, Head)
    found = bank.loss("genes", words, lengths, torch.tensor([0, 1, 2, 0]))
    expected = head.loss(words, lengths, torch.tensor([0, 3, 4, 0]))  # as the head has them
    assert torch.equal(found, expected)


@pytest.mark.parametrize("kind", [LinearHead, CrfHead])
def test_a_loss_whose_words_may_have_one_tag_is_the_usual_one(kind: type[Head]) -> None:
    torch.manual_seed(3)
    head, (words, lengths) = kind(HIDDEN, EVERY, 0.0).double(), sentences()
    tags = torch.tensor([1, 2, 3, 0])
    may = torch.nn.functional.one_hot(tags, len(EVERY)).bool()
    usual, partial = head.loss(words, lengths, tags), head.partial_loss(words, lengths, may)
    assert partial.item() == pytest.approx(usual.item(), abs=1e-6)
    grads = [torch.autograd.grad(one, head.linear.weight)[0] for one in (usual, partial)]
    torch.testing.assert_close(grads[0], grads[1])
    everything = head.partial_loss(words, lengths, torch.ones(4, len(EVERY), dtype=torch.bool))
    assert everything.item() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("kind", [LinearHead, CrfHead])
def test_marginals_are_those_of_the_tasks_own_tags(kind: type[Head]) -> None:
    bank, (words, lengths) = bank_of(kind=kind), sentences()
    found = bank.marginals("genes", words, lengths)
    for start, own in ((0, words[:3]), (3, words[3:])):
        for tags, p in probabilities(bank, own).items():
            for place, name in enumerate(seen(tags)):
                found[start + place, TAGS["genes"].index(name)] -= p
    torch.testing.assert_close(found, torch.zeros_like(found), rtol=0, atol=1e-6)


def test_a_linear_head_gives_the_likeliest_of_the_tasks_own_tags() -> None:
    bank, (words, lengths) = bank_of(), sentences()
    found = bank.decode("genes", words, lengths)
    for start, own in ((0, words[:3]), (3, words[3:])):
        shown: dict[tuple[str, ...], float] = {}
        for tags, p in probabilities(bank, own).items():
            shown[seen(tags)] = shown.get(seen(tags), 0.0) + p
        best = max((t for t in shown if not violations(t)), key=lambda t: shown[t])
        assert [TAGS["genes"][i] for i in found[start : start + len(own)]] == [*best]


@pytest.mark.parametrize("kind", [LinearHead, CrfHead])
@pytest.mark.parametrize("task", TAGS)
def test_tags_are_the_tasks_own_and_legal(kind: type[Head], task: str) -> None:
    bank = bank_of(kind=kind)
    torch.manual_seed(5)
    lengths = torch.tensor([7, 0, 13, 1])
    found = bank.decode(task, 3 * torch.randn(21, HIDDEN, dtype=torch.float64), lengths)
    names = [TAGS[task][i] for i in found]
    assert not any(violations(names[a:b]) for a, b in ((0, 7), (7, 20), (20, 21)))


def test_types_of_other_names_are_one() -> None:
    tags = {"a": tag_set(["Species"]), "b": tag_set(["Gene", "Organism"])}
    config = replace(BY_TYPE, same={"Species": "Organism"})
    bank = bank_of(config, tags)
    assert bank.parts["all"].tags == tag_set(["Gene", "Organism"])
    with pytest.raises(ConfigError, match=r"head\.same: gives two types of b one name: X, X"):
        bank_of(replace(BY_TYPE, same={"Gene": "X", "Organism": "X"}), tags)


def test_the_order_of_the_tasks_changes_nothing() -> None:
    turned = {task: TAGS[task] for task in reversed(TAGS)}
    assert bank_of(tags=turned).parts["all"].tags == bank_of().parts["all"].tags == EVERY


def test_all_tasks_in_one_label_space() -> None:
    config = replace(LINEAR, shared="all")
    tags = {"a": tag_set(["Gene"]), "b": tag_set(["Drug"])}
    bank, (words, lengths) = bank_of(config, tags), sentences()
    assert bank.parts["all"].tags == ("O", "B-Entity", "I-Entity")
    assert torch.equal(*(bank.decode(task, words, lengths) for task in "ab"))
    own = bank.head("b")
    own.decode_as(Decode.legal)
    assert torch.equal(own.decode(words, lengths), bank.decode("a", words, lengths))
    with pytest.raises(ConfigError, match=r"head\.shared: is all, and genes has Gene; drugs has"):
        bank_of(config)


def test_a_head_of_more_types_is_not_narrowed() -> None:
    with pytest.raises(ConfigError, match=r"head\.shared: the head of genes is one with"):
        bank_of().head("genes")


def test_carrying() -> None:
    earlier = bank_of(seed=7)
    tensors = dict(earlier.parts.state_dict())
    again = bank_of()
    assert again.carry(tensors, TAGS, Carry.encoder).tensors == {}
    whole = again.carry(tensors, TAGS, Carry.encoder_and_matching_heads)
    assert whole.tensors.keys() == tensors.keys() == whole.used
    wider = bank_of(tags={**TAGS, "cells": tag_set(["Cell"])})
    assert wider.carry(tensors, TAGS, Carry.encoder_and_matching_heads).tensors == {}
    part = wider.carry(tensors, TAGS, Carry.encoder_and_heads_by_type)
    assert part.rows["cells"].tolist() == [True, False, False]
    assert part.rows["genes"].all()
    rows = part.tensors["all.linear.weight"]
    at = wider.parts["all"].tags.index("B-Gene")  # type: ignore[union-attr,operator]
    assert torch.equal(rows[at], tensors["all.linear.weight"][EVERY.index("B-Gene")])


@pytest.mark.parametrize("kind", [LinearHead, CrfHead])
def test_a_student_is_told_of_its_tasks_own_tags(kind: type[Head]) -> None:
    bank, (words, lengths) = bank_of(kind=kind), sentences()
    found = bank.log_marginals("genes", words, lengths)
    torch.testing.assert_close(found.exp(), bank.marginals("genes", words, lengths))
    said = torch.zeros(4, 3, dtype=torch.float64)
    said[0], said[2] = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.0, 0.0, 1.0])
    # The mean is over all words; the two of which nothing is said add nothing.
    wanted = -(0.5 * found[0, 0] + 0.5 * found[0, 1] + found[2, 2]) / 4
    torch.testing.assert_close(bank.soft_loss("genes", words, lengths, said), wanted)
