"""The line that a wrong answer comes from is found, whatever the mistake; right code is never accused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.checks.report import Located, Report
from grader.checks.run import check
from grader.checks.source import Source
from grader.course import open_course
from grader.sandbox.pool import WorkerPool, open_pool

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with open_pool() as pool:
        yield pool


def grade(number: int, pool: WorkerPool, *patches: tuple[str, str]) -> Report:
    one = open_course(ROOT)[f"exercise-{number}"]
    text = one.solution_path.read_text(encoding="utf-8")
    for old, new in patches:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return check(one, Source(one.stub_path.name, text.encode()), pool=pool, seed=3)


def found(report: Report) -> Located:
    (located,) = [outcome.located for outcome in report.outcomes if outcome.located]
    return located


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        (1, "Whh @ h_prev", "Whh @ np.sin(h_prev)"),
        (3, "dx = Wxh.T @ da", "dx = Wxh.T @ np.sin(3 * da)"),
        (5, "dh = dhs[t] + dh_next", "dh = dhs[t] + 2 * dh_next"),
        (9, "di = dc_sum * g", "di = dc_sum * tanh_c"),
    ],
)
def test_an_unknown_mistake_is_found(pool: WorkerPool, number: int, old: str, new: str) -> None:
    located = found(grade(number, pool, (old, new)))
    assert new in located.source


def test_of_two_mistakes_the_first_is_told(pool: WorkerPool) -> None:
    first, second = ("dx = Wxh.T @ da", "dx = Wxh.T @ dh"), ("Whh=da @ h_prev.T", "Whh=da @ h.T")
    assert found(grade(3, pool, first, second)).source.startswith(first[1])


def test_feedback_withholds_the_place_of_a_hidden_check(pool: WorkerPool) -> None:
    report = grade(3, pool, ("da = dh * (1 - h**2)", "dh *= 1 - h**2\n    da = dh"))
    assert not any(outcome.located for outcome in report.for_student("names").outcomes)
