"""The course checks itself: what an exercise promises is tried, and every fault is named."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from grader.checks.parallel import WHOLE, Share, map_shares
from grader.checks.plots import Drawing, draw, plot_path
from grader.checks.report import Report
from grader.checks.run import run_checks
from grader.checks.source import Source
from grader.course import Course, CourseError, Exercise, Misconception, parse
from grader.course.stub import make_stub
from grader.sandbox.pool import WorkerPool

T = TypeVar("T")
SEED = 1  # a verdict on the course should not change from run to run; --seed tries others
PICTURES = (".svg", ".png")
MAY_IMPORT = {
    "solution": {"numpy"},
    "check": {"numpy", "pytest", "grader.numeric"},
    "plot": {"numpy", "grader.plot", "grader.numeric"},
}
IGNORED = {"__pycache__", ".DS_Store"}


@dataclass(frozen=True)
class Findings:
    """What was found about one exercise; each fault is one sentence with file, place and cure."""

    exercise: str
    credits: int = 0
    checks: int = 0
    caught: int = 0
    misconceptions: int = 0
    accepted: int = 0
    variants: int = 0
    faults: tuple[str, ...] = ()


@dataclass
class _Tally:
    """Collects the findings of one exercise while it is verified."""

    exercise: Exercise
    grade: Callable[..., Report]
    sketch: Callable[[bytes], Drawing]
    share: Share
    numbers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def mine(self, items: tuple[T, ...]) -> tuple[T, ...]:
        """Return this share of some items."""
        number, count = self.share
        return items[number::count]

    def fault(self, path: Path, problem: str, line: int | None = None) -> None:
        self.faults.append(str(CourseError(path, problem, line)))

    def findings(self) -> Findings:
        return Findings(self.exercise.id, **self.numbers, faults=tuple(self.faults))


def verify_course(
    course: Course, ids: tuple[str, ...] = (), *, seed: int = SEED, jobs: int = 0
) -> list[Findings]:
    """Verify exercises of a course, in parallel.

    Args:
        ids: which exercises; none means all of them, and the course's folders as well.
        seed: of the random inputs.
        jobs: processes; 0 means one a processor.

    Raises:
        UnknownExercise: an id names no exercise.
    """
    wanted = ids or course.exercise_ids()
    verify_share = functools.partial(verify_exercise, course, seed=seed)
    found = list(map_shares(verify_share, wanted[::-1], jobs=jobs))  # the last ones take longest
    results = [_together(parts) for parts in reversed(found)]
    return results if ids else [*_course_findings(course), *results]


def _together(parts: list[Findings]) -> Findings:
    """Add up what was found about the shares of one exercise."""
    return replace(
        parts[0],
        caught=sum(one.caught for one in parts),
        misconceptions=sum(one.misconceptions for one in parts),
        accepted=sum(one.accepted for one in parts),
        variants=sum(one.variants for one in parts),
        faults=tuple(dict.fromkeys(fault for one in parts for fault in one.faults)),
    )


def _course_findings(course: Course) -> Iterator[Findings]:
    """Yield the faults of the course's folders as a whole, if there are any."""
    known = set(course.exercise_ids())
    faults = [
        str(
            CourseError(
                folder, "belongs to no exercise: there is no exercise.yaml for it; remove or complete it"
            )
        )
        for side in ("exercises", "solutions")
        for folder in sorted((course.root / side).glob("*"))
        if folder.name not in known | IGNORED
    ]
    if not known:
        faults.append(str(CourseError(course.root / "exercises", "holds no exercise; add one")))
    if faults:
        yield Findings("course", faults=tuple(faults))


