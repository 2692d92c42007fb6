"""The typed schema of an encoder: a pretrained transformer, how words are read off it, adapters."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from omegaconf import MISSING

from bioner.config.effects import NOTHING, STAGE, group, made, value


class Pooling(StrEnum):
    """Which of a word's pieces stand for it.

    `every`: training tags each piece with the tag of its word; else the last one stands for it.
    """

    first = "first"
    last = "last"
    mean = "mean"
    every = "every"


class Context(StrEnum):
    """What one row holds, and so what the words of a sentence see.

    `sentence`: it alone. `document`: neighbouring sentences of its document, as many as a row
    holds, from the first on (Mulyar & McInnes 2020, arXiv 2004.10220). Where sentences are left
    out, or a file marks no documents, there are no neighbours. `batch.sentences` counts rows then.
    """

    sentence = "sentence"
    document = "document"


class TaskTokens(StrEnum):
    """The learnt markers at both ends of a row, which say whose labels are asked for.

    `dataset`: one for each dataset. `types`: one for each type that the dataset annotates, so that
    datasets share those of the types that they share.
    """

    none = "none"
    dataset = "dataset"
    types = "types"


class Syntactic(StrEnum):
    """A kind of features that words of a sentence have for each other.

    `pos`: parts of speech. `constituents`: noun chunks. `dependencies`: relations.
    """

    pos = "pos"
    constituents = "constituents"
    dependencies = "dependencies"


class Combine(StrEnum):
    """How what several kinds of features say becomes one vector.

    `concat`: one after the other. `sum`. `gate`: their mean, weighted by the word.
    """

    concat = "concat"
    sum = "sum"
    gate = "gate"


@dataclass
class SyntaxConfig:
    """Syntactic features of a word's context, which stand in front of its vector.

    Attributes:
        kinds: which; none: the vector stands alone. They need the extra `syntax`.
        combine: how several become one.
    """

    kinds: list[Syntactic] = made(list, STAGE, neutral=[])
    combine: Combine = value(Combine.concat, STAGE, neutral=Combine.concat)


@dataclass
class AdapterConfig:
    """Few new weights that are trained in the place of the transformer's own.

    Attributes:
        kind: null, or a name in `bioner.config.choices.ADAPTERS`.
        options: handed to it as they are.
    """

    kind: str | None = value(None, STAGE)
    options: dict[str, Any] = made(dict, STAGE, neutral={})


@dataclass
class EncoderConfig:
    """A pretrained transformer and how words are read off it.

    Attributes:
        label: what it is called in names and tables; null: by its weights. An override of `name`
            drops it.
        name: a hub id, a folder, or `package:MODULE/FOLDER` for weights in a Python package.
        revision: the hub commit; null takes the newest.
        lr: the peak learning rate that `optimizer.lr` takes where it is not given.
        from_scratch: null, or config values that replace the model's own: the weights are random.
        layers: the hidden layers whose mean is taken; -1 is the last.
        pooling: which pieces stand for a word.
        max_pieces: pieces in one row, special tokens included; null takes the model's own limit.
        overlap: pieces that two windows of a long sentence share.
        context: what one row holds: a sentence, or its neighbours in the document too.
        packed: attention inside each sentence of one padding-free row; null: where proven equal.
        flash_attention: the kernels of flash-attn for packed rows, in runs of 16 bits on a GPU.
        compile: torch.compile in training (experiments/speed/README.md: what it costs and gains).
        gradient_checkpointing: each layer's inner values are computed again in the backward pass
            instead of kept: less memory, a third more time. The results are equal as far as torch
            computes the same values twice, which it does not promise on every device.
        frozen_layers: the embeddings and so many first layers are not trained; 0 freezes nothing,
            the embeddings neither.
        task_tokens: the learnt markers at both ends of a row; they are no words of it.
        adapter: what is trained in the place of the transformer's own weights, if anything.
        syntax: features that a parser gives, beside the word's vector, if any.
    """

    label: str | None = value(None, NOTHING)
    name: str = value(MISSING, STAGE)
    revision: str | None = value(None, STAGE)
    lr: float | None = value(None, NOTHING)
    from_scratch: Any = value(None, STAGE)
    layers: list[int] = made(lambda: [-1], STAGE)
    pooling: Pooling = value(Pooling.first, STAGE)
    max_pieces: int | None = value(None, STAGE)
    overlap: int = value(64, STAGE)
    context: Context = value(Context.sentence, STAGE, neutral=Context.sentence)
    packed: bool | None = value(None, STAGE)
    flash_attention: bool | None = value(None, STAGE)
    compile: bool | None = value(None, STAGE)
    gradient_checkpointing: bool = value(False, STAGE, neutral=False)
    frozen_layers: int = value(0, STAGE, neutral=0)
    task_tokens: TaskTokens = value(TaskTokens.none, STAGE, neutral=TaskTokens.none)
    adapter: AdapterConfig = group(AdapterConfig)
    syntax: SyntaxConfig = group(SyntaxConfig)
