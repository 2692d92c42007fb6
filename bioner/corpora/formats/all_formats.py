"""Every file format, by its name. A new one is a module with its record, and a line here."""

from bioner.corpora.formats.bioc_json import BIOC_JSON
from bioner.corpora.formats.bioc_xml import BIOC_XML
from bioner.corpora.formats.bionlp_st import BIONLP_ST
from bioner.corpora.formats.brat import BRAT
from bioner.corpora.formats.columns import COLUMNS
from bioner.corpora.formats.format import Format
from bioner.corpora.formats.jsonl import JSONL
from bioner.corpora.formats.plain_text import LINES, TEXT
from bioner.corpora.formats.pubtator import PUBTATOR

# Of those that a file looks like, the first is taken: each is a closer look than those below it.
FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        BIONLP_ST,
        BRAT,
        BIOC_XML,
        BIOC_JSON,
        JSONL,
        PUBTATOR,
        COLUMNS,
        TEXT,
        LINES,
    )
}


def corpus_formats() -> list[str]:
    """Return the names of the formats that a dataset may have."""
    return [name for name, form in FORMATS.items() if form.of_corpora]
