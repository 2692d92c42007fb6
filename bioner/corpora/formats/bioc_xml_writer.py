"""Writer of BioC XML. What a head marked carries the infons `head` and `score`."""

from collections.abc import Mapping

from lxml import etree
from lxml.etree import _Element

from bioner.corpora.document import Annotation, Document
from bioner.corpora.formats.bioc_json_writer import infons, placed
from bioner.corpora.formats.shared.writing import refusal

OPENING = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<collection><source>bioner</source><date></date><key></key>\n"
)
CLOSING = "</collection>\n"


def render(document: Document) -> str:
    """Return the element of a document.

    Raises:
        DataError: a character that XML can't hold, such as most control characters.
    """
    try:
        return str(etree.tostring(_document(document), encoding="unicode")) + "\n"
    except ValueError as error:
        legal = "XML holds no control characters but tab and line breaks; take bioc_json or jsonl"
        raise refusal(document, str(error), legal) from None


def _document(document: Document) -> _Element:
    root = etree.Element("document")
    _leaf(root, "id", document.id)
    inside, outside = placed(document)
    for passage, marks in zip(document.passages, inside, strict=True):
        element = etree.SubElement(root, "passage")
        _infons(element, {"type": passage.kind} if passage.kind else {})
        _leaf(element, "offset", str(passage.offset))
        _leaf(element, "text", passage.text)
        for annotation in marks:
            _annotate(element, annotation)
    for annotation in outside:
        _annotate(root, annotation)
    return root


def _annotate(parent: _Element, annotation: Annotation) -> None:
    element = etree.SubElement(parent, "annotation", id=annotation.id)
    _infons(element, infons(annotation))
    for start, end in annotation.spans:
        etree.SubElement(element, "location", offset=str(start), length=str(end - start))
    _leaf(element, "text", annotation.text)


def _infons(parent: _Element, values: Mapping[str, str]) -> None:
    for key, value in values.items():
        etree.SubElement(parent, "infon", key=key).text = value


def _leaf(parent: _Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text
