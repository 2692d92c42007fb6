"""Linear layers that multiply 8-bit integers: for prediction on a CPU, nothing is trained."""

import torch
from torch import Tensor, nn

_LARGEST = 127
# Rows that are rounded, multiplied and scaled together: what stands between stays in the cache.
_ROWS = 512
_TINY = torch.finfo(torch.float32).tiny


def available() -> bool:
    """Say whether this PyTorch has oneDNN's products of integers."""
    return torch.backends.mkldnn.is_available()


def input_levels() -> int:
    """Return the largest integer of an input: of 8 bits, or of 7 where the CPU lacks VNNI.

    Without it the products are added in pairs in 16 bits, which two of 8 bits would overflow.
    """
    return _LARGEST if torch.cpu._is_vnni_supported() else _LARGEST // 2


class Int8Linear(nn.Module):
    """A linear layer in 8 bits: one scale for each row of the input and each output.

    Vector-wise quantisation (Dettmers et al. 2022, arXiv 2208.07339, section 3.1): the integers are
    multiplied exactly in 32 bits, and their product is scaled by both. A row has a scale of its own
    so that the outliers of one piece cost the others no precision.

    Args:
        linear: the layer, in float32, whose place this takes.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach()
        self._scale = weight.abs().amax(1).clamp_min(_TINY) / _LARGEST
        rounded = (weight / self._scale[:, None]).round_().to(torch.int8)
        self._weight = torch.ops.onednn.qlinear_prepack(rounded, None)
        self._zeros = torch.zeros(len(weight), dtype=torch.long)
        bias = linear.bias
        self._bias = torch.zeros_like(self._scale) if bias is None else bias.detach()
        self._levels = input_levels()

    def forward(self, vectors: Tensor) -> Tensor:
        """Return [..., outputs] of [..., inputs], both float32."""
        rows = vectors.reshape(-1, vectors.shape[-1])
        found = rows.new_empty(len(rows), len(self._scale))
        for some, place in zip(rows.split(_ROWS), found.split(_ROWS), strict=True):
            largest = torch.maximum(some.amax(1, keepdim=True), -some.amin(1, keepdim=True))
            scale = largest.clamp_min_(_TINY).div_(self._levels)
            torch.addcmul(self._bias, self._product(some / scale), scale, out=place)
        return found.reshape(*vectors.shape[:-1], len(self._scale))

    def _product(self, rows: Tensor) -> Tensor:
        """Round rows and multiply them with the weight, [rows, outputs]; consumes the rows."""
        zero = self._levels + 1  # the integers of an input have no sign
        integers = rows.add_(zero + 0.5).to(torch.uint8)
        product: Tensor = torch.ops.onednn.qlinear_pointwise(
            integers,
            1.0,
            zero,
            self._weight,
            self._scale,
            self._zeros,
            None,
            1.0,
            0,
            torch.float32,
            "none",
            [],
            "",
        )
        return product


def to_int8(module: nn.Module) -> None:
    """Put an `Int8Linear` in the place of every linear layer below a module."""
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, Int8Linear(child))
        else:
            to_int8(child)
