"""A process that ends with the one that started it, however that one ends.

Run as a file, before anything of bioner is imported, with a program and its arguments, it becomes
that program: a launcher that is killed by SIGKILL can't stop its jobs; Linux can
(PR_SET_PDEATHSIG).
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# Lightning starts the further processes of a run (DDP) with this one's variables.
_FIRST = "BIONER_FIRST_PROCESS"


def end_with_parent() -> None:
    """Have this process killed when its parent ends, on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def end_with_first() -> None:
    """Have the further processes of a run end with the first, which started them.

    They would wait half an hour for one that was killed before they met it. The first itself
    watches the others, by a thread of Lightning's.

    Raises:
        SystemExit: in a further process whose first has ended already.
    """
    if os.environ.get("LOCAL_RANK", "0") == "0":
        os.environ[_FIRST] = str(os.getpid())
        return
    end_with_parent()
    first = os.environ.get(_FIRST)
    if first is not None and first != str(os.getppid()):
        raise SystemExit("the first process of this run has ended")


if __name__ == "__main__":
    end_with_parent()
    # Neither ignored, as behind a shell's `&`, nor blocked, as in Ray's workers.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT, signal.SIGTERM])
    os.execv(sys.argv[1], sys.argv[1:])
