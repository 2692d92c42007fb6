"""What an interrupted prediction leaves beside its output, and what becomes of it."""

from pathlib import Path

import pytest

from bioner.corpora.formats.all_formats import FORMATS
from bioner.errors import ConfigError
from bioner.predict.unfinished import ids, notes, partial, start


def test_a_whole_output_keeps_no_notes_of_a_process_that_was_killed_after_it(
    tmp_path: Path,
) -> None:
    output = tmp_path / "out"
    output.mkdir()
    for left in (notes(output), ids(output)):
        left.touch()
    with pytest.raises(ConfigError, match=r"output: .*out exists; overwrite=true replaces it"):
        start(str(output), FORMATS["brat"], "of", resume=True, overwrite=False)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_is_not_whole_stays(tmp_path: Path) -> None:
    output = tmp_path / "out"
    partial(output).mkdir()
    for left in (notes(output), ids(output)):
        left.touch()
    with pytest.raises(ConfigError, match="resume=true goes on"):
        start(str(output), FORMATS["brat"], "of", resume=False, overwrite=False)
    assert len(list(tmp_path.iterdir())) == 3
