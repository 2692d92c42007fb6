"""Many processes, or a Ray cluster, give what one process gives."""

import multiprocessing
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bioner.config.predict import Backend, Merge
from bioner.corpora.document import Document, Passage
from bioner.errors import ConfigError, UserError
from bioner.predict import annotator as annotator_module
from bioner.predict import parallel as spread
from bioner.predict import stream
from tests.predict.conftest import Runs
from tests.predict.test_finished import changed
from tests.predict.test_stream import config_of, pubtator
from tests.predict.test_tagger import predictions

BAD = "bad|t|x\nbad\t0\t99\tx\tX\n\n"


@pytest.fixture
def source(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of many small chunks, some of its documents bad."""
    monkeypatch.setattr(annotator_module, "_CHARACTERS", 500)
    rows = predictions(runs.linear / "predictions" / "demo_disease_related.test.tsv")
    texts = [" ".join(sentence.words) for sentence, _ in rows][:60]
    file = tmp_path / "in.pubtator"
    file.write_text(BAD + pubtator(texts[:30]) + BAD + pubtator(texts[30:]) + BAD, encoding="utf-8")
    return file


@pytest.fixture
def alone(runs: Runs, source: Path, tmp_path: Path) -> bytes:
    """What one process makes of it."""
    output = tmp_path / "alone.jsonl"
    assert not stream.predict(config_of(runs, f"input={source}", f"output={output}"))
    return output.read_bytes()


def test_several_processes_give_what_one_gives(
    runs: Runs, source: Path, alone: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = tmp_path / "o.jsonl"
    caplog.set_level("INFO")
    given = [f"input={source}", f"output={output}"]
    assert not stream.predict(config_of(runs, *given, "n_jobs=2"))
    assert output.read_bytes() == alone
    assert "60 documents written" in caplog.text and "3 bad" in caplog.text
    assert not multiprocessing.active_children()


def test_results_come_in_order_and_little_is_read_ahead() -> None:
    read: list[str] = []

    def chunks() -> Iterator[Any]:
        for number in range(20):
            read.append(str(number))
            yield [Document(str(number), (Passage("x", 0),), ())]

    def slow_at_first(chunk: Any) -> Any:
        time.sleep(0.05 if chunk[0].id == "0" else 0)
        return chunk

    with ThreadPoolExecutor(4) as pool:
        found = spread._in_order(lambda chunk: pool.submit(slow_at_first, chunk), 4, chunks())
        assert next(found)[0].id == "0"  # type: ignore[attr-defined]
        assert len(read) == 4
        assert [chunk[0].id for chunk in found] == [str(n) for n in range(1, 20)]  # type: ignore[attr-defined]


def test_no_process_at_all(runs: Runs) -> None:
    with pytest.raises(ConfigError, match="n_jobs: is 0; at least 1"):
        config_of(runs, "input=-", "output=-", "n_jobs=0")


@pytest.mark.slow
def test_what_a_process_refuses_is_said(runs: Runs, copied: Path) -> None:
    weights = copied / "checkpoints" / "demo_disease.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])
    work = spread.Work(str(copied), (), Merge.union, "cpu", "32-true", False)
    with (
        pytest.raises(UserError, match="can't be read as weights"),
        spread.marking(work, Backend.processes, 2),
    ):
        raise AssertionError("lent in vain")
    changed(copied / "record.json", status="failed")
    with (
        pytest.raises(UserError, match="a complete run"),
        spread.marking(work, Backend.processes, 2),
    ):
        raise AssertionError("lent in vain")
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_a_process_that_is_killed(
    runs: Runs,
    source: Path,
    alone: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    output = tmp_path / "o.jsonl"
    given = [f"input={source}", f"output={output}", "n_jobs=2"]
    written, calls = stream._write, []

    def kills(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 30:
            for child in multiprocessing.active_children():
                os.kill(child.pid or 0, signal.SIGKILL)
        written(*arguments)

    monkeypatch.setattr(stream, "_write", kills)
    with pytest.raises(UserError, match="was killed, or had no memory left; resume=true"):
        stream.predict(config_of(runs, *given))
    assert not output.exists()
    done, caplog_before = len(calls), len(caplog.records)
    caplog.set_level("INFO")
    assert not stream.predict(config_of(runs, *given, "resume=true"))
    assert output.read_bytes() == alone
    assert len(calls) < done + 60  # it did not start anew
    assert "3 bad" in caplog.records[-1].getMessage() and len(caplog.records) > caplog_before


@pytest.mark.slow
def test_processes_end_with_the_one_that_started_them(
    runs: Runs, source: Path, tmp_path: Path
) -> None:
    source.write_text(source.read_text() * 200, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "bioner",
        "predict",
        f"run={runs.linear}",
        f"input={source}",
        f"output={tmp_path}/o.jsonl",
        "n_jobs=2",
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        notes = tmp_path / "o.jsonl.partial.json"
        _until(notes.exists, 300)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) >= 2
        process.kill()
    _until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), 60)


def _until(true: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_nobody_answers_where_ray_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    begun = time.monotonic()
    work = spread.Work("run", (), Merge.union, "cpu", "auto", False)
    with (
        pytest.raises(ConfigError, match=r"backend: is ray, and nobody answers at 127\.0\.0\.1:1"),
        spread.marking(work, Backend.ray, None),
    ):
        raise AssertionError("lent in vain")
    assert time.monotonic() - begun < 60  # Ray itself tries for minutes


@pytest.mark.slow
def test_a_ray_cluster_gives_what_one_process_gives(
    runs: Runs,
    source: Path,
    alone: bytes,
    copied: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")
    # Without a token of its own Ray would write one to the user's home.
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    ray.init("local", num_cpus=2, include_dashboard=False, logging_level="warning")
    try:
        output = tmp_path / "o.jsonl"
        given = [f"input={source}", f"output={output}", "backend=ray"]
        assert not stream.predict(config_of(runs, *given))
        assert output.read_bytes() == alone
        (copied / "checkpoints" / "demo_disease.safetensors").write_bytes(b"")
        work = spread.Work(str(copied), (), Merge.union, "cpu", "32-true", False)
        with (
            pytest.raises(UserError, match="can't be read as weights"),
            spread.marking(work, Backend.ray, 1),
        ):
            raise AssertionError("lent in vain")
    finally:
        ray.shutdown()
