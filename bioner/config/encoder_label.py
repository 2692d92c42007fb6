"""What an encoder is called in names and tables: the config that was chosen, else its weights."""

import json
from functools import cache
from pathlib import PurePath

import yaml

from bioner.config.config_folders import shipped


def encoder_label(name: str, from_scratch: object, label: str | None = None) -> str:
    """Return a short name for an encoder.

    Args:
        name: of its weights: a hub id, a folder, or `package:MODULE/FOLDER`.
        from_scratch: the config values of random weights; None: they are the name's.
        label: `encoder.label`. That of a shipped config counts where the weights are those of the
            config, as an override or an experiment may have given others since.

    Returns:
        The label; without one, that of the shipped config with these weights, if there is one;
        else a module, or a folder's or a hub id's last part.
    """
    labels = _shipped_labels()
    if label is not None and label not in labels.values():
        return label
    known = labels.get(_weights(name, from_scratch))
    return _last_part(name) if known is None else known


def compared_as(name: str, from_scratch: object, label: str | None = None) -> str:
    """Return the encoder that results are told apart by: random weights are not the name's."""
    found = encoder_label(name, from_scratch, label)
    by_name = from_scratch is not None and found == _last_part(name)
    return f"{found} from scratch" if by_name else found


def _last_part(name: str) -> str:
    kind, _, rest = name.partition(":")
    return PurePath(rest).parts[0] if kind == "package" and rest else PurePath(name).name


def _weights(name: object, from_scratch: object) -> str:
    return json.dumps([name, from_scratch], sort_keys=True)


@cache
def _shipped_labels() -> dict[str, str]:
    """Return the label of each shipped config of an encoder, by its weights."""
    found = {}
    for file in sorted((shipped("conf") / "encoder").glob("*.yaml")):
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        found[_weights(config["name"], config.get("from_scratch"))] = config["label"]
    return found
