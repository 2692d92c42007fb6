"""The records of a study, read from Weights & Biases instead of from run directories."""

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bioner.errors import UserError
from bioner.runs.record import parse_record

log = logging.getLogger(__name__)

_SECONDS = 30


def read_wandb_study(study: str, project: str, entity: str | None = None) -> dict[str, Any]:
    """Return the records of a study's runs under the addresses of their pages.

    They are what `read_record` gives in the run directories; only `wandb` tells where the run is
    now, also of a run that was offline and has been uploaded since.

    Args:
        study: the W&B group.
        project: of W&B.
        entity: the user or team; None takes the key's own.

    Raises:
        UserError: no key, no answer, no such project, no run of the study that has ended, or a
            record that can't be read.
    """
    where = f"{entity}/{project}" if entity else project
    try:
        found = dict(_records(where, study))
    except UserError:
        raise
    except Exception as error:  # wandb raises many kinds: no answer, refused, no such project
        says = str(error).strip() or type(error).__name__
        raise UserError(f"source=wandb: {where} can't be read: {says}") from error
    if not found:
        raise UserError(f"source=wandb: no ended run in the group {study!r} of {where}")
    return found


def _records(where: str, study: str) -> Iterator[tuple[str, dict[str, Any]]]:
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
        record = parse_record(text, f"{run.url}/files/record.json")
        yield run.url, record | {"wandb": {**record["wandb"], "mode": "online", "url": run.url}}
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
