"""A whole search on the demo datasets: what it leaves, how it goes on, and what it never does."""

import hashlib
import json
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bioner.config.command_line import names_in_lists
from bioner.config.fit import FitConfig
from bioner.config.identity import run_name
from bioner.config.predict import to_predict_config
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError, UserError
from bioner.fit import decision, ranking
from bioner.fit.candidates import BASELINE
from bioner.fit.curve import smaller
from bioner.fit.fit import fit
from bioner.fit.prepared import Prepared, Prices, in_search
from bioner.fit.result import ranked_sources
from bioner.fit.rungs import Affordable, rungs
from bioner.fit.search import Search, Spending
from bioner.fit.target import load_target
from bioner.fit.trial import Trial
from bioner.predict.annotator import Annotator
from bioner.report.one_gain import Gain
from bioner.runs.record_file import read_record
from bioner.transferability import advice
from bioner.transferability.belief import Belief
from bioner.transferability.known import Known, load_known
from tests.composition import composed, train_config
from tests.fit.searches import SMALL, TrialsHere, fit_config, places, searched

SOURCES = "sources=[demo_shuffled,demo_disease_related]"
SHORT = ["finetune.epochs=2", "seeds=1", "budget.runs=7", "pretrain.devel_size=8"]


@dataclass
class Searched:
    """A finished search."""

    place: Path
    words: list[str]
    trials: TrialsHere

    @property
    def folder(self) -> Path:
        return self.place / "runs" / "fit" / "demo_disease"

    @property
    def found(self) -> dict[str, Any]:
        return json.loads((self.folder / "fit.json").read_text())


def search(place: Path, *overrides: str) -> Searched:
    """Run a search, in this process."""
    words = ["target=demo_disease", *SMALL, *overrides, *places(place)]
    config, trials = searched(*words)
    fit(config, trials, "bioner fit …")
    return Searched(place, words, trials)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    return search(tmp_path_factory.mktemp("search"), SOURCES, *SHORT)


def test_it_says_what_was_tried_and_what_was_chosen(done: Searched) -> None:
    found = done.found
    names = [one["name"] for one in found["tried"]]
    assert names[:2] == ["single", "transfer from demo_disease_related"]
    assert found["order"][0]["source"] == "demo_disease_related"
    best = next(one for one in found["tried"] if one["name"] == found["best"])
    assert "demo_shuffled" not in best["sources"]
    assert [one["epochs"] for one in best["rungs"]] == [1, 2]
    single = found["tried"][0]
    for one in found["tried"]:
        for rung, base in zip(one["rungs"], single["rungs"], strict=False):
            assert rung["gain"] == pytest.approx(rung["devel"][0] - base["devel"][0])
    gain = found["devel"]
    assert gain["gain"] == pytest.approx(best["rungs"][-1]["gain"])
    taken = gain["not_worse"] >= found["confidence"]
    assert found["chosen"] == (found["best"] if taken else "single")
    assert (found["test"] is not None) == taken
    assert found["cost"]["spent"] <= found["cost"]["budget"] == 7


