"""What bioner reads of the group `trainer`, whose values are Lightning's own."""

from dataclasses import dataclass, fields
from typing import Any

from bioner.errors import ConfigError

# What Lightning's Trainer takes, but bioner gives it, and what is to be done instead.
_NOT_TO_BE_SET = {
    "set finetune.epochs or finetune.steps": (
        "max_epochs",
        "min_epochs",
        "max_steps",
        "min_steps",
        "max_time",
    ),
    "set optimizer.clip": ("gradient_clip_val", "gradient_clip_algorithm"),
    "set batch.sentences and batch.accumulate": ("accumulate_grad_batches",),
    "set finetune.train_size or finetune.devel_size": (
        "limit_train_batches",
        "limit_val_batches",
        "limit_test_batches",
        "limit_predict_batches",
        "overfit_batches",
        "fast_dev_run",
    ),
    "leave it out: devel is scored after each epoch": (
        "val_check_interval",
        "check_val_every_n_epoch",
        "num_sanity_val_steps",
    ),
    "choose one of the group logger": ("logger",),
    "leave it out": (
        "callbacks",
        "default_root_dir",
        "enable_checkpointing",
        "enable_progress_bar",
        "enable_model_summary",
        "reload_dataloaders_every_n_epochs",
        "use_distributed_sampler",
        "barebones",
    ),
}


@dataclass(frozen=True)
class Hardware:
    """What a run asks of a machine; a key that the group lacks has Lightning's own default.

    Attributes:
        accelerator: auto, cpu, gpu, …
        precision: as Lightning has it, or auto.
        devices: how many, or which; auto: all.
        num_nodes: machines.
    """

    accelerator: str = "auto"
    precision: str = "32-true"
    devices: int | str | list[int] = "auto"
    num_nodes: int = 1

    @property
    def on_gpus(self) -> bool:
        """Whether GPUs are taken where there are any."""
        return self.accelerator != "cpu"


def hardware(trainer: dict[str, Any]) -> Hardware:
    """Return what the group `trainer` asks of a machine."""
    asked = {one.name: trainer[one.name] for one in fields(Hardware) if one.name in trainer}
    if "precision" in asked:
        asked["precision"] = str(asked["precision"])  # Lightning takes 32 for 32-true
    return Hardware(**asked)


def that_train(trainer: dict[str, Any]) -> dict[str, Any]:
    """Return the trainer's values without the one that only says how often it logs."""
    return {key: one for key, one in trainer.items() if key != "log_every_n_steps"}


def check_trainer(trainer: dict[str, Any]) -> None:
    """Check that the group names a class and sets nothing that bioner gives it.

    Raises:
        ConfigError: with the key.
    """
    if not isinstance(trainer.get("_target_"), str):
        raise ConfigError("trainer._target_", "is not given", "the dotted path of a class")
    for instead, keys in _NOT_TO_BE_SET.items():
        for key in keys:
            if key in trainer:
                raise ConfigError(f"trainer.{key}", "is bioner's own to set", instead)
