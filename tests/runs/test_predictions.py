"""The prediction files that runs write."""

from pathlib import Path

from bioner.corpora.sentence import Sentence
from bioner.report.prediction_arrays import read_predictions
from bioner.runs.predictions import write_predictions


def sentence(document: str) -> Sentence:
    return Sentence(("#", "document"), ("B-X", "O"), 1, document)


def test_documents_are_marked_where_the_corpus_has_them(tmp_path: Path) -> None:
    sentences = [sentence(name) for name in ("", "7", "7", "a\tb\nc")]
    write_predictions(tmp_path / "p.tsv", sentences, [("B-X", "O")] * 4)
    marks = [line for line in (tmp_path / "p.tsv").read_text().split("\n") if "# doc" in line]
    assert marks == ["# document ", "# document 7", "# document a b c"]
    assert read_predictions(tmp_path / "p.tsv").opens.tolist() == [0, 1, 3]


def test_no_document_is_marked_where_the_corpus_has_none(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.tsv", [sentence("")] * 2, [("B-X", "O")] * 2)
    assert (tmp_path / "p.tsv").read_text() == "#\tB-X\tB-X\ndocument\tO\tO\n\n" * 2
