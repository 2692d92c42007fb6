"""A result of Slurm's is a pickle: one that others can have written is not read."""

import os
import pickle
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bioner.errors import UserError
from bioner.grid.jobs import Job, State
from bioner.grid.slurm_results import keep_own, make_own, read_result
from tests.composition import train_config


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self._sprung = sprung

    def __reduce__(self) -> tuple:
        return Path.touch, (self._sprung,)


@pytest.fixture
def open_handed() -> Iterator[None]:
    """Whose files all may write, as in a group that shares its folders."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A result that runs code."""
    file = tmp_path / "slurm" / "1_0_result.pkl"
    make_own(file.parent)
    file.write_bytes(pickle.dumps(("success", Trap(tmp_path / "sprung"))))
    file.chmod(0o600)
    return file


def job(folder: Path) -> Job:
    config = train_config("finetune.targets=[demo_disease]")
    return Job((), config, folder, state=State.failed, error="out of luck")


def test_a_result_is_read_whatever_the_umask(tmp_path: Path, open_handed: None) -> None:
    file = tmp_path / "run" / "slurm" / "1_0_result.pkl"
    make_own(file.parent)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o755
    keep_own()
    file.write_bytes(pickle.dumps(("success", job(tmp_path))))
    assert read_result(file).error == "out of luck"


def test_a_folder_that_others_could_write_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    make_own(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(UserError, match="link: is a link or another user's"):
        make_own(tmp_path / "link")


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757])
@pytest.mark.parametrize("of_folder", [True, False])
def test_what_others_can_write_is_not_read(trap: Path, mode: int, of_folder: bool) -> None:
    place = trap.parent if of_folder else trap
    place.chmod(mode)
    with pytest.raises(UserError, match=rf"{place}: others can write it \({mode:o}\)"):
        read_result(trap)
    assert not (trap.parents[1] / "sprung").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("of_folder", [True, False])
def test_what_is_another_users_is_not_read(trap: Path, of_folder: bool) -> None:
    os.chown(trap.parent if of_folder else trap, 4321, -1)
    with pytest.raises(UserError, match="belongs to another user"):
        read_result(trap)
    assert not (trap.parents[1] / "sprung").exists()


def test_a_link_is_not_followed(trap: Path) -> None:
    elsewhere = trap.rename(trap.with_name("elsewhere"))
    trap.symlink_to(elsewhere)
    with pytest.raises(UserError, match="no result of a job: OSError"):
        read_result(trap)
    assert not (trap.parents[1] / "sprung").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no result of a job: EOFError"),
        (pickle.dumps(3), "no result of a job: TypeError"),
        (pickle.dumps(("success", 3)), "success"),
        (pickle.dumps(("error", "Traceback:\n a\nValueError: no luck\n")), "^no luck$"),
        (pickle.dumps(("error", "nothing")), "_result.pkl: error"),
    ],
)
def test_what_is_no_result(trap: Path, content: bytes, says: str) -> None:
    trap.write_bytes(content)
    with pytest.raises(UserError, match=says):
        read_result(trap)
