"""Answers that depend on more than their arguments earn nothing, however often they happen to be right."""

from __future__ import annotations

import pytest

from grader.course import Course
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
    return 2 * x + first[0] % 2
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
}


@pytest.mark.parametrize("how", FICKLE)
def test_a_fickle_answer_earns_nothing(grade: Grade, how: str) -> None:
    for _ in range(20):  # by chance, one run may see the same wrong answer every time
        report = grade(FICKLE[how] + RIGHT)
        double = [one for one in report.outcomes if one.function == "double"]
        if any("different answers" in one.message for one in double):
            break
    assert sum(one.earned for one in double) == 0
    assert any("`double` gives different answers" in one.message for one in double)
    assert all(one.status == "passed" for one in report.outcomes if one.function == "scale")


def test_what_is_printed_is_kept_once(grade: Grade) -> None:
    report = grade("def double(x):\n    print('here')\n    return x\n")
    assert report.outcomes[0].output == "here\n"


def test_a_cache_that_stays_true_is_no_fault(grade: Grade, tiny: Course) -> None:
    source = "known = {}\ndef double(x):\n    return known.setdefault(x.tobytes(), 2 * x)\n"
    report = grade(source + RIGHT)
    assert report.earned == tiny["exercise-1"].file.credits
