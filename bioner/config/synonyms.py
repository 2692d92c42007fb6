"""What users of Hugging Face's and Lightning's trainers call the keys of bioner."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from difflib import get_close_matches
from typing import get_type_hints

# How alike two full keys of one group are of which one lacks or has a letter more.
_ONE_LETTER = 0.93

SYNONYMS: dict[str, tuple[str, ...]] = {
    "targets": ("target", "finetune.targets"),
    "target": ("targets", "finetune.targets"),
    "datasets": ("finetune.targets",),
    "dataset_name": ("finetune.targets",),
    "sources": ("pretrain.sources",),
    "source": ("sources", "pretrain.sources"),
    "auxiliary": ("finetune.auxiliaries",),
    "epochs": ("finetune.epochs",),
    "num_epochs": ("finetune.epochs",),
    "num_train_epochs": ("finetune.epochs",),
    "max_epochs": ("finetune.epochs",),
    "min_epochs": ("finetune.epochs",),
    "steps": ("finetune.steps",),
    "max_steps": ("finetune.steps",),
    "min_steps": ("finetune.steps",),
    "lr": ("optimizer.lr",),
    "learning_rate": ("optimizer.lr",),
    "warmup_ratio": ("optimizer.warmup",),
    "warmup_steps": ("optimizer.warmup",),
    "lr_scheduler_type": ("optimizer.decay",),
    "max_grad_norm": ("optimizer.clip",),
    "gradient_clip_val": ("optimizer.clip",),
    "batch_size": ("batch.sentences",),
    "train_batch_size": ("batch.sentences",),
    "per_device_train_batch_size": ("batch.sentences",),
    "gradient_accumulation_steps": ("batch.sentences",),
    "accumulate_grad_batches": ("batch.sentences",),
    "max_tokens": ("batch.tokens",),
    "train_size": ("finetune.train_size",),
    "max_train_samples": ("finetune.train_size",),
    "limit_train_batches": ("finetune.train_size",),
    "devel_size": ("finetune.devel_size",),
    "max_eval_samples": ("finetune.devel_size",),
    "limit_val_batches": ("finetune.devel_size",),
    "model": ("encoder.name",),
    "model_name": ("encoder.name",),
    "model_name_or_path": ("encoder.name",),
    "max_length": ("encoder.max_pieces",),
    "max_seq_length": ("encoder.max_pieces",),
    "model_revision": ("encoder.revision",),
    "torch_compile": ("encoder.compile",),
    "output_dir": ("runs_dir",),
    "default_root_dir": ("runs_dir",),
    "data_dir": ("datasets_dir",),
    "report_to": ("logger",),
    "accelerator": ("trainer.accelerator",),
    "devices": ("trainer.devices",),
    "gpus": ("trainer.devices",),
    "strategy": ("mixing.strategy", "trainer.strategy"),
    "precision": ("trainer.precision",),
    "fp16": ("trainer.precision",),
    "bf16": ("trainer.precision",),
    "logging_steps": ("trainer.log_every_n_steps",),
    "overwrite_output_dir": ("rerun",),
    "n_jobs": ("hydra.launcher.n_jobs",),
}
"""The keys that are meant by a name which is not, or not in every verb, the last part of one."""


def meant(key: str, schema: type) -> list[str]:
    """Return the keys that a key which does not exist may mean.

    Args:
        key: as it was typed.
        schema: of the verb.
    """
    group, _, last = key.rpartition(".")
    keys = list(_keys(schema, ""))
    of_group = [one for one in keys if group and one.rpartition(".")[0] == group]
    if get_close_matches(key, of_group, 1, _ONE_LETTER):
        return []  # its own group has the nearest one
    # What stands in a group without a schema of its own, as `trainer`, is taken on trust.
    roots = {name.partition(".")[0] for name in keys} | {"hydra"}
    known = [one for one in SYNONYMS.get(last, ()) if one.partition(".")[0] in roots]
    known = [one for one in known if one in keys and "." not in one] or known
    found = known or [one for one in keys if one.endswith(f".{last}")]
    return [one for one in found if one != key]


def _keys(schema: type, prefix: str) -> Iterator[str]:
    for name, kind in get_type_hints(schema).items():
        if isinstance(kind, type) and is_dataclass(kind):
            yield from _keys(kind, f"{prefix}{name}.")
        else:
            yield prefix + name
