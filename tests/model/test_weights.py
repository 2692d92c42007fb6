"""Files of weights: what they hold comes back, and what is no weight is refused."""

from pathlib import Path

import pytest
import torch

from bioner.errors import UserError
from bioner.model.weights import load_weights, save_weights

TAGS = {"a": ["O", "B-X", "I-X"]}


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    tensors = {"encoder.x": torch.randn(3, 2), "heads.a.y": torch.zeros(4, dtype=torch.bfloat16)}
    save_weights(tmp_path / "w.safetensors", tensors, TAGS, "base")
    found = load_weights(tmp_path / "w.safetensors")
    assert found.tags == {"a": ("O", "B-X", "I-X")} and found.base == "base"
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in tensors.items())
    assert [*found.below("heads.a")] == ["y"]


@pytest.mark.parametrize("wrong", [torch.tensor([1, 2]), torch.tensor([1.0, float("nan")])])
def test_what_is_no_weight_is_refused(wrong: torch.Tensor, tmp_path: Path) -> None:
    save_weights(tmp_path / "w.safetensors", {"encoder.x": wrong}, TAGS)
    with pytest.raises(UserError, match=r"w\.safetensors: .* encoder\.x is not all finite"):
        load_weights(tmp_path / "w.safetensors")
