"""How long a stage trains, on how much and with which seed: what is legal."""

from bioner.config.selftrain import SelftrainConfig
from bioner.config.train import FinetuneConfig, PretrainConfig, Selection
from bioner.errors import ConfigError


def check_budget(
    key: str, stage: PretrainConfig | FinetuneConfig | SelftrainConfig, selection: Selection
) -> None:
    """Check the epochs, the updates and the patience of a stage.

    Args:
        key: of the stage's group.
        stage: its group.
        selection: of the run.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    epochs, steps, patience = stage.epochs, stage.steps, stage.patience
    if (epochs is None) == (steps is None):
        found = "neither epochs nor steps is set" if epochs is None else "both are set"
        raise ConfigError(f"{key}.epochs and {key}.steps", found, "set one, and the other to null")
    for name, value in (("epochs", epochs), ("steps", steps), ("patience", patience)):
        if value is not None and value < 1:
            raise ConfigError(f"{key}.{name}", f"is {value}", "at least 1")
    if patience is not None and selection != Selection.best:
        # A stage that stops has its last epochs because they were worse than an earlier one.
        found = f"is {patience}, but selection={selection} takes the last epochs"
        raise ConfigError(f"{key}.patience", found, "selection=best, or null")


def check_seed(key: str, seed: int) -> None:
    """Check a seed.

    Raises:
        ConfigError: one that numpy and torch don't take.
    """
    if not 0 <= seed < 2**32:
        raise ConfigError(key, f"is {seed}", "an integer from 0 to 2**32 - 1")


def check_size(key: str, size: int | float | None) -> None:
    """Check a number of sentences.

    Raises:
        ConfigError: neither a count, a fraction nor null.
    """
    legal = "a count of sentences (integer >= 1), a fraction in (0, 1], or null for all"
    if isinstance(size, bool):
        raise ConfigError(key, f"is {size}", legal)
    if isinstance(size, float) and not 0 < size <= 1:
        raise ConfigError(key, f"is {size}", legal)
    if isinstance(size, int) and size < 1:
        raise ConfigError(key, f"is {size}", legal)
