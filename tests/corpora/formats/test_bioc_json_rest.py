"""A BioC JSON file is read on behind each syntax fault, and every fault has its line and column."""

import io
import json
from pathlib import Path

import pytest

from bioner.corpora.formats import bioc_json
from bioner.errors import DataError
from tests.corpora.formats.reading import all_of, refusal, sound


def document(name: str, text: str = "A fever.") -> str:
    """One document on three lines."""
    return (
        f'{{"id": "{name}",\n'
        f' "passages": [{{"offset": 0, "text": "{text}", "annotations": []}}],\n'
        ' "relations": [{"id": "R", "nodes": [{}]}]}'
    )


def collection(*documents: str, name: str = "documents") -> str:
    return f'{{"{name}": [\n' + ",\n".join(documents) + "\n]}\n"


def read(folder: Path, text: str) -> tuple[list[str], list[tuple[int | None, str]]]:
    """The ids of the documents that can be read, and the faults."""
    file = folder / "corpus.json"
    file.write_text(text)
    documents, faults = all_of(bioc_json.read_documents, file)
    assert all(fault.path == file for fault in faults)
    return [one.id for one in documents], [(fault.line, fault.says) for fault in faults]


TORN = document("b").replace('"text": "A', '"text" "A')


@pytest.mark.parametrize("name", ["documents", "PubTator3"])
def test_what_follows_a_fault_is_read(tmp_path: Path, name: str) -> None:
    parts = [document("a"), TORN, document("c"), document("d")]
    ids, faults = read(tmp_path, collection(*parts, name=name))
    assert ids == ["a", "c", "d"]
    assert faults == [
        (6, "no JSON: Expecting ':' delimiter at column 36; expected a BioC collection")
    ]


def test_every_fault_is_named(tmp_path: Path) -> None:
    cut = document("e").replace("]}]}", "]}}")
    unknown = document("d").replace('"id": "d"', '"id": [1]')
    parts = [TORN, document("c"), unknown, cut, document("f") + "," + TORN, document("g")]
    ids, faults = read(tmp_path, collection(*parts))
    assert ids == ["c", "f", "g"]
    assert [line for line, _ in faults] == [3, None, 13, 17]
    assert [says.partition(";")[0] for _, says in faults] == [
        "no JSON: Expecting ':' delimiter at column 36",
        "'id' of document 2 is [1]",
        "no JSON: Expecting ',' delimiter at column 42",
        "no JSON: Expecting ':' delimiter at column 36",
    ]


@pytest.mark.parametrize(
    ("between", "line", "says"),
    [
        ("\n", 5, "Expecting ',' delimiter at column 1"),
        (",\n,\n", 6, "Expecting ',' delimiter"),
    ],
)
def test_a_fault_between_documents(tmp_path: Path, between: str, line: int, says: str) -> None:
    ids, faults = read(tmp_path, collection(document("a") + between + document("b")))
    assert ids == ["a", "b"]
    assert len(faults) == 1 and says in faults[0][1]


def test_a_file_that_was_cut(tmp_path: Path) -> None:
    whole = collection(document("a"), document("b"))
    for length in range(whole.index('"b"'), len(whole) - 2):
        ids, faults = read(tmp_path, whole[:length])
        assert ids in (["a"], ["a", "b"]) and len(faults) == 1
        assert faults[0][0] is not None and "column" in faults[0][1]


def test_a_fault_behind_the_list(tmp_path: Path) -> None:
    ids, faults = read(tmp_path, collection(document("a"))[:-2] + ', "key": }')
    assert ids == ["a"] and len(faults) == 1 and faults[0][0] == 5


def test_what_is_no_collection_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "corpus.json"
    file.write_text('{"key": }\n' + collection(document("a")))
    assert refusal(bioc_json.read_documents, file).startswith(f"{file}:1: no JSON: ")


def test_a_stream_ends_at_its_first_fault_and_says_so() -> None:
    stream = io.BytesIO(collection(document("a"), TORN, document("c")).encode())
    with pytest.raises(DataError, match="what follows is not read"):
        list(sound(bioc_json.read_documents, stream))


