"""A job that its cluster puts back into the queue again and again."""

from bioner.grid.requeues import Requeues

FIRST, SECOND = "step 10 of pretrain", "step 10 of finetune"


def test_one_that_gets_further_is_left_alone() -> None:
    requeues = Requeues()
    assert [requeues.note(one) for one in (FIRST, FIRST, SECOND, "step 20 of finetune")] == [""] * 4


def test_one_that_never_comes_as_far_as_training() -> None:
    requeues = Requeues()
    assert requeues.note("") == ""
    assert requeues.note("").startswith("requeued twice without having got further than its start;")


def test_one_that_stands_still_later() -> None:
    requeues = Requeues()
    assert [requeues.note(one) for one in (FIRST, SECOND, "")] == [""] * 3
    said = requeues.note(SECOND)
    assert said.startswith("requeued twice without having got further than step 10 of finetune;")
    assert "hydra.launcher.time_limit" in said
