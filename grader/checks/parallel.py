"""Spreads work on exercises, submissions or quizzes over processes."""

import contextlib
import errno
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import IO, Any, TypeVar, cast

from grader.sandbox import confinement, process

Item = TypeVar("Item")
Result = TypeVar("Result")
Share = tuple[int, int]
"""Which part of an item's work is meant, and of how many parts: ``things[number::count]``."""
WHOLE: Share = (0, 1)


class Processes(ThreadPoolExecutor):
    """At most so many processes of this machine; each does one call after another, and a thread waits for it.

    Each is started by exec when it is first wanted, and ends when this one does, even if that is killed. If
    one dies, its call raises ``BrokenExecutor``, and another one takes its place. Where the system starts no
    more of them, a call raises ``NoProcess``. Left by an exception, all are killed.
    """

    def __init__(self, jobs: int) -> None:
        super().__init__(jobs)
        self._own = threading.local()
        self._started: list[subprocess.Popen[bytes]] = []
        self._killed = False

    def submit(self, function: Callable[..., Result], /, *arguments: Any, **named: Any) -> Future[Result]:
        try:
            return super().submit(self._ask, pickle.dumps((function, arguments, named)))
        except RuntimeError:  # a thread counts as a process
            raise process.no_process() from None

    def _ask(self, request: bytes) -> Any:
        """Let this thread's process do a call; start it if there is none."""
        pipes = getattr(self._own, "pipes", None)
        if pipes is None:
            program = (
                f"import sys; sys.path[:] = {sys.path!r}; import grader.checks.parallel as us; us.serve()"
            )
            try:
                started = subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1)
            except OSError as error:
                raise process.no_process(error.errno or errno.EAGAIN) from None
            self._started.append(started)
            if self._killed:
                started.kill()
            pipes = self._own.pipes = cast(tuple[IO[bytes], IO[bytes]], (started.stdin, started.stdout))
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
        for started in self._started if self._killed else ():
            started.kill()
        self.shutdown(cancel_futures=self._killed)
        for started in self._started:
            started.communicate()


def serve() -> None:
    """Do one call after another, as they come from standard input; what is printed goes where errors go."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this is told, and ends it
    confinement.hide_from_others()
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
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
