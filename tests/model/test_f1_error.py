"""The standard error of F1 against samples of what it stands for."""

import numpy as np
import pytest

from bioner.model.f1_error import f1_standard_error, mean_f1_error
from bioner.runs.scores import Scores


@pytest.mark.parametrize(
    ("support", "recall", "wrong"),
    [(100, 0.5, 50), (400, 0.8, 40), (60, 0.3, 10), (1000, 0.6, 900)],
)
def test_is_the_deviation_of_samples(support: int, recall: float, wrong: int) -> None:
    random = np.random.default_rng(1)
    correct, false = random.binomial(support, recall, 20000), random.poisson(wrong, 20000)
    f1 = 2 * correct / (correct + false + support)
    found = f1_standard_error(int(support * recall) + wrong, support, int(support * recall))
    assert found == pytest.approx(f1.std(), rel=0.05)


def test_falls_with_the_root_of_the_mentions() -> None:
    assert f1_standard_error(100, 100, 50) == pytest.approx(0.0415, abs=0.0001)
    assert f1_standard_error(400, 400, 200) == pytest.approx(f1_standard_error(100, 100, 50) / 2)


def test_where_there_is_nothing() -> None:
    assert f1_standard_error(0, 0, 0) == f1_standard_error(5, 0, 0) == 1.0
    assert f1_standard_error(0, 50, 0) == f1_standard_error(9, 50, 0) == 0.02
    assert f1_standard_error(50, 50, 50) == 0.0


def test_the_error_of_a_mean_of_independent_tasks() -> None:
    one, other = Scores(0.5, 0.5, 0.5, 100, 100, 50), Scores(0.5, 0.5, 0.5, 400, 400, 200)
    alone = f1_standard_error(100, 100, 50)
    assert mean_f1_error([one]) == alone
    assert mean_f1_error([one, one]) == pytest.approx(alone / 2**0.5)
    assert mean_f1_error([one, other]) == pytest.approx((alone**2 + alone**2 / 4) ** 0.5 / 2)
