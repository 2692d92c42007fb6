"""An output never takes the place of its input: bad documents are in the input alone."""

from pathlib import Path

import pytest

from bioner.config.predict import to_predict_config
from bioner.errors import ConfigError
from tests.composition import composed


@pytest.mark.parametrize(
    ("given", "output", "says"),
    [
        ("texts", "texts", "is the input"),
        ("texts", "texts/../texts", "is the input"),
        ("texts/a.txt", "texts", "holds the input"),
        ("a.jsonl", "a.jsonl", "is the input"),
        ("link", "texts", "is the input"),
    ],
)
def test_it_is_refused(given: str, output: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "link").symlink_to("texts")
    words = [f"input={tmp_path}/{given}", f"output={tmp_path}/{output}", f"run={tmp_path}"]
    with pytest.raises(ConfigError, match=rf"output: .* {says}; another place"):
        to_predict_config(composed(*words, "overwrite=true", verb="predict"))


def test_other_places(tmp_path: Path) -> None:
    for output in ("texts/out", "out", "-"):
        place = output if output == "-" else f"{tmp_path}/{output}"
        words = [f"input={tmp_path}/texts", f"output={place}", f"run={tmp_path}"]
        assert to_predict_config(composed(*words, verb="predict")).output == place
