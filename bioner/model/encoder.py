"""A pretrained transformer: found, checked and loaded, and how words are read off it."""

import hashlib
import inspect
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import transformers
from huggingface_hub import snapshot_download
from tokenizers import pre_tokenizers
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedConfig, PreTrainedModel
from transformers import PreTrainedTokenizerFast as Tokenizer
from transformers.utils.import_utils import is_flash_attn_2_available

from bioner.batches.batch import Batch
from bioner.batches.tokens import special_tokens
from bioner.config.train import EncoderConfig
from bioner.errors import ConfigError, UserError, nearest
from bioner.model import packing
from bioner.model.attention import ATTENTION, FLASH, leave_uncompiled
from bioner.model.dropout import replace_dropout

log = logging.getLogger(__name__)

_TEXTS = [
    "config.json",
    "tokenizer*.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.model",
]
# In this order: safetensors win where a folder holds both. The index of a split file matches too.
_WEIGHTS = ("model*.safetensors*", "pytorch_model*.bin*")
# Else transformers asks the terminal, or a text that is piped in, whether a folder's code may run.
_NO_CODE = {"trust_remote_code": False}


class Encoder(nn.Module):
    """Reads one vector per word off a transformer.

    Args:
        transformer: a model without a head.
        config: the encoder's config.

    Attributes:
        hidden: size of a word's vector.
        max_pieces: the most pieces in one row, special tokens included.
        packed: whether rows lie in one row without padding.

    Raises:
        ConfigError: a layer that the transformer doesn't have, or more pieces than it can take.
    """

    def __init__(self, transformer: PreTrainedModel, config: EncoderConfig) -> None:
        super().__init__()
        self.transformer = transformer
        self.hidden: int = transformer.config.hidden_size
        self.max_pieces = packing.row_limit(config.max_pieces, transformer.config)
        self.packed = transformer.config._attn_implementation == ATTENTION
        self._pooling = config.pooling
        self._layers = packing.from_the_end(config.layers, transformer.config)

    def forward(self, batch: Batch) -> Tensor:
        """Return the vectors of the batch's words, [words, hidden]."""
        if len(batch.rows) == 0:
            return next(self.parameters()).new_zeros(0, self.hidden)
        vectors = self._read(batch.pieces, batch.rows)
        return packing.read_words(vectors, batch.first, batch.count, self._pooling)

    def freeze_unused(self) -> None:
        """Freeze what no vector depends on: DistributedDataParallel waits for every gradient."""
        pieces = torch.zeros(2, dtype=torch.long)
        self.eval()._read(pieces, torch.tensor([2])).sum().backward()
        for parameter in self.parameters():
            parameter.requires_grad = parameter.grad is not None
        self.zero_grad(set_to_none=True)

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

    def _read(self, pieces: Tensor, rows: Tensor) -> Tensor:
        run = packing.run_packed if self.packed else packing.run_padded
        return run(self.transformer, pieces, rows, self._layers)


