"""The tutorial: its commands run, and print what it shows."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bioner.config.command_line import read
from bioner.config.datasets import to_datasets_config
from bioner.config.hydra_setup import SCHEMAS
from bioner.datasets.actions import act
from tests.composition import composed

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "experiments" / "tutorial"
PAGE = (TUTORIAL / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [text for language, text in BLOCKS if language == "sh"]
SHOWN = [text for language, text in BLOCKS if not language]

# `bioner` as the page types it, its runs made small.
SHELL = """
set -euo pipefail
bioner() {
    local small="encoder=tiny finetune.epochs=2 trainer.accelerator=cpu logger=none"
    [ "$1" != train ] || set -- "$@" $small
    %s -m bioner "$@"
}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is to the commands the root of the repository."""
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a command of `bioner datasets` prints."""
    line = read(command.split()[1:], SCHEMAS)
    own = Path(line.parsed.config_dir).absolute() if line.parsed.config_dir else None
    assert act(to_datasets_config(composed(*line.parsed.overrides, verb=line.verb, own=own)))
    return capsys.readouterr().out


def test_the_corpus_is_looked_at_and_checked(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert SHOWN[1] in printed(COMMANDS[0], capsys)
    assert "wrong with the data: nothing" in printed(COMMANDS[1], capsys).splitlines()[-1]


def test_the_document_that_is_shown_is_there() -> None:
    note = TUTORIAL / "corpus" / "train" / "note05"
    texts = [note.with_suffix(suffix).read_text() for suffix in (".txt", ".ann")]
    assert SHOWN[0].partition("\n")[2] == "".join(texts)
    assert len([*(TUTORIAL / "corpus").rglob("*.ann")]) == 28


@pytest.mark.slow
def test_every_command_runs(root: Path) -> None:
    script = SHELL % sys.executable + "".join(COMMANDS)
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=root,
        env={**os.environ, "BIONER_DATASETS": str(root / "datasets")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    records = [*root.glob("runs/tutorial/*/record.json")]
    assert len(records) == 6
    assert {json.loads(file.read_text())["regime"] for file in records} == {"single", "transfer"}
    assert (root / "runs" / "tutorial" / "report" / "report.html").is_file()
    (document,) = map(json.loads, (root / "found.jsonl").read_text().splitlines())
    assert document["passages"][0]["text"] == "Aspirin was stopped because of stomach pain."
