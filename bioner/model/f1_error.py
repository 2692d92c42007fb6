"""How far a measured F1 may be from the true one, from the numbers of mentions alone."""

import math
from collections.abc import Sequence

from bioner.runs.scores import Scores


def f1_standard_error(predicted: int, support: int, correct: int) -> float:
    """Return the standard error of F1 = 2c / (p + g), with p predicted, g gold and c correct.

    By the delta method, with a gold mention found or not by itself (c is binomial) and wrong
    predictions f = p - c coming at random (f is Poisson):

    Var F1 = 4 [(g + f)^2 c (1 - c / g) + c^2 f] / (p + g)^4.

    Where precision and recall are both F that is F (1 - F) ((2 - F)^2 + F) / (4 g): 4 points for
    100 gold mentions at an F1 of 0.5. Mentions of one document are not independent, so the true
    error is rather larger. Two models on the same devel differ by less than two such errors would
    say, as they stumble over the same mentions. Without a correct mention, where the formula gives
    0, it is 1 / g: it may well be one of them.

    Args:
        predicted: number of predicted mentions.
        support: number of gold mentions.
        correct: number of predicted mentions that are gold ones.

    Returns:
        0 to 1; 1 where there is no gold mention.
    """
    if support == 0:
        return 1.0
    if correct == 0:
        return 1 / support
    wrong = predicted - correct
    variance = (support + wrong) ** 2 * correct * (1 - correct / support) + correct**2 * wrong
    return 2 * math.sqrt(variance) / (predicted + support) ** 2


def mean_f1_error(scores: Sequence[Scores]) -> float:
    """Return the standard error of the mean F1 of some tasks, which have their own sentences."""
    errors = [f1_standard_error(one.predicted, one.support, one.correct) for one in scores]
    return math.hypot(*errors) / len(errors)
