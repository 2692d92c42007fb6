"""What one sees of a grid while it runs."""

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from tests.grid.grids import command, environment, grid


@pytest.mark.slow
def test_a_live_table_on_a_terminal_and_lines_elsewhere(tmp_path: Path) -> None:
    jobs = ["seed=1,2", "finetune.epochs=20"]
    ours, theirs = pty.openpty()
    terminal = {"TERM": "xterm", "COLUMNS": "200", "LINES": "50"}
    with subprocess.Popen(
        command(tmp_path, *jobs),
        cwd=tmp_path,
        env=environment(tmp_path) | terminal,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        shown = _all(ours)
    assert re.search(r"running +time +progress", shown)
    assert re.search(r"seed=1 +0:00:\d\d +finetune epoch \d+ .*devel F1 demo_disease \d", shown)
    assert "1 to do, 1 running; 2 left" in shown
    assert re.search(r"1 running, 1 done; 1 left, ETA \d:\d\d:\d\d", shown)
    assert "starts:" not in shown
    plain = grid(tmp_path, *jobs, "study=plain").stdout
    assert re.findall("starts: seed=[12]", plain) == ["starts: seed=1", "starts: seed=2"]
    assert "\x1b" not in plain and "running " not in plain


def _all(terminal: int) -> str:
    """Read what is shown until nobody writes any more; without colours and moves of the cursor."""
    shown = b""
    while True:
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # how Linux says the end
            os.close(terminal)
            return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown.decode())
