"""Linear layers that multiply 8-bit integers: for prediction on a CPU, nothing is trained."""

import torch
from torch import Tensor, nn

_LARGEST = 127
# Rows that are rounded, multiplied and scaled together: what stands between stays in the cache.
_ROWS = 256
_TINY = torch.finfo(torch.float32).tiny


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
        scale = weight.abs().amax(1).clamp_min(_TINY) / _LARGEST
        self.weight: Tensor
        self.register_buffer("weight", (weight / scale[:, None]).round_().to(torch.int8).t())
        self.scale: Tensor
        self.register_buffer("scale", scale)
        self.bias: Tensor
        bias = linear.bias
        self.register_buffer("bias", torch.zeros_like(scale) if bias is None else bias.detach())

    def forward(self, vectors: Tensor) -> Tensor:
        """Return [..., outputs] of [..., inputs], both float32."""
        rows = vectors.reshape(-1, vectors.shape[-1])
        found = rows.new_empty(len(rows), len(self.scale))
        for some, place in zip(rows.split(_ROWS), found.split(_ROWS), strict=True):
            largest = torch.maximum(some.amax(1, keepdim=True), -some.amin(1, keepdim=True))
            scale = largest.clamp_min_(_TINY).div_(_LARGEST)
            product = torch._int_mm(some.div(scale).round_().to(torch.int8), self.weight)
            place.copy_(product).mul_(scale).mul_(self.scale).add_(self.bias)
        return found.reshape(*vectors.shape[:-1], len(self.scale))


def to_int8(module: nn.Module) -> None:
    """Put an `Int8Linear` in the place of every linear layer below a module."""
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, Int8Linear(child))
        else:
            to_int8(child)
