"""Programs that end with who started them."""

import subprocess
import sys
from pathlib import Path

import pytest

from bioner.grid import ends_with_parent
from tests.grid.grids import is_gone, pid_of

PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, sys.argv[1], sys.executable, "-c", sys.argv[2]])
time.sleep(60)
"""
CHILD = """
import os, pathlib, signal, time
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
pathlib.Path("pid").write_text(str(os.getpid()))
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux ends it")
def test_a_killed_parent(tmp_path: Path) -> None:
    shell = f'trap "" INT; exec "{sys.executable}" -c "$0" "$@"'  # ignores Ctrl-C, as behind a &
    parent = subprocess.Popen(
        ["sh", "-c", shell, PARENT, ends_with_parent.__file__, CHILD], cwd=tmp_path
    )
    pid = pid_of(tmp_path / "pid")
    parent.kill()
    parent.wait()
    assert is_gone(pid)
