"""The sentences of the benchmark: one random sample of each corpus, the same for all peers."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra import compose, initialize_config_dir
from tokenizers import Tokenizer

from bioner.config.checks import to_train_config
from bioner.config.config_folders import shipped
from bioner.config.hydra_setup import register
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.corpora.sentence import Sentence

# Batches in one shuffled stretch of Hugging Face's length grouping.
_GROUPED = 50
_DEVEL = 100
_PASSES = 5


@dataclass(frozen=True)
class Sample:
    """One corpus as all peers read it.

    Attributes:
        folder: with train.tsv, devel.tsv and test.tsv.
        types: the entity types.
        words: of a training and of a prediction round.
        padding: share of positions that random and length-grouped batches waste, 0 to 1.
        too_long: sentences of the corpus that have no place in one row, and so none here.
    """

    folder: Path
    types: list[str]
    words: dict[str, int]
    padding: dict[str, float]
    too_long: int


def read_corpus(name: str) -> Corpus:
    """Return a dataset of the catalogue."""
    register()
    with initialize_config_dir(str(shipped("conf").resolve()), version_base="1.3"):
        config = to_train_config(compose("train", [f"finetune.targets=[{name}]"]))
    return load_corpus(name, config.dataset[name], Path(config.datasets_dir))


def take_sample(
    name: str, model: Path, folder: Path, batch: int, updates: int, test: int, seed: int
) -> Sample:
    """Write the sentences of one round of training and of prediction.

    Args:
        name: of the dataset.
        model: folder of the tokenizer.
        folder: where the files are written.
        batch: sentences in a batch.
        updates: batches in a round.
        test: sentences of test.
        seed: of the choice.
    """
    corpus, draw = read_corpus(name), random.Random(seed)
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    lengths = {s: _lengths(tokenizer, corpus.splits[s].sentences) for s in corpus.splits}
    fits = {s: [i for i, n in enumerate(ns) if n <= 512] for s, ns in lengths.items()}
    chosen = {
        "train": draw.sample(fits["train"], batch * updates),
        "devel": draw.sample(fits["devel"], min(_DEVEL, len(fits["devel"]))),
        "test": draw.sample(fits["test"], min(test, len(fits["test"]))),
    }
    words = {}
    for split, indices in chosen.items():
        sentences = [corpus.splits[split].sentences[i] for i in indices]
        words[split] = write(folder / f"{split}.tsv", sentences)
    pieces = [lengths["train"][i] for i in fits["train"]]
    padding = {}
    for what, among in (
        ("sample", [lengths["train"][i] for i in chosen["train"]]),
        ("corpus", pieces),
    ):
        padding[f"random, {what}"] = padded(among, batch, draw)
        padding[f"grouped, {what}"] = padded(among, batch, draw, grouped=True)
    too_long = sum(len(lengths[s]) - len(fits[s]) for s in fits)
    return Sample(folder, list(corpus.types), words, padding, too_long)


def write(path: Path, sentences: Iterable[Sentence]) -> int:
    """Write word TAB tag, an empty line after each sentence; return the number of words."""
    path.parent.mkdir(parents=True, exist_ok=True)
    words = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for sentence in sentences:
            words += len(sentence.words)
            rows = zip(sentence.words, sentence.tags, strict=True)
            file.write("".join(f"{word}\t{tag}\n" for word, tag in rows) + "\n")
    return words


def padded(lengths: Sequence[int], batch: int, draw: random.Random, grouped: bool = False) -> float:
    """Return the share of positions that is padding, 0 to 1, the mean of some passes.

    Args:
        lengths: of the sentences in pieces, special tokens included.
        batch: sentences in a batch.
        draw: shuffles.
        grouped: whether each shuffled stretch of fifty batches is sorted by length, as Hugging
            Face's length grouping does it.
    """
    positions = real = 0
    for _ in range(_PASSES):
        order = draw.sample(lengths, len(lengths))
        if grouped:
            size = batch * _GROUPED
            order = [n for i in range(0, len(order), size) for n in sorted(order[i : i + size])]
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            positions, real = positions + len(rows) * max(rows), real + sum(rows)
    return 1 - real / positions


def _lengths(tokenizer: Tokenizer, sentences: Sequence[Sentence]) -> list[int]:
    """Return the pieces of each sentence, special tokens included."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    words = [list(sentence.words) for sentence in sentences]
    return [len(e.ids) for e in tokenizer.encode_batch_fast(words, is_pretokenized=True)]
