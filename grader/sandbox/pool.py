"""The trusted end of the channel: calls the student's functions in a worker, stops what runs too long."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import math
import selectors
import socket
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from grader.sandbox import LAYERS, process, protocol
from grader.sandbox.clock import ProcessorClock, ask_for_sender, read_sender
from grader.sandbox.values import walk_leaves
from grader.sandbox.worker import (
    DEFAULT_BUDGET,
    SLOWDOWN,
    Answer,
    Budget,
    HeadAndTail,
    NoProcess,
    Patience,
    Pool,
    Raised,
    Seconds,
    Substitute,
    TimeUp,
    Worker,
    WorkerBroken,
    WorkerEnded,
)

LISTEN_SECONDS = 0.2  # between two looks at what a running call has printed
LOOK_SECONDS = 1.0  # at most, between two looks at the time that it has used
RECEIVED_AT_ONCE = 64 * 1024  # bytes
MAX_KEPT = 32 * 1024  # bytes of a question and its answer that are kept to be asked again
MAX_ASKED_BYTES, MAX_ASKED_SIZE, MAX_ASKED_TIMES = 64 * 1024, 256, 512
"""What a substitute answers in one call: bytes of arrays, size of an axis or a number, questions."""
MAX_MADE_ENTRIES, MAX_LENT_BYTES = 2**21, 256 * 2**20
"""What it makes of them: entries of an array, bytes of all its answers to one worker."""
FAULTS = ("syntax", "line", "import", "error", "exit", "end")
MAX_FAULTS = 25  # that are heard of one file


# --- the pool -----------------------------------------------------------------------------------------


def open_pool(confinement: str = "best", zygote: process.Zygote | None = None) -> WorkerPool:
    """Return a pool of confined workers; use it as a context manager, or close it.

    Args:
        confinement: ``required`` refuses to run weaker, ``best`` takes what this machine offers, ``none``
            confines nothing.
        zygote: a warm process that :func:`grader.sandbox.process.start_early` started; it belongs to the
            pool from now on.

    Raises:
        ConfinementMissing: a required layer is missing here.
        WorkerBroken: a process could not be started; NoProcess if the system starts no more of them.
    """
    pool = WorkerPool(zygote, layers=() if confinement == "none" else LAYERS)
    if confinement != "required":
        return pool
    try:
        worker = pool._begin(DEFAULT_BUDGET)
        worker.wait_until_ready()
        worker.end()
        process.require_confinement(worker.layers)
    except BaseException:
        pool.close()
        raise
    return pool


class WorkerPool(Pool, contextlib.AbstractContextManager["WorkerPool"]):
    """Gives out one clean worker after another; the next one is made ready while the last one works.

    Args:
        zygote: a warm process that was started early; None starts one now.
        fork: whether to fork workers from it; without, every worker is an exec of its own.
        layers: of confinement, as far as this machine offers them.
        spare: whether to make the next worker ready.
    """

    def __init__(
        self,
        zygote: process.Zygote | None = None,
        *,
        fork: bool = process.CAN_FORK,
        layers: tuple[str, ...] = LAYERS,
        spare: bool = True,
    ) -> None:
        self._makes_spare = spare
        self._spare: tuple[Budget, ConfinedWorker] | None = None
        self._forks = fork
        self._layers = zygote.layers if zygote else layers
        self._zygote = zygote or (process.start_early(layers) if self._forks else None)

    def open(self, budget: Budget = DEFAULT_BUDGET) -> ConfinedWorker:
        worker = None
        if self._spare is not None:
            (meant_for, worker), self._spare = self._spare, None
            if not worker.is_well() or meant_for != budget:
                worker.end()
                worker = None
        if worker is None:
            worker = self._begin(budget)
            try:
                worker.wait_until_ready()
            except NoProcess:
                raise
            except WorkerBroken:  # a damaged zygote is replaced, once
                self.close()
                worker = self._begin(budget)
                worker.wait_until_ready()
        if self._makes_spare:
            self._spare = budget, self._begin(budget)
        return worker

    def _begin(self, budget: Budget) -> ConfinedWorker:
        """Start a worker, which is not ready yet."""
        channel, far_channel = socket.socketpair()
        output, far_output = socket.socketpair()
        ask_for_sender(channel)
        with far_channel, far_output, contextlib.ExitStack() as unused:
            unused.callback(channel.close)
            unused.callback(output.close)
            started: process.Forked | process.Spawned
            if self._forks:
                self._zygote = self._zygote or process.Zygote(self._layers)
                started = self._zygote.spawn(budget, (far_channel, far_output))
            else:
                started = process.Spawned("worker", (far_channel, far_output), self._layers, budget)
            unused.pop_all()
            return ConfinedWorker(started, channel, output)

    def close(self) -> None:
        """End the warm process; workers still open end with it."""
        if self._spare is not None:
            self._spare[1].end()
            self._spare = None
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None

    def __exit__(self, *_: object) -> None:
        self.close()


class ConfinedWorker(Worker):
    """One check's process: load once, call often, end."""

    def __init__(
        self, started: process.Forked | process.Spawned, channel: socket.socket, output: socket.socket
    ) -> None:
        self._process = started
        self._clock: ProcessorClock | None = None  # once it has come up
        self._processor_seconds = 0.0  # when the clock was last read
        self._status: int | None = None  # how it ended
        self._channel = channel
        self._output = output
        self._kept = HeadAndTail()
        self._selector = selectors.DefaultSelector()
        self._awaited = selectors.EVENT_READ
        self._muted = False
        self._lent_bytes = 0
        for each in (channel, output):
            each.setblocking(False)
            self._selector.register(each, selectors.EVENT_READ)

    def wait_until_ready(self) -> None:
        """Wait for the worker to say that it is confined and listening; raises WorkerBroken, or NoProcess."""
        timer = _Timer(self._read_clock, Seconds(math.inf, process.START_SECONDS))
        try:
            self._wait(timer, selectors.EVENT_READ)
            sender = read_sender(self._channel)
            ask_for_sender(self._channel, False)
            message, _ = protocol.unpack(self._receive(timer))
        except (TimeUp, WorkerEnded, OSError, protocol.ProtocolError) as error:
            self.end()
            raise WorkerBroken(f"a worker did not start: {self.output()[-500:] or error}") from error
        match message:
            case ["ready", list() as layers, int() as number]:
                self.layers, self._process.number = tuple(layers), number
                self._clock = ProcessorClock(sender or number, alone="seccomp" in layers)
            case ["refused", int() as number]:
                self.end()
                raise process.no_process(number)
            case _:
                self.end()
                raise WorkerBroken("a worker said something else than that it is ready")

    def is_well(self) -> bool:
        """Whether the worker came up, and its end of the channel is still open: it may have died since."""
        try:
            self.wait_until_ready()
            return bool(self._channel.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except (WorkerBroken, OSError):
            return False

    def load(self, name: str, filename: str, source: bytes, seconds: float | Seconds) -> tuple[Raised, ...]:
        with self._timed(seconds) as timer:
            self._send(protocol.pack(["load", name, filename], source), timer)
            message, _ = protocol.unpack(self._receive(timer))
        self._kept_first = copy.copy(self._kept)
        match message:
            case ["loaded", list() as faults, bool() as stateless] if len(faults) <= MAX_FAULTS:
                self.stateless = stateless
                return tuple(map(read_fault, faults))
        raise protocol.ProtocolError("a malformed answer to load")

    def call(
        self,
        function: str,
        arguments: tuple[Any, ...],
        seconds: float | Seconds,
        substitutes: Mapping[str, Substitute] | None = None,
        before: Answer | None = None,
    ) -> Answer:
        substitutes = substitutes or {}
        request = before.asked if before else b""
        if not request:
            tree, arrays = protocol.encode(arguments)
            request = protocol.pack(["call", function, tree, list(substitutes)], b"".join(arrays))
        with self._timed(seconds, muted=before is not None) as timer:
            self._send(request, timer)
            frame = self._receive(timer)
            if before and frame == before.said:
                return before
            message, body = protocol.unpack(frame)
            asked = 0
            while message[0] == "ask":
                asked += 1
                patient = asked <= MAX_ASKED_TIMES and self._lent_bytes < MAX_LENT_BYTES
                began = time.monotonic()
                lent = ask_substitute(message, body, substitutes, patient)
                timer.wall += time.monotonic() - began  # what our own side does is not counted
                self._lent_bytes += len(body) + len(lent)
                self._send(lent, timer)
                frame = self._receive(timer)
                message, body = protocol.unpack(frame)
        answer = read_answer(message, body)
        if len(request) + len(frame) > MAX_KEPT:
            return answer
        return dataclasses.replace(answer, asked=request, said=bytes(frame))

    @contextlib.contextmanager
    def _timed(self, seconds: float | Seconds, *, muted: bool = False) -> Iterator[_Timer]:
        """Give what ends a call at its limit, and keep what it used; if muted, nothing that is printed."""
        self._muted = muted
        limit = seconds if isinstance(seconds, Seconds) else Patience().limit(seconds)
        timer = _Timer(self._read_clock, limit)
        try:
            yield timer
        finally:
            self.used = timer.used()
            self._drain()
            self._muted = False

    def _read_clock(self, look: bool = False) -> float:
        """Return the processor time so far, in seconds; when the process has gone, what it was before."""
        if self._clock is not None and self._status is None:
            with contextlib.suppress(OSError):
                self._processor_seconds = self._clock.seconds(look)
        return self._processor_seconds

    def end(self, wait: bool = True) -> int:
        if self._status is None:
            self._read_clock()
            self._status = self._process.end(wait)
            self._drain()
            self._selector.close()
            self._channel.close()
            self._output.close()
        return self._status

    # -- bytes, all of a call within its limit --

    def _send(self, data: bytes, timer: _Timer) -> None:
        if self._status is not None:
            raise WorkerEnded(self._status)
        view = memoryview(data)
        while True:
            try:
                view = view[self._channel.send(view) :]
            except BlockingIOError:
                pass
            except OSError:
                raise WorkerEnded(self.end()) from None
            if not view:
                return
            self._wait(timer, selectors.EVENT_WRITE)

    def _receive(self, timer: _Timer) -> bytearray:
        """Return the worker's next frame; more than that one is a breach, since it only ever answers."""
        frame = bytearray()
        size = protocol.LENGTHS.size
        while len(frame) < size:
            self._wait(timer, selectors.EVENT_READ)
            try:
                part = self._channel.recv(RECEIVED_AT_ONCE)
            except BlockingIOError:
                continue
            except OSError:
                part = b""
            if not part:
                raise WorkerEnded(self.end())
            frame += part
            if len(frame) >= protocol.LENGTHS.size:
                size = protocol.frame_size(frame)
        if len(frame) > size:
            raise protocol.ProtocolError("the worker says more than it was asked")
        return frame

    def _wait(self, timer: _Timer, event: int) -> None:
        """Wait for the channel; keep draining the output meanwhile, so that printing never blocks."""
        if self._awaited != event:
            self._selector.modify(self._channel, event)
            self._awaited = event
        waited = False
        while True:
            seconds = min(timer.check(look=waited), LISTEN_SECONDS if self.listener else LOOK_SECONDS)
            ready = [key.fileobj for key, _ in self._selector.select(seconds)]
            waited = not ready
            if self._output in ready:
                self._drain(reads=1)
            if self._channel in ready:
                return
            if self.listener:
                printed = (self._kept.head + self._kept.tail)[-1024:]
                lines = printed.rpartition(b"\n")[0].splitlines()[-1:]  # the last whole one
                self.listener(b"".join(lines).decode("utf-8", "replace"))

    def _drain(self, reads: int = 64) -> None:
        """Take what was printed; bounded, since a worker may print faster than anyone reads."""
        for _ in range(reads):
            try:
                part = self._output.recv(2**16)
            except OSError:  # nothing left for now, or closed already
                return
            if not part:
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(self._output)
                return
            if not self._muted:
                self._kept.add(part)


class _Timer:
    """What one call or load has used of its limit, by a clock that can look at all it started, too."""

    def __init__(self, clock: Callable[[bool], float], limit: Seconds) -> None:
        self._clock, self._limit = clock, limit
        self._processor, self.wall = clock(False), time.monotonic()

    def used(self, look: bool = False) -> Seconds:
        """Return the seconds so far."""
        processor = self._clock(look) - self._processor
        return Seconds(processor, max(time.monotonic() - self.wall - SLOWDOWN * processor, 0.0))

    def check(self, look: bool) -> float:
        """Return for how many seconds no limit can be reached; raises TimeUp if one is."""
        left = min(self._limit) - (time.monotonic() - self.wall)
        if left > 0 and not look:  # nothing can have been used that has not passed
            return left
        processor, idle = (limit - used for limit, used in zip(self._limit, self.used(look), strict=True))
        if min(processor, idle) <= 0:
            raise TimeUp(idle=processor > 0)
        return max(min(processor, idle), 0.005)


# --- messages -----------------------------------------------------------------------------------------


def ask_substitute(
    message: list[Any], body: memoryview, substitutes: Mapping[str, Substitute], patient: bool
) -> bytes:
    """Answer the worker's question for a function of the reference.

    The reference runs on our side, where no limit stops it, so it is asked only what it can answer at once.

    Args:
        patient: whether it has not been asked too much already.
    """
    if len(message) != 3 or not isinstance(message[1], str) or message[1] not in substitutes:
        raise protocol.ProtocolError("the worker asks for what was not lent")
    _, name, tree = message
    match asked := protocol.decode(tree, body):
        case (tuple() as arguments, dict() as named):
            pass
        case _:
            raise protocol.ProtocolError("the worker asks without arguments")
    if not patient or len(body) > MAX_ASKED_BYTES or not _is_modest([leaf for _, leaf in walk_leaves(asked)]):
        reason = f"{name} is called more often, or with larger arrays or numbers, than any check does"
        return protocol.pack(["refused", reason])
    with contextlib.suppress(Exception), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning would quote the reference
        tree, arrays = protocol.encode(substitutes[name](*arguments, **named))
        return protocol.pack(["answer", tree], b"".join(arrays))
    # whatever the student handed over, the reference could not use it
    return protocol.pack(["refused", f"{name} cannot be called with these arguments"])


def _is_modest(leaves: list[Any]) -> bool:
    """Whether nothing large can come of these arguments, however their axes are combined.

    One operation makes an array of as many axes as the arguments have at the most. Each has the size of one
    of theirs, and of two shapes, or of one and its transpose, any two axes may meet.
    """
    sizes, axes = [len(leaves)], 3
    for leaf in leaves:
        if isinstance(leaf, np.ndarray):
            sizes += leaf.shape * 2
            axes = max(axes, leaf.ndim)
        elif isinstance(leaf, int):
            sizes.append(abs(leaf))
    largest = sorted(sizes, reverse=True)[:axes]
    return largest[0] <= MAX_ASKED_SIZE and math.prod(filter(None, largest)) <= MAX_MADE_ENTRIES


def read_answer(message: list[Any], body: memoryview) -> Answer:
    """Read what a worker answers to a call; ProtocolError if it is no answer."""
    match message:
        case ["value", tree, list() as changed]:
            for path in changed[:100]:
                short = isinstance(path, list) and 0 < len(path) <= protocol.MAX_DEPTH + 2
                if not short or not all(isinstance(name, str) and len(name) <= 80 for name in path):
                    raise protocol.ProtocolError("a malformed list of changed arguments")
            return Answer(protocol.decode(tree, body), tuple(map(tuple, changed[:100])))
        case ["raised", *rest, bool() as written]:
            return Answer(raised=read_fault(["error", *rest]), not_written=not written)
        case ["missing", str() as found] if len(found) <= 80:
            return Answer(missing=found)
        case ["unsendable", str() as reason] if len(reason) < 200:
            return Answer(unsendable=reason)
    raise protocol.ProtocolError("a malformed answer to a call")


def read_fault(fault: Any) -> Raised:
    """Read what a worker says of an exception, or of a statement that was left out; raises ProtocolError."""
    match fault:
        case [str() as kind, str() as type_name, str() as text, list() as frames] if (
            kind in FAULTS
            and len(frames) <= 8
            and all(isinstance(frame, list) and list(map(type, frame)) == [int, str, str] for frame in frames)
        ):
            found = tuple((line, function[:80], source[:200]) for line, function, source in frames)
            return Raised(type_name[:80], text[:4000], found, kind)
    raise protocol.ProtocolError("a malformed exception")
