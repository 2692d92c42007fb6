"""Whether this machine can train as the config asks, found out before anything is opened."""

from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import Trainer

from bioner.config.build import build
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError
from bioner.train.assembly import precision


def check_hardware(config: TrainConfig) -> None:
    """Make the trainer once, as each stage does, for what Lightning says of this machine.

    Raises:
        ConfigError: an accelerator, a number of devices or a precision that is not to be had here.
    """
    wanted = precision(config)
    try:
        trainer: Trainer = build(
            "trainer",
            Trainer,
            config.trainer | {"precision": wanted},
            callbacks=[],  # a class of one's own may count on them
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
    except MisconfigurationException as error:
        raise ConfigError("trainer", " ".join(str(error).split())) from error
    if trainer.precision != wanted:  # with a warning alone
        found = f"is {wanted}, which this machine lacks"
        raise ConfigError("trainer.precision", found, f"{trainer.precision}, 32-true or auto")
