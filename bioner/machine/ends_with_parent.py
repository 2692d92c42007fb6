"""Becomes another program that ends with the process that started it, however that one ends.

Run as a file, before anything of bioner is imported, with the program and its arguments.
A launcher that is killed by SIGKILL can't stop its jobs; Linux can (PR_SET_PDEATHSIG).
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h

if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # Neither ignored, as behind a shell's `&`, nor blocked, as in Ray's workers.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT, signal.SIGTERM])
    os.execv(sys.argv[1], sys.argv[1:])
