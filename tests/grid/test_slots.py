"""How a machine is divided among jobs."""

import pytest

from bioner.grid import slots
from bioner.grid.slots import make_slots
from tests.composition import train_config

ALL = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight cores, two GPUs, nothing set."""
    monkeypatch.setattr(slots, "_cores", lambda: 8)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    for name in ALL:
        monkeypatch.delenv(name, raising=False)


def gpus(*given: object) -> list[str | None]:
    return [slot.gpus for slot in make_slots(*given)]  # type: ignore[arg-type]


def test_a_slot_for_each_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gpus(None, None) == ["4", "7"]
    assert gpus(3, None) == ["4", "7", "4"]
    assert gpus(None, ["0", "0"]) == ["0", "0"]
    assert gpus(None, ["0,1", "2,3"]) == ["0,1", "2,3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus(None, None) == [None]
    assert gpus(2, None) == [None, None]


def test_threads_are_divided_among_the_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    config = train_config("finetune.targets=[demo_disease]")
    (slot, _) = make_slots(2, [])
    assert slot.environment(config) == dict.fromkeys(ALL, "4")
    ddp = train_config("finetune.targets=[demo_disease]", "trainer=ddp", "trainer.devices=2")
    assert slot.environment(ddp) == dict.fromkeys(ALL, "2")
    assert make_slots(99, [])[0].environment(config) == dict.fromkeys(ALL, "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")  # what the user set stays
    theirs = slot.environment(config)  # and is that of the others, which it does not name
    assert theirs == {"MKL_NUM_THREADS": "3", "RAYON_NUM_THREADS": "3"}
    monkeypatch.setenv("MKL_NUM_THREADS", "2")
    assert slot.environment(config) == {"RAYON_NUM_THREADS": "3"}
    assert make_slots(None, ["5"])[0].environment(config)["CUDA_VISIBLE_DEVICES"] == "5"
