"""The same corpora from their published formats: the same mentions from each."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from bioner.config.dataset import DatasetConfig, Flatten
from bioner.corpora.document import Document
from bioner.corpora.documents import corpus_documents
from bioner.corpora.formats import columns_reader
from bioner.corpora.formats.all_formats import FORMATS
from bioner.corpora.reading import Reading
from bioner.corpora.sentence import Sentence
from bioner.corpora.tags import spans
from bioner.errors import DataError

LONGEST = DatasetConfig(path="mine", flatten=Flatten.longest)
NCBI = ("SpecificDisease", "DiseaseClass", "Modifier", "CompositeMention")
ONE_TYPE = dict.fromkeys(NCBI, "Disease")
PUBTATOR_CDR = "formats/pubtator/CDR_DevelopmentSet.PubTator.txt"
BIOC_CDR = "formats/bioc-xml/CDR_DevelopmentSet.BioC.xml"

# (words of the sentence joined, first and last character of the mention in them, type)
Found = tuple[str, int, int, str]


@cache
def documents(path: Path, name: str) -> tuple[Reading, DatasetConfig]:
    types = ONE_TYPE if "ncbi" in str(path).lower() else []
    config = replace(LONGEST, format=name, types=types, repair=True)
    return corpus_documents.read(path, config, "mine"), config


def at_offsets(sentences: list[Sentence]) -> set[tuple[str, int, int, str]]:
    """Every mention by its document and characters."""
    return {
        (s.document, s.offsets[m.start][0], s.offsets[m.end - 1][1], m.type)
        for s in sentences
        for m in spans(s.tags)
    }


def texts(sentences: list[Sentence]) -> Iterator[tuple[str, str]]:
    """Every mention in order by its type and its text, no blanks."""
    for s in sentences:
        for m in spans(s.tags):
            yield m.type, "".join(s.words[m.start : m.end])


def by_sentence(sentences: list[Sentence]) -> set[Found]:
    """Every mention by its sentence, and its characters in that, whatever the tokenisation."""
    found = set()
    for sentence in sentences:
        text = "".join(sentence.words)
        for m in spans(sentence.tags):
            start = len("".join(sentence.words[: m.start]))
            found.add((text, start, start + len("".join(sentence.words[m.start : m.end])), m.type))
    return found


def test_ncbi_disease_from_pubtator_brat_and_tsv(corpora: Path) -> None:
    pubtator, _ = documents(corpora / "formats/pubtator/NCBIdisease_Test.PubTator", "pubtator")
    brat, _ = documents(corpora / "formats/brat/ncbi-disease-test", "brat")
    tsv = columns_reader.read(corpora / "NCBI-disease/test.tsv", LONGEST, "mine").sentences
    assert at_offsets(pubtator.sentences) == at_offsets(brat.sentences)
    assert len(at_offsets(brat.sentences)) == 960
    assert (pubtator.cut, brat.cut, brat.dropped) == (0, 0, 0)
    assert sorted(texts(brat.sentences)) == sorted(texts(tsv))
    assert sorted(w for s in brat.sentences for w in s.words) == sorted(
        w for s in tsv for w in s.words
    )


def test_ncbi_disease_in_the_other_column_files(corpora: Path) -> None:
    tsv = columns_reader.read(corpora / "NCBI-disease/test.tsv", LONGEST, "mine").sentences
    for file, scheme, typed in (
        ("formats/iobes/NCBI-disease/test.tsv", "IOBES", True),
        ("formats/iobes/NCBI-disease/test.tsv", None, True),
        ("formats/conll-4col/NCBI-disease-test.txt", "IOB2", True),
        ("formats/conll-untyped-BIO/NCBI-disease-test.tsv", None, False),
    ):
        types = [] if typed else ["Disease"]
        config = replace(LONGEST, scheme=scheme, typed=typed, types=types)
        found = columns_reader.read(corpora / file, config, "mine").sentences
        assert sorted(texts(found)) == sorted(texts(tsv))


def test_bc5cdr_from_pubtator_and_bioc(corpora: Path) -> None:
    pubtator, _ = documents(corpora / PUBTATOR_CDR, "pubtator")
    bioc, _ = documents(corpora / BIOC_CDR, "bioc_xml")
    # A composite mention is one in PubTator; BioC has its parts, 43 of them discontinuous. Read
    # from its first to its last character a part covers the whole, but for one of which the
    # offsets are wrong in the file itself (`repair` counts it).
    assert (bioc.joined, bioc.repaired, pubtator.repaired) == (43, 1, 0)
    assert pubtator.dropped == 0
    assert at_offsets(bioc.sentences) == at_offsets(pubtator.sentences)
    assert len(at_offsets(pubtator.sentences)) == 9591


def test_bc5cdr_from_pubtator_and_tsv(corpora: Path) -> None:
    pubtator, _ = documents(corpora / PUBTATOR_CDR, "pubtator")
    tsv = columns_reader.read(corpora / "BC5CDR/devel.tsv", LONGEST, "mine").sentences
    ours, theirs = by_sentence(pubtator.sentences), by_sentence(tsv)
    # Sentences that both splitters end alike have the same mentions.
    shared = {"".join(s.words) for s in pubtator.sentences} & {"".join(s.words) for s in tsv}
    assert len(shared) > 0.97 * len(tsv)
    assert {f for f in ours if f[0] in shared} == {f for f in theirs if f[0] in shared}
    # In the others the TSV's splitter cuts two mentions in two; ours cuts none, but ten stand in a
    # part of a word.
    mine, tsvs = sorted(texts(pubtator.sentences)), sorted(texts(tsv))
    assert (len(mine), len(tsvs)) == (9591, 9593)
    assert pubtator.cut == 10


def test_the_file_of_no_scheme_is_caught(corpora: Path) -> None:
    file = corpora / "formats/conll-4col/bc5cdr-test.txt"
    for scheme, places in (
        (
            "IOB2",
            ":3: tag I-Entity of 'Famotidine' at the start of a sentence continues no mention;"
            " see lines 6 and 9, 7,416 tags contradict IOB2",
        ),
        (
            "IOB1",
            ":227: tag B-Entity of 'scleroderma' after O and before I-Entity is not IOB1; see "
            "lines 241 and 252, 2,227 tags contradict IOB1",
        ),
        (
            None,
            ": its tags are of no scheme; not IOB2: I-Entity on line 3, I-Entity on line 6, "
            "I-Entity on line 9 (7,416 in all); not IOB1: B-Entity on line 227",
        ),
    ):
        with pytest.raises(DataError) as raised:
            columns_reader.read(file, replace(LONGEST, scheme=scheme), "mine")
        assert str(raised.value).startswith(f"{file}{places}")


def test_bionlp_st(corpora: Path) -> None:
    folder = corpora / "formats/bionlp-st/BioNLP13CG-devel"
    found: list[Document] = list(FORMATS["bionlp_st"].read(folder, pytest.fail))
    assert len(found) == 100
    marks = [mark for document in found for mark in document.annotations]
    lines = [line for file in folder.glob("*.a1") for line in file.read_text().splitlines()]
    assert len(marks) == len(lines) == 3634


def test_bioc_in_xml_and_json(corpora: Path) -> None:
    xml = list(FORMATS["bioc_xml"].read(corpora / "formats/bioc-xml/everything.xml", pytest.fail))
    js = list(FORMATS["bioc_json"].read(corpora / "formats/bioc-json/everything.json", pytest.fail))
    assert [(d.id, d.passages) for d in xml] == [(d.id, d.passages) for d in js]
    assert [set(d.annotations) for d in xml] == [set(d.annotations) for d in js]