def verify_exercise(course: Course, exercise_id: str, share: Share = WHOLE, *, seed: int = SEED) -> Findings:
    """Verify one exercise, or a share of it.

    Args:
        share: of its misconceptions and variants; all else belongs to the first one.

    Raises:
        UnknownExercise: there is none of this id.
    """
    try:
        exercise = course.exercise(exercise_id)
        with WorkerPool() as pool:
            used = tuple(solution_source(one) for one in exercise.used)
            known = {
                one.id: run_checks(one, lower, pool, seed=seed)
                for one, lower in zip(exercise.used, used, strict=True)
            }

            def source(data: bytes) -> Source:
                return Source(exercise.stub_path.name, data, used=used)

            def grade(data: bytes, one_failure: bool = False) -> Report:
                return run_checks(
                    exercise, source(data), pool, seed=seed, known=known, one_failure=one_failure
                )

            def sketch(data: bytes) -> Drawing:
                return draw(exercise, source(data), pool)

            tally = _Tally(exercise, grade, sketch, share)
            if share[0] == 0:
                _verify_files(tally)
                _verify_checks_and_solution(tally)
                _verify_stub(tally)
                _verify_plot(tally)
            _verify_misconceptions(tally)
            _verify_variants(tally)
    except CourseError as error:
        return Findings(exercise_id, faults=(str(error),))
    return tally.findings()


# --- what can be seen without running anything --------------------------------------------------------


def _verify_files(tally: _Tally) -> None:
    exercise = tally.exercise
    _verify_strays(tally)
    if not exercise.lesson_path.is_file() or not exercise.lesson_path.read_text(encoding="utf-8").strip():
        tally.fault(exercise.lesson_path, "is missing or empty; tell the theory there")
    for name in exercise.parameters:
        hints = exercise.file.hints.get(name, ())
        if not hints or not all(hint.strip() for hint in hints):
            problem = f"`{name}` has no hint, or an empty one; write hints from direction to formula"
            tally.fault(exercise.folder / "exercise.yaml", problem)
    for kind, paths in (
        ("solution", (exercise.solution_path, exercise.stub_path)),
        ("check", (exercise.visible_checks, exercise.hidden_checks)),
        ("plot", (plot_path(exercise),)),
    ):
        for path in paths:
            _verify_imports(tally, path, MAY_IMPORT[kind] | {one.file.module for one in exercise.used})


def _verify_strays(tally: _Tally) -> None:
    exercise = tally.exercise
    expected = {
        exercise.folder: {
            "exercise.yaml",
            "lesson.md",
            exercise.stub_path.name,
            exercise.visible_checks.name,
            plot_path(exercise).name,
        },
        exercise.solution_folder: {
            *(exercise.solution_path.name, exercise.hidden_checks.name),
            *("misconceptions.yaml", "equivalent_mutants.yaml", "variants"),
        },
        exercise.solution_folder / "variants": {path.name for path in exercise.variants},
    }
    for folder, names in expected.items():
        for path in sorted(folder.glob("*")):
            picture = folder == exercise.folder and path.suffix in PICTURES
            if path.name not in names | IGNORED and not picture:
                tally.fault(
                    path, "is a stray file: no part of an exercise has this name; remove or rename it"
                )


def solution_source(exercise: Exercise) -> Source:
    """Return an exercise's solution as if a student had handed it in.

    Raises:
        CourseError: it cannot be read.
    """
    try:
        return Source(exercise.solution_path.name, exercise.solution_path.read_bytes())
    except OSError as error:
        raise CourseError(exercise.solution_path, f"cannot be read: {error.strerror}") from None


def _verify_imports(tally: _Tally, path: Path, allowed: set[str]) -> None:
    if not path.is_file():
        return
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
        else:
            continue
        for name in names:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names and not {top, name} & allowed:
                only = ", ".join(sorted(allowed))
                tally.fault(
                    path, f"imports `{name}`; besides the standard library, only {only} may be", node.lineno
                )


# --- what shows when the checks run -------------------------------------------------------------------


def _verify_checks_and_solution(tally: _Tally) -> None:
    exercise = tally.exercise
    report = tally.grade(exercise.solution_path.read_bytes())
    tally.numbers.update(credits=report.credits, checks=len(report.outcomes))
    if report.credits != exercise.file.credits:
        problem = f"promises {exercise.file.credits} credits, but its checks add up to {report.credits}"
        tally.fault(exercise.folder / "exercise.yaml", problem)
    for outcome in report.outcomes:
        path = exercise.hidden_checks if outcome.hidden else exercise.visible_checks
        if not outcome.function:
            example = f"check_{exercise.file.functions[0]}_values"
            problem = f"`{outcome.check}` should be named after its function, as in {example}"
            tally.fault(path, problem)
        if outcome.credits < 1:
            tally.fault(
                path, f"`{outcome.check}` earns nothing; mark it with @pytest.mark.credits(1) or more"
            )
        if outcome.title == outcome.check:
            tally.fault(path, f"`{outcome.check}` has no docstring; it is what the student reads")
        if outcome.status != "passed":
            tally.fault(path, f"`{outcome.check}` does not pass on the solution: {outcome.message}")


