"""Whether a line of PubTator marks something: by the whole line against the document."""

from pathlib import Path

import pytest

from bioner.corpora.formats.pubtator import read_documents
from tests.corpora.formats.reading import all_of

TITLE = "1|t|BRCA1 and rs1234 in cancer of 672 women.\n1|a|\n"
MARK = "1\t0\t5\tBRCA1\tGene\t672\n"


@pytest.mark.parametrize(
    "row",
    [
        "Association\t672\tD001943\tNo",
        "Positive_Correlation\t672\t7157\tNovel",
        "Bind\t672\t672,7157\tNo",
        "Association\t672\trs1234\tNo",
        "Association\tD001943\t672\tNovel",
        "CID\tD1\tD2",
        "CID\t672\t673",
        "CPR:3\t672\t673",
        "Association\t672\tD001943\tNo\t",
    ],
)
def test_a_relation_is_passed_over(row: str, tmp_path: Path) -> None:
    file = tmp_path / "corpus.txt"
    file.write_text(f"{TITLE}{MARK}1\t{row}\n")
    documents, faults = all_of(read_documents, file)
    assert faults == []
    assert [mark.text for mark in documents[0].annotations] == ["BRCA1"]


@pytest.mark.parametrize(
    "row",
    [
        "-9\t-3\tcancer\tDisease",
        "20.0\t26.0\tcancer\tDisease",
        "2O\t26\tcancer\tGene",
        "nine\t26\tcancer\tGene",
        "+20\t26\tcancer\tDisease",
        "0x14\t26\tcancer\tDisease",
        "\u0662\u0660\t26\tcancer\tDisease",
        "\t26\tcancer\tDisease",
        "cancer\t20\t26\tDisease",
        "Disease\t20\t26\tcancer",
        "20\tcancer\t26\tDisease",
        "26\t20\tcancer\tDisease",
        "20\t26\tcancer",
        "20\t26\tDisease\tcancer",
        "20\t99\tcancer\tDisease",
        "20;0\t26;5\tcancer BRCA1\tDisease",
        "20,0\t26,5\tcancer BRCA1\tDisease",
        "20-26\t0-5\tcancer BRCA1\tDisease",
        "O\t5\tBRCA1\tDisease",
        "None\tNone\tcancer\tDisease",
        "1,020\t1,026\tnowhere\tDisease",
        "Gene\t20\t26",
        "\t\t",
    ],
)
def test_a_broken_mention_is_an_error_with_its_line(row: str, tmp_path: Path) -> None:
    file = tmp_path / "corpus.txt"
    file.write_text(f"{TITLE}{MARK}1\t{row}\n")
    _, faults = all_of(read_documents, file)
    assert [fault.line for fault in faults] == [4]
