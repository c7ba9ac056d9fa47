"""Reads from outside how much processor time a worker has used: its own word on that is not believed."""

import contextlib
import ctypes
import os
import socket
import struct
import sys
import time
from pathlib import Path

ASKS_FOR_SENDER = hasattr(socket, "SO_PASSCRED")  # the kernel says who sends, by the number that we know
CREDENTIALS = struct.Struct("iII")  # number of the process, account, group


def ask_for_sender(channel: socket.socket, wanted: bool = True) -> None:
    """Let the kernel say which process sends what arrives here; only Linux does."""
    if ASKS_FOR_SENDER:
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, wanted)


def read_sender(channel: socket.socket) -> int:
    """Return the number of the process that sent what waits here, whatever number it has of itself.

    It is 0 where the kernel does not say. OSError: nothing waits.
    """
    size = socket.CMSG_SPACE(CREDENTIALS.size)
    notes = channel.recvmsg(1, size, socket.MSG_PEEK)[1] if ASKS_FOR_SENDER else ()
    for level, kind, data in notes:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            return int(CREDENTIALS.unpack(data)[0])
    return 0


class ProcessorClock:
    """The processor time of a process, all its threads together, and of what it started.

    Where the system does not tell, it is the wall clock, by which code gets less on a busy machine.

    Args:
        number: of the process.
        alone: whether it cannot start others.
    """

    def __init__(self, number: int, *, alone: bool) -> None:
        self._number, self._alone = number, alone
        self._others = 0.0  # seconds of what it started, when it was last looked at
        self._read = _processor_seconds
        try:
            self._read(number)
        except (OSError, AttributeError, ValueError):
            self._read = lambda number: time.monotonic()

    def seconds(self, look: bool = False) -> float:
        """Return the seconds so far.

        Args:
            look: at other processes, too, which takes milliseconds; else as far as they are known.

        Raises:
            OSError: the process has gone.
        """
        if look and not self._alone:  # of the others in its session, and those that it has waited for
            ticks = 0
            for file in Path("/proc").glob("[0-9]*/stat"):
                with contextlib.suppress(OSError):
                    fields = file.read_bytes().rpartition(b")")[2].split()  # from the third, the state, on
                    if int(fields[3]) == self._number:
                        own = file.parent.name == str(self._number)
                        ticks += sum(map(int, fields[13 if own else 11 : 15]))
            if ticks:
                self._others = max(self._others, ticks / os.sysconf("SC_CLK_TCK"))
        return self._read(self._number) + self._others


def _processor_seconds(number: int) -> float:
    """Return the seconds of a process, or raise OSError where no system that we know tells them.

    Sources: clock_getcpuclockid(3), and the kernel's posix-timers.h for how the clock's number is made;
    libproc.h and resource.h of macOS: 16 bytes, then user and system time in ticks; GetProcessTimes in the
    reference of Windows: user and kernel time in units of 100 ns.
    """
    if sys.platform == "linux":
        return time.clock_gettime((~number << 3) | 2)
    if sys.platform == "darwin":
        library, usage, ticks = ctypes.CDLL(None), (ctypes.c_uint64 * 32)(), (ctypes.c_uint32 * 2)()
        if library.proc_pid_rusage(number, 0, ctypes.byref(usage)) or library.mach_timebase_info(ticks):
            raise OSError
        return float((usage[2] + usage[3]) * ticks[0] / ticks[1] / 1e9)
    if sys.platform == "win32":
        kernel, times = ctypes.windll.kernel32, [ctypes.c_uint64() for _ in range(4)]
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = ctypes.c_void_p(kernel.OpenProcess(0x1000, False, number))  # its limited information
        try:
            if not kernel.GetProcessTimes(handle, *map(ctypes.byref, times)):
                raise OSError
        finally:
            kernel.CloseHandle(handle)
        return (times[2].value + times[3].value) / 1e7
    raise OSError
