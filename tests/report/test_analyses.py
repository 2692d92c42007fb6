"""Analyses of studies whose answers are known."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bioner.config.report import ReportConfig
from bioner.errors import ConfigError
from bioner.report.about import about
from bioner.report.analyses.curves import reach
from bioner.report.results import Results, analyse
from bioner.report.sections.measured import measured_section
from bioner.report.sections.scores import curves_section
from bioner.report.study import read_study
from bioner.report.table_files import tex
from tests.report.synthetic import Made, write_study

A, B, C = "demo_disease", "demo_chemical", "demo_unrelated"


def results_of(tmp_path: Path, runs: list[Made], **config: object) -> Results:
    folder = write_study(tmp_path / "study", runs)
    given = ReportConfig(study="study", runs_dir=str(tmp_path), samples=400, **config)  # type: ignore[arg-type]
    return analyse(given, *read_study(folder))


def one(table: pd.DataFrame, **where: object) -> pd.Series:
    for key, value in where.items():
        table = table[table[key] == value]
    assert len(table) == 1, table
    return table.iloc[0]


def seeds(count: int, *args: object, **fields: object) -> list[Made]:
    return [Made(*args, seed=seed, **fields) for seed in range(1, count + 1)]  # type: ignore[arg-type]


def test_scores_take_seeds_together_and_show_what_is_missing(tmp_path: Path) -> None:
    runs = [*seeds(3, A), Made(A, seed=4, status="failed"), Made(B, "transfer", [A])]
    table = results_of(tmp_path, runs).tables["scores"]
    single = one(table, target=A)
    found = [json_f1(tmp_path / "study" / run.name) for run in runs[:3]]
    assert single.f1 == pytest.approx(np.mean(found))
    assert single["std"] == pytest.approx(np.std(found, ddof=1))
    assert (single.n, single.best, single.failed) == (3, max(found), 1)
    assert single.low < single.f1 < single.high
    missing = one(table, regime="single", target=B)
    assert (missing.n, np.isnan(missing.f1)) == (0, True)


def test_an_encoder_from_scratch_is_another_encoder(tmp_path: Path) -> None:
    runs = [*seeds(2, A), *seeds(2, A, change={"encoder.from_scratch": None})]
    results = results_of(tmp_path, runs)
    assert not results.problems
    # The base of these tests is `encoder=tiny`, which has random weights.
    assert sorted(results.tables["scores"].encoder) == ["minilm", "tiny"]


def json_f1(place: Path) -> float:
    (splits,) = json.loads((place / "record.json").read_text())["scores"].values()
    return splits["test"]["f1"]


def test_gains_are_paired_by_seed_and_setting(tmp_path: Path) -> None:
    runs = [
        *seeds(6, A, size=0.1),
        *seeds(7, A, "transfer", [B], size=0.1, skill=0.95),
        *seeds(2, A, "mtl", (), [B], size=0.1, skill=0.75),
        Made(A, size=0.5, skill=0.1),
        Made(C, "transfer", [B], size=0.1),
    ]
    tables = results_of(tmp_path, runs).tables
    assert len(tables["gains_by_seed"]) == 8  # no single with seed 7, none of C
    for row in tables["gains_by_seed"].itertuples():
        folder = tmp_path / "study"
        assert f"s{row.seed}" in row.base_run and "0.1" in row.base_run
        assert row.gain == pytest.approx(json_f1(folder / row.run) - json_f1(folder / row.base_run))
    transfer, mtl = (one(tables["gains"], regime=r) for r in ("transfer", "mtl"))
    assert (transfer.n, mtl.n) == (6, 2)
    assert transfer.low > 0 and transfer["mark"] == "*" * len(transfer["mark"]) != ""
    assert transfer.p_holm == transfer.p == max(transfer.p_bootstrap, transfer.p_randomisation)
    # Two seeds: an interval, but no star, and it says why.
    assert mtl["mark"] == "" and np.isnan(mtl.p_holm) and mtl.why == "2 of 3 seeds"
    assert one(tables["summary"], regime="transfer").gain == pytest.approx(transfer.gain)


def test_gains_are_paired_by_subset_too(tmp_path: Path) -> None:
    def drawn(subset: int) -> dict[str, int]:
        return {"subset_seed": subset}

    runs = [Made(A, seed=s, change=drawn(s), size=0.1) for s in (1, 2, 3)]
    runs += [
        Made(A, "transfer", [B], seed=s, change=drawn(s), size=0.1, skill=0.9) for s in (1, 2, 3)
    ]
    # Another subset of the same seed is a pair of its own; one without its single is none.
    runs += [Made(A, seed=1, change=drawn(7), size=0.1, skill=0.5)]
    runs += [Made(A, "transfer", [B], seed=1, change=drawn(s), size=0.1) for s in (7, 8)]
    results = results_of(tmp_path, runs)
    assert not results.problems
    pairs = results.tables["gains_by_seed"]
    assert sorted(zip(pairs.seed, pairs.subset_seed, strict=True)) == [
        (1, 1),
        (1, 7),
        (2, 2),
        (3, 3),
    ]
    for row in pairs.itertuples():
        assert f"subset_seed-{row.subset_seed}" in row.run
        assert f"subset_seed-{row.subset_seed}" in row.base_run
    assert one(results.tables["gains"]).seeds == "1,1/7,2,3"


def test_equal_runs_gain_nothing(tmp_path: Path) -> None:
    runs = [*seeds(3, A), *seeds(3, A, "transfer", [B])]
    row = one(results_of(tmp_path, runs).tables["gains"])
    assert (row.gain, row.low, row.high, row.p, row["mark"]) == (0, 0, 0, 1, "")


def test_transfer_then_mtl_against_its_parts(tmp_path: Path) -> None:
    runs = [
        *seeds(3, A, "transfer", [B], skill=0.8),
        *seeds(3, A, "transfer", [C], skill=0.1),
        *seeds(3, A, "mtl", (), [C], skill=0.6),
        *seeds(3, A, "mtl", (), [B], skill=0.1),
        *seeds(3, A, "transfer_mtl", [B], [C], skill=0.9),
    ]
    tables = results_of(tmp_path, runs).tables
    for part, helper in (("transfer", "demo_chemical-"), ("mtl", "demo_unrelated-")):
        row = one(tables[f"over_{part}"])
        assert row.gain > 0 and row.n == 3
        assert tables[f"over_{part}_by_seed"].base_run.str.contains(helper).all()


def test_a_target_without_a_test_mention_is_said_and_in_no_mean(tmp_path: Path) -> None:
    runs = [
        *seeds(2, A),
        *seeds(2, B, bare=True),
        *seeds(2, A, "transfer", [C]),
        *seeds(2, B, "transfer", [C], bare=True),
    ]
    results = results_of(tmp_path, runs)
    (problem,) = results.problems
    assert (problem.state, problem.place) == ("no score", B)
    assert problem.says == "its test split has no mention: runs without score: 4"
    for name in ("scores", "gains", "seen_unseen", "error_kinds"):
        assert set(results.tables[name].target) == {A}, name
    assert results.tables["summary"].targets.tolist() == [1]
    assert (results.tables["scores"].f1 > 0).all()


def test_an_older_record_that_says_0_without_a_mention_has_no_score(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study", [*seeds(2, A), Made(B, bare=True)])
    file = folder / Made(B, bare=True).name / "record.json"
    record = json.loads(file.read_text())
    assert record["scores"][B]["test"]["f1"] is None
    for split in record["scores"][B].values():
        split |= {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    file.write_text(json.dumps(record))
    results = results_of(tmp_path, [])
    assert [problem.state for problem in results.problems] == ["no score"]
    assert set(results.tables["scores"].target) == {A}


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (Made(A, seed=9, semantics=99), "semantics is 99"),
        (Made(A, seed=9, precision="bf16-mixed"), 'precision is "bf16-mixed"'),
        (Made(A, seed=9, sha="b"), "demo_disease train is btrain"),
        (Made(A, seed=9, encoder="f"), "the encoder's files is f"),
        (Made(A, seed=9, change={"finetune.epochs": 99}), "finetune.epochs is 99"),
        (Made(A, seed=9, change={"encoder.flash_attention": True}), "flash_attention is true"),
        (Made(A, seed=9, change={"optimizer.lr": 0.5}), "optimizer.lr is 0.5"),
    ],
)
def test_incompatible_runs_are_named_and_left_out(other: Made, says: str, tmp_path: Path) -> None:
    results = results_of(tmp_path, [*seeds(3, A), other])
    assert one(results.tables["scores"]).seeds == "1,2,3"
    (problem,) = {p.place: p for p in results.problems}.values()
    assert (problem.state, problem.place) == ("incompatible", other.name)
    assert any(says in p.says for p in results.problems)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"finetune.targets": [A, B], "finetune.auxiliaries": []},
            f'finetune.targets is ["{A}", "{B}"]',
        ),
        ({"pretrain.sources": [C, B]}, f'pretrain.sources is ["{C}", "{B}"]'),
    ],
)
def test_other_roles_and_another_order_are_no_seeds(
    change: dict[str, list[str]], says: str, tmp_path: Path
) -> None:
    runs = [
        *seeds(2, A, "transfer_mtl", [B, C], [B]),
        Made(A, "transfer_mtl", [B, C], [B], seed=3, change=change),
    ]
    results = results_of(tmp_path, runs)
    table = results.tables["scores"]
    assert one(table, target=A, regime="transfer_mtl").seeds == "1,2"
    assert any(says in p.says for p in results.problems)


def test_another_file_behind_a_checkpoint_is_incompatible(tmp_path: Path) -> None:
    change = {"pretrain.kind": "checkpoint", "pretrain.checkpoint": "runs/a"}
    runs = [
        Made(A, "transfer", seed=seed, checkpoint=file, change=change)
        for seed, file in ((1, "a"), (2, "a"), (3, "b"))
    ]
    (problem,) = results_of(tmp_path, runs).problems
    assert (problem.state, problem.place) == ("incompatible", runs[2].name)
    assert "the file of pretrain.checkpoint is b" in problem.says


def test_a_record_from_before_a_key_has_what_was_so_then(tmp_path: Path) -> None:
    flash = Made(A, seed=3, change={"encoder.flash_attention": True})
    folder = write_study(tmp_path / "study", [*(old := seeds(2, A)), flash])
    for made in old:
        file = folder / made.name / "record.json"
        record = json.loads(file.read_text())
        del record["config"]["encoder"]["flash_attention"]
        file.write_text(json.dumps(record))
    (problem,) = results_of(tmp_path, []).problems
    assert problem.place == flash.name


def test_a_record_from_before_the_encoders_files_were_noted_stays(tmp_path: Path) -> None:
    results = results_of(tmp_path, [*seeds(2, A), Made(A, seed=3, encoder=None)])
    assert not results.problems and one(results.tables["scores"]).n == 3


def test_what_does_not_matter_to_a_regime_makes_no_run_incompatible(tmp_path: Path) -> None:
    other = {
        "pretrain.epochs": 7,
        "mixing.strategy": "uniform",
        "weighting.strategy": "uncertainty",
    }
    runs = [*seeds(3, A), Made(A, seed=4, change=other), Made(B, change={"finetune.epochs": 99})]
    results = results_of(tmp_path, runs)
    assert not results.problems
    assert one(results.tables["scores"], target=A).n == 4


def test_a_weighting_matters_where_pretraining_has_several_sources(tmp_path: Path) -> None:
    other = Made(A, "transfer", [B, C], seed=3, change={"weighting.strategy": "uncertainty"})
    one_source = Made(A, "transfer", [B], seed=3, change={"weighting.strategy": "uncertainty"})
    runs = [*seeds(2, A, "transfer", [B, C]), other, *seeds(2, A, "transfer", [B]), one_source]
    results = results_of(tmp_path, runs)
    (problem,) = results.problems
    assert (problem.place, problem.state) == (other.name, "incompatible")
    assert 'weighting.strategy is "uncertainty"' in problem.says
    scores = results.tables["scores"]
    assert sorted(scores[scores.regime == "transfer"].n) == [2, 3]


def test_an_axis_separates_what_would_be_incompatible(tmp_path: Path) -> None:
    runs = [
        *seeds(3, A),
        *seeds(3, A, change={"optimizer.lr": 0.5}),
        *seeds(3, A, "transfer", [B], skill=0.9, change={"pretrain.epochs": 3}),
        *seeds(3, A, "transfer", [B], skill=0.9, change={"pretrain.epochs": 4}),
    ]
    results = results_of(tmp_path, runs, axes=["optimizer.lr", "pretrain.epochs"])
    assert not results.problems
    assert set(results.tables["scores"].n) == {3}
    gains = results.tables["gains"]  # single has no pretraining, so both meet the same baseline
    assert len(gains) == 2 and set(gains.n) == {3}
    with pytest.raises(ConfigError, match=r"axes: .*did you mean optimizer\.lr"):
        analyse(
            ReportConfig(study="study", runs_dir=str(tmp_path), axes=["optimiser.lr"]),
            *read_study(tmp_path / "study"),
        )


def test_a_variant_names_what_differs_alone(tmp_path: Path) -> None:
    runs = [
        *seeds(3, A),
        *seeds(3, A, change={"head.options.dropout": 0.5}),
        *seeds(3, A, "transfer", [B], change={"pretrain.epochs": 3}),
    ]
    axes = ["optimizer.lr", "head", "pretrain.epochs"]
    results = results_of(tmp_path, runs, axes=axes)
    assert not results.problems
    lower, higher = "head.options.dropout=0.1", "head.options.dropout=0.5"
    found = results.tables["scores"].set_index(["regime", "variant"]).n
    assert dict(found) == {("single", lower): 3, ("single", higher): 3, ("transfer", lower): 3}
    assert "pretrain.epochs=3" in results.same and any("optimizer.lr=" in s for s in results.same)
    assert not any("dropout" in one for one in results.same)
    assert one(results.tables["gains"], regime="transfer").n == 3
    (says,) = [s for s in about("study", "", None, results).says if s.startswith("Axes in which")]
    assert "pretrain.epochs=3" in says
    other = [*seeds(3, A), Made(A, seed=4, change={"head.options": {}})]
    lacking = results_of(tmp_path / "x", other, axes=["head.options"])
    assert {*lacking.tables["scores"].variant} == {lower, ""}


def test_label_saving(tmp_path: Path) -> None:
    sizes = {0.1: 0.5, 0.2: 0.6, 0.4: 0.8}
    runs = [run for size, skill in sizes.items() for run in seeds(5, A, size=size, skill=skill)]
    runs += [
        *seeds(5, A, "transfer", [B], size=0.1, skill=0.8),
        *seeds(5, A, "mtl", (), [B], size=0.1, skill=0.99),
        *seeds(5, A, "mtl", (), [C], size=0.1, skill=0.1),
    ]
    results = results_of(tmp_path, runs)
    tables = results.tables
    assert list(tables["curves"].share) == [0.1, 0.2, 0.4]
    saving = tables["label_saving"]
    same = one(saving, regime="transfer")  # the very predictions that single makes at 40 %
    assert (same.equal_share, same.low, same.high) == pytest.approx((0.4,) * 3)
    assert same.factor == pytest.approx(4)
    assert np.isinf(one(saving, partners=B).equal_share)
    assert one(saving, partners=C).equal_share == pytest.approx(0.1)
    says = " ".join(curves_section(results).says)  # type: ignore[union-attr]
    assert f"On {A}, transfer from {B} at 10 % equals single at 40 % [40 %, 40 %]" in says
    assert f"On {A}, mtl with {B} at 10 % is above single at every size that was run" in says
    results.tables["label_saving"] = saving[saving.factor <= 1]
    assert "No cell of mtl saves labels" in " ".join(curves_section(results).says)  # type: ignore[union-attr]


def test_documents_are_drawn_even_where_one_file_alone_marks_them(tmp_path: Path) -> None:
    results = results_of(tmp_path, [*seeds(3, A), *seeds(3, A, "transfer", [B], skill=0.9)])
    file = tmp_path / "study" / seeds(3, A)[2].name / "predictions" / f"{A}.test.tsv"
    blocks = file.read_text().removesuffix("\n\n").split("\n\n")
    marked = [f"# document {k}\n{b}" if not k % 20 else b for k, b in enumerate(blocks)]
    file.write_text("\n\n".join(marked) + "\n\n")
    given = ReportConfig(study="study", runs_dir=str(tmp_path), samples=400)
    again = analyse(given, *read_study(tmp_path / "study"))
    assert (results.unit, again.unit, again.problems) == ({A: "sentence"}, {A: "document"}, [])
    old, new = (one(found.tables["gains"]) for found in (results, again))
    # Three documents have too few ways to change places for a small p.
    assert old.gain == new.gain and old.p_randomisation < 0.05 < new.p_randomisation


def test_reach_is_linear_in_the_logarithm() -> None:
    shares, curve = np.array([0.1, 0.4]), np.array([[0.5, 0.7]])
    assert reach(shares, curve, np.array([0.6])) == pytest.approx([0.2])
    # A curve that falls and rises: the first crossing counts.
    found = reach(np.array([1.0, 10, 100]), np.array([[0.5, 0.8, 0.2]]), np.array([0.65]))
    assert found == pytest.approx([10**0.5])


def test_errors_are_shares_of_the_gold_mentions(tmp_path: Path) -> None:
    tables = results_of(tmp_path, seeds(2, A), words=True).tables
    row = one(tables["error_kinds"])
    gold = ["correct", "type", "boundary", "boundary and type", "missed"]
    assert sum(row[kind] for kind in gold) == pytest.approx(1)
    assert row.correct == pytest.approx(one(tables["scores"]).recall)
    assert one(tables["partial_matches"]).strict == pytest.approx(one(tables["scores"]).f1)
    assert not tables["error_words"].empty and not tables["type_errors"].empty
    lengths = one(tables["mention_length"])
    assert all(0 <= lengths[n] <= 1 for n in ("1", "2", "3", "4")) and np.isnan(lengths["5+"])


def test_the_stage_store_saves_what_reused_stages_took(tmp_path: Path) -> None:
    runs = [Made(target, "transfer", [C]) for target in (A, B)]
    row = one(results_of(tmp_path, runs).tables["stages"])
    assert (row.runs, row.reused, row.saved_hours) == (2, 1, pytest.approx(20 / 3600))


def test_measures_that_foretell_the_gains_rank_first(tmp_path: Path) -> None:
    targets = (A, B, C)
    skills = {
        (s, t): 0.7 + 0.05 * (k + 1)
        for t in targets
        for k, s in enumerate(x for x in targets if x != t)
    }
    runs = [run for t in targets for run in seeds(3, t, skill=0.6)]
    runs += [
        run for (s, t), skill in skills.items() for run in seeds(3, t, "transfer", [s], skill=skill)
    ]
    lines = ["source,target,measure,view,value,seconds"]
    for (source, target), skill in skills.items():
        lines.append(f"{source},{target},vocabulary_coverage,,{skill},0.1")
        lines.append(f"{source},{target},content_coverage,,{1 - skill},0.1")
    (tmp_path / "study" / "measured").mkdir(parents=True)
    (tmp_path / "study" / "measured" / "measures.csv").write_text("\n".join(lines) + "\n")
    results = results_of(tmp_path, runs)
    tables = results.tables
    ranked = tables["measure_ranking"].set_index("measure").spearman
    assert ranked[["vocabulary_coverage", "content_coverage"]].tolist() == pytest.approx([1, -1])
    assert ranked["random"] == 0
    assert len(tables["measure_points"]) == 12
    assert tables["calibration"].empty  # three targets are too few to leave one out twice
    (table,) = measured_section(results).tables  # type: ignore[union-attr]
    assert tex(table, []).partition(r"\begin")[2].isascii()  # LaTeX has no letter for a bare τ


def test_probabilities_of_help_stand_beside_what_came(tmp_path: Path) -> None:
    targets = [f"corpus_{letter}" for letter in "abcde"]
    pairs = [(s, t) for t in targets for s in targets if s != t]
    skills = {pair: 0.5 + 0.02 * (7 * k % 20) for k, pair in enumerate(pairs)}
    runs = [run for t in targets for run in seeds(2, t, skill=0.7)]
    runs += [
        run for (s, t), skill in skills.items() for run in seeds(2, t, "transfer", [s], skill=skill)
    ]
    lines = ["source,target,measure,view,value,seconds"]
    lines += [f"{s},{t},vocabulary_coverage,,{skill},0.1" for (s, t), skill in skills.items()]
    (tmp_path / "study" / "measured").mkdir(parents=True)
    (tmp_path / "study" / "measured" / "measures.csv").write_text("\n".join(lines) + "\n")
    results = results_of(tmp_path, runs)
    found = results.tables["calibration"]
    assert found["pairs"].sum() == 20
    first, last = found.iloc[0], found.iloc[-1]
    assert first["helped"] < 0.2 and last["helped"] > 0.8
    _, table = measured_section(results).tables  # type: ignore[union-attr]
    assert "Brier score" in table.caption and "of 20 helped" in table.caption
