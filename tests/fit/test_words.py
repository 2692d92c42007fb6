"""What a search says in words."""

import shlex
from pathlib import Path

import pytest

from bioner.fit.decision import said_of_seeds
from bioner.fit.result import Cost, FitResult, Ranked, Tried
from bioner.fit.search import Reached
from bioner.fit.words import how_to_use, paragraphs, source_lines
from bioner.report.one_gain import Gain
from bioner.transferability.admission import SourceFound


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


@pytest.mark.parametrize(
    ("leakage", "says"),
    [
        ("drop", "They are left out"),
        ("ignore", "They were trained on"),
        ("warn", "too"),
    ],
)
def test_what_became_of_leaked_sentences_is_said(leakage: str, says: str) -> None:
    leaky = SourceFound("leaky", "", "", ["A"], [], 10, 6)
    rung = Reached(1, [1], [0.5], -0.1, -0.1)
    tried = [Tried("single", [], [], "", ""), Tried("mtl with leaky", [], [rung], "", "")]
    result = FitResult(
        "mine", "", "single", "", "why", 0.8, "", None, None, None, None, {}, [], None, "",
        [leaky], leakage, [], "", tried, None, "", Cost(1.0, 1.0, 0.1), "", None,
    )  # fmt: skip
    said = paragraphs(result)
    assert any("devel or test, and how many: leaky 6. " in one and says in one for one in said)
    assert any("mtl with leaky (-10.00 after 1 epoch)" in one for one in said)


def test_what_one_seed_says_is_not_said_to_be_of_several() -> None:
    one, three = (Gain(0.5, 0.6, 0.1, 0.05, 0.15, 0.99, "sentence", seeds) for seeds in (1, 3))
    assert said_of_seeds(one) == (
        "of one seed, which says nothing of others, the interval over sentences alone"
    )
    assert said_of_seeds(three) == (
        "the mean over 3 seeds, and its 95 % interval over sentences and seeds"
    )


def test_the_command_that_tags_text_can_be_typed() -> None:
    words = shlex.split(how_to_use(Path("/my runs/fit/mine")))
    assert words[:3] == ["bioner", "predict", "run=/my runs/fit/mine"]
