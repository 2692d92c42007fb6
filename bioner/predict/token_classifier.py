"""A head and its encoder as the token classifier of transformers, and what that can't hold."""

import torch
from torch import nn
from transformers import AutoModelForTokenClassification, PreTrainedModel

from bioner.config.encoder import EncoderConfig, Pooling
from bioner.errors import ConfigError
from bioner.model.crf import CrfHead
from bioner.model.encoder import Encoder
from bioner.model.heads import Head, LinearHead


def to_token_classifier(config: EncoderConfig, encoder: Encoder, head: Head) -> PreTrainedModel:
    """Return a model of transformers with the weights of an encoder and a head.

    Its logits at the first piece of a word are the head's emissions of the word. A CRF's
    transitions have no place in it.

    Raises:
        ConfigError: an encoder or a head that such a model can't be equal to.
    """
    _check(config, head)
    theirs = type(encoder.transformer.config).from_dict(encoder.transformer.config.to_dict())
    theirs.num_labels = len(head.tags)
    theirs.id2label = dict(enumerate(head.tags))
    theirs.label2id = {tag: number for number, tag in theirs.id2label.items()}
    theirs.classifier_dropout = head.dropout.p
    model: PreTrainedModel = AutoModelForTokenClassification.from_config(
        theirs, dtype=torch.float32, attn_implementation="sdpa"
    )
    base = getattr(model, model.base_model_prefix)
    own = {name for name in model.state_dict() if not name.startswith(model.base_model_prefix)}
    classifier = getattr(model, "classifier", None)
    if own != {"classifier.weight", "classifier.bias"} or not isinstance(classifier, nn.Linear):
        found = f"the token classifier of {theirs.model_type!r} has layers that no head has"
        raise ConfigError("run", found, "export takes families such as bert, roberta, electra")
    unknown = base.load_state_dict(encoder.transformer.state_dict(), strict=False).unexpected_keys
    lacking = [n for n in base.state_dict() if n not in encoder.transformer.state_dict()]
    if unknown or lacking:
        raise ConfigError(
            "run", f"its encoder is no plain {theirs.model_type}: {unknown + lacking}"
        )
    classifier.load_state_dict(head.linear.state_dict())
    return model.eval()


def without_transitions(head: Head) -> LinearHead:
    """Return the head that tags each word by itself with the emissions of this one."""
    linear = LinearHead(head.linear.in_features, head.tags, head.dropout.p)
    linear.linear.load_state_dict(head.linear.state_dict())
    return linear.eval()


def _check(config: EncoderConfig, head: Head) -> None:
    """Refuse what would give other tags: a token classifier reads pieces, off the last layer."""
    why = "a token classifier of transformers can't read words so"
    if config.layers != [-1]:
        raise ConfigError("run", f"has encoder.layers={config.layers}; {why}", "[-1]")
    if config.pooling != Pooling.first:
        raise ConfigError("run", f"has encoder.pooling={config.pooling}; {why}", "first")
    if type(head) not in (LinearHead, CrfHead):
        found = f"has the head {type(head).__name__}, which is no linear layer on each word"
        raise ConfigError("run", found, "the heads linear and crf")
