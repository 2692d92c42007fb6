"""How cost grows with sentences, tasks, encoder and grid, each measured, fitted and drawn.

python experiments/speed/scaling.py                 # about 10 minutes of one core

All on one thread, in processor time, so that it may share the machine. `--output` gets
`scaling.csv` (every point) and `scaling.svg`.
"""

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from matplotlib.figure import Figure
from multitask import EIGHT, config_of, prepare, rate, run

from bioner.config.train import TrainConfig
from bioner.machine.precision import keep_memory
from bioner.model.encoder_loading import load_encoder
from bioner.model.pretrained import Pretrained

TARGET = "ncbi_disease"
SENTENCES = (100, 400, 1600)
TASKS = (1, 2, 4, 8)
SHAPES = ((6, 192), (6, 384), (12, 384), (6, 768), (12, 768))  # layers, hidden; the last is BERT's
JOBS = (10, 40, 160)
UPDATES = 8  # of each task, the two that warm up among them
FLOAT32 = "trainer.precision=32-true"


@dataclass(frozen=True)
class Point:
    """One measurement.

    Attributes:
        what: grows.
        size: of it.
        seconds: of the processor.
        per: what they are for.
    """

    what: str
    size: float
    seconds: float
    per: str


def bioner(*words: str) -> float:
    """Run a command; return the seconds that it and its children took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "bioner", *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def sentences(folder: Path) -> Iterator[Point]:
    """Whole runs of one epoch on more and more sentences; devel and test don't grow."""
    for size in SENTENCES:
        seconds = bioner(
            "train",
            f"finetune.targets=[{TARGET}]",
            f"finetune.train_size={size}",
            "logger=none",
            "finetune.epochs=1",
            "finetune.devel_size=50",
            FLOAT32,
            f"runs_dir={folder}",
        )
        yield Point("sentences", size, seconds, "run of one epoch")


def pace(config: TrainConfig) -> float:
    """Return the seconds for 1,000 words of training."""
    found, window = prepare(config)
    return 1000 / rate([run(found, config, window, UPDATES * len(found))])


def tasks(folder: Path) -> Iterator[Point]:
    """Updates of more and more tasks, as many of each."""
    for size in TASKS:
        config = config_of(EIGHT[:size], folder, FLOAT32)
        yield Point("tasks", size, pace(config), "1,000 words")


def encoders(folder: Path) -> Iterator[Point]:
    """Updates of larger and larger encoders of random weights; embeddings are not counted."""
    for layers, hidden in SHAPES:
        shape = {
            "num_hidden_layers": layers,
            "hidden_size": hidden,
            "num_attention_heads": hidden // 32,
            "intermediate_size": 4 * hidden,
        }
        given = [f"encoder.from_scratch.{key}={value}" for key, value in shape.items()]
        config = config_of([TARGET], folder, FLOAT32, "encoder=tiny", *given)
        named = load_encoder(Pretrained(config.encoder)).named_parameters()
        size = sum(p.numel() for name, p in named if "embeddings" not in name)
        yield Point("encoder parameters", size, pace(config), "1,000 words")


def grids(folder: Path) -> Iterator[Point]:
    """The plan of larger and larger grids: what comes before the first job."""
    for size in JOBS:
        seconds = bioner(
            "train",
            "-m",
            f"finetune.targets=[{TARGET}]",
            f"seed=range(1,{size + 1})",
            "dry_run=true",
            f"runs_dir={folder}",
        )
        yield Point("jobs of a grid", size, seconds, "plan")


def line(points: Sequence[Point]) -> tuple[str, Callable[[np.ndarray], np.ndarray]]:
    """Fit seconds = a + b * size."""
    slope, start = np.polyfit([p.size for p in points], [p.seconds for p in points], 1)
    return f"{start:.3g} s + {slope:.3g} s * size", lambda x: start + slope * x


def power(points: Sequence[Point]) -> tuple[str, Callable[[np.ndarray], np.ndarray]]:
    """Fit seconds = a * size^b."""
    exponent, start = np.polyfit(
        np.log([p.size for p in points]), np.log([p.seconds for p in points]), 1
    )
    says = f"{np.exp(start):.3g} s * size^{exponent:.2f}"
    return says, lambda x: np.exp(start) * x**exponent


FITS = {"sentences": line, "tasks": line, "encoder parameters": power, "jobs of a grid": line}


def draw(points: Sequence[Point], file: Path) -> None:
    """Draw the points and the fits, a panel each; print the fits."""
    figure = Figure(figsize=(13, 3.2), layout="constrained")
    for axis, (what, fit) in zip(figure.subplots(1, len(FITS)), FITS.items(), strict=True):
        mine = [point for point in points if point.what == what]
        says, curve = fit(mine)
        sizes = np.array([point.size for point in mine])
        between = np.geomspace(sizes.min(), sizes.max(), 100)
        axis.plot(between, curve(between), color="#0072B2")
        axis.plot(sizes, [point.seconds for point in mine], "o", color="#D55E00")
        if fit is power:
            axis.set(xscale="log", yscale="log")
        else:
            axis.set_ylim(bottom=0)
        axis.set(xlabel=what, ylabel=f"seconds, {mine[0].per}", title=says)
        axis.title.set_fontsize(9)
        print(f"{what}: {mine[0].per} in {says}")
    figure.savefig(file)


def main() -> None:
    """Measure, write and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("runs/speed"))
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    keep_memory()
    points: list[Point] = []
    with tempfile.TemporaryDirectory() as folder:
        for measure in (grids, tasks, encoders, sentences):
            for point in measure(Path(folder)):
                print(
                    f"{point.what} {point.size:.0f}: {point.seconds:.2f} s, {point.per}", flush=True
                )
                points.append(point)
    with (output / "scaling.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(asdict(points[0])))
        writer.writeheader()
        writer.writerows(map(asdict, points))
    draw(points, output / "scaling.svg")


if __name__ == "__main__":
    main()
