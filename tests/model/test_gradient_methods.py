"""Gradient methods against slow ones of our own, on gradients that conflict and that agree."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import scipy.optimize
import torch
import yaml
from numpy.typing import NDArray
from torch import Tensor, nn

from bioner.config.train import WeightingConfig
from bioner.errors import ConfigError
from bioner.model.network import Network
from bioner.model.weighting import TaskWeighting, build_weighting

pytest.importorskip("torchjd", reason="the extra mtl is not installed")

WEIGHTINGS = Path(__file__).parents[2] / "conf" / "weighting"
Array = NDArray[np.float64]


@dataclass
class Toy:
    """Two shared parameters and one of each of two tasks; each loss is linear in all of them."""

    rows: Tensor  # the gradient of each task's loss by the shared parameters, [2, 5]
    shared_parameters: list[nn.Parameter] = field(
        default_factory=lambda: [
            nn.Parameter(torch.zeros(2, 2, dtype=torch.float64)),
            nn.Parameter(torch.zeros(1, dtype=torch.float64)),
        ]
    )
    heads: dict[str, nn.Parameter] = field(
        default_factory=lambda: {
            task: nn.Parameter(torch.zeros(1, dtype=torch.float64)) for task in ("a", "b")
        }
    )

    def shared(self) -> list[nn.Parameter]:
        return self.shared_parameters

    def own(self, task: str) -> list[nn.Parameter]:
        return [self.heads[task]]

    def losses(self) -> dict[str, Tensor]:
        flat = torch.cat([one.flatten() for one in self.shared_parameters])
        heads = {"a": 3.0 * self.heads["a"].sum(), "b": -2.0 * self.heads["b"].sum()}
        return {task: self.rows[i] @ flat + heads[task] for i, task in enumerate(("a", "b"))}


CONFLICTING = torch.tensor([[1.0, 2.0, 0.0, -1.0, 0.5], [-2.0, 0.5, 1.0, 2.0, 0.0]]).double()
AGREEING = torch.tensor([[1.0, 2.0, 0.0, 1.0, 0.5], [2.0, 0.5, 1.0, 2.0, 0.0]]).double()


def weighting(name: str, tasks: tuple[str, ...] = ("a", "b"), **options: Any) -> TaskWeighting:
    written = yaml.safe_load((WEIGHTINGS / f"{name}.yaml").read_text())
    given = {**written.get("options", {}), **options}
    return build_weighting(WeightingConfig(written["strategy"], given), tasks)


def gradient(method: TaskWeighting, toy: Toy, losses: dict[str, Tensor] | None = None) -> Array:
    losses = losses or toy.losses()
    network = cast(Network, toy)  # what a method asks a network for
    method.backward(method.combine(losses), losses, network)
    return np.concatenate([np.ravel(np.array(one.grad)) for one in toy.shared()])


def pcgrad(rows: Array) -> Array:
    total = np.zeros(rows.shape[1])
    for one, other in (rows, rows[::-1]):
        conflict = min(0.0, float(one @ other))
        total += one - conflict / (other @ other) * other
    return total


def upgrad(rows: Array) -> Array:
    """The mean of each gradient's projection onto {x: rows @ x >= 0}, by quadratic programs."""
    found = []
    for row in rows:
        # The projection is row + rows.T @ v with v >= 0 where |row + rows.T @ v| is least.
        best = scipy.optimize.nnls(rows.T, -row)[0]
        found.append(row + rows.T @ best)
    return np.mean(found, axis=0)


def mgda(rows: Array) -> Array:
    shares = np.linspace(0, 1, 200001)[:, None]
    points = shares * rows[0] + (1 - shares) * rows[1]
    return cast(Array, points[np.argmin((points**2).sum(1))])


def imtl_g(rows: Array) -> Array:
    """The combination, of weights that add up to 1, with equal parts along both gradients."""
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    along = (units[0] - units[1]) @ rows.T
    first = along[1] / (along[1] - along[0])
    return cast(Array, first * rows[0] + (1 - first) * rows[1])


def aligned_mtl(rows: Array) -> Array:
    """The mean of the rows of the nearest matrix whose rows are orthogonal and of one length."""
    left, values, right = np.linalg.svd(rows, full_matrices=False)
    return cast(Array, (values.min() * left @ right).mean(0))


