"""The readers by the name of their format."""

from collections.abc import Callable, Iterator

from bioner.errors import Report
from bioner.text.document import Document
from bioner.text.formats import bioc_json, bioc_xml, bionlp_st, brat, jsonl, pubtator
from bioner.text.formats.source import Source

Reader = Callable[[Source, Report], Iterator[Document]]

READERS: dict[str, Reader] = {
    "pubtator": pubtator.read_documents,
    "bioc_xml": bioc_xml.read_documents,
    "bioc_json": bioc_json.read_documents,
    "brat": brat.read_documents,
    "bionlp_st": bionlp_st.read_documents,
    "jsonl": jsonl.read_documents,
}
