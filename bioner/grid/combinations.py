"""The jobs that the overrides of a grid make."""

import shlex
from collections.abc import Mapping, Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser

from bioner.config.hydra_private import product
from bioner.errors import ConfigError


def expand(
    parser: OverridesParser,
    params: Mapping[str, object],
    grids: Sequence[str],
    arguments: Sequence[str],
) -> list[list[str]]:
    """Return the overrides of every job: the union of one product for each of `grids`.

    Of two overrides of one key the later counts.

    Raises:
        ConfigError: a line with a quotation that does not end.

    Args:
        parser: Hydra's.
        params: of all jobs, key and values.
        grids: overrides of one product each, in a line; none is one empty line.
        arguments: of the command line.
    """
    shared = [f"{key}={value}" for key, value in params.items()]
    jobs: list[list[str]] = []
    for line in grids or [""]:
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise ConfigError("hydra.sweeper.grids", f"{line!r}: {error}") from error
        overrides = parser.parse_overrides([*shared, *words, *arguments])
        jobs += product(overrides)
    return jobs
