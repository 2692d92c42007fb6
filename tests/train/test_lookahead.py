"""The looks at tasks: their formulas, and that training does not notice them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bioner.config.identity import run_name
from bioner.config.parts import decides
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError
from bioner.model.pretrained import Pretrained
from bioner.runs.record import FINETUNE, Record
from bioner.runs.record_file import read_record
from bioner.runs.stage_record import Affinity
from bioner.train import lookahead as affinity
from bioner.train.assembly import make_module
from bioner.train.conflict import cosines
from bioner.train.lookahead import LookaheadAffinity, look
from bioner.train.run import train
from bioner.train.stage import Stage
from bioner.train.stage_kinds import asked_stages
from bioner.train.tasks import load_tasks
from tests.composition import train_config

TASKS = ("demo_disease", "demo_chemical")


def config_of(tmp_path: Path, *overrides: str) -> TrainConfig:
    return train_config(
        "encoder=tiny",
        "logger=none",
        "trainer.accelerator=cpu",
        "batch.sentences=16",
        "optimizer.lr=3e-3",
        "finetune=mtl",
        "finetune.targets=[demo_disease]",
        "finetune.auxiliaries=[demo_chemical]",
        "finetune.auxiliary_size=32",
        "finetune.train_size=32",
        "finetune.epochs=3",
        f"runs_dir={tmp_path}/runs",
        f"datasets_dir={tmp_path.parent}/datasets",
        f"cache_dir={tmp_path.parent}/cache",
        *overrides,
    )


def run(config: TrainConfig) -> tuple[Record, bytes]:
    directory = Path(config.runs_dir) / config.study / run_name(config)
    directory.mkdir(parents=True, exist_ok=True)
    train(config, directory)
    weights = directory / "checkpoints" / "demo_disease.safetensors"
    return read_record(directory), weights.read_bytes()


def affinity_of(record: Record) -> Affinity | None:
    stage = record.stage(FINETUNE)
    assert stage is not None
    return stage.affinity


class _KilledError(Exception):
    """Stands for the end of the process."""


def test_training_does_not_notice_and_a_killed_run_keeps_its_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, weights = run(config_of(tmp_path / "alone"))
    every = ["finetune.affinity_every=2", "finetune.conflict_every=3"]
    looked, of_looked = run(config_of(tmp_path / "looked", *every))
    assert of_looked == weights
    assert (looked.scores, looked.best) == (alone.scores, alone.best)
    for key, value in (("affinity_every", 2), ("conflict_every", 3)):
        assert looked.config["finetune"].pop(key) == value
        assert alone.config["finetune"].pop(key) is None
    assert looked.config == alone.config
    assert looked.stages[0].key == alone.stages[0].key
    assert looked.stages[0].mixing == alone.stages[0].mixing
    assert affinity_of(alone) is None
    found = affinity_of(looked)
    assert found is not None
    mixing = looked.stages[0].mixing
    assert mixing is not None
    assert (found.every, found.looks) == (2, -(-sum(mixing.drawn.values()) // 2))
    assert set(found.onto) == set(found.onto["demo_disease"]) == set(TASKS)
    assert all(found.onto[task][task] > 0 for task in TASKS)  # a step on a task helps itself
    conflict = looked.stages[0].conflict
    assert conflict is not None and alone.stages[0].conflict is None
    assert (conflict.every, conflict.looks) == (3, -(-sum(mixing.drawn.values()) // 3))
    assert {*conflict.parts} == {"embeddings", "layer 1", "layer 2"}
    for pairs in (conflict.overall, *conflict.parts.values()):
        assert {i: {*of} for i, of in pairs.items()} == {TASKS[0]: {TASKS[1]}}
        assert -1 <= pairs[TASKS[0]][TASKS[1]] <= 1
    calls: list[int] = []

    def dies(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 5:
            raise _KilledError
        return look(*args)

    monkeypatch.setattr(affinity, "look", dies)
    killed = config_of(tmp_path / "killed", *every, "checkpoint_minutes=0")
    with pytest.raises(_KilledError):
        run(killed)
    again, of_again = run(killed)
    assert len(calls) == 1 + found.looks  # it went on from a checkpoint
    assert affinity_of(again) == found and of_again == weights
    assert again.stages[0].conflict == conflict


def test_it_names_another_run_only_where_it_is_asked_for(tmp_path: Path) -> None:
    off = config_of(tmp_path)
    on = config_of(tmp_path, "finetune.affinity_every=50")
    assert decides(off) == decides(on)
    assert "affinity" not in str(decides(off))
    assert run_name(off) != run_name(on)


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (
            ["finetune=mtl", "finetune.auxiliaries=[demo_chemical]", "finetune.affinity_every=0"],
            "is 0; at least 1",
        ),
        (["finetune=single", "finetune.affinity_every=5"], "is 5, but single trains one task"),
        (
            [
                "finetune=mtl",
                "finetune.auxiliaries=[demo_chemical]",
                "finetune.affinity_every=5",
                "selftrain=soft",
            ],
            "is 5, but fine-tuning is not the last stage",
        ),
    ],
)
def test_bad_values(overrides: list[str], says: str) -> None:
    for key in ("affinity_every", "conflict_every"):
        given = [one.replace("affinity_every", key) for one in overrides]
        with pytest.raises(ConfigError, match=rf"finetune.{key}: {says}"):
            train_config("finetune.targets=[demo_disease]", *given)


def test_the_affinity_is_what_the_gradients_say_of_a_small_step(tmp_path: Path) -> None:
    """To first order L_j falls by rate x <g_i, g_j>, which shares no code with the look."""
    config = config_of(tmp_path, "head=crf")
    pretrained = Pretrained(config.encoder)
    window = pretrained.window
    loaded = load_tasks(config, asked_stages(config), pretrained.tokenizer, window.room)
    tasks = loaded[FINETUNE]
    plan = Stage("finetune", tasks, ["demo_disease"], {"demo_disease": ["demo_disease"]}, 1, None)
    network = make_module(plan, config, pretrained, 1).double().network
    drawn = LookaheadAffinity(tasks, 1, 8, window, seed=1)
    batches = dict(drawn._draw(0))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = torch.get_rng_state()
    found = look(network, batches, rate=1e-5)
    angles = cosines(network, batches)
    assert found is not None and angles is not None
    assert torch.equal(state, torch.get_rng_state()) and network.encoder.training
    assert all(torch.equal(before[name], one) for name, one in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())
    network.eval()
    losses, gradients, first = {}, {}, {}
    for name, batch in batches.items():
        network.zero_grad()
        loss = network.loss(batch)
        loss.backward()
        losses[name] = float(loss.detach())
        gradients[name] = np.concatenate(
            [p.grad.ravel().numpy() for p in network.encoder.parameters() if p.grad is not None]
        )
        layer = network.encoder.transformer.encoder.layer[0]
        grads = [p.grad.flatten() for p in layer.parameters() if p.grad is not None]
        first[name] = torch.cat(grads).numpy()
    for part, vectors in (("all", gradients), ("layer 1", first)):
        one, other = (vectors[task] / np.linalg.norm(vectors[task]) for task in TASKS)
        assert angles[part][TASKS[0]][TASKS[1]] == pytest.approx(float(one @ other))
    for i in TASKS:
        for j in TASKS:
            expected = 1e-5 * float(gradients[i] @ gradients[j]) / losses[j]
            assert found[i][j] == pytest.approx(expected, rel=1e-2, abs=1e-12)
