"""A stored stage is trained once, by one of several that want it, and again when damaged."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from bioner.runs.stage_file import StageFile
from bioner.runs.stage_record import Best, Mixing, StageRecord, StageTiming, TaskUse
from bioner.runs.store import find_stage, stored_stage
from bioner.runs.upkeep import Removal, State, list_stages, remove_stage

ABOUT = StageFile(
    "an/encoder",
    "encoder",
    1,
    StageRecord(
        "pretrain",
        "",
        False,
        {"demo_disease": TaskUse("source", 3, 2, None, 0)},
        Mixing("proportional", {"demo_disease": 3}, {"demo_disease": 6}, {"demo_disease": 1.0}),
        {"pretrain": Best(6, 2, 0.5)},
        StageTiming(1.0, 100.0),
    ),
)


class Trainer:
    """Counts how often it trains."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.times, self.seconds = 0, seconds

    def __call__(self, folder: Path) -> tuple[dict[str, Path], StageFile]:
        self.times += 1
        time.sleep(self.seconds)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "best.safetensors"
        save_file({"encoder.x": torch.full((2,), 7.0)}, file, metadata={"tags": "{}"})
        return {"all": file}, ABOUT


def test_trained_once(tmp_path: Path) -> None:
    trainer = Trainer()
    first = stored_stage(tmp_path, "key", trainer)
    second = stored_stage(tmp_path, "key", trainer)
    assert (first.record.reused, second.record.reused, trainer.times) == (False, True, 1)
    assert second.record.best == ABOUT.record.best
    assert torch.equal(load_file(second.file("all"))["encoder.x"], torch.full((2,), 7.0))
    assert not (tmp_path / "key" / "partial").exists()


def test_other_keys_are_other_stages(tmp_path: Path) -> None:
    trainer = Trainer()
    stored_stage(tmp_path, "one", trainer)
    assert not stored_stage(tmp_path, "two", trainer).record.reused
    assert trainer.times == 2


def test_damaged_weights_are_trained_again(tmp_path: Path) -> None:
    trainer = Trainer()
    stored_stage(tmp_path, "key", trainer)
    weights = tmp_path / "key" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert not stored_stage(tmp_path, "key", trainer).record.reused
    assert stored_stage(tmp_path, "key", trainer).record.reused
    assert trainer.times == 2


def test_a_stage_killed_before_its_last_file_is_trained_again(tmp_path: Path) -> None:
    trainer = Trainer()
    stored_stage(tmp_path, "key", trainer)
    (tmp_path / "key" / "stage.json").unlink()
    assert not stored_stage(tmp_path, "key", trainer).record.reused


def test_several_sets_of_weights_are_kept_together(tmp_path: Path) -> None:
    def two(folder: Path) -> tuple[dict[str, Path], StageFile]:
        file = Trainer()(folder)[0]["all"]
        other = folder / "other.safetensors"
        other.write_bytes(file.read_bytes() + b" ")
        return {"a": file, "b": other}, ABOUT

    stored = stored_stage(tmp_path, "key", two)
    assert {group: path.name for group, path in stored.files.items()} == {
        "a": "a.safetensors",
        "b": "b.safetensors",
    }
    assert [one.state for one in list_stages(tmp_path)] == [State.whole]
    found = find_stage(tmp_path, "key")
    assert found is not None and found.file("b") == tmp_path / "key" / "b.safetensors"
    stored.file("b").unlink()
    assert [one.state for one in list_stages(tmp_path)] == [State.damaged]
    assert not stored_stage(tmp_path, "key", two).record.reused


def test_a_damaged_description_is_no_result(tmp_path: Path) -> None:
    trainer = Trainer()
    stored_stage(tmp_path, "key", trainer)
    (tmp_path / "key" / "stage.json").write_text(json.dumps({"sha256": "0"}))
    assert not stored_stage(tmp_path, "key", trainer).record.reused


def test_one_trains_and_the_others_wait(tmp_path: Path) -> None:
    trainer = Trainer(seconds=0.2)
    found: list[bool] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(stored_stage(tmp_path, "key", trainer).record.reused)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert trainer.times == 1
    assert sorted(found) == [False, True, True, True]


def test_a_stage_killed_before_its_weights_moved_is_not_trained_anew(tmp_path: Path) -> None:
    trainer = Trainer()
    stored_stage(tmp_path, "key", trainer)
    place = tmp_path / "key"
    (place / "partial").mkdir()
    (place / "weights.safetensors").replace(place / "partial" / "best.safetensors")

    def resumed(folder: Path) -> tuple[dict[str, Path], StageFile]:
        return {"all": folder / "best.safetensors"}, ABOUT  # all of its steps are done

    assert not stored_stage(tmp_path, "key", resumed).record.reused
    assert stored_stage(tmp_path, "key", trainer).record.reused
    assert trainer.times == 1


def test_what_a_killed_training_was_writing_is_removed(tmp_path: Path) -> None:
    partial = tmp_path / "key" / "partial"
    partial.mkdir(parents=True)
    (partial / "best.safetensors.99.tmp").touch()
    kept = partial / "pretrain.ckpt"
    kept.touch()

    def resumed(folder: Path) -> tuple[dict[str, Path], StageFile]:
        assert list(folder.iterdir()) == [kept]
        return Trainer()(folder)

    assert not stored_stage(tmp_path, "key", resumed).record.reused


def test_weights_that_are_gone_are_trained_again(tmp_path: Path) -> None:
    trainer = Trainer()
    stored_stage(tmp_path, "key", trainer)
    (tmp_path / "key" / "weights.safetensors").unlink()
    assert find_stage(tmp_path, "key") is None
    assert not stored_stage(tmp_path, "key", trainer).record.reused


def test_find_trains_nothing(tmp_path: Path) -> None:
    assert find_stage(tmp_path, "key") is None
    assert list(tmp_path.iterdir()) == []
    stored_stage(tmp_path, "key", Trainer())
    found = find_stage(tmp_path, "key")
    assert found is not None and found.record.reused and found.record.best == ABOUT.record.best


KILLED = """
import sys, time
from pathlib import Path
from bioner.runs.store import stored_stage

def train(folder):
    folder.mkdir(parents=True)
    (folder / "half.safetensors").write_bytes(b"half")
    print("training", flush=True)
    time.sleep(60)

stored_stage(Path(sys.argv[1]), "key", train)
"""


def test_a_killed_process_frees_its_stage_for_the_one_that_waits(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "training\n"
    assert [stage.state for stage in list_stages(tmp_path)] == [State.busy]
    assert remove_stage(tmp_path, "key") == Removal.held
    trainer, found = Trainer(), []
    waiting = threading.Thread(target=lambda: found.append(stored_stage(tmp_path, "key", trainer)))
    waiting.start()
    time.sleep(0.2)
    assert trainer.times == 0
    process.kill()
    process.wait()
    waiting.join(timeout=10)
    assert trainer.times == 1 and not found[0].record.reused
    assert [stage.state for stage in list_stages(tmp_path)] == [State.whole]


def test_the_store_needs_no_torch() -> None:
    code = "import bioner.runs.stages_verb, bioner.runs.finished_stages, sys; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "pytorch_lightning", "safetensors"} & set(shown.stdout.split())
