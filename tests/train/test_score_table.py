"""The last table of a run: test and devel in groups of their own, types under their dataset."""

from bioner.runs.scores import Scores, SplitScores, TargetScores
from bioner.train.score_table import score_lines


def scores(f1: float) -> Scores:
    return Scores(f1 - 0.1, f1 + 0.1, f1, 10, 10, 5)


def split(f1: float, **types: float) -> SplitScores:
    by_type = {name: scores(one) for name, one in types.items()}
    return SplitScores(**vars(scores(f1)), by_type=by_type, seen=scores(0), unseen=scores(0))


def test_groups_types_and_unit() -> None:
    both = TargetScores(split(0.5, Gene=0.6, Disease=0.4), split(0.7, Gene=0.8, Disease=0.12345))
    alone = TargetScores(split(0.2, Species=0.2), split(0.3, Species=0.3))
    assert [*score_lines({"both": both, "alone": alone})] == [
        "                                  test, %                        devel, %",
        "dataset     precision    recall        F1   precision    recall        F1",
        "both            60.00     80.00     70.00       40.00     60.00     50.00",
        "  Gene          70.00     90.00     80.00       50.00     70.00     60.00",
        "  Disease        2.34     22.35     12.35       30.00     50.00     40.00",
        "alone           20.00     40.00     30.00       10.00     30.00     20.00",
    ]
