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
    splits = [*next(iter(scores.values())).by_split()][::-1]
    yield "  ".join([f"{'':{first}}", *(f"{f'{split}, %':>{group}}" for split in splits)])
    header = "".join(f"{column:>{_WIDTH}}" for column in _COLUMNS)
    yield "  ".join([f"{'dataset':{first}}", *(header for _ in splits)])
    for name, one in scores.items():
        columns = [[of, *(of.by_type[t] for t in _types(one))] for of in _by_column(one)]
        for label, *row in zip(_names(name, one), *columns, strict=True):
            yield "  ".join([f"{label:{first}}", *map(_cells, row)])


def _by_column(scores: TargetScores) -> list[SplitScores]:
    """Return what stands in a row: test first, where it was scored."""
    return [*scores.by_split().values()][::-1]


def _types(scores: TargetScores) -> list[str]:
    types = [*scores.devel.by_type]
    return types if len(types) > 1 else []


def _names(name: str, scores: TargetScores) -> list[str]:
    return [name, *(f"  {kind}" for kind in _types(scores))]


def _cells(scores: _Scored) -> str:
    values = (scores.precision, scores.recall, scores.f1)
    return "".join(f"{percent(value):>{_WIDTH}}" for value in values)
