"""The prediction files of a run: how they are written, and how their documents are marked."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from bioner.corpora.sentence import Sentence
from bioner.machine.writing import whole

DOCUMENT = "# document "
"""Begins a line before a document's first sentence; lines of words have two tabs, this has none."""

NO_WORD = "_"
"""Stands for every word in a file whose words were taken out, so that it can be shared."""


def write_predictions(
    path: Path, sentences: Sequence[Sentence], predicted: Iterable[Sequence[str]]
) -> None:
    """Write word, gold tag and predicted tag, tab-separated, an empty line after each sentence.

    Where the corpus marks documents, so does the file: they are what significance tests draw.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Sentences before the first mark are a document too.
    document = None if any(sentence.document for sentence in sentences) else ""
    with (
        whole(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        for sentence, tags in zip(sentences, predicted, strict=True):
            if sentence.document != document:
                document = sentence.document
                file.write(f"{DOCUMENT}{' '.join(document.split())}\n")
            for row in zip(sentence.words, sentence.tags, tags, strict=True):
                file.write("\t".join(row) + "\n")
            file.write("\n")
