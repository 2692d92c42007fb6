"""Where the time of a training step goes: a run of `bioner train` under torch's profiler.

    python experiments/speed/profiled.py finetune.targets=[ncbi_disease] trainer.precision=32-true

Any override of `bioner train` may follow. Printed are, for the steps 5 to 14 of the first epoch,
the share of each kind of operation in the processor time, and that of what lies between two steps:
the loader, collation and Lightning's loop.
"""

import sys
import time
from collections import Counter
from typing import Any

import pytorch_lightning as pl
from torch.profiler import ProfilerActivity, profile

FIRST, LAST = 5, 14
KINDS = {
    "matrix products": ("addmm", "mm", "bmm", "linear", "mkldnn", "baddbmm"),
    "AdamW": ("fused_adamw",),
    "GELU": ("gelu",),
    "layer norm": ("layer_norm",),
    "softmax": ("softmax",),
    "dropout and other random numbers": ("dropout", "bernoulli", "random"),
    "copies and casts": (
        "copy",
        "cat",
        "clone",
        "stack",
        "index",
        "gather",
        "scatter",
        "fill",
        "zero",
    ),
}


class Profiled(pl.Callback):
    """Profiles some steps and ends the run after them."""

    def __init__(self) -> None:
        self.profiler = profile(activities=[ProfilerActivity.CPU])
        self.begin = self.between = 0.0
        self.left = time.perf_counter()

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Count what lies between two steps."""
        if trainer.global_step + 1 == FIRST:
            self.profiler.__enter__()
            self.begin = time.perf_counter()
        elif trainer.global_step + 1 > FIRST:
            self.between += time.perf_counter() - self.left

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Show the shares after the last step."""
        self.left = time.perf_counter()
        if trainer.global_step == LAST:
            seconds = self.left - self.begin
            self.profiler.__exit__(None, None, None)
            show(self.profiler, seconds, self.between)
            sys.exit(0)


def show(profiler: profile, seconds: float, between: float) -> None:
    """Print the shares."""
    own: Counter[str] = Counter()
    for event in profiler.key_averages():
        own[event.key] += event.self_cpu_time_total
    total = sum(own.values())
    print(f"{LAST - FIRST + 1} steps, {seconds:.2f} s; between steps {between / seconds:.1%}")
    left = dict(own)
    for kind, words in KINDS.items():
        keys = [key for key in left if any(word in key.lower() for word in words)]
        print(f"{sum(left.pop(key) for key in keys) / total:6.1%} {kind}")
    print(f"{sum(left.values()) / total:6.1%} everything else, most of it:")
    for key, value in Counter(left).most_common(8):
        print(f"       {value / total:6.1%} {key}")


class Trainer(pl.Trainer):
    """Lightning's, with one more callback."""

    def __init__(self, **options: Any) -> None:
        options["callbacks"] = [*(options.get("callbacks") or []), Profiled()]
        super().__init__(**options)


if __name__ == "__main__":
    from bioner import cli

    sys.modules["profiled"] = sys.modules["__main__"]
    own = ["trainer._target_=profiled.Trainer", "logger=none", "rerun=true", "study=profiled"]
    sys.argv = ["bioner", "train", *own, *sys.argv[1:]]
    sys.exit(cli.main())
