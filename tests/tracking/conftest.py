"""A W&B server on loopback for each test, and a client that starts anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import wandb

from bioner.tracking.names import Identity
from tests.tracking.stand_in import StandIn, stand_in

KEY = "a" * 40


@pytest.fixture
def no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A client without a key, and without the settings that this machine may have."""
    for name in ("WANDB_MODE", "WANDB_API_KEY", "WANDB_PROJECT", "WANDB_ENTITY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "wandb-config"))
    wandb.teardown()
    yield
    wandb.teardown()


@pytest.fixture
def server(no_key: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A server that the client has a key for."""
    with stand_in() as state:
        monkeypatch.setenv("WANDB_BASE_URL", state.url)
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        yield state
        wandb.teardown()


@pytest.fixture
def identity() -> Identity:
    return Identity(
        "s-12345678",
        "single-a",
        "s",
        "single",
        ("single",),
        {"regime": "single"},
        {"finetune": ("a",)},
    )
