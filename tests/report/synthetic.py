"""Studies of a known structure, written as training writes them: records and predictions."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bioner.config.identity import what_counts
from bioner.model.metric import scores
from bioner.report.prediction_arrays import Predictions, matches, read_predictions
from bioner.runs.environment import Environment
from bioner.runs.record import (
    FINETUNE,
    PRETRAIN,
    SEMANTICS,
    DatasetUse,
    Failure,
    Record,
    Status,
    Timing,
    begin,
)
from bioner.runs.record_file import write_record
from bioner.runs.scores import EntityScores, Scores, TargetScores, split_scores
from bioner.runs.stage_record import Best, Look, Mixing, Source, StageRecord, StageTiming, TaskUse
from tests.composition import train_config

TYPES = ("Disease", "Chemical")
WORDS = 12


@dataclass(frozen=True)
class Made:
    """One run: what it is, and the chance that it finds a mention.

    Attributes:
        skill: the probability that a gold mention is predicted as it is.
        bare: whether the test split has no mention.
        collapsed: whether the run never found a devel mention.
        encoder: SHA-256 of the encoder's files, or None as in older records.
        fold: of three, that is the target's test split; 0: it is not in folds.
        checkpoint: SHA-256 of the weights of `pretrain.checkpoint`, if it started from some.
        change: full keys of the config and the values they have instead.
    """

    target: str = "demo_disease"
    regime: str = "single"
    sources: Sequence[str] = ()
    auxiliaries: Sequence[str] = ()
    seed: int = 1
    size: int | float | None = None
    skill: float = 0.7
    bare: bool = False
    collapsed: bool = False
    status: Status = "complete"
    semantics: int = SEMANTICS
    precision: str = "32-true"
    sha: str = "a"
    fold: int = 0
    encoder: str | None = "e"
    checkpoint: str | None = None
    change: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name the run's directory."""
        helpers = "+".join([*self.sources, *self.auxiliaries])
        change = "".join(f"-{key}-{value}" for key, value in self.change.items())
        ident = f"{self.regime}-{self.target}-{helpers}-{self.size}-s{self.seed}{change}"
        ident += f"-fold{self.fold}" if self.fold else ""
        files = f"{self.sha}{self.encoder}{self.checkpoint or ''}"
        return f"{ident}-{self.semantics}{files}{self.precision}".replace("/", "_")


@cache
def base_config() -> dict[str, Any]:
    """Return the part of a true config that counts."""
    return what_counts(train_config("finetune.targets=[demo_disease]", "encoder=tiny"))


def write_study(folder: Path, runs: Sequence[Made], sentences: int = 60) -> Path:
    """Write the run directories of a study and return its folder."""
    for made in runs:
        write_run(folder, made, sentences)
    return folder


def write_run(folder: Path, made: Made, sentences: int = 60) -> Path:
    """Write one run directory."""
    place = folder / made.name
    (place / "predictions").mkdir(parents=True)
    (place / ".hydra").mkdir()
    (place / ".hydra" / "overrides.yaml").write_text(
        f"- finetune.targets=[{made.target}]\n- seed={made.seed}\n"
    )
    (place / ".hydra" / "hydra.yaml").write_text(
        "hydra:\n  runtime:\n    config_sources:\n    - path: /my conf\n      schema: file\n"
        "      provider: command-line\n"
    )
    record = begin(
        made.name,
        folder.name,
        made.regime,
        made.seed,
        made.precision,
        _config(made),
        Environment(git_commit="0123456789abcdef"),
    )
    record.status, record.semantics = made.status, made.semantics
    record.encoder_sha256 = made.encoder
    if made.checkpoint is not None:
        source = Source("runs/a", made.checkpoint)
        record.stages.append(StageRecord(PRETRAIN, "", True, {}, None, {}, None, source=source))
    record.collapsed = made.collapsed
    if made.status != "complete":
        record.error = Failure("ValueError", "out of luck")
    else:
        file = place / "predictions" / f"{made.target}.test.tsv"
        write_predictions(file, made, sentences)
        _fill(record, made, file, sentences)
    write_record(place, record)
    return place


def _config(made: Made) -> dict[str, Any]:
    config = copy.deepcopy(base_config())
    config["seed"] = made.seed
    config["finetune"] |= {
        "targets": [made.target],
        "auxiliaries": list(made.auxiliaries),
        "train_size": made.size,
        "kind": "mtl" if "mtl" in made.regime else "single",
    }
    config["pretrain"] |= {
        "sources": list(made.sources),
        "kind": "sources" if made.sources else "none",
    }
    for key, value in made.change.items():
        *path, last = key.split(".")
        node = config
        for part in path:
            node = node[part]
        node[last] = value
    finetune = config["finetune"]
    names = (*finetune["targets"], *finetune["auxiliaries"], *config["pretrain"]["sources"])
    (dataset,) = base_config()["dataset"].values()
    config["dataset"] = dict.fromkeys(names, dataset)
    if made.fold:
        config["fold"] = made.fold
        config["dataset"][made.target] = dataset | {"folds": 3, "fold": made.fold}
    return config


