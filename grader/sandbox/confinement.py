"""What keeps a worker from doing harm: layers that each refuse on their own, applied before student code.

`prepare` runs once in the warm process, `confine` in every worker. A layer that the machine does not offer
is left out and not claimed; a layer that fails half-way keeps the worker from starting.
"""

import contextlib
import ctypes
import errno
import functools
import json
import mmap
import os
import platform
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from grader.sandbox import LAYERS

with contextlib.suppress(ImportError):  # Windows has none; nothing below calls it there
    import resource

LIBRARY = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
NOBODY = 65534
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SIGKILL = 9


class Confinement(NamedTuple):
    """The layers that are ready to be applied to workers of this process, in the order of ``LAYERS``.

    What can be made before a worker is forked is made once: a worker only applies it.
    """

    layers: tuple[str, ...]
    mapped_bytes: int  # address space that the warm process uses, before any student code
    ruleset: int  # descriptor of Landlock's rules


def prepare(wanted: Iterable[str]) -> Confinement:
    """Find out which of the wanted layers this machine offers, and enter those that workers inherit.

    Afterwards the calling process may be another one than before: the first of its own namespaces.

    Raises:
        OSError: no process can be started.
    """
    mapped = 0  # where the system does not say
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm", encoding="ascii") as file:
        mapped = int(file.read().split()[0]) * mmap.PAGESIZE
    linux = sys.platform == "linux"
    offers: dict[str, Callable[[], object]] = {
        "account": _give_up_privileges,
        "namespaces": _enter_namespaces,
        "limits": lambda: os.name == "posix" and _works(lambda: _apply_limits(mapped + 2**30, 60)),
        "landlock": lambda: linux and _works(lambda: _apply_landlock(_landlock_rules())),
        "seccomp": available,
    }
    wanted = set(wanted)
    ready = tuple(layer for layer in LAYERS if layer in wanted and offers[layer]())
    if ready:
        hide_from_others()
    if "seccomp" in ready:
        _compiled_filter()
    return Confinement(ready, mapped, _landlock_rules() if "landlock" in ready else -1)


def tell_layers(descriptor: int, wanted: Sequence[str]) -> None:
    """Say which of the wanted layers this machine offers, as JSON; none where it starts no process."""
    layers: tuple[str, ...] = ()
    with contextlib.suppress(OSError):
        layers = prepare(wanted).layers
    os.write(descriptor, json.dumps(layers).encode())


def confine(confinement: Confinement, parent: int, memory_bytes: int, cpu_seconds: int) -> None:
    """Confine the calling process and everything it will start; nothing is given back.

    Args:
        parent: process id of the warm process; a worker whose parent has gone ends at once.
        memory_bytes: on top of what the warm process maps already.
        cpu_seconds: of processor time.

    Raises:
        OSError: a layer that was ready cannot be applied.
    """
    layers = confinement.layers
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, SIGKILL)
        if os.getppid() != parent:  # it ended before the kernel was asked
            os._exit(0)
    if "landlock" in layers:
        _apply_landlock(confinement.ruleset)
    if "limits" in layers:
        _apply_limits(confinement.mapped_bytes + memory_bytes, cpu_seconds)
    if "seccomp" in layers:
        apply_code(_compiled_filter())


# --- system calls that Python has no function for, and the account a worker runs under ----------------


def hide_from_others() -> None:
    """Close this process's memory and /proc entries to other processes of its account."""
    if sys.platform == "linux":
        _prctl(PR_SET_DUMPABLE, 0)


