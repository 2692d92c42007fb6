"""What a writer writes, the reader of the same format reads back."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats.all_formats import FORMATS
from bioner.corpora.formats.format import FileWriter, FolderWriter
from bioner.errors import DataError

TITLE = "Naïve 𝛽-cells and 测试: e\u0301 \u200bzero\u200b width, \U0001f9ec."
ABSTRACT = 'BRCA1\u00a0mutations < breast & ovarian cancer > "x".'
MARKED = Document(
    "123",
    (Passage(TITLE, 0, "title"), Passage(ABSTRACT, len(TITLE) + 1, "abstract")),
    (
        Annotation(((6, 13),), "Cell", TITLE[6:13], "T4"),
        Annotation(
            ((len(TITLE) - 2, len(TITLE) - 1),), "Symbol", "\U0001f9ec", score=0.75, source="demo"
        ),
        Annotation(((len(TITLE) + 1, len(TITLE) + 6),), "Gene", "BRCA1"),
    ),
)


WRITERS = {name: form.writer for name, form in FORMATS.items() if form.writer is not None}
FILES = {name: one for name, one in WRITERS.items() if isinstance(one, FileWriter)}
FOLDERS = {name: one for name, one in WRITERS.items() if isinstance(one, FolderWriter)}
# Columns hold words, not texts.
OF_TEXT = [name for name in WRITERS if name != "conll"]


def written(name: str, documents: list[Document]) -> bytes:
    form = FILES[name]
    body = form.between.join(form.render(document) for document in documents)
    return (form.opening + body + form.closing).encode()


def back(name: str, documents: list[Document], folder: Path) -> list[Document]:
    if name in FILES:
        return list(FORMATS[name].read(io.BytesIO(written(name, documents)), _fail))
    for document in documents:
        for ending, text in FOLDERS[name].render(document).items():
            file = folder / f"{document.id}{ending}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
    return list(FORMATS[name].read(folder, _fail))


def _fail(error: DataError) -> None:
    raise error


def bare(document: Document) -> Document:
    """Take away what most formats can't hold: ids that were given, heads, scores, lines, kinds."""
    marks = tuple(replace(a, id="", score=None, source="") for a in document.annotations)
    return replace(document, annotations=marks, line=1)


def one_passage(document: Document) -> Document:
    """Return the document as standoff has it: one text."""
    text = "\n".join(passage.text for passage in document.passages)
    return replace(document, passages=(Passage(text, 0),))


@pytest.mark.parametrize("name", OF_TEXT)
def test_documents_passages_and_annotations_come_back(name: str, tmp_path: Path) -> None:
    second = replace(MARKED, id="sub/124" if name in FOLDERS else "124")
    found = back(name, [MARKED, second], tmp_path)
    expected = [one_passage(d) if name in FOLDERS else d for d in (MARKED, second)]
    assert [bare(d) for d in found] == [bare(d) for d in expected]


def test_json_lines_keep_everything() -> None:
    split = Annotation(((0, 5), (6, 13)), "Cell", f"{TITLE[:5]} {TITLE[6:13]}")
    document = replace(MARKED, annotations=(*MARKED.annotations, split))
    assert list(FORMATS["jsonl"].read(io.BytesIO(written("jsonl", [document])), _fail)) == [
        document
    ]


@pytest.mark.parametrize("name", ["bioc_xml", "bioc_json", "brat", "bionlp_st"])
def test_discontinuous_mentions_and_ids_come_back(name: str, tmp_path: Path) -> None:
    split = Annotation(((0, 5), (6, 13)), "Cell", f"{TITLE[:5]} {TITLE[6:13]}", "T1")
    document = replace(MARKED, annotations=(split, Annotation(((0, 5),), "X", TITLE[:5])))
    found = back(name, [document], tmp_path)[0].annotations
    assert found[0] == split
    assert found[1].id not in ("", "T1")


