"""The writers by the name of their format."""

from collections.abc import Callable
from dataclasses import dataclass

from bioner.corpora.document import Document
from bioner.predict.writers import bioc_json, bioc_xml, bionlp_st, brat, jsonl, pubtator


@dataclass(frozen=True)
class FileFormat:
    """A format that has all documents in one file.

    Attributes:
        render: gives the text of a document; a DataError is about this document alone.
        opening: what the file begins with.
        between: what stands between two documents.
        closing: what the file ends with.
    """

    render: Callable[[Document], str]
    opening: str = ""
    between: str = ""
    closing: str = ""


FILES = {
    "jsonl": FileFormat(jsonl.render),
    "pubtator": FileFormat(pubtator.render),
    "bioc_xml": FileFormat(bioc_xml.render, bioc_xml.OPENING, "", bioc_xml.CLOSING),
    "bioc_json": FileFormat(
        bioc_json.render, bioc_json.OPENING, bioc_json.BETWEEN, bioc_json.CLOSING
    ),
}
# Formats that have files of their own for each document: their content under their endings.
FOLDERS: dict[str, Callable[[Document], dict[str, str]]] = {
    "brat": brat.render,
    "bionlp_st": bionlp_st.render,
}