def gold_of(target: str, sentences: int) -> list[list[tuple[int, int, str]]]:
    """Return the gold mentions of every sentence: start, end, type."""
    rng = np.random.default_rng(sum(map(ord, target)))
    found = []
    for _ in range(sentences):
        starts = [1, 6] if rng.random() < 0.5 else [int(rng.integers(0, 8))]
        kinds = rng.integers(0, len(TYPES), len(starts))
        lengths = rng.integers(1, 5, len(starts))
        found.append(
            [(s, s + int(n), TYPES[k]) for s, k, n in zip(starts, kinds, lengths, strict=True)]
        )
    return found


def tagged(mentions: Sequence[tuple[int, int, str]]) -> list[str]:
    """Return the tags of one sentence."""
    tags = ["O"] * WORDS
    for start, end, kind in mentions:
        tags[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
    return tags


def write_predictions(file: Path, made: Made, sentences: int) -> None:
    """Write predictions that find each mention with the run's skill, and else get it wrong.

    The luck of a mention is the target's and the seed's alone, so that a run of more skill finds
    all that a run of less finds.
    """
    rng = np.random.default_rng([sum(map(ord, made.target)), made.seed])
    lines = []
    text = f"{made.target}{made.fold or ''}"  # each fold has another
    for number, gold in enumerate(gold_of(text, sentences)):
        gold = [] if made.bare else gold
        guess = [m for m in (_guessed(m, made.skill, rng) for m in gold) if m]
        words = [f"w{number % 7}.{k}" for k in range(WORDS)]
        rows = zip(words, tagged(gold), tagged(guess), strict=True)
        lines += ["\t".join(row) for row in rows] + [""]
    file.write_text("\n".join(lines) + "\n")


def _guessed(
    mention: tuple[int, int, str], skill: float, rng: np.random.Generator
) -> tuple[int, int, str] | None:
    start, end, kind = mention
    luck, way = rng.random(), rng.integers(3)
    if luck < skill:
        return mention
    other = TYPES[1 - TYPES.index(kind)]
    return (None, (start, end, other), (start, end + 1, kind))[way]


def _fill(record: Record, made: Made, file: Path, sentences: int) -> None:
    found = read_predictions(file)
    _, _, typed = matches(found.gold, found.guess)
    counts = (len(found.guess.start), len(found.gold.start), int(typed.sum()))
    parts = {"seen": scores(2, 2, 1), "unseen": scores(3, 3, 1)}
    test = split_scores(EntityScores(**vars(scores(*counts)), by_type=_by_type(found)), **parts)
    tasks = {}
    for name in (made.target, *made.auxiliaries, *made.sources):
        role = "target" if name == made.target else "auxiliary"
        sizes = {"train": 1000, "devel": 10, "test": sentences}
        size = made.size if made.size is not None else 1.0
        used = round(size * 1000) if isinstance(size, float) else size
        record.datasets[name] = DatasetUse(
            sha256={split: f"{made.sha}{split}" for split in sizes},
            sentences=sizes,
            mentions=sizes,
            devel_share=None,
            repaired_tags={},
            lost_words={},
            oversized_words={},
            cut_mentions={},
            dropped_mentions={},
            joined_mentions={},
        )
        tasks[name] = TaskUse(role, used, 10, 0, 0)
    targets = record.config["finetune"]["targets"]
    record.scores = {name: TargetScores(test, test) for name in targets}
    found_at = 0.0 if made.collapsed else test.f1
    record.best = {name: Best(1, 1, found_at) for name in targets}
    record.timing = Timing(10.0, 0.0, 1e4, [1], 12.0, 500_000_000)
    if made.sources:
        key = f"stage-{'+'.join(made.sources)}-{made.seed}"
        reused, timing = made.target != "demo_disease", StageTiming(20.0, 1e4)
        sources = {name: TaskUse("source", 1000, 10, 0, 0) for name in made.sources}
        record.stages.append(
            StageRecord(PRETRAIN, key, reused, sources, _mixing(sources), {}, timing)
        )
    tuned = {name: use for name, use in tasks.items() if name not in made.sources}
    timing, looks = StageTiming(10.0, 1e4), [Look(5, dict.fromkeys(targets, 0.0))]
    looks.append(Look(10, dict.fromkeys(targets, found_at)))
    record.stages.append(
        StageRecord(FINETUNE, "", False, tuned, _mixing(tuned), record.best, timing, looks=looks)
    )


def _by_type(found: Predictions) -> dict[str, Scores]:
    right, _, typed = found.matched
    sides = [found.guess.type, found.gold.type, found.gold.type[right[typed]]]
    counts = [np.bincount(side, minlength=len(found.types)).tolist() for side in sides]
    return {
        name: scores(*n) for name, n in zip(found.types, zip(*counts, strict=True), strict=True)
    }


def _mixing(tasks: Mapping[str, TaskUse]) -> Mixing:
    sizes = {name: use.train_sentences for name, use in tasks.items()}
    return Mixing("uniform", sizes, sizes, dict.fromkeys(tasks, 1 / len(tasks)))