def test_what_is_known_of_other_targets_is_weighed_against_devel(
    done: Searched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The known gains are those of MiniLM, whose weights take too long here."""
    assert done.found["before"] is None and done.found["together"] is None
    assert "Devel alone tells: no gains of enough other targets are known" in done.found["why"]
    known = load_known().with_encoder("minilm")
    of_tiny = Known(known.gains.assign(encoder="tiny"), known.measures)
    for user in (advice, ranking):
        monkeypatch.setattr(user, "load_known", lambda folder=None: of_tiny)
    found = search(tmp_path, SOURCES, *SHORT).found
    before, devel, together = found["before"], found["devel"], found["together"]
    assert before["error"] > 0 and together["error"] < before["error"]
    low, high = sorted([before["mean"], devel["gain"]])
    assert low <= together["mean"] <= high
    sure = Belief(**together).not_worse
    assert found["chosen"] == (found["best"] if sure >= found["confidence"] else "single")
    assert f"with a confidence of {100 * sure:.2f} %" in found["why"]
    last = next(one for one in found["tried"] if one["name"] == found["best"])["rungs"][-1]
    assert last["expected"] != last["gain"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["seeds=3", "budget.runs=1"], r"budget: is 1\.0 runs of single, and single and one other"),
        (["selftrain.text=missing"], r"selftrain\.text: .*missing"),
        (["hydra.launcher.n_jobs=0"], r"hydra\.launcher\.n_jobs: is 0"),
    ],
)
def test_what_can_not_be_is_said_before_anything_is_measured(
    words: list[str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        search(tmp_path, SOURCES, *words)
    assert not (tmp_path / "runs").exists()


def test_only_what_was_chosen_and_single_look_at_test(done: Searched) -> None:
    records = [read_record(file.parent) for file in done.place.glob("runs/fit_*/*/record.json")]
    tested = [one for one in records if one.scores["demo_disease"].test is not None]
    chosen = done.found["chosen"]
    assert len(tested) == (1 if chosen == "single" else 2)
    assert all(one.stages[-1].reused for one in tested)
    assert not [
        one
        for one in done.place.glob("runs/fit_*/*/predictions/*.test.tsv")
        if not read_record(one.parents[1]).stages[-1].reused
    ]


def test_its_run_is_followed_and_its_line_makes_the_same_run(done: Searched) -> None:
    run = (done.folder / done.found["run"]).resolve()
    assert run.is_dir()
    f1 = read_record(run).scores["demo_disease"].test_f1
    assert done.found["test_f1"] == {"1": f1}
    words = shlex.split(done.found["command"])[2:]
    assert run_name(train_config(*names_in_lists(words, TrainConfig))) == run.name
    for given in (str(done.folder), "fit/demo_disease"):
        words = [f"run={given}", "input=-", "output=-", f"runs_dir={done.place}/runs"]
        assert Path(to_predict_config(composed(*words, verb="predict")).run) == done.folder
    (document,) = Annotator(done.folder).predict(["Patients with ataxia recovered."])
    assert document.heads == ("demo_disease",)


def test_it_leaves_a_page_and_a_card(done: Searched) -> None:
    page = (done.folder / "report.md").read_text()
    assert done.found["why"] in page and done.found["command"] in page.replace("\\", "")
    html = (done.folder / "report.html").read_text()
    assert "transfer from demo_disease_related" in html and "Learning curve" in html
    card = (done.folder / "MODEL_CARD.md").read_text()
    assert f"bioner predict run={done.folder}" in card
    assert "| demo_disease test | all |" in card and "Apache-2.0" in card


def test_the_folder_of_another_target_is_refused(done: Searched) -> None:
    config, trials = searched(
        "target=demo_chemical", "sources=[]", "name=demo_disease", *places(done.place)
    )
    with pytest.raises(ConfigError, match=r"^name: .*holds the result of a search for demo_diseas"):
        fit(config, trials, "bioner fit …")


def test_what_finds_no_mention_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No gain over nothing is no worse than it."""
    nothing = Gain(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, "sentence", 1)
    monkeypatch.setattr(decision, "compare", lambda *_: nothing)
    found = search(tmp_path, SOURCES, *SHORT, "curve=false").found
    assert (found["chosen"], found["devel"]["not_worse"]) == ("single", 1.0)
    assert found["why"].endswith(", the best candidate, finds no mention of devel")


def test_started_again_it_trains_nothing_and_finds_the_same(done: Searched) -> None:
    before = done.found
    stamps = {file: file.stat().st_mtime_ns for file in done.place.glob("runs/fit_*/*/record.json")}
    again = search(done.place, SOURCES, *SHORT)
    assert again.trials.started == 0
    assert again.found == before
    assert {file: file.stat().st_mtime_ns for file in stamps} == stamps


def test_a_candidate_that_fails_is_said_and_single_must_not(
    done: Searched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(done.place / "runs", tmp_path / "runs")
    real, bad = TrialsHere.run, ["transfer from demo_disease_related"]

    def run(self: TrialsHere, asked: dict[Trial, int | None]) -> dict[Trial, str]:
        ended = real(self, asked)
        return ended | {one: "out of luck" for one in asked if one.candidate.name in bad}

    monkeypatch.setattr(TrialsHere, "run", run)
    found = search(tmp_path, SOURCES, *SHORT).found
    assert found["tried"][1]["failed"] == "out of luck"
    assert found["best"] != bad[0]
    bad.append(BASELINE.name)
    with pytest.raises(UserError, match="single failed, with which all else is compared: out of"):
        search(tmp_path, SOURCES, *SHORT)


def test_a_part_of_a_size() -> None:
    assert smaller(None, 0.25) == 0.25
    assert smaller(0.1, 0.5) == 0.05
    assert smaller(7, 0.5) == 4
    assert smaller(1, 0.25) == 1


@pytest.mark.slow
def test_it_takes_the_related_corpus_and_draws_the_curve(tmp_path: Path) -> None:
    every = "sources=[demo_shuffled,demo_unrelated,demo_disease_related,demo_chemical]"
    longer = ["finetune.epochs=12", "budget.runs=60", "seeds=3", "finetune.devel_size=120"]
    longer.append("finetune.train_size=96")
    found = search(tmp_path, every, *longer).found
    assert found["chosen"] == found["best"] != "single", found["why"]
    taken = next(one for one in found["tried"] if one["name"] == found["chosen"])
    assert "demo_disease_related" in taken["sources"]
    assert "demo_shuffled" not in taken["sources"]
    assert found["test"]["gain"] > 0.02
    points = found["curve"]["points"]
    assert [one["sentences"] for one in points] == [24, 48, 96]
    means = [sum(one["devel"]) / len(one["devel"]) for one in points]
    # Two seeds do not tell the first two sizes apart; all labels are the best by far.
    assert means[-1] > max(means[:-1]) + 0.05
    assert found["curve"]["gain"] > 0
    assert found["curve"]["low"] < found["curve"]["gain"] < found["curve"]["high"]


@pytest.mark.slow
def test_without_a_source_the_best_single_is_looked_for(tmp_path: Path) -> None:
    found = search(tmp_path, "sources=[]", "seeds=1", "budget.hours=1").found
    assert {one["name"] for one in found["tried"]} > {"single", "single, head=crf"}
    assert found["cost"]["budget"] > 5


@pytest.mark.slow
def test_the_labels_of_test_change_no_choice(tmp_path: Path) -> None:
    config = fit_config("target=demo_disease", *places(tmp_path))
    chosen = []
    for name in ("as_is", "shuffled"):
        place = tmp_path / name
        corpus = _copy(config.datasets_dir, place, shuffle=name == "shuffled")
        keys = {"path": corpus, "url": "null"}
        for split in ("train", "devel", "test"):
            text = (corpus / f"{split}.tsv").read_text()
            keys[f"sha256.{split}"] = hashlib.sha256(text.encode()).hexdigest()
            keys[f"mentions.{split}"] = text.count("\tB-")
        words = [f"dataset.demo_disease.{key}={value}" for key, value in keys.items()]
        found = search(place, SOURCES, *SHORT, *words).found
        chosen.append({key: found[key] for key in ("chosen", "best", "why", "devel", "order")})
        chosen[-1]["rungs"] = [one["rungs"] for one in found["tried"]]
    assert chosen[0] == chosen[1]


def _copy(datasets_dir: str, place: Path, shuffle: bool) -> Path:
    """Copy demo_disease; if asked for, with the tags of test in another order in each sentence."""
    from bioner.corpora.fetching.fetch import ensure

    folder = place / "corpus"
    folder.mkdir(parents=True)
    config = fit_config("target=demo_disease").dataset["demo_disease"]
    for split, file in ensure("demo_disease", config, Path(datasets_dir), None).items():
        blocks = file.read_text().strip().split("\n\n")
        rows = [[line.split("\t") for line in block.split("\n")] for block in blocks]
        if shuffle and split == "test":
            outside = [[(row[0], "O") for row in sentence[1:]] for sentence in rows]
            rows = [
                [[s[0][0], "B-Disease"], *map(list, o)] for s, o in zip(rows, outside, strict=True)
            ]
        text = "".join("".join("\t".join(row) + "\n" for row in one) + "\n" for one in rows)
        (folder / f"{split}.tsv").write_text(text)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kept", [("train",), ("train", "test"), ("train", "devel")])
def test_folds_take_the_place_of_what_a_target_lacks(tmp_path: Path, kept: tuple[str, ...]) -> None:
    """It needs no more than a train file, and invents no test."""
    corpus = _copy(f"{tmp_path.parent}/datasets", tmp_path, shuffle=False)
    for split in {"devel", "test"} - {*kept}:
        (corpus / f"{split}.tsv").unlink()
    words = [f"+dataset.mine.path={corpus}", "target=mine", "sources=[demo_disease_related]"]
    short = ["finetune.epochs=2", "pretrain.devel_size=8", "test_folds=2", "budget.runs=40"]
    config, trials = searched(
        *words, *SMALL[:2], "finetune.train_size=60", *short, *places(tmp_path)
    )
    fit(config, trials, "bioner fit …")
    folder = tmp_path / "runs" / "fit" / "mine"
    found = json.loads((folder / "fit.json").read_text())
    assert found["cost"]["spent"] <= 40
    assert found["devel"]["seeds"] == 3
    runs = {
        file.parent: read_record(file.parent) for file in tmp_path.glob("runs/fit_*/*/record.json")
    }
    tested = {run for run, one in runs.items() if one.scores["mine"].test is not None}
    won = (folder / found["run"]).resolve()
    assert len(found["instead"]) == 3 - len(kept)
    if "devel" not in kept:
        task = runs[won].task("mine")
        assert task.devel_trained and task.train_sentences == 60
        assert "| mine devel |" not in (folder / "MODEL_CARD.md").read_text()
        folds = {one.datasets["mine"].devel_fold for one in runs.values()}
        assert folds == {1, 2, 3}
    if "test" in kept:
        assert won in tested and found["expected"] is None
        assert [*found["test_f1"]] == ["1", "2", "3"]
        return
    assert won not in tested and found["test_f1"] == {}
    expects = found["expected"]
    assert len(expects["chosen"]) == len(expects["f1"]) == 2
    assert expects["gain"]["f1"] == pytest.approx(sum(expects["f1"]) / 2)
    assert {runs[run].datasets["mine"].fold for run in tested} == {1, 2}
    assert 2 <= len(tested) <= 4
    page = (folder / "report.md").read_text()
    assert "F1 to expect" in page and "folds as test" in page
    (document,) = Annotator(folder).predict(["Patients with ataxia recovered."])
    assert document.heads == ("mine",)


@pytest.mark.slow
def test_what_a_fold_holds_changes_nothing_of_its_own_search(tmp_path: Path) -> None:
    """The search of a fold that is test sees neither its labels nor what they tell of sources."""
    choices = []
    for name in ("as_is", "shuffled"):
        place = tmp_path / name
        corpus = _copy(f"{tmp_path}/datasets", place, shuffle=False)
        (corpus / "test.tsv").unlink()
        (corpus / "devel.tsv").unlink()
        words = [f"+dataset.mine.path={corpus}", "target=mine", SOURCES, *SMALL[:2]]
        config, trials = searched(*words, *SHORT, "test_folds=2", "curve=false", *places(place))
        if name == "shuffled":
            _relabel(corpus / "train.tsv", config, trials)
        prepared = Prepared(config, trials, outer=1)
        prices = Prices(config, trials, prepared.corpora)
        ladder = rungs(prices(Trial(BASELINE, 1)).epochs, 1)
        spending = Spending(Affordable(prices, ladder, trials.parting), 30)
        search = Search(trials, spending, prepared.expectation, outer=1)
        best = search.go(prepared.others[:2], ladder)
        order = ranked_sources(prepared.ranking)
        choices.append((best, [(one.source, one.score) for one in order], search.standings))
    assert choices[0] == choices[1]


def _relabel(file: Path, config: FitConfig, trials: TrialsHere) -> None:
    """Make every first word of the fold that is test a mention, and nothing else of it."""
    read = load_target(in_search(config, trials, outer=1))
    lines = file.read_text().split("\n")
    for sentence in read.splits["test"].sentences:
        for place in range(len(sentence.words)):
            at = sentence.line - 1 + place
            lines[at] = lines[at].rpartition("\t")[0] + ("\tO" if place else "\tB-Disease")
    file.write_text("\n".join(lines))


@pytest.mark.slow
def test_self_training_is_a_candidate(tmp_path: Path) -> None:
    found = search(tmp_path, "sources=[]", "seeds=1", "budget.runs=9", "finetune.epochs=2").found
    taught = {one["name"]: one for one in found["tried"]}["single, then self-training"]
    assert not taught["failed"] and len(taught["rungs"]) >= 1
    assert "selftrain=soft" in taught["command"] and "selftrain.epochs=2" in taught["command"]


@pytest.mark.slow
def test_the_curve_of_a_plan_that_trains_itself_is_that_of_its_teacher(tmp_path: Path) -> None:
    # A teacher of three epochs, and a student of fifteen, which wins; nothing else is tried.
    short = ["finetune.epochs=3", "optimizer.lr=0.001", "head=linear", "finetune.train_size=100"]
    long = ["selftrain.epochs=15", "selftrain.confidence=0.3", "finetune.devel_size=120"]
    found = search(
        tmp_path, "sources=[]", "seeds=2", "budget.runs=150", "confidence=0.5", *short, *long
    ).found
    assert found["chosen"] == "single, then self-training", found["why"]
    assert found["curve"]["plan"] == "single"
    assert [one["sentences"] for one in found["curve"]["points"]] == [25, 50, 100]
