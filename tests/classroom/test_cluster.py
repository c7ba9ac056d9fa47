"""Dask workers grade as this machine does, also when one of them is killed on the way."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from grader.classroom.batch import grade, processes
from grader.classroom.cluster import connected, pack
from grader.course import CannotDo, Course
from tests.classroom.helpers import content, hand_in, make_class, right, run
from tests.conftest import Offspring

STUDENTS, IDS = (200 if os.environ.get("GRADER_LONG") == "1" else 15), ("exercise-1",)
START_SECONDS = 300


@contextlib.contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and workers, each a process of its own; yield its address and the workers."""
    file = folder / "scheduler.json"
    where = ("--scheduler-file", str(file))
    quiet = ("--no-dashboard",)
    processes = [dask("scheduler", *where, *quiet, "--host", "127.0.0.1", "--port", "0", log=folder / "s")]
    try:
        for number in range(workers):
            own = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--local-directory", str(folder))
            processes.append(dask("worker", *where, *quiet, *own, log=folder / f"w{number}"))
        yield address_in(file, workers), processes[1:]
    finally:
        for one in processes:
            one.terminate()
        for one in processes:
            try:
                one.wait(timeout=20)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()


def dask(program: str, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"distributed.cli.dask_{program}", *arguments]
    with log.open("wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=out)


def address_in(file: Path, workers: int) -> str:
    """Wait until the scheduler and its workers are there."""
    deadline = time.monotonic() + START_SECONDS
    while not file.is_file() or not file.stat().st_size:
        assert time.monotonic() < deadline, "the scheduler did not start"
        time.sleep(0.1)
    address = str(json.loads(file.read_text())["address"])
    from distributed import Client  # which takes long, and only slow tests use it

    with Client(address) as client:
        client.wait_for_workers(workers, timeout=START_SECONDS)
    return address


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nobody is killed here")
def test_a_killed_worker_s_submissions_are_graded_elsewhere(
    course: Course, tmp_path: Path, offspring: Offspring
) -> None:
    folder = tmp_path / "class"
    handed = make_class(course, IDS, folder, STUDENTS)
    count = sum(answer is not None for answer in handed.values())  # who handed in nothing is not graded
    told: list[int] = []
    with cluster(tmp_path, 2) as (address, workers), connected(address, course) as executor:

        def kill_one(done: int, _: int) -> None:
            told.append(done)
            if done >= STUDENTS // 3 and workers[0].poll() is None:
                os.kill(workers[0].pid, signal.SIGKILL)
                workers[0].wait()

        far = tmp_path / "far"
        grades = grade(course, folder, far, exercises=IDS, executor=executor, on_progress=kill_one)
    assert workers[0].returncode == -signal.SIGKILL
    assert (told[0], told[-1], grades.broken) == (0, count, {})
    run(course, folder, tmp_path / "near", IDS, processes(2))
    assert content(tmp_path / "far") == content(tmp_path / "near")


@pytest.mark.slow
def test_workers_of_our_own(tiny: Course, tmp_path: Path) -> None:
    hand_in(tmp_path / "class", "ada", right(tiny))
    hand_in(tmp_path / "class", "bob", "")
    with connected("local:1", tiny) as executor:
        run(tiny, tmp_path / "class", tmp_path / "far", ("exercise-1",), executor)
    run(tiny, tmp_path / "class", tmp_path / "near", ("exercise-1",), processes(1))
    assert content(tmp_path / "far") == content(tmp_path / "near")


def test_the_course_is_packed_the_same_every_time_and_whole(tiny: Course) -> None:
    assert pack(tiny) == pack(tiny)
    with zipfile.ZipFile(BytesIO(pack(tiny))) as archive:
        names = set(archive.namelist())
    assert {"course.yaml", "solutions/exercise-1/misconceptions.yaml"} <= names
    assert not any(".grader" in name or name.endswith(".pyc") for name in names)


@pytest.mark.parametrize(
    ("where", "word"),
    [
        ("local:0", "local:2"),
        ("local:many", "local:2"),
        pytest.param("tcp://127.0.0.1:1", "started", marks=pytest.mark.slow),
        ("nonsense", "started"),
    ],
)
def test_where_nobody_grades_one_sentence_says_so(
    tiny: Course, where: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.classroom.cluster.CONNECT_SECONDS", 0.5)
    with pytest.raises(CannotDo, match=word), connected(where, tiny):
        pass
