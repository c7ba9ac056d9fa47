"""Grades on many machines: tasks go to Dask workers, to which the course has travelled once.

A worker that is lost is Dask's business: its tasks are done again elsewhere.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import shutil
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from distributed import Client, LocalCluster, Worker, WorkerPlugin, get_worker

from grader.classroom.batch import ExecutorConfig, grader_digest, require_here
from grader.classroom.job import BatchBroken, Confinement, Task, TaskResults, run_task
from grader.course import CannotDo, Course, NoSecret, read_secret, zipped
from grader.sandbox.confinement import hide_from_others
from grader.sandbox.worker import WorkerBroken

CONNECT_SECONDS = 5
TASKS_PER_WORKER = 3  # so that it never waits for the next
PARTS = ("exercises", "solutions", "quizzes")
ONE_AT_A_TIME = threading.Lock()  # in each process: pytest is not made for threads


class CoursePlugin(WorkerPlugin):
    """Unpacks the course, which comes as a zip, on each worker once, also on those that join later."""

    def __init__(self, packed: bytes) -> None:
        self.name = f"course-{hashlib.sha256(packed).hexdigest()[:32]}"  # by what is in it
        self._packed = packed

    def setup(self, worker: Worker) -> None:
        """Unpack into the worker's own folder, which Dask removes with it; called when a worker starts."""
        hide_from_others()
        self.folder = Path(worker.local_directory) / self.name
        shutil.rmtree(self.folder, ignore_errors=True)
        with zipfile.ZipFile(io.BytesIO(self._packed)) as archive:
            archive.extractall(self.folder)


def pack(course: Course) -> bytes:
    """Return what a worker needs of a course, its secret too, as a zip; the same course gives the same."""
    paths = [course.root / "course.yaml"]
    paths += [path for part in PARTS for path in sorted((course.root / part).rglob("*"))]
    files = [path for path in paths if path.is_file() and path.suffix != ".pyc"]
    packed = {path.relative_to(course.root).as_posix(): path.read_bytes() for path in files}
    with contextlib.suppress(NoSecret):
        packed[course.secret_path.relative_to(course.root).as_posix()] = read_secret(course)
    return zipped(packed)


def run_task_there(plugin_name: str, task: Task) -> TaskResults:
    """Do a task on a Dask worker."""
    plugin = get_worker().plugins[plugin_name]
    assert isinstance(plugin, CoursePlugin)
    with ONE_AT_A_TIME:
        return run_task(replace(task, course=str(plugin.folder)))


@contextlib.contextmanager
def connected(where: str, course: Course) -> Iterator[ExecutorConfig]:
    """Offer the workers of a cluster.

    Args:
        where: ``tcp://HOST:PORT`` of a scheduler, or ``local:N`` for N workers of our own.

    Raises:
        CannotDo: it cannot be reached, has no workers, or they have another grader.
    """
    kind, _, rest = where.partition(":")
    if kind == "local" and not (rest.isdecimal() and 1 <= int(rest) <= 256):
        raise CannotDo(f"--cluster {where} should name a number of workers, such as local:2")
    with contextlib.ExitStack() as stack:
        if kind == "local":
            own = LocalCluster(
                n_workers=int(rest), threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
            )
            client: Any = Client(stack.enter_context(own))
        else:
            try:
                client = Client(where, timeout=CONNECT_SECONDS)
            except (OSError, ValueError, TimeoutError) as error:
                raise CannotDo(f"no Dask scheduler answers at {where} ({error}); is it started?") from None
        stack.enter_context(client)
        workers = _workers_like_us(client)
        plugin = CoursePlugin(pack(course))
        client.register_plugin(plugin)
        new_executor = functools.partial(client.get_executor, pure=False)
        there = functools.partial(run_task_there, plugin.name)

        def require(confinement: Confinement) -> None:
            with contextlib.suppress(OSError):  # a worker that is lost is Dask's business
                if problem := next(filter(None, client.run(_unfit, confinement).values()), None):
                    raise BatchBroken(problem)

        yield ExecutorConfig(new_executor, TASKS_PER_WORKER * workers, there, require=require)


def _unfit(confinement: Confinement) -> str:
    """Return why this machine cannot confine code as required; empty if it can."""
    try:
        require_here(confinement)
    except (BatchBroken, WorkerBroken) as error:
        return str(error)
    return ""


def _workers_like_us(client: Any) -> int:
    """Return how many workers there are; all have to grade exactly as this grader would."""
    try:
        found = client.run(grader_digest)
    except Exception as error:
        raise CannotDo(f"a worker has no usable rnn-grader ({error}); install it there") from None
    if not found:
        raise CannotDo("the cluster has no workers; start some with `dask worker`")
    others = [address for address, its in found.items() if its != grader_digest()]
    if others:
        told = "has another version of rnn-grader; install the same one there"
        raise CannotDo(f"the worker {others[0]} {told}")
    return len(found)
