"""The measure that a joint run logged while it trained (`finetune.affinity_every`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bioner.corpora.catalogue import Corpus
from bioner.errors import ConfigError
from bioner.runs.record import FINETUNE
from bioner.runs.record_file import read_record
from bioner.transferability.registry import Family, NotDefinedError, measure


@dataclass(frozen=True)
class JointTask:
    """A dataset as a task of a joint run.

    Attributes:
        name: of the dataset.
        onto: its affinity to each task of the run, itself included; empty where it is no task.
    """

    name: str
    onto: Mapping[str, float]


@measure(
    Family.joint,
    "how far an update on the source alone lowers the target's loss, in a joint run",
    pairs_labels=True,
)
def lookahead_affinity(source: JointTask, target: JointTask) -> float:
    """Return the mean of 1 - L_target(after an update on the source) / L_target(before).

    Fifty et al. 2021, "Efficiently Identifying Task Groupings for Multi-Task Learning" (arXiv
    2109.04617), section 3; see `bioner.train.lookahead`. At most 1, larger is closer, below 0 where
    the source harms; not symmetric. Costs the training of one joint run for all its pairs, and
    nothing after it.
    """
    for task in (source, target):
        if not task.onto:
            raise NotDefinedError(f"{task.name} is no task of the joint run")
    return source.onto[target.name]


def read_joint(run: Path, corpora: Mapping[str, Corpus]) -> dict[str, JointTask]:
    """Return every dataset as a task of a joint run.

    Args:
        run: the directory of the run.
        corpora: the datasets that are measured.

    Raises:
        UserError: no complete run, one that logged no affinity, or one of other files.
    """
    record = read_record(run)
    if record.status != "complete":
        raise ConfigError("joint", f"the run {run} is {record.status}", "a complete run")
    stage = record.stage(FINETUNE)
    affinity = None if stage is None else stage.affinity
    if affinity is None or not affinity.looks:
        raise ConfigError(
            "joint",
            f"the run {run} logged no affinity",
            "bioner train finetune=mtl finetune.affinity_every=50 …",
        )
    onto = affinity.onto
    for name in sorted(corpora.keys() & onto.keys()):
        ours = {split: one.sha256 for split, one in corpora[name].splits.items()}
        if ours != record.datasets[name].sha256:
            raise ConfigError("joint", f"the run {run} was trained on other files of {name}")
    return {name: JointTask(name, onto.get(name, {})) for name in corpora}
