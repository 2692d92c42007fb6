"""Writer of BioNLP shared task standoff, which has no place for heads and scores."""

from bioner.corpora.document import Document
from bioner.predict.writers.standoff import marks, text_file


def render(document: Document) -> dict[str, str]:
    """Return the content of the files of a document, under their endings.

    Raises:
        DataError: a document that standoff can't hold.
    """
    return {".txt": text_file(document), ".a1": "".join(f"{line}\n" for _, line in marks(document))}
