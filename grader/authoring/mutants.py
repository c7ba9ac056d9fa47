"""Tests the checks: small changes to a solution, made one at a time, must each lose a credit."""

import ast
import functools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from grader.authoring.verify import SEED, SampleGrader
from grader.checks import collection, run
from grader.checks.parallel import WHOLE, Share, map_shares
from grader.checks.student import NO_ANSWER, Call, CheckRun, StudentModule, same_value
from grader.course import NOWHERE, Course, CourseError, Exercise, Place, strict_yaml, written
from grader.sandbox.changes import Mutant, mutants
from grader.sandbox.pool import open_pool

REVIEWED = "equivalent_mutants.yaml"
REPLAYED_SEEDS = (1, 2, 3)  # whose questions a mutant that keeps every credit is asked


@dataclass(frozen=True)
class Equivalent:
    """An entry of the reviewed list: changes to one statement that no caller can tell from the solution."""

    function: str
    before: str
    after: tuple[str, ...]
    because: str
    place: Place = NOWHERE


@dataclass(frozen=True)
class Survivor:
    """A mutant that kept every credit."""

    mutant: Mutant
    asked: int  # how many questions of the checks it answered as the solution does, to rounding
    differs: str  # the function that answered a question otherwise, or what else went wrong; may be empty

    @property
    def key(self) -> tuple[str, str, str]:
        """What the reviewed list knows it by."""
        return self.mutant.function, self.mutant.before, self.mutant.after

    def __str__(self) -> str:
        function, before, after = self.key
        state = self.differs or f"same on {self.asked} inputs"
        cure = "add a check that sees it" if self.differs else f"add a check, or argue in {REVIEWED}"
        return f"`{before}` -> `{after}` in {function} keeps every credit ({state}); {cure}"


@dataclass(frozen=True)
class Trial:
    """What became of an exercise's mutants; each fault is one sentence with file, place and cure."""

    exercise: str
    mutants: int = 0
    equivalent: int = 0
    survivors: tuple[Survivor, ...] = ()
    faults: tuple[str, ...] = ()


def try_mutants(course: Course, ids: tuple[str, ...] = (), *, seed: int = SEED, jobs: int = 0) -> list[Trial]:
    """Try every mutant of some exercises, or of all, in so many processes; 0: in one a processor."""
    exercises = course.exercises(ids)
    wanted = [exercise.id for exercise in reversed(exercises)]  # the last ones take longest
    found = list(map_shares(functools.partial(try_share, course, seed=seed), wanted, jobs=jobs))
    return [_reviewed(exercise, parts) for exercise, parts in zip(exercises, reversed(found), strict=True)]


def try_share(course: Course, exercise_id: str, share: Share = WHOLE, *, seed: int = SEED) -> Trial:
    """Try a share of one exercise's mutants; nothing is looked up in the reviewed list yet."""
    try:
        exercise = course[exercise_id]
        functions = written(exercise)  # says what is wrong with the file
        text = exercise.solution_text
        mine = list(mutants(text, functions))[share[0] :: share[1]]
        with open_pool() as pool:
            jury = _Jury(exercise, pool, seed)
            found = [survivor for mutant in mine if (survivor := jury.judge(mutant))]
    except CourseError as error:
        return Trial(exercise_id, faults=(str(error),))
    return Trial(exercise_id, len(mine), survivors=tuple(found))


class _Jury(SampleGrader):
    """Judges mutants of one exercise, every one in workers."""

    @functools.cached_property
    def questions(self) -> tuple[Call, ...]:
        """What the checks ask, under several seeds, and what the solution answers."""
        source, found = self.source(self.exercise.solution_path.read_bytes()), list[Call]()
        suite = collection.load_suite(self.exercise, self.seed)
        for seed in (suite.seed, *REPLAYED_SEEDS):
            asked = CheckRun(self.exercise, source, self.pool)
            run.run_suite(replace(suite, seed=seed), asked)
            found += asked.calls
        return tuple(found)

    def judge(self, mutant: Mutant) -> Survivor | None:
        """Return a mutant that keeps every credit, or breaks a check; None for one that loses some."""
        report = self.grade(mutant.text.encode(), mistaken=mutant.function)
        if broken := report.first_error:
            return Survivor(mutant, 0, f"`{broken.check}` breaks: {broken.message}")
        if report.earned < report.credits:
            return None
        # It is asked all questions; a worker that has answered one may answer the next.
        source, seconds = self.source(mutant.text.encode()), self.exercise.file.limits.call_seconds
        worker = StudentModule(CheckRun(self.exercise, source, self.pool)).worker
        try:
            for number, question in enumerate(self.questions):
                answer = worker.call(question.function, question.arguments, seconds, {})
                right = question.answer
                same = (answer.raised, answer.changed) == (right.raised, right.changed)
                if not same or not same_value(_plain(answer.value), _plain(right.value)):
                    return Survivor(mutant, number, f"`{question.function}` answers otherwise")
        except NO_ANSWER:
            return Survivor(mutant, 0, "ends or hangs on another input")
        finally:
            worker.end()
        return Survivor(mutant, len(self.questions), "")


def _plain(value: Any) -> Any:
    """Make NumPy's numbers Python's: no check tells one from the other."""
    if isinstance(value, np.ndarray):
        return value if value.ndim else value.item()
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value


def _reviewed(exercise: Exercise, parts: list[Trial]) -> Trial:
    """Add up an exercise's shares, and hold what survived against the reviewed list."""
    found = [survivor for part in parts for survivor in part.survivors]
    found.sort(key=lambda survivor: survivor.mutant.line)
    faults = list(dict.fromkeys(fault for part in parts for fault in part.faults))
    total, path = sum(part.mutants for part in parts), exercise.solution_folder / REVIEWED
    try:
        entries = strict_yaml.load(path, tuple[Equivalent, ...]) if path.is_file() else ()
    except CourseError as error:
        return Trial(exercise.id, total, 0, tuple(found), (*faults, str(error)))
    listed = {
        (entry.function, _normal(entry.before), _normal(after)): entry
        for entry in entries
        for after in entry.after
    }
    left = [survivor for survivor in found if survivor.differs or survivor.key not in listed]
    faults += [str(CourseError(exercise.solution_path, str(one), one.mutant.line)) for one in left]
    survived = {survivor.key for survivor in found}
    problems = [
        (entry, f"lists `{before}` -> `{after}`, but no such mutant survives; remove it")
        for (function, before, after), entry in listed.items()
        if total and (function, before, after) not in survived
    ]
    problems += [
        (entry, "`because` is empty; say why nobody can tell the difference")
        for entry in entries
        if not entry.because.strip()
    ]
    faults += [str(CourseError(path, problem, entry.place.line)) for entry, problem in problems]
    return Trial(exercise.id, total, len(found) - len(left), tuple(left), tuple(faults))


def _normal(statement: str) -> str:
    """Write a statement as this version of Python does; the head of a loop is left as it is."""
    try:
        return ast.unparse(ast.parse(statement))
    except SyntaxError:
        return statement
