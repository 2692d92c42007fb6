"""Every head against every dataset that has its type."""

import logging
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from bioner.config.evaluate import EvaluateConfig, to_evaluate_config
from bioner.corpora.sentence import Mention
from bioner.errors import ConfigError
from bioner.predict.evaluate import evaluate
from bioner.predict.mention_scores import partial, strict
from bioner.runs.record_file import read_record
from bioner.runs.scores import PartialScores
from tests.composition import composed
from tests.predict.conftest import Runs
from tests.predict.test_finished import changed
from tests.predict.test_tagger import predictions

NAMES = ["demo_disease", "demo_disease_related"]


def config_of(runs: Runs, run: Path, *overrides: str, own: Path | None = None) -> EvaluateConfig:
    given = [f"run={run}", f"datasets_dir={runs.datasets}", *overrides]
    return to_evaluate_config(composed(*given, verb="evaluate", own=own))


def test_a_matrix(
    runs: Runs, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    names = "[demo_disease,demo_disease_related,demo_chemical]"
    config = config_of(runs, runs.linear, f"datasets={names}")
    cells = evaluate(config)
    heads = ["demo_disease", "demo_disease_related"]
    for head in heads:
        says = (
            f"demo_chemical is not scored with head {head}: it has Chemical, and the head Disease"
        )
        assert says in caplog.text
    assert {head: list(row) for head, row in cells.items()} == dict.fromkeys(heads, heads)
    record = read_record(runs.linear)
    for head, row in record.cross.items():
        for name, splits in row.items():
            cell = splits["test"]
            if head == name:  # the run has scored itself
                own = vars(record.scores[head].test)
                assert {k: own[k] for k in vars(cell.strict)} == vars(cell.strict)
            assert cell.partial["partial"].f1 >= cell.strict.f1
            assert cell.types == {"Disease": "Disease"}
            assert (
                cell.sha256
                == OmegaConf.to_object(OmegaConf.structured(config)).dataset[name].sha256["test"]
            )
            assert cell.leakage is not None
            assert cell.leakage.trained_on < cell.leakage.sentences
    assert "strict F1" in capsys.readouterr().out
    # The train split of a target was trained on, as far as train_size took it.
    cells = evaluate(config_of(runs, runs.linear, "datasets=[demo_disease]", "split=train"))
    leak = cells["demo_disease"]["demo_disease"].leakage
    assert leak is not None and leak.trained_on == 160 and leak.sentences == 240
    assert set(read_record(runs.linear).cross["demo_disease"]["demo_disease"]) == {
        "test",
        "train",
    }


def test_other_names_for_one_type(runs: Runs, copied: Path) -> None:
    given = ["datasets=[demo_chemical]", "types={Chemical: Disease}"]
    cell = evaluate(config_of(runs, copied, *given))["demo_disease"]["demo_chemical"]
    assert cell.types == {"Chemical": "Disease"}
    assert cell.strict.support > 0
    assert list(cell.strict.by_type) == ["Disease"]


def test_what_was_trained_on_is_not_known(
    runs: Runs, copied: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    changed(copied / "record.json", datasets__demo_disease__sha256__train="0" * 64)
    cell = evaluate(config_of(runs, copied, "datasets=[demo_disease]"))["demo_disease"]
    assert cell["demo_disease"].leakage is None
    assert "are not those of the run" in caplog.text


def test_sources_of_an_earlier_run_count(runs: Runs, copied: Path) -> None:
    """A run that started from another's weights was trained on that one's sentences too."""
    changed(
        copied / "config.yaml",
        pretrain={
            "kind": "checkpoint",
            "checkpoint": str(runs.linear),
            "sources": [],
            "carry": "encoder",
            "train_size": None,
            "epochs": None,
            "steps": None,
        },
    )
    found = evaluate(config_of(runs, copied, "datasets=[demo_disease_related]", "split=train"))
    leak = found["demo_disease"]["demo_disease_related"].leakage
    assert leak is not None and leak.trained_on == 160


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ([], "datasets: is not given"),
        (["datasets=[demo_diseas]"], "did you mean demo_disease"),
        (["datasets=[demo_disease,demo_disease]"], "more than once"),
        (["datasets=[demo_chemical]"], "none has a type of the heads"),
        (["datasets=[demo_chemical]", "types={Chemicl: Disease}"], "did you mean Chemical"),
        (["datasets=[demo_chemical]", "types={Chemical: Diseas}"], "did you mean Disease"),
        (["datasets=[demo_chemical]", "types=[Chemical]"], "types: is"),
        (["datasets=[demo_disease]", "split=tests"], "did you mean test"),
        (["datasets=[demo_disease]", "heads=[x]"], "has no head 'x'"),
    ],
)
def test_bad_options(overrides: list[str], says: str, runs: Runs) -> None:
    with pytest.raises(ConfigError, match=says):
        evaluate(config_of(runs, runs.crf, *overrides))


def test_a_split_without_a_mention_has_no_score(
    runs: Runs, copied: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for split, tag in (("train", "B-Disease"), ("devel", "B-Disease"), ("test", "O")):
        (tmp_path / f"{split}.tsv").write_text(f"A\tO\nfever\t{tag}\n\n")
    own = tmp_path / "conf"
    (own / "dataset").mkdir(parents=True)
    yaml = f"path: {tmp_path}\nfiles: {{train: train.tsv, devel: devel.tsv, test: test.tsv}}\n"
    (own / "dataset" / "mine.yaml").write_text(yaml)
    found = evaluate(config_of(runs, copied, "datasets=[mine]", own=own))
    assert found["demo_disease"] == {}
    assert "mine is not scored with head demo_disease: its test has no mention" in caplog.text
    yaml = yaml.replace(", test: test.tsv", "") + "test_share: 0\n"
    (own / "dataset" / "mine.yaml").write_text(yaml)
    with pytest.raises(ConfigError, match="split: is test, and mine has none; another split"):
        evaluate(config_of(runs, copied, "datasets=[mine]", own=own))


def test_strict_scores_are_seqevals(runs: Runs) -> None:
    rows = predictions(runs.linear / "predictions" / "demo_disease.test.tsv")
    from bioner.corpora.tags import spans

    gold, guess = [spans(s.tags) for s, _ in rows], [spans(tags) for _, tags in rows]
    judged = f1_score(
        [list(s.tags) for s, _ in rows], [list(t) for _, t in rows], mode="strict", scheme=IOB2
    )
    assert strict(gold, guess, ["Disease"]).f1 == judged


def test_partial_scores() -> None:
    gold = [[Mention(0, 3, "X"), Mention(5, 6, "X")], [Mention(1, 2, "X")]]
    guess = [[Mention(0, 2, "X"), Mention(7, 9, "X")], [Mention(1, 2, "X")]]
    found = partial(gold, guess, ["X"])
    assert found["partial"].f1 == pytest.approx(1.5 / 3)  # one right, one by half
    assert found["overlap"].f1 == pytest.approx(2 / 3)
    nothing = PartialScores(0.0, 0.0, 0.0)
    for one, other in (
        ([[]], [[]]),
        ([[]], [[Mention(0, 1, "X")]]),
        ([[Mention(0, 1, "X")]], [[]]),
    ):
        assert partial(one, other, ["X"]) == {"partial": nothing, "overlap": nothing}
