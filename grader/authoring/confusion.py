"""How well the course knows its mistakes: which are named or taken for others, which checks decide."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from grader.authoring.verify import solution_source
from grader.checks.parallel import WHOLE, Share, map_shares
from grader.checks.report import Report
from grader.checks.run import run_checks
from grader.checks.source import Source
from grader.course import Course, Misconception
from grader.reports.confusion_lines import Confusion
from grader.sandbox.pool import WorkerPool


def confusions(course: Course, ids: tuple[str, ...], *, seed: int, jobs: int = 0) -> Iterator[Confusion]:
    """Try every known mistake of exercises, in parallel.

    Args:
        ids: which exercises; none means all of them.
        jobs: processes; 0 means one a processor.

    Raises:
        UnknownExercise: an id names no exercise.
        CourseError: a file of the course cannot be read.
    """
    try_share = functools.partial(confusion, course, seed=seed)
    for parts in map_shares(try_share, ids or course.exercise_ids(), jobs=jobs):
        yield _together(parts)


def _together(parts: list[Confusion]) -> Confusion:
    return Confusion(
        parts[0].exercise,
        named=tuple(name for part in parts for name in part.named),
        ties=tuple(tie for part in parts for tie in part.ties),
        silent=tuple(name for part in parts for name in part.silent),
        misnamed=tuple(pair for part in parts for pair in part.misnamed),
        checks=parts[0].checks,
        deciding=frozenset().union(*(part.deciding for part in parts)),
    )


def confusion(course: Course, exercise_id: str, share: Share = WHOLE, *, seed: int) -> Confusion:
    """Try the known mistakes of one exercise, or a share of them, and its variants.

    Raises:
        UnknownExercise: there is none of this id.
        CourseError: a file of the course cannot be read.
    """
    exercise = course.exercise(exercise_id)
    number, count = share
    used = tuple(solution_source(one) for one in exercise.used)
    solution = exercise.solution_path.read_text(encoding="utf-8")
    known = exercise.misconceptions()
    with WorkerPool() as pool:
        lower = {
            one.id: run_checks(one, source, pool, seed=seed)
            for one, source in zip(exercise.used, used, strict=True)
        }

        def grade(data: bytes) -> Report:
            return run_checks(
                exercise, Source(exercise.stub_path.name, data, used=used), pool, seed=seed, known=lower
            )

        wrong = [
            (one, grade(solution.replace(one.replace, one.with_).encode())) for one in known[number::count]
        ]
        right = [(path.stem, grade(path.read_bytes())) for path in exercise.variants[number::count]]
    return _sorted(exercise_id, known, wrong, right)


def _sorted(
    exercise: str,
    known: tuple[Misconception, ...],
    wrong: list[tuple[Misconception, Report]],
    right: list[tuple[str, Report]],
) -> Confusion:
    says = {one.id: one.says.strip() for one in known}
    heard = {one.id: "\n".join(outcome.diagnosis for outcome in report.outcomes) for one, report in wrong}
    # Two that say the same are one to a student, whether they are the same mistake in two functions or
    # two ways to make it.
    said = {
        name: tuple(one for one in says if says[one] in text and (one == name or says[one] != says[name]))
        for name, text in heard.items()
    }
    alone = [_failed(report) for _, report in wrong]
    reports = [report for _, report in (*wrong, *right)]
    return Confusion(
        exercise,
        named=tuple(name for name, ids in said.items() if ids == (name,)),
        ties=tuple((name, ids) for name, ids in said.items() if name in ids and len(ids) > 1),
        silent=tuple(name for name, ids in said.items() if not ids),
        misnamed=(
            *((name, ", ".join(ids)) for name, ids in said.items() if ids and name not in ids),
            *((name, one.diagnosis) for name, report in right for one in report.outcomes if one.diagnosis),
        ),
        checks=tuple(one.check for one in reports[0].outcomes) if reports else (),
        deciding=frozenset(one for failed in alone if len(failed) == 1 for one in failed),
    )


def _failed(report: Report) -> list[str]:
    return [one.check for one in report.outcomes if one.status == "failed"]