def _verify_stub(tally: _Tally) -> None:
    exercise = tally.exercise
    if not exercise.stub_path.is_file():
        tally.fault(exercise.stub_path, f"is missing; `grader reset {exercise.id}` makes it")
        return
    report = tally.grade(exercise.stub_path.read_bytes())
    if report.earned:
        tally.fault(exercise.stub_path, f"already earns {report.earned} credits; a stub should earn none")
    for outcome in report.outcomes:
        if outcome.status == "failed" and "not written yet" not in outcome.message and not report.earned:
            problem = f"does not make `{outcome.check}` say “not written yet”, but: {outcome.message}"
            tally.fault(exercise.stub_path, problem)
    wanted = make_stub(exercise).splitlines()
    found = exercise.stub_path.read_text(encoding="utf-8").splitlines()
    for number in range(max(len(wanted), len(found))):
        if wanted[number : number + 1] != found[number : number + 1]:
            problem = f"differs from the stub that the solution makes; `grader reset {exercise.id}` renews it"
            tally.fault(exercise.stub_path, problem, number + 1)
            break


def _verify_plot(tally: _Tally) -> None:
    """Run the plot file, if there is one: it draws the solution, and of the stub it draws nothing."""
    exercise, path = tally.exercise, plot_path(tally.exercise)
    if not path.is_file():
        return
    try:
        drawing = tally.sketch(exercise.solution_path.read_bytes())
        if drawing.fault or not drawing.panels:
            tally.fault(path, f"does not plot the solution: {drawing.fault or 'it yields no panel'}")
        if exercise.stub_path.is_file():
            stub = tally.sketch(exercise.stub_path.read_bytes())
            if stub.panels or "not written yet" not in stub.fault:
                tally.fault(path, "plots the stub; call the student's function before the first panel")
    except CourseError as error:
        tally.faults.append(str(error))


def _verify_misconceptions(tally: _Tally) -> None:
    path = tally.exercise.solution_folder / "misconceptions.yaml"
    misconceptions = tally.exercise.misconceptions()
    for name, count in Counter(one.id for one in misconceptions).items():
        if count > 1:
            tally.fault(path, f"`{name}` stands here {count} times; ids should differ")
    for misconception in tally.mine(misconceptions):
        tally.numbers["misconceptions"] += 1
        problem = _problem_of(misconception, tally)
        if problem:
            tally.fault(path, f"`{misconception.id}` {problem}")
        else:
            tally.numbers["caught"] += 1


def _problem_of(misconception: Misconception, tally: _Tally) -> str:
    """Return what is wrong with a misconception; empty if it is caught."""
    solution = tally.exercise.solution_path.read_text(encoding="utf-8")
    count = solution.count(misconception.replace)
    if count != 1:
        return f"replaces text that stands {count} times in the solution; it should stand there once"
    if not misconception.says.strip():
        return "says nothing; tell the student which way to look"
    wrong = solution.replace(misconception.replace, misconception.with_)
    report = tally.grade(wrong.encode(), one_failure=True)  # one lost credit is proof enough
    if report.broken:
        return f"breaks a check: {_broken(report)}"
    return "keeps every credit; add a check that sees it" if report.earned == report.credits else ""


def _verify_variants(tally: _Tally) -> None:
    for path in tally.mine(tally.exercise.variants):
        tally.numbers["variants"] += 1
        report = tally.grade(path.read_bytes())
        if report.passed:
            tally.numbers["accepted"] += 1
            continue
        first = next(outcome for outcome in report.outcomes if outcome.status != "passed")
        tally.fault(path, f"is a right answer, but `{first.check}` takes its credits: {first.message}")


def _broken(report: Report) -> str:
    first = next(outcome for outcome in report.outcomes if outcome.status == "error")
    return f"{first.check}: {inspect.cleandoc(first.message)}"
