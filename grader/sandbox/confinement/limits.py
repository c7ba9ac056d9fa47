"""Resource limits: memory, processor time, and nothing at all of files, processes and locked memory."""

from __future__ import annotations

import contextlib
import mmap

with contextlib.suppress(ImportError):  # Windows has none; nothing below is called there
    import resource

DESCRIPTORS = 16  # four are open; a few more let a search for a module fail in an orderly way
STACK_BYTES = 8 * 1024 * 1024


def mapped_bytes() -> int:
    """Return how much address space this process uses; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * mmap.PAGESIZE
    except (OSError, ValueError):
        return 0


def apply(address_space_bytes: int, cpu_seconds: int) -> None:
    """Limit this process and what it starts.

    Args:
        address_space_bytes: all it may map; a fixed small number would break where NumPy itself maps more.
        cpu_seconds: processor time, then SIGXCPU; a second later SIGKILL.

    Raises:
        OSError, ValueError: a limit cannot be set.
    """
    _limit("RLIMIT_CPU", cpu_seconds, cpu_seconds + 1)
    _limit("RLIMIT_AS", address_space_bytes)
    _limit("RLIMIT_STACK", STACK_BYTES)
    _limit("RLIMIT_NOFILE", DESCRIPTORS)
    for name in ("CORE", "FSIZE", "NPROC", "MEMLOCK", "MSGQUEUE", "NICE", "RTPRIO"):
        _limit(f"RLIMIT_{name}", 0)


def _limit(name: str, soft: int, hard: int | None = None) -> None:
    number = getattr(resource, name, None)
    if number is None:  # not every system has every limit
        return
    _, ceiling = resource.getrlimit(number)
    hard = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(number, (soft, hard))
