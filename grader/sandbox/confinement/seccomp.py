"""A seccomp filter: the system calls that NumPy needs once it is loaded, and no others.

No file is opened, no process or socket made, no memory made executable. A refused call gives EPERM, which
Python shows as PermissionError; calls newer than this table give ENOSYS, so that the C library falls back
to older ones. Changing the working directory is answered with success and does nothing: beginners do it,
and there is no directory to change to.

Source: seccomp(2) and bpf(2) of the Linux manual; numbers from the kernel's unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

from grader.sandbox import kernel

PR_SET_SECCOMP, MODE_FILTER = 22, 2
KILL_PROCESS, ALLOW, ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
REFUSE, UNKNOWN, PRETEND = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS, ERRNO | 0
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16
FIRST_UNKNOWN = 424  # from here on, numbers are the same everywhere and newer than the C libraries we meet
X32_BIT = 0x40000000
PROT_EXEC = 4
TERMINAL_QUESTIONS = (0x5401, 0x5413, 0x541B)  # TCGETS, TIOCGWINSZ, FIONREAD
DESCRIPTOR_QUESTIONS = (1, 3)  # F_GETFD, F_GETFL

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column below, AUDIT_ARCH
ALLOWED = {  # name: number on x86_64, on aarch64 (None: it has no such call)
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "poll": (7, None),
    "lseek": (8, 62), "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "readv": (19, 65), "writev": (20, 66),
    "select": (23, None), "sched_yield": (24, 124), "mremap": (25, 216), "madvise": (28, 233),
    "nanosleep": (35, 101), "getpid": (39, 172), "exit": (60, 93), "uname": (63, 160),
    "gettimeofday": (96, 169), "getrlimit": (97, 163), "getrusage": (98, 165), "sysinfo": (99, 179),
    "times": (100, 153), "getuid": (102, 174), "getgid": (104, 176), "geteuid": (107, 175),
    "getegid": (108, 177), "getppid": (110, 173), "getpgrp": (111, None), "sigaltstack": (131, 132),
    "gettid": (186, 178), "time": (201, None), "futex": (202, 98), "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115), "exit_group": (231, 94), "pselect6": (270, 72), "ppoll": (271, 73),
    "set_robust_list": (273, 99), "getrandom": (318, 278), "rseq": (334, 293),
    "close_range": (436, 436),
}  # fmt: skip
PRETENDED = {"chdir": (80, 49), "fchdir": (81, 50)}
KILL, TGKILL, MMAP, MPROTECT = (62, 129), (234, 131), (9, 222), (10, 226)
IOCTL, FCNTL, PRLIMIT64 = (16, 29), (72, 25), (302, 261)

Instruction = tuple[int, int, int, int]  # operation, jump if true, jump if false, operand


def available() -> bool:
    """Whether the kernel filters, and this table knows the machine."""
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        return False
    with open("/proc/self/status", encoding="utf-8", errors="replace") as file:
        return any(line.startswith("Seccomp:") for line in file)


def apply() -> None:
    """Put the filter on this process and what it starts.

    Raises:
        OSError: the kernel refuses.
    """
    code = b"".join(struct.pack("=HBBI", *one) for one in program(platform.machine(), os.getpid()))
    buffer = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    filter_ = Program(len(code) // 8, ctypes.addressof(buffer))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    libc = ctypes.CDLL(None, use_errno=True)
    kernel.check(libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(filter_), 0, 0), "seccomp")


def program(machine: str, pid: int) -> list[Instruction]:
    """Return the filter's instructions.

    Args:
        machine: a key of ``MACHINES``.
        pid: the only process that may be signalled.
    """
    column, architecture = MACHINES[machine]
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL_PROCESS),
        (LOAD, 0, 0, NUMBER_AT),
    ]
    if machine == "x86_64":
        code += [(AT_LEAST, 0, 1, X32_BIT), (RETURN, 0, 0, KILL_PROCESS)]
    for numbers in ALLOWED.values():
        code += _on(numbers[column], [(RETURN, 0, 0, ALLOW)])
    for numbers in PRETENDED.values():
        code += _on(numbers[column], [(RETURN, 0, 0, PRETEND)])
    for call in (KILL, TGKILL):
        code += _on(call[column], _argument_is(0, pid))
    for call in (MMAP, MPROTECT):
        code += _on(call[column], [(LOAD, 0, 0, _low(2)), (ANY_BIT, 0, 1, PROT_EXEC), *_end(REFUSE, ALLOW)])
    code += _on(IOCTL[column], _argument_is(1, *TERMINAL_QUESTIONS))
    code += _on(FCNTL[column], _argument_is(1, *DESCRIPTOR_QUESTIONS))
    code += _on(PRLIMIT64[column], _own_limits_only())
    return [*code, (AT_LEAST, 0, 1, FIRST_UNKNOWN), *_end(UNKNOWN, REFUSE)]


def _on(number: int | None, body: list[Instruction]) -> list[Instruction]:
    """Run a body, which returns, for one call; go on for others."""
    return [] if number is None else [(EQUAL, 0, len(body), number), *body]


def _end(if_true: int, if_false: int) -> list[Instruction]:
    return [(RETURN, 0, 0, if_true), (RETURN, 0, 0, if_false)]


def _argument_is(index: int, *values: int) -> list[Instruction]:
    """Allow if an int argument has one of these values."""
    tests = [(EQUAL, len(values) - number - 1, 1 if number == len(values) - 1 else 0, value)
             for number, value in enumerate(values)]  # fmt: skip
    return [(LOAD, 0, 0, _low(index)), *tests, *_end(ALLOW, REFUSE)]


def _own_limits_only() -> list[Instruction]:
    """Allow prlimit64 on oneself (pid 0) with no new limit (a null pointer, both halves)."""
    refused = [(LOAD, 0, 0, _low(0)), (EQUAL, 0, 5, 0), (LOAD, 0, 0, _low(2)), (EQUAL, 0, 3, 0)]
    return [*refused, (LOAD, 0, 0, _low(2) + 4), (EQUAL, 0, 1, 0), *_end(ALLOW, REFUSE)]


def _low(index: int) -> int:
    """Return where the low half of an argument lies: both machines are little-endian."""
    return ARGUMENTS_AT + 8 * index
