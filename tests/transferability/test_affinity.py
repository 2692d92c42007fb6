"""The affinity that a joint run logged, as a measure."""

import json
from pathlib import Path

import pandas as pd
import pytest

from bioner.config.measure import MeasureConfig, measure_name, to_measure_config
from bioner.errors import UserError
from bioner.runs.record import SCHEMA
from bioner.transferability.affinity import JointTask, lookahead_affinity
from bioner.transferability.measuring import measure_pairs
from bioner.transferability.registry import NotDefinedError
from bioner.transferability.workbench import Workbench
from tests.composition import composed

NAMES = ["demo_disease", "demo_chemical"]
ONTO = {
    "demo_disease": {"demo_disease": 0.5, "demo_chemical": -0.25},
    "demo_chemical": {"demo_disease": 0.125, "demo_chemical": 0.5},
}


def configured(tmp_path: Path, *overrides: str) -> MeasureConfig:
    return to_measure_config(
        composed(
            "targets=[demo_disease]",
            "sources=[demo_chemical,demo_unrelated]",
            "heatmaps=false",
            "measures=[joint]",
            f"datasets_dir={tmp_path.parent}/datasets",
            *overrides,
            verb="measure",
        )
    )


def joint_run(tmp_path: Path, config: MeasureConfig, **changed: object) -> Path:
    """Write the part of a record that is read."""
    corpora = Workbench(config).corpora
    record = {
        "schema": SCHEMA,
        "status": "complete",
        "affinity": {"every": 50, "looks": 4, "onto": ONTO},
        "datasets": {
            name: {"sha256": {s: one.sha256 for s, one in corpora[name].splits.items()}}
            for name in NAMES
        },
    }
    run = tmp_path / "mtl-a-with-b-12345678"
    run.mkdir(exist_ok=True)
    (run / "record.json").write_text(json.dumps(record | changed))
    return run


def test_the_value_of_the_run_and_a_reason_where_there_is_none(tmp_path: Path) -> None:
    config = configured(tmp_path)
    config.joint = str(joint_run(tmp_path, config))
    results = measure_pairs(config, tmp_path)
    assert results.values[["source", "target", "measure", "value"]].to_numpy().tolist() == [
        ["demo_chemical", "demo_disease", "lookahead_affinity", 0.125]
    ]
    assert results.skipped["reason"].tolist() == ["demo_unrelated is no task of the joint run"]
    assert len(pd.read_csv(tmp_path / "measures.csv")) == 1
    assert measure_name(config) != measure_name(configured(tmp_path))


def test_only_what_was_logged_is_defined() -> None:
    chemical, disease = (JointTask(name, ONTO[name]) for name in reversed(NAMES))
    assert lookahead_affinity(disease, chemical) == -0.25
    with pytest.raises(NotDefinedError, match="x is no task"):
        lookahead_affinity(JointTask("x", {}), disease)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"affinity": None}, "logged no affinity; bioner train finetune=mtl"),
        ({"affinity": {"every": 9, "looks": 0, "onto": ONTO}}, "logged no affinity"),
        ({"status": "failed"}, "is failed"),
        ({"datasets": {n: {"sha256": {"train": "other"}} for n in NAMES}}, "other files of demo_"),
        ({"affinity": {"every": 9, "looks": 1, "onto": {"a": {"a": float("nan")}}}}, "no finite"),
    ],
)
def test_a_run_that_gives_nothing(changed: dict[str, object], says: str, tmp_path: Path) -> None:
    config = configured(tmp_path)
    config.joint = str(joint_run(tmp_path, config, **changed))
    with pytest.raises(UserError, match=rf"joint: .*{says}"):
        Workbench(config)


def test_without_a_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UserError, match=r"joint: lookahead_affinity needs a run"):
        measure_pairs(configured(tmp_path), tmp_path)
    config = configured(tmp_path, f"joint={tmp_path}/none")
    with pytest.raises(UserError, match="no finished run"):
        measure_pairs(config, tmp_path)
