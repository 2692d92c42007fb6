"""Records as one tidy frame: a row for each target of each run."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from bioner.config.identity import compared_as
from bioner.errors import ConfigError, nearest
from bioner.report.study import Problem, Run
from bioner.runs.record import PRETRAIN, Record

CELL = ["regime", "target", "sources", "partners", "encoder", "mixing", "size", "variant"]
"""The axes: runs that agree in all of them are averaged, over their seeds."""

REGIMES = ("single", "mtl", "transfer", "transfer_mtl")

# Config keys that the axes stand for.
_ON_AXES = (
    "seed",
    "finetune.kind",
    "finetune.targets",
    "finetune.auxiliaries",
    "finetune.train_size",
    "pretrain.kind",
    "pretrain.sources",
    "pretrain.checkpoint",
    "mixing.",
)
_WITHIN_CELL = ("finetune.auxiliaries", "pretrain.sources")
# Keys that came later, and what was so before there were such keys.
_LATER = {"encoder.compile": "null", "encoder.flash_attention": "null"}


def tidy(runs: Iterable[Run], axes: Sequence[str] = ()) -> tuple[pd.DataFrame, list[Problem]]:
    """Return a row for each target of each run, and the runs whose config lacks what a row needs.

    Scores are from 0 to 1 and of the test split; they are missing where a run is not complete.
    `sources` and `partners` are joined by `+`; `settings` holds, as JSON, all that must not differ
    between runs that are compared or averaged; `as_single`, `as_transfer` and `as_mtl` are the
    `variant` that a run of that regime would have.

    Args:
        runs: of a study.
        axes: further config keys that make the `variant`.

    Raises:
        ConfigError: an axis that no run's config has.
    """
    rows: list[dict[str, Any]] = []
    problems = []
    for run in runs:
        try:
            rows += _rows(run, axes)
        except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
            says = f"the config in the record is damaged: {type(error).__name__} {error}"
            problems.append(Problem("unreadable", str(run.place or run.record.run), says))
    keys = {key for row in rows for key in row.pop("keys")}
    for axis in axes:
        if rows and not any(_under(key, axis) for key in keys):
            raise ConfigError("axes", f"no run's config has {axis!r}", nearest(axis, keys))
    return pd.DataFrame(rows, columns=[*_COLUMNS, *_NUMBERS]), problems


_COLUMNS = [
    "run",
    "place",
    "command",
    "status",
    *CELL,
    "seed",
    "as_single",
    "as_transfer",
    "as_mtl",
    "as_mixing",
    "settings",
    "error",
    "commit",
    "reused",
    "stage",
]
_NUMBERS = [
    "semantics",
    "train_sentences",
    "share",
    "f1",
    "precision",
    "recall",
    "support",
    "predicted",
    "correct",
    "devel_f1",
    "seen_f1",
    "seen_support",
    "unseen_f1",
    "unseen_support",
    "test_sentences",
    "train_seconds",
    "pretrain_seconds",
    "wall_seconds",
    "words_per_second",
    "peak_rss_bytes",
]


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows as named tuples; a column's type is what was put in, which no stub knows."""
    yield from frame.itertuples()


Cell = tuple[Any, ...]
"""The values of `CELL`."""


def by_cell(frame: pd.DataFrame, columns: Sequence[str]) -> dict[Cell, list[dict[Any, Any]]]:
    """Return the rows of each cell, with some columns beside the axes, in the frame's order.

    A frame for each of hundreds of cells would cost more than what is computed of it.
    """
    found: dict[Cell, list[dict[Any, Any]]] = {}
    for row in frame[[*dict.fromkeys([*CELL, *columns])]].to_dict("records"):
        found.setdefault(tuple(row[axis] for axis in CELL), []).append(row)
    return found


def _under(key: str, prefix: str) -> bool:
    return key == prefix or key.startswith(prefix.rstrip(".") + ".")


def _rows(run: Run, axes: Sequence[str]) -> list[dict[str, Any]]:
    record, config = run.record, run.record.config
    # `trainer.precision` may be `auto`: what it came to is what counts.
    flat = _LATER | _flat({**config, "precision": record.precision})
    flat.pop("trainer.precision", None)
    common = {
        "run": record.run,
        "place": run.place,
        "command": run.command,
        "status": record.status,
        "regime": record.regime,
        "sources": _sources(config["pretrain"]),
        "encoder": compared_as(config["encoder"]["name"], config["encoder"]["from_scratch"]),
        "mixing": _mixing(config, record.regime),
        "as_mixing": _mixing(config, "transfer"),
        "size": size_label(config["finetune"]["train_size"]),
        "variant": _variant(flat, axes, record.regime),
        "seed": record.seed,
        "semantics": record.semantics,
        "error": record.error.message if record.error else "",
        "commit": record.environment.git_commit or "",
        "keys": list(flat),
        **{f"as_{name}": _variant(flat, axes, name) for name in ("single", "transfer", "mtl")},
        **_costs(record),
    }
    return [
        common
        | {"target": target, "settings": _settings(record, flat, axes, target)}
        | {"partners": _partners(config["finetune"], target)}
        | (_scores(record, target) if record.status == "complete" else {})
        for target in config["finetune"]["targets"]
    ]


