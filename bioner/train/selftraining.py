"""What the teachers of a stage say of text without labels: computed once, kept beside the stage."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from bioner.batches.passes import Cut
from bioner.batches.scored import ScoredBatches, Shard
from bioner.batches.soft import SoftSentences, SoftText
from bioner.batches.tokens import encode
from bioner.batches.window import Window
from bioner.config.identity import digest
from bioner.config.train import Leakage, TrainConfig
from bioner.corpora.cache import cached
from bioner.corpora.raw_text import text_digest, text_files, text_sentences
from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import Table, ranges
from bioner.corpora.tags import OUTSIDE
from bioner.errors import ConfigError
from bioner.machine.processes import is_first, meet
from bioner.model.attention import FLASH
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained
from bioner.model.weights import load_weights
from bioner.runs.percent import percent
from bioner.runs.record import SELFTRAIN
from bioner.runs.stage_record import Unlabelled
from bioner.runs.store import sha256
from bioner.train.assembly import make_module
from bioner.train.guard import Guard
from bioner.train.stage import Stage
from bioner.train.tasks import Task

log = logging.getLogger(__name__)

# Sentences that are in memory at once.
PART = 1 << 14


@dataclass(frozen=True)
class Taught:
    """What a teacher says of the text of one task.

    Attributes:
        parts: of the text.
        about: what the record says of it.
        task: of the stage.
    """

    parts: Sequence[SoftSentences]
    about: Unlabelled
    task: str

    def text(self, cut: Callable[[NDArray[np.int32]], Cut], seed: int, stage: Stage) -> SoftText:
        """Return the text as it is drawn."""
        return SoftText(self.parts, cut, seed, [*stage.tasks].index(self.task))


def text_sha256(config: TrainConfig, group: str) -> str | None:
    """Return the SHA-256 of the text that a stage is taught on beside its datasets, if any.

    Raises:
        UserError: it can't be read.
    """
    text = config.selftrain.text
    if group != SELFTRAIN or text is None:
        return None
    return text_digest(text_files("selftrain.text", text))


def check_text(config: TrainConfig, tasks: Mapping[str, Mapping[str, Task]]) -> None:
    """Check before the first stage that there is something to be labelled.

    Args:
        config: of the run.
        tasks: of each stage.

    Raises:
        ConfigError: there is nothing, of some target.
    """
    if config.selftrain.text is not None:
        text_files("selftrain.text", config.selftrain.text)
        return
    for name, task in tasks.get(SELFTRAIN, {}).items():
        if task.role == "target" and not len(_left_out(task)):
            found = f"has nothing to label: finetune.train_size leaves no train sentence of {name}"
            legal = "a smaller finetune.train_size, or selftrain.text=FILE_OR_FOLDER"
            raise ConfigError("selftrain", found, legal)


def taught_by(
    teachers: Mapping[str, Path],
    stage: Stage,
    config: TrainConfig,
    pretrained: Pretrained,
    folder: Path,
    device: torch.device,
) -> dict[str, Taught]:
    """Return what teachers say of the text of their targets, from where it was computed before.

    No label of that text is read. The memory holds `PART` sentences of it at a time.

    Args:
        teachers: the weights of each; none where nobody teaches.
        stage: of the students.
        config: of the run.
        pretrained: the encoder that the config names.
        folder: of the stage; a folder in it holds what was computed.
        device: where the teachers compute.

    Raises:
        UserError: the text can't be read.
    """
    found: dict[str, Taught] = {}
    if not teachers:
        return found
    if not is_first():
        meet()  # the first process has computed it, and the others find it
    guard = Guard(config, {name: stage.tasks[name].corpus for name in stage.groups})
    for name, file in teachers.items():
        network = make_module(stage, config, pretrained, steps=1).network
        network.load(load_weights(file))
        window = pretrained.window_for(stage.tags)
        network = network.to(device).eval()
        teacher = _Teacher(network, name, pretrained.tokenizer, window, config, device)
        place = folder / f"{stage.name}.soft" / name
        found[name] = _taught(teacher, sha256(file), stage.tasks[name], guard, place)
    if is_first():
        meet()
    return found


def _left_out(task: Task) -> NDArray[np.int64]:
    """Return the places of the train sentences that are not trained on, nor dropped for a leak."""
    train = np.arange(len(task.encoded["train"].sentence_words))
    return np.setdiff1d(train, np.concatenate([task.used, np.array(task.dropped, np.int64)]))


def _sentences(config: TrainConfig, task: Task) -> Iterator[Sentence]:
    """Yield the sentences of a task's text."""
    if config.selftrain.text is not None:
        yield from text_sentences(text_files("selftrain.text", config.selftrain.text))
        return
    train = task.corpus.splits["train"].sentences
    yield from (train[int(i)] for i in _left_out(task))


