"""Documents to sentences of words that know where they stand in the document."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain, islice
from typing import Any

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.sentence import Sentence
from bioner.corpora.tags import OUTSIDE

_BLANK = re.compile(r"[^\S\n]")  # each as long as the space that it is read as

_PANICS = re.compile(r"(?<![^\W_])[A-Z]\s*[^\S\x00-\x7f]\.")

Offsets = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Segmented:
    """A document as sentences.

    Attributes:
        sentences: in the order of the text; a passage border ends one.
        cut: the annotations that no run of whole words of one sentence spells. They are tagged on
            every word that they touch, as a mention of its own in each sentence.
    """

    sentences: list[Sentence]
    cut: list[Annotation]


def segmenter() -> str:
    """Return the names and versions of what decides where sentences and words end."""
    return ", ".join(f"{name} {version(name)}" for name in ("sentencex", "tokenizers"))


def segment(document: Document) -> list[Sentence]:
    """Cut a document into sentences and words; its annotations become the tags.

    Sentences end where sentencex says so, words at blanks and around every punctuation mark (the
    BERT pre-tokenizer), which is how most biomedical column corpora were made:
    experiments/segmentation has the comparison. The time is linear in the length of the text.

    Args:
        document: each annotation with a place in the text and, as
            `bioner.corpora.documents.flatten` leaves them, without overlap; of two that overlap
            the one that starts first has the words.
    """
    return segmented(document).sentences


def segmented(document: Document) -> Segmented:
    """Cut a document as `segment` does, and tell which annotations do not fit the words."""
    sentences: list[Sentence] = []
    cuts = [(passage, list(_sentences(passage))) for passage in document.passages]
    offsets = [words for _, sentences_of in cuts for words in sentences_of]
    tags, cut = _tags(document.annotations, offsets)
    for passage, sentences_of in cuts:
        text, base = passage.text, passage.offset
        for words in sentences_of:
            number = len(sentences)
            spelt = tuple([text[start - base : end - base] for start, end in words])
            line = max(document.line, 1)
            sentences.append(Sentence(spelt, tags[number], line, document.id, words))
    return Segmented(sentences, cut)


def _sentences(passage: Passage) -> Iterator[Offsets]:
    """Yield the offsets of the words of each sentence that is more than blanks."""
    # Reading columns needs neither this nor sentencex.
    from tokenizers.pre_tokenizers import BertPreTokenizer

    words = BertPreTokenizer()
    for sentence in _boundaries(passage.text):
        base = passage.offset + sentence["start_index"]
        pieces = words.pre_tokenize_str(sentence["text"])
        found = tuple([(base + s, base + e) for word, (s, e) in pieces if not word.isspace()])
        if found:
            yield found


def _boundaries(text: str) -> list[dict[str, Any]]:
    """Return the sentences of a text, as sentencex gives them."""
    import sentencex

    # sentencex 1.0 panics, and its panic prints, where a blank outside ASCII follows a capital
    # letter and precedes a full stop, as in "hepatitis C\u00a0.".
    if _PANICS.search(text):
        text = _BLANK.sub(" ", text)
    try:
        return sentencex.get_sentence_boundaries("en", text)
    except BaseException as error:
        # A panic is no Exception. One that is not foreseen above shows, but ends nothing.
        if type(error).__name__ != "PanicException":
            raise
        return sentencex.get_sentence_boundaries("en", _BLANK.sub(" ", text))


def _tags(
    annotations: Sequence[Annotation], sentences: Sequence[Offsets]
) -> tuple[list[tuple[str, ...]], list[Annotation]]:
    """Return the tags of the words of each sentence, and the annotations that words don't spell."""
    if not annotations:
        return [(OUTSIDE,) * len(words) for words in sentences], []
    flat = list(chain.from_iterable(sentences))
    starts, ends = [start for start, _ in flat], [end for _, end in flat]
    sentence_of = [number for number, words in enumerate(sentences) for _ in words]
    tags, cut = [OUTSIDE] * len(flat), []
    marked = [annotation for annotation in annotations if annotation.spans]
    for annotation in sorted(marked, key=lambda one: one.spans[0]):
        begin, end = annotation.spans[0][0], annotation.spans[-1][1]
        first, last = bisect_right(ends, begin), bisect_left(starts, end)
        free = [place for place in range(first, last) if tags[place] == OUTSIDE]
        before = None
        for place in free:
            goes_on = before == place - 1 and sentence_of[place - 1] == sentence_of[place]
            tags[place] = f"{'I' if goes_on else 'B'}-{annotation.type}"
            before = place
        spelt = 0 < len(free) == last - first and sentence_of[first] == sentence_of[last - 1]
        if not spelt or starts[first] != begin or ends[last - 1] != end:
            cut.append(annotation)
    words = iter(tags)
    return [tuple(islice(words, len(offsets))) for offsets in sentences], cut