def cagrad(rows: Array, c: float = 0.5) -> Array:
    mean = rows.mean(0)
    radius = c * np.linalg.norm(mean)
    shares = np.linspace(0, 1, 200001)[:, None]
    points = shares * rows[0] + (1 - shares) * rows[1]
    lengths = np.linalg.norm(points, axis=1)
    best = int(np.argmin(points @ mean + radius * lengths))
    return cast(Array, mean + radius / lengths[best] * points[best])


def nash(rows: Array) -> Array:
    """The weights w > 0 with (G G^T) w = 1 / w, found by least squares."""
    gram = rows @ rows.T
    scale = np.linalg.norm(gram)
    found = scipy.optimize.least_squares(
        lambda w: gram / scale @ w - 1 / w, np.ones(2), bounds=(1e-6, np.inf), xtol=1e-14
    ).x
    combined = found @ rows
    return cast(Array, combined / max(1.0, np.linalg.norm(combined)))


@pytest.mark.parametrize(
    ("name", "slow", "near"),
    [
        ("pcgrad", pcgrad, 1e-9),
        ("upgrad", upgrad, 1e-3),
        ("mgda", mgda, 2e-2),
        ("imtl_g", imtl_g, 1e-6),
        ("aligned_mtl", aligned_mtl, 1e-6),
        ("cagrad", cagrad, 1e-3),
        ("nash_mtl", nash, 2e-2),
    ],
)
@pytest.mark.parametrize("rows", [CONFLICTING, AGREEING], ids=["conflicting", "agreeing"])
def test_a_method_gives_what_its_definition_says(
    name: str, slow: Callable[[Array], Array], near: float, rows: Tensor
) -> None:
    toy = Toy(rows)
    found = gradient(weighting(name), toy)
    np.testing.assert_allclose(found, slow(rows.numpy()), rtol=0, atol=near)
    # A head follows its own loss, whatever the others want.
    assert [float(toy.heads[task].grad.sum()) for task in ("a", "b")] == [3.0, -2.0]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["pcgrad", "upgrad", "mgda", "imtl_g", "aligned_mtl", "nash_mtl"])
def test_a_task_alone_gives_its_own_gradient(name: str) -> None:
    toy = Toy(CONFLICTING)
    found = gradient(weighting(name), toy, {"b": toy.losses()["b"]})
    np.testing.assert_array_equal(found, CONFLICTING[1].numpy())
    assert toy.heads["a"].grad is None


def test_nash_begins_anew_with_each_update() -> None:
    method = weighting("nash_mtl")
    gradient(method, Toy(AGREEING))
    again = gradient(method, Toy(CONFLICTING))
    np.testing.assert_array_equal(again, gradient(weighting("nash_mtl"), Toy(CONFLICTING)))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": "PCgrad"}, r"weighting\.options\.method: no 'PCgrad'; did you mean PCGrad"),
        ({"method": "MGDA", "epsilo": 1.0}, r"options\.epsilo: MGDA takes no such key; did you me"),
        ({"method": "GradVac"}, r"options\.method: GradVac keeps a state that no checkpoint"),
        ({"method": "CAGrad", "c": -1.0}, r"weighting\.options: .*refuses its values"),
    ],
)
def test_what_cannot_be_is_said(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        build_weighting(WeightingConfig("gradients", options), ("a", "b"))


def test_an_update_may_have_fewer_tasks_than_the_stage() -> None:
    pytest.importorskip("cvxpy", reason="the extra mtl is not installed")
    toy = Toy(CONFLICTING)
    three, two = weighting("nash_mtl", ("a", "b", "c")), weighting("nash_mtl")
    np.testing.assert_allclose(gradient(three, toy), gradient(two, toy), rtol=1e-3)


def test_nash_mtl_bounds_the_gradient_without_the_scale_of_float16() -> None:
    pytest.importorskip("cvxpy", reason="the extra mtl is not installed")
    plain = gradient(weighting("nash_mtl"), Toy(CONFLICTING))
    scaled = weighting("nash_mtl")
    scaled.scale = 65536.0
    np.testing.assert_allclose(gradient(scaled, Toy(65536 * CONFLICTING)), 65536 * plain, rtol=1e-3)
