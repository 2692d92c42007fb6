"""A place without a Ray cluster is known before Ray tries it for minutes."""

import socket

import pytest

from bioner.machine.ray_address import check_answers


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_somebody_answers(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_answers(f"{scheme}127.0.0.1:{server.getsockname()[1]}")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:1", "ray://127.0.0.1:1", "[::1]:1", "no.host.invalid:1", "127.0.0.1:99999"],
)
def test_nobody_answers(address: str) -> None:
    with pytest.raises(ConnectionError) as caught:
        check_answers(address)
    assert f"nobody answers at {address} (" in str(caught.value)


@pytest.mark.parametrize("address", [None, "auto"])
def test_the_address_of_the_environment(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_answers(address)
    monkeypatch.setenv("RAY_ADDRESS", "")
    check_answers(address)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(ConnectionError, match=r"nobody answers at 127\.0\.0\.1:1"):
        check_answers(address)
    check_answers("local")
