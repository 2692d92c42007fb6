"""Adapters: few new weights inside a transformer, trained in the place of its own."""

from abc import ABC, abstractmethod

from transformers import PreTrainedModel

from bioner.config.build import build
from bioner.config.choices import ADAPTERS
from bioner.config.encoder import AdapterConfig


class Adapter(ABC):
    """Changes a loaded transformer in place.

    A new one is a subclass and a line in `bioner.config.choices.ADAPTERS`; its arguments are
    `encoder.adapter.options`. What it inserts is saved, carried and loaded with the encoder, and
    what it freezes is taken from the pretrained files.
    """

    @abstractmethod
    def insert(self, transformer: PreTrainedModel) -> None:
        """Insert new modules, and freeze the parameters that are not to be trained.

        Random weights depend on torch's seed.
        """

    @abstractmethod
    def merge(self, transformer: PreTrainedModel) -> None:
        """Take the new modules out again, their effect put into the transformer's own weights.

        Called for prediction and export, once the trained weights are in.
        """


def build_adapter(config: AdapterConfig) -> Adapter | None:
    """Make the adapter that a config names, if it names one.

    Raises:
        ConfigError: an option that it does not take, or a value that it refuses.
    """
    if config.kind is None:
        return None
    target = {"_target_": ADAPTERS[config.kind], **config.options}
    adapter: Adapter = build("encoder.adapter.options", Adapter, target)
    return adapter
