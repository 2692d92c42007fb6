"""In a real terminal, whose screen is read back, a bar stays below the lines and leaves nothing."""

import os
import pty
import struct
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pytest

pyte = pytest.importorskip("pyte")

WORK = """
import logging, sys, time
from rich.progress import BarColumn, TextColumn
from bioner.machine.terminal_bar import TerminalBar

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
recorded = open(sys.argv[1], "w")
real = sys.stdout.write
sys.stdout.write = lambda text: (recorded.write(text), real(text))[1]  # as W&B does
bar = TerminalBar(TextColumn("{task.description}"), BarColumn(),
                  TextColumn("{task.completed}/{task.total} {task.fields[news]}"))
bar.start("finetune", 12, 0)
for step in range(1, 13):
    time.sleep(0.05)
    bar.move(step, f"epoch {step // 4} " + "x" * 20)
    if step % 4 == 0:
        logging.info("epoch %d step %d/12", step // 4, step)
    if step == 10:
        time.sleep(0.3)
        print("HALF", end="", file=sys.stderr, flush=True)
        time.sleep(0.5)
bar.stop()
logging.info("the end")
"""


def screens(program: str, recorded: Path, columns: int) -> tuple[list[str], list[str]]:
    """Return the lines of a terminal when `HALF` is written, and at the end."""
    pid, descriptor = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, "-c", program, str(recorded)])
    ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 20, columns, 0, 0))
    screen = pyte.Screen(columns, 20)
    stream = pyte.ByteStream(screen)
    half: list[str] = []
    while True:
        try:
            got = os.read(descriptor, 65536)
        except OSError:  # Linux says so that the other side has ended
            break
        if not got:
            break
        before, mark, after = got.partition(b"HALF")
        stream.feed(before)
        if mark:
            half = [line.rstrip() for line in screen.display if line.strip()]
        stream.feed(after)
    os.close(descriptor)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return half, [line.rstrip() for line in screen.display if line.strip()]


LONG = """
import logging, sys, time
from bioner.machine.progress_bar import ProgressBar

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
recorded = open(sys.argv[1], "w")
with ProgressBar("documents", 12) as bar:
    for done in range(1, 13):
        time.sleep(0.21)
        bar.show(done, f"{done} of 12 " + "x" * 12)
        if done % 6 == 0:
            logging.warning("document %d has no text", done)
    time.sleep(0.3)
    print("HALF", end="", file=sys.stderr, flush=True)
    time.sleep(0.3)
logging.info("the end")
"""


@pytest.mark.parametrize("columns", [80, 120, 160])
def test_the_bar_of_other_verbs_too(columns: int, tmp_path: Path) -> None:
    half, end = screens(LONG, tmp_path / "recorded", columns)
    lines = [f"document {n} has no text" for n in (6, 12)]
    assert half[:2] == lines
    assert len(half) == 3
    assert half[2].startswith("documents ") and "12 of 12" in half[2]
    assert end == [*lines, "the end"]


def test_what_is_written_to_the_terminal_meanwhile_has_no_bar(tmp_path: Path) -> None:
    program = LONG.replace('"documents", 12', '"documents", 12, lines=True')
    program = program.replace("logging.warning(", "print('DOC', done) or logging.warning(")
    half, end = screens(program, tmp_path / "recorded", 80)
    assert half == [line for n in (6, 12) for line in (f"DOC {n}", f"document {n} has no text")]
    assert end == [*half, "the end"]


@pytest.mark.parametrize("columns", [80, 120, 160])
def test_lines_stand_above_and_nothing_is_left(columns: int, tmp_path: Path) -> None:
    half, end = screens(WORK, tmp_path / "recorded", columns)
    lines = [f"epoch {n} step {4 * n}/12" for n in (1, 2, 3)]
    assert half[:2] == lines[:2]
    assert len(half) == 3
    assert half[2].startswith("finetune ") and " 10/12 epoch 2" in half[2]
    assert end == [*lines, "the end"]
    assert (tmp_path / "recorded").read_text() == "\n".join([*lines, "the end", ""])
