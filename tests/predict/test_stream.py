"""`bioner predict`: from file to file, in order, resumed where it stopped."""

import io
import json
import logging
import os
import resource
import sys
from pathlib import Path
from threading import Thread
from typing import cast

import pytest
from omegaconf import DictConfig, OmegaConf

from bioner.config.dataset import Offsets
from bioner.config.predict import PredictConfig, to_predict_config
from bioner.corpora.formats.all_formats import FORMATS
from bioner.corpora.formats.format import FileWriter
from bioner.errors import ConfigError, DataError, UserError
from bioner.predict import annotator as annotator_module
from bioner.predict import stream
from bioner.predict.sinks import FileSink
from bioner.predict.unfinished import Progress
from tests.corpora.formats.toy import TOY
from tests.predict.conftest import Runs
from tests.predict.test_tagger import predictions


@pytest.fixture(scope="module")
def texts(runs: Runs) -> list[str]:
    rows = predictions(runs.linear / "predictions" / "demo_disease_related.test.tsv")
    return [" ".join(sentence.words) for sentence, _ in rows][:60]


def config_of(runs: Runs, *overrides: str) -> PredictConfig:
    values: dict[str, object] = {"run": str(runs.linear)}
    for override in overrides:
        key, _, value = override.partition("=")
        values[key] = {"true": True}.get(value, value)
    typed = OmegaConf.merge(OmegaConf.structured(PredictConfig), OmegaConf.create(values))
    return to_predict_config(cast(DictConfig, typed))


def pubtator(texts: list[str]) -> str:
    return "".join(
        f"{n}|t|{t}\n{n}|a|{t}\n{n}\t0\t{len(t.split()[0])}\t{t.split()[0]}\tX\n\n"
        for n, t in enumerate(texts, 1)
    )


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def _fail(error: DataError) -> None:
    raise error


NAMES = {
    "pubtator": "o.pubtator",
    "bioc_xml": "o.xml",
    "bioc_json": "o.json",
    "jsonl": "o.jsonl",
    "brat": "o",
    "bionlp_st": "o",
}


@pytest.mark.parametrize("form", NAMES)
def test_every_format_in_and_out(form: str, runs: Runs, texts: list[str], tmp_path: Path) -> None:
    source = tmp_path / "in.pubtator"
    source.write_text(pubtator(texts), encoding="utf-8")
    middle, last = tmp_path / NAMES[form], tmp_path / "back.jsonl"
    assert stream.predict(
        config_of(runs, f"input={source}", f"output={middle}", f"output_format={form}")
    )
    documents = list(FORMATS[form].read(middle, _fail))
    assert [int(d.id) for d in sorted(documents, key=lambda d: int(d.id))] == [*range(1, 61)]
    # What was written is read again as an input, with its marks kept in front of new ones.
    assert stream.predict(config_of(runs, f"input={middle}", f"output={last}"))
    found = {line["id"]: line for line in lines_of(last)}
    for document in documents:
        kept = found[document.id]["annotations"][: len(document.annotations)]
        assert [(a["start"], a["end"]) for a in kept] == [a.spans[0] for a in document.annotations]


def test_columns_keep_the_words_as_they_are(runs: Runs, tmp_path: Path) -> None:
    source, output = tmp_path / "in.conll", tmp_path / "out.conll"
    rows = predictions(runs.linear / "predictions" / "demo_disease.test.tsv")
    source.write_text(
        "".join(
            "".join(f"{w}\t{t}\n" for w, t in zip(s.words, s.tags, strict=True)) + "\n"
            for s, _ in rows
        )
    )
    assert stream.predict(config_of(runs, f"input={source}", f"output={output}"))
    blocks = output.read_text().strip().split("\n\n")
    assert len(blocks) == len(rows)
    for block, (sentence, guess) in zip(blocks, rows, strict=True):
        words, gold, first, _ = zip(*(line.split("\t") for line in block.split("\n")), strict=True)
        assert (words, gold) == (sentence.words, sentence.tags)
        # An I- that continues nothing is no mention, so the file has O there.
        assert [a for a in first if a[0] == "B"] == [a for a in guess if a[0] == "B"]


