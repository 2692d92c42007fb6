"""The command line: from the words that a user types to a verb, Hydra's flags and overrides."""

import os
import re
from argparse import Namespace
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import get_type_hints

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from bioner.config.hydra_private import parse
from bioner.config.named_checkpoint import checkpoints_by_path
from bioner.errors import UserError, nearest

# The values of a dataset that hold one for each split.
_WITH_KEYS = ("files", "sha256", "sentences", "mentions", "hub.splits")

_DESCRIBES = re.compile(r"\+*dataset\.([\w+-]+)\.([\w.]+)=")

# What OmegaConf takes for false, or that is no level of logging.
_OFF = ("false", "no", "n", "off", "0", "null", "none")

_NAMES = re.compile(r"(\+*[\w.]+)=([\w.+-]+(?:,[\w.+-]+)*)")


@dataclass(frozen=True)
class CommandLine:
    """What was typed.

    Attributes:
        verb: the first word.
        parsed: Hydra's flags, and the overrides as Hydra is to get them.
        own: the user's folders of configs.
        described: the datasets whose keys are given.
    """

    verb: str
    parsed: Namespace
    own: list[Path] = field(default_factory=list)
    described: list[str] = field(default_factory=list)


def read(words: Sequence[str], schemas: Mapping[str, type]) -> CommandLine:
    """Read the words after the program's name; flags and overrides may stand in any order.

    Args:
        words: as typed.
        schemas: of each verb.

    Raises:
        UserError: there is no such verb, no such flag, or the verb does not take it.
    """
    parsed = parse(words)
    if parsed.shell_completion:
        verb = _completed_verb(parsed.overrides, schemas)
    else:
        verb = _take_verb(parsed.overrides, schemas)
    if verb == "fit" and parsed.multirun:
        raise UserError("fit makes a grid of its own: without -m, once for each target")
    if verb in ("datasets", "stages"):
        parsed.overrides = plain_words(parsed.overrides)
    if verb == "export":
        parsed.overrides = head_of_export(parsed.overrides)
    parsed.overrides, described = describe_datasets(parsed.overrides)
    parsed.overrides = names_in_lists(parsed.overrides, schemas[verb])
    parsed.overrides = drop_label(parsed.overrides)
    if verb == "train":
        parsed.overrides = checkpoints_by_path(parsed.overrides)
    own = [Path(parsed.config_dir)] if parsed.config_dir else []
    return CommandLine(verb, parsed, own, described)


def _take_verb(overrides: list[str], verbs: Collection[str]) -> str:
    if not overrides:
        raise UserError(f"no verb is given; {nearest('', verbs)}")
    verb = overrides.pop(0)
    if verb not in verbs:
        raise UserError(f"no verb {verb!r}; {nearest(verb, verbs)}")
    return verb


def _completed_verb(overrides: list[str], verbs: Collection[str]) -> str:
    """Take the verb out of the line that the shell wants completed, where Hydra knows of none."""
    if overrides and overrides[0] in verbs:
        return overrides.pop(0)
    line = os.environ.get("COMP_LINE", "")
    program, _, rest = line.partition(" ")
    verb, blank, rest = rest.lstrip().partition(" ")
    if verb in verbs and blank:
        os.environ["COMP_LINE"] = f"{program} {rest}"
        return verb
    return "train"


def plain_words(words: Sequence[str]) -> list[str]:
    """Turn the words of `bioner VERB ACTION NAME… [overrides]` into overrides.

    A word without `=` is the action or a name, wherever it stands. Those after `new` are one path.
    """
    of_new = "new" in words  # whose path may hold a `=`
    overrides = [
        word
        for word in words
        if word.startswith("~") or ("=" in word and not (of_new and Path(word).exists()))
    ]
    plain = [word for word in words if word not in overrides]
    if not plain:
        return [*words]
    action = []
    if not any(word.startswith("action=") for word in overrides):
        action = [f"action={plain.pop(0)}"]
    if action == ["action=new"] and plain:
        path = " ".join(plain).replace("\\", "\\\\").replace("'", "\\'")
        return [*action, f"path='{path}'", *overrides]
    names = [f"names=[{','.join(plain)}]"] if plain else []
    return [*action, *names, *overrides]


def head_of_export(words: Sequence[str]) -> list[str]:
    """Turn `head=NAME` of `bioner export` into the key's own name: to Hydra `head` is a group."""
    return [re.sub(r"^head=", "of_head=", word) for word in words]


def drop_label(overrides: Sequence[str]) -> list[str]:
    """Take the label from an encoder that is given another name: it is of the chosen config."""
    keys = {override.lstrip("+").partition("=")[0] for override in overrides}
    renamed = "encoder.name" in keys and "encoder.label" not in keys
    return [*overrides, *(["encoder.label=null"] if renamed else [])]


def describe_datasets(overrides: Sequence[str]) -> tuple[list[str], list[str]]:
    """Let overrides give keys to datasets that have no file.

    Returns:
        The overrides as Hydra takes them, and the names of all datasets whose keys are given.
    """
    taken, names = [], []
    for override in overrides:
        match = _DESCRIBES.match(override)
        if match:
            # Only what has keys of its own may get new ones: a misspelt key stays an error.
            plus = "++" if match[2].startswith(_WITH_KEYS) else ""
            override = plus + override.lstrip("+")
            names.append(match[1])
        taken.append(override)
    return taken, list(dict.fromkeys(names))


def names_in_lists(overrides: Sequence[str], schema: type) -> list[str]:
    """Put names into brackets where a list of them is wanted: `sources=a` becomes `sources=[a]`.

    Several names are the values of a sweep, as elsewhere: `sources=a,b` becomes `sources=[a],[b]`.
    """
    lists = set(_lists_of_names(schema, ""))
    found = []
    for override in overrides:
        match = _NAMES.fullmatch(override)
        if match and match[1].lstrip("+") in lists and match[2] != "null":
            override = f"{match[1]}={','.join(f'[{name}]' for name in match[2].split(','))}"
        found.append(override)
    return found


def _lists_of_names(schema: type, prefix: str) -> Iterator[str]:
    for name, kind in get_type_hints(schema).items():
        if kind == list[str]:
            yield prefix + name
        elif isinstance(kind, type) and is_dataclass(kind):
            yield from _lists_of_names(kind, f"{prefix}{name}.")


def asks_for_tracebacks(words: Sequence[str]) -> bool:
    """Say whether a word sets `debug` or `hydra.verbose`, however it is written."""
    parser = OverridesParser.create()
    for word in words:
        if word.lstrip("+").startswith(("debug=", "hydra.verbose=")):
            try:
                (override,) = parser.parse_overrides([word])
            except HydraException:  # it is the error to show
                continue
            if str(override.value()).lower() not in _OFF:
                return True
    return False
