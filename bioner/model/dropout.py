"""Dropout that is cheap on a CPU, where torch's own takes a tenth of a training step."""

import torch
from torch import Tensor, nn

# Different values of the 16 random bits from which it is decided whether a component stays.
_STEPS = 1 << 16


def mask(like: Tensor, p: float) -> Tensor:
    """Return what a tensor is multiplied with to drop its components.

    Four components are decided by one 64-bit draw of torch's generator, where torch's own dropout
    draws for each. Medians of three alternating `timeit` runs on one thread, `like` [1100, 1536]:
    2.7 ms for `mask(like, 0.1)`, 14.8 ms for `torch.empty_like(like).bernoulli_(0.9).div_(0.9)`.

    Args:
        like: gives shape, dtype and device.
        p: probability of 0, from 0 to 1; on a CPU rounded to a multiple of 2^-16.

    Returns:
        0, or 1 / (1 - p) so that the mean stays; the shape of `like`.
    """
    dropped = round(p * _STEPS)
    if dropped == _STEPS:  # as torch's own does: nothing is left to keep the mean
        return torch.zeros_like(like)
    if like.device.type != "cpu":
        return torch.empty_like(like).bernoulli_(1 - p).div_(1 - p)
    draws = torch.empty(-(-like.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    # Integers from -2^15 to 2^15 - 1; arithmetic on floats is vectorised, comparing is not.
    numbers = draws.view(torch.int16)[: like.numel()].float()
    kept = numbers.sub_(dropped - 1 - _STEPS // 2).clamp_(0, 1)
    return kept.mul_(_STEPS / (_STEPS - dropped)).to(like.dtype).view(like.shape)


class Dropout(nn.Dropout):
    """nn.Dropout with the mask above on a CPU; torch.compile has a fast one of its own."""

    def forward(self, input: Tensor) -> Tensor:
        """Return `input` with components dropped in training, of the same shape."""
        slow = self.training and self.p and input.device.type == "cpu"
        if not slow or torch.compiler.is_compiling():
            return super().forward(input)
        return input * mask(input, self.p)


def replace_dropout(module: nn.Module) -> None:
    """Replace each nn.Dropout inside a module, in place."""
    for name, part in list(module.named_modules()):
        if type(part) is nn.Dropout:
            module.set_submodule(name, Dropout(part.p))
