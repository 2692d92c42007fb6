"""The command `bioner VERB [overrides]`: every verb is a Hydra app. No work of its own."""

import logging
import math
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

import bioner
from bioner.config import hydra_private
from bioner.config.command_line import asks_for_tracebacks, read
from bioner.config.config_folders import shipped
from bioner.config.explain import explain
from bioner.config.hydra_setup import SCHEMAS, own_folders, register
from bioner.config.unknown_keys import refuse_unknown_keys
from bioner.errors import DivergedError, Stopped
from bioner.machine.collector import collector_off
from bioner.machine.pipes import READER_LEFT, reader_left
from bioner.machine.signals import END_SIGNALS

USAGE = """\
bioner VERB [overrides]    experiments for biomedical named entity recognition

  train      one run: transfer pretraining if asked for, fine-tuning, test, record; -m: a grid
  evaluate   the heads of a finished run on any datasets
  predict    text in, annotations out
  export     a run's head as a Hugging Face token-classification folder
  report     the records of a study: tables, significance, figures, a page
  measure    the transferability measures of every (source, target) pair, no training
  recommend  for one target, the sources in the order in which they should help, and why
  fit        for one target and a budget, a tagger: single unless another is likely not worse
  stages     list and prune the store of pretraining stages
  datasets   list, fetch, describe, check datasets, or add one: bioner datasets check bc2gm s800

bioner VERB --help           the config groups and values of a verb
bioner VERB --cfg job        the config that a command line makes
bioner VERB --config-dir DIR adds your own datasets (DIR/dataset/NAME.yaml) and other configs
eval "$(bioner train -sc install=bash)"   shell completion
"""


def _train(cfg: DictConfig) -> float:
    from bioner.config.checks import to_train_config

    config, directory = to_train_config(cfg), Path(HydraConfig.get().runtime.output_dir)
    if config.dry_run:
        from bioner.grid.board import show_job

        show_job(config, directory)
        return math.nan
    from bioner.train.run import train

    return train(config, directory)


def _report(cfg: DictConfig) -> None:
    from bioner.config.report import to_report_config

    config, typed = to_report_config(cfg), HydraConfig.get().overrides.task
    with collector_off():
        from bioner.report.report import report

    report(config, " ".join(["bioner report", *typed]))


def _datasets(cfg: DictConfig) -> None:
    from bioner.config.datasets import to_datasets_config
    from bioner.datasets.actions import act

    if not act(to_datasets_config(cfg)):
        raise SystemExit(1)


def _measure(cfg: DictConfig) -> None:
    from bioner.config.measure import to_measure_config

    config = to_measure_config(cfg)
    with collector_off():
        from bioner.transferability.measuring import measure_pairs

    measure_pairs(config, Path(HydraConfig.get().runtime.output_dir))


def _recommend(cfg: DictConfig) -> None:
    from bioner.config.recommend import repeated, to_recommend_config

    config, hydra = to_recommend_config(cfg), HydraConfig.get()
    with collector_off():
        from bioner.transferability.advice import advise

    advise(config, repeated(own_folders(hydra), hydra.overrides.task))


def _fit(cfg: DictConfig) -> None:
    from bioner.config.fit import to_fit_config

    hydra = HydraConfig.get()
    config = to_fit_config(cfg, hydra.overrides.task)
    with collector_off():
        from bioner.fit.fit import fit
        from bioner.fit.trials import Trials

    trials = Trials(config, hydra, GlobalHydra.instance().config_loader())
    folders = [f"--config-dir={folder}" for folder in own_folders(hydra)]
    fit(config, trials, shlex.join(["bioner", "fit", *hydra.overrides.task, *folders]))


def _stages(cfg: DictConfig) -> None:
    from bioner.config.stages import to_stages_config
    from bioner.runs.stages_verb import act

    act(to_stages_config(cfg))


def _evaluate(cfg: DictConfig) -> None:
    from bioner.config.evaluate import to_evaluate_config

    config = to_evaluate_config(cfg)
    with collector_off():
        from bioner.predict.evaluate import evaluate

    evaluate(config)


def _predict(cfg: DictConfig) -> None:
    from bioner.config.predict import to_predict_config

    config = to_predict_config(cfg)
    with collector_off():
        from bioner.predict.stream import predict

    if not predict(config):
        raise SystemExit(1)


def _export(cfg: DictConfig) -> None:
    from bioner.config.export import to_export_config

    config = to_export_config(cfg)
    with collector_off():
        from bioner.predict.export import export

    export(config)


VERBS: dict[str, Callable[[DictConfig], Any]] = {
    "train": _train,
    "report": _report,
    "measure": _measure,
    "recommend": _recommend,
    "fit": _fit,
    "stages": _stages,
    "datasets": _datasets,
    "evaluate": _evaluate,
    "predict": _predict,
    "export": _export,
}


def main() -> int:
    """Run one verb and return the exit code.

    It is 0, 1 for a defect of ours or a run that diverged, 2 where the user's input can't be used,
    or that of a signal: of SIGPIPE where the output goes to a reader that has read enough.

    Raises:
        SystemExit: 1, where a job of a grid fails, `datasets check` finds something wrong or
            `predict` a bad document.
    """
    words = sys.argv[1:]
    logging.raiseExceptions = False  # a log that a full disk does not take needs no traceback
    try:
        with END_SIGNALS.heard():
            code = _run(words)
    except Stopped as stopped:
        print(f"bioner: {stopped}", file=sys.stderr)
        code = stopped.code
    except SystemExit as left:
        if not isinstance(left.__context__, BrokenPipeError):
            raise
        code = READER_LEFT  # Rich has met it, in a table, and ends the process with 1
    return READER_LEFT if reader_left() else code


def _run(words: Sequence[str]) -> int:
    own: list[Path] = []
    schema = SCHEMAS["train"]
    try:
        if words in ([], ["-h"], ["--help"]) or "--version" in words:
            print(bioner.__version__ if "--version" in words else USAGE.rstrip())
            return 0
        line = read(words, SCHEMAS)
        own, schema = line.own, SCHEMAS[line.verb]
        # The runs of a search are composed in its own process.
        verbs = [line.verb, "train"] if line.verb == "fit" else [line.verb]
        # Where sources are looked for, any of the catalogue may be one.
        whole = line.verb in ("fit", "recommend") or bool(line.parsed.shell_completion)
        register(own, line.described, verbs, whole)

        def task(cfg: DictConfig) -> Any:
            refuse_unknown_keys(cfg, schema)
            return VERBS[line.verb](cfg)

        failed = hydra_private.run(line.verb, line.parsed, task, shipped("conf"))
    except Exception as error:
        failed = hydra_private.Failure(error, asks_for_tracebacks(words))
    if failed is None:
        return 0
    if reader_left(failed.error):
        return READER_LEFT
    if isinstance(failed.error, DivergedError):
        print(f"bioner: diverged: {failed.error}", file=sys.stderr)
        return 1
    message = explain(failed.error, own, schema)
    if message is None or failed.debug:
        traceback.print_exception(failed.error)
    if message is not None:
        print(f"bioner: error: {message}", file=sys.stderr)
    return 1 if message is None else 2
