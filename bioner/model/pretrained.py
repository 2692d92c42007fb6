"""A pretrained transformer on disk: found once in a run, and all that is read of its files."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import transformers
from huggingface_hub import snapshot_download
from tokenizers import pre_tokenizers
from transformers import AutoConfig, AutoTokenizer, PreTrainedConfig
from transformers import PreTrainedTokenizerFast as Tokenizer

from bioner.batches.task_tokens import marked, markers_of
from bioner.batches.tokenizer import special_tokens
from bioner.batches.window import Window
from bioner.config.encoder import Context, EncoderConfig
from bioner.errors import ConfigError, UserError, nearest
from bioner.model import packing
from bioner.model.encoder_place import from_the_hub, resolve_name

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
NO_CODE = {"trust_remote_code": False}
# A folder may name further models, which transformers would look for on the hub.
ON_DISK = {"local_files_only": True}


@dataclass(frozen=True, eq=False)
class Pretrained:
    """The transformer that a config names. Each part is found when it is first asked for, and kept.

    Every part raises a ConfigError where it can't be found or read.

    Attributes:
        config: the encoder's config.
        fetch: whether the hub may be asked for what isn't on disk.
    """

    config: EncoderConfig
    fetch: bool = True

    @cached_property
    def folder(self) -> Path:
        """Where its files are; from the hub where they are not on disk."""
        return _folder(self.config, self.fetch)

    @cached_property
    def model_config(self) -> PreTrainedConfig:
        """The transformer's own config, with the values of `from_scratch`."""
        return _model_config(self.config, self.folder)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Its tokenizer, a fast one, set to be given words."""
        return _tokenizer(self.config, self.folder)

    @cached_property
    def window(self) -> Window:
        """How rows are cut for it; the weights are not read for that.

        Raises:
            ConfigError: more pieces than the model can take, no room for a word, or a tokenizer
                with ids that the model doesn't have.
        """
        pieces, rows = len(self.tokenizer), self.model_config.vocab_size
        if pieces > rows:
            found = f"{self.config.name}: {pieces} pieces in its tokenizer, {rows} in its model"
            raise ConfigError("encoder.name", found)
        special = special_tokens(self.tokenizer)
        size = packing.row_limit(self.config.max_pieces, self.model_config)
        documents = self.config.context == Context.document
        window = Window(special, size, self.config.overlap, documents=documents)
        _ = window.room  # there is some
        return window

    def window_for(self, tags: Mapping[str, Sequence[str]]) -> Window:
        """Return how rows are cut of some tasks, each with the markers that it may have.

        Args:
            tags: the label space of each task.

        Raises:
            ConfigError: see `window`; or the markers leave no room.
        """
        markers = markers_of(self.config.task_tokens, tags)
        window = marked(self.window, markers, self.model_config.vocab_size)
        _ = window.room  # there is some
        return window

    @cached_property
    def fingerprint(self) -> str:
        """A SHA-256 over the files that decide the tokens and the weights at the start.

        Of a model from scratch the weights count not, but the config with its replaced values.
        """
        scratch = self.config.from_scratch
        files = [file for pattern in _TEXTS for file in self.folder.glob(pattern)]
        files += _weights(self.folder) if scratch is None else []
        return _digest(json.dumps(scratch, sort_keys=True), files)


def _digest(values: str, files: list[Path]) -> str:
    """Return a SHA-256 over values, and over the names and contents of files."""
    sha256 = hashlib.sha256(values.encode())
    for file in sorted(files):
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        sha256.update(f"{file.name} {digest}\n".encode())
    return sha256.hexdigest()


def _folder(config: EncoderConfig, fetch: bool) -> Path:
    name = resolve_name(config.name)
    if Path(name).is_dir():
        return Path(name)
    get = partial(snapshot_download, name, local_files_only=not fetch)
    try:
        folder = Path(get(revision=config.revision, allow_patterns=_TEXTS))
        for pattern in _WEIGHTS if config.from_scratch is None else ():
            if not _weights(folder):
                get(revision=folder.name, allow_patterns=pattern)
    except Exception as error:  # of the hub's client, which changes its HTTP library
        if not fetch:
            found = f"the run's config names {name!r}, which is not on this machine"
            raise ConfigError("fetch", f"is false, and {found}", "true fetches it") from error
        raise from_the_hub(name, _first_line(error)) from error
    return folder


def _weights(folder: Path) -> list[Path]:
    return next((f for pattern in _WEIGHTS if (f := sorted(folder.glob(pattern)))), [])


def _model_config(config: EncoderConfig, folder: Path) -> PreTrainedConfig:
    with loading("name", config.name):
        own = AutoConfig.from_pretrained(folder, **ON_DISK, **NO_CODE)
        values = own.get_config_dict(folder)[0]
    legal = {*own.to_dict(), *own.attribute_map}
    for key in sorted(set(config.from_scratch or {}) - legal):
        found = f"no such value in the config of {config.name}"
        raise ConfigError(f"encoder.from_scratch.{key}", found, nearest(key, legal))
    if own.is_encoder_decoder:
        raise ConfigError("encoder.name", f"{config.name} has a decoder", "an encoder")
    with loading("from_scratch", config.name):
        # Built anew: what the config derives must follow the replaced values.
        replaced = config.from_scratch
        return own if replaced is None else type(own).from_dict(values | replaced)


def _tokenizer(config: EncoderConfig, folder: Path) -> Tokenizer:
    with loading("name", config.name):
        tokenizer = AutoTokenizer.from_pretrained(folder, **ON_DISK, **NO_CODE)
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


@contextmanager
def loading(key: str, name: str) -> Iterator[None]:
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
