"""A pool whose workers live in this very interpreter: in a browser it is itself the place that confines.

Student code then shares the interpreter with the checks, which is for practice only: what counts is graded
elsewhere. Whoever uses it ends the interpreter after each check, and when a call takes too long.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from grader.sandbox import ProtocolError, protocol
from grader.sandbox.pool import HeadAndTail, ask_substitute, read_answer, read_fault
from grader.sandbox.server import WorkerServer
from grader.sandbox.worker import (
    DEFAULT_BUDGET,
    Answer,
    Budget,
    Limit,
    Pool,
    Raised,
    Substitute,
    Used,
    Worker,
)


class _Server(WorkerServer):
    """Answers as in a process of its own, by the same frames; what it says is taken at once."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO())
        self.substitutes: Mapping[str, Substitute] = {}
        self.said: tuple[list[Any], memoryview] = ([""], memoryview(b""))
        self._reply = b""

    def send(self, message: list[Any], body: bytes = b"") -> None:
        parts = protocol.unpack(protocol.pack(message, body))
        if message[0] == "ask":
            self._reply = ask_substitute(*parts, self.substitutes, True)
        else:
            self.said = parts

    def _receive(self) -> bytes:
        return self._reply

    def load_source(self, name: str, filename: str, source: bytes) -> list[Any]:
        """Run the student's source; return what was left out of it."""
        return self._load(name, filename, source)

    def call(self, function: str, tree: Any, names: list[str], body: bytes) -> None:
        """Call a function; what comes of it is in ``said``."""
        try:
            request, arrays = protocol.unpack(protocol.pack(["call", function, tree, names], body))
            self.send(*self._call(request, arrays))
        except protocol.Unsendable as error:
            self.send(["unsendable", str(error)])


class InPlaceWorker(Worker):
    """One check's place for student code, in this interpreter."""

    def __init__(self) -> None:
        self.layers = ("browser",)
        self.listener = None
        self.used = Used()
        self._server = _Server()
        self._kept, self._before_calls, self._muted = HeadAndTail(), b"", False
        self._modules = set(sys.modules)

    def load(self, name: str, filename: str, source: bytes, seconds: float | Limit) -> tuple[Raised, ...]:
        with self._running():
            faults = self._server.load_source(name, filename, source)
        self._before_calls = bytes(self._kept.kept)
        return tuple(map(read_fault, faults))

    def call(
        self,
        function: str,
        arguments: tuple[Any, ...],
        seconds: float | Limit,
        substitutes: Mapping[str, Substitute] | None = None,
    ) -> Answer:
        self._server.substitutes = substitutes or {}
        arrays: list[bytes] = []
        tree = protocol.encode(arguments, arrays)
        with self._running():
            self._server.call(function, tree, list(self._server.substitutes), b"".join(arrays))
        return read_answer(*self._server.said)

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        """Keep what is printed, and how long it took."""
        printed, began = io.StringIO(), time.process_time()
        try:
            with (
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(printed),
                warnings.catch_warnings(),
            ):
                yield
        except (ValueError, TypeError, KeyError) as error:
            raise ProtocolError(str(error)) from None
        finally:
            self.used = Used(time.process_time() - began)
            if not self._muted:
                self._kept.add(printed.getvalue().encode("utf-8", "backslashreplace"))

    def output(self) -> str:
        return self._kept.text()

    def forget_output(self) -> None:
        self._kept = HeadAndTail()
        self._kept.add(self._before_calls)

    @contextlib.contextmanager
    def muted(self) -> Iterator[None]:
        self._muted = True
        try:
            yield
        finally:
            self._muted = False

    def end(self) -> int:
        for name in set(sys.modules) - self._modules:  # the student's own, and no part of a library
            if "/" not in (getattr(sys.modules[name], "__file__", None) or "/"):
                del sys.modules[name]
        return 0

    def dismiss(self) -> None:
        self.end()


class InPlacePool(Pool):
    """Gives out workers in this interpreter, one after the other."""

    def open(self, budget: Budget = DEFAULT_BUDGET) -> InPlaceWorker:
        return InPlaceWorker()
