"""What a run names is fetched only where that is asked for; its config holds values alone."""

import shutil
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytest
from huggingface_hub import constants
from omegaconf import DictConfig

from bioner import load
from bioner.config.evaluate import to_evaluate_config
from bioner.config.export import to_export_config
from bioner.errors import UserError
from bioner.model.pretrained import resolve_name
from bioner.predict.evaluate import evaluate
from bioner.predict.export import export
from bioner.predict.finished import open_run
from bioner.report.study import read_study
from tests.composition import composed
from tests.predict.conftest import Runs
from tests.predict.test_finished import changed


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that something looks for; none of them is found."""
    hosts: list[str] = []

    def look(host: Any, *rest: object, **options: object) -> NoReturn:
        hosts.append(str(host))
        raise socket.gaierror("there is no network")

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket, "getaddrinfo", look)
    return hosts


@pytest.mark.parametrize("key", ["study", "dataset__demo_disease__url", "finetune__targets"])
def test_a_value_that_is_to_be_resolved(
    copied: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hidden")
    value = "${oc.env:SECRET}"
    changed(copied / "config.yaml", **{key: [value] if key.endswith("targets") else value})
    named = key.replace("__", ".") + (".0" if key.endswith("targets") else "")
    with pytest.raises(UserError, match=r"config\.yaml: .*holds values alone") as found:
        open_run(copied)
    assert named in str(found.value) and "hidden" not in str(found.value)
    (copied / "record.json").unlink()
    _, (problem,) = read_study(copied.parent)
    assert "holds values alone" in problem.says and "hidden" not in problem.says


def test_an_encoder_of_the_hub(copied: Path, asked: list[str]) -> None:
    changed(copied / "config.yaml", encoder__name="nobody/anything")
    with pytest.raises(UserError, match=r"fetch: is false, .*'nobody/anything'.*true fetches it"):
        load(copied)
    assert not asked
    with pytest.raises(UserError, match="the hub gave no model"):
        load(copied, fetch=True)
    assert asked == ["huggingface.co"] * len(asked) != []


def test_an_encoder_that_the_hubs_client_keeps_needs_no_network(
    copied: Path, asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    kept = tmp_path / "hub" / "models--nobody--tiny"
    shutil.copytree(resolve_name(open_run(copied).config.encoder.name), kept / "snapshots" / "1234")
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("1234")
    changed(copied / "config.yaml", encoder__name="nobody/tiny")
    assert load(copied, device="cpu").predict(["A fever."])
    assert not asked


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"url": "https://example.org/{file}", "path": "mine"},
        {"url": None, "path": "mine", "hub__name": "nobody/corpus"},
    ],
)
def test_the_datasets_of_a_run(
    copied: Path, runs: Runs, asked: list[str], elsewhere: dict[str, Any], tmp_path: Path
) -> None:
    keys = {f"dataset__demo_disease__{key}": value for key, value in elsewhere.items()}
    changed(copied / "config.yaml", **keys)
    given = [f"run={copied}", f"datasets_dir={tmp_path}/none", f"output={tmp_path}/out"]
    with pytest.raises(UserError, match=r"fetch: is false, .* lacks files .*demo_disease"):
        export(to_export_config(_composed("export", given)))
    assert not asked
    with pytest.raises(UserError):
        export(to_export_config(_composed("export", [*given, "fetch=true"])))
    assert asked or find_spec("datasets") is None


def test_what_a_run_was_trained_on_is_not_fetched(
    copied: Path, runs: Runs, asked: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    keys = {"url": "https://example.org/{file}", "path": "mine"}
    changed(copied / "config.yaml", **{f"dataset__demo_disease__{k}": v for k, v in keys.items()})
    given = [f"run={copied}", f"datasets_dir={runs.datasets}", "datasets=[demo_chemical]"]
    cells = evaluate(
        to_evaluate_config(_composed("evaluate", [*given, "types={Chemical: Disease}"]))
    )
    cell = cells["demo_disease"]["demo_chemical"]
    assert cell.leakage is None and "can't be compared: fetch: is false" in caplog.text
    assert not asked


def _composed(verb: str, given: list[str]) -> DictConfig:
    return composed(*given, verb=verb)