def load_encoder(config: EncoderConfig) -> Encoder:
    """Load the encoder that the config names; random weights depend on torch's seed.

    Raises:
        ConfigError: it can't be found or loaded, lacks weights, or the config asks for what this
            model can't do.
    """
    model_config = _model_config(config)
    options: dict[str, Any] = {"dtype": torch.float32, **_NO_CODE}
    if packing.is_packed(config.packed, model_config):
        options["attn_implementation"] = ATTENTION
    model_class: Any = transformers.MODEL_MAPPING[type(model_config)]
    if "add_pooling_layer" in inspect.signature(model_class).parameters:
        options["add_pooling_layer"] = False
    lost: list[str] = []
    with _loading("name" if config.from_scratch is None else "from_scratch", config.name):
        if config.from_scratch is not None:
            transformer = AutoModel.from_config(model_config, **options)
        else:
            transformer, report = AutoModel.from_pretrained(
                _folder(config), config=model_config, output_loading_info=True, **options
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
    # from_pretrained leaves a model in evaluation mode, and Lightning would keep it there.
    return encoder.train()


def load_tokenizer(config: EncoderConfig) -> Tokenizer:
    """Load the encoder's tokenizer, set to be given words.

    Raises:
        ConfigError: there is none, or not a fast one.
    """
    with _loading("name", config.name):
        tokenizer = AutoTokenizer.from_pretrained(_folder(config), **_NO_CODE)
    if not isinstance(tokenizer, Tokenizer):
        found = f"the tokenizer of {config.name} ({type(tokenizer).__name__}) is not a fast one"
        raise ConfigError("encoder.name", found, "an encoder with a tokenizer.json")
    # A byte-level vocabulary knows a word by the space before it, which a lone word lacks.
    before = tokenizer.backend_tokenizer.pre_tokenizer
    steps: Any = before if isinstance(before, pre_tokenizers.Sequence) else [before]
    for step in steps:
        if isinstance(step, pre_tokenizers.ByteLevel):
            step.add_prefix_space = True
    return tokenizer


def window_size(config: EncoderConfig, tokenizer: Tokenizer) -> int:
    """Return the most pieces in one row, special tokens included, without loading the weights.

    Raises:
        ConfigError: more pieces than the model can take, no room for a word, or a tokenizer with
            ids that the model doesn't have.
    """
    model_config = _model_config(config)
    if len(tokenizer) > model_config.vocab_size:
        found = f"{len(tokenizer)} pieces in its tokenizer, {model_config.vocab_size} in its model"
        raise ConfigError("encoder.name", f"{config.name}: {found}")
    size = packing.row_limit(config.max_pieces, model_config)
    special_tokens(tokenizer).window(size)
    return size


def fingerprint(config: EncoderConfig) -> str:
    """Return a SHA-256 over the files that decide the tokens and the weights at the start.

    Of a model from scratch the weights count not, but the config with its replaced values.
    """
    folder = _folder(config)
    files = [file for pattern in _TEXTS for file in folder.glob(pattern)]
    files += _weights(folder) if config.from_scratch is None else []
    sha256 = hashlib.sha256(json.dumps(config.from_scratch, sort_keys=True).encode())
    for file in sorted(files):
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        sha256.update(f"{file.name} {digest}\n".encode())
    return sha256.hexdigest()


def resolve_name(name: str) -> str:
    """Return the folder that a name stands for, or the name itself where it is a hub id.

    Raises:
        ConfigError: a package that is not installed or has no such folder.
    """
    if not name.startswith("package:"):
        folder = Path(name).expanduser()
        return str(folder) if folder.is_dir() else name
    module, _, inside = name.removeprefix("package:").partition("/")
    package = find_spec(module) if module.isidentifier() else None
    if package is None or not package.submodule_search_locations:
        found = f"the Python package {module!r} is not installed"
        raise ConfigError("encoder.name", found, f"pip install {module.replace('_', '-')}")
    folder = Path(package.submodule_search_locations[0], inside)
    if not folder.is_dir():
        raise ConfigError("encoder.name", f"the package {module!r} has no folder {inside!r}")
    return str(folder)


def _folder(config: EncoderConfig) -> Path:
    """Return the folder of a model's files, from the hub where they are not on disk."""
    name = resolve_name(config.name)
    if Path(name).is_dir():
        return Path(name)
    try:
        folder = Path(snapshot_download(name, revision=config.revision, allow_patterns=_TEXTS))
        for pattern in _WEIGHTS if config.from_scratch is None else ():
            if not _weights(folder):
                snapshot_download(name, revision=folder.name, allow_patterns=pattern)
    except Exception as error:  # of the hub's client, which changes its HTTP library
        raise ConfigError(
            "encoder.name",
            f"{name!r} is no folder, and the hub gave no model ({_first_line(error)})",
            f"a folder, or a model that `hf download {name}` fetched once where there is a network"
            " (HF_HUB_OFFLINE=1 forbids it), or encoder=minilm (`bioner train --help` lists all)",
        ) from error
    return folder


def _weights(folder: Path) -> list[Path]:
    return next((f for pattern in _WEIGHTS if (f := sorted(folder.glob(pattern)))), [])


def _model_config(config: EncoderConfig) -> PreTrainedConfig:
    folder = _folder(config)
    with _loading("name", config.name):
        own = AutoConfig.from_pretrained(folder, **_NO_CODE)
        values = own.get_config_dict(folder)[0]
    legal = {*own.to_dict(), *own.attribute_map}
    for key in sorted(set(config.from_scratch or {}) - legal):
        found = f"no such value in the config of {config.name}"
        raise ConfigError(f"encoder.from_scratch.{key}", found, nearest(key, legal))
    if own.is_encoder_decoder:
        raise ConfigError("encoder.name", f"{config.name} has a decoder", "an encoder")
    with _loading("from_scratch", config.name):
        # Built anew: what the config derives must follow the replaced values.
        replaced = config.from_scratch
        return own if replaced is None else type(own).from_dict(values | replaced)


@contextmanager
def _loading(key: str, name: str) -> Iterator[None]:
    """Keep transformers quiet, and turn its errors into one sentence."""
    chatter = transformers.logging
    verbosity, bar = chatter.get_verbosity(), chatter.is_progress_bar_enabled()
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # of any of the libraries that read the files
        found = f"{name} can't be loaded: {_first_line(error)}"
        raise ConfigError(f"encoder.{key}", found) from error
    finally:
        chatter.set_verbosity(verbosity)
        if bar:
            chatter.enable_progress_bar()


def _first_line(error: BaseException) -> str:
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {next(iter(str(cause).splitlines()), '')}"
