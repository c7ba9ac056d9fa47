"""Spreads work on exercises, submissions or quizzes over processes."""

import contextlib
import gc
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import IO, Any, TypeAlias, TypeVar, cast

from grader.sandbox import confinement, process

Item = TypeVar("Item")
Result = TypeVar("Result")
Share = tuple[int, int]
"""Which part of an item's work is meant, and of how many parts: ``things[number::count]``."""
WHOLE: Share = (0, 1)
Pipes: TypeAlias = tuple[IO[bytes], IO[bytes]]


class Processes(ThreadPoolExecutor):
    """At most so many processes of this machine; each does one call after another, and a thread waits for it.

    One is started by exec when the first is wanted, loads what a check needs, and forks the others; they end
    when this one does, even if that is killed. If one dies, its call raises ``BrokenExecutor``, and another
    one takes its place. Where the system starts no more of them, a call raises ``NoProcess``. Left by an
    exception, all are ended at once.
    """

    def __init__(self, jobs: int) -> None:
        super().__init__(jobs)
        self._jobs = jobs if process.CAN_FORK else 1
        self._own = threading.local()
        self._started: list[subprocess.Popen[bytes]] = []
        self._forked: list[tuple[socket.socket, Pipes]] = []
        self._unused: list[Pipes] = []
        self._killed = False

    def submit(self, function: Callable[..., Result], /, *arguments: Any, **named: Any) -> Future[Result]:
        if not self._started:
            self._unused = self._start(self._jobs)
        try:
            return super().submit(self._ask, pickle.dumps((function, arguments, named)))
        except RuntimeError:  # a thread counts as a process
            raise process.no_process() from None

    def _start(self, count: int) -> list[Pipes]:
        """Start so many processes; return what is written to and read from each."""
        pairs = [socket.socketpair() for _ in range(count - 1)]
        fork = f"from grader.sandbox import server; given = server.fork_zygotes({count}, folders, sockets)"
        program = f"{fork if process.CAN_FORK else 'given = []'}; from grader.checks import parallel"
        program += "; parallel.serve(sockets, given)"
        started = process.exec_clean(program, [far for _, far in pairs], stdin=-1, stdout=-1)
        self._started.append(started)
        for _, far in pairs:
            far.close()
        if self._killed:
            started.kill()
        first = cast(Pipes, (started.stdin, started.stdout))
        with contextlib.suppress(OSError):  # it has ended already, and is found out when it is read from
            pickle.dump((dict(os.environ), os.getcwd(), sys.path, sys.dont_write_bytecode), first[0])
            first[0].flush()
        forked: list[Pipes] = [(near.makefile("wb"), near.makefile("rb")) for near, _ in pairs]
        self._forked += zip((near for near, _ in pairs), forked, strict=True)
        return [first, *forked]

    def _ask(self, request: bytes) -> Any:
        """Let this thread's process do a call."""
        pipes: Pipes | None = getattr(self._own, "pipes", None)
        if pipes is None:
            try:
                pipes = self._own.pipes = self._unused.pop(0)
            except IndexError:
                pipes = self._own.pipes = self._start(1)[0]
            if not pipes[1].read(1):
                raise process.no_process()
        try:
            pipes[0].write(request)
            pipes[0].flush()
            returned, result = pickle.load(pipes[1])
        except Exception:
            self._own.pipes = None
            raise BrokenExecutor("a process died") from None
        if returned:
            return result
        raise result

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._killed = kind is not None
        if not self._killed:
            self.shutdown()
        for near, _ in self._forked:
            with contextlib.suppress(OSError):
                near.shutdown(socket.SHUT_RDWR if self._killed else socket.SHUT_WR)
        for started in self._started if self._killed else ():
            started.kill()
        self.shutdown(cancel_futures=self._killed)
        for near, (asked, answers) in self._forked:
            with near, contextlib.suppress(OSError), asked, answers:
                answers.read()  # nothing, once it has ended
        for started in self._started:
            started.communicate()


def serve(channels: list[int], given: list[socket.socket]) -> None:
    """Do one call after another, as they come from standard input; what is printed goes where errors go.

    Args:
        channels: descriptors of sockets; on each, a fork of this process does the same.
        given: where a warm process takes orders, for each of them and for this one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this is told, and ends it
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    environment, folder, path, sys.dont_write_bytecode = pickle.load(asked)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[:] = path
    confinement.hide_from_others()
    import grader.checks.run  # noqa: F401  # NumPy and pytest, once for all

    gc.freeze()
    gc.enable()
    place = 0
    with contextlib.suppress(OSError):  # what could not be forked says nothing
        for number, channel in enumerate(channels, 1):
            if os.fork() == 0:
                asked.close()
                answers.close()
                os.dup2(channel, 0)
                asked, answers, place = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(0), "wb"), number
                break
    for channel in channels:
        os.close(channel)
    for number, control in enumerate(given):
        if number == place:
            process.GIVEN.append(process.Zygote(control=control))
        else:
            control.close()
    _do_calls(asked, answers)


def _do_calls(asked: IO[bytes], answers: IO[bytes]) -> None:
    calls = SimpleQueue[Any]()

    def listen() -> None:
        try:
            while True:
                calls.put(pickle.load(asked))
        finally:  # whoever started this has gone, or needs it no more
            os._exit(0)

    try:
        threading.Thread(target=listen, daemon=True).start()
    except RuntimeError:  # a thread counts as a process: this machine lets no further one start
        os._exit(1)
    answers.write(b"!")
    while True:
        answers.flush()
        function, arguments, named = calls.get()
        try:
            answer = pickle.dumps((True, function(*arguments, **named)))
        except Exception as error:
            error.add_note(traceback.format_exc())
            answer = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
            with contextlib.suppress(Exception):  # of those that cannot travel, what they say does
                pickle.loads(pickle.dumps(error))
                answer = pickle.dumps((False, error))
        answers.write(answer)


def map_shares(
    function: Callable[[Item, Share], Result],
    items: Iterable[Item],
    *,
    jobs: int = 0,
    shares: int = 4,
) -> Iterator[list[Result]]:
    """Call a function for each share of each item; yield an item's results, in the order of the items.

    Args:
        function: is sent to other processes, so it and what it returns can be pickled.
        items: are begun in this order; what takes longest should come first.
        jobs: processes; 0 means one a processor. With 1 everything happens here, an item at once.
        shares: into which one item is cut, so that a long one does not end alone.

    Raises:
        NoProcess: no process could be started.
    """
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1:
        yield from ([function(item, WHOLE)] for item in items)
        return
    with Processes(jobs) as executor:
        tasks = [
            [executor.submit(function, item, (number, shares)) for number in range(shares)] for item in items
        ]
        for parts in tasks:
            yield [task.result() for task in parts]
