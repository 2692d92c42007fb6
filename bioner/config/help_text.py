"""What `bioner VERB --help` lists: groups with their choices, values with their meaning."""

import json
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from bioner.config.config_folders import experiments, shipped
from bioner.config.meaning import keys_of

# Characters of a key with its value, after which the meaning stands on a line of its own.
_KEY = 38


def help_text(config: DictConfig, schema: type, own: Sequence[Path]) -> str:
    """Return the groups and the values of a verb, as they are with the overrides given.

    Args:
        config: composed, Hydra's own part included.
        schema: of the verb.
        own: the user's folders of configs.
    """
    lines = ["Groups (GROUP=NAME):", "", *_groups(config, own), ""]
    lines += ["Values (KEY=VALUE), as they are now:", "", *_values(config, schema)]
    return "\n".join(lines)


def _groups(config: DictConfig, own: Sequence[Path]) -> Iterator[str]:
    chosen = config.hydra.runtime.choices
    for group in sorted(map(str, chosen)):
        names = _names(group, own)
        if len(names) > 1:
            yield _line(group, chosen[group] or "null", ", ".join(names))


def _names(group: str, own: Sequence[Path]) -> list[str]:
    if group == "experiment":
        return experiments()
    if group in ("dataset", "hydra/job_logging"):  # nobody chooses them
        return []
    folders = [folder / group for folder in (shipped("conf"), *own)]
    return sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})


def _values(config: DictConfig, schema: type) -> Iterator[str]:
    own = [str(name) for name in config if name not in ("hydra", "dataset")]
    plain: Any = OmegaConf.to_container(OmegaConf.masked_copy(config, own), resolve=False)
    for key, meaning in keys_of(schema):
        value: Any = reduce(lambda group, name: group[name], key.split("."), plain)
        if isinstance(value, dict) and value.get("_target_"):
            built = value["_target_"].rpartition(".")[2]
            for name, argument in value.items():
                said = meaning if name == "_target_" else f"handed to {built}"
                yield _line(f"{key}.{name}", argument, said)
        else:
            yield _line(key, value, meaning)


def _line(key: str, value: Any, meaning: str) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    given = f"  {key}={text}"
    if len(given) > _KEY:
        given += f"\n{'':{_KEY}}"
    return f"{given:{_KEY}}  {meaning}"
