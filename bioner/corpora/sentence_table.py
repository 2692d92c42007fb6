"""The sentences of a split as flat arrays: small, and mapped from disk where they were cached."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import chain
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from bioner.corpora.sentence import Sentence

# Sentences that are turned into objects at once where all are gone through.
_BLOCK = 1024

_Bytes = NDArray[np.uint8]
_Number = TypeVar("_Number", np.int16, np.int32)


def starts_of(counts: NDArray[np.integer | np.bool_]) -> NDArray[np.int64]:
    """Return where each of consecutive groups starts, [groups + 1]; the last is the total."""
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def ranges(starts: NDArray[np.integer], counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return `start, start + 1, …` of every group, one group after the other, [sum of counts]."""
    offsets = starts_of(counts)
    return np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], counts)


def joined(sentence: Sentence) -> str:
    """Return the text of a sentence without blanks, the same for every tokenisation of it."""
    return "".join(sentence.words)


@dataclass(frozen=True, eq=False)
class Table(Sequence[Sentence]):
    """A sequence of sentences, each of which becomes an object only when it is asked for.

    Names and other texts are kept as JSON in bytes. What is counted once here (`words_by_tag`) or
    known of a sentence without its words (`text_hashes`) spares a pass through all words, which
    would bring a mapped file into memory.

    Attributes:
        words_json: the distinct words.
        tags_json: the distinct tags; `O` is the first.
        documents_json: the distinct names of documents.
        notes_json: what the reader counted and has to say, by name.
        word_ids: int32 [words], the place of each word among the distinct ones.
        tag_ids: int16 [words], likewise of its tag.
        sentence_words: int32 [sentences], words of each sentence.
        lines: int32 [sentences], the 1-based line on which it starts.
        document_ids: int32 [sentences], the place of its document's name.
        offsets: int32 [words, 2], start and end of each word; [0, 2] where there are none.
        text_hashes: uint64 [sentences], of the words without blanks (`joined`).
        words_by_tag: int64 [distinct tags], how many words have each tag.
    """

    words_json: _Bytes
    tags_json: _Bytes
    documents_json: _Bytes
    notes_json: _Bytes
    word_ids: NDArray[np.int32]
    tag_ids: NDArray[np.int16]
    sentence_words: NDArray[np.int32]
    lines: NDArray[np.int32]
    document_ids: NDArray[np.int32]
    offsets: NDArray[np.int32]
    text_hashes: NDArray[np.uint64]
    words_by_tag: NDArray[np.int64]

    @classmethod
    def of(cls, sentences: Iterable[Sentence], notes: Mapping[str, Any] | None = None) -> "Table":
        """Return the table of some sentences; a table is given back as it is."""
        if isinstance(sentences, Table) and notes is None:
            return sentences
        sentences = list(sentences)
        words, word_ids = _coded(chain.from_iterable(s.words for s in sentences), np.int32)
        tags, tag_ids = _coded(chain.from_iterable(s.tags for s in sentences), np.int16, "O")
        documents, document_ids = _coded((s.document for s in sentences), np.int32)
        return cls(
            _json_bytes(words),
            _json_bytes(tags),
            _json_bytes(documents),
            _json_bytes(dict(notes or {})),
            word_ids,
            tag_ids,
            np.fromiter((len(s.words) for s in sentences), np.int32, len(sentences)),
            np.fromiter((s.line for s in sentences), np.int32, len(sentences)),
            document_ids,
            _offsets(sentences, len(word_ids)),
            np.fromiter(map(_text_hash, sentences), np.uint64, len(sentences)),
            np.bincount(tag_ids, minlength=len(tags)),
        )

    def take(self, indices: Iterable[int], notes: Mapping[str, Any]) -> "Table":
        """Return a table of some of the sentences."""
        return Table.of((self[i] for i in indices), notes)

    @cached_property
    def vocabulary(self) -> list[str]:
        """The distinct words, by id."""
        return list(_from_json(self.words_json))

    @cached_property
    def tag_names(self) -> list[str]:
        """The distinct tags, by id."""
        return list(_from_json(self.tags_json))

    @cached_property
    def documents(self) -> list[str]:
        """The distinct names of documents, by id, in the order of the file; "" is no name."""
        return list(_from_json(self.documents_json))

    @cached_property
    def notes(self) -> dict[str, Any]:
        """What the reader counted and has to say, by name."""
        return dict(_from_json(self.notes_json))

    @cached_property
    def word_starts(self) -> NDArray[np.int64]:
        """The place in `word_ids` of each sentence's first word, [sentences + 1]."""
        return starts_of(self.sentence_words)

    @property
    def mentions(self) -> Counter[str]:
        """How many mentions of each type there are: under IOB2 each has one B-."""
        counts = zip(self.tag_names, self.words_by_tag.tolist(), strict=True)
        return Counter({tag[2:]: count for tag, count in counts if tag.startswith("B-")})

    def with_mention(self) -> NDArray[np.int64]:
        """Return the places of the sentences that have a mention, sorted."""
        inside = np.flatnonzero(np.asarray(self.tag_ids))
        return np.unique(np.searchsorted(self.word_starts, inside, side="right") - 1)

    def __len__(self) -> int:
        return len(self.sentence_words)

    @overload
    def __getitem__(self, index: int) -> Sentence: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Sentence]: ...

    def __getitem__(self, index: int | slice) -> Sentence | Sequence[Sentence]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        return next(self._block(place, place + 1))

    def __iter__(self) -> Iterator[Sentence]:
        for start in range(0, len(self), _BLOCK):
            yield from self._block(start, min(start + _BLOCK, len(self)))

    def _block(self, start: int, end: int) -> Iterator[Sentence]:
        borders = self.word_starts[start : end + 1].tolist()
        first, last = borders[0], borders[-1]
        words = [self.vocabulary[i] for i in self.word_ids[first:last].tolist()]
        tags = [self.tag_names[i] for i in self.tag_ids[first:last].tolist()]
        rest = zip(
            borders,
            borders[1:],
            self.lines[start:end].tolist(),
            self.document_ids[start:end].tolist(),
            strict=False,
        )
        for begin, stop, line, document in rest:
            here = slice(begin - first, stop - first)
            yield Sentence(
                tuple(words[here]),
                tuple(tags[here]),
                line,
                self.documents[document],
                tuple(map(tuple, self.offsets[begin:stop].tolist())),
            )


def _coded(
    values: Iterable[str], kind: type[_Number], *first: str
) -> tuple[list[str], NDArray[_Number]]:
    """Return the distinct values, `first` before the others, and the place of each among them."""
    listed = list(values)
    number = {value: i for i, value in enumerate(dict.fromkeys(chain(first, listed)))}
    return list(number), np.fromiter(map(number.__getitem__, listed), kind, len(listed))


def _offsets(sentences: Sequence[Sentence], words: int) -> NDArray[np.int32]:
    """Return the offsets of all words, or none where the file has none.

    Raises:
        ValueError: if some words have offsets and others have not.
    """
    found = [pair for sentence in sentences for pair in sentence.offsets]
    if found and len(found) != words:
        raise ValueError(f"{len(found)} offsets for {words} words")
    return np.array(found, dtype=np.int32).reshape(-1, 2)


def _text_hash(sentence: Sentence) -> int:
    digest = blake2b(joined(sentence).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _json_bytes(value: object) -> _Bytes:
    return np.frombuffer(json.dumps(value).encode(), dtype=np.uint8)


def _from_json(data: _Bytes) -> Any:
    return json.loads(data.tobytes())
