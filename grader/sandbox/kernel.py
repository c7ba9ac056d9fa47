"""The few system calls that Python has no function for, and the account a worker runs under."""

from __future__ import annotations

import ctypes
import os
import sys

NOBODY = 65534
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
SIGKILL = 9


def check(result: int, what: str) -> int:
    """Return a system call's result; errno counts only if that is negative, since it is never cleared.

    Raises:
        OSError: the call failed.
    """
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what} failed")
    return result


def syscall(number: int, *arguments: object) -> int:
    """Make a system call by its number."""
    return int(_libc().syscall(ctypes.c_long(number), *arguments))


def prctl(option: int, value: int) -> None:
    """Set an option of this process.

    Raises:
        OSError: the kernel refuses.
    """
    zero = ctypes.c_ulong(0)
    check(_libc().prctl(option, ctypes.c_ulong(value), zero, zero, zero), f"prctl({option})")


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, also if it has ended already."""
    prctl(PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def hide_from_others() -> None:
    """Close this process's memory and /proc entries to other processes of its account."""
    if sys.platform == "linux":
        prctl(PR_SET_DUMPABLE, 0)


def give_up_privileges() -> bool:
    """Leave root for an account that owns nothing, for good; True if no privileges are left.

    An ordinary account is kept: it could not be changed, and the other layers guard its files.
    """
    if os.name != "posix":
        return False
    if os.geteuid() == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        except (OSError, AttributeError):
            return False
    if sys.platform == "linux":
        prctl(PR_SET_NO_NEW_PRIVS, 1)
    return True


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
