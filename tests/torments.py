"""Programs of the tests that end processes and start them again, run from a test."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def torment(program: str, folder: Path, *asked: str, seed: int = 1) -> list[dict[str, int]]:
    """Run a module such as `tests.train.kills`, and return its report of each thing asked for."""
    ended = subprocess.run(
        [sys.executable, "-m", program, str(folder), str(seed), *asked],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]
