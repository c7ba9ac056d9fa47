"""Work that is spread over processes comes back whole and in order."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest

from grader.checks.parallel import Processes, Share, map_shares
from grader.course import CourseError
from grader.sandbox import process
from grader.sandbox.pool import open_pool


def some_of(values: dict[str, list[int]], name: str, share: Share) -> tuple[list[int], int]:
    number, count = share
    return values[name][number::count], os.getpid()


VALUES = {"short": [1], "long": list(range(10))}


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_shares_of_an_item_add_up_to_it_whoever_does_them(jobs: int) -> None:
    found = list(map_shares(functools.partial(some_of, VALUES), ("long", "short"), jobs=jobs))
    assert [sorted(value for part, _ in parts for value in part) for parts in found] == [
        VALUES["long"],
        VALUES["short"],
    ]
    here = {process == os.getpid() for parts in found for _, process in parts}
    assert here == {jobs == 1}


def test_what_cannot_be_cut_is_one_share() -> None:
    ((part,),) = map_shares(functools.partial(some_of, VALUES), ["long"], jobs=2, shares=1)
    assert part[0] == VALUES["long"]


def test_an_error_of_one_share_reaches_the_caller() -> None:
    with pytest.raises(KeyError, match="missing"):
        list(map_shares(functools.partial(some_of, VALUES), ["missing"], jobs=2))


def die() -> None:
    os._exit(1)


def fail_in_its_own_way() -> None:
    raise CourseError(Path("course.yaml"), "is missing")  # which cannot be unpickled


@pytest.mark.slow
def test_a_process_that_dies_takes_nobody_with_it() -> None:
    with Processes(2) as executor:
        other, lost = executor.submit(time.sleep, 0.2), executor.submit(die)
        assert isinstance(lost.exception(), BrokenExecutor)
        assert other.result() is None
        assert executor.submit(abs, -1).result() == 1
        assert "course.yaml: is missing" in str(executor.submit(fail_in_its_own_way).exception())


def look_at_the_untrusted_side(name: str) -> list[int]:
    """Return how often the value of a variable of the environment is in the memory of each process there."""
    secret, counts = os.environ[name].encode(), []
    with open_pool() as pool:
        assert not process.GIVEN, "there was no warm process, or the pool took another one"
        worker = pool.open()
        assert worker._clock
        number = worker._clock._number
        for _ in range(3):  # the worker, what waits for it, and the warm process
            folder, count = Path(f"/proc/{number}"), 0
            with open(folder / "mem", "rb", buffering=0) as memory:
                for line in (folder / "maps").read_text().splitlines():
                    start, end = (int(word, 16) for word in line.split()[0].split("-"))
                    if line.split()[1].startswith("rw"):
                        memory.seek(start)
                        count += memory.read(end - start).count(secret)
            counts.append(count)
            number = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        worker.end()
    return counts


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="memory of others cannot be read")
def test_student_code_is_given_nothing_of_what_starts_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", os.urandom(16).hex())
    with Processes(2) as executor:
        both = [executor.submit(look_at_the_untrusted_side, "A_TOKEN") for _ in range(2)]
        assert [each.result() for each in both] == [[0, 0, 0]] * 2


def die_or_ask_a_worker(folder: Path, forked: bool) -> object:
    """Meet another process; then one of the two dies, the one that the other has forked or that other."""
    above = os.getppid()
    (folder / str(os.getpid())).touch()
    while len(list(folder.iterdir())) < 2:
        time.sleep(0.01)
    if forked == (folder / str(above)).exists():
        os._exit(1)
    with open_pool() as pool:
        assert not process.GIVEN, "there was no warm process, or the pool took another one"
        worker = pool.open()
        assert worker.load("student", "student.py", b"def f(): return 7", 10.0) == ()
        return worker.call("f", (), 10.0).value


@pytest.mark.slow
@pytest.mark.skipif(not process.CAN_FORK, reason="each is started by exec there")
@pytest.mark.parametrize("forked", [True, False])
def test_the_one_that_dies_takes_nobody_s_warm_process_with_it(forked: bool, tmp_path: Path) -> None:
    with Processes(2) as executor:
        calls = [executor.submit(die_or_ask_a_worker, tmp_path, forked) for _ in range(2)]
        came = [call.exception() or call.result() for call in calls]
    assert sorted(map(str, came)) == ["7", "a process died"]


def test_who_leaves_by_an_exception_waits_for_nothing() -> None:
    calls = []
    with contextlib.suppress(KeyError), Processes(2) as executor:
        calls += [executor.submit(time.sleep, 600.0) for _ in range(4)]
        raise KeyError
    assert all(call.cancelled() or call.exception() for call in calls)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nobody is killed here")
def test_they_end_with_whoever_started_them() -> None:
    program = (
        "import os, time; from grader.checks.parallel import Processes; executor = Processes(1)\n"
        "print(executor.submit(os.getpid).result(), flush=True); executor.submit(time.sleep, 600.0).result()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        number = int(starter.stdout.readline())
        starter.kill()
    while Path(f"/proc/{number}").exists():
        time.sleep(0.02)
