"""What is made of marks that are out of order, empty, in blanks or nowhere: in every format."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bioner.config.dataset import DatasetConfig, Flatten
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.errors import DataError

TEXT = "Left and  right eye"
Marks = list[tuple[str, list[tuple[int, int]], str]]


def jsonl(folder: Path, marks: Marks) -> str:
    values = [{"type": t, "spans": [list(s) for s in spans], "text": x} for t, spans, x in marks]
    (folder / "all").write_text(json.dumps({"text": TEXT, "annotations": values}))
    return "jsonl"


def bioc_json(folder: Path, marks: Marks) -> str:
    values = [
        {
            "infons": {"type": t},
            "text": x,
            "locations": [{"offset": start, "length": end - start} for start, end in spans],
        }
        for t, spans, x in marks
    ]
    passages = [{"offset": 0, "text": TEXT}]
    document = {"id": "1", "passages": passages, "annotations": values}
    (folder / "all").write_text(json.dumps({"documents": [document]}))
    return "bioc_json"


def bioc_xml(folder: Path, marks: Marks) -> str:
    values = "".join(
        f'<annotation><infon key="type">{t}</infon>'
        + "".join(f'<location offset="{start}" length="{end - start}"/>' for start, end in spans)
        + f"<text>{x}</text></annotation>"
        for t, spans, x in marks
    )
    passage = f"<passage><offset>0</offset><text>{TEXT}</text></passage>"
    document = f"<document><id>1</id>{passage}{values}</document>"
    (folder / "all").write_text(f"<collection>{document}</collection>")
    return "bioc_xml"


def brat(folder: Path, marks: Marks) -> str:
    (folder / "all").mkdir(exist_ok=True)
    (folder / "all" / "a.txt").write_text(TEXT)
    (folder / "all" / "a.ann").write_text(
        "".join(
            f"T{number}\t{t} {';'.join(f'{start} {end}' for start, end in spans)}\t{x}\n"
            for number, (t, spans, x) in enumerate(marks)
            if spans
        )
    )
    return "brat"


def pubtator(folder: Path, marks: Marks) -> str:
    rows = [f"1\t{start}\t{end}\t{x}\t{t}\n" for t, spans, x in marks for start, end in spans]
    (folder / "all").write_text(f"1|t|{TEXT}\n" + "".join(rows))
    return "pubtator"


FORMATS = [jsonl, bioc_json, bioc_xml, brat, pubtator]
Written = Callable[[Path, Marks], str]
EYE: Marks = [("Organ", [(16, 19)], "eye")]


def load(write: Written, folder: Path, marks: Marks, **changes: Any) -> Corpus:
    form = write(folder, marks)
    files = dict.fromkeys(("train", "devel", "test"), "all")
    config = DatasetConfig(path=str(folder), format=form, files=files, flatten=Flatten.longest)
    return load_corpus("mine", replace(config, **changes), folder)


def counts(corpus: Corpus) -> Mapping[str, int]:
    notes = corpus.splits["train"].sentences.notes
    return {name: value for name, value in notes.items() if value and name != "notes"}


def tags(corpus: Corpus) -> list[str]:
    return [tag for sentence in corpus.splits["train"].sentences for tag in sentence.tags]


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize(("span", "text"), [((5, 5), ""), ((8, 10), "  ")])
def test_a_mention_of_no_word(
    write: Written, span: tuple[int, int], text: str, tmp_path: Path
) -> None:
    marks = [*EYE, ("Blank", [span], text)]
    if write is brat and not text:
        text = marks[-1][2]
    with pytest.raises(DataError, match=r"covers .*; .*set dataset\.mine\.drop_empty=true"):
        load(write, tmp_path, marks)
    corpus = load(write, tmp_path, marks, drop_empty=True)
    assert counts(corpus) == {"empty": 1}
    assert tags(corpus) == ["O", "O", "O", "B-Organ"]
    assert any("1 mention is of no word" in said for said in corpus.warnings)
    # One of a type that the dataset leaves out is never looked at.
    corpus = load(write, tmp_path, marks, types={"Organ": "Organ", "Blank": None})
    assert counts(corpus) == {}


@pytest.mark.parametrize("write", FORMATS)
def test_blanks_at_the_ends_are_trimmed_and_cut_nothing(write: Written, tmp_path: Path) -> None:
    corpus = load(write, tmp_path, [("Organ", [(9, 16)], " right ")])
    assert counts(corpus) == {"trimmed": 1}
    assert tags(corpus) == ["O", "O", "B-Organ", "O"]


@pytest.mark.parametrize("write", FORMATS[:4])
@pytest.mark.parametrize("text", ["eye Left", "Left eye"])
def test_fragments_out_of_order_are_sorted(write: Written, text: str, tmp_path: Path) -> None:
    corpus = load(write, tmp_path, [("Organ", [(16, 19), (0, 4)], text)])
    assert counts(corpus) == {"sorted": 1, "joined": 1}
    assert tags(corpus) == ["B-Organ", "I-Organ", "I-Organ", "I-Organ"]


@pytest.mark.parametrize("write", FORMATS[:3])
def test_a_mention_without_a_place_is_passed_over(write: Written, tmp_path: Path) -> None:
    corpus = load(write, tmp_path, [*EYE, ("Organ", [], "")])
    assert counts(corpus) == {"unplaced": 1}
    assert any("1 mention is without a place in the text" in said for said in corpus.warnings)


@pytest.mark.parametrize("write", [bioc_json, bioc_xml])
def test_a_text_too_far_away(write: Written, tmp_path: Path) -> None:
    form = write(tmp_path, [])
    far = (tmp_path / "all").read_text().replace('"offset": 0', f'"offset": {2**31}')
    far = far.replace("<offset>0<", f"<offset>{2**31}<")
    (tmp_path / "all").write_text(far)
    files = dict.fromkeys(("train", "devel", "test"), "all")
    with pytest.raises(DataError, match=r"starts at 2147483648; expected a text that ends at"):
        load_corpus("mine", DatasetConfig(path=str(tmp_path), format=form, files=files), tmp_path)


@pytest.mark.parametrize("form", ["bioc_json", "jsonl"])
def test_json_that_is_nested_too_deeply(form: str, tmp_path: Path) -> None:
    deep = "[" * 3000 + "]" * 3000
    document = {
        "bioc_json": f'{{"documents":[{{"id":"1","passages":[{{"offset":0,"text":{deep}}}]}}]}}',
        "jsonl": f'{{"text": "a", "annotations": [{{"type": "X", "spans": [{deep}]}}]}}\n',
    }
    (tmp_path / "all").write_text(document[form])
    files = dict.fromkeys(("train", "devel", "test"), "all")
    with pytest.raises(DataError, match=r"all(:1)?: "):
        load_corpus("mine", DatasetConfig(path=str(tmp_path), format=form, files=files), tmp_path)


def test_documents_that_share_an_id_are_read_and_said_once(tmp_path: Path) -> None:
    text = "7|t|A fever.\n7\t2\t7\tfever\tDisease\n\n"
    (tmp_path / "all").write_text(text * 3)
    files = dict.fromkeys(("train", "devel", "test"), "all")
    config = DatasetConfig(path=str(tmp_path), format="pubtator", files=files)
    corpus = load_corpus("mine", config, tmp_path)
    assert len(corpus.splits["train"].sentences) == 3
    said = [one for one in corpus.warnings if one.startswith("train")]
    assert said == [
        "train: 2 documents have the id of an earlier one: documents of one id count as one where "
        "documents are drawn or compared"
    ]
