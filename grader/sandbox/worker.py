"""What a check sees of a worker: how it is asked, what it answers, what may go wrong.

Whoever asks student code depends on this module alone. ``pool`` answers from confined processes; another
place may answer in its own way, as long as it does not put student code beside a solution or a key.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from grader.sandbox import ProtocolError as ProtocolError

if TYPE_CHECKING:  # which load NumPy
    from grader.sandbox.values import Value

Budget: TypeAlias = tuple[int, int]  # bytes of memory, seconds of processor time, for one worker
DEFAULT_BUDGET: Budget = (512 * 2**20, 60)
KILLED = -9  # exit code of a process that was killed; Windows has no name for the signal
SERVER_FILE = str(Path(__file__).with_name("server.py"))  # runs student code; warnings about that may name it
Substitute: TypeAlias = Callable[..., Any]
"""A function of the reference that stands in for the student's of that name during one call."""
KEPT_HALF = 32 * 1024  # bytes of output at its beginning, and as many at its end
SLOWDOWN = 10.0  # times its processor time that code may take on a busy machine; what is beyond that is idle


class Seconds(NamedTuple):
    """What a call or a file may take, or took: of processor time, and idle, while code sleeps or waits."""

    processor: float = 0.0
    idle: float = 0.0


@dataclass
class Patience:
    """How long code may sleep or wait: one for a submission, whose exercises use it up together."""

    # seconds that any call may be idle; ``SLOWDOWN`` times what it may compute, if that is more
    least: float = 30.0
    free: float = 1.0  # seconds of a call that are not counted: a machine has other things to do
    left: float = 60.0  # seconds for all calls together

    def limit(self, processor: float) -> Seconds:
        """Return the limit of a call that may take so many seconds of processor time."""
        return Seconds(processor, max(min(max(SLOWDOWN * processor, self.least), self.left), self.free))

    @contextmanager
    def bounding(self, worker: Worker, processor: float) -> Iterator[Seconds]:
        """Give the limit of a call of this worker; take off, afterwards, what it was idle."""
        try:
            yield self.limit(processor)
        finally:
            if worker.used.idle > self.free:
                self.left -= worker.used.idle


class WorkerBroken(Exception):
    """No worker could be had: the grader's fault or the machine's, never the student's."""


class NoProcess(WorkerBroken):
    """The system starts no more processes; the text names the limit."""


class ConfinementMissing(Exception):
    """This machine does not offer the confinement that was required; the text says what is missing."""


@dataclass(eq=False)
class TimeUp(Exception):
    """The worker did not answer within its limit."""

    idle: bool = False  # whether it slept or waited instead


@dataclass(eq=False)
class WorkerEnded(Exception):
    """The worker's process has gone."""

    status: int  # its exit code, negative for a signal


@dataclass(frozen=True)
class Raised:
    """An exception in the student's code; a frame is (line number, function, source line)."""

    type_name: str
    text: str
    frames: tuple[tuple[int, str, str], ...]
    kind: str = "error"


@dataclass(frozen=True)
class Answer:
    """What one call gave: a value, an exception, or a word on why there is neither."""

    value: Value = None
    changed: tuple[tuple[str, ...], ...] = ()  # where arrays lie among the arguments that the call changed
    raised: Raised | None = None
    not_written: bool = False  # the exception is the stub's own
    missing: str | None = None  # there is no such function; the type of what has its name instead, or nothing
    unsendable: str = ""  # why the value cannot cross
    # the question, as bytes that ask it again; empty if it is too long to be kept, as is ``said``
    asked: bytes = field(default=b"", repr=False, compare=False)
    said: bytes = field(default=b"", repr=False, compare=False)  # the answer, as it came


class HeadAndTail:
    """Keeps the first and the last bytes of what is printed, and counts all of them."""

    head, tail, count = b"", b"", 0

    def add(self, data: bytes) -> None:
        """Keep what was printed just now."""
        room = KEPT_HALF - len(self.head)
        self.head += data[:room]
        self.tail = (self.tail + data[room:])[-KEPT_HALF:]
        self.count += len(data)

    def text(self) -> str:
        """Return what is kept, with a word on what is not."""
        dropped = self.count - len(self.head) - len(self.tail)
        gap = f"\n… {dropped} bytes left out …\n".encode() if dropped else b""
        return (self.head + gap + self.tail).decode("utf-8", "replace")


class Worker(Protocol):
    """One check's place for student code: load once, call often, end."""

    layers: tuple[str, ...] = ()  # names of those that confine it; see ``grader.sandbox.LAYERS``
    listener: Callable[[str], None] | None = None
    """Is given the line printed last, again and again, while an answer is waited for."""
    stateless: bool = False
    """Whether, by its own word, nothing that was loaded last keeps anything from one call to the next."""
    used: Seconds = Seconds()  # by the latest call or load, also if it gave no answer
    _kept: HeadAndTail  # of what was printed
    _kept_first: HeadAndTail  # the same when the student's source had been loaded

    def load(self, name: str, filename: str, source: bytes, seconds: float | Seconds) -> tuple[Raised, ...]:
        """Run the student's source as module ``name``; return what was left out of it, or stopped it.

        A statement that fails is left out, and what is defined by the others can be called. The ``kind`` of
        each says more: ``syntax`` (there is no module), ``line`` (a notebook's), ``import`` (of what is not
        there), ``error``; and last, if the file was not run to its end, ``exit`` or ``end``.

        Args:
            seconds: limit of the whole file: of processor time, or both.

        Raises:
            TimeUp, WorkerEnded, ProtocolError: it took too long, ended its process, or broke the protocol.
        """

    def call(
        self,
        function: str,
        arguments: tuple[Any, ...],
        seconds: float | Seconds,
        substitutes: Mapping[str, Substitute] | None = None,
        before: Answer | None = None,
    ) -> Answer:
        """Call one of the student's functions with copies of the arguments.

        Args:
            seconds: limit of the whole call: of processor time, or both.
            substitutes: functions of the student's module that the grader answers during this call.
            before: what was answered to the same question; it is returned itself if the answer is the same,
                and what is printed is thrown away.

        Raises:
            TimeUp, WorkerEnded, ProtocolError: it took too long, ended its process, or broke the protocol.
            Unsendable: the arguments are too large.
        """

    def output(self) -> str:
        """Return what the student's code printed: up to 64 KiB, head and tail."""
        return self._kept.text()

    def forget_output(self) -> None:
        """Forget what was printed since the student's source was loaded: another check begins."""
        self._kept = copy.copy(self._kept_first)

    def end(self, wait: bool = True) -> int:
        """End the worker and all it started; return its exit code, negative for a signal.

        Args:
            wait: until it has gone; else that is not known, and it is as if it had been killed.
        """


class Pool(Protocol):
    """Gives out one clean worker after another."""

    def open(self, budget: Budget = DEFAULT_BUDGET) -> Worker:
        """Return a worker that no student code has touched.

        Args:
            budget: bytes of memory and seconds of processor time that it may use.

        Raises:
            WorkerBroken: it could not be started.
        """
