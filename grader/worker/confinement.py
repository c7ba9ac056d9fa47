"""The seam where a worker is confined: called once in each worker, before any student code is loaded.

So far it keeps a worker from outliving the grader and from leaving core files; it confines nothing else.
"""

from __future__ import annotations

import os
import sys

PR_SET_PDEATHSIG = 1
SIGKILL = 9


def confine(parent: int) -> None:
    """Confine the calling process and everything it will start.

    Args:
        parent: process id of the warm process; a worker whose parent has gone ends at once.
    """
    if os.name != "posix":
        return
    _no_core_files()
    if sys.platform == "linux":
        _die_with_parent(parent)


def _no_core_files() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _die_with_parent(parent: int) -> None:
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        os._exit(0)
