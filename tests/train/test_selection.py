"""Which weights are selected, and whether devel can tell them apart."""

from pathlib import Path

import pytest

from bioner.runs.percent import percent
from bioner.runs.stage_record import Best, Look
from tests.train.test_run import TARGET, config_of, run

# Devel has 23 mentions: F1 goes up and down by less than its standard error.
SMALL_DEVEL = ["finetune.devel_size=24", "finetune.epochs=5", "finetune.train_size=64"]
SAID = "was selected for a devel F1"


def best_of(tmp_path: Path, *overrides: str) -> Best:
    _, record = run(config_of(tmp_path, *TARGET, *SMALL_DEVEL, *overrides))
    (stage,), best = record.stages, record.best["demo_disease"]
    assert stage.best == record.best
    assert len(stage.looks) == 5
    assert stage.looks[best.epoch - 1] == Look(best.step, {"demo_disease": best.f1})
    return best


def test_a_choice_within_the_error_of_a_small_devel_is_said_and_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    best = best_of(tmp_path)
    assert best.epoch < 5 and best.unsure
    assert best.f1_error is not None and 0.05 < best.f1_error < 0.2
    assert f"epoch {best.epoch} {SAID}" in caplog.text
    assert f"with 23 devel mentions the standard error is {percent(best.f1_error)}" in caplog.text


def test_the_last_epoch_is_no_choice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    best = best_of(tmp_path, "selection=last")
    assert (best.epoch, best.unsure) == (5, False)
    assert best.f1_error is not None and best.f1_error > 0.05
    assert SAID not in caplog.text
