"""The precision that a machine trains in."""

import subprocess
import sys

import pytest
import torch

from bioner.errors import ConfigError
from bioner.machine.precision import resolve_precision


@pytest.mark.parametrize(("has", "expected"), [(True, "bf16-mixed"), (False, "32-true")])
def test_auto_asks_the_hardware(has: bool, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    assert resolve_precision("auto", "cpu") == expected
    if not torch.cuda.is_available():
        assert resolve_precision("auto", "auto") == expected


def test_what_is_asked_for_is_taken() -> None:
    assert resolve_precision("32-true", "tpu") == "32-true"


def test_auto_where_nothing_is_known() -> None:
    with pytest.raises(ConfigError, match=r"trainer.precision: is auto with .*=tpu; bf16-mixed"):
        resolve_precision("auto", "tpu")


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc only")
def test_freed_memory_is_kept() -> None:
    """In a process of its own, for the setting stays: no new page for a block freed before."""
    code = """
import resource, torch
from bioner.machine.precision import keep_memory
keep_memory()
for step in range(40):
    if step == 30:  # by then the heap has grown
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.zeros(10_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) < 1000  # 10 x 9,766 pages where the kernel takes them back