def _sources(pretrain: Mapping[str, Any]) -> str:
    return "+".join(sorted(pretrain["sources"])) or (pretrain["checkpoint"] or "")


def _partners(finetune: Mapping[str, Any], target: str) -> str:
    return "+".join(sorted({*finetune["targets"], *finetune["auxiliaries"]} - {target}))


def size_label(size: int | float | None) -> str:
    """Return how tables name a train size: `all`, `10 %` or `100`."""
    if size is None or (isinstance(size, float) and size == 1):
        return "all"
    return f"{100 * size:g} %" if isinstance(size, float) else str(size)


def _mixes(config: Mapping[str, Any], regime: str) -> bool:
    """Say whether a stage of a run of this regime draws from several tasks."""
    several = regime.startswith("transfer") and len(config["pretrain"]["sources"]) > 1
    return several or regime in ("mtl", "transfer_mtl")


def _mixing(config: Mapping[str, Any], regime: str) -> str:
    mixing = config["mixing"]
    if not _mixes(config, regime):
        return ""
    details = {"temperature": mixing["temperature"], "weights": mixing["weights"]}
    detail = details.get(mixing["strategy"])
    return mixing["strategy"] + ("" if detail is None else f" {json.dumps(detail)}")


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return the leaves of a config under their full keys, as JSON."""
    found: dict[str, str] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = json.dumps(value)
    return found


def _matters(key: str, regime: str) -> bool:
    """Say whether a key can change the result of a run of this regime."""
    if key.startswith("pretrain."):
        return regime.startswith("transfer")
    if key.startswith(("finetune.auxiliar", "weighting.")):
        return regime in ("mtl", "transfer_mtl")
    return True


def _variant(flat: Mapping[str, str], axes: Sequence[str], regime: str) -> str:
    return " ".join(
        f"{key}={value}"
        for axis in axes
        for key, value in flat.items()
        if _under(key, axis) and _matters(key, regime)
    )


def _settings(record: Record, flat: Mapping[str, str], axes: Sequence[str], target: str) -> str:
    """Return all that must not differ.

    `study` is the same everywhere, `config` in one place, `cell` in one cell: whether a partner is
    a target too, and in which order sources stand, the axes don't say.
    """
    datasets = {
        f"{name} {split}": digest
        for name, use in record.datasets.items()
        for split, digest in use.sha256.items()
        if split != "test" or name == target
    }
    reading = {key: value for key, value in flat.items() if key.startswith("dataset.")}
    others = {
        key: value
        for key, value in flat.items()
        if key not in reading
        and not any(_under(key, axis) for axis in axes)
        and _matters(key, record.regime)
    }
    study = {"semantics": str(record.semantics)} | datasets | reading
    config = {key: value for key, value in others.items() if not key.startswith(_ON_AXES)}
    cell = {key: others[key] for key in _WITHIN_CELL if key in others}
    if record.encoder_sha256 is not None:
        config["the encoder's files"] = record.encoder_sha256
    pretraining = record.stage(PRETRAIN)
    if pretraining is not None and pretraining.source is not None and pretraining.source.sha256:
        cell["the file of pretrain.checkpoint"] = pretraining.source.sha256
    return json.dumps({"study": study, "config": config, "cell": cell})


def _scores(record: Record, target: str) -> dict[str, Any]:
    scores, sentences = record.scores[target], record.datasets[target].sentences
    test, used = scores.test, record.task(target).train_sentences
    return {
        "f1": test.f1,
        "precision": test.precision,
        "recall": test.recall,
        "support": test.support,
        "predicted": test.predicted,
        "correct": test.correct,
        "devel_f1": scores.devel.f1,
        "seen_f1": test.seen.f1,
        "seen_support": test.seen.support,
        "unseen_f1": test.unseen.f1,
        "unseen_support": test.unseen.support,
        "train_sentences": used,
        "share": used / sentences["train"],
        "test_sentences": sentences["test"],
    }


def _costs(record: Record) -> dict[str, Any]:
    timing, pretraining = record.timing, record.stage(PRETRAIN)
    trained = None if pretraining is None else pretraining.timing
    return {
        "train_seconds": timing.train_seconds,
        "wall_seconds": timing.wall_seconds,
        "words_per_second": timing.words_per_second,
        "peak_rss_bytes": timing.peak_rss_bytes,
        "pretrain_seconds": None if trained is None else trained.train_seconds,
        "reused": None if pretraining is None else pretraining.reused,
        "stage": "" if pretraining is None else pretraining.key,
    }
