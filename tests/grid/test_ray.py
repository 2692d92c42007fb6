"""Grids on Ray: on a cluster of their own, and on one that `ray start` made."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.grid.grids import begun, grid, heads, is_gone, pid_of, reason, records, states

pytest.importorskip("ray")

RAY = ["hydra/launcher=ray"]


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token, which all clusters then want; without it Ray would write one to the user's home."""
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a cluster with two CPUs, started from another folder; it wants the token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ray = [sys.executable, "-m", "ray.scripts.scripts"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    head = subprocess.Popen(
        [
            *ray,
            "start",
            "--head",
            "--block",
            f"--port={port}",
            "--num-cpus=2",
            "--node-ip-address=127.0.0.1",
            "--include-dashboard=false",
            "--disable-usage-stats",
        ],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": ""},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    address = f"127.0.0.1:{port}"
    try:
        for _ in range(10):
            check = [*ray, "health-check", "--address", address]
            if subprocess.run(check, check=False, timeout=120).returncode == 0:
                break
        else:
            pytest.fail(f"no cluster at {address}")
        yield address
    finally:
        head.send_signal(signal.SIGTERM)
        head.wait(timeout=60)


@pytest.mark.slow
def test_a_cluster_of_its_own(tmp_path: Path) -> None:
    ended = grid(tmp_path, *RAY, heads("raises", "killed", "linear"), "hydra.launcher.retries=0")
    assert ended.returncode == 1, ended.stderr
    assert states(ended.stdout) == ["failed", "failed", "done"]
    assert reason(ended.stdout, "raises").startswith("RuntimeError: out of luck, in two lines; ")
    assert reason(ended.stdout, "killed").startswith("killed by SIGKILL")
    again = grid(tmp_path, *RAY, heads("linear"))
    assert (again.returncode, len(records(tmp_path))) == (0, 2)
    assert "1 job: 1 done" in again.stdout


@pytest.mark.slow
def test_an_existing_cluster(tmp_path: Path, cluster: str) -> None:
    there = [*RAY, f"hydra.launcher.address={cluster}"]
    ended = grid(tmp_path, *there, heads("killed_once", "linear"))
    assert (ended.returncode, states(ended.stdout)) == (0, ["done", "done"]), ended.stdout
    assert (tmp_path / "killed.once").exists()
    large = grid(tmp_path, *there, "seed=2", "hydra.launcher.cpus=3")
    assert large.returncode == 1
    assert "no node of the cluster has {'CPU': 3.0}" in large.stdout
    refused = grid(tmp_path, *there, "seed=2", env={"RAY_AUTH_MODE": "disabled"})  # the default
    assert refused.returncode == 2
    assert f"hydra.launcher.address: is {cluster}" in refused.stderr
    assert "RAY_AUTH_MODE=token" in refused.stderr


@pytest.mark.slow
def test_a_stopped_grid(tmp_path: Path, cluster: str) -> None:
    started = begun(
        tmp_path, *RAY, f"hydra.launcher.address={cluster}", heads("waits"), "seed=1,2,3"
    )
    pid = pid_of(tmp_path / "waits.pid")
    started.send_signal(signal.SIGINT)
    printed, _ = started.communicate(timeout=600)
    assert (started.returncode, set(states(printed))) == (130, {"stopped"})
    assert is_gone(pid)


@pytest.mark.slow
def test_a_killed_grid_takes_its_jobs_along(tmp_path: Path) -> None:
    started = begun(tmp_path, *RAY, heads("waits"))
    pid = pid_of(tmp_path / "waits.pid")
    started.kill()
    started.communicate(timeout=600)
    assert is_gone(pid)


@pytest.mark.slow
def test_there_is_no_cluster(tmp_path: Path) -> None:
    ended = grid(tmp_path, *RAY, "hydra.launcher.address=127.0.0.1:1")
    assert ended.returncode == 2
    assert "hydra.launcher.address: is 127.0.0.1:1" in ended.stderr
