"""Embeddings of which some rows are trained: the same weights as if all were."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bioner.batches.datamodule import DrawnBatches
from bioner.batches.scored import Shard
from bioner.model.module import TaggingModule
from bioner.model.used_rows import UsedRows
from bioner.train.selection import KeepSelected, Selection
from tests.model.test_network import PAIR, prepared
from tests.train.test_run import config_of

USED = torch.tensor([0, 2, 3, 7, 9])


def trained(embedding: nn.Embedding, rows: torch.Tensor) -> nn.Sequential:
    """Train for a few updates on batches of these rows, as a stage does."""
    torch.manual_seed(1)
    network = nn.Sequential(embedding, nn.Linear(4, 3))
    optimizer = torch.optim.AdamW(
        [{"params": [embedding.weight], "weight_decay": 0.0}, {"params": network[1].parameters()}],
        lr=0.1,
    )
    for _ in range(5):
        ids = rows[torch.randint(len(rows), (6,))]
        network(ids).square().sum().backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return network


def test_training_some_rows_is_training_all_where_batches_hold_no_others() -> None:
    torch.manual_seed(0)
    whole = nn.Embedding(12, 4, padding_idx=2)
    some = UsedRows(deepcopy(whole), USED)
    before = whole.weight.detach().clone()
    one, other = trained(whole, USED), trained(some, USED)
    torch.testing.assert_close(other.state_dict(), one.state_dict())
    changed = (some.whole() != before).any(dim=1)
    assert changed[[0, 3, 7, 9]].all() and changed.sum() == 4  # 2 is the padding
    everything = torch.arange(12)
    torch.testing.assert_close(some(everything), whole(everything))


def test_weights_are_saved_and_loaded_whole() -> None:
    one, plain = UsedRows(nn.Embedding(12, 4), USED), nn.Embedding(12, 4)
    state = one.state_dict()
    assert list(state) == ["weight"] and state["weight"].shape == (12, 4)
    plain.load_state_dict(state)
    other = UsedRows(nn.Embedding(12, 4), torch.tensor([1, 2]))
    other.load_state_dict(plain.state_dict())
    assert torch.equal(other.whole(), one.whole())
    state["weight"].zero_()
    assert one.weight.any(), "what was saved is not the module's own memory"


def test_a_piece_that_is_not_trained_has_no_gradient() -> None:
    some = UsedRows(nn.Embedding(12, 4), USED)
    some(torch.tensor([1, 3, 5])).sum().backward()
    assert some.weight.grad is not None
    assert some.weight.grad.abs().sum(dim=1).gt(0).tolist() == [False, False, True, False, False]
    assert [name for name, p in some.named_parameters() if p.requires_grad] == ["weight"]


def embedding_of(module: TaggingModule) -> nn.Module:
    return module.network.encoder.transformer.get_input_embeddings()


def test_a_stage_trains_the_rows_that_its_batches_hold_and_no_others(tmp_path: Path) -> None:
    module, data = prepared(config_of(tmp_path, *PAIR, "finetune.train_size=16"))
    embedding = embedding_of(module)
    assert isinstance(embedding, UsedRows)
    trained = set(torch.nonzero(embedding.places >= 0).flatten().tolist())
    assert len(trained) == len(embedding.weight) < len(embedding.rest)
    updates = DrawnBatches(data._train, data.plan, 0, data._window, Shard(), 1, None)
    drawn = {int(i) for update in updates for one in update for i in one.pieces}
    assert len(drawn) > 20 and drawn <= trained
    frozen, _ = prepared(config_of(tmp_path, *PAIR, "encoder.frozen_layers=1"))
    assert type(embedding_of(frozen)) is nn.Embedding


def test_a_checkpoint_has_the_own_weights_whole_while_the_average_is_in_their_place(
    tmp_path: Path,
) -> None:
    module, _ = prepared(config_of(tmp_path, *PAIR))
    network: Any = module.network
    own = {f"network.{name}": one.clone() for name, one in network.state_dict().items()}
    keep = KeepSelected({}, tmp_path, Selection.average, 2)
    keep._own = keep._average.copied(network)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.add_(1.0)
    shown = {f"network.{name}": one.clone() for name, one in network.state_dict().items()}
    checkpoint: dict[str, Any] = {"state_dict": dict(shown)}
    keep.on_save_checkpoint(None, module, checkpoint)  # type: ignore[arg-type]
    torch.testing.assert_close(checkpoint["state_dict"], own, rtol=0, atol=1e-6)
    after = {f"network.{name}": one for name, one in network.state_dict().items()}
    torch.testing.assert_close(after, shown, rtol=0, atol=0)
