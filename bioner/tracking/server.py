"""Where a run of Weights & Biases goes, and whether there is a key for it."""

import logging
from dataclasses import dataclass
from typing import Literal

from bioner.tracking.patience import says

log = logging.getLogger(__name__)

Mode = Literal["online", "offline", "disabled"]
ONLINE: Mode = "online"
OFFLINE: Mode = "offline"
DISABLED: Mode = "disabled"


@dataclass(frozen=True)
class Server:
    """Where runs go and how long is waited for it.

    Attributes:
        project: of W&B.
        entity: the user or team; None takes the key's own.
        offline: None is online where a key is known.
        start_timeout: seconds that a start may wait for the server.
        finish_timeout: seconds that the end may wait for the uploads.
    """

    project: str
    entity: str | None
    offline: bool | None
    start_timeout: float
    finish_timeout: float


def wanted_mode(offline: bool | None) -> Mode:
    """Return `online`, `offline` or `disabled`, as configured and as a key is known or not."""
    import wandb
    from wandb.sdk.lib import wbauth

    settings = wandb.setup().settings
    if settings.mode == DISABLED:
        return DISABLED
    if offline or (offline is None and settings.mode in (OFFLINE, "dryrun")):
        return OFFLINE
    try:
        key = wbauth.authenticate_session(host=settings.base_url, source="bioner", prompt=False)
    except Exception as error:
        log.warning("W&B: the key can't be used (%s): offline", says(error))
        return OFFLINE
    if key is None and offline is False:
        log.warning("W&B: logger.offline=false, but no key is known (`wandb login`): offline")
    return ONLINE if key else OFFLINE
