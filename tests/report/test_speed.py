"""How long a report takes: it must stay usable on studies of thousands of runs."""

import os
from pathlib import Path

import pytest

from tests.report.synthetic import Made, write_study
from tests.report.test_report import made

TARGETS = [f"corpus_{k}" for k in range(6)]


@pytest.mark.slow
def test_a_report_of_hundreds_of_runs_takes_seconds(tmp_path: Path) -> None:
    runs = [Made(t, seed=s, size=z) for t in TARGETS for s in (1, 2, 3) for z in (0.1, 0.5)]
    runs += [Made(t, regime, sources, helpers, seed=s, size=z, skill=0.8)
             for t in TARGETS for x in TARGETS if x != t for s in (1, 2, 3) for z in (0.1, 0.5)
             for regime, sources, helpers in (("transfer", [x], ()), ("mtl", (), [x]))]  # fmt: skip
    write_study(tmp_path / "study", runs, sentences=200)
    begin = sum(os.times()[:4])
    made(tmp_path)
    taken = sum(os.times()[:4]) - begin  # with the processes that read files and draw figures
    assert len(runs) == 396
    assert taken < 40, f"{taken:.0f} s of CPU"  # 13 s on a busy machine