def test_documents_of_columns(runs: Runs, tmp_path: Path) -> None:
    source, output = tmp_path / "in.tsv", tmp_path / "out.jsonl"
    source.write_text("-DOCSTART-\n\na\nb c\td\n\ne\n\n-DOCSTART-\n\nf\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"in\.tsv:4"):
        stream.predict(config_of(runs, f"input={source}", f"output={output}", "strict=true"))
    source.write_text(
        "-DOCSTART-\n\nasthma O\nb O\n\ne O\n\n-DOCSTART-\n\nf B-X\n", encoding="utf-8"
    )
    assert stream.predict(config_of(runs, f"input={source}", f"output={output}", "overwrite=true"))
    first, second = lines_of(output)
    assert first["passages"] == [{"text": "asthma b", "offset": 0}, {"text": "e", "offset": 9}]
    assert second["annotations"][0] == {"start": 0, "end": 1, "type": "X", "text": "f"}


def test_gold_of_other_schemes_is_kept(runs: Runs, tmp_path: Path) -> None:
    source, output = tmp_path / "in.tsv", tmp_path / "out.conll"
    for tags in ("B-X E-X S-Y", "B-X L-X U-Y", "B-X I-X B-Y"):
        rows = zip(("a", "b", "c"), tags.split(), strict=True)
        source.write_text("".join(f"{word}\t{tag}\n" for word, tag in rows))
        given = [f"input={source}", f"output={output}", "overwrite=true", "strict=true"]
        assert stream.predict(config_of(runs, *given))
        kept = [line.split("\t")[1] for line in output.read_text().split("\n") if line]
        assert kept == ["B-X", "I-X", "B-Y"]
    for wrong in ("I-X", "B-X S-X E-X", "X"):
        source.write_text("".join(f"w\t{tag}\n" for tag in wrong.split()))
        with pytest.raises(DataError, match=r"in\.tsv:\d: .*IOB2, IOBES or BILOU"):
            stream.predict(config_of(runs, *given))


def test_plain_text_in_a_file_a_folder_and_a_stream(
    runs: Runs,
    texts: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    folder, output = tmp_path / "in", tmp_path / "out.jsonl"
    (folder / "deep").mkdir(parents=True)
    raw = "\ufeff" + "\r\n".join(texts[:20])
    (folder / "b.txt").write_text(raw, encoding="utf-8", newline="")
    (folder / "deep" / "a.txt").write_text("\u200b𝛽 " + texts[0], encoding="utf-8")
    assert stream.predict(config_of(runs, f"input={folder}", f"output={output}"))
    found = lines_of(output)
    assert [line["id"] for line in found] == ["b", "deep/a"]
    assert found[0]["passages"][0]["text"] == raw[1:]
    assert len(found[0]["annotations"]) > 3
    for mark in found[0]["annotations"]:
        assert raw[1:][mark["start"] : mark["end"]] == mark["text"]
    data = ("\n".join(texts[:20]) + "\n\n").encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert stream.predict(config_of(runs, "input=-", "output=-"))
    printed = capfdbinary.readouterr().out.decode().split("\n")[:-1]
    assert [json.loads(line)["id"] for line in printed] == [str(n) for n in range(1, 21)]


class _KilledError(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("name", ["o.json", "o.jsonl", "o"])
def test_an_interrupted_prediction_goes_on(
    name: str, runs: Runs, texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotator_module, "_CHARACTERS", 500)
    source = tmp_path / "in.pubtator"
    bad = "bad|t|x\nbad\t0\t99\tx\tX\n\n"
    source.write_text(bad + pubtator(texts[:30]) + bad + pubtator(texts[30:]), encoding="utf-8")
    options = [f"input={source}", *(["output_format=brat"] if name == "o" else [])]

    def content(path: Path) -> dict[str, bytes]:
        if path.is_file():
            return {"": path.read_bytes()}
        return {str(f.relative_to(path)): f.read_bytes() for f in sorted(path.rglob("*.*"))}

    whole, output = tmp_path / "whole" / name, tmp_path / name
    # Ids 1 to 30 come twice; a folder has room for one of each.
    assert not stream.predict(config_of(runs, *options, f"output={whole}"))
    written = stream._write
    calls = []

    def dies(*arguments: object) -> None:
        calls.append(1)
        if len(calls) == 41:
            raise _KilledError
        written(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(stream, "_write", dies)
    with pytest.raises(_KilledError):
        stream.predict(config_of(runs, *options, f"output={output}"))
    assert not output.exists()
    with pytest.raises(ConfigError, match="resume=true goes on"):
        stream.predict(config_of(runs, *options, f"output={output}"))
    with pytest.raises(ConfigError, match="another input, run or options"):
        stream.predict(config_of(runs, *options, f"output={output}", "resume=true", "merge=none"))
    first = len(calls)
    assert not stream.predict(config_of(runs, *options, f"output={output}", "resume=true"))
    assert 0 < len(calls) - first < 60  # it did not start anew
    assert content(output) == content(whole)
    assert not list(tmp_path.glob("*.partial*"))


def test_a_bad_document_is_named_and_left_out(
    runs: Runs, texts: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    source, output = tmp_path / "in.pubtator", tmp_path / "out.pubtator"
    bad = "4711|t|short\n4711\t0\t99\tshort\tX\n\n"
    source.write_text(pubtator(texts[:2]) + bad + pubtator(texts[2:4]), encoding="utf-8")
    assert not stream.predict(config_of(runs, f"input={source}", f"output={output}"))
    assert "left out" in caplog.text and "'4711'" in caplog.text
    assert "4 documents written" in caplog.text and "1 bad" in caplog.text
    with pytest.raises(DataError, match="'4711'"):
        stream.predict(
            config_of(runs, f"input={source}", f"output={output}", "overwrite=true", "strict=true")
        )
    # One that the output can't hold is as bad.
    plain = tmp_path / "in.txt"
    plain.write_text("one\ntwo\nthree", encoding="utf-8")
    with pytest.raises(DataError, match="document 'in'"):
        stream.predict(
            config_of(runs, f"input={plain}", f"output={tmp_path}/o.pubtator", "strict=true")
        )


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        ("", "in.pubtator", "no document could be read"),
        ("", "in.jsonl", "no document could be read"),
        ("", "in.xml", "no XML"),
        ("\n \n", "in.conll", "no document could be read"),
        ('{"id": "1"}', "in.json", "has no 'documents'"),
        ("1|t|text\n", "in.xml", "no XML"),
        ("1|t|text\n", "in.json", "no JSON"),
        ("1|t|text\n", "in.jsonl", "no document could be read"),
        ('{"text": "x"}\n', "in.pubtator", "no document could be read"),
        ("x", "in.docx", "tells no format"),
    ],
)
def test_an_input_in_the_wrong_format(
    content: str, name: str, says: str, runs: Runs, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    for output in (tmp_path / "out.jsonl", tmp_path / "out"):
        to = f"output={output}", f"output_format={'jsonl' if output.suffix else 'brat'}"
        with pytest.raises(UserError, match=says):
            stream.predict(config_of(runs, f"input={tmp_path}/{name}", *to))
    assert [f.name for f in tmp_path.iterdir()] == [name]


def test_bytes_that_are_no_text(runs: Runs, tmp_path: Path) -> None:
    for name in ("in.txt", "in.pubtator", "in.jsonl", "in.conll"):
        (tmp_path / name).write_bytes(b"1|t|caf\xe9\n")
        with pytest.raises(UserError, match=r"UTF-8|no document"):
            stream.predict(
                config_of(runs, f"input={tmp_path}/{name}", f"output={tmp_path}/o.jsonl")
            )


def test_text_without_a_sentence_is_a_document(runs: Runs, tmp_path: Path) -> None:
    for number, text in enumerate(["", " \n ", "\x01\x02"]):
        (tmp_path / f"{number}.txt").write_text(text)
    output = tmp_path / "out.jsonl"
    assert stream.predict(config_of(runs, f"input={tmp_path}", f"output={output}"))
    assert [line["annotations"] for line in lines_of(output)] == [[], [], []]


def test_an_output_that_exists(runs: Runs, texts: list[str], tmp_path: Path) -> None:
    source, output = tmp_path / "in.pubtator", tmp_path / "out.jsonl"
    source.write_text(pubtator(texts[:2]), encoding="utf-8")
    output.write_text("mine")
    given = [f"input={source}", f"output={output}"]
    with pytest.raises(ConfigError, match="overwrite=true replaces it"):
        stream.predict(config_of(runs, *given))
    assert output.read_text() == "mine"
    assert stream.predict(config_of(runs, *given, "overwrite=true"))
    assert len(lines_of(output)) == 2
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "thesis.docx").write_text("mine")
    with pytest.raises(ConfigError, match=r"thesis\.docx"):
        stream.predict(
            config_of(
                runs, f"input={source}", f"output={folder}", "output_format=brat", "overwrite=true"
            )
        )
    assert (folder / "thesis.docx").exists()


@pytest.mark.parametrize("identifier", ["../up", "/abs", "a/../b", "..", "a\\b", "a//b"])
def test_an_id_cannot_name_a_file_elsewhere(identifier: str, runs: Runs, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(
        json.dumps({"id": identifier, "text": "x"}) + "\n" + '{"id": "ok", "text": "x"}'
    )
    assert not stream.predict(
        config_of(runs, f"input={source}", f"output={tmp_path}/deep/out", "output_format=brat")
    )
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == [
        "in.jsonl",
        "ok.ann",
        "ok.txt",
    ]


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["input=nowhere.txt", "output=o.jsonl"], "nowhere.txt is not there"),
        (["input=.", "output=o.jsonl"], "tells no format"),
        (["input=-", "output=o.docx"], "tells no format to write"),
        (["input=-", "output=o.jsonl", "input_format=pubtatr"], "did you mean pubtator"),
        (["input=-", "output=o.jsonl", "output_format=bioc"], "did you mean"),
        (["input=-", "output=-", "output_format=brat"], "needs a folder"),
        (["input=-", "output=o.jsonl", "resume=true"], "stream can't go on"),
        (["input=a", "output=o.jsonl", "resume=true", "overwrite=true"], "one of them"),
        (["input=a"], "output: is not given"),
    ],
)
def test_bad_options(
    overrides: list[str], says: str, runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=says):
        stream.predict(config_of(runs, *overrides))


def test_a_disk_that_is_full_is_no_traceback(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match=r"can't be written"):
        FileSink(tmp_path / "file" / "o.jsonl", FileWriter(lambda document: ""), Progress("x"))


@pytest.mark.slow
def test_memory_is_flat(runs: Runs, texts: list[str], tmp_path: Path) -> None:
    def grown(copies: int) -> int:
        source = tmp_path / "in.pubtator"
        source.write_text(pubtator(texts * copies), encoding="utf-8")
        stream.predict(
            config_of(runs, f"input={source}", f"output={tmp_path}/o.jsonl", "overwrite=true")
        )
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    assert grown(200) - grown(100) < 30  # MB, for 24,000 documents instead of 12,000


@pytest.mark.slow
def test_ten_megabytes_in_one_line(runs: Runs, tmp_path: Path) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "o.jsonl"
    source.write_text("a patient with night sweats and " * 330_000)
    assert stream.predict(
        config_of(runs, f"input={source}", f"output={output}", "input_format=lines")
    )
    (document,) = lines_of(output)
    text = document["passages"][0]["text"]
    assert len(text) > 10_000_000
    assert all(text[a["start"] : a["end"]] == a["text"] for a in document["annotations"])


def test_a_new_format_is_read_and_written(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, TOY.name, TOY)
    (tmp_path / "in.toy").write_text("The [BRCA1](Gene) gene .\nNothing at all\n")
    assert stream.predict(config_of(runs, f"input={tmp_path}/in.toy", f"output={tmp_path}/out.toy"))
    lines = (tmp_path / "out.toy").read_text().splitlines()
    assert "[BRCA1](Gene)" in lines[0]
    assert len(lines) == 2


def test_columns_are_read_as_strictly_as_a_dataset_is(runs: Runs, tmp_path: Path) -> None:
    source, output = tmp_path / "in.tsv", tmp_path / "out.jsonl"
    good = "Fever\tB-X\ncame\tO\n\n"
    for bad, says in (
        ("Rash\tB-X\nca", r":5: 1 column .*, and the file ends within this line; expected 2"),
        ("Rash\ncame\tO\n", r":4: 1 column parted by tabs: 'Rash'; expected 2, as on line 1"),
        ("Rash\tx\tB-X\n", r":4: 3 columns parted by tabs"),
    ):
        source.write_text(good + bad)
        given = [f"input={source}", f"output={output}", "overwrite=true"]
        assert not stream.predict(config_of(runs, *given))
        assert [line["annotations"][0]["text"] for line in lines_of(output)] == ["Fever"]
        with pytest.raises(DataError, match=says):
            stream.predict(config_of(runs, *given, "strict=true"))


@pytest.mark.parametrize(
    ("name", "content", "written"),
    [
        ("in.pubtator", b"1|t|One.\n\n2|t|T\0wo.\n2|a|x\n\n3|t|Three.\n", ["1", "3"]),
        ("in.jsonl", b'{"id":"1","text":"a"}\n{"id":"2"\n{"id":"3","text":"\xff"}\n', ["1"]),
        (
            "in.xml",
            b"<collection><document><id>1</id></document><document><id>2</id><passage>",
            ["1"],
        ),
        ("in.json", b'{"documents": [{"id": "1", "passages": []}, {"id": "2", "pas', ["1"]),
        ("in.tsv", b"a\n\nb\0\n\nc\n", ["1", "3"]),
    ],
)
def test_good_documents_are_written_whatever_is_beside_them(
    name: str,
    content: bytes,
    written: list[str],
    runs: Runs,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    source, output = tmp_path / name, tmp_path / "out.jsonl"
    source.write_bytes(content)
    assert not stream.predict(config_of(runs, f"input={source}", f"output={output}"))
    assert [line["id"] for line in lines_of(output)] == written
    assert f"left out: {source}:" in caplog.text


def test_bad_counts_documents_and_faults_stand_beside_it(
    runs: Runs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    source = tmp_path / "in.pubtator"
    source.write_text("1|t|One.\n\n2|t|Two.\n2\tx\n2\ty\n\n3|t|A.\n3\t0\t9\tA\tX\n3\t5\t2\tA\tX\n")
    assert not stream.predict(config_of(runs, f"input={source}", f"output={tmp_path}/o.jsonl"))
    assert "1 documents written" in caplog.text and "2 bad (4 faults)" in caplog.text


def test_what_stands_at_the_offsets_is_written(runs: Runs, tmp_path: Path) -> None:
    source, output = tmp_path / "in.pubtator", tmp_path / "out.jsonl"
    source.write_text("1|t|A fever and a cough.\n1\t2\t7\tcough\tX\n1\t9\t9\t\tY\n")
    assert stream.predict(config_of(runs, f"input={source}", f"output={output}"))
    kept = [mark for mark in lines_of(output)[0]["annotations"] if "source" not in mark]
    assert kept == [{"start": 2, "end": 7, "type": "X", "text": "fever"}]


def test_offsets_that_count_something_else(
    runs: Runs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source, output = tmp_path / "in.pubtator", tmp_path / "out.jsonl"
    source.write_text("1|t|Naïve β-cells\n1|a|and fever.\n1\t20\t25\tfever\tX\n", encoding="utf-8")
    given = [f"input={source}", f"output={output}"]
    with pytest.raises(ConfigError, match="no document could be read"):
        stream.predict(config_of(runs, *given))
    assert "count UTF-8 bytes; to read them so set offsets=[utf8_bytes]" in caplog.text
    config = config_of(runs, *given)
    config.offsets = [Offsets.utf8_bytes]
    assert stream.predict(config)
    assert lines_of(output)[0]["annotations"][0] == {
        "start": 18,
        "end": 23,
        "type": "X",
        "text": "fever",
    }
    config = config_of(runs, "input=-", f"output={output}")
    config.offsets = [Offsets.lf]
    with pytest.raises(ConfigError, match="offsets: is given, but lines has none"):
        stream.predict(config)


def test_what_is_passed_over_in_a_folder_is_said(
    runs: Runs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jsonl").write_text('{"id": "1", "text": "One."}\n')
    (folder / "b.jsonl.gz").write_bytes(b"...")
    output = f"output={tmp_path}/out.jsonl"
    assert stream.predict(config_of(runs, f"input={folder}", output, "input_format=jsonl"))
    assert "1 files are passed over, whose names tell no jsonl, such as" in caplog.text
    with pytest.raises(ConfigError, match=r"input: .*nowhere\.jsonl is not there"):
        given = [f"input={tmp_path}/nowhere.jsonl", "input_format=jsonl"]
        stream.predict(config_of(runs, *given, output, "overwrite=true"))


def test_a_pipe_with_a_name_is_read(runs: Runs, tmp_path: Path) -> None:
    pipe, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=('{"id": "1", "text": "One."}\n',), daemon=True)
    writer.start()
    given = [f"input={pipe}", f"output={output}", "input_format=jsonl"]
    assert stream.predict(config_of(runs, *given))
    writer.join()
    assert [line["id"] for line in lines_of(output)] == ["1"]


def test_a_document_without_an_id_names_no_file(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": "", "text": "One."}\n')
    given = [f"input={tmp_path}/in.jsonl", f"output={tmp_path}/out", "output_format=brat"]
    with pytest.raises(DataError, match="its id names no file"):
        stream.predict(config_of(runs, *given, "strict=true"))
