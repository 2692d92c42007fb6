"""A run that stops on its way and goes on is the run that did not; test can be left alone."""

from pathlib import Path

import pytest

from bioner.config.identity import run_hash, run_name
from bioner.config.train import Selection, TrainConfig
from bioner.errors import ConfigError, UserError
from bioner.runs.course import Course, course, course_of, stopped_course
from bioner.runs.record import Record
from bioner.runs.record_file import read_record
from bioner.runs.stage_record import Look
from bioner.train.run import train
from tests.composition import train_config
from tests.train.test_run import config_of

EPOCHS = 4
REGIMES = {
    "single": [],
    "patience": ["finetune.patience=3"],
    "average": ["selection=average", "average_epochs=2"],
    "transfer_mtl": [
        "pretrain=sources",
        "pretrain.sources=[demo_disease_related]",
        "pretrain.epochs=1",
        "pretrain.train_size=16",
        "pretrain.devel_size=8",
        "finetune=mtl",
        "finetune.auxiliaries=[demo_chemical]",
        "mixing=annealed",
        "finetune.auxiliary_size=24",
    ],
}


def small(tmp_path: Path, *overrides: str) -> TrainConfig:
    return config_of(
        tmp_path,
        "finetune.targets=[demo_disease]",
        "finetune.train_size=24",
        "finetune.devel_size=24",
        f"finetune.epochs={EPOCHS}",
        *overrides,
    )


def directory_of(config: TrainConfig) -> Path:
    return Path(config.runs_dir) / config.study / run_name(config)


def start(config: TrainConfig) -> float:
    directory_of(config).mkdir(parents=True, exist_ok=True)
    return train(config, directory_of(config))


def result(config: TrainConfig) -> Record:
    start(config)
    return read_record(directory_of(config))


@pytest.mark.parametrize(
    "regime",
    [
        "single",
        "transfer_mtl",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("patience", "average")),
    ],
)
def test_a_run_that_stops_on_its_way_ends_bit_for_bit_as_one_that_does_not(
    regime: str, tmp_path: Path
) -> None:
    given = REGIMES[regime]
    straight = result(small(tmp_path / "a", *given))
    seen = []
    for stop in (1, 3):
        config = small(tmp_path / "b", *given, f"stop_after={stop}")
        seen.append(start(config))
        assert not (directory_of(config) / "record.json").exists()
        on_its_way = stopped_course(directory_of(config), stop)
        assert on_its_way is not None and on_its_way.epochs == stop
        assert {*on_its_way.seconds} == {stage.key for stage in straight.stages}
    resumed = result(small(tmp_path / "b", *given))
    assert resumed.scores == straight.scores
    for one, other in zip(resumed.stages, straight.stages, strict=True):
        assert (one.best, one.weights, one.mixing) == (other.best, other.weights, other.mixing)
        assert (one.key, one.looks) == (other.key, other.looks)
    whole = course_of(straight)
    assert whole.epochs == EPOCHS
    assert seen == [whole.f1(stop, config.selection) for stop in (1, 3)]
    left = {path.name for path in directory_of(config).rglob("*")}
    assert "course.json" not in left and "finetune.ckpt" not in left


def test_a_run_that_has_come_so_far_is_not_started_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    far = start(small(tmp_path, "stop_after=2"))
    config = small(tmp_path, "stop_after=1")
    checkpoint = directory_of(config) / "checkpoints" / "finetune.ckpt"
    before = checkpoint.stat().st_mtime_ns
    assert start(config) == far
    assert "skipped, stopped after epoch 2 already" in caplog.text
    assert checkpoint.stat().st_mtime_ns == before
    # What says how far it came is lost: its checkpoint knows.
    (directory_of(config) / "course.json").unlink()
    assert start(config) == far
    assert checkpoint.stat().st_mtime_ns == before
    (directory_of(config) / "course.json").write_text("{}")
    with pytest.raises(UserError, match=r"course\.json: damaged: looks is missing"):
        start(config)


