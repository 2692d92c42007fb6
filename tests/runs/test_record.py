"""A record is whole or not there, and one that can't be read is said to be so."""

import json
from pathlib import Path

import pytest

from bioner.errors import UserError
from bioner.runs.record import SCHEMA, Record, environment, read_record, write_json, write_record


def test_round_trip(tmp_path: Path) -> None:
    record = Record(
        "a-12345678", "study", "single", 1, "32-true", {"seed": 1}, environment=environment()
    )
    write_record(tmp_path, record)
    found = read_record(tmp_path)
    assert found["run"] == "a-12345678"
    assert found["schema"] == SCHEMA
    assert found["environment"]["versions"]["torch"]
    assert [file.name for file in tmp_path.iterdir()] == ["record.json"]


def test_nan_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "damaged"),
        ("{", "damaged"),
        ("[]", "schema None"),
        (json.dumps({"schema": 999}), "schema 999"),
    ],
)
def test_unreadable(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(UserError, match=says):
        read_record(tmp_path)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no finished run"):
        read_record(tmp_path)
