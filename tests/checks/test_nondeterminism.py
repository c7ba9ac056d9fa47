"""Answers that depend on more than their arguments earn nothing, however often they happen to be right."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from grader.checks.run import check
from grader.checks.source import Source
from grader.checks.student import MAX_CHECK_BYTES, MAX_KEPT_BYTES, REPEATS, Call, CheckRun
from grader.course import Course
from grader.sandbox.pool import WorkerPool
from grader.sandbox.worker import Answer, Seconds
from tests.conftest import Grade

RIGHT = """
def scale(x, pair):
    return pair.factor * 2 * x + pair.offset
"""
FICKLE = {
    "counts calls": """
calls = []
def double(x):
    calls.append(1)
    return 2 * x if len(calls) == 1 else x
""",
    "right at first": """
seen = set()
def double(x):
    known = x.tobytes() in seen
    seen.add(x.tobytes())
    return 2 * x + known
""",
    "reads the clock": """
import time
def double(x):
    return 2 * x + 1e-3 * (time.perf_counter_ns() // 1000 % 3)
""",
    "remembers the process": """
import os
first = os.urandom(8)
def double(x):
    return 2 * x + (first[0] > 25)  # seldom right in all processes of a run
""",
    "adds noise": """
import numpy as np
def double(x):
    return 2 * x + 1e-6 * np.random.randn(*x.shape)
""",
    "fails the second time": """
done = []
def double(x):
    if done:
        raise ValueError("again")
    done.append(1)
    return 2 * x
""",
    "right twice": """
calls = []
def double(x):
    calls.append(1)
    return 2 * x if len(calls) < 3 else x
""",
    "keeps its first answer": """
import functools
known = {}
def double(x):
    return known.setdefault(x.shape[0] > 0, 2 * x)
""",
    "remembers in the environment": """
import os
def double(x):
    known = "known" in os.environ
    os.environ["known"] = "yes"
    return 0 * x if known else 2 * x
""",
    "remembers on the function": """
def double(x):
    double.seen = getattr(double, "seen", 0) + 1
    return 2 * x / double.seen
""",
    "uses up a generator": """
factors = iter([2.0])
def double(x):
    return next(factors, 0.0) * x
""",
    "knows what came before": """
last = None
def double(x):
    global last
    rising, last = last is None or last <= x.sum(), x.sum()
    return 2 * x if rising else x
""",
    "looks at its process": """
import time
def double(x):
    return 2 * x + 1e-3 * (time.process_time_ns() // 1000 % 3)
""",
    "changes itself": """
def double(x):
    global double
    double = lambda x: x
    return 2 * x
""",
}


@pytest.mark.parametrize("how", FICKLE)
def test_a_fickle_answer_earns_nothing(grade: Grade, how: str) -> None:
    for _ in range(20):  # by chance, one run may see the same wrong answer every time
        report = grade(FICKLE[how] + RIGHT, diagnose=True)
        double = [one for one in report.outcomes if one.function == "double"]
        if any("different answers" in one.message for one in double):
            break
    assert sum(one.earned for one in double) == 0
    assert all(one.status == "passed" for one in report.outcomes if one.function == "scale")


def test_what_is_printed_is_kept_once(grade: Grade) -> None:
    report = grade("def double(x):\n    print('here')\n    return x\n", diagnose=True)
    assert report.outcomes[0].output == "here\n"


def test_a_cache_that_stays_true_is_no_fault(grade: Grade, tiny: Course) -> None:
    source = "known = {}\ndef double(x):\n    return known.setdefault(x.tobytes(), 2 * x)\n"
    report = grade(source + RIGHT, diagnose=True)
    assert report.earned == tiny["exercise-1"].file.credits


HONEST = {
    "keeps answers by their arguments": """
known = {}
def double(x):
    return known.setdefault(x.tobytes(), 2 * x)
""",
    "makes a table the first time": """
table = []
def double(x):
    if not table:
        table.append(2.0)
    return table[0] * x
""",
    "counts and prints": """
calls = 0
def double(x):
    global calls
    calls += 1
    print("call", calls)
    return 2 * x
""",
    "reuses its memory": """
import numpy as np
space = {}
def double(x):
    out = space.setdefault(x.shape, np.empty(x.shape))
    return np.multiply(x, 2, out=out)
""",
}


@pytest.mark.parametrize("how", HONEST)
def test_state_that_changes_no_answer_costs_nothing(grade: Grade, tiny: Course, how: str) -> None:
    assert grade(HONEST[how] + RIGHT).earned == tiny["exercise-1"].file.credits


def test_being_asked_twice_uses_up_no_limit(pool: WorkerPool, tiny: Course) -> None:
    limits = tiny["exercise-1"].file.limits
    run, worker = CheckRun(tiny["exercise-1"], Source("doubling.py"), pool), pool.open()
    with run.timed(worker, limits.call_seconds, again=True):
        worker.used = Seconds(1.0, 0.0)
    worker.end(wait=False)
    assert run.seconds_left == limits.exercise_seconds
    assert run.repeat_seconds_left == REPEATS * limits.exercise_seconds - 1.0


# --- what is kept of answers --------------------------------------------------------------------------


def test_what_is_kept_has_a_limit_for_a_check_and_for_all(pool: WorkerPool, tiny: Course) -> None:
    run = CheckRun(tiny["exercise-1"], Source("doubling.py"), pool)
    half = np.empty(MAX_CHECK_BYTES // 2 - 100, np.uint8)
    for check_name in map(str, range(2 * MAX_KEPT_BYTES // MAX_CHECK_BYTES)):
        for _ in range(5):
            run.keep(Call(check_name, "double", (), Answer(value=(half, "unused"))))
    assert [sum(call.check == name for call in run.calls) for name in "01"] == [2, 2]
    assert half.nbytes * len(run.calls) < run.kept_bytes.total() <= MAX_KEPT_BYTES


def test_nothing_of_a_submission_outlives_its_report(pool: WorkerPool, tiny: Course) -> None:
    kept: list[weakref.ref[object]] = []
    gc.collect()
    gc.disable()
    try:
        with pytest.MonkeyPatch.context() as patch:

            class Watched(CheckRun):
                def keep(self, call: Call) -> None:
                    super().keep(call)
                    kept.append(weakref.ref(self))

            patch.setattr("grader.checks.run.CheckRun", Watched)
            source = b"def double(x):\n    return x\ndef scale(x, pair):\n    return x.T\n"
            report = check(tiny["exercise-1"], Source("doubling.py", source), pool=pool, seed=1)
        assert kept
        assert not report.passed
        assert all(reference() is None for reference in kept), "not even until the collector comes by"
    finally:
        gc.enable()
