"""A run in W&B whose server is there, is not, or leaves: the run and its metrics stay."""

import io
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import wandb

from bioner.runs.record import WandbPlace
from bioner.tracking.history import STEP, read_rows
from bioner.tracking.names import Identity
from bioner.tracking.server import Server, wanted_mode
from bioner.tracking.session import Session
from tests.tracking.stand_in import StandIn

POINTS = [{"devel/a/f1": n / 10, STEP: n} for n in range(4)]


def track(
    identity: Identity, directory: Path, offline: bool | None = None, before_end: Any = None
) -> tuple[Session, WandbPlace | None]:
    """Open a session, log the points, end it."""
    session = Session(identity, Server("p", None, offline, 1.0, 1.0), directory)
    session.start()
    for point in POINTS:
        session.log(point)
    if before_end is not None:
        before_end()
    place = session.close(0, lambda run, place: run.summary.update({"test/mean_f1": 0.5}))
    return session, place


def kept(directory: Path, place: WandbPlace) -> list[dict[str, float]]:
    return read_rows(directory / place.path)


def test_online(server: StandIn, identity: Identity, tmp_path: Path) -> None:
    _, place = track(identity, tmp_path)
    run = server.runs[identity.id]
    assert place == WandbPlace(
        "online", identity.id, place.path, f"{server.url}/lab/p/runs/s-12345678"
    )
    assert [{k: row[k] for k in POINTS[0]} for row in run.history] == POINTS
    assert run.summary["test/mean_f1"] == 0.5
    assert run.summary["devel/a/f1"] == {"max": 0.3}
    assert run.about["groupName"] == "s" and run.about["jobType"] == "single"
    assert run.about["displayName"] == "single-a" and run.about["tags"] == ["single"]
    assert run.config["regime"] == {"value": "single"}
    assert run.events, "system metrics"
    assert run.state == "finished"
    assert server.unknown == []


@pytest.mark.parametrize(
    "fault",
    [
        "down",
        "refuses",
        *(pytest.param(fault, marks=pytest.mark.slow) for fault in ("dead", "slow", "fails")),
    ],
)
def test_no_server_at_the_start(
    fault: str,
    server: StandIn,
    identity: Identity,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if fault == "down":
        monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    server.dead, server.delay = fault == "dead", 60.0 if fault == "slow" else 0.0
    server.fails = {"refuses": 401, "fails": 500}.get(fault)
    with caplog.at_level(logging.INFO):
        _, place = track(identity, tmp_path)
    assert place is not None and (place.mode, place.url) == ("offline", None)
    assert kept(tmp_path, place) == POINTS
    assert "goes on offline" in caplog.text
    assert f"wandb sync {tmp_path / place.path}" in caplog.text
    # What the failed start left would be uploaded as well.
    assert [p.name for p in (tmp_path / "wandb").glob("*run-*")] == [Path(place.path).name]


@pytest.mark.parametrize("fault", ["dies", "refuses"])
def test_a_server_that_leaves_in_the_middle(
    fault: str,
    server: StandIn,
    identity: Identity,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def leave() -> None:
        server.dead, server.fails = fault == "dies", 403 if fault == "refuses" else None

    with caplog.at_level(logging.INFO):
        _, place = track(identity, tmp_path, before_end=leave)
    assert place is not None and (place.mode, place.url) == ("offline", None)
    assert kept(tmp_path, place) == POINTS
    assert f"wandb sync {tmp_path / place.path}" in caplog.text


def _core() -> int:
    """Return the process id of wandb-core, the client's own service."""
    me = os.getpid()
    for child in Path(f"/proc/{me}/task/{me}/children").read_text().split():
        if "wandb-core" in Path(f"/proc/{child}/cmdline").read_text():
            return int(child)
    raise AssertionError("no wandb-core")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_client_that_dies_in_the_middle(
    server: StandIn, identity: Identity, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, place = track(identity, tmp_path, before_end=lambda: os.kill(_core(), signal.SIGKILL))
    assert place is not None and place.mode == "offline"
    assert kept(tmp_path, place) == POINTS
    assert "goes on offline" in caplog.text


def test_without_a_key_offline_and_without_a_prompt(
    no_key: None, identity: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

        def readline(self, *_: Any) -> str:
            raise AssertionError("asked for input")

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert wanted_mode(None) == wanted_mode(False) == "offline"
    _, place = track(identity, tmp_path, offline=False)
    assert place is not None and place.mode == "offline"


@pytest.mark.parametrize(
    ("variables", "offline", "mode"),
    [
        ({}, None, "online"),
        ({}, True, "offline"),
        ({"WANDB_MODE": "offline"}, None, "offline"),
        ({"WANDB_MODE": "offline"}, False, "online"),
        ({"WANDB_MODE": "disabled"}, None, "disabled"),
        ({"WANDB_API_KEY": "too short"}, None, "offline"),
    ],
)
def test_wanted_mode(
    variables: dict[str, str],
    offline: bool | None,
    mode: str,
    server: StandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    wandb.teardown()
    assert wanted_mode(offline) == mode


def test_disabled_tracks_nothing(
    no_key: None, identity: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    _, place = track(identity, tmp_path)
    assert place is None
    assert list(tmp_path.iterdir()) == []
