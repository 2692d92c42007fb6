"""Programs that end with who started them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bioner.machine import ends_with_parent
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

# As Lightning starts the second process of a run, which is slow to import what it needs.
FIRST = """
import os, subprocess, sys, time
from bioner.machine.ends_with_parent import end_with_first
end_with_first()
second = {**os.environ, "LOCAL_RANK": "1"}
subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], env=second)
time.sleep(60)
"""
SECOND = """
import os, pathlib, sys, time
from bioner.machine.ends_with_parent import end_with_first
if sys.argv[1] == "waits":
    end_with_first()
pathlib.Path("pid").write_text(str(os.getpid()))
while sys.argv[1] == "imports" and not pathlib.Path("killed").exists():
    time.sleep(0.1)
end_with_first()
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux ends it")
@pytest.mark.parametrize("while_it", ["imports", "waits"])
def test_a_killed_first_process(tmp_path: Path, while_it: str) -> None:
    paths = os.pathsep.join(sys.path)
    variables = {**os.environ, "PYTHONPATH": paths, "LOCAL_RANK": "0"}
    first = subprocess.Popen(
        [sys.executable, "-c", FIRST, SECOND, while_it], cwd=tmp_path, env=variables
    )
    pid = pid_of(tmp_path / "pid")
    first.kill()
    first.wait()
    (tmp_path / "killed").touch()
    assert is_gone(pid)


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
