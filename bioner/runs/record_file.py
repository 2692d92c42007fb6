"""`record.json`: written from a `Record` and read as one, whatever version wrote it."""

from collections.abc import Container
from dataclasses import asdict
from pathlib import Path

from bioner.errors import UserError
from bioner.runs.json_file import plain_json, typed_json, write_json
from bioner.runs.old_records import OLD_SCHEMA, Record4, upgraded
from bioner.runs.record import FINETUNE, SCHEMA, SEMANTICS, Record


def write_record(directory: Path, record: Record) -> None:
    """Write `record.json`, the last file of a run."""
    write_json(directory / "record.json", asdict(record))


def read_record(directory: Path) -> Record:
    """Return the record of a run.

    Raises:
        UserError: no record, a damaged one, or one of a schema that is not known.
    """
    path = directory / "record.json"
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: damaged: {error}") from error
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); no finished run?") from error
    return parse_record(text, str(path))


def parse_record(text: str, path: str) -> Record:
    """Return a record from its JSON.

    Args:
        text: the JSON.
        path: where it is from, for messages.

    Raises:
        UserError: a field is missing or of another type, which is named by its path; or the schema
            is not known.
    """
    plain = plain_json(text, path)
    schema = plain.get("schema") if isinstance(plain, dict) else None
    if schema == OLD_SCHEMA:
        record = upgraded(typed_json(Record4, text, path))
    elif schema == SCHEMA:
        record = typed_json(Record, text, path)
    else:
        legal = f"{OLD_SCHEMA} to {SCHEMA}"
        raise UserError(f"{path}: has schema {schema!r}; this version of bioner reads {legal}")
    if record.status == "complete" and (lacking := _lacking(record)) is not None:
        raise UserError(f"{path}: damaged: it is complete, and {lacking} is missing")
    return record


def _lacking(record: Record) -> str | None:
    """Return the path of what a complete run must have of each target and this one has not."""
    stage = record.stage(FINETUNE)
    if stage is None:
        return f"the stage {FINETUNE}"
    targets = [name for name, use in stage.tasks.items() if use.role == "target"]
    if not targets:
        return f"a target of the stage {FINETUNE}"
    parts: dict[str, Container[str]] = {
        "datasets": record.datasets,
        "scores": record.scores,
        "best": record.best,
    }
    for part, known in parts.items():
        for target in targets:
            if target not in known:
                return f"{part}.{target}"
    return None


def finished(directory: Path) -> Record | None:
    """Return the record of a run that is complete, or None if there is no such run.

    Raises:
        UserError: a damaged record, or one that this version can't compare with its own.
    """
    if not (directory / "record.json").exists():
        return None
    record = read_record(directory)
    if record.status != "complete":
        return None
    if record.semantics != SEMANTICS:
        raise UserError(
            f"{directory / 'record.json'}: has semantics {record.semantics!r}; the same config "
            f"gives other results in this version of bioner, which has {SEMANTICS}"
        )
    return record
