"""bioner: `bioner train` as a user types it; then the run's annotator on plain text."""

import sys
from pathlib import Path
from typing import Any

import rounds

if __name__ == "__main__":
    # Before anything heavy: the first round's "ready" is the time to the first step.
    JOB, ROUNDS = rounds.start()


def command(job: rounds.Job) -> list[str]:
    """Return what stands behind `bioner`."""
    return [
        "train",
        *job.datasets,
        f"finetune.targets=[{job.name}]",
        f"encoder.name={job.model}",
        f"finetune.epochs={job.rounds}",
        f"batch.sentences={job.sentences}",
        f"seed={job.seed}",
        f"trainer.precision={'bf16-mixed' if job.precision == 'bf16' else '32-true'}",
        "trainer._target_=paced.Trainer",
        "logger=csv",
        "leakage=ignore",
        "hydra/job_logging=piped",
        f"runs_dir={job.output}/runs",
        "study=speed",
        "rerun=true",
        f"cache_dir={Path(job.output).parent}/cache",
    ]


def predict(job: rounds.Job, line: rounds.Rounds, run: Path) -> None:
    """Annotate the text of the test split, in rounds."""
    from bioner.predict.annotator import Annotator

    texts = [" ".join(words) for words in job.read("test")[0]]
    precision = "bf16-mixed" if job.precision == "bf16" else "32-true"
    annotator = Annotator(run, precision=precision)
    for _ in range(job.rounds):
        line.begin()
        annotator.predict(texts)
        line.end()


def main(job: rounds.Job, line: rounds.Rounds) -> Any:
    """Train, predict, report."""
    import paced

    from bioner import cli

    paced.Paced.line = line
    sys.argv = ["bioner", *command(job)]
    if code := cli.main():
        return code
    import torch

    from bioner.runs.record_file import read_record

    torch.set_num_threads(job.threads)
    (record,) = Path(job.output, "runs", "speed").glob("*/record.json")
    predict(job, line, record.parent)
    f1 = read_record(record.parent).scores[job.name].test.f1
    line.tell("end", f1=f1, versions=rounds.versions("torch", "pytorch-lightning", "transformers"))
    return 0


if __name__ == "__main__":
    sys.exit(main(JOB, ROUNDS))
