"""The schedule, what decays, and when gradients are freed."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bioner.config.optimizer import Decay
from bioner.model.module import TaggingModule, rate
from bioner.train import training
from tests.train.test_run import TARGET, config_of, run

SMALL = [*TARGET, "finetune.train_size=32", "finetune.epochs=1"]  # two updates
SCHEDULES = st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.floats(0, 0.99)))


@given(SCHEDULES, st.sampled_from(Decay))
def test_rate_rises_to_the_peak_and_falls(schedule: tuple[int, float], decay: Decay) -> None:
    steps, warmup = schedule
    rates = [rate(step, steps, warmup, decay) for step in range(steps)]
    rise = max(1, round(warmup * steps)) if warmup else 0
    assert all(0 < one <= 1 for one in rates)
    assert rates[:rise] == pytest.approx([(step + 1) / rise for step in range(rise)])
    after = rates[rise:]
    if decay == Decay.constant:
        assert after == [1.0] * len(after)
    else:  # from the peak to 0, which the step after the last would have
        assert after == pytest.approx([1 - step / len(after) for step in range(len(after))])
        assert rate(steps, steps, warmup, decay) == 0


def test_no_forward_pass_has_the_last_gradients_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def watched(module: TaggingModule, batch: object, batch_idx: int) -> torch.Tensor:
        seen.append(sum(p.grad is not None for p in module.parameters()))
        return usual(module, batch, batch_idx)  # type: ignore[arg-type]

    usual = TaggingModule.training_step
    monkeypatch.setattr(TaggingModule, "training_step", watched)
    run(config_of(tmp_path, *SMALL))
    assert seen == [0, 0]


def test_matrices_alone_decay_and_the_head_has_its_own_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[TaggingModule] = []

    def noted(*args: object) -> TaggingModule:
        made.append(usual(*args))  # type: ignore[arg-type]
        return made[-1]

    usual = training.make_module
    monkeypatch.setattr(training, "make_module", noted)
    rates = ["optimizer.head_lr_times=2", "optimizer.lr=0.25", "optimizer.weight_decay=0.125"]
    run(config_of(tmp_path, *SMALL, *rates))
    groups = made[0].configure_optimizers()["optimizer"].param_groups
    found = {p: (g["initial_lr"], g["weight_decay"]) for g in groups for p in g["params"]}
    for name, parameter in made[0].named_parameters():
        if parameter.requires_grad:
            plain = name.endswith("bias") or "LayerNorm" in name or "embeddings" in name
            expected = (0.5 if name.startswith("network.heads.") else 0.25, 0.0 if plain else 0.125)
            assert found.pop(parameter) == expected, name
    assert found == {}
