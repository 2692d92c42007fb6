"""The config of a run that an earlier version stored, as this one reads it."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from bioner.config.train import HeadConfig


def as_of_today(config: Any) -> Any:
    """Return the loaded config of a run with every value under the key that it has today.

    What a head's class takes stood beside `head._target_` once; it stands under `head.options`.
    """
    if not (isinstance(config, Mapping) and isinstance(config.get("head"), Mapping)):
        return config  # not the config of a run: the schema says what is wrong with it
    head, own = dict(config["head"]), {one.name for one in fields(HeadConfig)}
    moved = {key: head.pop(key) for key in [*head] if key not in own}
    if moved:
        head["options"] = {**head.get("options", {}), **moved}
    return {**config, "head": head}
