"""The last lines of a run: what each target scored, test and devel, as a whole and by type."""

from collections.abc import Iterator, Mapping
from itertools import chain

from bioner.runs.percent import percent
from bioner.runs.scores import Scores, SplitScores, TargetScores

_COLUMNS = ("precision", "recall", "F1")
_WIDTH = 10

_Scored = Scores | SplitScores


def score_lines(scores: Mapping[str, TargetScores]) -> Iterator[str]:
    """Yield a table in percent: a row a target and, where it has several, one for each type.

    Args:
        scores: of each target.
    """
    names = [*chain.from_iterable(_names(name, one) for name, one in scores.items()), "dataset"]
    first = max(map(len, names))
    group = _WIDTH * len(_COLUMNS)
    yield f"{'':{first}}  {'test, %':>{group}}  {'devel, %':>{group}}"
    header = "".join(f"{column:>{_WIDTH}}" for column in _COLUMNS)
    yield f"{'dataset':{first}}  {header}  {header}"
    for name, one in scores.items():
        rows: list[tuple[_Scored, _Scored]] = [(one.test, one.devel)]
        rows += [(one.test.by_type[kind], one.devel.by_type[kind]) for kind in _types(one)]
        for label, (test, devel) in zip(_names(name, one), rows, strict=True):
            yield f"{label:{first}}  {_cells(test)}  {_cells(devel)}"


def _types(scores: TargetScores) -> list[str]:
    types = [*scores.test.by_type]
    return types if len(types) > 1 else []


def _names(name: str, scores: TargetScores) -> list[str]:
    return [name, *(f"  {kind}" for kind in _types(scores))]


def _cells(scores: _Scored) -> str:
    values = (scores.precision, scores.recall, scores.f1)
    return "".join(f"{percent(value):>{_WIDTH}}" for value in values)
