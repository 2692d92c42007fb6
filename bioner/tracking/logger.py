"""The Lightning logger of a W&B run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities import rank_zero_only

from bioner.tracking.history import FINETUNE, STEP, before, earlier_rows, key_of
from bioner.tracking.names import Identity
from bioner.tracking.server import Server
from bioner.tracking.session import Session


class WandbRunLogger(Logger):
    """Logs a run to Weights & Biases; whatever becomes of the server, the run goes on.

    Lightning's own logger raises where `wandb` does, and takes no model artifacts offline.

    `stage` is the name of the stage whose points are logged.

    Args:
        save_dir: the run's directory.
        identity: who the run is.
        project: of W&B.
        entity: the user or team; None takes the key's own.
        offline: None is online where a key is known, offline elsewhere.
        log_model: whether the selected weights become artifacts.
        start_timeout: seconds that the start may wait for the server.
        finish_timeout: seconds that the end may wait for the uploads.
    """

    def __init__(
        self,
        save_dir: Path,
        identity: Identity,
        project: str,
        entity: str | None = None,
        offline: bool | None = None,
        log_model: bool = False,
        start_timeout: float = 30.0,
        finish_timeout: float = 120.0,
    ) -> None:
        super().__init__()
        server = Server(project, entity, offline, start_timeout, finish_timeout)
        self.session = Session(identity, server, save_dir)
        self.log_model = log_model
        self._identity, self._save_dir = identity, save_dir
        self._earlier: list[dict[str, float]] = []
        self.stage = FINETUNE

    def start(self, continues: bool) -> None:
        """Open the run.

        Args:
            continues: whether the curve of an earlier start, which did not finish, is taken over.
        """
        if continues:
            self._earlier = earlier_rows(self._save_dir, self._identity.id)
        self.session.start()

    @property
    def name(self) -> str:
        """The name of the run."""
        return self._identity.name

    @property
    def version(self) -> str:
        """The id of the run."""
        return self._identity.id

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log one point of the curve."""
        at = 0 if step is None else step
        self.take_over(before(self._earlier, list(self._identity.stages), self.stage, at))
        points = {key_of(self.stage, key): value for key, value in metrics.items()}
        self.session.log({**points, STEP: at})

    def take_over(self, rows: list[dict[str, float]] | None = None) -> None:
        """Log the points of earlier starts, once; by default all of them."""
        earlier, self._earlier = self._earlier, []
        for row in earlier if rows is None else rows:
            self.session.log(row)

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing: W&B has the whole config from the start."""
