"""A user's own folder of configs beside the shipped ones."""

from pathlib import Path

import pytest

from bioner.config.config_folders import refuse_hidden, shipped
from bioner.errors import DataError


@pytest.mark.parametrize("name", ["dataset/bc2gm.yaml", "head/linear.yaml", "train.yaml"])
def test_a_file_that_hydra_would_not_read_is_refused(tmp_path: Path, name: str) -> None:
    ours, mine = shipped("conf") / name, tmp_path / name
    mine.parent.mkdir(exist_ok=True)
    mine.write_bytes(ours.read_bytes())
    refuse_hidden([tmp_path])  # a copy says the same
    mine.write_text("path: elsewhere\n")
    with pytest.raises(DataError) as caught:
        refuse_hidden([tmp_path])
    assert str(caught.value).startswith(f"{mine}: would not be read: {ours} has the same name")


def test_other_names_are_taken(tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "mine.yaml").write_text("path: elsewhere\n")
    refuse_hidden([tmp_path, tmp_path / "nothing"])
