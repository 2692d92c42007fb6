"""`stage.json`: what the store says of a stage that it keeps, beside its weights."""

from dataclasses import asdict, dataclass
from pathlib import Path

from bioner.runs.json_file import typed_json, write_json
from bioner.runs.stage_record import StageRecord


@dataclass(frozen=True)
class StageFile:
    """A stage in the store.

    Attributes:
        encoder: its name.
        label: what the encoder is called for short.
        seed: of the training.
        record: of the stage, as the run that trained it says it.
    """

    encoder: str
    label: str
    seed: int
    record: StageRecord


def write_stage_file(place: Path, stage: StageFile) -> None:
    """Write `stage.json` into the folder of a stage."""
    write_json(place / "stage.json", asdict(stage))


def read_stage_file(place: Path) -> StageFile:
    """Return what `stage.json` in the folder of a stage says.

    Raises:
        OSError: it can't be read.
        ValueError: it is no text.
        UserError: it is damaged, or of a version of bioner that wrote other fields.
    """
    path = place / "stage.json"
    return typed_json(StageFile, path.read_text(encoding="utf-8"), str(path))