@pytest.mark.parametrize("name", ["bioc_xml", "brat", "pubtator"])
def test_heads_and_scores_are_written(name: str) -> None:
    text = (
        written(name, [MARKED]).decode() if name in FILES else FOLDERS[name].render(MARKED)[".ann"]
    )
    assert "demo" in text
    assert "0.7500" in text


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A β.\nB c.\n", ["A β.", "B c."]),
        ("A β.\nB c.", ["A β.", "B c."]),
        ("A β.\n", ["A β."]),
        ("\nB c.\n", ["", "B c."]),
        ("A β.\n\n", ["A β.", ""]),
        ("\n", [""]),
    ],
)
def test_plain_text_of_two_lines_is_a_title_and_an_abstract(text: str, lines: list[str]) -> None:
    words = [match.span() for match in re.finditer(r"\w", text)]
    marks = tuple(Annotation((span,), "X", text[slice(*span)]) for span in words)
    (found,) = back("pubtator", [Document("1", (Passage(text, 0),), marks)], Path())
    assert [passage.text for passage in found.passages] == lines
    assert found.annotations == marks


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    passages, annotations, end = [], [], -1
    for kind in ("title", "abstract")[: draw(st.integers(1, 2))]:
        passages.append(Passage(draw(TEXTS), end + 1, kind))
        for _ in range(draw(st.integers(0, 2))):
            text = passages[-1].text
            a, b = draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))
            if a < b:
                spans = ((end + 1 + a, end + 1 + b),)
                annotations.append(Annotation(spans, "Gene", text[a:b], score=0.5, source="head"))
        end = passages[-1].offset + len(passages[-1].text)
    return Document("1", tuple(passages), tuple(annotations))


@pytest.mark.parametrize("name", OF_TEXT)
@given(document=documents())
def test_any_text_comes_back_or_is_refused(
    name: str, document: Document, tmp_path_factory: pytest.TempPathFactory
) -> None:
    try:
        found = back(name, [document], tmp_path_factory.mktemp("out"))
    except DataError as error:
        # Only a writer may refuse; what is written must be read.
        assert "document '1'" in str(error)
        assume(False)
    expected = one_passage(document) if name in FOLDERS else document
    assert [p.text for p in found[0].passages] == [p.text for p in expected.passages]
    assert [a.spans for a in found[0].annotations] == [a.spans for a in expected.annotations]


@pytest.mark.parametrize(
    ("name", "document", "says"),
    [
        ("pubtator", Document("1", (Passage("a\nb\nc", 0),), ()), "holds '\\n'"),
        ("pubtator", Document("1", (Passage("a\nb", 0, "title"),), ()), "holds '\\n'"),
        (
            "pubtator",
            Document("1", (Passage("a\nb", 0),), (Annotation(((0, 3),), "X", "a\nb"),)),
            "the mention at 0 to 3 goes over a line break",
        ),
        ("pubtator", Document("1|2", (Passage("a", 0),), ()), "an id is needed"),
        ("pubtator", Document("1", (Passage("a", 0), Passage("b", 5)), ()), "starts at 5, not 2"),
        ("pubtator", Document("1", (Passage("a", 0, "methods"),), ()), "'methods'"),
        (
            "pubtator",
            Document("1", (Passage("a b c", 0),), (Annotation(((0, 1), (4, 5)), "X", "a c"),)),
            "2 fragments",
        ),
        ("bioc_xml", Document("1", (Passage("a\x01b", 0),), ()), "control characters"),
        ("brat", Document("1", (Passage("a", 10**9),), ()), "starts at 1000000000"),
        ("brat", Document("1", (Passage("a", 0),), (Annotation(((0, 1),), "a b", "a"),)), "blanks"),
        ("bionlp_st", Document("1", (Passage("\0", 0),), ()), "holds a NUL"),
        ("bionlp_st", Document("1", (Passage("a", 0),), (Annotation((), "X", "a"),)), "0 places"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(name: str, document: Document, says: str) -> None:
    render = WRITERS[name].render
    with pytest.raises(DataError, match="document '1") as error:
        render(document)
    assert says in str(error.value)


def test_ids_that_standoff_cannot_hold_are_replaced() -> None:
    marks = [Annotation(((0, 1),), "X", "a", given) for given in ("7", "T1", "", "T 2")]
    document = Document("1", (Passage("a", 0),), tuple(marks))
    lines = FOLDERS["brat"].render(document)[".ann"].splitlines()
    assert [line.partition("\t")[0] for line in lines] == ["T2", "T1", "T3", "T4"]
