"""Turns Hydra's exceptions into one message with the file, the key and what is legal."""

import dataclasses
import errno
import re
import shlex
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

from bioner.config.config_folders import config_file, encoder_of, experiments, shipped
from bioner.config.dataset import DatasetConfig
from bioner.config.hydra_private import names_no_config, too_deep, unwritten
from bioner.config.synonyms import meant
from bioner.errors import UserError, nearest

# A full disk, a folder that can't be written: no defect of ours.
_OF_THE_MACHINE = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.EEXIST,
)

# OmegaConf names the types of Python that the value may have.
_NUMBER_HINT = re.compile(r"Value ('.*') of type '\w+' .* 'Optional\[Union\[int, float\]\]'")


# What Hydra reads only in quotes.
_NOT_PLAIN = re.compile(r"[^\w\s/\\+.$%*@?|:,\[\]-]|[^\x00-\x7f]|(?<!^)[\[\]]")
# What OmegaConf says of a value of the wrong kind, and what is said instead.
_KINDS = (
    (r"Invalid type assigned: .* is not a subclass of \w+\. value: (.*)", "a group of keys"),
    (r"Cannot convert '\w+' to string: '(.*)'", "a text"),
    (r"Value '(.*)' is not a valid bool .*", "true or false"),
    (r"Value '(.*)' of type '\w+' could not be converted to Float", "a number"),
    (r"Value '(.*)' of type '\w+' could not be converted to Integer", "a whole number"),
    (r"field '.*' is not Optional()", "a value"),
)
# A value that is one of a few names.
_CHOICE = re.compile(r"(Invalid value '(.*)'), expected one of \[(.*)\]")


def explain(error: BaseException, own: Sequence[Path], schema: type) -> str | None:
    """Return the message for an error that the user can mend, or None for a defect of ours.

    Args:
        error: what was raised.
        own: the user's folders of configs.
        schema: of the verb.
    """
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, UserError):
            return str(link)
        if isinstance(link, MissingConfigException):
            return _missing(link, own)
        if isinstance(link, OSError) and link.errno in _OF_THE_MACHINE:
            place = link.filename or unwritten(link)
            return f"{place}: {link.strerror}" if place else str(link.strerror)
        if isinstance(link, yaml.YAMLError):
            return f"not YAML: {' '.join(str(link).split())}"
        if isinstance(link, ValueError) and (word := names_no_config(link)):
            key, _, given = word.partition("=")
            return f"{key}: is {given}; expected the name of a config"
        if isinstance(link, RecursionError) and (file := too_deep(link)):
            return f"{file}: lists or groups too deep"
    wrong = _wrong_kind(chain, own)
    if wrong:
        return wrong
    omega = next((link for link in chain if isinstance(link, OmegaConfBaseException)), None)
    if omega is not None:
        return _place(chain, own) + _key_error(omega, schema)
    if isinstance(error, OverrideParseException):
        return _not_parsed(error)
    if isinstance(error, HydraException):
        return _hidden_by_a_folder(error, own) or " ".join(str(error).split())
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _not_parsed(error: OverrideParseException) -> str:
    key, _, value = error.override.partition("=")
    signs = _NOT_PLAIN.findall(value)
    if not signs or value[0] in "'\"{":
        return f"{error.override}: {' '.join(str(error).split())}"
    if value[0] == "[":
        example = shlex.quote(f'{key}=["…","…"]')
        return f"{error.override}: what holds a {signs[0]} is quoted within the list: {example}"
    inner = f"'{value}'" if "'" not in value else '"' + value.replace('"', '\\"') + '"'
    twice = f'"{key}={inner}"' if '"' not in inner else shlex.quote(f"{key}={inner}")
    return f"{error.override}: a value that holds a {signs[0]} is quoted twice: {twice}"


def _hidden_by_a_folder(error: HydraException, own: Sequence[Path]) -> str | None:
    """Name the folder of the user's that Hydra takes for a group, in the place of a key."""
    match = re.match(r"Could not override '(\w+)'", str(error))
    places = [folder / match[1] for folder in own if (folder / match[1]).is_dir()] if match else []
    if not places:
        return None
    return (
        f"{places[0].name}: can't be set: Hydra takes {places[0].absolute()} for a group of "
        "configs; give --config-dir a folder that holds configs alone"
    )


def _missing(error: MissingConfigException, own: Sequence[Path]) -> str:
    first = str(error).splitlines()[0]
    group, _, name = (error.missing_cfg_file or "").removesuffix(".yaml").partition("/")
    if group == "experiment":
        return f"experiment: {first}; {nearest(name, experiments())}"
    if group == "encoder" and "/" in name:
        known = encoder_of(name, [*own, shipped("conf")])
        right = f"encoder={known}" if known else f"encoder.name={name} optimizer.lr=…"
        return f"encoder: {name} is the name of a model, not of a config; {right}"
    name, options = name.rpartition("/")[2], error.options
    return f"{first}; {nearest(name, options)}" if options else first


def _place(chain: list[BaseException], own: Sequence[Path]) -> str:
    """Name the YAML file in which the fault lies, where it is not on the command line."""
    for link in chain:
        match = re.match(r"In '([^']+)'", str(link))
        if isinstance(link, ConfigCompositionException) and match:
            return f"{config_file(match[1], own)}: "
    return ""


def _wrong_kind(chain: list[BaseException], own: Sequence[Path]) -> str | None:
    """Name the key of a dataset's YAML that holds a list where a map is expected, or the reverse.

    OmegaConf says no more than that it can't merge the two.
    """
    file = Path(_place(chain, own).removesuffix(": "))
    if file.parent.name != "dataset" or not any("Cannot merge" in str(link) for link in chain):
        return None
    usual = dataclasses.asdict(DatasetConfig())
    for key, value in yaml.safe_load(file.read_text(encoding="utf-8")).items():
        for kind, name in ((dict, "a map"), (list, "a list")):
            if isinstance(usual.get(key), kind) and value is not None and type(value) is not kind:
                return f"{file}: dataset.{file.stem}.{key}: is {value!r}; expected {name}"
    return None


def _key_error(error: OmegaConfBaseException, schema: type) -> str:
    first = (error.msg or str(error)).splitlines()[0]
    key = error.full_key or ""
    if first.startswith("Key "):
        return f"{key}: no such key; {_right_key(error, key, schema)}"
    typed = _NUMBER_HINT.match(first)
    if typed:
        return f"{key}: is {typed[1]}; expected a whole number, a fraction, or null"
    for pattern, expected in _KINDS:
        if match := re.fullmatch(pattern, first):
            return f"{key}: is {match[1] or 'null'}; expected {expected}"
    choice = _CHOICE.match(first)
    if choice:
        return f"{key}: {choice[1]}; {nearest(choice[2], choice[3].split(', '))}"
    return f"{key}: {first}" if key else first


def _right_key(error: OmegaConfBaseException, key: str, schema: type) -> str:
    right = meant(key, schema)
    if right:
        return f"{' or '.join(right)} is meant"
    last = key.rpartition(".")[2]
    if dataclasses.is_dataclass(error.object_type):
        return nearest(last, [field.name for field in dataclasses.fields(error.object_type)])
    if isinstance(error.parent_node, DictConfig):
        return f"{nearest(last, map(str, error.parent_node))}; +{key}=VALUE adds it"
    return str(error.msg)
