"""A pool whose workers live in this very interpreter: in a browser it is itself the place that confines.

Student code then shares the interpreter with the checks, which is for practice only: what counts is graded
elsewhere. Whoever uses it ends the interpreter after each check, and when a call takes too long.
"""

import contextlib
import copy
import io
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from grader.sandbox import REQUIRED, ProtocolError, protocol
from grader.sandbox.pool import ask_substitute, read_answer, read_fault
from grader.sandbox.server import WorkerServer
from grader.sandbox.worker import Answer, HeadAndTail, Raised, Seconds, Substitute, Worker


class _Printed(io.BytesIO):
    """Hands on what is printed as it comes: it may be more than there is room for."""

    def __init__(self, keep: Callable[[bytes], object]) -> None:
        super().__init__()
        self._keep = keep

    def write(self, data: Any) -> int:
        self._keep(bytes(data))
        return len(data)


class InPlaceWorker(WorkerServer, Worker):
    """One check's place for student code, in this interpreter.

    It is the program inside a worker, too, and what that says goes through the same frames as between
    processes, so that the same things can cross.
    """

    def __init__(self) -> None:
        super().__init__(io.BytesIO())
        # The frame around this interpreter has no account, no file and no network, and the page ends it.
        self.layers = REQUIRED
        self._kept = HeadAndTail()
        self._modules = dict(sys.modules)
        self._substitutes: Mapping[str, Substitute] = {}
        self._said: tuple[list[Any], memoryview] = ([""], memoryview(b""))
        self._reply = b""

    def send(self, message: list[Any], body: bytes = b"") -> None:
        parts = protocol.unpack(protocol.pack(message, body))
        if message[0] == "ask":
            self._reply = ask_substitute(*parts, self._substitutes, True)
        else:
            self._said = parts

    def _receive(self) -> bytes:
        return self._reply

    def load(self, name: str, filename: str, source: bytes, seconds: float | Seconds) -> tuple[Raised, ...]:
        with self._running():
            faults = self._load(name, filename, source)
        self._kept_first = copy.copy(self._kept)
        return tuple(map(read_fault, faults))

    def call(
        self,
        function: str,
        arguments: tuple[Any, ...],
        seconds: float | Seconds,
        substitutes: Mapping[str, Substitute] | None = None,
        before: Answer | None = None,
    ) -> Answer:
        self._substitutes = substitutes or {}
        tree, arrays = protocol.encode(arguments)
        request = ["call", function, tree, list(self._substitutes)]
        with self._running(muted=before is not None):
            try:
                self.send(*self._call(*protocol.unpack(protocol.pack(request, b"".join(arrays)))))
            except protocol.Unsendable as error:
                self.send(["unsendable", str(error)])
        return read_answer(*self._said)

    @contextlib.contextmanager
    def _running(self, *, muted: bool = False) -> Iterator[None]:
        """Keep what is printed, unless muted, and how long it took."""
        buffer = _Printed(len if muted else self._kept.add)
        printed, began = io.TextIOWrapper(buffer, "utf-8", "backslashreplace", "\n"), time.process_time()
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
            self.used = Seconds(time.process_time() - began)
            with contextlib.suppress(ValueError):  # the code has closed it
                printed.flush()

    def end(self, wait: bool = True) -> int:
        for name, module in [*sys.modules.items()]:  # the student's own, and no part of a library
            before, file = self._modules.get(name), getattr(module, "__file__", None) or "/"
            if module is not before and "/" not in file:
                del sys.modules[name]
                sys.modules |= {name: before} if before else {}
        return 0
