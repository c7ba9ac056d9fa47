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


def test_a_process_that_dies_takes_nobody_with_it() -> None:
    with Processes(2) as executor:
        other, lost = executor.submit(time.sleep, 0.2), executor.submit(die)
        assert isinstance(lost.exception(), BrokenExecutor)
        assert other.result() is None
        assert executor.submit(abs, -1).result() == 1
        assert "course.yaml: is missing" in str(executor.submit(fail_in_its_own_way).exception())


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
