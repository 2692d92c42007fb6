"""The words of `bioner datasets` become overrides."""

import pytest

from bioner.compose import plain_words


@pytest.mark.parametrize(
    ("words", "overrides"),
    [
        ([], []),
        (["list"], ["action=list"]),
        (["check", "a", "b"], ["action=check", "names=[a,b]"]),
        (["check", "a", "format=json"], ["action=check", "names=[a]", "format=json"]),
        (["fetch", "a", "--config-dir", "b"], ["action=fetch", "names=[a]", "--config-dir", "b"]),
        (["--config-dir", "b"], ["--config-dir", "b"]),
        (["action=check", "a"], ["action=check", "a"]),
    ],
)
def test_plain_words(words: list[str], overrides: list[str]) -> None:
    assert plain_words(words) == overrides
