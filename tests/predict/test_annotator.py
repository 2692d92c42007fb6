"""`bioner.load`: text in, documents with marks out."""

from dataclasses import replace
from itertools import islice, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioner import load
from bioner.corpora.document import Annotation, Document, Passage
from bioner.errors import ConfigError
from bioner.predict.annotator import Annotator
from tests.predict.conftest import Runs
from tests.predict.test_tagger import predictions


@pytest.fixture(scope="module")
def texts(runs: Runs) -> list[str]:
    rows = predictions(runs.linear / "predictions" / "demo_disease_related.test.tsv")
    return [" ".join(sentence.words) for sentence, _ in rows]


def assert_exact(document: Document) -> None:
    """Every mark says what stands at its offsets, inside one passage."""
    for annotation in document.annotations:
        ((start, end),) = annotation.spans
        inside = [p for p in document.passages if p.offset <= start < end <= p.offset + len(p.text)]
        assert [p.text[start - p.offset : end - p.offset] for p in inside] == [annotation.text]


def test_five_lines(runs: Runs, texts: list[str]) -> None:
    found = load(runs.linear).predict(texts)
    assert [document.passages[0].text for document in found] == texts
    assert [document.id for document in found[:2]] == ["1", "2"]
    marks = [a for document in found for a in document.annotations]
    assert len(marks) > 20  # the run learnt something
    assert {a.type for a in marks} == {"Disease"}
    assert {a.source for a in marks} <= {
        "demo_disease",
        "demo_disease_related",
        "demo_disease+demo_disease_related",
    }
    assert all(a.score is not None and 0 < a.score <= 1 for a in marks)
    for document in found:
        assert_exact(document)


def test_heads_and_merging(runs: Runs, texts: list[str]) -> None:
    def marks(**options: object) -> list[tuple[Annotation, ...]]:
        return [d.annotations for d in load(runs.linear, **options).predict(texts)]  # type: ignore[arg-type]

    first, second = marks(heads=["demo_disease"]), marks(heads=["demo_disease_related"])
    every = marks(merge="none")
    for one, two, both in zip(first, second, every, strict=True):
        assert sorted(map(repr, (*one, *two))) == sorted(map(repr, both))
    union = marks()
    assert sum(map(len, union)) < sum(map(len, every))  # some mentions both heads mark
    for row in marks(merge="highest"):
        spans = sorted(a.spans[0] for a in row)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_what_cannot_be_used(runs: Runs, annotator: Annotator) -> None:
    with pytest.raises(TypeError, match="list of texts"):
        annotator.predict("one text")
    with pytest.raises(ConfigError, match="has no head"):
        load(runs.linear, heads=["demo"])
    with pytest.raises(ConfigError, match=r"merge: is 'most'; .*union"):
        load(runs.linear, merge="most")
    with pytest.raises(TypeError, match=r"for one head write \['demo_disease'\]"):
        load(runs.linear, heads="demo_disease")
    with pytest.raises(TypeError, match="text 2 is NoneType; expected a str or a Document"):
        annotator.predict(["one text", None])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"not a mapping; predict\(texts.values\(\)\)"):
        annotator.predict({"a": "one text"})
    with pytest.raises(ConfigError, match="run: "):
        load(runs.linear / "nothing")


def test_order_annotations_and_passages_are_kept(annotator: Annotator, texts: list[str]) -> None:
    own = Annotation(((3, 5),), "Gene", texts[0][3:5], "T7")
    passages = (Passage(texts[0], 0, "title"), Passage(texts[1], len(texts[0]) + 1, "abstract"))
    given = [Document(str(n), passages, (own,)) for n in range(50)]
    found = annotator.predict(given)
    assert [d.id for d in found] == [d.id for d in given]
    for document in found:
        assert document.passages == passages
        assert document.annotations[0] == own
        assert_exact(replace(document, annotations=document.annotations[1:]))


def test_a_stream_is_not_read_to_its_end(annotator: Annotator, texts: list[str]) -> None:
    taken = []

    def endless() -> object:
        while True:
            taken.append(1)
            yield Document("1", (Passage(" ".join(texts), 0),), ())

    assert len(list(islice(annotator.annotate(endless()), 3))) == 3
    assert len(taken) < 100


def test_one_document_or_many_at_once_give_the_same(annotator: Annotator, texts: list[str]) -> None:
    together = annotator.predict(texts[:40])
    for text, document in zip(texts[:40], together, strict=True):
        (alone,) = annotator.predict([text])
        assert [(a.spans, a.type) for a in alone.annotations] == [
            (a.spans, a.type) for a in document.annotations
        ]


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "\u200b", "\x00\x01\x1b", "\ud800", "a" * 50_000]
)
def test_text_without_a_sentence_or_a_word(annotator: Annotator, text: str) -> None:
    (document,) = annotator.predict([text])
    assert document.passages[0].text == text
    assert_exact(document)


def test_a_line_without_end_is_tagged_in_pieces(
    annotator: Annotator, texts: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    text = " ".join(t.removesuffix(" .") for t in texts) * 3
    (document,) = annotator.predict([text.replace(".", "")])
    assert "is tagged in pieces" in caplog.text
    assert document.annotations
    assert_exact(document)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_offsets_are_exact_in_any_text(annotator: Annotator, text: str) -> None:
    disease = "cirrhosis"
    (document,) = annotator.predict([f"{text}{disease} {text}\u0301 with {disease}."])
    assert_exact(document)


def test_a_row_of_a_document_holds_sentences_of_that_document_alone(
    runs: Runs, texts: list[str]
) -> None:
    one = load(runs.linear, heads=["demo_disease"])
    window = replace(one._tagger.window, documents=True)
    one._tagger = replace(one._tagger, window=window)
    # Of one name, and each with a title.
    documents = [
        Document("same", (Passage(a, 0), Passage(b, len(a) + 1)), ())
        for a, b in pairwise(texts[:12])
    ]

    def scored(found: list[Document]) -> list[list[tuple[object, object]]]:
        return [[(a.spans, pytest.approx(a.score)) for a in d.annotations] for d in found]

    together = one.predict(documents)
    assert scored(together) == scored([one.predict([d])[0] for d in documents])
    assert scored(together) != scored(load(runs.linear, heads=["demo_disease"]).predict(documents))
