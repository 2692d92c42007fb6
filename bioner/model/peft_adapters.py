"""The adapters of peft (the extra `adapters`): LoRA, DoRA and (IA)3."""

from typing import Any

from transformers import PreTrainedModel

from bioner.config.build import build
from bioner.errors import ConfigError
from bioner.model.adapter import Adapter

_KEY = "encoder.adapter.options"


class PeftAdapter(Adapter):
    """Inserts what a config of peft says, and trains that alone.

    Args:
        method: the name of a config class in `peft`.
        targets: the ends of the names of the linear layers that get it; None takes those of
            peft's table for the model type, which are the papers'.
        arguments: of that class.

    Raises:
        ConfigError: peft is not installed, or refuses the values.
    """

    def __init__(self, method: str, targets: list[str] | None = None, **arguments: Any) -> None:
        try:
            from peft import PeftConfig
        except ImportError:
            found = "peft is not installed"
            legal = "pip install 'bioner[adapters]'"
            raise ConfigError("encoder.adapter.kind", found, legal) from None
        given = {"_target_": f"peft.{method}", "target_modules": targets, **arguments}
        self._config = build(_KEY, PeftConfig, given)

    def insert(self, transformer: PreTrainedModel) -> None:
        """Insert it, and freeze all else. See `Adapter.insert`.

        Raises:
            ConfigError: none of the transformer's layers is meant, or `targets` is needed.
        """
        from peft import inject_adapter_in_model

        transformer.requires_grad_(False)
        try:
            inject_adapter_in_model(self._config, transformer)
        except ValueError as error:
            found = str(error).splitlines()[0]
            legal = "the ends of the names of linear layers, such as [query, value]"
            raise ConfigError(f"{_KEY}.targets", found, legal) from None

    def merge(self, transformer: PreTrainedModel) -> None:
        """Put its effect into the layers' own weights. See `Adapter.merge`."""
        from peft.tuners.tuners_utils import BaseTunerLayer

        for name, part in list(transformer.named_modules()):
            if isinstance(part, BaseTunerLayer):
                part.merge()
                transformer.set_submodule(name, part.get_base_layer())


class Lora(PeftAdapter):
    """Low-rank updates (Hu et al. 2021, arXiv 2106.09685). Arguments are those of `LoraConfig`."""

    def __init__(self, targets: list[str] | None = None, **arguments: Any) -> None:
        super().__init__("LoraConfig", targets, **arguments)


class Ia3(PeftAdapter):
    """Learnt factors (Liu et al. 2022, arXiv 2205.05638). Arguments are those of `IA3Config`."""

    def __init__(self, targets: list[str] | None = None, **arguments: Any) -> None:
        super().__init__("IA3Config", targets, **arguments)
