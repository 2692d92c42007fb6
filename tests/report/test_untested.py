"""Runs that never looked at test are in no table, and that is said."""

from bioner.report.frame import tidy, with_score
from bioner.report.study import Run
from tests.composition import train_config
from tests.records import complete_record


def test_a_run_that_left_test_alone_is_no_row() -> None:
    runs = []
    for seed in (1, 2):
        config = train_config("finetune.targets=[demo_disease]", f"seed={seed}")
        runs.append(Run(None, complete_record(config, run=f"run{seed}")))
        runs[-1].record.datasets["demo_disease"].sentences = {"train": 3, "devel": 2, "test": 1}
    untested, tested = (run.record.scores["demo_disease"] for run in runs)
    untested.test = None
    assert tested.test is not None
    tested.test.support = 1  # with none there would be no score either
    made = tidy(runs)
    frame, damaged = made.frame, made.problems
    assert damaged == [] and len(frame) == 2
    kept, problems = with_score(frame)
    assert [*kept.run] == ["run2"]
    assert [(one.state, one.place) for one in problems] == [("untested", "demo_disease")]
    assert "runs that never looked at test (finetune.test): 1" in problems[0].says
