"""The typed schema of the heads: what they are, how they start and how they are decoded."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from omegaconf import MISSING

from bioner.config.effects import STAGE, made, value
from bioner.errors import ConfigError


class Start(StrEnum):
    """What the heads of a stage start from, where nothing is carried over.

    `random`: small random weights. `prior`: these, and the log frequencies of the tags as bias.
    `probe`: a fit to the word vectors of the encoder before its first update
    (`bioner.model.probe`).
    """

    random = "random"
    prior = "prior"
    probe = "probe"


class Decode(StrEnum):
    """Which tags a head that scores each word by itself gives a sentence.

    `legal`: of the legal IOB2 tags those whose scores add up to most. `argmax`: each word's best,
    legal together or not. A CRF's are always legal.
    """

    legal = "legal"
    argmax = "argmax"


class Missing(StrEnum):
    """What a word without a label is in a corpus that does not annotate a type of the shared head.

    `mask`: O, or of one of these types. `outside`: O.
    """

    mask = "mask"
    outside = "outside"


@dataclass
class HeadConfig:
    """The kind of the heads.

    Attributes:
        _target_: the class of the heads.
        shared: which tasks share a head: a name in `bioner.config.choices.HEAD_BANKS`.
        same: for `shared`, what types of other names are called there, by their names in a dataset.
        missing: for `shared=type`, what a word without a label is.
        start: what they start from.
        probe_sentences: train sentences of a task, at most, that a probe is fitted to.
        decode: which tags they give.
        frozen: whether they stay as they start, and the encoder alone is trained.
        options: handed to `_target_` as they are.
    """

    _target_: str = value(MISSING, STAGE)
    shared: str = value("none", STAGE, neutral="none")
    same: dict[str, str] = made(dict, STAGE, neutral={})
    missing: Missing = value(Missing.mask, STAGE, neutral=Missing.mask)
    start: Start = value(Start.probe, STAGE, neutral=Start.random)
    probe_sentences: int = value(800, STAGE, neutral=800)
    decode: Decode = value(Decode.legal, STAGE, neutral=Decode.argmax)
    frozen: bool = value(False, STAGE, neutral=False)
    options: dict[str, Any] = made(dict, STAGE)


def check_head(head: HeadConfig) -> None:
    """Check the values of the heads.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    if head.probe_sentences < 1:
        raise ConfigError("head.probe_sentences", f"is {head.probe_sentences}", "at least 1")
