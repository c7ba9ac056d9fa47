"""Namespaces of the warm process's own: no network, no other processes in sight, all ended with the first.

Source: user_namespaces(7) and pid_namespaces(7) of the Linux manual.
"""

from __future__ import annotations

import ctypes
import os

from grader.sandbox import kernel

NEW_USER, NEW_PID, NEW_NET, NEW_IPC, NEW_UTS = 0x10000000, 0x20000000, 0x40000000, 0x08000000, 0x04000000
CAPABILITY_VERSION = 0x20080522
ALL = NEW_USER | NEW_PID | NEW_NET | NEW_IPC | NEW_UTS


def enter() -> bool:
    """Enter all of them, or none: a half-made set is worse than none, so a throw-away child tries first.

    On success the caller goes on in a new process, the first of its pid namespace; the old one only waits.
    """
    if not _child_can():
        return False
    _unshare()
    inner = os.fork()
    if inner:
        _wait_and_follow(inner)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, kernel.SIGKILL)
    _drop_capabilities()
    return True


def _child_can() -> bool:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _unshare()
            if os.fork() == 0:  # the first fork is what fails where the kernel only pretends
                os._exit(0)
            code = os.waitstatus_to_exitcode(os.wait()[1])
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _unshare() -> None:
    user, group = os.geteuid(), os.getegid()
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # else /proc/self belongs to root after a change of account
    libc = ctypes.CDLL(None, use_errno=True)
    kernel.check(libc.unshare(ALL), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _drop_capabilities() -> None:
    """The maker of a user namespace is all-powerful inside it; nobody here needs to be."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    nothing = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, each in two words
    libc = ctypes.CDLL(None, use_errno=True)
    kernel.check(libc.capset(ctypes.byref(header), ctypes.byref(nothing)), "capset")


def _wait_and_follow(inner: int) -> None:
    """End as the inner process ends."""
    try:
        os.waitpid(inner, 0)
    finally:
        os._exit(0)
