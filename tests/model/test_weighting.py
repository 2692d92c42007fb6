"""The weighting of task losses."""

from math import exp, log
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from bioner.config.train import WeightingConfig
from bioner.model.weighting import (
    EqualWeighting,
    TaskWeighting,
    UncertaintyWeighting,
    build_weighting,
)

TASKS = ("ncbi_disease", "bc2gm")
WEIGHTINGS = Path(__file__).parents[2] / "conf" / "weighting"


@pytest.mark.parametrize(
    ("name", "kind"), [("equal", EqualWeighting), ("uncertainty", UncertaintyWeighting)]
)
def test_config_builds_the_weighting(name: str, kind: type[TaskWeighting]) -> None:
    schema = OmegaConf.structured(WeightingConfig)
    merged = OmegaConf.merge(schema, OmegaConf.load(WEIGHTINGS / f"{name}.yaml"))
    config = OmegaConf.to_object(merged)
    assert isinstance(config, WeightingConfig)
    assert type(build_weighting(config, TASKS)) is kind


def test_equal_leaves_the_loss() -> None:
    weighting, loss = EqualWeighting(TASKS), torch.tensor(1.7)
    assert weighting.combine({"bc2gm": loss}) is loss
    assert not list(weighting.parameters())


def test_losses_of_several_tasks_are_added_up() -> None:
    losses = {"bc2gm": torch.tensor(1.5), "ncbi_disease": torch.tensor(0.25)}
    assert EqualWeighting(TASKS).combine(losses).item() == 1.75
    weighting = UncertaintyWeighting(TASKS)
    assert weighting.combine(losses).item() == 1.75
    with torch.no_grad():
        weighting.log_variance["bc2gm"].fill_(log(4))
    assert weighting.combine(losses).item() == pytest.approx(1.5 / 4 + log(4) / 2 + 0.25)


def test_uncertainty_is_kendalls_classification_loss() -> None:
    weighting, loss = UncertaintyWeighting(TASKS), torch.tensor(1.7)
    assert weighting.combine({"bc2gm": loss}).item() == pytest.approx(1.7)
    sigma = 1.5
    with torch.no_grad():
        weighting.log_variance["bc2gm"].fill_(2 * log(sigma))
    assert weighting.combine({"bc2gm": loss}).item() == pytest.approx(1.7 / sigma**2 + log(sigma))
    assert weighting.combine({"ncbi_disease": loss}).item() == pytest.approx(1.7)


def test_uncertainty_is_least_where_the_variance_is_twice_the_loss() -> None:
    weighting = UncertaintyWeighting(TASKS)
    with torch.no_grad():
        weighting.log_variance["bc2gm"].fill_(log(2 * 0.3))
    weighting.combine({"bc2gm": torch.tensor(0.3)}).backward()
    gradient = weighting.log_variance["bc2gm"].grad
    assert gradient is not None and gradient.item() == pytest.approx(0.0, abs=1e-6)


def test_only_the_task_of_the_batch_moves() -> None:
    weighting = UncertaintyWeighting(TASKS)
    optimizer = torch.optim.AdamW(weighting.parameters(), lr=0.1)
    for task in ("bc2gm", "ncbi_disease"):
        before = {name: value.item() for name, value in weighting.log_variance.items()}
        optimizer.zero_grad()
        weighting.combine({task: torch.tensor(2.0)}).backward()
        optimizer.step()
        moved = {name for name, value in weighting.log_variance.items() if value != before[name]}
        assert moved == {task}


def test_the_loss_is_weighted_by_the_inverse_variance() -> None:
    weighting = UncertaintyWeighting(TASKS)
    with torch.no_grad():
        weighting.log_variance["bc2gm"].fill_(0.8)
    loss = torch.tensor(2.0, requires_grad=True)
    weighting.combine({"bc2gm": loss}).backward()
    assert loss.grad is not None and loss.grad.item() == pytest.approx(exp(-0.8))


def test_uncertainty_is_restored() -> None:
    weighting, other = UncertaintyWeighting(TASKS), UncertaintyWeighting(TASKS)
    with torch.no_grad():
        weighting.log_variance["bc2gm"].fill_(0.4)
    other.load_state_dict(weighting.state_dict())
    assert other.log_variance["bc2gm"].item() == pytest.approx(0.4)
