"""Starts and ends the processes of workers; imports no NumPy, so that one can be started early."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from grader.sandbox import LAYERS
from grader.sandbox.worker import KILLED, Budget, WorkerBroken

START_SECONDS = 60.0  # for a worker to come up: generous, since only a broken machine ever needs it


def can_fork() -> bool:
    """Whether workers can be forked from a warm process on this platform."""
    return hasattr(os, "fork") and hasattr(socket, "send_fds")


def layers_of(confinement: str) -> tuple[str, ...]:
    """Return the layers that ``required``, ``best`` or ``none`` asks for."""
    return () if confinement == "none" else LAYERS


def start_early(confinement: str = "best") -> Zygote | None:
    """Start a warm process for :func:`grader.sandbox.pool.open_pool`; it loads NumPy meanwhile.

    Returns:
        None where workers cannot be forked.
    """
    return Zygote(layers_of(confinement)) if can_fork() else None


class Zygote:
    """The warm process, started by exec, and the socket it takes orders on."""

    def __init__(self, layers: tuple[str, ...] = LAYERS) -> None:
        self.layers = layers
        self._unread: Forked | None = None
        self.control, far = socket.socketpair()
        self.control.settimeout(START_SECONDS)
        self.process = _exec_server("zygote", [far], layers, [])
        far.close()

    def ask(self, request: list[Any], sockets: tuple[socket.socket, ...] = ()) -> int:
        """Send one request, with sockets to hand over, and return the number it is answered with.

        Raises:
            OSError, ValueError: the process has gone, hangs, or answers nonsense.
        """
        self._send(request, sockets)
        return self._receive()

    def spawn(self, budget: Budget, sockets: tuple[socket.socket, ...]) -> Forked:
        """Ask for a worker, and do not wait for the fork; its number is read when it is needed.

        Raises:
            OSError, ValueError: as :meth:`ask`, perhaps only when the number is read.
        """
        self._send(["spawn", *budget], sockets)
        self._unread = Forked(self)
        return self._unread

    def read_number(self) -> None:
        """Read the number of the worker that was asked for last, if it is still to come.

        Raises:
            OSError, ValueError: as :meth:`ask`.
        """
        if self._unread is not None:
            worker, self._unread = self._unread, None
            worker.number = self._receive()

    def _send(self, request: list[Any], sockets: tuple[socket.socket, ...]) -> None:
        self.read_number()  # one request at a time
        data = json.dumps(request).encode()
        if sockets:
            socket.send_fds(self.control, [data], [one.fileno() for one in sockets])
        else:
            self.control.sendall(data)

    def _receive(self) -> int:
        answer = json.loads(self.control.recv(4096))
        if not isinstance(answer, list) or len(answer) != 2 or type(answer[1]) is not int:
            raise ValueError("the zygote's answer is malformed")
        return int(answer[1])

    def close(self) -> None:
        """End the process; the workers it forked end with it."""
        self.control.close()
        _end(self.process)


class Process:
    """One worker's process, however it was started."""

    def end(self) -> int:
        """Kill it and all of its group; return its exit code, negative for a signal."""
        raise NotImplementedError

    def dismiss(self) -> None:
        """Kill it without asking how it ended, and without waiting where that can be helped."""
        self.end()


class Forked(Process):
    """A worker that the zygote forked: the zygote ends it, too, since only a parent can do that safely."""

    def __init__(self, zygote: Zygote) -> None:
        self.zygote = zygote
        self.number: int | None = None

    @property
    def pid(self) -> int:
        """The process id.

        Raises:
            OSError, ValueError: the zygote did not fork it.
        """
        if self.number is None:
            self.zygote.read_number()
        if self.number is None:
            raise ValueError("the zygote did not fork this worker")
        return self.number

    def end(self) -> int:
        try:
            return self.zygote.ask(["end", self.pid])
        except (OSError, ValueError):
            return KILLED

    def dismiss(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self.zygote.ask(["dismiss", self.pid])


class Spawned(Process):
    """A worker that was started by exec, for platforms without fork."""

    def __init__(
        self, layers: tuple[str, ...], sockets: tuple[socket.socket, socket.socket], budget: Budget
    ) -> None:
        self.process = _exec_server("worker", list(sockets), layers, list(budget))

    def end(self) -> int:
        return _end(self.process)


class Gone(Process):
    """A process that has been ended already."""

    def __init__(self, status: int) -> None:
        self.status = status

    def end(self) -> int:
        return self.status


def _exec_server(
    mode: str, sockets: list[socket.socket], layers: tuple[str, ...], budget: list[int]
) -> subprocess.Popen[bytes]:
    """Start the server program with a clean environment, an empty stdin and these sockets only."""
    posix = os.name == "posix"
    process = subprocess.Popen(
        _command(mode, [one.fileno() for one in sockets] if posix else [], list(layers), budget),
        env=_environment(),
        cwd=os.path.abspath(os.sep),
        stdin=subprocess.DEVNULL if posix else subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[one.fileno() for one in sockets] if posix else (),
        start_new_session=posix,
    )
    if not posix:
        assert process.stdin is not None
        for one in sockets:
            process.stdin.write(repr(one.share(process.pid)).encode() + b"\n")  # type: ignore[attr-defined]
        process.stdin.close()
    return process


def _command(mode: str, descriptors: list[int], layers: list[str], budget: list[int]) -> list[str]:
    """The server runs without site packages; NumPy's folder and ours are lent for the warm-up only."""
    spec = importlib.util.find_spec("numpy")
    if spec is None or spec.origin is None:
        raise WorkerBroken("NumPy is not installed beside the grader")
    borrowed = [str(Path(__file__).parents[2]), str(Path(spec.origin).parents[1])]
    program = (
        f"import sys; sys.path += {borrowed!r}; from grader.sandbox import server; "
        f"server.main({mode!r}, {descriptors!r}, {borrowed!r}, {layers!r}, {budget!r})"
    )
    return [sys.executable, "-P", "-s", "-S", "-B", "-c", program]


def _environment() -> dict[str, str]:
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}  # Windows needs it
    return {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", **threads, **kept}


def _end(process: subprocess.Popen[bytes]) -> int:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    return process.wait()
