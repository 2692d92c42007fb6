"""Column files: what is read, and what every bad file is told."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bioner.config.dataset import DatasetConfig
from bioner.corpora.formats.columns_reader import read
from bioner.corpora.schemes import SCHEMES
from bioner.corpora.sentence import Sentence
from bioner.errors import ConfigError, DataError

CONFIG = DatasetConfig(path="mine")
TYPED = replace(CONFIG, types=["Disease", "Gene"])
UNTYPED = replace(CONFIG, types=["Disease"], typed=False)


def read_bytes(folder: Path, data: bytes, config: DatasetConfig = CONFIG) -> list[Sentence]:
    file = folder / "train.tsv"
    file.write_bytes(data)
    return read(file, config, "mine").sentences


def words(sentences: list[Sentence]) -> list[tuple[str, ...]]:
    return [sentence.words for sentence in sentences]


def test_sentences_with_their_lines(tmp_path: Path) -> None:
    data = b"\nA\tO\nrare\tB-Disease\ndisease\tI-Disease\n\n \t \n\nNo\tO\n"
    assert read_bytes(tmp_path, data) == [
        Sentence(("A", "rare", "disease"), ("O", "B-Disease", "I-Disease"), 2),
        Sentence(("No",), ("O",), 8),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"A\tO\nb\tB-X\n\nc\tO\n\n",
        b"A\tO\nb\tB-X\n\nc\tO",
        b"A\tO\r\nb\tB-X\r\n\r\nc\tO\r\n",
        b"\xef\xbb\xbfA\tO\nb\tB-X\n\nc\tO\n",
        b"A O\nb   B-X \n\n c O\n",
        b"A O\nb B-X\n\t\nc O\n",
    ],
    ids=["plain", "no last newline", "CRLF", "BOM", "spaces", "blank line of a tab"],
)
def test_the_same_sentences_written_otherwise(tmp_path: Path, data: bytes) -> None:
    sentences = read_bytes(tmp_path, data)
    assert [(s.words, s.tags) for s in sentences] == [
        (("A", "b"), ("O", "B-X")),
        (("c",), ("O",)),
    ]


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\u00a0"])
def test_only_newlines_part_lines(tmp_path: Path, odd: str) -> None:
    data = f"a{odd}b\tO\nend\tO\n".encode()
    assert words(read_bytes(tmp_path, data)) == [(f"a{odd}b", "end")]


def test_a_word_may_hold_spaces_between_tabs(tmp_path: Path) -> None:
    assert words(read_bytes(tmp_path, b"type 2\tO\n")) == [("type 2",)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [((0, -1), ("Aspirin", "O")), ((1, 3), ("NN", "O")), ((-4, -1), ("Aspirin", "O"))],
)
def test_columns(tmp_path: Path, columns: tuple[int, int], expected: tuple[str, str]) -> None:
    config = replace(CONFIG, word_column=columns[0], tag_column=columns[1])
    (sentence,) = read_bytes(tmp_path, b"Aspirin NN B-NP O\n", config)
    assert (sentence.words[0], sentence.tags[0]) == expected


@pytest.mark.parametrize(
    ("data", "documents"),
    [
        (b"-DOCSTART-\tO\n\na\tO\n\nb\tO\n-DOCSTART-\tO\nc\tO\n", ["1", "1", "2"]),
        (b"-DOCSTART- (870)\n\na\tNN\tO\n\n-DOCSTART- (87 b)\n\nb\tNN\tO\n", ["870", "87 b"]),
        (b"-DOCSTART- -X- -X- O\na N N O\n", ["1"]),
        (b"a\tO\n\n-DOCSTART-\nb\tO\n", ["", "1"]),
    ],
    ids=["ordinals", "ids", "CoNLL-2003", "text before the first"],
)
def test_documents(tmp_path: Path, data: bytes, documents: list[str]) -> None:
    assert [sentence.document for sentence in read_bytes(tmp_path, data)] == documents


def test_a_word_that_begins_like_a_document_marker(tmp_path: Path) -> None:
    assert words(read_bytes(tmp_path, b"-DOCSTART-s\tO\n")) == [("-DOCSTART-s",)]


def test_bare_tags_get_the_type(tmp_path: Path) -> None:
    (sentence,) = read_bytes(tmp_path, b"a\tB\nb\tI\nc\tO\n", UNTYPED)
    assert sentence.tags == ("B-Disease", "I-Disease", "O")


def test_repair_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "train.tsv"
    file.write_text("a\tI-X\nb\tI-X\nc\tI-Y\n\nd\tO\ne\tI-Y\n")
    found = read(file, replace(CONFIG, repair=True), "mine")
    assert [s.tags for s in found.sentences] == [("B-X", "I-X", "B-Y"), ("O", "B-Y")]
    assert found.repaired == 3


def test_a_last_line_that_may_be_cut_off_is_said(tmp_path: Path) -> None:
    file = tmp_path / "train.tsv"
    file.write_text("a\tO\nb\tB-Dis")
    found = read(file, CONFIG, "mine")
    assert [s.tags for s in found.sentences] == [("O", "B-Dis")]
    assert found.notes == ["line 2, the last one, has no line end: was it cut off?"]
    file.write_text("a\tO\nb\tB-Dis\n")
    assert read(file, CONFIG, "mine").notes == []


IOBES = b"a\tS-X\nb\tB-Y\nc\tI-Y\nd\tE-Y\n"


@pytest.mark.parametrize(
    ("data", "scheme", "tags"),
    [
        (IOBES, "IOBES", ["B-X", "B-Y", "I-Y", "I-Y"]),
        (b"a\tU-X\nb\tB-Y\nc\tL-Y\nd\tO\n", "BILOU", ["B-X", "B-Y", "I-Y", "O"]),
        (b"a\tI-X\nb\tB-X\nc\tI-X\nd\tI-Y\n", "IOB1", ["B-X", "B-X", "I-X", "B-Y"]),
        (b"a\tI-X\nb\tI-X\nc\tO\nd\tI-Y\n", "IO", ["B-X", "I-X", "O", "B-Y"]),
        (b"a\tB-X\nb\tI-X\nc\tB-X\nd\tB-Y\n", "IOB2", ["B-X", "I-X", "B-X", "B-Y"]),
    ],
)
def test_schemes(tmp_path: Path, data: bytes, scheme: str, tags: list[str]) -> None:
    (sentence,) = read_bytes(tmp_path, data, replace(CONFIG, scheme=scheme))
    assert sentence.tags == tuple(tags)
    found = read(tmp_path / "train.tsv", replace(CONFIG, scheme=None), "mine")
    assert found.sentences == [sentence]
    assert found.notes == [f"its tags are {scheme} (detected, the YAML states no scheme)"]


def test_bare_tags_of_another_scheme(tmp_path: Path) -> None:
    data = b"a\tS\nb\tB\nc\tE\n"
    (sentence,) = read_bytes(tmp_path, data, replace(UNTYPED, scheme="IOBES"))
    assert sentence.tags == ("B-Disease", "B-Disease", "I-Disease")


def test_a_file_of_no_scheme(tmp_path: Path) -> None:
    data = b"a\tB-X\nb\tO\n\nc\tI-X\nd\tE-X\n"
    with pytest.raises(DataError) as raised:
        read_bytes(tmp_path, data, replace(CONFIG, scheme=None))
    assert str(raised.value).startswith(
        f"{tmp_path / 'train.tsv'}: its tags are of no scheme; not IOBES: B-X on line 1, I-X on "
        "line 4 (2 in all)"
    )


def test_the_first_contradictions_are_shown_together(tmp_path: Path) -> None:
    data = b"a\tI-X\n\nb\tO\nc\tI-X\n\nd\tI-Y\n\ne\tI-Y\n"
    with pytest.raises(DataError) as raised:
        read_bytes(tmp_path, data)
    assert str(raised.value) == (
        f"{tmp_path / 'train.tsv'}:1: tag I-X of 'a' at the start of a sentence continues no "
        "mention; see lines 4 and 6, 4 tags contradict IOB2; expected B-X; to read it as that set "
        "dataset.mine.repair=true; the file is legal IOB1 and IO (dataset.mine.scheme)"
    )
    with pytest.raises(DataError, match=r":2: tag B-X of 'b' after O and at the end of it is not"):
        read_bytes(tmp_path, b"a\tO\nb\tB-X\n", replace(CONFIG, scheme="IOB1"))


def test_comments_and_documents(tmp_path: Path) -> None:
    config = replace(CONFIG, comment="#", document="# doc ")
    data = b"# doc 7\n# x\na\tO\n# in it\nb\tB-X\n\n# doc 8\nc\tO\n# after\n\nd\tO\n"
    found = read_bytes(tmp_path, data, config)
    assert [(s.words, s.line, s.document) for s in found] == [
        (("a", "b"), 3, "7"),
        (("c",), 8, "8"),
        (("d",), 11, "8"),
    ]
    wrong = data.replace(b"B-X", b"I-X")
    with pytest.raises(DataError, match=r"train\.tsv:5: tag I-X of 'b' after O continues no"):
        read_bytes(tmp_path, wrong, config)


def test_types_are_mapped_once_the_mentions_are_known(tmp_path: Path) -> None:
    types = {"A": "X", "B": "X", "C": None}
    data = b"a\tB-A\nb\tI-A\nc\tB-B\nd\tB-C\ne\tI-C\n"
    (sentence,) = read_bytes(tmp_path, data, replace(CONFIG, types=types))
    assert sentence.tags == ("B-X", "I-X", "B-X", "O", "O")
    with pytest.raises(DataError, match=r":2: tag I-B of 'b' after B-A continues no mention"):
        read_bytes(tmp_path, b"a\tB-A\nb\tI-B\n", replace(CONFIG, types=types))
    with pytest.raises(DataError, match=r":1: type 'D' is not in dataset\.mine\.types; Legal: A"):
        read_bytes(tmp_path, b"a\tB-D\n", replace(CONFIG, types=types))


BAD: dict[str, tuple[bytes, DatasetConfig, str]] = {
    "empty": (b"", CONFIG, ": is empty; expected one token a line: word and tag"),
    "no sentence": (
        b"\n\n-DOCSTART-\tO\n\n",
        CONFIG,
        ": has no sentence; expected one token a line",
    ),
    "only a BOM": (b"\xef\xbb\xbf", CONFIG, ": has no sentence"),
    "binary": (
        b"a\tO\nb\0c\tO\n",
        CONFIG,
        ":2: a NUL byte, as in a binary file; expected UTF-8 text",
    ),
    "UTF-16 LE": (
        "\ufeffa\tO\n".encode("utf-16-le"),
        CONFIG,
        ":1: is UTF-16; expected UTF-8; to convert",
    ),
    "UTF-16 BE": (
        "\ufeffa\tO\n".encode("utf-16-be"),
        CONFIG,
        ":1: is UTF-16; expected UTF-8; to convert",
    ),
    "UTF-32": (
        "\ufeffa\tO\n".encode("utf-32-le"),
        CONFIG,
        ":1: is UTF-16; expected UTF-8; to convert: iconv -f UTF-16 -t UTF-8 (or UTF-32, which",
    ),
    "Latin-1": (
        "a\tO\nnaïve\tO\n".encode("latin-1"),
        CONFIG,
        ":2: byte 3 of the line, 0xef, is not UTF-8; expected UTF-8; to convert from Latin-1",
    ),
    "surrogate": (
        b"\r\na\tO\r\n\xed\xa0\x80\tO\r\n",
        CONFIG,
        ":3: byte 1 of the line, 0xed",
    ),
    "old Mac line ends": (b"a\tO\rb\tO\r", CONFIG, r":1: a \r without \n; expected UTF-8 text"),
    "cut off": (
        b"a\tO\nb\tO\nparaly",
        CONFIG,
        ":3: 1 column parted by tabs: 'paraly', and the file ends within this line; "
        "expected 2, as on line 1",
    ),
    "cut off in the tag": (
        b"a\tO\nb\t",
        CONFIG,
        ":2: unknown tag ''; expected O, B-TYPE or I-TYPE",
    ),
    "more columns": (
        b"\na\tO\nb\tNN\tO\n",
        CONFIG,
        ":3: 3 columns parted by tabs: 'b\\tNN\\tO'; expected 2, as on line 2",
    ),
    "fewer columns": (
        b"a N O\nb O\n",
        CONFIG,
        ":2: 2 columns parted by spaces: 'b O'; expected 3, as on",
    ),
    "spaces after tabs": (
        b"a\tO\nb O\n",
        CONFIG,
        ":2: 1 column parted by tabs: 'b O'; expected 2, as on",
    ),
    "tabs after spaces": (
        b"a O\nb\tO\n",
        CONFIG,
        ":2: 1 column parted by spaces: 'b\\tO'; expected 2, as",
    ),
    "a tab among spaces": (
        b"a O\nb\tc O\n",
        CONFIG,
        ":2: a tab: 'b\\tc O'; expected columns parted by spaces, as on line 1",
    ),
    "one column": (
        b"\na\n",
        CONFIG,
        ":2: 1 column: 'a', so word_column 0 and tag_column -1 are the same; expected a column of",
    ),
    "no word": (b"a\tO\n\tO\n", CONFIG, ":2: the word is ''; expected a word that is not blank"),
    "blank word": (
        b"a\tO\n\xc2\xa0\tO\n",
        CONFIG,
        ":2: the word is '\\xa0'; expected a word that is not",
    ),
    "unknown prefix": (
        b"a\tX-Disease\n",
        CONFIG,
        ":1: unknown tag 'X-Disease'; expected O, B-TYPE or I-",
    ),
    "IOBES": (
        b"a\tO\nb\tS-Disease\n",
        TYPED,
        ":2: tag S-Disease of 'b' after O is no tag of IOB2; IOB2: every mention opens with B-, "
        "and I- goes on with a mention of its type; the file is legal IOBES (dataset.mine.scheme)",
    ),
    "underscore": (
        b"a\tB_Disease\n",
        CONFIG,
        ":1: unknown tag 'B_Disease'; expected O, B-TYPE or I-TYPE",
    ),
    "type alone": (
        b"a\tDisease\n",
        TYPED,
        ":1: unknown tag 'Disease'; expected O, B-TYPE or I-TYPE",
    ),
    "prefix alone": (
        b"a\tB-\n",
        CONFIG,
        ":1: unknown tag 'B-'; expected O, B-TYPE or I-TYPE (IOB2)",
    ),
    "lower case": (b"a\to\n", CONFIG, ":1: unknown tag 'o'; expected O, B-TYPE or I-TYPE (IOB2)"),
    "blank in the tag": (
        b"a\tO \n",
        CONFIG,
        ":1: unknown tag 'O '; expected O, B-TYPE or I-TYPE (IOB2)",
    ),
    "blank in the type": (
        b"a\tB-a b\n",
        CONFIG,
        ":1: unknown tag 'B-a b'; expected O, B-TYPE or I-TYPE",
    ),
    "unknown type": (
        b"a\tO\n\nb\tB-Diseas\n",
        TYPED,
        ":3: type 'Diseas' is not in dataset.mine.types; did you mean Disease? "
        "Legal: Disease, Gene",
    ),
    "bare tag in a typed dataset": (
        b"a\tO\nb\tB\n",
        TYPED,
        ":2: tag 'B' has no type; expected O, B-TYPE or I-TYPE (IOB2); for a file of bare "
        "B, I and O set dataset.mine.typed=false",
    ),
    "typed tag in an untyped dataset": (
        b"a\tB\nb\tI-Disease\n",
        UNTYPED,
        ":2: tag 'I-Disease' has a type, but typed is false; expected O, B or I, or set "
        "dataset.mine.typed=true",
    ),
    "unknown tag in an untyped dataset": (
        b"a\tX\n",
        UNTYPED,
        ":1: unknown tag 'X'; expected O, B or I",
    ),
    "I after O": (
        b"a\tO\nb\tI-Gene\n",
        TYPED,
        ":2: tag I-Gene of 'b' after O continues no mention; expected B-Gene; to read it "
        "as that set dataset.mine.repair=true",
    ),
    "I at the start": (
        b"a\tO\n\nb\tI-Gene\nc\tO\n",
        TYPED,
        ":3: tag I-Gene of 'b' at the start of a sentence continues no mention",
    ),
    "another type inside": (
        b"\n\na\tB-Gene\nb\tI-Gene\nc\tI-Disease\n",
        TYPED,
        ":5: tag I-Disease of 'c' after I-Gene continues no mention; expected B-Disease; to read",
    ),
    "bare I after O": (
        b"a\tO\nb\tI\n",
        UNTYPED,
        ":2: tag I of 'b' after O continues no mention; expected B; to read it as that set d",
    ),
}


@pytest.mark.parametrize(("data", "config", "message"), BAD.values(), ids=BAD.keys())
def test_bad_file(tmp_path: Path, data: bytes, config: DatasetConfig, message: str) -> None:
    with pytest.raises(DataError) as raised:
        read_bytes(tmp_path, data, config)
    assert str(raised.value).startswith(f"{tmp_path / 'train.tsv'}{message}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"word_column": 2},
            "dataset.mine.word_column: is 2, but {}:3 has 2 columns; expected a number from -2",
        ),
        (
            {"tag_column": -3},
            "dataset.mine.tag_column: is -3, but {}:3 has 2 columns; expected a number from -2 to",
        ),
    ],
)
def test_no_such_column(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_bytes(tmp_path, b"\n\na\tO\n", replace(CONFIG, **change))
    assert str(raised.value).startswith(message.format(tmp_path / "train.tsv"))


def test_the_word_column_is_the_tag_column(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train\.tsv:1: 2 columns: .* word_column 0 and tag_colum"):
        read_bytes(tmp_path, b"a\tO\n", replace(CONFIG, tag_column=-2))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train\.tsv: no such file$"):
        read(tmp_path / "train.tsv", CONFIG, "mine")


def test_a_folder_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder; expected a file"):
        read(tmp_path, CONFIG, "mine")


def test_a_file_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("a\tO\n")
    with pytest.raises(DataError, match=r"mine/train\.tsv: can't be read: Not a directory"):
        read(tmp_path / "mine" / "train.tsv", CONFIG, "mine")


@pytest.fixture
def unreadable(tmp_path: Path) -> Iterator[Path]:
    """A file without read permission, and a user to whom that applies (it does not to root)."""
    file = tmp_path / "train.tsv"
    file.write_text("a\tO\n")
    file.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield file
    os.seteuid(user)


def test_no_read_permission(unreadable: Path) -> None:
    with pytest.raises(DataError) as raised:
        read(unreadable, CONFIG, "mine")
    assert str(raised.value) == f"{unreadable}: can't be read: Permission denied"


raw = st.one_of(
    st.binary(max_size=60),
    st.text(st.sampled_from("aB-IO \t\n\r\x85\u2028\0é"), max_size=40).map(str.encode),
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b c", "", " ", "-DOCSTART-", "-DOCSTART- (1)"]),
            st.sampled_from(["\t", " ", "  ", "\t\t", ""]),
            st.sampled_from(["O", "B", "I", "B-X", "I-X", "I-Y", "B-", "S-X", "E-X", "O ", ""]),
            st.sampled_from(["\n", "\n\n", "\r\n", ""]),
        ).map("".join),
        max_size=8,
    ).map(lambda lines: "".join(lines).encode()),
)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(raw, st.booleans(), st.booleans(), st.sampled_from([*SCHEMES, None]))
@example(b"a\tO\n\n\xff", False, True, "IOB2")
def test_any_bytes_are_read_or_refused(
    tmp_path: Path, data: bytes, repair: bool, typed: bool, scheme: str | None
) -> None:
    """No bytes crash the reader; what it accepts is whole and legal."""
    repair = repair and scheme == "IOB2"
    types = [] if typed else ["X"]
    config = replace(CONFIG, repair=repair, typed=typed, types=types, scheme=scheme)
    try:
        sentences = read_bytes(tmp_path, data, config)
    except DataError as error:
        assert str(error).startswith(str(tmp_path / "train.tsv"))
        return
    assert sentences
    assert all(len(s.words) == len(s.tags) > 0 for s in sentences)
    assert all(word.strip() for s in sentences for word in s.words)
    lines = data.decode("utf-8-sig").split("\n")
    assert all(s.words[0] in lines[s.line - 1] for s in sentences)
    again = b"".join(
        b"\n" + b"".join(f"{w}\t{t}\n".encode() for w, t in zip(s.words, s.tags, strict=True))
        for s in sentences
    )
    known = replace(CONFIG, typed=True, repair=False, types=[])
    assert [(s.words, s.tags) for s in read_bytes(tmp_path, again, known)] == [
        (s.words, s.tags) for s in sentences
    ]
