"""Where metrics go besides the record: Weights & Biases, a CSV file, or nowhere."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger, WandbLogger

from bioner.build import build
from bioner.config import TrainConfig
from bioner.identity import encoder_label, regime, what_counts

log = logging.getLogger(__name__)

_WANDB = "pytorch_lightning.loggers.WandbLogger"


@contextmanager
def open_logger(config: TrainConfig, directory: Path) -> Iterator[Logger | None]:
    """Yield the logger of a run, and close it whatever happens.

    Args:
        config: the run's config.
        directory: the run's directory, in which the logger writes.
    """
    target = config.logger.get("_target_")
    if target is None:
        yield None
        return
    about = _about(config, directory.name) if target == _WANDB else {"name": "csv", "version": ""}
    logger = build("logger", config.logger, save_dir=directory, **about)
    try:
        yield logger
    except BaseException:
        _finish(logger, exit_code=1)
        raise
    _finish(logger, exit_code=0)


def _about(config: TrainConfig, run: str) -> dict[str, Any]:
    finetune, label = config.finetune, encoder_label(config.encoder.name)
    tags = [regime(config), label, f"mixing:{config.mixing.strategy}"]
    tags += [f"target:{name}" for name in finetune.targets]
    tags += [f"auxiliary:{name}" for name in finetune.auxiliaries]
    tags += [f"source:{name}" for name in config.pretrain.sources]
    axes = {
        "regime": regime(config),
        "target": "+".join(finetune.targets),
        "auxiliaries": "+".join(finetune.auxiliaries),
        "sources": "+".join(config.pretrain.sources),
        "encoder_label": label,
        "train_size": finetune.train_size,
    }
    return {
        "name": run,
        "id": run.rpartition("-")[2],
        "group": config.study,
        "job_type": regime(config),
        "tags": [tag[:64] for tag in tags],
        "config": {**what_counts(config), **axes},
    }


def summarise(logger: Logger | None, scores: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the scores of the selected step into the summary of the run.

    Args:
        logger: the run's logger, or None.
        scores: as in the record: dataset, split, score.
    """
    if logger is None:
        return
    flat = {
        f"{split}/{name}/{score}": values[score]
        for name, splits in scores.items()
        for split, values in splits.items()
        for score in ("precision", "recall", "f1")
    }
    tested = [splits["test"]["f1"] for splits in scores.values()]
    flat["test/mean_f1"] = sum(tested) / len(tested)
    if isinstance(logger, WandbLogger):
        selected = {f"best_{k}" if k.startswith("devel/") else k: v for k, v in flat.items()}
        logger.experiment.summary.update(selected)
    else:
        logger.log_metrics({key: value for key, value in flat.items() if key.startswith("test/")})


def _finish(logger: Logger, exit_code: int) -> None:
    logger.finalize("success" if exit_code == 0 else "failed")
    if isinstance(logger, WandbLogger):
        import wandb

        wandb.finish(exit_code=exit_code)
