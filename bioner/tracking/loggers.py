"""Where metrics go besides the record: Weights & Biases, a CSV file, or nowhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger

from bioner.config.build import build
from bioner.config.parts import trainings_of
from bioner.config.train import TrainConfig
from bioner.machine.processes import is_first
from bioner.runs.baseline import gains
from bioner.runs.record import Record, WandbPlace
from bioner.tracking.artifacts import log_datasets, log_weights, staged_beside
from bioner.tracking.content import save_record, summary, tables
from bioner.tracking.csv_logger import CsvRunLogger
from bioner.tracking.logger import WandbRunLogger
from bioner.tracking.mention_tables import PredictedSplit
from bioner.tracking.names import identify, in_sweep

_WANDB = f"{WandbRunLogger.__module__}.{WandbRunLogger.__name__}"
_CSV = f"{CsvRunLogger.__module__}.{CsvRunLogger.__name__}"


def open_logger(config: TrainConfig, directory: Path) -> Logger | None:
    """Return the logger of a run, started, or None.

    Args:
        config: the run's config.
        directory: the run's directory, in which the logger writes.
    """
    target = config.logger.get("_target_")
    if target is None:
        return None
    going_on = any((directory / "checkpoints").glob("*.ckpt"))
    continues = going_on or not config.rerun
    about: dict[str, Any] = {"name": "csv", "version": ""}
    if target == _WANDB:
        about = {"identity": in_sweep(identify(config, directory.name))}
    elif target == _CSV:
        about = {"stages": list(trainings_of(config)), "continues": continues}
    logger: Logger = build("logger", Logger, config.logger, save_dir=directory, **about)
    if isinstance(logger, WandbRunLogger) and is_first():
        logger.start(continues)
    return logger


def name_stage(logger: Logger | None, stage: str) -> None:
    """Tell the logger whose points come next."""
    if isinstance(logger, WandbRunLogger | CsvRunLogger):
        logger.stage = stage


def close_logger(
    logger: Logger | None,
    record: Record,
    tested: Mapping[str, PredictedSplit],
    config: TrainConfig,
    directory: Path,
) -> WandbPlace | None:
    """Tell the logger what came out, and close it.

    Args:
        logger: what `open_logger` gave.
        record: the run's record, complete but for `wandb`.
        tested: what was predicted for each target's test split.
        config: the run's config.
        directory: the run's directory.

    Returns:
        What the record says of W&B: where the run is there, or None.
    """
    complete = record.status == "complete"
    if isinstance(logger, WandbRunLogger):
        logger.take_over()

        def tell(run: Any, place: WandbPlace) -> None:
            record.wandb = place
            _tell(run, record, tested, config, directory, logger.log_model)

        return logger.session.close(0 if complete else 1, tell)
    if logger is not None:
        if complete:
            found = summary(record, {})
            logger.log_metrics({k: v for k, v in found.items() if k.startswith("test/")})
        logger.finalize("success" if complete else "failed")
    return None


def _tell(
    run: Any,
    record: Record,
    tested: Mapping[str, PredictedSplit],
    config: TrainConfig,
    directory: Path,
    log_model: bool,
) -> None:
    """Write what a run has come to into its W&B run."""
    if record.status == "unfinished":  # it is to go on: there is nothing to tell yet
        return
    save_record(run, record)
    log_datasets(run, record, {name: one.title for name, one in config.dataset.items()})
    if record.status != "complete":
        return
    shown = {name: one.redistributable for name, one in config.dataset.items()}
    with staged_beside(run):
        run.log(tables(record, tested, shown))
    # After the points, whose last values would stand in the summary instead.
    run.summary.update(summary(record, gains(record, directory.parent)))
    if log_model:
        log_weights(run, record, directory / "checkpoints")
