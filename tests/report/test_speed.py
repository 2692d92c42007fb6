"""How long a report takes: it must stay usable on studies of thousands of runs."""

import time
from pathlib import Path

import pytest

from bioner.config.report import ReportConfig
from bioner.report.report import report
from tests.report.synthetic import Made, write_study

TARGETS = [f"corpus_{k}" for k in range(8)]
SEEDS, SIZES = range(1, 7), (0.1, 0.25, 0.5)


@pytest.mark.slow
def test_a_report_of_two_thousand_runs_is_done_in_time(tmp_path: Path) -> None:
    """`pytest -m slow -s tests/report/test_speed.py` prints how long."""
    runs = [Made(t, seed=s, size=z) for t in TARGETS for s in SEEDS for z in SIZES]
    runs += [
        Made(t, regime, sources, helpers, seed=s, size=z, skill=0.8)
        for t in TARGETS
        for x in TARGETS
        if x != t
        for s in SEEDS
        for z in SIZES
        for regime, sources, helpers in (("transfer", [x], ()), ("mtl", (), [x]))
    ]
    write_study(tmp_path / "study", runs, sentences=500)
    begin = time.perf_counter()
    report(ReportConfig(study="study", runs_dir=str(tmp_path)), "bioner report study=study")
    taken = time.perf_counter() - begin
    print(f"\n{len(runs)} runs: {taken:.0f} s")
    assert len(runs) == 2160
    assert taken < 120, f"{taken:.0f} s"  # a busy machine takes a multiple
