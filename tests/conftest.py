"""Fixtures of all tests: a pool of workers, the tiny course beside this file, the real course."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import io
import os
import re
import select
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from grader.checks.collection import CheckSuite, load_suite
from grader.checks.report import Report
from grader.checks.run import check
from grader.checks.source import Source
from grader.course import Course, Exercise, open_course
from grader.progress import ledger
from grader.sandbox import LAYERS, process
from grader.sandbox.confinement import hide_from_others
from grader.sandbox.pool import WorkerPool, open_pool
from grader.sandbox.worker import KILLED, Budget, Patience
from tests.helpers import Ran, Run, run_main

HERE = Path(__file__).parent
PATIENT = {"call_seconds": 60.0, "load_seconds": 60.0, "exercise_seconds": 600.0}
"""Limits for a test whose point is no limit: the busiest machine does not reach them."""
UNCHANGED = (HERE / "fixtures" / "course", HERE.parent)
"""Courses that no test writes to."""
DURABLE = ledger.SETTINGS
ALL_SLOW = re.compile(rb"^pytestmark = \[?\s*pytest\.mark\.slow", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no file without a test that is wanted, be it slow or not: imports take long."""
    named = {config.invocation_params.dir / argument.partition("::")[0] for argument in config.args}
    if collection_path in named or collection_path.suffix != ".py":
        return None
    text = collection_path.read_bytes()
    unwanted = {"slow": b"slow" not in text, "not slow": bool(ALL_SLOW.search(text))}
    return unwanted.get(config.option.markexpr) or None


def pytest_collection(session: pytest.Session) -> None:
    """Let each of several processes compile a part of the tests, and find the other parts compiled.

    A new clone has none compiled, and all processes would begin with the same file.
    """
    worker = getattr(session.config, "workerinput", {"workerid": "gw0", "workercount": 1})
    number, count = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    folder = HERE.relative_to(session.config.rootpath)
    if count == 1 or session.config.args != [str(folder)]:
        return
    for path in sorted(folder.rglob("test_*.py"))[number::count]:
        if not pytest_ignore_collect(path.absolute(), session.config):
            with contextlib.suppress(Exception, pytest.skip.Exception):  # is told when it is collected
                importlib.import_module(".".join(path.with_suffix("").parts))


def pytest_collection_finish() -> None:
    """Let Python not look through thousands of tests, which stay, whenever it looks for what could go."""
    gc.freeze()


class Offspring(Protocol):
    """What the fixture ``offspring`` is."""

    def __call__(self, of: int | None = None) -> set[int]: ...


class Grade(Protocol):
    """What the fixture ``grade`` is: grades one source and returns its report."""

    def __call__(
        self,
        source: str | bytes | Source,
        exercise: str = "exercise-1",
        course: Course | None = None,
        seed: int = 1,
        patience: Patience | None = None,
        diagnose: bool = False,
        **limits: Any,
    ) -> Report: ...


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let Ctrl-C reach what tests start; a job in the background hands down that it is ignored.

    Hide this process, too, as the command line does: tests hold solutions while attacks run.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    hide_from_others()


@pytest.fixture(scope="session", autouse=True)
def unsynchronised() -> None:
    """Let no ledger of this process wait for the disk; only a power cut could show the difference.

    Programs that tests start, and perhaps kill, do wait as ever.
    """
    ledger.SETTINGS = DURABLE.replace("FULL", "OFF")


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    """Workers for all tests, from one warm process."""
    with open_pool() as pool:
        yield pool


class Kept(process.Zygote):
    """A warm process that outlives the pool it is given to, and then waits for the next.

    Whoever closes it has closed it, and its workers have gone; what waits is the same process by another
    object, so that it is in nobody's hands twice. One that has died, or has more to say, waits no more.
    """

    def __init__(self, control: socket.socket, waiting: list[Kept], uses: int = 16) -> None:
        super().__init__(control=control)
        self._waiting, self._uses = waiting, uses
        self._workers: list[KeptWorker] = []
        self._closed = False

    def spawn(self, budget: Budget, sockets: Sequence[socket.socket]) -> process.Forked:
        super().spawn(budget, sockets)
        self._workers.append(KeptWorker(self._control))
        return self._workers[-1]

    def is_idle(self) -> bool:
        """Whether it lives, as far as one can see, and everything it has said was heard."""
        return not select.select([self._control], [], [], 0)[0]

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for worker in self._workers:
            worker.end()
        if self._uses > 1 and self.is_idle():  # each use leaves it a zombie or two
            self._waiting.insert(0, Kept(self._control, self._waiting, self._uses - 1))
        else:
            self.discard()

    def discard(self) -> None:
        """Let the process end."""
        super().close()


