"""Watches what a student saves: one exercise at a time, its verdict, and what changed since the last one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

from watchfiles import watch

from grader.checks.report import Outcome, Report
from grader.checks.run import new_seed, run_checks
from grader.checks.source import Source, read_source
from grader.checks.student import Progress
from grader.course import Course, Exercise
from grader.progress.ledger import open_ledger
from grader.reports.text import Line, report_lines
from grader.sandbox.pool import WorkerPool

GATHER_MS = 50  # at most, for the several changes that one save makes
QUIET_MS = 10  # without another change, and the save is over
TICK_MS = 100  # between two looks at the keys


@dataclass
class Watched:
    """One exercise under watch: what was checked last, and what it gave.

    Args:
        seed: of the random inputs, the same at every save: what changes then is the student's doing.
    """

    exercise: Exercise
    seed: int = field(default_factory=new_seed)
    source: Source | None = None
    report: Report | None = None

    def differs(self) -> bool:
        """Read the student's files; say whether they hold something else than when they were checked."""
        before, self.source = self.source, read_source(self.exercise)
        return before != self.source

    def check(self, pool: WorkerPool, progress: Progress | None = None) -> Report:
        """Check what was read; return what the student may see of it.

        Raises:
            CourseError: the exercise is broken.
        """
        source = self.source or read_source(self.exercise)
        report = run_checks(self.exercise, source, pool, seed=self.seed, progress=progress)
        self.report = report.for_student(self.exercise.file.feedback)
        return self.report


def ticks(course: Course) -> Iterator[bool]:
    """Yield again and again, for ever: whether something was saved below ``exercises/`` since the last time.

    Folders are watched, not files: many editors save by putting another file in the place of the old one.
    """
    changes = watch(
        course.root / "exercises",
        watch_filter=None,
        debounce=GATHER_MS,
        step=QUIET_MS,
        rust_timeout=TICK_MS,
        yield_on_timeout=True,
    )
    return (bool(changed) for changed in changes)


def unfinished(course: Course) -> tuple[str, ...]:
    """Return the exercises that are not fully earned as of their last check, in the order of the course."""
    with open_ledger(course) as ledger:
        states = {one: ledger.latest(one) for one in course.exercise_ids()}
    return tuple(one for one, state in states.items() if not (state and state.done))


def following(course: Course, exercise: str) -> str | None:
    """Return the first unfinished exercise after this one, or from the start; None if there is no other."""
    ids = course.exercise_ids()
    here = ids.index(exercise)
    waiting = unfinished(course)
    return next((one for one in (*ids[here + 1 :], *ids[:here]) if one in waiting), None)


def news(report: Report, before: Report | None, width: int = 80) -> list[Line]:
    """Lay out what changed since an earlier report of the same exercise, under the line with its credits.

    Args:
        before: the earlier one; without it, everything is new.
        width: columns of the terminal.
    """
    lines = report_lines(report, width)
    if before is None:
        return lines
    part = dataclasses.replace(
        report,
        outcomes=_changed(report, before),
        notes=tuple(note for note in report.notes if note not in before.notes),
        source_sha256="",  # what is said of the confinement was said before
    )
    body = report_lines(part, width)[1:]
    footer = [] if part.passed else report_lines(dataclasses.replace(part, outcomes=(), notes=()), width)[1:]
    body = body[: len(body) - len(footer)]
    return [lines[0], *(body or [Line("  nothing else than before", "note")])]


def _changed(report: Report, before: Report) -> tuple[Outcome, ...]:
    """Return the outcomes that say something else; by place, since hidden ones may share a name."""
    said = {(number, one.check): _said(one) for number, one in enumerate(before.outcomes)}
    return tuple(
        one for number, one in enumerate(report.outcomes) if said.get((number, one.check)) != _said(one)
    )


def _said(outcome: Outcome) -> Outcome:
    """Return all of it that a student is shown."""
    printed = outcome.output if outcome.status == "failed" else ""
    return dataclasses.replace(outcome, output=printed, seconds=0.0)
