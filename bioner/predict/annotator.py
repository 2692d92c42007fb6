"""Documents in, the same documents with what the heads of a run mark out: `bioner.load`."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bioner.config.predict import Merge
from bioner.corpora.document import Document, Passage
from bioner.corpora.documents.segment import segment
from bioner.corpora.sentence import Sentence
from bioner.errors import ConfigError, nearest
from bioner.predict.finished import open_run
from bioner.predict.mentions import mentions, merged
from bioner.predict.tagger import load_tagger

# Characters of the documents that are tagged together: many for speed, bounded for memory.
_CHARACTERS = 200_000
# Words of a sentence that are tagged together. Hardly a real sentence has so many: a text that no
# splitter could split is cut here, and a mention across a cut is lost.
_WORDS = 500
_HALVES = re.compile("[\ud800-\udfff]")

log = logging.getLogger(__name__)


Chunk = list[Document]
"""Documents that are tagged together; those without words get them first."""


class Annotator:
    """Some heads of a finished run, ready to mark text.

    Args:
        run: the directory of the run.
        heads: those of the run that mark; none named means all.
        merge: what is made of the mentions of several heads.
        device: auto, cpu, cuda, …
        precision: auto, 32-true, bf16-mixed or int8; see `bioner.predict.device.pick_hardware`.
        fetch: whether an encoder that isn't on this machine may be fetched from the hub.

    Raises:
        UserError: the run or a head can't be used, or there is no such `merge`.
        TypeError: `heads` is one name.

    Attributes:
        heads: the names of the heads.
        types: the entity types of each head.
    """

    def __init__(
        self,
        run: str | Path,
        heads: Sequence[str] = (),
        merge: Merge | str = Merge.union,
        device: str = "auto",
        precision: str = "auto",
        fetch: bool = False,
    ) -> None:
        if isinstance(heads, str):
            raise TypeError(f"heads takes a list of names; for one head write [{heads!r}]")
        if merge not in [*Merge]:
            raise ConfigError("merge", f"is {merge!r}", nearest(str(merge), [*Merge]))
        finished = open_run(Path(run), fetch)
        self.heads = finished.choose(list(heads))
        self._merge = Merge(merge)
        self._tagger = load_tagger(finished, self.heads, device, precision)
        self.types = {h: tuple(t[2:] for t in tags[1::2]) for h, tags in self._tagger.tags.items()}

    def predict(self, texts: Iterable[str | Document]) -> list[Document]:
        """Return a document for each text, with what the heads mark in it.

        Args:
            texts: plain texts, or documents, whose own annotations are kept in front. A plain
                text becomes a document of one passage; its id is its place, from 1.

        Returns:
            The documents, in order. An annotation that a head made names it as `source` and has a
            `score`, the mean probability of its words' tags; its offsets count characters.

        Raises:
            TypeError: one text or a mapping where several texts are expected, or one of them is
                neither a text nor a document.
        """
        if isinstance(texts, str | Document):
            raise TypeError("predict takes a list of texts; for one text write predict([text])")
        if isinstance(texts, Mapping):
            raise TypeError("predict takes a list of texts, not a mapping; predict(texts.values())")
        return list(self.annotate(_document(text, n) for n, text in enumerate(texts, 1)))

    def annotate(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the documents, in order, with what the heads mark; few are in memory at a time."""
        for chunk in in_chunks(documents):
            yield from (replace(one, sentences=()) for one in self.mark(chunk))

    def mark(self, documents: Sequence[Document]) -> list[Document]:
        """Return the documents, in order, with what the heads mark, all tagged at once.

        Args:
            documents: those with words are tagged in these; the others get words.
        """
        chunk = [one if one.sentences else in_words(one) for one in documents]
        # Two documents may have one name, or none.
        cut = [[replace(s, document=f"{i}") for s in _cut(one)] for i, one in enumerate(chunk)]
        tagged = self._tagger.tag([sentence for sentences in cut for sentence in sentences])
        found, first = [], 0
        for one, sentences in zip(chunk, cut, strict=True):
            marks = merged([*mentions(one, sentences, first, tagged)], self._merge)
            first += len(sentences)
            annotations = (*one.annotations, *marks)
            found.append(replace(one, annotations=annotations, heads=tuple(self.heads)))
        return found


def _document(text: str | Document, number: int) -> Document:
    if isinstance(text, str):
        return Document(str(number), (Passage(text, 0),), ())
    if isinstance(text, Document):
        return text
    raise TypeError(f"text {number} is {type(text).__name__}; expected a str or a Document")


def in_chunks(documents: Iterable[Document]) -> Iterator[Chunk]:
    """Yield documents as they come, many at a time; how many follows from their lengths alone."""
    chunk: Chunk = []
    size = 0
    for document in documents:
        chunk.append(document)
        size += 1 + sum(len(passage.text) for passage in document.passages)
        if size >= _CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def in_words(document: Document) -> Document:
    """Split a document into sentences and words."""
    # Half of a surrogate pair, which a Python string may hold, is no character to any splitter.
    passages = tuple(replace(p, text=_HALVES.sub("\ufffd", p.text)) for p in document.passages)
    words = segment(replace(document, passages=passages, annotations=()))
    return replace(document, sentences=tuple(words))


def _cut(one: Document) -> Iterator[Sentence]:
    """Yield the sentences, those without end in pieces."""
    for sentence in one.sentences:
        words = len(sentence.words)
        if words <= _WORDS:
            yield sentence
            continue
        log.warning(
            "document %r: a sentence of %d words is tagged in pieces of %d",
            one.id,
            words,
            _WORDS,
        )
        for start in range(0, words, _WORDS):
            part = slice(start, start + _WORDS)
            yield replace(
                sentence,
                words=sentence.words[part],
                tags=sentence.tags[part],
                offsets=sentence.offsets[part],
            )