def test_as_many_as_the_parser_had(tmp_path: Path) -> None:
    """The parser may have given documents before it found the fault, and none of these twice."""
    many = [document(str(number), "word " * 2000) for number in range(40)]
    torn = many[20].replace('"text":', '"text"')
    ids, faults = read(tmp_path, collection(*many[:20], torn, *many[21:]))
    assert ids == [str(number) for number in range(40) if number != 20]
    assert len(faults) == 1
    assert json.loads(collection(*many))["documents"][3]["id"] == "3"


TOO_LARGE = ("NaN", "-Infinity", "1e400", "1" + "0" * 30)


@pytest.mark.parametrize("number", TOO_LARGE)
@pytest.mark.parametrize("root", [False, True], ids=["document", "root"])
def test_a_number_out_of_range_costs_nothing_where_nobody_looks(
    number: str, root: bool, tmp_path: Path
) -> None:
    """Programs write NaN for a score that they lack; the parser refuses the whole file for it."""
    odd = document("b").replace('"relations"', f'"infons": {{"score": {number}}}, "relations"')
    text = collection(document("a"), document("b") if root else odd, document("c"))
    text = text.replace("{", f'{{"key": {number}, ', 1) if root else text
    assert read(tmp_path, text) == (["a", "b", "c"], [])


@pytest.mark.parametrize("number", TOO_LARGE)
def test_a_number_out_of_range_costs_its_document(number: str, tmp_path: Path) -> None:
    odd = document("b").replace('"offset": 0', f'"offset": {number}')
    ids, faults = read(tmp_path, collection(document("a"), odd, document("c")))
    assert ids == ["a", "c"]
    shown = json.dumps(json.loads(number))
    says = f"'offset' of passages[0] of document 'b' is {shown}; expected a whole number"
    assert faults == [(None, says)]


@pytest.mark.parametrize(
    "value",
    ["1" * 5000, "[" * 100_000 + "]" * 100_000, '{"passages": ' * 100_000 + "1" + "}" * 100_000],
    ids=["digits", "lists", "objects"],
)
@pytest.mark.parametrize("key", ['"relations"', '"id"', '"offset"'])
def test_too_many_digits_and_too_deep_lists_cost_their_document(
    value: str, key: str, tmp_path: Path
) -> None:
    """The parser of such a file took 25 GB of memory; now its place is told at once."""
    odd = document("b").replace(key, f'"x": {value}, {key}')
    ids, faults = read(tmp_path, collection(document("a"), odd, document("c")))
    assert ids == ["a", "c"]
    found = "a number too long, or lists too deep"
    assert faults == [(5, f"no JSON: {found} at column 1; expected a BioC collection")]


@pytest.mark.parametrize("value", ["1" * 5000, "[" * 100_000 + "]" * 100_000])
def test_too_much_outside_of_the_documents_is_said(value: str, tmp_path: Path) -> None:
    text = collection(document("a"), document("b")).replace("{", f'{{"key": {value}, ', 1)
    ids, faults = read(tmp_path, text)
    assert ids == ["a", "b"]
    assert len(faults) == 1 and faults[0][1].startswith("no JSON: ")


def test_half_of_a_surrogate_pair_costs_its_document(tmp_path: Path) -> None:
    parts = [
        document(name, rf"A {half} \u00e9.") for name, half in [("b", r"\ud83d"), ("d", r"\uDE00")]
    ]
    whole = document("c", r"A \ud83d\ude00.")
    ids, faults = read(tmp_path, collection(document("a"), parts[0], whole, parts[1]))
    assert ids == ["a", "c"]
    legal = "is half of a surrogate pair; expected Unicode characters"
    assert faults == [(6, rf"\ud83d at byte 40 {legal}"), (12, rf"\uDE00 at byte 40 {legal}")]
    ids, faults = read(
        tmp_path, collection(whole, name="documents").replace("{", r'{"k": "\ud83d",', 1)
    )
    assert ids == ["c"] and faults == [(1, rf"\ud83d at byte 8 {legal}")]
