"""Rows of heads by the name of their type, and what a bank makes of them."""

import logging

import pytest
import torch

from bioner.config.train import Carry
from bioner.corpora.tags import tag_set
from bioner.model.bank import HeadPerTask
from bioner.model.carrying import typed_rows
from bioner.model.crf import CrfHead
from bioner.model.heads import LinearHead
from tests.model.toys import LINEAR

HIDDEN = 2
SPACES = {"first": tag_set(["Gene", "Cell"]), "second": tag_set(["Cell", "Drug"])}


def tensors(task: str, count: int, base: float) -> dict[str, torch.Tensor]:
    """Tensors of a head in which row i is base + i."""
    rows = base + torch.arange(float(count))
    weight = rows[:, None].expand(-1, HIDDEN).clone()
    return {f"{task}.linear.weight": weight, f"{task}.linear.bias": rows}


EARLIER = tensors("first", 5, 100) | tensors("second", 5, 200)


def test_each_type_has_the_rows_of_the_first_head_that_knows_it() -> None:
    fresh = {"linear.weight": torch.zeros(7, HIDDEN), "linear.bias": torch.zeros(7)}
    found = typed_rows(tag_set(["Drug", "New", "Cell"]), fresh, EARLIER, SPACES)
    # O and Drug of the second head, nothing for New, Cell of the first.
    assert found.bias.tolist() == [200, 203, 204, 0, 0, 103, 104]
    assert found.weight[:, 0].equal(found.bias)
    assert found.carried.tolist() == [True, True, True, False, False, True, True]
    assert found.sources == {"Drug": "second", "Cell": "first"}


def test_single_types_match_whatever_they_are_called() -> None:
    fresh = {"linear.weight": torch.zeros(3, HIDDEN), "linear.bias": torch.zeros(3)}
    earlier = EARLIER | tensors("third", 3, 300)
    spaces = SPACES | {"third": tag_set(["Species"])}
    found = typed_rows(tag_set(["Organism"]), fresh, earlier, spaces)
    assert found.bias.tolist() == [300, 301, 302]
    none = typed_rows(tag_set(["Organism"]), fresh, EARLIER, SPACES)
    assert not none.carried.any() and none.bias.tolist() == [0, 0, 0]


def bank(kind: type[LinearHead] | type[CrfHead], **types: list[str]) -> HeadPerTask:
    tags = {task: tag_set(names) for task, names in types.items()}
    return HeadPerTask(tags, lambda _, names: kind(HIDDEN, names), LINEAR)


def test_a_bank_says_which_rows_it_carries() -> None:
    made = bank(LinearHead, part=["Drug", "New"], whole=["Cell"], none=["Other", "Another"])
    found = made.carry(EARLIER, SPACES, Carry.encoder_and_heads_by_type)
    assert found.rows["part"].tolist() == [True, True, True, False, False]
    assert set(found.rows) == {"part"}
    names = {"part.linear.weight", "part.linear.bias", "whole.linear.weight", "whole.linear.bias"}
    assert set(found.tensors) == names
    crf = bank(CrfHead, whole=["Cell"]).carry(EARLIER, SPACES, Carry.encoder_and_heads_by_type)
    assert crf.rows["whole"].all()  # its pairs start anew


def test_a_head_that_matches_none_is_named(caplog: pytest.LogCaptureFixture) -> None:
    made = bank(LinearHead, task=["Gene"])
    with caplog.at_level(logging.WARNING):
        found = made.carry(EARLIER, SPACES, Carry.encoder_and_matching_heads)
    assert not found.tensors
    assert (
        "head of task starts anew: no head of the stage before has the same types "
        "(first has Gene, Cell; second has Cell, Drug)"
    ) in caplog.text


def test_nothing_is_said_where_the_encoder_alone_is_asked_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = bank(LinearHead, task=["Gene"])
    assert not made.carry(EARLIER, SPACES, Carry.encoder).tensors
    assert not caplog.text


def test_a_dataset_that_was_a_source_keeps_its_own_head() -> None:
    spaces = {"first": tag_set(["Gene"]), "mine": tag_set(["Gene"])}
    earlier = tensors("first", 3, 100) | tensors("mine", 3, 200)
    for carry in (Carry.encoder_and_matching_heads, Carry.encoder_and_heads_by_type):
        found = bank(LinearHead, other=["Gene"], mine=["Gene"]).carry(earlier, spaces, carry)
        assert found.tensors["mine.linear.bias"].tolist() == [200, 201, 202]
        assert found.tensors["other.linear.bias"].tolist() == [100, 101, 102]


def test_heads_that_tasks_shared_are_no_heads_of_one_task() -> None:
    earlier = tensors("all", 3, 100)
    for carry in (Carry.encoder_and_matching_heads, Carry.encoder_and_heads_by_type):
        found = bank(LinearHead, task=["Gene"]).carry(earlier, {"task": tag_set(["Gene"])}, carry)
        assert not found.tensors