@dataclass(frozen=True)
class _Teacher:
    """A network that labels text for a task."""

    network: Network
    task: str
    tokenizer: PreTrainedTokenizerFast
    window: Window
    config: TrainConfig
    device: torch.device

    @torch.inference_mode()
    def label(self, sentences: Sequence[Sentence]) -> SoftSentences:
        """Return what it says of the words of some sentences; their tags are not looked at."""
        bare = [Sentence(s.words, (OUTSIDE,) * len(s.words), s.line) for s in sentences]
        encoded = encode(bare, (OUTSIDE,), self.tokenizer)
        tags = self.network.bank.tags[self.task]
        soft = np.zeros((len(encoded.tags), len(tags)), dtype=np.float16)
        # The kernels of flash-attn have no others.
        half = self.network.encoder.transformer.config._attn_implementation == FLASH
        every = np.arange(len(sentences))
        for batch in ScoredBatches(self.task, encoded, every, self.window, Shard()):
            words = ranges(encoded.word_starts[batch.index.numpy()], batch.lengths.numpy())
            with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
                found = self.network.marginals(batch.to(self.device)).float()
            sure = found.amax(-1, keepdim=True) >= self.config.selftrain.confidence
            soft[words[batch.kept.numpy()]] = (found * sure).cpu().numpy()
        return SoftSentences(encoded.pieces, encoded.piece_counts, encoded.sentence_words, soft)


def _taught(teacher: _Teacher, weights: str, task: Task, guard: Guard, folder: Path) -> Taught:
    """Return what a teacher, whose weights have this SHA-256, says of the text of its task."""
    config, name = teacher.config, teacher.task
    sentences, leaks = _sentences(config, task), 0
    parts: list[SoftSentences] = []
    while chunk := list(islice(sentences, PART)):
        leaked = guard.stand(Table.of(chunk))
        leaks += len(leaked)
        if config.leakage == Leakage.drop:
            chunk = [sentence for i, sentence in enumerate(chunk) if i not in leaked]
        if chunk:
            key = {"weights": weights, "part": len(parts), "words": _digest(chunk)}
            parts.append(cached(folder, key, SoftSentences, partial(teacher.label, chunk)))
    if leaks:
        what = "left out" if config.leakage == Leakage.drop else "labelled nevertheless"
        log.warning("%s: %d sentences to label stand in a devel or test; %s", name, leaks, what)
    about = _about(parts, None if config.leakage == Leakage.ignore else leaks, config)
    if not about.sentences:
        found = f"has nothing to label for {name}: no sentence is left"
        raise ConfigError("selftrain", found, "selftrain.text=FILE_OR_FOLDER with other text")
    log.info(
        "%s: %d sentences labelled, %s %% of %d words sure enough (%d of them marked)",
        name,
        about.sentences,
        percent(about.sure_words / max(1, about.words)),
        about.words,
        about.marked_words,
    )
    return Taught(parts, about, name)


def _digest(sentences: Sequence[Sentence]) -> str:
    """Return a hash of the words of some sentences."""
    found = Table.of(Sentence(s.words, (OUTSIDE,) * len(s.words), 1) for s in sentences)
    return digest([found.words_json.tobytes().decode(), found.word_ids.tolist()])


def _about(parts: Sequence[SoftSentences], leaks: int | None, config: TrainConfig) -> Unlabelled:
    sizes = np.zeros(4, dtype=np.int64)
    for part in parts:
        best = part.soft.argmax(-1)
        sure = part.soft.max(-1, initial=0) > 0
        known = np.count_nonzero(part.piece_counts)
        of_mentions = np.count_nonzero(sure & (best > 0))
        sizes += np.array([len(part.sentence_words), known, np.count_nonzero(sure), of_mentions])
    sentences, words, sure_words, marked = sizes.tolist()
    sha = text_sha256(config, SELFTRAIN)
    return Unlabelled(sha, sentences, leaks, words, sure_words, marked)
