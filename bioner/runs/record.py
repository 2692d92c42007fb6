"""The record that a run leaves behind, the only thing that reports read."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bioner.config.semantics import SEMANTICS as SEMANTICS
from bioner.errors import UserError

# Raised by hand when the fields change.
SCHEMA = 4

_VERSIONED = (
    "bioner",
    "torch",
    "pytorch-lightning",
    "transformers",
    "tokenizers",
    "hydra-core",
    "omegaconf",
    "torchmetrics",
    "seqeval",
    "wandb",
    "numpy",
)


@dataclass
class DatasetUse:
    """How a run used a dataset; counts are per split.

    `train_sentences` are those trained on, `devel_sentences` those selected by and scored.
    `leaked_sentences` are the train sentences asked for that stand in a target's devel or test
    (None: nobody looked); `dropped_sentences` are those of them that are not in `train_sentences`.
    `devel_share` is the part of the train file that is devel; None where devel is a file.
    Mentions: `cut_mentions` by a sentence or word border (tagged on the words they touch),
    `dropped_mentions` for another one that has their words, `joined_mentions` discontinuous and
    read as one piece.
    """

    role: str
    sha256: dict[str, str]
    sentences: dict[str, int]
    mentions: dict[str, int]
    devel_share: float | None
    train_sentences: int
    devel_sentences: int
    leaked_sentences: int | None
    dropped_sentences: int
    repaired_tags: dict[str, int]
    cut_mentions: dict[str, int]
    dropped_mentions: dict[str, int]
    joined_mentions: dict[str, int]
    lost_words: dict[str, int]
    oversized_words: dict[str, int]


@dataclass
class Record:
    """Everything that is known of a run. Scores are strict, entity-level, from 0 to 1.

    `wandb` says where the run is in Weights & Biases: `mode` (`online`, or `offline` where it has
    to be uploaded), `id`, `path` (of its local log, below the run directory), `url` (or None).
    `affinity` is what `finetune.affinity_every` asked for (see `LookaheadAffinity.result`), or
    None. `encoder_sha256` is over the encoder's files as they were when the run was last started:
    two versions behind one name are told apart by it. Older records lack these two.
    `timing`: the seconds of a run that was killed and went on are of all its starts, but for what
    lay behind its last checkpoint; `earlier_seconds` of them are of training before the last one.
    `cross` is what `bioner evaluate` adds: head, dataset, split, and what it found there.
    """

    run: str
    study: str
    regime: str
    seed: int
    precision: str
    config: dict[str, Any]
    status: str = "complete"
    schema: int = SCHEMA
    semantics: int = SEMANTICS
    datasets: dict[str, DatasetUse] = field(default_factory=dict)
    mixing: dict[str, Any] = field(default_factory=dict)
    pretraining: dict[str, Any] | None = None
    affinity: dict[str, Any] | None = None
    scores: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    best: dict[str, dict[str, Any]] = field(default_factory=dict)
    timing: dict[str, float] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    wandb: dict[str, Any] | None = None
    error: dict[str, str] | None = None
    encoder_sha256: str | None = None
    cross: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)


def environment() -> dict[str, Any]:
    """Return the versions, the platform and the git commit of the code."""
    return {
        "versions": {name: version(name) for name in _VERSIONED},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "git_commit": _commit(),
    }


def _commit() -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file at once: it is whole or not there."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)


def write_record(directory: Path, record: Record) -> None:
    """Write `record.json`, the last file of a run."""
    write_json(directory / "record.json", asdict(record))


def read_record(directory: Path) -> dict[str, Any]:
    """Return the record of a run.

    Raises:
        UserError: no record, a damaged one, or one of another schema.
    """
    path = directory / "record.json"
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: damaged: {error}") from error
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); no finished run?") from error
    return parse_record(text, str(path))


def parse_record(text: str, path: str) -> dict[str, Any]:
    """Return a record from its JSON.

    Args:
        text: the JSON.
        path: where it is from, for messages.

    Raises:
        UserError: it is damaged, or of another schema.
    """
    try:
        record = json.loads(text)
    except ValueError as error:
        raise UserError(f"{path}: damaged: {error}") from error
    found = record.get("schema") if isinstance(record, dict) else None
    if found != SCHEMA:
        raise UserError(f"{path}: has schema {found!r}; this version of bioner reads {SCHEMA}")
    return record


def finished(directory: Path) -> dict[str, Any] | None:
    """Return the record of a run that is complete, or None if there is no such run.

    Raises:
        UserError: a damaged record, or one that this version can't compare with its own.
    """
    if not (directory / "record.json").exists():
        return None
    record = read_record(directory)
    if record["status"] != "complete":
        return None
    if record["semantics"] != SEMANTICS:
        raise UserError(
            f"{directory / 'record.json'}: has semantics {record['semantics']!r}; the same config "
            f"gives other results in this version of bioner, which has {SEMANTICS}"
        )
    return record


def mean_devel(best: Mapping[str, Mapping[str, Any]]) -> float:
    """Return the mean devel F1 of the targets, given a record's `best`."""
    return sum(one["f1"] for one in best.values()) / len(best)
