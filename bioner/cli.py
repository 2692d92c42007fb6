"""The command `bioner VERB [overrides]`: every verb is a Hydra app. No work of its own."""

import math
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

import bioner
from bioner.config.explain import explain
from bioner.config.hydra_setup import head_of_export, plain_words, register, shipped
from bioner.errors import Stopped
from bioner.machine.collector import collector_off

USAGE = """\
bioner VERB [overrides]    experiments for biomedical named entity recognition

  train      one run: transfer pretraining if asked for, fine-tuning, test, record; -m: a grid
  evaluate   the heads of a finished run on any datasets
  predict    text in, annotations out
  export     a run's head as a Hugging Face token-classification folder
  report     the records of a study: tables, significance, figures, a page
  measure    the transferability measures of every (source, target) pair, no training
  recommend  for one target, the sources in the order in which they should help, and why
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
    with collector_off():
        from bioner.train.run import train

    # Lightning starts the further processes of DDP with this command line.
    sys.argv.insert(1, "train")
    return train(config, directory)


def _report(cfg: DictConfig) -> None:
    with collector_off():
        from bioner.config.report import to_report_config
        from bioner.report.report import report

    typed = HydraConfig.get().overrides.task
    report(to_report_config(cfg), " ".join(["bioner report", *typed]))


def _datasets(cfg: DictConfig) -> None:
    from bioner.config.datasets import to_datasets_config
    from bioner.datasets.actions import act

    try:
        right = act(to_datasets_config(cfg))
        sys.stdout.flush()
    except BrokenPipeError:  # `bioner datasets | head` reads no more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if not right:
        raise SystemExit(1)


def _measure(cfg: DictConfig) -> None:
    with collector_off():
        from bioner.config.measure import to_measure_config
        from bioner.transferability.measuring import measure_pairs

    measure_pairs(to_measure_config(cfg), Path(HydraConfig.get().runtime.output_dir))


def _recommend(cfg: DictConfig) -> None:
    from bioner.config.recommend import to_recommend_config
    from bioner.transferability.advice import advise

    hydra_config = HydraConfig.get()
    repeated = (
        "encoder",
        "dataset",
        "+dataset",
        "datasets_",
        "runs_dir",
        "cache_dir",
        "seed=",
        "subset_",
    )
    sources = hydra_config.runtime.config_sources
    options = [f"--config-dir {one.path}" for one in sources if one.provider == "command-line"]
    given = [text for text in hydra_config.overrides.task if text.startswith(repeated)]
    advise(to_recommend_config(cfg), [*options, *given])


def _stages(cfg: DictConfig) -> None:
    from bioner.config.stages import to_stages_config
    from bioner.runs.stages_verb import act

    act(to_stages_config(cfg))


def _evaluate(cfg: DictConfig) -> None:
    with collector_off():
        from bioner.predict.evaluate import evaluate
    from bioner.config.evaluate import to_evaluate_config

    evaluate(to_evaluate_config(cfg))


def _predict(cfg: DictConfig) -> None:
    from bioner.config.predict import to_predict_config

    with collector_off():
        from bioner.predict.stream import predict

    if not predict(to_predict_config(cfg)):
        raise SystemExit(1)


def _export(cfg: DictConfig) -> None:
    from bioner.config.export import to_export_config
    from bioner.predict.export import export

    export(to_export_config(cfg))


VERBS: dict[str, Callable[[DictConfig], Any]] = {
    "train": _train,
    "report": _report,
    "measure": _measure,
    "recommend": _recommend,
    "stages": _stages,
    "datasets": _datasets,
    "evaluate": _evaluate,
    "predict": _predict,
    "export": _export,
}


def _held_back(
    verb: Callable[[DictConfig], Any], errors: list[Exception]
) -> Callable[[DictConfig], Any]:
    """Wrap a verb so that an error is noted: Hydra would print a line of its own before ours."""

    def task(cfg: DictConfig) -> Any:
        try:
            return verb(cfg)
        except Exception as error:
            if HydraConfig.get().mode == RunMode.MULTIRUN:  # to Hydra's own launcher a job failed
                raise
            errors.append(error)

    return task


def main() -> int:
    """Run one verb and return the exit code: 0, or 2 when the user's input can't be used.

    One that Ctrl-C or another signal has ended gives 128 and the signal's number, as in a shell.

    Raises:
        SystemExit: 1, where `datasets check` finds something wrong or `predict` a bad document.
    """
    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb in ("-h", "--help"):
        print(USAGE, end="")
        return 0
    if verb == "--version":
        print(bioner.__version__)
        return 0
    if "-sc" in sys.argv:
        verb = _completed_verb()
    elif verb in VERBS:
        del sys.argv[1]
        if verb in ("datasets", "stages"):
            sys.argv[1:] = plain_words(sys.argv[1:])
        if verb == "export":
            sys.argv[1:] = head_of_export(sys.argv[1:])
    else:
        print(f"bioner: no verb {verb!r}\n\n{USAGE}", end="", file=sys.stderr)
        return 2
    # Hydra would print its errors itself and exit with 1.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    errors: list[Exception] = []
    try:
        register()
        hydra.main(version_base="1.3", config_path=str(shipped("conf")), config_name=verb)(
            _held_back(VERBS[verb], errors)
        )()
        if errors:
            raise errors[0]
    except KeyboardInterrupt:
        print("bioner: interrupted", file=sys.stderr)
        return 130
    except Stopped as stopped:
        print(f"bioner: {stopped}", file=sys.stderr)
        return stopped.code
    except Exception as error:
        message = explain(error)
        if message is None or {"debug=true", "hydra.verbose=true"} & set(sys.argv):
            traceback.print_exc()
        if message is not None:
            print(f"bioner: error: {message}", file=sys.stderr)
        return 1 if message is None else 2
    return 0


def _completed_verb() -> str:
    """Take the verb out of the line that the shell wants completed, where Hydra knows of none."""
    if sys.argv[1] in VERBS:
        return sys.argv.pop(1)
    line = os.environ.get("COMP_LINE", "")
    program, _, rest = line.partition(" ")
    verb, blank, rest = rest.lstrip().partition(" ")
    if verb in VERBS and blank:
        os.environ["COMP_LINE"] = f"{program} {rest}"
        return verb
    return "train"
