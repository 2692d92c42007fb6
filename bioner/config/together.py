"""Values that do not go together: each such pair is an error at the start that names both keys."""

from bioner.config.encoder import Context, Pooling
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError


def check_together(config: TrainConfig) -> None:
    """Check the values of a run that exclude each other.

    Raises:
        ConfigError: two of them, with both keys.
    """
    taught = f"selftrain.kind={config.selftrain.kind}"
    if config.encoder.context == Context.document and not config.selftrain.left_out:
        found = f"is document, and {taught} labels text sentence by sentence"
        raise ConfigError("encoder.context", found, "encoder.context=sentence, or selftrain=none")
    if config.batch.shared:
        _check_shared(config, taught)
    if config.encoder.syntax.kinds:
        _check_syntax(config, taught)


def _check_syntax(config: TrainConfig, taught: str) -> None:
    key, kinds = "encoder.syntax.kinds", config.encoder.syntax.kinds
    said = f"is [{', '.join(kinds)}]"
    if len({*kinds}) < len(kinds):
        raise ConfigError(key, said, "each kind once")
    if config.encoder.pooling == Pooling.every:
        found = f"{said}, of words, and encoder.pooling=every trains on pieces"
        raise ConfigError(key, found, "encoder.pooling=first, last or mean")
    if not config.selftrain.left_out:
        raise ConfigError(key, f"{said}, and {taught} has a text of its own", "selftrain=none")


def _check_shared(config: TrainConfig, taught: str) -> None:
    tokens, weighting = config.batch.tokens, config.weighting.strategy
    for wrong, found, legal in (
        (
            config.mixing.tasks_per_update == 1,
            "mixing.tasks_per_update=1 has no task to share with",
            "mixing.tasks_per_update=all",
        ),
        (
            tokens is not None,
            f"batch.tokens={tokens} sorts the sentences of one task by their length",
            "batch.tokens=null",
        ),
        (
            weighting != "equal",
            f"weighting.strategy={weighting} finds one loss, of all tasks",
            "weighting=equal",
        ),
        (not config.selftrain.left_out, f"{taught} has batches of its own", "selftrain=none"),
    ):
        if wrong:
            raise ConfigError("batch.shared", f"is true, and {found}", f"{legal}, or false")
