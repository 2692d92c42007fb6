"""The jobs that the overrides of a grid make."""

import shlex
from collections.abc import Mapping, Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser

from bioner.config.hydra_private import product
from bioner.errors import ConfigError


def expand(
    parser: OverridesParser,
    params: Mapping[str, object] | None,
    grids: Sequence[str] | None,
    arguments: Sequence[str],
) -> list[list[str]]:
    """Return the overrides of every job: the union of one product for each of `grids`.

    Of two overrides of one key the later counts.

    Raises:
        ConfigError: params that are no mapping, or a line with a quotation that does not end.

    Args:
        parser: Hydra's.
        params: of all jobs, key and values; none where it is None.
        grids: overrides of one product each, in a line; none is one empty line.
        arguments: of the command line.
    """
    shared = written(params)
    jobs: list[list[str]] = []
    for line in grids or [""]:
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise ConfigError("hydra.sweeper.grids", f"{line!r}: {error}") from error
        overrides = parser.parse_overrides([*shared, *words, *arguments])
        jobs += product(overrides)
    return jobs


def written(params: Mapping[str, object] | None) -> list[str]:
    """Return `hydra.sweeper.params` as overrides.

    Raises:
        ConfigError: it is no mapping.
    """
    if params is None:
        return []
    if not isinstance(params, Mapping):
        raise ConfigError("hydra.sweeper.params", f"is {params!r}", "KEY: VALUES, or null")
    return [f"{key}={value}" for key, value in params.items()]
