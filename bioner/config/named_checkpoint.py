"""A run whose weights another starts from may be named on the command line as elsewhere."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bioner.config.named_run import followed, named_run

_KEY = "pretrain.checkpoint"
# One path or several that are swept, without what Hydra's grammar has a use for.
_PATHS = re.compile(rf"(\+{{0,2}}{re.escape(_KEY)})=([^\s'\"\[\](){{}}=$]+)")


def checkpoints_by_path(overrides: Sequence[str]) -> list[str]:
    """Put directories in the place of the names of runs (`bioner.config.named_run`).

    What `latest` means is settled here, once: all jobs of a grid start from one run, and the
    config of each says from which.

    Raises:
        ConfigError: none or several runs have that name.
        UserError: the result of a search that is named is damaged.
    """
    given = [word.partition("=")[2] for word in overrides if word.startswith("runs_dir=")]
    runs_dir = given[-1].strip("'\"") if given else "runs"
    return [_by_path(word, runs_dir) for word in overrides]


def _by_path(word: str, runs_dir: str) -> str:
    match = _PATHS.fullmatch(word)
    if match is None or match[2] == "null":
        return word
    return f"{match[1]}={','.join(_paths(match[2].split(','), runs_dir))}"


def _paths(names: Sequence[str], runs_dir: str) -> Iterator[str]:
    for name in names:
        if Path(name).is_file():
            yield name
            continue
        found = str(followed(Path(named_run(_KEY, name, runs_dir))))
        yield found if re.fullmatch(r"[\w./+-]+", found) else f"'{found}'"
