"""The sweep that is shipped, by `wandb sweep` and `wandb agent` against a server on loopback."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bioner.config.config_folders import shipped
from bioner.runs.record_file import read_record
from bioner.tracking.names import Identity, in_sweep
from tests.composition import train_config
from tests.tracking.conftest import KEY
from tests.tracking.stand_in import ENTITY, stand_in
from tests.tracking.sweep_stand_in import SWEEP, SweepStandIn

BIN = Path(sys.executable).parent
SMALL = ["finetune.targets=[demo_disease]", "finetune.epochs=1", "encoder=tiny"]


def sweep() -> dict[str, Any]:
    return yaml.safe_load((shipped("experiments") / "sweep" / "wandb.yml").read_text())


def values(parameter: dict[str, Any]) -> list[Any]:
    return parameter.get("values") or [parameter["min"], parameter["max"]]


def test_every_parameter_is_an_override_that_composes() -> None:
    fixed = [word for word in sweep()["command"] if "=" in word]
    for key, parameter in sweep()["parameters"].items():
        for one in values(parameter):
            config = train_config(*fixed, f"{key}={one}")
            assert sweep()["metric"]["name"] == f"best_devel/{config.finetune.targets[0]}/f1"


def test_a_sweep_names_its_runs(identity: Identity) -> None:
    assert in_sweep(identity, {"WANDB_RUN_ID": "given"}) == identity
    agent = {"WANDB_SWEEP_ID": SWEEP, "WANDB_RUN_ID": "given"}
    assert in_sweep(identity, agent) == replace(identity, id="given")


@pytest.mark.slow
def test_an_agent_trains_what_the_sweep_asks_for(no_key: None, tmp_path: Path) -> None:
    own = sweep()
    own["program"] = str(BIN / "bioner")
    fixed = [word for word in own["command"] if not word.startswith("finetune.")]
    own["command"] = [*fixed, *SMALL, f"runs_dir={tmp_path / 'runs'}"]
    (tmp_path / "sweep.yml").write_text(yaml.safe_dump(own))
    with stand_in(SweepStandIn({"given": {"optimizer.lr": 0.001, "head": "crf"}})) as server:
        environment = os.environ | {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": KEY}
        for words in (["sweep", "sweep.yml"], ["agent", "--count", "1", f"{ENTITY}/p/{SWEEP}"]):
            done = subprocess.run(
                [BIN / "wandb", *words],
                env=environment | {"WANDB_MODE": "online"},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr[-2000:]
        assert server.unknown == []
        run = server.runs["given"]
    (directory,) = (tmp_path / "runs" / "sweep").glob("single-*")
    record = read_record(directory)
    assert record.wandb is not None and record.wandb.id == "given" and run.state == "finished"
    assert record.config["optimizer"]["lr"] == 0.001
    assert record.config["head"]["_target_"].endswith("CrfHead")
    devel = record.scores["demo_disease"].devel.f1
    assert run.summary["best_devel/demo_disease/f1"] == pytest.approx(devel)
    assert run.config["optimizer.lr"]["value"] == 0.001
