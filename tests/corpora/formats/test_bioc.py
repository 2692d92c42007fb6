"""BioC XML and BioC JSON: the same documents from both, and what every bad file is told."""

import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats import bioc_json, bioc_xml
from bioner.corpora.formats.format import Reader
from bioner.errors import DataError
from tests.corpora.formats.reading import all_of, damaged, refusal, sound, survives

XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>s</source><date>d</date><key>k</key>
<document><id>7</id>
<passage><infon key="type">title</infon><offset>0</offset><text>A&amp;B &#x3b2; fever</text>
<annotation id="T1"><infon key="type">Disease</infon><location offset="6" length="5"/>
<text>fever</text></annotation>
</passage>
<passage><offset>20</offset>
<sentence><offset>20</offset><text>One.</text></sentence>
<sentence><offset>26</offset><text>Two x.</text>
<annotation id="T2"><location offset="30" length="1"/><location offset="26" length="3"/>
<text>Two x</text></annotation></sentence>
</passage>
<annotation id="T3"><infon key="type">Note</infon><text>no place</text></annotation>
<relation id="R"><node refid="T1" role="r"/></relation>
</document>
<document><id>8</id></document>
</collection>
"""

JSON: dict[str, Any] = {
    "source": "s",
    "documents": [
        {
            "id": "7",
            "infons": {},
            "passages": [
                {
                    "offset": 0,
                    "infons": {"type": "title"},
                    "text": "A&B β fever",
                    "annotations": [
                        {
                            "id": "T1",
                            "infons": {"type": "Disease"},
                            "locations": [{"offset": 6, "length": 5}],
                            "text": "fever",
                        }
                    ],
                },
                {
                    "offset": 20,
                    "text": "",
                    "sentences": [
                        {"offset": 20, "text": "One."},
                        {
                            "offset": 26,
                            "text": "Two x.",
                            "annotations": [
                                {
                                    "id": "T2",
                                    "text": "Two x",
                                    "locations": [
                                        {"offset": 30, "length": 1},
                                        {"offset": 26, "length": 3},
                                    ],
                                }
                            ],
                        },
                    ],
                },
            ],
            "annotations": [{"id": "T3", "infons": {"type": "Note"}, "text": "no place"}],
            "relations": [{"id": "R"}],
        },
        {"id": 8, "passages": []},
    ],
}

MARKS = (
    Annotation(((6, 11),), "Disease", "fever", "T1"),
    Annotation(((26, 29), (30, 31)), "", "Two x", "T2"),
    Annotation((), "Note", "no place", "T3"),
)
PASSAGES = (Passage("A&B β fever", 0, "title"), Passage("One.  Two x.", 20))


def xml(folder: Path, text: str) -> Path:
    file = folder / "corpus.xml"
    file.write_text(text)
    return file


def in_json(folder: Path, value: Any) -> Path:
    file = folder / "corpus.json"
    file.write_text(json.dumps(value))
    return file


def test_xml(tmp_path: Path) -> None:
    documents, faults = all_of(bioc_xml.read_documents, xml(tmp_path, XML))
    assert faults == []
    assert documents == [Document("7", PASSAGES, MARKS, 4), Document("8", (), (), 18)]
    assert [mark.line for mark in documents[0].annotations] == [6, 12, 15]


def test_json(tmp_path: Path) -> None:
    documents, faults = all_of(bioc_json.read_documents, in_json(tmp_path, JSON))
    assert faults == []
    assert documents[0].passages == PASSAGES
    assert set(documents[0].annotations) == set(MARKS)
    assert documents[1] == Document("8", (), (), line=0)


def changed(old: str, new: str) -> str:
    assert old in XML
    return XML.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (XML[:400], ":9: no XML: "),
        ("", ": no XML: "),
        ("text\n", ":1: no XML: "),
        ("<a><document/></a>", ":1: the outermost element is 'a'; expected a BioC <collection>"),
        ("<a/>", ":1: the outermost element is 'a'; expected a BioC <collection>"),
        (changed("<offset>0<", "<offset>x<"), ":5: an offset or length of a <passage> is 'x'; exp"),
        (changed('length="5"', ""), ":6: an offset or length of a <location> is ''; expected a w"),
        (changed("<id>7</id>", ""), ":4: a document has no id; expected <id>"),
        (changed("fever</text>", "<b>fever</b></text>"), ":5: 'b' within a text; expected text"),
        (changed("<offset>26<", "<offset>22<"), ":9: a sentence starts at 22, and the one before"),
        (changed("&#x3b2;", "&beta;"), ":5: '&beta;' within a text; expected text alone"),
        (
            changed("&#x3b2;", "&beta;").replace('<!DOCTYPE collection SYSTEM "BioC.dtd">', ""),
            ":5: no XML: Entity 'beta' not defined; expected BioC XML",
        ),
    ],
)
def test_bad_xml(tmp_path: Path, text: str, message: str) -> None:
    file = xml(tmp_path, text)
    assert refusal(bioc_xml.read_documents, file).startswith(f"{file}{message}")


@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY beta "b">',
        '<!ENTITY beta SYSTEM "secret.txt">',
        '<!ENTITY beta SYSTEM "file:///etc/hostname">',
        '<!ENTITY lol "lol"><!ENTITY beta "&lol;&lol;&lol;&lol;&lol;&lol;">',
        '<!ENTITY % outside SYSTEM "secret.txt"> %outside;',
    ],
    ids=["internal", "relative file", "absolute file", "expansion", "parameter"],
)
def test_entities_are_never_resolved(tmp_path: Path, entity: str) -> None:
    (tmp_path / "secret.txt").write_text("<!ENTITY beta 'secret'>")
    text = XML.replace('SYSTEM "BioC.dtd"', f"[{entity}]").replace("&#x3b2;", "&beta;")
    said = refusal(bioc_xml.read_documents, xml(tmp_path, text))
    assert "entity" in said or "'&beta;' within a text" in said
    assert "secret'" not in said


def test_a_document_type_definition_is_never_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "BioC.dtd")  # whoever opens it hangs
    documents, faults = all_of(bioc_xml.read_documents, xml(tmp_path, XML))
    assert len(documents) == 2 and not faults


def test_a_second_document_is_read_after_a_bad_one(tmp_path: Path) -> None:
    file = xml(tmp_path, changed("<offset>0<", "<offset>x<"))
    documents, faults = all_of(bioc_xml.read_documents, file)
    assert [document.id for document in documents] == ["8"]
    assert [fault.line for fault in faults] == [5]


def at(path: list[str | int], value: Any) -> Any:
    """The JSON with one value replaced; ... removes it."""
    copy = json.loads(json.dumps(JSON))
    place = copy
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return copy


FIRST: list[str | int] = ["documents", 0, "passages", 0]
MARK: list[str | int] = [*FIRST, "annotations", 0]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], ": is no JSON object; expected a BioC collection: an object with a list 'documents'"),
        ("text", ": is no JSON object"),
        ({}, ": has no 'documents'; expected a BioC collection"),
        ({"documents": {}}, ": its 'documents' is no list"),
        ({"documents": [3]}, ": document 1 is 3; expected an object"),
        (at(["documents", 0, "id"], ...), ": document 1 has no id; expected a string 'id'"),
        (at(["documents", 0, "id"], [1]), ": 'id' of document 1 is [1]; expected a string"),
        (at(["documents", 0, "passages"], None), ": 'passages' of document '7' is null; expected "),
        (at([*FIRST, "offset"], ...), ": passages[0] of document '7' has no 'offset'; expected a "),
        (at([*FIRST, "offset"], 1.5), ": 'offset' of passages[0] of document '7' is 1.5; expected"),
        (at([*FIRST, "offset"], True), ": 'offset' of passages[0] of document '7' is true; expect"),
        (at([*FIRST, "infons"], []), ": 'infons' of passages[0] of document '7' is []; expected a"),
        (at([*MARK, "locations", 0, "length"], "5"), ": 'length' of locations[0] of annotations[0"),
        (at([*MARK, "locations", 0, "offset"], 99), ": annotation T1 of document '7' is from 99"),
        (at([*MARK, "text"], "cough"), ": annotation T1 of document '7' is 'cough', but the tex"),
        (at([*FIRST, "offset"], 12), ": a passage of document '7' starts at 20; expected 23 or "),
    ],
)
def test_bad_json(tmp_path: Path, value: Any, message: str) -> None:
    file = in_json(tmp_path, value)
    assert refusal(bioc_json.read_documents, file).startswith(f"{file}{message}")


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b'{"documents": [{"id": "1"}', b'{"documents": [{"id": "\xff"}]}', b"[" * 9999],
)
def test_no_json(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "corpus.json"
    file.write_bytes(data)
    assert refusal(bioc_json.read_documents, file).startswith(f"{file}:")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b'{"documents":\n[{"id": "1"}',
            ":2: no JSON: Expecting ',' delimiter at column 13; expec",
        ),
        (
            b'{"documents":\n[{"id": "\xff"}]}',
            ":2: byte 10 of the line, 0xff, is not UTF-8; expec",
        ),
        (json.dumps(JSON).encode("utf-16"), ":1: is UTF-16; expected UTF-8"),
        (
            json.dumps(JSON).encode() + b"\n{}",
            ":2: no JSON: Extra data at column 1; expec",
        ),
        (b'{"documents": [' + b"9" * 5000 + b"\n", ": no JSON: "),
        (b"", ": is empty; expected a BioC collection"),
    ],
)
def test_no_json_says_where(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "corpus.json"
    file.write_bytes(data)
    assert refusal(bioc_json.read_documents, file).startswith(f"{file}{message}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"a\ud800b", r"\ud800"),
        (r"a\uD83D", r"\uD83D"),
        (r"\udc00", r"\udc00"),
        (r"\ud800\u0041", r"\ud800"),
        (r"\ud800\\udc00", r"\ud800"),
        (r"\\\ud800", r"\ud800"),
        (r"\ud83d\ude00\ude00", r"\ude00"),
        (r"\\ud800 \ud83d\ude00", None),
        (r"\\\\ud800\n\"", None),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_half_of_a_surrogate_pair_is_no_question_mark(
    text: str, found: str | None, size: int, tmp_path: Path
) -> None:
    class Slow(io.BytesIO):
        """Gives a few bytes at a time, as a pipe may."""

        name = "corpus.json"

        def read(self, asked: int | None = -1) -> bytes:
            return super().read(min(size, asked) if asked and asked > 0 else asked)

    data = '{"documents": [{"id": "7",\n"passages": [{"offset": 0, "text": "' + text + '"}]}]}'
    faults: list[DataError] = []
    try:
        (document,) = bioc_json.read_documents(Slow(data.encode()), faults.append)
    except DataError as error:
        assert found is not None
        place = data.rindex(found) - data.index("\n")
        assert str(error).startswith(
            f"corpus.json:2: {found} at byte {place} is half of a surrogate pair; expected Unicode"
        )
    else:
        assert found is None
        assert document.passages[0].text == json.loads(f'"{text}"')
    assert faults == []


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "corpus.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(JSON).encode())
    documents, faults = all_of(bioc_json.read_documents, file)
    assert [document.id for document in documents] == ["7", "8"] and not faults
    with file.open("rb") as stream:
        assert list(sound(bioc_json.read_documents, stream)) == documents


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(damaged(XML.encode(), (b"<", b">", b"&x;", b"<text/>", b"]]>", b"-1", b"<!--", b"<?x?>")))
def test_any_bytes_are_read_or_refused_as_xml(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "corpus.xml"
    file.write_bytes(data)
    survives(bioc_xml.read_documents, file)


ODD = (b'"', b"{", b"}", b"[", b"null", b"-1", b"1e400", b"9" * 5000, b"\\ud800", b"1.5", b"NaN")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(damaged(json.dumps(JSON).encode(), ODD))
def test_any_bytes_are_read_or_refused_as_json(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "corpus.json"
    file.write_bytes(data)
    survives(bioc_json.read_documents, file)


def test_the_export_of_pubtator_3(tmp_path: Path) -> None:
    plain, _ = all_of(bioc_json.read_documents, in_json(tmp_path, JSON))
    value = {"PubTator3": [{"_id": "7|None", **one} for one in JSON["documents"]]}
    documents, faults = all_of(bioc_json.read_documents, in_json(tmp_path, value))
    assert documents == plain and not faults
    said = refusal(bioc_json.read_documents, in_json(tmp_path, {"PubTator3": {}}))
    assert "its 'PubTator3' is no list" in said


@pytest.mark.parametrize("reader", [bioc_json.read_documents, bioc_xml.read_documents])
def test_compressed_data_is_called_that(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "corpus.gz"
    file.write_bytes(gzip.compress(b"{}"))
    assert refusal(reader, file) == (
        f"{file}: is compressed data (gzip); expected what gunzip makes of it"
    )


def test_faults_after_a_syntax_fault_are_told_too(tmp_path: Path) -> None:
    document = XML[XML.index("<document>") : XML.index("<document><id>8")]
    broken = document.replace("</passage>", "</pasage>", 1)
    bad = document.replace("<offset>0<", "<offset>x<")
    text = f"<collection>\n{document}{broken}{document}{bad}{broken}</collection>"
    file = xml(tmp_path, text)
    documents, faults = all_of(bioc_xml.read_documents, file)
    starts = [number for number, line in enumerate(text.split("\n"), 1) if "<document>" in line]
    assert [document.line for document in documents] == [starts[0], starts[2]]
    assert [fault.line for fault in faults] == [starts[1] + 4, starts[3] + 1, starts[4] + 4]
    with file.open("rb") as stream:
        assert len(list(bioc_xml.read_documents(stream, faults.append))) == 2
    found: list[DataError] = []  # what is no file is not read twice
    assert len(list(bioc_xml.read_documents(io.BytesIO(text.encode()), found.append))) == 1
    assert [fault.line for fault in found] == [starts[1] + 4]


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-16", "UTF-16-LE", "UTF-16-BE"])
@pytest.mark.parametrize("begin", ["<document>", "<document >", "<document\n>"])
def test_what_follows_a_syntax_fault_has_the_encoding_of_the_file(
    encoding: str, begin: str, tmp_path: Path
) -> None:
    texts = ["Fever é.", "a & b", "Plain Ã© then.", "café"]
    passages = [f"<passage><offset>0</offset><text>{text}</text></passage>" for text in texts]
    documents = [f"{begin}<id>{i}</id>{passages[i]}</document>\n" for i in range(4)]
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<collection>{"".join(documents)}'
    file = tmp_path / "corpus.xml"
    file.write_bytes(f"{text}</collection>".encode(encoding))
    found, faults = all_of(bioc_xml.read_documents, file)
    assert [document.passages[0].text for document in found] == [texts[0], *texts[2:]]
    assert len(faults) == 1 and "no XML" in str(faults[0])


def test_what_is_not_read_after_a_syntax_fault_is_said() -> None:
    faults: list[DataError] = []
    text = XML.replace("A&amp;B", "A & B")
    twice = (
        text[: text.index("<document><id>8")].replace("A & B", "AB") + text[text.index("<doc") :]
    )
    list(bioc_xml.read_documents(io.BytesIO(twice.encode()), faults.append))
    assert [str(fault).endswith("what follows is not read") for fault in faults] == [True]


@pytest.mark.parametrize("path", [[], FIRST[2:], MARK[2:]])
def test_a_key_that_comes_twice_in_a_document(path: list[str | int], tmp_path: Path) -> None:
    where: Any = JSON["documents"][0]
    for key in path:
        where = where[key]
    once = json.dumps(where)
    doubled = f'{{"annotations": [], {once[1:-1]}, "annotations": []}}'
    if path == MARK[2:]:
        doubled = f'{{"text": "x", {once[1:]}'
    text = json.dumps(JSON, indent=1)
    file = tmp_path / "corpus.json"
    file.write_text(json.dumps(JSON).replace(once, doubled, 1))
    assert file.read_text() != text
    documents, faults = all_of(bioc_json.read_documents, file)
    assert [document.id for document in documents] == ["8"]
    assert len(faults) == 1 and "a second '" in str(faults[0])
