"""What a search says of its sources before it begins."""

from bioner.fit.admission import SourceFound
from bioner.fit.result import Ranked
from bioner.fit.words import source_lines


def ranked(source: str, score: float, helps: float | None = None) -> Ranked:
    low, high = (None, None) if helps is None else (-0.01, 0.03)
    return Ranked(source, score, low, high, helps, [], [])


def looked(*names: str) -> list[SourceFound]:
    return [SourceFound(name, "", "", ["A"], [], 10, 0) for name in names]


def test_a_score_is_said_where_sources_are_compared() -> None:
    assert source_lines(looked("a"), [ranked("a", 1.0)]) == [
        "1. a: the only source, whether it helps is not known before"
    ]
    assert source_lines(looked("a", "b"), [ranked("a", 1.0), ranked("b", 0.0)]) == [
        "1. a: score 1.000, whether it helps is not known before",
        "2. b: score 0.000, whether it helps is not known before",
    ]


def test_an_expected_gain_is_said_of_one_source_too() -> None:
    assert source_lines(looked("a"), [ranked("a", 0.02, 0.8)]) == [
        "1. a: expected gain +2.00 [-1.00, +3.00], above the noise with probability 0.80"
    ]
