"""`bioner measure` on the demo datasets: what it writes, resumes and leaves out; known answers."""

import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from bioner.config.measure import MeasureConfig, to_measure_config
from bioner.errors import DataError
from bioner.runs.record import PRETRAIN
from bioner.runs.record_file import read_record
from bioner.train.run import train
from bioner.transferability import measuring as run
from bioner.transferability.measure_directory import Results
from bioner.transferability.measuring import measure_pairs
from bioner.transferability.registry import Family, measures
from bioner.transferability.tables import MEASURE_COLUMNS
from tests.composition import composed, train_config

SOURCES = ["demo_disease_related", "demo_chemical", "demo_unrelated", "demo_shuffled"]


PAIRS = [f"sources=[{','.join(SOURCES)}]", "targets=[demo_disease]"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> MeasureConfig:
    place = tmp_path_factory.mktemp("measure")
    return to_measure_config(
        composed(
            *PAIRS,
            "encoder=tiny",
            "words=3000",
            "optimizer.lr=3e-3",
            "pretrain.epochs=2",
            "trainer.accelerator=cpu",
            f"datasets_dir={place}/datasets",
            f"runs_dir={place}/runs",
            f"cache_dir={place}/cache",
            verb="measure",
        )
    )


def table(folder: Path, name: str = "measures.csv") -> pd.DataFrame:
    return pd.read_csv(folder / name, keep_default_na=False)


def test_values_are_written_once_and_grow(
    base: MeasureConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(base, sources=SOURCES[:2], measures=["vocabulary_coverage"])
    measure_pairs(config, tmp_path)
    first = table(tmp_path)
    assert list(first.columns) == MEASURE_COLUMNS
    assert first[["source", "target", "measure", "view"]].to_numpy().tolist() == [
        [source, "demo_disease", "vocabulary_coverage", ""] for source in SOURCES[:2]
    ]
    assert (first["seconds"] >= 0).all()
    assert (tmp_path / "heatmaps" / "vocabulary_coverage.png").stat().st_size > 5000
    if find_spec("pyarrow"):
        measure_pairs(replace(config, parquet=True), tmp_path)
        pd.testing.assert_frame_equal(
            pd.read_parquet(tmp_path / "measures.parquet"), first, check_dtype=False
        )
    computed: list[tuple[str, str, str, str]] = []
    compute = run.compute
    monkeypatch.setattr(
        run, "compute", lambda bench, one: [computed.append(one.key), compute(bench, one)][1]
    )
    more = replace(config, sources=SOURCES[:3], measures=["vocabulary_coverage", "topics"])
    measure_pairs(more, tmp_path)
    assert len(computed) == 4 and (SOURCES[0], "demo_disease", "vocabulary_coverage", "") not in (
        computed
    )
    assert len(table(tmp_path)) == 6
    pd.testing.assert_frame_equal(table(tmp_path)[:2], first)


def test_a_run_that_was_stopped_goes_on(
    base: MeasureConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(base, measures=["sizes"], heatmaps=False)
    compute = run.compute

    def stops(bench: run.Workbench, one: run.Wanted) -> float:
        if one.source == SOURCES[2]:
            raise KeyboardInterrupt
        return compute(bench, one)

    monkeypatch.setattr(run, "compute", stops)
    with pytest.raises(KeyboardInterrupt):
        measure_pairs(config, tmp_path)
    assert set(table(tmp_path)["source"]) == set(SOURCES[:2])
    monkeypatch.undo()
    measure_pairs(config, tmp_path)
    assert set(table(tmp_path)["source"]) == set(SOURCES)
    assert not table(tmp_path).duplicated(["source", "measure"]).any()


def test_rows_of_a_changed_file_are_computed_again(tmp_path: Path) -> None:
    sha = {"a": {"train": "1"}, "b": {"train": "1"}, "c": {"train": "1"}}
    results = Results(tmp_path, sha)
    results.add(
        [("a", "b", "topics", "", 0.5, 0.1), ("c", "b", "topics", "", 0.25, 0.1)],
        [("a", "b", "gbc", "all", "one label")],
    )
    assert Results(tmp_path, sha).done == results.done and len(results.done) == 3
    changed = Results(tmp_path, {"a": {"train": "2"}})
    assert changed.done == {("c", "b", "topics", "")}
    assert Results(tmp_path, {"a": {"train": "2"}}).done == changed.done


def test_rows_of_a_dataset_that_is_read_otherwise_are_computed_again(
    base: MeasureConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = replace(base, sources=SOURCES[:2], measures=["sizes"], heatmaps=False)
    measure_pairs(config, tmp_path)
    # What is computed takes another time than this.
    table(tmp_path).assign(seconds=99.0).to_csv(tmp_path / "measures.csv", index=False)
    renamed = replace(base.dataset["demo_chemical"], types={"Chemical": "Drug"})
    measure_pairs(replace(config, dataset={**base.dataset, "demo_chemical": renamed}), tmp_path)
    assert "how it is read, has changed, computed again: demo_chemical" in caplog.text
    again = table(tmp_path).set_index("source").seconds != 99
    assert again.loc["demo_chemical"].all() and not again.loc["demo_disease_related"].any()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("source,target\na,b\n", "measures.csv:1: has no column measure, view, value"),
        (
            f"{','.join(MEASURE_COLUMNS)}\na,b,topics,,0.5,1\na,c,topics,,xx,1\n",
            "measures.csv:3: value is 'xx'; expected a finite number",
        ),
        (f"{','.join(MEASURE_COLUMNS)}\na,b,topics,,,1\n", "measures.csv:2: value is ''"),
    ],
)
def test_a_damaged_table_is_named(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "measures.csv").write_text(text)
    with pytest.raises(DataError, match=re.escape(says)):
        Results(tmp_path, {})


def test_a_source_without_a_stage_is_left_out_and_computed_later(
    base: MeasureConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = replace(
        base,
        sources=SOURCES[:1],
        measures=["leep", "sizes"],
        heatmaps=False,
        runs_dir=str(tmp_path / "none"),
    )
    results = measure_pairs(config, tmp_path)
    assert set(results.values["measure"]) == {
        name for name, one in measures().items() if one.family == Family.sizes
    }
    assert results.skipped.empty
    assert "left out: the store has no stage of demo_disease_related" in caplog.text


def test_a_source_without_mentions_has_no_value_and_a_reason(
    base: MeasureConfig, tmp_path: Path
) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    for split in ("train", "devel", "test"):
        (folder / f"{split}.tsv").write_text("No\tO\nmention\tO\nhere\tO\n\n" * 3)
    plain = replace(
        base.dataset["demo_chemical"],
        path=str(folder),
        url=None,
        sentences={},
        mentions={},
        sha256={},
    )
    config = replace(
        base,
        sources=["demo_chemical"],
        measures=["sizes", "surface"],
        heatmaps=False,
        dataset={**base.dataset, "demo_chemical": plain},
    )
    measure_pairs(config, tmp_path)
    skipped = table(tmp_path, "skipped.csv")
    assert "mention_overlap_types" in set(skipped["measure"])
    assert set(skipped["reason"]) == {"demo_chemical has no mention"}
    assert "vocabulary_coverage" in set(table(tmp_path)["measure"])


def test_known_answers_without_training(base: MeasureConfig, tmp_path: Path) -> None:
    minilm = to_measure_config(composed(*PAIRS, verb="measure")).encoder
    config = replace(base, measures=["cheap"], heatmaps=False, encoder=minilm)
    measure_pairs(config, tmp_path)
    check_known_answers(table(tmp_path))


def test_a_stage_that_measure_trained_is_reused_by_train(
    base: MeasureConfig, tmp_path: Path
) -> None:
    pretrain = replace(base.pretrain, train_size=64, epochs=1)
    config = replace(
        base,
        sources=SOURCES[:1],
        measures=["leep", "gradients"],
        heatmaps=False,
        train_stages=True,
        runs_dir=str(tmp_path),
        pretrain=pretrain,
    )
    found = measure_pairs(config, tmp_path).values
    assert set(zip(found["measure"], found["view"], strict=True)) == {
        ("leep", "all"),
        ("leep", "downsampled"),
        ("leep", "mentions"),
        ("fisher_cosine", ""),
        ("gradient_cosine", ""),
        ("linearised_affinity", ""),
    }
    run_config = train_config(
        "encoder=tiny",
        "optimizer.lr=3e-3",
        "trainer.accelerator=cpu",
        "logger=none",
        "finetune.targets=[demo_disease]",
        "finetune.epochs=1",
        "finetune.train_size=32",
        "pretrain=sources",
        f"pretrain.sources=[{SOURCES[0]}]",
        "pretrain.epochs=1",
        "pretrain.train_size=64",
        f"datasets_dir={config.datasets_dir}",
        f"runs_dir={tmp_path}",
        f"cache_dir={config.cache_dir}",
    )
    directory = tmp_path / "default" / "run"
    directory.mkdir(parents=True)
    train(run_config, directory)
    pretraining = read_record(directory).stage(PRETRAIN)
    assert pretraining is not None
    assert pretraining.reused and list(pretraining.tasks) == SOURCES[:1]


@pytest.mark.slow
def test_known_answers_of_the_tuned_encoder(base: MeasureConfig, tmp_path: Path) -> None:
    minilm = to_measure_config(composed(*PAIRS, "pretrain.epochs=2", verb="measure"))
    config = replace(
        minilm,
        measures=["tuned", "gradients"],
        heatmaps=False,
        train_stages=True,
        datasets_dir=base.datasets_dir,
        runs_dir=str(tmp_path),
        cache_dir=base.cache_dir,
    )
    measure_pairs(config, tmp_path)
    check_known_answers(table(tmp_path))


# Views in which a measure does not give the known answer on the demo datasets.
NOT_FIRST = {("transrate", "mentions")}
NOT_LAST = {("transrate", "mentions"), ("h_score", "downsampled"), ("h_score", "mentions")}


def check_known_answers(found: pd.DataFrame) -> None:
    """The related source is first for measures that look at labels, and random labels are last."""
    known = measures()
    wrong = []
    for (name, view), rows in found.groupby(["measure", "view"]):
        measure = known[str(name)]
        if not measure.pairs_labels:
            continue
        order = (
            rows.assign(closeness=rows["value"] * measure.closeness(1.0))
            .sort_values("closeness", ascending=False)["source"]
            .tolist()
        )
        if order[0] != "demo_disease_related" and (name, view) not in NOT_FIRST:
            wrong.append((name, view, order))
        if order[-1] != "demo_shuffled" and (name, view) not in NOT_LAST:
            wrong.append((name, view, order))
    assert not wrong
