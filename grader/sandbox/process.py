"""Starts and ends the processes of workers; imports no NumPy, so that one can be started early."""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.sandbox import LAYERS, REQUIRED, THREADS
from grader.sandbox.worker import KILLED, Budget, ConfinementMissing, NoProcess, WorkerBroken

START_SECONDS = 60.0  # for a worker to come up: generous, since only a broken machine ever needs it
CAN_FORK = hasattr(os, "fork") and hasattr(socket, "send_fds")  # workers, from a warm process


def no_process(number: int = errno.EAGAIN) -> NoProcess:
    """Return what to say where the system, with this errno, starts no more processes."""
    return NoProcess(
        f"this machine lets no further process start ({os.strerror(number)}); see `ulimit -u`, or the "
        "container's limit on processes; end others, or raise it"
    )


GIVEN: list[Zygote] = []
"""The warm process that this process was given at its start, with all layers; the first pool takes it."""


def start_early(layers: tuple[str, ...] = LAYERS) -> Zygote | None:
    """Start a confined warm process for ``open_pool``, early, to load NumPy; None where it cannot fork."""
    if GIVEN and layers == LAYERS:
        return GIVEN.pop()
    return Zygote(layers) if CAN_FORK else None


def exec_clean(program: str, sockets: Sequence[socket.socket], **more: Any) -> subprocess.Popen[bytes]:
    """Start Python by exec in a clean environment, from which NumPy and the grader can be imported.

    Args:
        program: has ``sockets``, descriptors of these, which are none on Windows, and ``folders``, which were
            lent to its ``sys.path``.

    Raises:
        NoProcess: the system starts no more of them.
    """
    numpy = importlib.util.find_spec("numpy")
    if numpy is None or numpy.origin is None:
        raise WorkerBroken("NumPy is not installed beside the grader")
    descriptors = [each.fileno() for each in sockets] if os.name == "posix" else []
    folders = [str(Path(__file__).parents[2]), str(Path(numpy.origin).parents[1])]
    lent = f"sockets, folders = {descriptors!r}, {folders!r}; sys.path += folders"
    start = f"import gc, sys; gc.disable(); {lent}; from grader import sandbox; sandbox.forgo_openssl()"
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}  # Windows needs it
    settings = {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
    try:
        return subprocess.Popen(
            [sys.executable, *["-B"] * sys.dont_write_bytecode, "-PsS", "-c", f"{start}; {program}"],
            env={**settings, **dict.fromkeys(THREADS, "1"), **kept},
            cwd=os.path.abspath(os.sep),
            pass_fds=descriptors,
            **more,
        )
    except OSError as error:
        raise no_process(error.errno or errno.EAGAIN) from None


def require_confinement(layers: Sequence[str] | None = None) -> None:
    """Raise ConfinementMissing if a required layer is not among these, or those of this machine."""
    if layers is None:
        layers = ()
        if CAN_FORK:  # a process of its own, which holds no NumPy, tries
            near, far = socket.socketpair()
            near.settimeout(START_SECONDS)
            process = Spawned("layers", [far], LAYERS)
            far.close()
            try:
                layers = json.loads(near.recv(4096))
            except (OSError, ValueError) as error:
                raise WorkerBroken(f"the process that confines itself does not answer: {error}") from None
            finally:
                near.close()
                process.end()
    if missing := [layer for layer in REQUIRED if layer not in layers]:
        raise ConfinementMissing(
            f"this machine cannot confine student code as required: {', '.join(missing)} missing; "
            "`grader doctor` says what that means, --confinement best goes on without"
        )


class Zygote:
    """The warm process, and the socket it takes orders on.

    Args:
        control: to one that runs already, and ends when this is closed; None starts one by exec.
    """

    def __init__(self, layers: tuple[str, ...] = LAYERS, control: socket.socket | None = None) -> None:
        self.layers = layers
        self._process: Spawned | None = None
        if control is None:
            control, far = socket.socketpair()
            self._process = Spawned("zygote", [far], layers)
            far.close()
        self._control = control
        self._control.settimeout(START_SECONDS)

    def spawn(self, budget: Budget, sockets: Sequence[socket.socket]) -> Forked:
        """Ask for a worker, and do not wait for it: it says that it is ready, or hangs up if it cannot be."""
        with contextlib.suppress(OSError):  # this process has gone, and nobody holds the other ends now
            data = json.dumps(["spawn", *budget]).encode()
            socket.send_fds(self._control, [data], [each.fileno() for each in sockets])
        return Forked(self._control)

    def close(self) -> None:
        """End the process; the workers it forked end with it."""
        self._control.close()
        if self._process:
            self._process.end()


@dataclass
class Forked:
    """A worker that the warm process forked: that one ends it, too, since only a parent can do so safely."""

    control: socket.socket
    number: int | None = None  # once it is ready

    def end(self, wait: bool = True) -> int:
        """Kill it and all of its group; return its exit code, negative for a signal, if that is awaited."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            if self.number is not None:  # else it never came up, and hears of its end by its channel
                self.control.sendall(json.dumps(["end" if wait else "dismiss", self.number]).encode())
                _, status = json.loads(self.control.recv(4096))
                return int(status) if wait else KILLED
        return KILLED


class Spawned:
    """Our program, started by exec: a zygote, a worker on platforms without fork, or what tells the layers.

    It has an empty stdin and these sockets.
    """

    def __init__(
        self, mode: str, sockets: Sequence[socket.socket], layers: tuple[str, ...], budget: Sequence[int] = ()
    ) -> None:
        self.number: int | None = None  # that it has of itself, once it is ready
        posix = os.name == "posix"
        program = f"server.main({mode!r}, sockets, folders, {list(layers)!r}, {list(budget)!r})"
        if mode == "layers":
            program = f"confinement.tell_layers(sockets[0], {list(layers)!r})"
        self._process = process = exec_clean(
            f"from grader.sandbox import {program.partition('.')[0]}; {program}",
            sockets,
            stdin=subprocess.DEVNULL if posix else subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=posix,
        )
        if process.stdin is not None:  # Windows
            for each in sockets:
                process.stdin.write(repr(each.share(process.pid)).encode() + b"\n")  # type: ignore[attr-defined]
            process.stdin.close()

    def end(self, wait: bool = True) -> int:
        """Kill it and all of its group, and wait for it; return its exit code, negative for a signal."""
        if self._process.returncode is not None:  # its number may be another's by now
            return self._process.returncode
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        return self._process.wait()
