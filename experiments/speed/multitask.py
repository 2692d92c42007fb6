"""Does multi-task training cost anything? Words/s of MTL against the single runs of its tasks.

python experiments/speed/multitask.py                       # eight corpora
python experiments/speed/multitask.py ncbi_disease linnaeus --updates 30

One process trains the tasks together and each alone, in turns, on one thread, and counts processor
time, so that it may share the machine. The mixture is the same on all sides: so many updates of
each task. A run alone trains the embedding rows of its own corpus; the third side is each task
alone in the network of all, whose rows are those of all corpora.
"""

import argparse
import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["OMP_NUM_THREADS"] = "1"

import pytorch_lightning as pl
import torch
from hydra import compose, initialize_config_dir

from bioner.batches.batch import Batch
from bioner.batches.datamodule import MultiTaskData
from bioner.config.checks import to_train_config
from bioner.config.config_folders import shipped
from bioner.config.hydra_setup import register
from bioner.config.train import TrainConfig
from bioner.machine.precision import keep_memory
from bioner.model.pretrained import Pretrained
from bioner.train.assembly import make_module, plan_stage
from bioner.train.stage import Stage
from bioner.train.stage_kinds import asked_stages
from bioner.train.tasks import Task, load_tasks

EIGHT = [
    "ncbi_disease",
    "bc5cdr_disease",
    "bc5cdr_chem",
    "bc2gm",
    "jnlpba",
    "linnaeus",
    "s800",
    "bionlp13cg",
]


class Clock(pl.Callback):
    """Notes the processor time and the words of every update, by task; the first warm up."""

    def __init__(self, warm_up: int) -> None:
        self._warm_up, self._last = warm_up, 0.0
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.words: dict[str, list[int]] = defaultdict(list)

    def on_train_start(self, *_: Any) -> None:
        """Start the clock."""
        self._last = time.process_time()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        module: pl.LightningModule,
        outputs: Any,
        update: tuple[Batch, ...],
        _: int,
    ) -> None:
        """Note an update of one task, the fetching of its batch included."""
        now = time.process_time()
        if trainer.global_step > self._warm_up:
            (batch,) = update
            self.seconds[batch.task].append(now - self._last)
            self.words[batch.task].append(len(batch.tags))
        self._last = now


def config_of(targets: Sequence[str], folder: Path, *more: str) -> TrainConfig:
    """Return the config of a run on these targets, with more overrides."""
    register()
    kind = "single" if len(targets) == 1 else "mtl"
    given = [
        f"finetune={kind}",
        f"finetune.targets=[{','.join(targets)}]",
        "logger=none",
        "mixing=round_robin",
        "leakage=ignore",
        f"runs_dir={folder}",
        *more,
    ]
    with initialize_config_dir(str(shipped("conf").resolve()), version_base="1.3"):
        return to_train_config(compose("train", given))


def prepare(config: TrainConfig) -> tuple[dict[str, Task], Pretrained]:
    """Return the tasks of a config, read and encoded, and its encoder."""
    pretrained = Pretrained(config.encoder)
    stages = asked_stages(config)
    tasks = load_tasks(config, stages, pretrained.tokenizer, pretrained.window.room)
    return tasks[stages[-1].name], pretrained


def run(
    tasks: dict[str, Task],
    config: TrainConfig,
    pretrained: Pretrained,
    steps: int,
    network: dict[str, Task] | None = None,
) -> Clock:
    """Train some updates, in the network of these or of other tasks; return what they took."""
    clock = Clock(2 * len(tasks))
    plan = plan_stage(stage_of(tasks, steps), config, pretrained.window, 1)
    module = make_module(stage_of(network or tasks, steps), config, pretrained, plan.steps)
    train = {name: (task.encoded["train"], task.used) for name, task in tasks.items()}
    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=steps,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        limit_val_batches=0,
        gradient_clip_val=1.0,
        callbacks=[clock],
    )
    trainer.fit(module, MultiTaskData(train, {}, plan, pretrained.window))
    return clock


def stage_of(tasks: dict[str, Task], steps: int) -> Stage:
    """Return a stage of so many updates."""
    names = list(tasks)
    return Stage("finetune", tasks, names, {name: [name] for name in names}, None, steps)


def rate(clocks: Sequence[Clock]) -> float:
    """Return words/s at equal updates of each task, by the median seconds per word of each."""
    seconds, words = 0.0, 0.0
    for clock in clocks:
        for task, of_updates in clock.seconds.items():
            mean = sum(clock.words[task]) / len(clock.words[task])
            paces = [s / w for s, w in zip(of_updates, clock.words[task], strict=True)]
            seconds, words = seconds + mean * median(paces), words + mean
    return words / seconds


def main() -> None:
    """Measure, and print as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=EIGHT)
    parser.add_argument("--updates", type=int, default=5, help="of each task in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sentences", type=int, default=32, help="of an update")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_memory()
    with tempfile.TemporaryDirectory() as place:
        more = [f"batch.sentences={options.sentences}"]
        config = config_of(options.targets, Path(place), *more)
        tasks, pretrained = prepare(config)
        configs = {name: config_of([name], Path(place), *more) for name in tasks}
        steps = options.updates + 2
        rounds = []
        for _ in range(options.rounds):
            together = run(tasks, config, pretrained, steps * len(tasks))
            alone, inside = (
                [
                    run({name: task}, configs[name], pretrained, steps, network)
                    for name, task in tasks.items()
                ]
                for network in (None, tasks)
            )
            rounds.append((rate([together]), rate(alone), rate(inside)))
    print(json.dumps({"mtl": median(one for one, _, _ in rounds)}))
    for side, name in ((1, "alone"), (2, "alone, rows of all")):
        ratios = sorted(one[0] / one[side] for one in rounds)
        print(json.dumps({f"mtl / {name}": [median(ratios), ratios[0], ratios[-1]]}))


if __name__ == "__main__":
    main()
