"""A run is named by its directory, as the latest, or by the beginning of its name."""

import json
import os
from pathlib import Path

import pytest

from bioner.config.export import to_export_config
from bioner.config.named_run import followed, named_run
from bioner.errors import ConfigError, UserError
from tests.composition import composed

MTL, SINGLE, OLD, BROKEN = "mtl-a+b-tiny-s1-00", "single-a-tiny-s1-11", "single-a-s1-22", "mtl-x-33"


def make(folder: Path, status: str | None, time: int) -> None:
    folder.mkdir(parents=True)
    (folder / "config.yaml").touch()
    if status is not None:
        record = folder / "record.json"
        record.write_text(json.dumps({"status": status}))
        os.utime(record, (time, time))


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    make(tmp_path / "one" / MTL, "complete", 2)
    make(tmp_path / "one" / SINGLE, "complete", 1)
    make(tmp_path / "one" / BROKEN, "failed", 4)
    make(tmp_path / "two" / OLD, "complete", 3)
    make(tmp_path / "two" / "unfinished-9", None, 5)
    (tmp_path / ".stages" / "00").mkdir(parents=True)
    (tmp_path / ".stages" / "00" / "config.yaml").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("latest", f"two/{OLD}"),  # failed and unfinished ones are no results
        ("one/latest", f"one/{MTL}"),
        ("mtl-a", f"one/{MTL}"),
        ("single-a-tiny", f"one/{SINGLE}"),
        ("one/single", f"one/{SINGLE}"),
        (f"two/{OLD}", f"two/{OLD}"),
        ("unfin", "two/unfinished-9"),  # what it lacks is said by what reads it
    ],
)
def test_names(runs_dir: Path, given: str, found: str) -> None:
    assert named_run("run", given, str(runs_dir)) == str(runs_dir / found)


def test_a_directory_is_taken_as_it_is(runs_dir: Path, tmp_path: Path) -> None:
    assert named_run("run", str(runs_dir / "one"), "nowhere") == str(runs_dir / "one")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "run: is empty; a run's directory, latest"),
        ("single", f"run: single is the beginning of 2 runs; one/{SINGLE}, two/{OLD}"),
        ("mlt-a", f"run: no run 'mlt-a' in .*; did you mean {MTL.replace('+', '.')}"),
        ("two/sinlge-a", f"did you mean two/{OLD}"),
        ("latst", "a run's directory, latest, STUDY/latest, or the beginning of one run's name"),
        ("none/latest", "run: is none/latest, and .* has no complete run there"),
        ("00", "no run '00'"),
    ],
)
def test_none_or_several_are_errors(runs_dir: Path, given: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        named_run("run", given, str(runs_dir))


def test_a_verb_takes_it(runs_dir: Path) -> None:
    cfg = composed("run=one/latest", "output=x", f"runs_dir={runs_dir}", verb="export")
    assert to_export_config(cfg).run == str(runs_dir / "one" / MTL)


def test_a_directory_of_fit_stands_for_the_run_that_won(runs_dir: Path) -> None:
    folder = runs_dir / "fit" / "mine"
    folder.mkdir(parents=True)
    (folder / "fit.json").write_text(json.dumps({"run": f"../../one/{MTL}"}))
    assert named_run("run", "fit/mine", str(runs_dir)) == str(folder)
    for given in ("mine", "miin", "fit/min"):
        with pytest.raises(ConfigError, match=r"did you mean fit/mine"):
            named_run("run", given, str(runs_dir))
    assert named_run("run", str(folder), "nowhere") == str(folder)
    assert followed(folder).resolve() == (runs_dir / "one" / MTL).resolve()
    assert followed(runs_dir / "one" / MTL) == runs_dir / "one" / MTL
    (folder / "fit.json").write_text("{}")
    with pytest.raises(UserError, match=r"fit\.json: damaged: 'run'"):
        followed(folder)
