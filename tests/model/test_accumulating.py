"""A batch in parts is the batch: loss, gradients, dropout, and less memory."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from bioner.batches.batch import Batch
from bioner.config.choices import HEAD_BANKS, WEIGHTINGS
from bioner.model.accumulating import loss_of_parts, parts_of_tasks
from tests.model.test_encoder import noted
from tests.model.test_network import PAIR, fitted, prepared
from tests.train.test_run import config_of


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WEIGHTINGS, "surgery", "tests.model.toys.Surgery")
    monkeypatch.setitem(HEAD_BANKS, "all", "tests.model.toys.OneHead")


@pytest.mark.parametrize(
    "overrides",
    [
        ["head=crf"],
        ["weighting.strategy=uncertainty"],
        ["weighting.strategy=surgery", "head.shared=all"],
        ["encoder.packed=false", "encoder.gradient_checkpointing=true"],
    ],
    ids=str,
)
def test_parts_have_the_gradients_of_the_whole(tmp_path: Path, overrides: list[str]) -> None:
    """Of the first update and of the one after a step of the optimiser, clipped by Lightning."""
    options: dict[str, Any] = {"gradient_clip_val": 0.1}
    _, whole = fitted(tmp_path, *overrides, **options)
    _, parts = fitted(tmp_path, *overrides, "batch.accumulate=3", **options)
    for one, other in zip(whole.updates, parts.updates, strict=True):
        assert [len(batch.words) for batch in one] == [8, 8]
        assert [len(batch.words) for batch in other] == [3, 3, 2, 3, 3, 2]
        drawn = {b.task: b.index.tolist() for b in one}
        again = {t.task: torch.cat([b.index for b in o]) for t, o in parts_of_tasks(other).items()}
        assert {task: index.tolist() for task, index in again.items()} == drawn
    for step, expected in enumerate(whole.gradients):
        assert parts.gradients[step].keys() == expected.keys()
        norm = torch.cat([g.flatten() for g in expected.values()]).norm()
        apart = torch.cat([(parts.gradients[step][n] - g).flatten() for n, g in expected.items()])
        assert apart.norm() <= (1e-5, 1e-3)[step] * norm


def _parts(tmp_path: Path, *overrides: str) -> tuple[Any, list[Batch]]:
    module, data = prepared(config_of(tmp_path, *PAIR, "batch.accumulate=4", *overrides))
    trainer: Any = type("Trainer", (), {"current_epoch": 0, "global_rank": 0, "world_size": 1})()
    data.trainer = trainer
    update = next(iter(data.train_dataloader()))
    return module.network, next(iter(parts_of_tasks(update).values()))


def _gradient(network: Any, loss: Tensor) -> Tensor:
    network.zero_grad()
    loss.backward()
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def test_dropout_is_the_same_in_both_computations(tmp_path: Path) -> None:
    network, parts = _parts(tmp_path)
    words = sum(len(part.tags) for part in parts)
    found, kept = [], []
    for again in (False, True):
        sizes: list[int] = []
        torch.manual_seed(5)
        with torch.autograd.graph.saved_tensors_hooks(partial(noted, sizes), lambda saved: saved):
            if again:
                loss = loss_of_parts(network, parts, parts[-1])
            else:
                loss = sum(network.loss(part) * (len(part.tags) / words) for part in parts)
        found.append((float(loss.detach()), _gradient(network, loss)))
        kept.append(sum(sizes))
    assert found[0][0] == found[1][0]
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-5, atol=1e-7)
    assert kept[1] < kept[0] / 2


def test_a_batch_of_fewer_sentences_than_parts(tmp_path: Path) -> None:
    network, parts = _parts(tmp_path)
    assert [len(part.words) for part in parts] == [2] * 4
    alone = loss_of_parts(network.eval(), parts[:1], parts[-1])
    assert torch.equal(alone, network.loss(parts[0]))
