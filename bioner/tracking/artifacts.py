"""What a run was made from and what it made, as W&B artifacts: datasets in, weights out."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bioner.runs.json_file import write_json
from bioner.runs.record import Record


@contextmanager
def staged_beside(run: Any) -> Iterator[None]:
    """Keep what an offline run will upload beside its log, not in the user's home."""
    before = os.environ.get("WANDB_DATA_DIR")
    os.environ["WANDB_DATA_DIR"] = str(_folder(run))
    try:
        yield
    finally:
        if before is None:
            del os.environ["WANDB_DATA_DIR"]
        else:
            os.environ["WANDB_DATA_DIR"] = before


def log_datasets(run: Any, record: Record, titles: Mapping[str, str]) -> None:
    """Log the datasets that a run used, by the digests of their files; never their text.

    Two runs that read the same files share the artifact's version.

    Args:
        run: the run of `wandb`.
        record: the run's record.
        titles: a title for each dataset.
    """
    for name, use in record.datasets.items():
        what = {
            "name": name,
            "title": titles[name],
            "sha256": use.sha256,
            "sentences": use.sentences,
            "mentions": use.mentions,
        }
        file = _folder(run) / f"{name}.json"
        write_json(file, what)
        _hand_over(run, f"dataset-{name}", "dataset", [file], what, used=True)


def log_weights(run: Any, record: Record, checkpoints: Path) -> None:
    """Log the selected weights (safetensors: encoder and heads) of each target.

    Args:
        run: the run of `wandb`.
        record: the run's record.
        checkpoints: the folder that holds them.
    """
    for target, best in record.best.items():
        about = {
            "target": target,
            "regime": record.regime,
            "best": asdict(best),
            "test_f1": record.scores[target].test_f1,
        }
        file = checkpoints / f"{target}.safetensors"
        _hand_over(run, f"weights-{run.id}-{target}", "model", [file], about, used=False)


def _folder(run: Any) -> Path:
    """Return a folder beside the run's log, which stays until the run is uploaded."""
    folder = Path(run.dir).parent / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder


def _hand_over(
    run: Any, name: str, kind: str, files: list[Path], about: dict[str, Any], used: bool
) -> None:
    """Write an artifact into the run's local log, from where it is uploaded.

    `run.log_artifact` and `run.use_artifact` ask the server first: they wait for one that is dead,
    and refuse offline. This is what they do after that, so it pins the version of `wandb`.
    """
    import wandb

    artifact = wandb.Artifact(re.sub(r"[^\w.-]", "_", name)[:128], kind, metadata=about)
    for file in files:
        # Read where it lies, not copied.
        artifact.add_file(str(file.resolve()), name=file.name, policy="immutable")
    artifact.finalize()
    run._interface.publish_artifact(
        run, artifact, ["latest"], [], finalize=True, is_user_created=True, use_after_commit=used
    )