class KeptWorker(process.Forked):
    """A worker of one; it is ended once, since its number may be another's afterwards."""

    ended = False

    def end(self, wait: bool = True) -> int:
        ended, self.ended = self.ended, True
        return KILLED if ended else super().end(wait)


@pytest.fixture(scope="session")
def more_warm() -> Iterator[Callable[[], list[Kept]]]:
    """Return what gives warm processes that nobody has taken yet.

    They are forked from one, as are those of processes that share work.
    """
    waiting: list[Kept] = []
    started: list[process.Spawned] = []

    def more() -> list[Kept]:
        for each in [each for each in waiting if not each.is_idle()]:
            waiting.remove(each)
            each.discard()
        if process.CAN_FORK and len(waiting) < 3:
            pairs = [socket.socketpair() for _ in range(4)]
            started.append(process.Spawned("zygote", [far for _, far in pairs], LAYERS))
            for near, far in pairs:
                far.close()
                # Once it serves, it has all its processes: a test that counts them meets no new ones.
                with WorkerPool(Kept(near, waiting), spare=False) as pool:
                    pool.open().end()
        return waiting

    yield more
    for zygote in waiting:
        zygote.discard()
    for each in started:
        each.end()


@pytest.fixture(autouse=True)
def warm(more_warm: Callable[[], list[Kept]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first pools that a test opens find a warm process; each would else load NumPy anew."""
    monkeypatch.setattr(process, "GIVEN", more_warm())


@pytest.fixture(scope="session")
def tiny() -> Course:
    """The tiny course; not to be written to."""
    return open_course(HERE / "fixtures" / "course")


@pytest.fixture(scope="session")
def course() -> Course:
    """The real course."""
    return open_course(HERE.parent)


@pytest.fixture
def tiny_copy(tiny: Course, tmp_path: Path) -> Course:
    """A copy of the tiny course that a test may change."""
    folder = tmp_path / "course"
    shutil.copytree(tiny.root, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return open_course(folder)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tiny_copy: Course) -> Run:
    """Run a command in this process, inside a copy of the tiny course."""
    monkeypatch.chdir(tiny_copy.root)
    monkeypatch.delenv("GRADER_COURSE", raising=False)

    def run(*arguments: str, typed: str | None = None) -> Ran:
        monkeypatch.setattr(sys, "argv", ["grader", *arguments])
        if typed is not None:
            monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        return run_main(capsys)

    return run


@pytest.fixture(scope="session")
def suites() -> dict[Any, CheckSuite]:
    """Checks of courses that no test changes, loaded when they are first wanted."""
    return {}


@pytest.fixture
def grade(pool: WorkerPool, tiny: Course, suites: dict[Any, CheckSuite]) -> Grade:
    """Grade a source; ``limits`` are generous unless told, such as ``call_seconds=0.5``.

    What a mistake looks like, and its line, take as long again, and are looked for on demand.
    """

    def grade(
        source: str | bytes | Source,
        exercise: str = "exercise-1",
        course: Course | None = None,
        seed: int = 1,
        patience: Patience | None = None,
        diagnose: bool = False,
        **limits: Any,
    ) -> Report:
        asked = {**PATIENT, **limits}
        found = with_limits((course or tiny)[exercise], **asked)
        if not isinstance(source, Source):
            data = source.encode() if isinstance(source, str) else source
            source = Source(f"{found.file.module}.py", data)
        key = found.root, exercise, seed, *sorted(asked.items())
        if found.root not in UNCHANGED:
            return check(found, source, pool=pool, seed=seed, patience=patience, diagnose=diagnose)
        suite = suites[key] = suites.get(key) or load_suite(found, seed)
        return check(suite, source, pool=pool, patience=patience, diagnose=diagnose)

    return grade


@pytest.fixture(scope="session")
def offspring() -> Offspring:
    """Find the living processes below one, this one unless told; skip where there is no /proc."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("there is no /proc here")
    return _offspring


def _offspring(of: int | None = None) -> set[int]:
    parents: dict[int, int] = {}
    for name in filter(str.isdecimal, os.listdir("/proc")):  # hundreds, perhaps, many times in a test
        with contextlib.suppress(OSError):
            entry = os.open(f"/proc/{name}/stat", os.O_RDONLY)
            try:
                state, parent = os.read(entry, 4096).rpartition(b")")[2].split()[:2]
            finally:
                os.close(entry)
            if state not in b"ZX":
                parents[int(name)] = int(parent)
    found: set[int] = set()
    layer = {of or os.getpid()}
    while layer := {pid for pid, parent in parents.items() if parent in layer}:
        found |= layer
    return found


def with_limits(exercise: Exercise, **limits: Any) -> Exercise:
    """Return the exercise with other limits."""
    changed = dataclasses.replace(exercise.file.limits, **limits)
    return dataclasses.replace(exercise, file=dataclasses.replace(exercise.file, limits=changed))
