"""Hints on an exercise: which function wants one, what it waits for, and what was told so far."""

from grader.course import Course, Exercise
from grader.progress.ledger import Ledger


def ended(exercise: Exercise, function: str, ledger: Ledger) -> set[str]:
    """Return how the checks of a function ended when they last ran."""
    latest = ledger.latest(exercise.id)
    outcomes = latest.outcomes.items() if latest else ()
    return {status for check, status in outcomes if exercise.function_of(check) == function}


def waits_for(course: Course, exercise: Exercise, function: str, ledger: Ledger) -> tuple[str, str] | None:
    """Return the earlier exercise that has to come first, and why, if nothing else is wrong."""
    if ended(exercise, function, ledger) - {"passed"} != {"skipped"}:
        return None
    from grader.checks.collection import collect_checks

    checks = (check for check in collect_checks(exercise) if check.function == function)
    for used, _, lower in (name.partition(".") for check in checks for name in check.prerequisites):
        if ended(course[used], lower, ledger) != {"passed"}:
            return used, f"`{function}` waits for {used}: `{lower}` does not pass its own checks yet."
    return None


def take_hint(exercise: Exercise, function: str, ledger: Ledger) -> tuple[tuple[str, ...], int]:
    """Tell one more hint on a function; return those told so far, and how many are left."""
    known = exercise.file.hints.get(function, ())
    told = ledger.hints_shown(exercise.id, function)
    if told < len(known):
        ledger.record_hint(exercise.id, function)
    return known[: told + 1], len(known) - told - 1
