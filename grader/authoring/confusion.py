"""How well the course knows its mistakes: which are named or taken for others, which checks decide."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from grader.authoring.verify import SampleGrader
from grader.checks.parallel import WHOLE, Share, map_shares
from grader.checks.report import Report
from grader.course import Course, Misconception
from grader.sandbox.pool import open_pool


@dataclass(frozen=True)
class Confusion:
    """What an exercise's known mistakes and variants were taken for.

    Args:
        named: ids that were recognised, and nothing else with them.
        ties: for an id, all that explain its answers equally well, itself among them.
        silent: ids that were not recognised.
        misnamed: for an id or a variant, what was said instead; there should be none.
        checks: all checks, in their order.
        deciding: those that at least one known mistake fails alone.
    """

    exercise: str
    named: tuple[str, ...] = ()
    ties: tuple[tuple[str, tuple[str, ...]], ...] = ()
    silent: tuple[str, ...] = ()
    misnamed: tuple[tuple[str, str], ...] = ()
    checks: tuple[str, ...] = ()
    deciding: frozenset[str] = frozenset()

    @property
    def total(self) -> int:
        """How many mistakes were tried."""
        return len(self.named) + len(self.ties) + len(self.silent) + len(self.misnamed)

    @property
    def idle(self) -> tuple[str, ...]:
        """Checks that no known mistake fails alone."""
        return tuple(check for check in self.checks if check not in self.deciding)


def confusions(course: Course, ids: tuple[str, ...] = (), *, seed: int, jobs: int = 0) -> Iterator[Confusion]:
    """Try every known mistake of exercises, in parallel.

    Args:
        ids: which exercises; none means all of them.
        seed: of the random inputs.
        jobs: processes; 0 means one a processor.

    Raises:
        UnknownExercise: an id names no exercise.
        CourseError: a file of the course cannot be read.
    """
    try_share = functools.partial(confusion, course, seed=seed)
    for parts in map_shares(try_share, ids or course.exercise_ids(), jobs=jobs):
        yield Confusion(
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
    exercise, (number, count) = course[exercise_id], share
    solution = exercise.solution_path.read_text(encoding="utf-8")
    known = exercise.misconceptions()
    with open_pool() as pool:
        grader = SampleGrader(exercise, pool, seed)
        wrong = {
            mistake.id: grader.grade(solution.replace(mistake.replace, mistake.with_).encode())
            for mistake in known[number::count]
        }
        right = {path.stem: grader.grade(path.read_bytes()) for path in exercise.variants[number::count]}
    return _judged(exercise_id, known, wrong, right)


def _judged(
    exercise: str, known: tuple[Misconception, ...], wrong: dict[str, Report], right: dict[str, Report]
) -> Confusion:
    """Compare what was said of known mistakes with what should have been said."""
    says = {mistake.id: mistake.says.strip() for mistake in known}
    # Two that say the same are one to a student, whether they are the same mistake in two functions or
    # two ways to make it.
    recognised = dict[str, tuple[str, ...]]()
    for name, report in wrong.items():
        said = "\n".join(outcome.diagnosis for outcome in report.outcomes)
        recognised[name] = tuple(
            other for other in says if says[other] in said and (other == name or says[other] != says[name])
        )
    failed = [
        [outcome.check for outcome in report.outcomes if outcome.status == "failed"]
        for report in wrong.values()
    ]
    reports = [*wrong.values(), *right.values()]
    return Confusion(
        exercise,
        named=tuple(name for name, ids in recognised.items() if ids == (name,)),
        ties=tuple((name, ids) for name, ids in recognised.items() if name in ids and len(ids) > 1),
        silent=tuple(name for name, ids in recognised.items() if not ids),
        misnamed=(
            *((name, ", ".join(ids)) for name, ids in recognised.items() if ids and name not in ids),
            *(
                (name, outcome.diagnosis)
                for name, report in right.items()
                for outcome in report.outcomes
                if outcome.diagnosis
            ),
        ),
        checks=tuple(outcome.check for outcome in reports[0].outcomes) if reports else (),
        deciding=frozenset(checks[0] for checks in failed if len(checks) == 1),
    )