def test_a_run_does_not_go_on_with_other_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is stopped, the labels are corrected, and the same command is given again."""
    own, data = tmp_path / "conf", tmp_path / "data"
    (own / "dataset").mkdir(parents=True)
    data.mkdir()
    (own / "dataset" / "mine.yaml").write_text(f"path: {data}\ntypes: [Disease]\n")

    def labelled(marked: int) -> None:
        words = [(word, "B-Disease" if k == marked else "O") for k, word in enumerate("abcd")]
        rows = "\n".join(f"{word}\t{tag}" for word, tag in words)
        for split in ("train", "devel", "test"):
            (data / f"{split}.tsv").write_text(f"{rows}\n\n" * 20)

    def of_mine(place: str, *more: str) -> TrainConfig:
        given = ["encoder=tiny", "logger=none", "trainer.accelerator=cpu", "finetune.epochs=2"]
        given += ["finetune.targets=[mine]", "leakage=ignore", f"cache_dir={tmp_path}/cache"]
        return train_config(*given, f"runs_dir={tmp_path}/{place}", *more, own=own)

    labelled(0)
    start(of_mine("stopped", "stop_after=1"))
    labelled(1)
    went_on, fresh = result(of_mine("stopped")), result(of_mine("fresh"))
    assert "it is of other files, of another encoder" in caplog.text
    assert went_on.scores == fresh.scores
    assert went_on.stages[-1].looks == fresh.stages[-1].looks
    assert went_on.stages[-1].weights == fresh.stages[-1].weights


def test_a_stop_behind_the_end_is_none(tmp_path: Path) -> None:
    record = result(small(tmp_path, f"stop_after={EPOCHS}"))
    assert record.status == "complete"
    assert start(small(tmp_path, "stop_after=1")) == record.best["demo_disease"].f1
    with pytest.raises(ConfigError, match="stop_after: is 0; at least 1, or null"):
        small(tmp_path, "stop_after=0")


def test_where_a_run_stops_changes_no_hash(tmp_path: Path) -> None:
    assert run_hash(small(tmp_path, "stop_after=2")) == run_hash(small(tmp_path))


def test_the_f1_of_a_course_follows_the_selection() -> None:
    found = Course([Look(k, {"a": f1, "b": None}) for k, f1 in enumerate((0.5, 0.25, 0.75))], {})
    assert found.f1(2, Selection.best) == 0.5
    assert found.f1(2, Selection.last) == 0.25
    assert found.f1(3, Selection.average) == 0.75
    assert Course([Look(1, {"b": None})], {}).f1(1, Selection.best) is None


def test_an_older_record_has_the_course_of_its_end(tmp_path: Path) -> None:
    record = result(small(tmp_path, "finetune.epochs=1"))
    record.stages[-1].looks = []
    best = record.best["demo_disease"]
    assert course_of(record).looks == [Look(best.step, {"demo_disease": best.f1})]
    assert course(tmp_path) is None


def test_test_is_left_alone_and_scored_later_without_a_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    config = small(tmp_path, "finetune.test=false", "finetune.epochs=1")
    record = result(config)
    scores = record.scores["demo_disease"]
    assert scores.test is None and scores.test_f1 is None
    assert [*scores.by_split()] == ["devel"]
    assert [path.name for path in (directory_of(config) / "predictions").iterdir()] == [
        "demo_disease.devel.tsv"
    ]
    table = [line for line in caplog.messages if "%" in line or line.startswith("dataset")]
    assert table[-2].split() == ["devel,", "%"]
    whole = small(tmp_path, "finetune.epochs=1")
    assert run_hash(whole) != run_hash(config)
    tested = result(whole)
    assert tested.stages[-1].reused
    assert tested.stages[-1].weights == record.stages[-1].weights
    assert tested.stages[-1].looks == record.stages[-1].looks
    assert tested.scores["demo_disease"].devel == scores.devel
    assert tested.scores["demo_disease"].test is not None


def test_the_labels_of_test_change_nothing_of_a_run_that_leaves_it_alone(tmp_path: Path) -> None:
    sentence = "Patients\tO\nwith\tO\n{}\tB-Disease\nrecovered\tO\n.\tO\n\n"
    train_text = "".join(sentence.format(word) for word in ("ataxia", "fever", "cough") * 6)
    shuffled = (
        sentence.format("ataxia").replace("B-Disease", "O").replace("with\tO", "with\tB-Disease")
    )
    found = []
    for name, test in (("a", sentence.format("ataxia")), ("b", shuffled)):
        folder = tmp_path / name
        folder.mkdir()
        for split, text in (("train", train_text), ("devel", train_text), ("test", test)):
            (folder / f"{split}.tsv").write_text(text)
        config = small(
            tmp_path / name,
            "finetune.test=false",
            "finetune.train_size=8",
            "finetune.epochs=2",
            "finetune.devel_size=8",
        )
        one = config.dataset["demo_disease"]
        one.path, one.url, one.sha256, one.sentences, one.mentions = str(folder), None, {}, {}, {}
        found.append(result(config))
    first, second = found
    assert first.scores == second.scores
    assert first.stages[-1].weights == second.stages[-1].weights
    assert first.stages[-1].looks == second.stages[-1].looks
