"""What is understood of a job's console."""

from signal import SIGTERM

from bioner.errors import Stopped
from bioner.grid.console_lines import ConsoleLines, warning_line


def test_our_own_error_is_the_last_word() -> None:
    lines = ConsoleLines("starts")
    lines.take(b"bioner: error: seed: is -1\nsomething else\n")
    assert lines.last() == "seed: is -1"


def test_a_line_in_pieces() -> None:
    lines = ConsoleLines("starts")
    lines.take(b"2026 INFO finetune epoch 1: dev")
    assert lines.news == "starts"
    lines.take(b"el 0.5\nnext")
    assert lines.news == "finetune epoch 1: devel 0.5"


def test_from_where_a_stopped_job_goes_on() -> None:
    lines = ConsoleLines("starts")
    lines.take(b"finetune: goes on from runs/x/checkpoints/finetune.ckpt\n")
    assert lines.reached == ""
    stopped = Stopped(SIGTERM, "the same command goes on from step 12 of finetune")
    lines.take(f"bioner: {stopped}\n".encode())
    assert lines.reached == "step 12 of finetune"


def test_a_warning_is_told_once() -> None:
    lines = ConsoleLines("starts")
    lines.take(warning_line("requeued twice"))
    assert lines.new_warnings() == ["requeued twice"]
    assert lines.new_warnings() == []
