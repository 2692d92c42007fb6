"""bioner in a spaCy pipeline: `nlp.add_pipe("bioner", config={"run": …})`. The extra `spacy`.

All mentions are in `doc.spans["bioner"]`, each span with `._.bioner_score` and `._.bioner_head`;
those that do not overlap, the longest first, are in `doc.ents` too, beside the entities that were
there. A mention that begins or ends within a token is the span of all tokens that it touches.
"""

from collections.abc import Iterable, Iterator, Sequence

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans, minibatch

from bioner.corpora.document import Document
from bioner.predict.annotator import Annotator

KEY = "bioner"


class BionerComponent:
    """Marks what the heads of a run find in a Doc."""

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        for name in ("bioner_score", "bioner_head"):
            if not Span.has_extension(name):
                Span.set_extension(name, default=None)

    def __call__(self, doc: Doc) -> Doc:
        """Mark one Doc."""
        (document,) = self._annotator.predict([doc.text])
        return _marked(doc, document)

    def pipe(self, stream: Iterable[Doc], batch_size: int = 128) -> Iterator[Doc]:
        """Mark a stream of Docs, a batch at a time."""
        for docs in minibatch(stream, batch_size):
            found = self._annotator.predict([doc.text for doc in docs])
            for doc, document in zip(docs, found, strict=True):
                yield _marked(doc, document)


@Language.factory(
    "bioner",
    default_config={
        "heads": [],
        "merge": "union",
        "device": "auto",
        "precision": "auto",
        "fetch": False,
    },
    assigns=["doc.ents", "doc.spans"],
)
def make(
    nlp: Language,
    name: str,
    run: str,
    heads: Sequence[str],
    merge: str,
    device: str,
    precision: str,
    fetch: bool,
) -> BionerComponent:
    """Make the component; arguments as in `bioner.load`."""
    return BionerComponent(Annotator(run, heads, merge, device, precision, fetch))


def _marked(doc: Doc, document: Document) -> Doc:
    spans = []
    for annotation in document.annotations:
        start, end = annotation.spans[0]
        span = doc.char_span(start, end, label=annotation.type, alignment_mode="expand")
        assert span is not None  # expand finds one wherever the offsets are inside the text
        span._.bioner_score = annotation.score
        span._.bioner_head = annotation.source
        spans.append(span)
    doc.spans[KEY] = spans
    before = set(doc.ents)
    taken = {token.i for entity in before for token in entity}
    free = [span for span in spans if not taken & {token.i for token in span}]
    doc.ents = [*before, *filter_spans(free)]
    return doc
