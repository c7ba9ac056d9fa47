"""Landlock: deny every file, every TCP port, and signals and sockets to the outside. No rule allows any.

Source: Documentation/userspace-api/landlock.rst of the Linux kernel.
"""

from __future__ import annotations

import ctypes
import os
import sys

from grader.sandbox import kernel

CREATE_RULESET, RESTRICT_SELF = 444, 446  # the same on every architecture
CREATE_RULESET_VERSION = 1
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many bits an ABI knows; later ones know 16
TCP_RIGHTS = 0b11  # bind, connect; from ABI 4
SCOPES = 0b11  # abstract Unix sockets, signals; from ABI 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


def abi() -> int:
    """Return the version of Landlock that the kernel offers; 0 if none."""
    if sys.platform != "linux":
        return 0
    return max(0, kernel.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), CREATE_RULESET_VERSION))


def apply() -> None:
    """Deny this process and what it starts everything that the kernel's version can deny.

    Raises:
        OSError: the kernel refuses.
    """
    version = abi()
    ruleset = _Ruleset(files=(1 << FILE_RIGHTS.get(version, 16)) - 1)
    size = 8
    if version >= 4:
        ruleset.network, size = TCP_RIGHTS, 16
    if version >= 6:
        ruleset.scopes, size = SCOPES, 24
    made = kernel.syscall(CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), 0)
    descriptor = kernel.check(made, "landlock_create_ruleset")
    try:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.check(kernel.syscall(RESTRICT_SELF, descriptor, 0), "landlock_restrict_self")
    finally:
        os.close(descriptor)
