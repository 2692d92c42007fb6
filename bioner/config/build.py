"""Builds what `_target_` names, after checking the keys against what it takes."""

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from bioner.errors import ConfigError, nearest


class WithOptions(Protocol):
    """A group that names a class, and of its keyword arguments those that are not bioner's own."""

    _target_: str
    options: dict[str, Any]


def build(key: str, config: Mapping[str, Any], /, **given: Any) -> Any:
    """Call the class or function that `config["_target_"]` names.

    Args:
        key: the config key of `config`, for messages.
        config: `_target_` and keyword arguments.
        given: arguments that the caller supplies; they win over the config's.

    Raises:
        ConfigError: no such class, a key that it does not take, or a value that it refuses.
    """
    options = {name: value for name, value in config.items() if name != "_target_"}
    return _build(key, key, config["_target_"], options, given)


def build_with_options(key: str, config: WithOptions, /, **given: Any) -> Any:
    """Call the class or function that a group names, with its `options` and what is given.

    Raises:
        ConfigError: see `build`.
    """
    return _build(key, f"{key}.options", config._target_, config.options, given)


def _build(
    key: str, above: str, target: str, options: Mapping[str, Any], given: Mapping[str, Any]
) -> Any:
    maker = _find(f"{key}._target_", target)
    legal = inspect.signature(maker).parameters
    open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in legal.values())
    for name in options:
        if name not in legal and not open_ended:
            found = f"{target} takes no such key"
            raise ConfigError(f"{above}.{name}", found, nearest(name, legal))
    try:
        return maker(**{**options, **given})
    except (TypeError, ValueError, ImportError) as error:
        raise ConfigError(key, f"{target} refuses its values: {error}") from error


def _find(key: str, path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(key, f"no {path!r} can be imported: {error}") from error
