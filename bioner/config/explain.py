"""Turns Hydra's exceptions into one message with the file, the key and what is legal."""

import dataclasses
import errno
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from bioner.config.catalogue import config_file, experiments
from bioner.errors import UserError, nearest

# A full disk, a folder that can't be written: no defect of ours.
_OF_THE_MACHINE = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.EEXIST,
)

# OmegaConf names the types of Python that the value may have.
_NUMBER_HINT = re.compile(r"Value ('.*') of type '\w+' .* 'Optional\[Union\[int, float\]\]'")


def explain(error: BaseException, own: Sequence[Path]) -> str | None:
    """Return the message for an error that the user can mend, or None for a defect of ours.

    Args:
        error: what was raised.
        own: the user's folders of configs.
    """
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, UserError):
            return str(link)
        if isinstance(link, MissingConfigException):
            return _missing(link)
        if isinstance(link, OSError) and link.errno in _OF_THE_MACHINE:
            return f"{link.filename}: {link.strerror}" if link.filename else str(link.strerror)
        if isinstance(link, yaml.YAMLError):
            return f"not YAML: {' '.join(str(link).split())}"
    omega = next((link for link in chain if isinstance(link, OmegaConfBaseException)), None)
    if omega is not None:
        return _place(chain, own) + _key_error(omega)
    if isinstance(error, OverrideParseException):
        return f"{error.override}: {' '.join(str(error).split())}"
    if isinstance(error, HydraException):
        return " ".join(str(error).split())
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _missing(error: MissingConfigException) -> str:
    first = str(error).splitlines()[0]
    name = (error.missing_cfg_file or "").removesuffix(".yaml")
    if name.startswith("experiment/"):
        return f"experiment: {first}; {nearest(name.partition('/')[2], experiments())}"
    name, options = name.rpartition("/")[2], error.options
    return f"{first}; {nearest(name, options)}" if options else first


def _place(chain: list[BaseException], own: Sequence[Path]) -> str:
    """Name the YAML file in which the fault lies, where it is not on the command line."""
    for link in chain:
        match = re.match(r"In '([^']+)'", str(link))
        if isinstance(link, ConfigCompositionException) and match:
            return f"{config_file(match[1], own)}: "
    return ""


def _key_error(error: OmegaConfBaseException) -> str:
    first = (error.msg or str(error)).splitlines()[0]
    key = error.full_key or ""
    if dataclasses.is_dataclass(error.object_type) and first.startswith("Key "):
        legal = [field.name for field in dataclasses.fields(error.object_type)]
        return f"{key}: no such key; {nearest(key.rpartition('.')[2], legal)}"
    if first.startswith("Key ") and isinstance(error.parent_node, DictConfig):
        near = nearest(key.rpartition(".")[2], map(str, error.parent_node))
        return f"{key}: no such key; {near}; +{key}=VALUE adds it"
    typed = _NUMBER_HINT.match(first)
    if typed:
        return f"{key}: is {typed[1]}; expected a whole number, a fraction, or null"
    return f"{key}: {first}" if key else first
