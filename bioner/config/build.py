"""Builds what `_target_` names, after checking what it is and the keys against what it takes."""

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from bioner.errors import ConfigError, nearest


class WithOptions(Protocol):
    """A group that names a class, and of its keyword arguments those that are not bioner's own."""

    _target_: str
    options: dict[str, Any]


def build(key: str, kind: type, config: Mapping[str, Any], /, **given: Any) -> Any:
    """Make an object of the class that `config["_target_"]` names.

    Args:
        key: the config key of `config`, for messages.
        kind: what the group may build: the class, or a subclass of it. Nothing else is called; the
            module of the class is imported before that is known.
        config: `_target_` and keyword arguments.
        given: arguments that the caller supplies; they win over the config's.

    Raises:
        ConfigError: no such class, one of another kind, a key that it does not take, or a value
            that it refuses.
    """
    options = {name: value for name, value in config.items() if name != "_target_"}
    return _build(key, key, _find(key, config["_target_"], kind), options, given)


def build_with_options(key: str, kind: type, config: WithOptions, /, **given: Any) -> Any:
    """Make an object of the class that a group names, with its `options` and what is given.

    Raises:
        ConfigError: see `build`.
    """
    maker = _find(key, config._target_, kind)
    return _build(key, f"{key}.options", maker, config.options, given)


def _build(
    key: str, above: str, maker: type, options: Mapping[str, Any], given: Mapping[str, Any]
) -> Any:
    target = _path(maker)
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


def _find(key: str, path: str, kind: type) -> type:
    module, _, name = path.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"{key}._target_", f"no {path!r} can be imported: {error}") from error
    if not (isinstance(found, type) and issubclass(found, kind)):
        legal = f"{_path(kind)}, or a subclass of it"
        raise ConfigError(f"{key}._target_", f"{path!r} is no {kind.__name__}", legal)
    return found


def _path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
