"""Training together, by a linear model of it: against a search by hand, and the true network."""

import numpy as np
import pytest
import torch

from bioner.batches.tokens import Encoded
from bioner.batches.window import Window
from bioner.model.encoder import Encoder
from bioner.transferability.backward import fit_head
from bioner.transferability.linearised import Linearised, linearised_affinity, set_affinity
from bioner.transferability.registry import NotDefinedError
from bioner.transferability.source_sets import grow
from bioner.transferability.word_gradients import Projection, linearise
from bioner.transferability.word_sample import draw, read
from tests.transferability.test_word_sample import corpus, parts

__all__ = ["corpus", "parts"]  # fixtures
TAGS = ("O", "B-Disease", "I-Disease")


def words(slopes: list[list[float]], margins: list[float] | None = None) -> Linearised:
    """Words of as many sentences."""
    at = np.zeros(len(slopes)) if margins is None else np.array(margins)
    return Linearised(at.astype(np.float32), np.array(slopes, np.float32), np.arange(len(slopes)))


def test_a_search_by_hand_finds_the_same() -> None:
    target, source = words([[1.0], [0.5]], [0.2, -0.1]), words([[2.0]], [0.4])

    def reached(seen: list[int], unseen: int, strength: float, also: list[Linearised]) -> float:
        tasks = [(target.margins[seen], target.slopes[seen, 0])]
        tasks += [(one.margins, one.slopes[:, 0]) for one in also]
        squares = (target.slopes[:, 0] ** 2).mean()
        moves = np.linspace(-50, 50, 200_001)
        loss = strength / 2 * squares * moves**2
        for margins, slopes in tasks:
            lost = np.logaddexp(0, -(margins[:, None] + slopes[:, None] * moves))
            loss = loss + lost.mean(axis=0) / len(tasks)
        move = moves[loss.argmin()]
        return float(np.logaddexp(0, -(target.margins[unseen] + target.slopes[unseen, 0] * move)))

    strengths = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)

    def held_out(also: list[Linearised]) -> float:
        return min(reached([0], 1, s, also) + reached([1], 0, s, also) for s in strengths)

    expected = 1 - held_out([source]) / held_out([])
    assert linearised_affinity(source, target) == pytest.approx(expected, abs=1e-3)


def test_what_a_source_teaches() -> None:
    random = np.random.default_rng(0)
    way = random.normal(size=6)
    features = random.normal(size=(60, 6))
    target = words((way + 2 * features).tolist())
    friend = words((way + random.normal(size=(60, 6))).tolist())
    foe = words((-friend.slopes).tolist())
    assert linearised_affinity(foe, target) < linearised_affinity(friend, target)
    # A set is not the mean of its members: the friend outweighs a source that says nothing.
    silent = words(np.zeros((60, 6)).tolist())
    assert linearised_affinity(silent, target) == pytest.approx(0, abs=0.1)
    together = set_affinity(target, [friend, silent])
    assert together == pytest.approx(set_affinity(target, [silent, friend]), abs=1e-3)
    assert together > linearised_affinity(silent, target)


def test_a_set_grows_while_it_gets_better() -> None:
    random = np.random.default_rng(2)
    target = words((np.ones(6) + 2 * random.normal(size=(60, 6))).tolist())

    def of(*ways: float) -> Linearised:
        return words((np.array(ways) + random.normal(size=(40, 6)) / 10).tolist())

    halves = {"left": of(1, 1, 1, 0, 0, 0), "right": of(0, 0, 0, 1, 1, 1)}
    known = {**halves, "foe": of(-1, -1, -1, -1, -1, -1), "target": target}
    found = grow("target", ["foe", "left", "right"], 3, lambda name, as_target: known[name])
    assert {*found[-1].sources} == {"left", "right"}
    assert [one.affinity for one in found] == sorted(one.affinity for one in found)
    assert found[-1].affinity == set_affinity(target, [known[name] for name in found[-1].sources])
    assert len(grow("target", ["foe", "left", "right"], 1, lambda name, _: known[name])) == 1


def test_not_defined() -> None:
    alone = Linearised(np.zeros(2, np.float32), np.ones((2, 3), np.float32), np.array([4, 4]))
    with pytest.raises(NotDefinedError, match="one sentence alone"):
        linearised_affinity(words([[1.0, 0, 0]]), alone)
    still = words([[0.0], [0.0]])
    with pytest.raises(NotDefinedError, match="no weight"):
        linearised_affinity(still, still)


def test_slopes_are_those_of_the_network(parts: tuple[Encoder, Encoded, Window]) -> None:
    encoder, encoded, window = parts
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    sample = draw(encoded, np.arange(240), 400, seed=1)
    head = fit_head(read(encoder, None, encoded, sample, window), TAGS, seed=1)
    found = linearise(encoder, head, encoded, sample, window, seed=1)
    again = linearise(encoder, head, encoded, sample, window, seed=1)
    np.testing.assert_array_equal(found.slopes, again.slopes)
    # A small move within what the projection sees changes the margins as the slopes say.
    projection, random = Projection(encoder, seed=1), torch.Generator().manual_seed(3)
    move = torch.randn(found.slopes.shape[1], generator=random)
    step = 1e-3
    moves = move.reshape(len(projection.sides), 8, 8)
    with torch.no_grad():
        for weights, (a, b), one in zip(
            projection.parameters, projection.sides, moves, strict=True
        ):
            weights += step * a.T @ one @ b.T
    moved = linearise(encoder, head, encoded, sample, window, seed=1)
    np.testing.assert_array_equal(found.sentence, moved.sentence)
    encoder.load_state_dict(before)
    expected = found.slopes @ move.numpy()
    changed = (moved.margins - found.margins) / step
    assert np.corrcoef(expected, changed)[0, 1] > 0.99
    assert np.abs(expected - changed).max() < 0.1 * np.abs(expected).max()


def test_a_projection_keeps_likeness(parts: tuple[Encoder, Encoded, Window]) -> None:
    encoder, *_ = parts
    projections = [Projection(encoder, seed) for seed in range(200)]
    weights = projections[0].parameters
    random = torch.Generator().manual_seed(0)
    base = [torch.randn(w.shape, generator=random) for w in weights]
    other = [one + torch.randn(one.shape, generator=random) for one in base]
    exact = sum(float((x * y).sum()) for x, y in zip(base, other, strict=True))

    def projected(projection: Projection, gradients: list[torch.Tensor]) -> torch.Tensor:
        value = sum((w * g).sum() for w, g in zip(weights, gradients, strict=True))
        return projection(value)

    found = [float(projected(p, base) @ projected(p, other)) for p in projections]
    assert np.mean(found) == pytest.approx(exact, rel=0.05)
