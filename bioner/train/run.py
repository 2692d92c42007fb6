"""A run: skipped where it is finished, which needs none of what training imports, or done."""

import logging
from pathlib import Path

from bioner.config.train import TrainConfig
from bioner.errors import Stopped
from bioner.machine.collector import collector_off
from bioner.machine.ends_with_parent import end_with_first
from bioner.machine.processes import is_first
from bioner.machine.signals import END_SIGNALS
from bioner.machine.writing import naming
from bioner.runs.course import stopped_course
from bioner.runs.inputs import check_inputs
from bioner.runs.leftovers import drop_checkpoint, remove_leftovers
from bioner.runs.record import mean_devel
from bioner.runs.record_file import finished
from bioner.train.sharing import one_at_a_time

log = logging.getLogger(__name__)


def train(config: TrainConfig, directory: Path) -> float:
    """Train, test and record one run, or skip it where its record says that it is finished.

    Args:
        config: the checked config.
        directory: the run's directory.

    Returns:
        The mean devel F1 of the targets, of a run that stops on the way as far as it came; NaN
        where devel was trained on.

    Raises:
        UserError: what the user gave can't be used.
        Stopped: a signal asked the process to end.
    """
    end_with_first()
    with naming(directory), END_SIGNALS.heard(), one_at_a_time(directory):
        if is_first():
            written = ("checkpoints", "predictions", "csv")
            remove_leftovers(directory, *(directory / name for name in written))
        found = None if config.rerun else finished(directory)
        if found is not None:
            drop_checkpoint(directory)
            check_inputs(config, found)
            log.info("skipped, finished already: %s", directory)
            return mean_devel(found)
        course = None if config.rerun else stopped_course(directory, config.stop_after)
        if course is not None:
            log.info("skipped, stopped after epoch %d already: %s", course.epochs, directory)
            return course.mean(config)
        with collector_off():
            from bioner.train.recorded_run import recorded_run
        try:
            return recorded_run(config, directory)
        except Stopped as stopped:
            if stopped.left:
                raise
            left = "the same command goes on from the last checkpoint"
            raise Stopped(stopped.number, left) from None
