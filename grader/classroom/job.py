"""Does a task of a class's grading, in a process of its own: NumPy and pytest come in with the first one."""

from __future__ import annotations

import atexit
import functools
import gc
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from grader.checks.report import Report
from grader.course import CourseError, open_course
from grader.sandbox.worker import ConfinementMissing, NoProcess, Patience, Pool, WorkerBroken

MAX_REPORT_BYTES = 200_000  # of all that is kept of one exercise, as JSON and as HTML
OUTPUT_LENGTHS = (16_000, 4_000, 1_000, 200)  # characters of an outcome's output, where a report is too large
ESCAPED = {"&": 4, "<": 3, ">": 3, '"': 5, "'": 5}  # how much longer HTML writes each
Confinement = Literal["required", "best", "none"]
Work: TypeAlias = Any
"""What a submission holds of an exercise, a ``Source``; or its answers, and whose it says they are."""


class BatchBroken(Exception):
    """Nothing can be graded: the course is broken, or a machine cannot confine code."""


TaskResults: TypeAlias = list[tuple[str, Any]]
"""What came of a task, by the submission's key: a report, results of quizzes, or why there is none."""


@dataclass(frozen=True)
class Task:
    """What one process does at one time."""

    course: str
    exercise: str  # its id; a word of the caller's for answers to quizzes
    seed: int
    confinement: Confinement
    work: tuple[tuple[str, Work], ...]  # by the submission's key
    run: str = ""  # a word that all tasks of one run have
    again: bool = False  # whether it was lost before

    def alone(self, again: bool = False) -> Iterator[Task]:
        """Yield one task for each submission."""
        return (replace(self, work=(item,), again=again) for item in self.work)


@functools.cache
def _pool(confinement: Confinement) -> Pool:
    """Return this process's workers, made once."""
    from grader.sandbox.pool import open_pool

    pool = open_pool(confinement)
    atexit.register(pool.close)
    gc.freeze()  # modules stay, so nobody has to look through them for what could go
    return pool


@functools.lru_cache(maxsize=16)
def _checking(course: str, exercise: str, seed: int, _: str) -> Callable[..., list[Report]]:
    """Return what gives all submissions of a run with one seed the same checks."""
    from grader.checks import collection, run

    suite = collection.load_suite(open_course(course)[exercise], seed).remembering()
    return lambda *work, **more: run.check_many(suite, *work, **more)


@functools.cache
def _marking(course: str, confinement: Confinement) -> Callable[[bytes, str], Any]:
    """Return what grades answers to quizzes, and whose they are said to be."""
    from grader.quiz import code, grade

    opened, runner = open_course(course), code.CodeRunner(confinement)
    atexit.register(runner.close)
    grading = grade.Grading(opened, grade.editions_of(opened), runner)
    return lambda answers, learner_id: grade.grade_submission(answers, learner_id, grading)


_patience = functools.lru_cache(maxsize=1000)(lambda run, submission: Patience())
"""How long code of a submission may still sleep in this process, in all exercises of this run."""


def run_task(task: Task) -> TaskResults:
    """Do a task in this process; what the grader breaks on is told of that submission alone.

    Raises:
        BatchBroken: no task at all can be done.
        NoProcess: the system starts no more processes.
    """
    keys, results = [key for key, _ in task.work], list[Any]()
    try:
        if isinstance(task.work[0][1], tuple):
            mark = _marking(task.course, task.confinement)
            found = [mark(*work) for _, work in task.work]
            results += [each.broken or each for each in found]
        else:
            check_all = _checking(task.course, task.exercise, task.seed, task.run)
            patience = [_patience(task.run, key) for key in keys]
            pool, sources = _pool(task.confinement), [source for _, source in task.work]
            results += map(bounded, check_all(sources, pool, patience=patience))
        return list(zip(keys, results, strict=True))
    except NoProcess:
        raise
    except (CourseError, ConfinementMissing, WorkerBroken) as error:
        raise BatchBroken(str(error)) from None
    except Exception as error:
        if len(task.work) > 1:  # whichever it was, the others are none the worse for it
            return [result for alone in task.alone() for result in run_task(alone)]
        return [(keys[0], f"the grader itself broke on it ({type(error).__name__}: {error})")]


def bounded(report: Report) -> Report:
    """Return a report that is not too large to keep and to show: without the middle of what was printed."""

    def shortened(text: str, length: int) -> str:
        gap = f"\n… {len(text) - length} characters left out …\n"
        return text if len(text) <= length else f"{text[: length // 2]}{gap}{text[-length // 2 :]}"

    for length in OUTPUT_LENGTHS:
        said = [(each.output, each.message, each.diagnosis) for each in report.outcomes]
        text = json.dumps(said, ensure_ascii=False)
        escaped = sum(text.count(mark) * more for mark, more in ESCAPED.items())
        if escaped + len(text.encode("utf-8", "backslashreplace")) < MAX_REPORT_BYTES:
            break
        outcomes = (replace(each, output=shortened(each.output, length)) for each in report.outcomes)
        report = replace(report, outcomes=tuple(outcomes))
    return report
