"""Whole reports: every file that is promised, and studies in a bad state."""

import html
import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from bioner.config.report import ReportConfig, to_report_config
from bioner.errors import UserError
from bioner.report.report import report
from tests.composition import composed
from tests.report.synthetic import Made, write_run, write_study

A, B = "demo_disease", "demo_chemical"


def made(tmp_path: Path, **config: object) -> Path:
    given = ReportConfig(study="study", runs_dir=str(tmp_path), samples=200, **config)  # type: ignore[arg-type]
    return report(given, "bioner report study=study")


def small_study() -> list[Made]:
    runs = [Made(t, seed=s, size=z) for t in (A, B) for s in (1, 2, 3) for z in (0.1, 0.5)]
    runs += [
        Made(t, "transfer", [x], seed=s, size=0.1, skill=0.9)
        for t, x in ((A, B), (B, A))
        for s in (1, 2, 3)
    ]
    return runs


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study with its report."""
    runs_dir = tmp_path_factory.mktemp("runs")
    write_study(runs_dir / "study", small_study())
    assert made(runs_dir) == runs_dir / "study" / "report"
    return runs_dir / "study"


def text_files(folder: Path) -> list[Path]:
    found = [f for f in folder.rglob("*") if f.suffix in (".html", ".md", ".csv", ".tex", ".svg")]
    assert len(found) > 5
    return found


def test_every_promised_file(whole: Path) -> None:
    folder = whole / "report"
    page = (folder / "report.html").read_text()
    words = (folder / "report.md").read_text()
    for name in (
        "overview",
        "scores",
        "gains",
        "transfer_matrix",
        "curves",
        "label_saving",
        "seen_unseen",
        "error_kinds",
        "partial_matches",
        "cost",
        "runs",
    ):
        assert not pd.read_csv(folder / "tables" / f"{name}.csv").empty
        tex = (folder / "tables" / f"{name}.tex").read_text()
        assert r"\toprule" in tex and "% made by: bioner report study=study" in tex
        assert "% commit: " in tex and tex.count(r"\begin{tabular}") == 1
        assert f'id="t-{name}"' in page
    for name in ("gains", "transfer_matrix", "curves"):
        assert (folder / "figures" / f"{name}.svg").read_text().count("<title>") > 1
        assert (folder / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert f"figures/{name}.svg" in words
    assert r"\textbf{" in (folder / "tables" / "scores.tex").read_text()
    assert "$^{*" in (folder / "tables" / "gains.tex").read_text()
    assert "http" not in page.replace("http://www.w3.org/", "")  # nothing is fetched
    typed = "bioner train --config-dir '/my conf' finetune.targets=[demo_disease] seed=1"
    assert typed in html.unescape(page)
    assert "**" in words and "\\*" in words
    assert not any("w0." in file.read_text() for file in text_files(folder))  # text of the corpus
    for text in (page, words):
        assert f"On {B}, transfer from {A} at 10 % is above single at every size" in text


def test_the_same_study_gives_the_same_tables(whole: Path) -> None:
    first = {f.name: f.read_bytes() for f in (whole / "report" / "tables").iterdir()}
    again = {f.name: f.read_bytes() for f in (made(whole.parent) / "tables").iterdir()}
    assert first == again


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
def test_latex_takes_every_table(whole: Path, tmp_path: Path) -> None:
    tables = sorted((whole / "report" / "tables").glob("*.tex"))
    inputs = "".join(rf"\input{{{file}}}\clearpage " for file in tables)
    packages = r"\usepackage{booktabs}\usepackage{graphicx}"
    (tmp_path / "all.tex").write_text(
        rf"\documentclass{{article}}{packages}\begin{{document}}{inputs}\end{{document}}"
    )
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_names_can_not_break_out_of_the_page(tmp_path: Path) -> None:
    write_study(tmp_path / "study", [Made("<script>alert(1)</script>&|_$".replace("/", ""))])
    folder = made(tmp_path)
    assert "<script>alert" not in (folder / "report.html").read_text()
    assert r"\&|\_\$" in (folder / "tables" / "scores.tex").read_text()
    assert r"\label{tab:scores}" in (folder / "tables" / "scores.tex").read_text()
    assert r"\|" in (folder / "report.md").read_text()


@pytest.mark.parametrize(
    "runs",
    [[Made(A)], [Made(A, status="failed")], [Made(A, "transfer", [B])], [Made(A, size=7)]],
    ids=["one run", "only a failed one", "no single", "a count of sentences"],
)
def test_small_studies(
    runs: list[Made], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_study(tmp_path / "study", runs)
    page = (made(tmp_path) / "report.html").read_text()
    shown = capsys.readouterr().out
    done = sum(run.status == "complete" for run in runs)
    assert f"<b>{done}</b> complete" in page and f"{done} complete" in shown
    assert ("No run of this study is complete" in page) == (not done)


def test_rows_of_an_axis_are_told_apart_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    write_study(tmp_path / "study", [Made(A), Made(A, seed=2)])
    made(tmp_path)
    assert "variant" not in capsys.readouterr().out
    write_study(tmp_path / "study", [Made(A, change={"head.options.dropout": 0.5})])
    made(tmp_path, axes=["head.options.dropout"])
    shown = capsys.readouterr().out
    assert "variant" in shown and "dropout=0.1" in shown and "dropout=0.5" in shown


def test_a_study_in_disorder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_study(tmp_path / "study", [Made(A, seed=s) for s in (1, 2, 3)])
    places = {
        name: write_run(folder, Made(A, seed=10 + k))
        for k, name in enumerate(
            ["damaged", "old", "lacking", "cut", "lost", "disagrees", "other gold", "mangled"]
        )
    }
    (places["damaged"] / "record.json").write_text("{")
    for name, change in (("old", {"schema": 1}), ("lacking", {"scores": {}})):
        file = places[name] / "record.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | change))
    predictions = {name: place / "predictions" / f"{A}.test.tsv" for name, place in places.items()}
    predictions["cut"].write_text(predictions["cut"].read_text()[:-20])
    predictions["lost"].unlink()
    predictions["disagrees"].write_text(predictions["disagrees"].read_text() + "w\tO\tO\n\n")
    mangled = predictions["mangled"].read_text().replace("\tO\tO\n", "\tO\n", 1)
    predictions["mangled"].write_text(mangled)
    blocks = predictions["other gold"].read_text().split("\n\n")
    predictions["other gold"].write_text("\n\n".join([*blocks[-2::-1], ""]))
    (folder / "begun").mkdir()
    (folder / "begun" / "config.yaml").write_text("study: [")
    (folder / "crashed").mkdir()
    (folder / "crashed" / "console.log").write_text("ImportError")
    (folder / "notes").mkdir()
    page = (made(tmp_path) / "report.html").read_text()
    shown = capsys.readouterr().out
    for count in ("8</b> complete", "5</b> unreadable"):
        assert count in page
    for says in (
        "damaged: ",
        "crashed: ended before it wrote its config",
        "has schema 1",
        f"it is complete, and scores.{A} is missing",
        "ends inside a sentence",
        "No such file",
        "holds 2 columns",
        "the record says",
        "other sentences or gold",
    ):
        assert says in shown, says
    assert "5 prediction files could not be used" in page
    assert not any("w0." in f.read_text() for f in text_files(tmp_path / "study" / "report"))
    scores = pd.read_csv(tmp_path / "study" / "report" / "tables" / "scores.csv")
    assert (scores.n[0], scores.low.isna()[0]) == (8, True)


@pytest.mark.parametrize(
    ("field", "wrong", "says"),
    [
        ("seed", "1", 'seed is "1", not a valid integer'),
        ("scores", {A: {"test": 3}}, f"scores.{A}.devel is missing (and 1 more such fields)"),
        ("datasets", [A], "datasets is "),
        ("config", {}, "the config in the record is damaged: KeyError 'encoder.name'"),
    ],
)
def test_a_record_of_wrong_types_is_named_and_left_out(
    field: str, wrong: object, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_study(tmp_path / "study", [Made(A, seed=s) for s in (1, 2)])
    tampered = write_run(folder, Made(A, seed=3)) / "record.json"
    tampered.write_text(json.dumps(json.loads(tampered.read_text()) | {field: wrong}))
    scores = pd.read_csv(made(tmp_path) / "tables" / "scores.csv")
    assert scores.n.tolist() == [2]
    shown = capsys.readouterr().out
    assert str(tampered.parent) in shown and says in shown


def test_an_unfinished_run_is_counted_in_its_cell(tmp_path: Path) -> None:
    from omegaconf import OmegaConf

    from tests.composition import train_config

    folder = write_study(tmp_path / "study", [Made(A)])
    (folder / "killed").mkdir()
    config = train_config(f"finetune.targets=[{A}]", "encoder=tiny", "seed=5")
    OmegaConf.save(OmegaConf.structured(config), folder / "killed" / "config.yaml")
    assert "<b>1</b> unfinished" in (made(tmp_path) / "report.html").read_text()
    scores = pd.read_csv(folder / "report" / "tables" / "scores.csv")
    assert scores[["n", "unfinished"]].to_numpy().tolist() == [[1, 1]]


def test_no_study(tmp_path: Path) -> None:
    write_study(tmp_path / "studies", [Made(A)])
    with pytest.raises(UserError, match=r"no run under .*did you mean studies"):
        made(tmp_path)
    assert not (tmp_path / "study").exists()
    (tmp_path / "study").mkdir()
    with pytest.raises(UserError, match="no run under"):
        made(tmp_path)


def test_bad_values(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="samples: is 5; at least 100"):
        to_report_config(composed("samples=5", verb="report"))
    for wrong in ("source=wandb", "project=p"):
        with pytest.raises(UserError, match="project=NAME goes with source=wandb"):
            to_report_config(composed(wrong, verb="report"))
    write_study(tmp_path / "study", [Made(A)])
    with pytest.raises(UserError, match=r"measures: no measures\.csv at"):
        made(tmp_path, measures=str(tmp_path))
    (tmp_path / "m.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="has no column source"):
        made(tmp_path, measures=str(tmp_path / "m.csv"))
