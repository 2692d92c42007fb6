"""What training a target together with a set of sources would give, by a linear model of it.

After Li, Sharma & Zhang 2024, "Scalable Multitask Learning Using Gradient-based Estimation of Task
Affinity" (arXiv 2409.06091, Grad-TAG): near its weights θ0 a network's output is linear in the
weights, f(θ) ≈ f(θ0) + ∇f(θ0)·(θ − θ0) (its Eq. 3), so that training on any set of tasks becomes
one logistic regression over gradients that are computed once and projected to few numbers (its
Eq. 5). The output here is the margin of a word: the log-odds of its gold tag under a head that is
fitted on the frozen encoder. Where Grad-TAG starts from a network that was trained on all tasks,
this starts from the untrained encoder, so that nothing needs to be trained.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from bioner.transferability.registry import Family, NotDefinedError, measure

# Strengths of the penalty on how far the weights move, where the target's slopes have length one in
# the mean. A set is judged at the strength that is best for it, as one would end its training in
# time.
_STRENGTHS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
# The target's words are split into so many parts; each is judged by weights fitted to the others.
_PARTS = 2


@dataclass(frozen=True)
class Linearised:
    """A dataset's words, as the encoder's weights can change what it says of them.

    Attributes:
        margins: log-odds of each word's gold tag at the present weights, float32 [words].
        slopes: projected gradients of the margins by the weights, float32 [words, sketch].
        sentence: number of each word's sentence, int64 [words].
    """

    margins: NDArray[np.float32]
    slopes: NDArray[np.float32]
    sentence: NDArray[np.int64]


@measure(
    Family.gradients,
    "how much better a linear model of the encoder tags held-out words if trained with the source",
    pairs_labels=True,
)
def linearised_affinity(source: Linearised, target: Linearised) -> float:
    """Return `set_affinity` of the target with this source alone.

    At most 1, larger is closer, below 0 where the source harms; not symmetric. Costs a backward
    pass for each of 512 words of a dataset, and one logistic regression a pair.
    """
    return set_affinity(target, [source])


def set_affinity(target: Linearised, sources: Sequence[Linearised]) -> float:
    """Return 1 - L(with the sources) / L(alone), L the target's loss on held-out words.

    All datasets weigh the same, as tasks that are drawn uniformly do.

    Args:
        target: its words are judged in two halves, each by weights fitted to the other half.
        sources: the set; at least one.

    Raises:
        NotDefinedError: the target has words of one sentence alone, or nothing moves its margins.
    """
    alone, together = _held_out(target, []), _held_out(target, sources)
    return float(1 - together / alone)


def _held_out(target: Linearised, sources: Sequence[Linearised]) -> float:
    """Return the target's loss on held-out words at the best strength of the penalty."""
    parts, scale = _parts(target), _length(target)
    losses = np.zeros(len(_STRENGTHS))
    for held in range(_PARTS):
        seen, unseen = _pick(target, parts != held), _pick(target, parts == held)
        for place, margins in enumerate(_fitted([seen, *sources], unseen, scale)):
            losses[place] += np.logaddexp(0, -margins).sum()
    return float(losses.min())


def _parts(target: Linearised) -> NDArray[np.int64]:
    """Return the part of each word; the words of a sentence are in one."""
    _, sentence = np.unique(target.sentence, return_inverse=True)
    parts: NDArray[np.int64] = sentence % _PARTS
    if len(np.unique(parts)) < _PARTS:
        raise NotDefinedError("the target shows words of one sentence alone")
    return parts


def _pick(of: Linearised, which: NDArray[np.bool_]) -> Linearised:
    return Linearised(of.margins[which], of.slopes[which], of.sentence[which])


def _length(target: Linearised) -> float:
    """Return the length of the slopes, the root of the mean of their squares."""
    length = float(np.sqrt(np.square(target.slopes, dtype=np.float64).sum(axis=1).mean()))
    if length == 0:
        raise NotDefinedError("no weight of the encoder moves what it says of the target's words")
    return length


def _fitted(
    tasks: Sequence[Linearised], unseen: Linearised, scale: float
) -> Iterator[NDArray[np.float64]]:
    """Yield the margins of the unseen words after a fit to the tasks, for each strength in turn.

    What is minimised is the mean over tasks of a task's mean loss, and the penalty. The best move
    lies in the span of the tasks' slopes, so it is sought there.

    Args:
        tasks: the words that are seen.
        unseen: other words of the target.
        scale: the length that counts as one.
    """
    slopes = np.concatenate([one.slopes for one in tasks]).astype(np.float64)
    margins = np.concatenate([one.margins for one in tasks]).astype(np.float64)
    weights = np.concatenate([np.full(len(t.margins), 1 / len(t.margins)) for t in tasks])
    weights /= len(tasks)
    span, triangle = np.linalg.qr(slopes.T / scale)
    features, elsewhere = triangle.T, unseen.slopes @ span / scale
    move = np.zeros(features.shape[1])

    def loss(move: NDArray[np.float64], strength: float) -> tuple[float, NDArray[np.float64]]:
        reached = margins + features @ move
        value = weights @ np.logaddexp(0, -reached) + strength / 2 * move @ move
        return float(value), strength * move - (weights * expit(-reached)) @ features

    for strength in _STRENGTHS:  # the strongest first: each fit starts where the last one ended
        move = minimize(loss, move, (strength,), "L-BFGS-B", jac=True).x
        yield unseen.margins + elsewhere @ move
