"""A JSON file is whole or not there."""

from pathlib import Path

import pytest

from bioner.runs.json_file import write_json


def test_nan_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not (tmp_path / "x.json").exists()