def _call(what: str, function: str, *arguments: object) -> int:
    """Call a function of the C library; OSError if its result is negative: errno alone is never cleared."""
    result = int(getattr(LIBRARY, function)(*arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what} failed")
    return result


def _prctl(option: int, value: int, pointer: object = None) -> None:
    """Set an option of this process; raises OSError if the kernel refuses."""
    zero = ctypes.c_ulong(0)
    third = zero if pointer is None else pointer
    _call(f"prctl({option})", "prctl", option, ctypes.c_ulong(value), third, zero, zero)


def _works(function: Callable[[], object]) -> bool:
    """Whether a function raises nothing in a throw-away child; OSError if no child can be made."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            function()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def _give_up_privileges() -> bool:
    """Leave root for an account that owns nothing, for good; True if no privileges are left."""
    if os.name != "posix":
        return False
    if os.geteuid() == 0:  # an ordinary account could not be changed; the other layers guard its files
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        except (OSError, AttributeError):
            return False
    if sys.platform == "linux":
        _prctl(PR_SET_NO_NEW_PRIVS, 1)
    return True


# --- namespaces: no network, no other processes in sight, all ended with the first --------------------
# Source: user_namespaces(7) and pid_namespaces(7) of the Linux manual.

NEW_USER, NEW_PID, NEW_NET, NEW_IPC, NEW_UTS = 0x10000000, 0x20000000, 0x40000000, 0x08000000, 0x04000000
NAMESPACES = NEW_USER | NEW_PID | NEW_NET | NEW_IPC | NEW_UTS
CAPABILITY_VERSION = 0x20080522


def _enter_namespaces() -> bool:
    """Enter all of them, or none: a half-made set is worse than none, so a throw-away child tries first.

    On success the caller goes on in a new process, the first of its pid namespace; the old one only waits.
    """
    if sys.platform != "linux":
        return False

    def try_it() -> None:
        _unshare()
        if os.fork() == 0:  # the first fork is what fails where the kernel only pretends
            os._exit(0)
        os.wait()

    if not _works(try_it):
        return False
    _unshare()
    inner = os.fork()
    if inner:  # end as the inner process ends
        try:
            os.waitpid(inner, 0)
        finally:
            os._exit(0)
    _prctl(PR_SET_PDEATHSIG, SIGKILL)
    # The maker of a user namespace is all-powerful inside it; nobody here needs to be.
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    nothing = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, each in two words
    _call("capset", "capset", ctypes.byref(header), ctypes.byref(nothing))
    return True


def _unshare() -> None:
    user, group = os.geteuid(), os.getegid()
    _prctl(PR_SET_DUMPABLE, 1)  # else /proc/self belongs to root after a change of account
    _call("unshare", "unshare", NAMESPACES)
    maps = {"setgroups": "deny", "uid_map": f"{user} {user} 1", "gid_map": f"{group} {group} 1"}
    for name, text in maps.items():
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


# --- limits: memory, processor time, and nothing at all of files, processes and locked memory ---------

DESCRIPTORS = 16  # four are open; a few more let a search for a module fail in an orderly way
STACK_BYTES = 8 * 1024 * 1024


def _apply_limits(address_space_bytes: int, cpu_seconds: int) -> None:
    """Limit this process and what it starts: all it may map, and processor time until SIGXCPU.

    A fixed small number of bytes would break where NumPy itself maps more. SIGKILL comes a second later.
    """
    nothing = dict.fromkeys(("CORE", "FSIZE", "NPROC", "MEMLOCK", "MSGQUEUE", "NICE", "RTPRIO"), 0)
    sizes = {"AS": address_space_bytes, "STACK": STACK_BYTES, "NOFILE": DESCRIPTORS}
    for name, soft in {"CPU": cpu_seconds, **sizes, **nothing}.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is None:  # not every system has every limit
            continue
        hard = soft + 1 if name == "CPU" else soft
        _, ceiling = resource.getrlimit(number)
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(number, (soft, hard))


# --- Landlock: deny every file, every TCP port, and signals and sockets to the outside ----------------
# No rule allows any. Source: Documentation/userspace-api/landlock.rst of the Linux kernel.

CREATE_RULESET = ("landlock_create_ruleset", "syscall", ctypes.c_long(444))  # the same on every architecture
RESTRICT_SELF = ("landlock_restrict_self", "syscall", ctypes.c_long(446))
CREATE_RULESET_VERSION = 1
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many bits an ABI knows; later ones know 16
TCP_RIGHTS = 0b11  # bind, connect; from ABI 4
SCOPES = 0b11  # abstract Unix sockets, signals; from ABI 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


def _landlock_rules() -> int:
    """Return a descriptor of the rules that deny all that the kernel's version can deny, or raise OSError."""
    version = _call(*CREATE_RULESET, None, ctypes.c_size_t(0), CREATE_RULESET_VERSION)
    ruleset = _Ruleset(files=(1 << FILE_RIGHTS.get(version, 16)) - 1)
    size = 8
    if version >= 4:
        ruleset.network, size = TCP_RIGHTS, 16
    if version >= 6:
        ruleset.scopes, size = SCOPES, 24
    return _call(*CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), 0)


