"""The records of a study, read from Weights & Biases instead of from run directories."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bioner.errors import UserError
from bioner.runs.record import Record, WandbPlace
from bioner.runs.record_file import parse_record

log = logging.getLogger(__name__)

_SECONDS = 30


def read_wandb_study(
    study: str, project: str, entity: str | None = None
) -> tuple[dict[str, Record], dict[str, str]]:
    """Return the records of a study's runs under the addresses of their pages.

    They are what `read_record` gives in the run directories; only `wandb` tells where the run is
    now, also of a run that was offline and has been uploaded since.

    Args:
        study: the W&B group.
        project: of W&B.
        entity: the user or team; None takes the key's own.

    Returns:
        The records, and under the address of each run whose record can't be read, why.

    Raises:
        UserError: no key, no answer, no such project, or no run of the study that has ended.
    """
    where = f"{entity}/{project}" if entity else project
    try:
        found = list(_texts(where, study))
    except UserError:
        raise
    except Exception as error:  # wandb raises many kinds: no answer, refused, no such project
        says = str(error).strip() or type(error).__name__
        raise UserError(f"source=wandb: {where} can't be read: {says}") from error
    if not found:
        raise UserError(f"source=wandb: no ended run in the group {study!r} of {where}")
    records: dict[str, Record] = {}
    damaged: dict[str, str] = {}
    for url, text in found:
        try:
            records[url] = _moved(parse_record(text, f"{url}/files/record.json"), url)
        except UserError as error:
            damaged[url] = str(error)
    return records, damaged


def _moved(record: Record, url: str) -> Record:
    place = record.wandb or WandbPlace("online", "", "", url)
    return replace(record, wandb=replace(place, mode="online", url=url))


def _texts(where: str, study: str) -> Iterator[tuple[str, str]]:
    """Yield the page of each run that has ended, and the text of its record."""
    import wandb
    from wandb.sdk.lib import wbauth

    host = wandb.setup().settings.base_url
    # wandb.Api would ask for a key on the terminal.
    if wbauth.authenticate_session(host=host, source="bioner", prompt=False) is None:
        raise UserError("source=wandb: no key is known; `wandb login`, or set WANDB_API_KEY")
    without = []
    for run in wandb.Api(timeout=_SECONDS).runs(where, filters={"group": study}):
        text = _file(run, "record.json")
        if text is None:
            without.append(run.name)
            continue
        yield run.url, text
    if without:
        log.warning(
            "source=wandb: %d runs of %s have no record, as they have not ended: %s",
            len(without),
            study,
            ", ".join(without),
        )


def _file(run: Any, name: str) -> str | None:
    """Return the text of a run's file, or None where it has none."""
    for file in run.files([name]):
        with TemporaryDirectory() as folder:
            file.download(root=folder, replace=True).close()
            return (Path(folder) / name).read_text(encoding="utf-8")
    return None
