"""The network: an update of several tasks, shared heads, adapters; weights there and back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from safetensors.torch import load_file, save_file

from bioner.batches.datamodule import MultiTaskData
from bioner.batches.passes import Cut
from bioner.batches.plan import make_plan
from bioner.config.choices import ADAPTERS, HEAD_BANKS, WEIGHTINGS
from bioner.config.encoder import AdapterConfig
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError, UserError
from bioner.model.bank import build_bank
from bioner.model.encoder_loading import load_encoder
from bioner.model.heads import LinearHead
from bioner.model.module import TaggingModule
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained
from bioner.model.weights import load_weights
from bioner.predict.finished import open_run
from bioner.predict.tagger import load_tagger
from bioner.train.assembly import make_module
from bioner.train.stage import Stage
from bioner.train.stage_kinds import asked_stages
from bioner.train.tasks import Task, load_tasks
from tests.composition import train_config
from tests.model.toys import LINEAR, OneHead
from tests.predict.test_tagger import predictions
from tests.train.test_run import TARGET, config_of, run

STILL = ["hidden_dropout_prob", "attention_probs_dropout_prob"]
PAIR = ["finetune=mtl", *TARGET, "finetune.auxiliaries=[demo_chemical]", "head.options.dropout=0.0"]
TAGS = {"a": ("O", "B-X", "I-X"), "b": ("O", "B-Y", "I-Y", "B-X", "I-X")}


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WEIGHTINGS, "surgery", "tests.model.toys.Surgery")
    monkeypatch.setitem(HEAD_BANKS, "all", "tests.model.toys.OneHead")
    monkeypatch.setitem(ADAPTERS, "low_rank", "tests.model.toys.LowRank")


def prepared(config: TrainConfig) -> tuple[TaggingModule, MultiTaskData]:
    """Return a module and two updates, each of both tasks."""
    pretrained = Pretrained(config.encoder)
    stages = asked_stages(config)
    loaded = load_tasks(config, stages, pretrained.tokenizer, pretrained.window.room)
    tasks = loaded["finetune"]
    stage = Stage("finetune", tasks, ["demo_disease"], {"x": ["demo_disease"]}, None, 2)
    module = make_module(stage, config, pretrained, 2)
    return module, data_of(tasks, pretrained, config.batch.accumulate)


def data_of(tasks: dict[str, Task], pretrained: Pretrained, parts: int = 1) -> MultiTaskData:
    train = {name: (task.encoded["train"], task.used) for name, task in tasks.items()}
    sizes = {name: len(task.used) for name, task in tasks.items()}
    cuts = {name: Cut(8) for name in sizes}
    mixing = train_config(*PAIR).mixing
    plan = make_plan(mixing, sizes, ["demo_disease"], cuts, None, 2, 1, together=2)
    return MultiTaskData(train, {}, plan, pretrained.window, parts)


class _Noted(pl.Callback):
    """Keeps the updates, the weights before, and the gradients that the optimiser gets."""

    def __init__(self) -> None:
        self.updates: list[Any] = []
        self.before: list[dict[str, torch.Tensor]] = []
        self.gradients: list[dict[str, torch.Tensor]] = []

    def on_train_batch_start(self, trainer: pl.Trainer, module: Any, batch: Any, i: int) -> None:
        self.updates.append(batch)
        self.before.append({n: t.clone() for n, t in module.network.state_dict().items()})

    def on_train_batch_end(self, trainer: pl.Trainer, module: Any, *_: Any) -> None:
        named = module.network.named_parameters()
        self.gradients.append({n: p.grad.clone() for n, p in named if p.grad is not None})


def fitted(tmp_path: Path, *overrides: str, **options: Any) -> tuple[TaggingModule, _Noted]:
    still = [f"+encoder.from_scratch.{name}=0.0" for name in STILL]
    module, data = prepared(config_of(tmp_path, *PAIR, *still, *overrides))
    noted = _Noted()
    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=2,
        logger=False,
        callbacks=[noted],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        reload_dataloaders_every_n_epochs=1,
        **options,
    )
    trainer.fit(module, data)
    return module, noted


def separately(module: TaggingModule, noted: _Noted, step: int) -> list[dict[str, torch.Tensor]]:
    """Return the gradients of each batch of an update, alone."""
    module.network.load_state_dict(noted.before[step])
    found = []
    for batch in noted.updates[step]:
        module.network.zero_grad()
        module.network.loss(batch).backward()
        named = module.network.named_parameters()
        found.append({n: p.grad.clone() for n, p in named if p.grad is not None})
    return found


def test_an_update_of_two_tasks_has_the_sum_of_their_gradients(tmp_path: Path) -> None:
    module, noted = fitted(tmp_path)
    assert [{b.task for b in one} for one in noted.updates] == [
        {"demo_disease", "demo_chemical"}
    ] * 2
    for step in (0, 1):
        one, other = separately(module, noted, step)
        for name, gradient in noted.gradients[step].items():
            parts = [g[name] for g in (one, other) if name in g]
            torch.testing.assert_close(gradient, sum(parts), rtol=1e-4, atol=1e-7)  # type: ignore[arg-type]


def test_a_mixed_update_has_the_gradient_of_the_mean_over_all_its_words(tmp_path: Path) -> None:
    mixed = [
        "batch.shared=true",
        "mixing.tasks_per_update=2",
        "finetune.auxiliaries=[demo_chemical]",
    ]
    module, noted = fitted(tmp_path, *mixed)
    for step in (0, 1):
        words = [len(batch.tags) for batch in noted.updates[step]]
        assert words[0] != words[1]
        found = separately(module, noted, step)
        for name, gradient in noted.gradients[step].items():
            parts = [
                g[name] * n / sum(words) for g, n in zip(found, words, strict=True) if name in g
            ]
            torch.testing.assert_close(gradient, sum(parts), rtol=1e-4, atol=1e-7)  # type: ignore[arg-type]


def test_a_gradient_method_is_one_class_and_one_line(tmp_path: Path) -> None:
    module, noted = fitted(tmp_path, "weighting.strategy=surgery")
    conflicts = 0
    for step in (0, 1):
        found = separately(module, noted, step)
        shared = sorted(n for n in found[0] if n.startswith("encoder."))
        one, other = (np.concatenate([g[n].numpy().ravel() for n in shared]) for g in found)
        conflicts += one @ other < 0
        kept = [
            g if g @ o >= 0 else g - (g @ o) / (o @ o) * o for g, o in ((one, other), (other, one))
        ]
        got = np.concatenate([noted.gradients[step][n].numpy().ravel() for n in shared])
        assert got == pytest.approx(sum(kept), rel=1e-3, abs=1e-6)
        for gradients in found:  # a head's gradient is that of its own loss
            for name in gradients:
                if name.startswith("heads."):
                    torch.testing.assert_close(noted.gradients[step][name], gradients[name])


def test_clipping_and_precision_stay_lightnings(tmp_path: Path) -> None:
    strategy, clip = "weighting.strategy=surgery", 1e-3
    for precision in ("32-true", "bf16-mixed"):
        options = {"gradient_clip_val": clip, "precision": precision}
        _, noted = fitted(tmp_path, strategy, **options)
        for gradients in noted.gradients:
            norm = torch.cat([g.ravel() for g in gradients.values()]).norm()
            assert float(norm) == pytest.approx(clip, rel=1e-2)


def test_a_strategy_that_is_not_there_is_named_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"weighting.strategy: no 'surgry'; did you mean surgery"):
        config_of(tmp_path, *PAIR, "weighting.strategy=surgry")
    adapter = "encoder.adapter={kind: low_rnk}"
    with pytest.raises(ConfigError, match=r"encoder.adapter.kind: no 'low_rnk'; did you mean low_"):
        config_of(tmp_path, *PAIR, adapter)


def network_of(config: TrainConfig, kind: str = "none") -> Network:
    encoder = load_encoder(Pretrained(config.encoder))
    shared = replace(LINEAR, shared=kind)
    return Network(
        encoder, build_bank(shared, TAGS, lambda _, tags: LinearHead(encoder.hidden, tags, 0.0))
    )


def test_weights_there_and_back_are_strict(tmp_path: Path) -> None:
    config = config_of(tmp_path, *TARGET)
    one, other = network_of(config), network_of(config)
    file = tmp_path / "b.safetensors"
    one.save(file, ["b"])
    weights = load_weights(file)
    assert weights.tags == {"b": TAGS["b"]}
    assert {n.split(".")[0] for n in weights.tensors} == {"encoder", "heads"}
    assert {n.split(".")[1] for n in weights.tensors if n.startswith("heads.")} == {"b"}
    kept = other.heads["a"].linear.weight.clone()  # type: ignore[union-attr, operator]
    other.load(weights)
    for name, tensor in weights.tensors.items():
        assert torch.equal(other.state_dict()[name], tensor)
    assert torch.equal(other.heads["a"].linear.weight, kept)  # type: ignore[union-attr, arg-type]
    meta = {"tags": '{"b": ["O", "B-Y", "I-Y", "B-X", "I-X"]}'}
    tensors = load_file(file)
    for name in ("heads.b.linear.bias", next(iter(tensors))):
        save_file({n: t for n, t in tensors.items() if n != name}, file, meta)
        with pytest.raises(UserError, match=f"b.safetensors: lacks 1 tensors, e.g. {name}"):
            other.load(load_weights(file))
    save_file(tensors | {"heads.c.linear.bias": torch.zeros(3)}, file, meta)
    with pytest.raises(UserError, match=r"holds heads.c.linear.bias, which this run does not have"):
        other.load(load_weights(file))


def test_a_shared_head_is_one_class_and_one_line(tmp_path: Path) -> None:
    config = config_of(tmp_path, *TARGET)
    network = network_of(config, "all").eval()
    assert isinstance(network.bank, OneHead)
    assert network.own("a") == [] and any(p.shape == (5, 32) for p in network.shared())
    words, lengths = torch.randn(50, 32), torch.tensor([50])
    ids = {task: network.bank.decode(task, words, lengths) for task in TAGS}
    assert int(ids["a"].max()) < 3 and int(ids["b"].max()) < 5
    scores = network.bank.marginals("a", words, lengths)
    assert scores.shape == (50, 3)
    file = tmp_path / "a.safetensors"
    network.save(file, ["a"])
    weights = load_weights(file)
    assert weights.tags == TAGS  # a file of one task knows those that it shares its head with
    shared = replace(LINEAR, shared="all")
    other = Network(
        load_encoder(Pretrained(config.encoder)),
        build_bank(shared, weights.tags, lambda _, tags: LinearHead(32, tags, 0.0)),
    ).eval()
    other.load(weights)
    assert torch.equal(other.bank.decode("b", words, lengths), ids["b"])


def test_an_adapter_is_one_class_and_one_line(tmp_path: Path) -> None:
    adapter = ["encoder.adapter.kind=low_rank", "+encoder.adapter.options.rank=2"]
    budget = ["finetune.epochs=4", "optimizer.lr=3e-2"]
    config = config_of(tmp_path, *TARGET, *budget, *adapter)
    directory, _ = run(config)
    stored = load_file(directory / "checkpoints" / "demo_disease.safetensors")
    torch.manual_seed(config.seed)
    start = load_encoder(Pretrained(config.encoder)).state_dict()
    moved = {n for n, t in start.items() if not torch.equal(stored[f"encoder.{n}"], t)}
    assert moved and all(".up." in name or ".down." in name for name in moved)
    found = open_run(directory)
    assert found.config.encoder.adapter == AdapterConfig("low_rank", {"rank": 2})
    tagger = load_tagger(found, ["demo_disease"], "cpu", found.record.precision)
    (network,) = tagger.networks.values()
    assert not any(".up." in name for name in network.state_dict())  # merged
    rows = predictions(directory / "predictions" / "demo_disease.test.tsv")
    tagged = tagger.tag([sentence for sentence, _ in rows])["demo_disease"]
    assert [tagged.tags(i) for i in range(len(rows))] == [guess for _, guess in rows]
    with pytest.raises(ConfigError, match=r"encoder.adapter.options.rnk: .* takes no such key"):
        bad = config_of(tmp_path, *TARGET, adapter[0], "+encoder.adapter.options.rnk=2")
        load_encoder(Pretrained(bad.encoder))
