"""The affinity that a joint run logged, as a measure."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bioner.config.measure import MeasureConfig, measure_name, to_measure_config
from bioner.errors import UserError
from bioner.runs.record_file import write_record
from bioner.runs.stage_record import Affinity
from bioner.transferability.affinity import JointTask, lookahead_affinity
from bioner.transferability.measuring import measure_pairs
from bioner.transferability.registry import NotDefinedError
from bioner.transferability.workbench import Workbench
from tests.composition import composed, train_config
from tests.records import complete_record, dataset_use

NAMES = ["demo_disease", "demo_chemical"]
ONTO = {
    "demo_disease": {"demo_disease": 0.5, "demo_chemical": -0.25},
    "demo_chemical": {"demo_disease": 0.125, "demo_chemical": 0.5},
}


LOGGED = Affinity(50, 4, ONTO)


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


def joint_run(
    tmp_path: Path, config: MeasureConfig, affinity: Affinity | None = LOGGED, **changed: Any
) -> Path:
    """Write the record of a joint run."""
    corpora = Workbench(config).corpora
    given = [
        "finetune=mtl",
        "finetune.targets=[demo_disease]",
        "finetune.auxiliaries=[demo_chemical]",
    ]
    record = complete_record(train_config(*given))
    record.stages[0].affinity = affinity
    record.datasets = {
        name: dataset_use({s: one.sha256 for s, one in corpora[name].splits.items()})
        for name in NAMES
    }
    run = tmp_path / "mtl-a-with-b-12345678"
    run.mkdir(exist_ok=True)
    write_record(run, replace(record, **changed))
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
        ({"affinity": Affinity(9, 0, ONTO)}, "logged no affinity"),
        ({"status": "failed"}, "is failed"),
        ({"datasets": {n: dataset_use({"train": "x"}) for n in NAMES}}, "other files of demo_"),
    ],
)
def test_a_run_that_gives_nothing(changed: dict[str, Any], says: str, tmp_path: Path) -> None:
    config = configured(tmp_path)
    config.joint = str(joint_run(tmp_path, config, **changed))
    with pytest.raises(UserError, match=rf"joint: .*{says}"):
        Workbench(config)


def test_without_a_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UserError, match=r"joint: lookahead_affinity needs a run"):
        measure_pairs(configured(tmp_path), tmp_path)
    with pytest.raises(UserError, match=r"joint: no run .*/none"):
        configured(tmp_path, f"joint={tmp_path}/none")
