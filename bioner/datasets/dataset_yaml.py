"""The text of a dataset's YAML, as `datasets new` writes it."""

import re
from dataclasses import fields
from typing import Any

from omegaconf import OmegaConf

from bioner.config.dataset import DatasetConfig


def yaml_text(one: DatasetConfig, remarks: list[str]) -> str:
    """Return the YAML: what differs from the default; remarks on the data are comments above it."""
    usual = DatasetConfig(path=one.path, devel_share=one.devel_share, test_share=one.test_share)
    given: dict[str, Any] = {
        each.name: getattr(one, each.name)
        for each in fields(one)
        if each.name in ("path", "files") or getattr(one, each.name) != getattr(usual, each.name)
    }
    if one.flatten != usual.flatten:
        given["flatten"] = str(one.flatten)
    if one.offsets:
        given["offsets"] = [str(way) for way in one.offsets]
    given |= {f"{split}_share": share for split, share in one.shares.items()}
    heading = "".join(f"# {remark[0].upper()}{remark[1:]}.\n" for remark in remarks)
    return heading + OmegaConf.to_yaml(OmegaConf.create(_escaped(given)))


def _escaped(value: Any) -> Any:
    """Return a value in which no text asks for another value, as `${x}` would."""
    if isinstance(value, dict):
        return {key: _escaped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_escaped(one) for one in value]
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", value) if isinstance(value, str) else value
