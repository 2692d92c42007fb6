"""What lets an encoder train that does not fit: what it changes, and what it does not."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from bioner.config.identity import digest
from bioner.errors import ConfigError
from bioner.model.encoder_loading import load_encoder
from bioner.model.heads import make_head
from bioner.model.pretrained import Pretrained
from tests.train.test_run import REGIMES, config_of, run

SMALL = ["finetune.epochs=1", "finetune.train_size=64"]


def weights(directory: Path) -> dict[str, torch.Tensor]:
    return load_file(directory / "checkpoints" / "demo_disease.safetensors")


def test_frozen_heads_stay_as_they_start(tmp_path: Path) -> None:
    given = ["head.frozen=true", "head.start=random", "encoder.pooling=every"]
    config = config_of(tmp_path, *REGIMES["mtl"], *SMALL, *given, "weighting=uncertainty")
    found = weights(run(config)[0])
    torch.manual_seed(int(digest([config.seed, "demo_disease"])[:8], 16))
    start = make_head(config.head, 32, ("O", "B-Disease", "I-Disease")).state_dict()
    assert all(found[f"heads.demo_disease.{name}"].equal(one) for name, one in start.items())
    crf = config_of(tmp_path, *REGIMES["mtl"], *SMALL, "encoder.pooling=every", "head=crf")
    with pytest.raises(ConfigError, match=r"encoder\.pooling: is every, and CrfHead .*head=linear"):
        run(crf)


def test_frozen_layers_stay_as_they_were(tmp_path: Path) -> None:
    frozen = ["encoder.frozen_layers=1", "encoder.gradient_checkpointing=true"]
    config = config_of(tmp_path, *REGIMES["mtl"], *SMALL, *frozen)
    found = weights(run(config)[0])
    torch.manual_seed(config.seed)
    start = load_encoder(Pretrained(config.encoder)).state_dict()
    moved = {name for name, tensor in start.items() if not tensor.equal(found[f"encoder.{name}"])}
    assert moved and {name for name in start if ".layer.1." in name} == moved
    (directory, _) = run(config_of(tmp_path, *REGIMES["mtl"], *SMALL, frozen[0]))
    for name, tensor in weights(directory).items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-5, atol=1e-6)
