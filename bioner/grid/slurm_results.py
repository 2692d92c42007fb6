"""What a job of Slurm hands back, a pickle: read where nobody but its user can have written it."""

import os
import pickle
import stat
from pathlib import Path

from bioner.errors import UserError
from bioner.grid.jobs import Job

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def make_own(folder: Path) -> None:
    """Make the folder in which jobs and results are handed over, writable by its user alone.

    Raises:
        UserError: it is there and belongs to another user.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid():
        raise UserError(f"{folder}: is a link or another user's; jobs are handed over in own ones")
    folder.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)


def keep_own() -> None:
    """Let no file that this process still makes be writable by others, whatever the user's umask.

    So that `read_result` takes what submitit writes at the end of a job.
    """
    os.umask(os.umask(_OTHERS) | _OTHERS)


def read_result(file: Path) -> Job:
    """Return what became of a job.

    Raises:
        UserError: others can have written the result, it is damaged, or the worker failed.
    """
    _check(file.parent, file.parent.lstat())
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb") as stream:
            _check(file, os.fstat(stream.fileno()))
            outcome, result = pickle.load(stream)
    except UserError:
        raise
    except Exception as error:  # unpickling raises what it likes
        raise UserError(f"{file}: no result of a job: {type(error).__name__}: {error}") from error
    if outcome == "success" and isinstance(result, Job):
        return result
    errors = [line for line in str(result).splitlines() if "Error: " in line]  # of a traceback
    raise UserError(errors[-1].partition("Error: ")[2] if errors else f"{file}: {outcome}")


def _check(place: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise UserError(f"{place}: belongs to another user, so the job's result is not read")
    if found.st_mode & _OTHERS:
        mode = stat.S_IMODE(found.st_mode)
        raise UserError(f"{place}: others can write it ({mode:o}), so the job's result is not read")
