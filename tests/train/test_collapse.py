"""A run that finds no mention is complete, and says that it collapsed."""

from pathlib import Path

import pytest

from bioner.runs.record import Record
from tests.train.test_run import TARGET, config_of, predictions, run

# The bias says O, and no update moves it.
SILENT = ["head.start=prior", "optimizer.lr=1e-9", "finetune.epochs=1", "finetune.train_size=32"]


def test_a_run_that_predicts_nothing_has_collapsed(tmp_path: Path) -> None:
    directory, record = run(config_of(tmp_path, *TARGET, *SILENT))
    assert (record.status, record.collapsed) == ("complete", True)
    scores = record.scores["demo_disease"]
    assert (scores.devel.predicted, scores.test.predicted, scores.test.f1) == (0, 0, 0.0)
    assert scores.devel.support > 0
    gold, guess = predictions(directory / "predictions" / "demo_disease.test.tsv")
    assert [len(row) for row in guess] == [len(row) for row in gold]
    assert {tag for row in guess for tag in row} == {"O"}


@pytest.mark.parametrize(("devel", "collapsed"), [("p\tO\n", False), ("p\tB-Gene\n", True)])
def test_a_devel_without_a_mention_says_nothing(
    devel: str, collapsed: bool, tmp_path: Path
) -> None:
    assert own_devel(tmp_path, devel).collapsed == collapsed


def own_devel(tmp_path: Path, devel: str) -> Record:
    folder = tmp_path / "mine"
    folder.mkdir()
    config = config_of(tmp_path, *TARGET, *SILENT, "finetune.train_size=null")
    one = config.dataset["demo_disease"]
    one.path, one.types = str(folder), ["Gene"]
    one.sha256, one.sentences, one.mentions = {}, {}, {}
    words = "".join(f"w{i}\tO\n" for i in range(30))
    files = {"train": f"{words}\nm\tB-Gene\n", "devel": devel, "test": "t\tB-Gene\n"}
    for split, text in files.items():
        (folder / one.files[split]).write_text(text)
    return run(config)[1]
