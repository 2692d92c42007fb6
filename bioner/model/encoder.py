"""The encoder: a transformer in memory, and how words are read off it."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.utils.import_utils import is_flash_attn_2_available

from bioner.batches.batch import Batch
from bioner.batches.syntax import sizes
from bioner.batches.task_tokens import in_order, marked, markers_of
from bioner.batches.window import Window
from bioner.config.encoder import EncoderConfig, Pooling
from bioner.errors import ConfigError
from bioner.model import packing
from bioner.model.adapter import Adapter
from bioner.model.attention import ATTENTION, FLASH, leave_uncompiled
from bioner.model.syntax import FeatureAttention
from bioner.model.task_tokens import mark, not_needed
from bioner.model.used_rows import UsedRows


class Encoder(nn.Module):
    """Reads one vector per word off a transformer.

    Args:
        transformer: a model without a head.
        config: the encoder's config.

    Attributes:
        hidden: size of a word's vector.
        syntax: what puts features of the context beside it; None: nothing does.
        max_pieces: the most pieces in one row, special tokens included.
        packed: whether rows lie in one row without padding.
        markers: of each task, the names of its markers; of tasks without any, nothing.
        base: the fingerprint of the pretrained files that hold what is not saved; None: all is.

    Raises:
        ConfigError: a layer that the transformer doesn't have, or more pieces than it can take.
    """

    def __init__(self, transformer: PreTrainedModel, config: EncoderConfig) -> None:
        super().__init__()
        self.transformer = transformer
        self.hidden: int = transformer.config.hidden_size
        self.max_pieces = packing.row_limit(config.max_pieces, transformer.config)
        self.packed = transformer.config._attn_implementation == ATTENTION
        self._pooling, self._task_tokens = config.pooling, config.task_tokens
        self._features = config.syntax
        self.syntax: FeatureAttention | None = None
        self._adapter: Adapter | None = None
        self.markers: dict[str, tuple[str, ...]] = {}
        self.base: str | None = None
        self._of_base: set[str] = set()
        self._layers = packing.from_the_end(config.layers, transformer.config)

    def forward(self, batch: Batch, to_learn: bool = False) -> Tensor:
        """Return the vectors of the batch's words, [words, hidden].

        Args:
            batch: of sentences.
            to_learn: for a loss: of `every_piece`, [pieces of words, hidden], word after word.
        """
        if len(batch.rows) == 0:
            return next(self.parameters()).new_zeros(0, self.hidden)
        vectors = self._read(batch.pieces, batch.rows, self._layers)
        if to_learn and self.every_piece:
            return vectors.index_select(0, packing.pieces_of_words(batch.first, batch.count))
        words = packing.read_words(vectors, batch.first, batch.count, self._pooling)
        if self.syntax is None:
            return words
        assert batch.features is not None, "the words are not parsed"
        return self.syntax(words, batch.features)

    @property
    def every_piece(self) -> bool:
        """Whether a loss is of every piece of a word."""
        return self._pooling == Pooling.every

    def freeze_unused(self) -> None:
        """Freeze what no vector depends on: DistributedDataParallel waits for every gradient."""
        pieces = torch.zeros(2, dtype=torch.long)
        self.eval()._read(pieces, torch.tensor([2]), self._layers).sum().backward()
        for parameter in self.parameters():
            parameter.requires_grad = parameter.grad is not None
        self.zero_grad(set_to_none=True)

    def freeze_layers(self, count: int) -> None:
        """Train the embeddings and the first layers no more, nor what of an adapter is in them.

        Args:
            count: of layers; 0 freezes nothing, the embeddings neither.

        Raises:
            ConfigError: the transformer has fewer, or the number is below 0.
        """
        last = self.transformer.config.num_hidden_layers
        if not 0 <= count <= last:
            raise ConfigError("encoder.frozen_layers", f"is {count}", f"0 to {last} in this model")
        if count == 0:
            return
        # Families name their parts differently; what these layers' vectors depend on is found so.
        mode = self.training
        pieces, rows = torch.zeros(2, dtype=torch.long), torch.tensor([2])
        vectors = self.eval()._read(pieces, rows, (count - last - 1,))
        if vectors.requires_grad:  # an adapter may have frozen all of it
            vectors.sum().backward()
        for parameter in self.parameters():
            parameter.requires_grad = parameter.requires_grad and parameter.grad is None
        self.zero_grad(set_to_none=True)
        self.train(mode)

    def train_rows(self, pieces: Tensor) -> None:
        """Leave the word embeddings of all other pieces as they are; see `UsedRows`.

        Args:
            pieces: Long [pieces], the ids that batches hold, sorted.
        """
        embedding = self.transformer.get_input_embeddings()
        if type(embedding) is nn.Embedding and embedding.weight.requires_grad:
            self.transformer.set_input_embeddings(UsedRows(embedding, pieces))

    def checkpoint_gradients(self) -> None:
        """Let training compute the inner values of each layer twice, instead of keeping them.

        Chen et al. 2016 ("Training Deep Nets with Sublinear Memory Cost", arXiv 1604.06174).

        Raises:
            ConfigError: the transformer's layers can't.
        """
        layers: list[Any] = [  # of attributes that no stub knows
            x for x in self.transformer.modules() if isinstance(x, GradientCheckpointingLayer)
        ]
        if not layers:
            found = f"is true, and {type(self.transformer).__name__} can't do it"
            raise ConfigError("encoder.gradient_checkpointing", found, "false")
        # Not by the transformer's own method: it would send gradients through frozen embeddings.
        again: Any = partial(checkpoint, use_reentrant=False)
        for layer in layers:
            layer.gradient_checkpointing = True
            layer._gradient_checkpointing_func = again

    def adapt(self, adapter: Adapter, base: str | None = None) -> None:
        """Put an adapter into the transformer; what it freezes is trained no more.

        Args:
            adapter: what is trained in the place of the transformer's own weights.
            base: the fingerprint of the files that these come from: then what it freezes of them
                is not saved, so that a file of weights is as small as the adapter.
        """
        loaded = {tensor.data_ptr() for tensor in self.state_dict().values()}
        adapter.insert(self.transformer)
        self._adapter, self.base = adapter, base
        self.freeze_unused()
        if base is not None:
            trained = {name for name, p in self.named_parameters() if p.requires_grad}
            own = {n for n, tensor in self.state_dict().items() if tensor.data_ptr() in loaded}
            self._of_base = own - trained

    def merge_adapter(self) -> None:
        """Make the transformer a plain one that gives the same vectors: nothing is trained now."""
        if self._adapter is not None:
            self._adapter.merge(self.transformer)
            self._adapter = None

    def mark(self, tags: Mapping[str, Sequence[str]], seed: int = 0) -> None:
        """Give tasks the markers that the config asks for; they are trained, whatever is frozen.

        Args:
            tags: the label space of each task.
            seed: of their first values.
        """
        self.markers = markers_of(self._task_tokens, tags)
        if self.markers:
            mark(self.transformer, in_order(self.markers), seed)

    def attend_to_syntax(self, seed: int = 0) -> None:
        """Let words attend to the features that the config asks for; `hidden` grows by them.

        They are trained, whatever is frozen.

        Args:
            seed: of the first values.

        Raises:
            ConfigError: they are asked for, and there is no parser.
        """
        if self._features.kinds:
            kinds, combine = self._features.kinds, self._features.combine
            self.syntax = FeatureAttention(self.hidden, kinds, sizes(), combine, seed)
            self.hidden = self.syntax.width

    def window(self, plain: Window) -> Window:
        """Return a window whose rows have the markers of their task."""
        return marked(plain, self.markers, self.transformer.config.vocab_size)

    def names(self, tasks: Iterable[str]) -> list[str]:
        """Return the names of the tensors that some tasks need of a file.

        All but the markers of others, and but what the pretrained files hold.
        """
        every = [name for name in self.state_dict() if name not in self._of_base]
        of_tasks = {task: self.markers[task] for task in tasks if task in self.markers}
        others = not_needed(every, of_tasks)
        return [name for name in every if name not in others]

    def attend_with_flash(self) -> None:
        """Give packed rows to the variable-length kernels of flash-attn; in 16 bits, on a GPU.

        Raises:
            ConfigError: rows are not packed, or there is no flash-attn or no GPU.
        """
        if not self.packed:
            found = "is for packed rows, and this encoder pads them"
            raise ConfigError("encoder.flash_attention", found, "null; see encoder.packed")
        # Without the package transformers would take kernels from the hub, and run them.
        if not is_flash_attn_2_available():
            found = "flash-attn 2 is not installed, or there is no GPU"
            raise ConfigError("encoder.flash_attention", found, "null")
        self.transformer.set_attn_implementation(FLASH)

    def compile_transformer(self) -> None:
        """Hand all but packed attention to torch.compile; the weights keep their names."""
        leave_uncompiled()
        self.transformer.compile(dynamic=True)

    def _read(self, pieces: Tensor, rows: Tensor, layers: Sequence[int]) -> Tensor:
        run = packing.run_packed if self.packed else packing.run_padded
        return run(self.transformer, pieces, rows, layers)
