"""An encoder from the weights on disk."""

import inspect
import logging
from typing import Any

import torch
import transformers
from transformers import AutoModel

from bioner.errors import ConfigError
from bioner.model import packing
from bioner.model.adapter import build_adapter
from bioner.model.attention import ATTENTION
from bioner.model.dropout import replace_dropout
from bioner.model.encoder import Encoder
from bioner.model.pretrained import NO_CODE, ON_DISK, Pretrained, loading

log = logging.getLogger(__name__)


def load_encoder(pretrained: Pretrained) -> Encoder:
    """Load an encoder, with its adapter if it has one; random weights depend on torch's seed.

    Raises:
        ConfigError: it can't be found or loaded, lacks weights, or the config asks for what this
            model can't do.
    """
    config, model_config = pretrained.config, pretrained.model_config
    options: dict[str, Any] = {"dtype": torch.float32, **NO_CODE}
    if packing.is_packed(config.packed, model_config):
        options["attn_implementation"] = ATTENTION
    model_class: Any = transformers.MODEL_MAPPING[type(model_config)]
    if "add_pooling_layer" in inspect.signature(model_class).parameters:
        options["add_pooling_layer"] = False
    lost: list[str] = []
    with loading("name" if config.from_scratch is None else "from_scratch", config.name):
        if config.from_scratch is not None:
            transformer = AutoModel.from_config(model_config, **options)
        else:
            transformer, report = AutoModel.from_pretrained(
                pretrained.folder,
                config=model_config,
                output_loading_info=True,
                **ON_DISK,
                **options,
            )
            lost = sorted(report["missing_keys"])
            if report["unexpected_keys"]:
                log.info("%s: not used: %s", config.name, sorted(report["unexpected_keys"]))
    replace_dropout(transformer)
    encoder = Encoder(transformer, config)
    encoder.freeze_unused()
    unused = {name for name, p in transformer.named_parameters() if not p.requires_grad}
    if lost := [name for name in lost if name not in unused]:
        found = f"{config.name} lacks {len(lost)} tensors of weights: {', '.join(lost[:5])}"
        raise ConfigError("encoder.name", found, "an encoder that is whole")
    if (adapter := build_adapter(config.adapter)) is not None:
        # Random weights are in no file.
        encoder.adapt(adapter, None if config.from_scratch is not None else pretrained.fingerprint)
    # from_pretrained leaves a model in evaluation mode, and Lightning would keep it there.
    return encoder.train()
