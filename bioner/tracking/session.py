"""One W&B run that outlives its server: online where it can be, offline where not."""

import logging
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bioner.runs.record import WandbPlace
from bioner.tracking.history import STEP, Row, key_of, local_logs
from bioner.tracking.names import Identity
from bioner.tracking.patience import patience, says
from bioner.tracking.server import DISABLED, OFFLINE, ONLINE, Mode, Server, wanted_mode

log = logging.getLogger(__name__)

# Seconds that the client's service may take beyond its time limit for the uploads, and to end.
_GRACE, _SERVICE_END = 30.0, 5.0
# Seconds before each look whether a finished run has arrived, and for one answer.
_LOOKS, _PATIENCE = (0.0, 1.0, 3.0), 10


class Session:
    """A run in W&B, kept alive.

    All that is logged is kept here as well: where the client fails for good, an offline run with
    the same id takes over, with every point. What fails then is said, and training goes on.

    Args:
        identity: who the run is.
        server: where it goes.
        directory: the run's directory; W&B writes `wandb/` in it.
    """

    def __init__(self, identity: Identity, server: Server, directory: Path) -> None:
        self._identity, self._server, self._directory = identity, server, directory
        self._run: Any = None
        self._mode: Mode = DISABLED
        self.rows: list[Row] = []

    def start(self) -> None:
        """Open the run."""
        try:
            self._mode = wanted_mode(self._server.offline)
            if self._mode != DISABLED:
                self._run = self._open(self._mode)
        except Exception as error:
            self._fall_back(error)

    def log(self, row: Row) -> None:
        """Log one point."""
        self.rows.append(row)
        self.do(lambda run: run.log(row))

    def do(self, action: Callable[[Any], None]) -> None:
        """Do something with the run of `wandb`; where that fails, once more offline."""
        if self._run is None:
            return
        try:
            action(self._run)
        except TimeoutError:  # of the finish: the local log is whole
            raise
        except Exception as error:
            self._fall_back(error)
            try:
                if self._run is not None:
                    action(self._run)
            except Exception as again:
                log.warning("W&B: not logged: %s", says(again))

    def close(self, exit_code: int, tell: Callable[[Any, WandbPlace], None]) -> WandbPlace | None:
        """Tell the run all that is known at its end, and finish it.

        Args:
            exit_code: 0 for success.
            tell: writes summary and content, told where the run will be.

        Returns:
            Where the run is; None where nothing was tracked.
        """

        def end(run: Any) -> None:
            tell(run, self._place())
            run.finish(exit_code=exit_code)

        if self._run is None:
            return None
        try:
            with patience(self._server.finish_timeout + _GRACE):
                self.do(end)
        except TimeoutError:
            self._mode = OFFLINE
            _end_service()
            log.warning("W&B: the server did not take all of the run in time; this disk has it")
        if self._run is None:
            return None
        if self._mode == ONLINE and not _arrived(self._run):
            self._mode = OFFLINE
            _end_service()
            log.warning("W&B: the server has not all of the run; this disk has it")
        return self._closed()

    def _closed(self) -> WandbPlace:
        """Put the logs of earlier starts, which this one holds, out of the way of `wandb sync`."""
        place = self._place()
        here = self._directory / place.path
        for old in local_logs(self._directory, self._identity.id):
            if old != here:
                aside = self._directory / "wandb" / "superseded" / old.name
                aside.parent.mkdir(exist_ok=True)
                old.rename(aside)
        if place.mode == OFFLINE:
            log.info("W&B: offline; to upload: wandb sync %s", shlex.quote(str(here)))
        else:
            log.info("W&B: %s", place.url)
        return place

    def _place(self) -> WandbPlace:
        path = Path(self._run.dir).parent
        url = self._run.url if self._mode == ONLINE else None
        return WandbPlace(
            self._mode,
            self._identity.id,
            path.relative_to(self._directory.resolve()).as_posix(),
            url,
        )

    def _open(self, mode: Mode) -> Any:
        import wandb

        run = wandb.init(
            project=self._server.project,
            entity=self._server.entity,
            id=self._identity.id,
            name=self._identity.name,
            group=self._identity.group,
            job_type=self._identity.job_type,
            tags=self._identity.tags,
            config=self._identity.config,
            dir=self._directory.resolve(),
            mode=mode,
            # A run that goes on logs the whole curve again: nothing of an earlier start is lost,
            # whichever of them was online.
            resume=None,
            reinit="create_new",
            settings=wandb.Settings(
                init_timeout=self._server.start_timeout,
                finish_timeout=self._server.finish_timeout,
                finish_timeout_raises=True,
                silent=True,  # what a user should know is said here
            ),
        )
        run.define_metric(STEP, hidden=True)
        run.define_metric("*", step_metric=STEP, step_sync=True)
        for stage, datasets in self._identity.stages.items():
            for task in datasets:
                loss = key_of(stage, f"train/{task}/loss")
                run.define_metric(loss, step_metric=STEP, summary="min")
                for score in ("precision", "recall", "f1"):
                    found = key_of(stage, f"devel/{task}/{score}")
                    run.define_metric(found, step_metric=STEP, summary="max")
        return run

    def _fall_back(self, error: Exception) -> None:
        """Go on offline, under the same id and with every point so far."""
        log.warning("W&B: %s: goes on offline", says(error))
        self._run, self._mode = None, OFFLINE
        _end_service()
        try:
            self._run = self._open(OFFLINE)
            for row in self.rows:
                self._run.log(row)
        except Exception as again:
            self._run = None
            log.warning("W&B: gives up (%s); the record holds every score", says(again))


def _end_service() -> None:
    """End the client's service, and with it all that still waits for the server."""
    import wandb

    try:
        with patience(_SERVICE_END):
            wandb.teardown(exit_code=1)
    except (Exception, SystemExit) as error:  # a service that was killed makes wandb exit
        log.debug("W&B: its service is gone: %s", says(error))


def _arrived(run: Any) -> bool:
    """Ask the server whether it has a finished run: refused uploads are no error to the client."""
    import wandb

    record = Path(run.dir) / "record.json"
    for seconds in _LOOKS:
        time.sleep(seconds)
        try:
            found = wandb.Api(timeout=_PATIENCE).run(f"{run.entity}/{run.project}/{run.id}")
            uploaded = not record.exists() or any(found.files([record.name]))
        except Exception as error:
            log.debug("W&B: %s", says(error))
            return False
        if uploaded and found.state in ("finished", "failed"):
            return True
    return False