def _apply_landlock(ruleset: int) -> None:
    """Hold this process and what it starts to these rules."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _call(*RESTRICT_SELF, ruleset, 0)


# --- seccomp: the system calls that NumPy needs once it is loaded, and no others ----------------------
# No file is opened, no process or socket made, no memory made executable. A refused call gives EPERM, which
# Python shows as PermissionError; calls newer than this table give ENOSYS, so that the C library falls back
# to older ones. Changing the working directory is answered with success and does nothing: beginners do it,
# and there is no directory to change to.
# Source: seccomp(2) and bpf(2) of the Linux manual; numbers from the kernel's unistd.h.

MODE_FILTER = 2
KILL_PROCESS, ALLOW, ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
REFUSE, UNKNOWN, PRETEND = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS, ERRNO | 0
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT = 0, 4
LOW_HALF_AT = (16, 24, 32)  # of an argument: both machines are little-endian
FIRST_UNKNOWN = 424  # from here on, numbers are the same everywhere and newer than the C libraries we meet
X32_BIT = 0x40000000
ANY_PID = 0xFFFF5A5A  # above all numbers of processes; stands in a compiled filter for the worker's own
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
BY_ARGUMENTS = {  # allowed with some arguments only
    "kill": (62, 129), "tgkill": (234, 131), "mmap": (9, 222), "mprotect": (10, 226), "ioctl": (16, 29),
    "fcntl": (72, 25), "prlimit64": (302, 261),
}  # fmt: skip

Instruction = tuple[int, int, int, int]  # operation, jump if true, jump if false, operand
ALLOW_OR_REFUSE: list[Instruction] = [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
REFUSE_OR_ALLOW = ALLOW_OR_REFUSE[::-1]


def available() -> bool:
    """Whether the kernel filters, and the tables know the machine.

    A child tries it: some kernels offer filters in /proc and refuse them, or accept them and do nothing.
    """
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        return False

    def try_it() -> None:
        apply_code(_compiled_filter())
        with contextlib.suppress(PermissionError):  # unfiltered it would be a FileExistsError
            os.mkdir("/")

    return _works(try_it)


@functools.cache
def _compiled_filter() -> bytes:
    instructions = filter_program(platform.machine(), ANY_PID)
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)


def apply_code(code: bytes) -> None:
    """Put a filter of system calls on this process and what it starts; raises OSError if it is refused."""
    code = code.replace(struct.pack("=I", ANY_PID), struct.pack("=I", os.getpid()))
    buffer = ctypes.create_string_buffer(code, len(code))
    filter_ = _Filter(len(code) // 8, ctypes.addressof(buffer))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(filter_))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def filter_program(machine: str, pid: int) -> list[Instruction]:
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
    # on oneself (pid 0) with no new limit (a null pointer, both halves)
    low = LOW_HALF_AT[2]
    own_limits_asked = [
        *((LOAD, 0, 0, LOW_HALF_AT[0]), (EQUAL, 0, 5, 0), (LOAD, 0, 0, low), (EQUAL, 0, 3, 0)),
        *((LOAD, 0, 0, low + 4), (EQUAL, 0, 1, 0), *ALLOW_OR_REFUSE),
    ]
    not_executable = [(LOAD, 0, 0, low), (ANY_BIT, 0, 1, PROT_EXEC), *REFUSE_OR_ALLOW]
    bodies: dict[tuple[int | None, int | None], list[Instruction]] = {
        **{numbers: [(RETURN, 0, 0, ALLOW)] for numbers in ALLOWED.values()},
        **{numbers: [(RETURN, 0, 0, PRETEND)] for numbers in PRETENDED.values()},
        BY_ARGUMENTS["kill"]: _if_argument_is(0, pid),
        BY_ARGUMENTS["tgkill"]: _if_argument_is(0, pid),
        BY_ARGUMENTS["mmap"]: not_executable,
        BY_ARGUMENTS["mprotect"]: not_executable,
        BY_ARGUMENTS["ioctl"]: _if_argument_is(1, *TERMINAL_QUESTIONS),
        BY_ARGUMENTS["fcntl"]: _if_argument_is(1, *DESCRIPTOR_QUESTIONS),
        BY_ARGUMENTS["prlimit64"]: own_limits_asked,
    }
    for numbers, body in bodies.items():  # each body returns
        if numbers[column] is not None:
            code += [(EQUAL, 0, len(body), numbers[column] or 0), *body]
    return [*code, (AT_LEAST, 0, 1, FIRST_UNKNOWN), (RETURN, 0, 0, UNKNOWN), (RETURN, 0, 0, REFUSE)]


def _if_argument_is(index: int, *values: int) -> list[Instruction]:
    """Allow if an int argument has one of these values."""
    last = len(values) - 1
    tests = [(EQUAL, last - number, int(number == last), value) for number, value in enumerate(values)]
    return [(LOAD, 0, 0, LOW_HALF_AT[index]), *tests, *ALLOW_OR_REFUSE]
