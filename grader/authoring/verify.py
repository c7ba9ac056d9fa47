"""The course checks itself: what an exercise promises is tried, and every fault and confusion is named."""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
import sys
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest
from pathlib import Path

from grader.checks import plots, ranges, run
from grader.checks.collection import CheckSuite, PatchedSolution, load_suite
from grader.checks.locate.find import named_quantities
from grader.checks.parallel import WHOLE, Share, map_shares
from grader.checks.report import Located, Report
from grader.checks.source import Source
from grader.course import Course, CourseError, Exercise, MathError, Misconception, make_stub, parse, render
from grader.course.strict_yaml import read_bytes, read_text
from grader.sandbox.pool import WorkerPool, open_pool
from grader.sandbox.recording import instrument

SEED = 1  # a verdict on the course should not change from run to run; --seed tries others
PICTURES = (".svg", ".png")
MAY_IMPORT = {
    "solution": {"numpy"},
    "check": {"numpy", "pytest", "grader.numeric"},
    "plot": {"numpy", "grader.plot", "grader.numeric"},
}
IGNORED = {"__pycache__", ".DS_Store"}
NUMBERS = ("credits", "checks", "caught", "misconceptions", "accepted", "variants")


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


def verify(course: Course, ids: tuple[str, ...] = (), *, seed: int = SEED, jobs: int = 0) -> list[Findings]:
    """Verify exercises, in so many processes (0: one a processor); CannotDo if one is unknown.

    Without ids it is all of them, and the course's folders as well.
    """
    wanted = tuple(map(course.exercise_id, ids)) or course.exercise_ids()
    verify_share = functools.partial(verify_exercise, course, seed=seed)
    results = []
    for parts in map_shares(verify_share, wanted[::-1], jobs=jobs, shares=2):  # the last ones take longest
        numbers = {name: sum(getattr(part, name) for part in parts) for name in NUMBERS}
        faults = dict.fromkeys(fault for part in parts for fault in part.faults)
        results.append(Findings(parts[0].exercise, **numbers, faults=tuple(faults)))
    if ids:
        return results[::-1]
    # The faults of the course's folders as a whole.
    stray = "belongs to no exercise: there is no exercise.yaml for it; remove or complete it"
    course_faults = [
        str(CourseError(folder, stray))
        for side in ("exercises", "solutions")
        for folder in sorted((course.root / side).glob("*"))
        if folder.name not in {*wanted, *IGNORED}
    ]
    if not wanted:
        course_faults.append(str(CourseError(course.root / "exercises", "holds no exercise; add one")))
    return [Findings("course", faults=tuple(course_faults))] * bool(course_faults) + results[::-1]


def verify_exercise(course: Course, exercise_id: str, share: Share = WHOLE, *, seed: int = SEED) -> Findings:
    """Verify an exercise, or a share of its misconceptions and variants; all else belongs to the first."""
    try:
        with open_pool() as pool:
            exercise = course[exercise_id]
            verifier = _Verifier(exercise, SampleGrader(exercise, pool, seed), share)
            if share[0] == 0:
                verifier.look_at_files()
                verifier.try_solution()
                verifier.try_stub()
                verifier.try_plot()
            verifier.try_misconceptions()
            verifier.try_variants()
    except CourseError as error:
        return Findings(exercise_id, faults=(str(error),))
    return Findings(exercise_id, **verifier.numbers, faults=tuple(verifier.faults))


def solution_source(exercise: Exercise) -> Source:
    """Return a solution as if a student had handed it in; CourseError if it cannot be read."""
    used = tuple(map(solution_source, exercise.used))
    return Source(exercise.solution_path.name, read_bytes(exercise.solution_path), used=used)


def is_material(exercise: Exercise, path: Path) -> bool:
    """Whether a file is a picture, or a text to learn from that the lesson names."""
    lesson = exercise.lesson_path
    if path.suffix == ".txt" and lesson.is_file():
        return f"`{path.name}`" in read_text(lesson)
    return path.suffix in PICTURES


class SampleGrader:
    """Grades what the course holds, such as a variant, as if handed in beside solutions. Or CourseError."""

    def __init__(self, exercise: Exercise, pool: WorkerPool, seed: int) -> None:
        self.exercise, self.pool, self.seed = exercise, pool, seed
        self._used = tuple(map(solution_source, exercise.used))

    @functools.cached_property
    def suite(self) -> CheckSuite:
        """The checks, the same for all files."""
        return load_suite(self.exercise, self.seed).remembering()

    @functools.cached_property
    def _known(self) -> dict[str, Report]:
        named = {name.partition(".")[2] for check in self.suite.checks for name in check.prerequisites}
        suites = [_part_of(load_suite(used, self.seed), named) for used in self.exercise.used]
        tried = zip(suites, self._used, strict=True)
        return {suite.exercise.id: run.check(suite, source, pool=self.pool) for suite, source in tried}

    def source(self, data: bytes) -> Source:
        """Return a file as if a student had handed it in."""
        return Source(self.exercise.stub_path.name, data, used=self._used)

    def grade(self, data: bytes, *, mistaken: str | None = None) -> Report:
        """Run all checks on a file; those of a mistaken function first, and again with care if none fails."""
        first, source = _part_of(self.suite, {mistaken}), self.source(data)
        suite = replace(self.suite, checks=tuple(dict.fromkeys((*first.checks, *self.suite.checks))))
        check = functools.partial(run.check, suite, source, pool=self.pool, known=self._known)
        report = check(one_failure=mistaken is not None)  # undiagnosed, and asked nothing twice
        return check(diagnose=False) if mistaken is not None and report.passed else report


def _part_of(suite: CheckSuite, functions: Set[str | None]) -> CheckSuite:
    """Return a suite with the checks of some functions alone, and those that they depend on."""
    names = set[str]()
    for check in reversed(suite.checks):
        if check.function in functions or check.name in names:
            names |= {check.name, *check.depends_on}
    return replace(suite, checks=tuple(check for check in suite.checks if check.name in names))


@dataclass
class _Verifier:
    """Tries what one exercise promises, and collects its faults."""

    exercise: Exercise
    grader: SampleGrader
    share: Share
    numbers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def fault(self, path: Path, problem: str, line: int | None = None) -> None:
        self.faults.append(str(CourseError(path, problem, line)))

    def look_at_formulas(self) -> None:
        """Convert every formula of the lesson and the hints to both forms, for a terminal and for a page."""
        lesson, hints = self.exercise.lesson_path, chain(*self.exercise.file.hints.values())
        texts = [(lesson, read_text(lesson))]
        texts += ((lesson.with_name("exercise.yaml"), hint) for hint in hints)
        for path, text in texts:
            try:
                render(text, strict=True)
            except MathError as error:
                self.fault(path, f"has a formula that cannot be shown: {error}")

    def look_at_quantities(self) -> None:
        """Hold the names of quantities against the solution: what it computes has one, and nothing else."""
        path, own = self.exercise.solution_folder / "quantities.yaml", self.exercise.quantities()
        _, made = instrument(self.exercise.solution_text.encode())
        kinds, named = {node[8]: node[0] for node in made.nodes}, named_quantities(self.exercise)
        for expression in own:
            if " ".join(expression.split()) not in kinds:
                self.fault(path, f"`{expression}` stands nowhere in the solution; name what it computes now")
        for line, _, kind, _, target, value in made.statements if own else ():
            size = len(target) == 1 and target.isupper()  # such as T, one of the letters of the course
            computed = kind == "Assign" and kinds.get(value) == "operation" and target.isidentifier()
            if computed and not size and not {target, value} & named.keys():
                computes = f"which line {line} of the solution computes"
                self.fault(path, f"has no name for `{target}`, {computes}; add `{value}`")

    def look_at_files(self) -> None:
        exercise = self.exercise
        expected = {
            exercise.folder: {
                *("exercise.yaml", "lesson.md", exercise.stub_path.name),
                *(exercise.visible_checks.name, plots.plot_path(exercise).name),
            },
            exercise.solution_folder: {
                *(exercise.solution_path.name, exercise.hidden_checks.name),
                *("misconceptions.yaml", "quantities.yaml", "ranges.yaml"),
                *("equivalent_mutants.yaml", "variants"),
            },
            exercise.solution_folder / "variants": {path.name for path in exercise.variants},
        }
        problem = "is a stray file: no part of an exercise has this name; remove or rename it"
        for folder, names in expected.items():
            for path in sorted(folder.glob("*")):
                material = folder == exercise.folder and is_material(exercise, path)
                if path.name not in names | IGNORED and not material:
                    self.fault(path, problem)
        if not exercise.lesson_path.is_file() or not read_text(exercise.lesson_path).strip():
            self.fault(exercise.lesson_path, "is missing or empty; tell the theory there")
        else:
            self.look_at_formulas()
        for name in exercise.parameters:
            if not all(hint.strip() for hint in exercise.file.hints.get(name) or [""]):
                problem = f"`{name}` has no hint, or an empty one; write hints from direction to formula"
                self.fault(exercise.folder / "exercise.yaml", problem)
        self.look_at_quantities()
        own = {used.file.module for used in exercise.used}
        for kind, paths in (
            ("solution", (exercise.solution_path, exercise.stub_path)),
            ("check", (exercise.visible_checks, exercise.hidden_checks)),
            ("plot", (plots.plot_path(exercise),)),
        ):
            for path in filter(Path.is_file, paths):
                self._look_at_imports(path, MAY_IMPORT[kind] | own)

    def _look_at_imports(self, path: Path, allowed: set[str]) -> None:
        nodes = (node for node in ast.walk(parse(path)) if isinstance(node, ast.Import | ast.ImportFrom))
        for node in nodes:
            names = [alias.name for alias in node.names]
            for name in names if isinstance(node, ast.Import) else [node.module or "."]:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and not {top, name} & allowed:
                    only = ", ".join(sorted(allowed))
                    problem = f"imports `{name}`; besides the standard library, only {only} may be"
                    self.fault(path, problem, node.lineno)

    def try_solution(self) -> None:
        exercise = self.exercise
        report = self.grader.grade(exercise.solution_path.read_bytes())
        self.numbers.update(credits=report.credits, checks=len(report.outcomes))
        if report.credits != exercise.file.credits:
            problem = f"promises {exercise.file.credits} credits, but its checks add up to {report.credits}"
            self.fault(exercise.folder / "exercise.yaml", problem)
        for outcome in report.outcomes:
            path = exercise.hidden_checks if outcome.hidden else exercise.visible_checks
            check = f"`{outcome.check}`"
            if not outcome.function:
                example = f"check_{exercise.file.functions[0]}_values"
                self.fault(path, f"{check} should be named after its function, as in {example}")
            if outcome.credits < 1:
                self.fault(path, f"{check} earns nothing; mark it with @pytest.mark.credits(1) or more")
            if outcome.title == outcome.check:
                self.fault(path, f"{check} has no docstring; it is what the student reads")
            if outcome.status != "passed":
                self.fault(path, f"{check} does not pass on the solution: {outcome.message}")
        for problem in ranges.range_faults(exercise, self.grader.seed):
            self.fault(exercise.solution_folder / "ranges.yaml", problem)

    def try_stub(self) -> None:
        exercise, path = self.exercise, self.exercise.stub_path
        if not path.is_file():
            self.fault(path, f"is missing; `grader reset {exercise.id}` makes it")
            return
        report = self.grader.grade(path.read_bytes())
        if report.earned:
            self.fault(path, f"already earns {report.earned} credits; a stub should earn none")
        for outcome in report.outcomes:
            if outcome.status == "failed" and "not written yet" not in outcome.message and not report.earned:
                problem = f"does not make `{outcome.check}` say “not written yet”, but: {outcome.message}"
                self.fault(path, problem)
        lines = zip_longest(make_stub(exercise).splitlines(), read_text(path).splitlines())
        if line := next((number for number, (one, other) in enumerate(lines, 1) if one != other), None):
            cure = f"`grader reset {exercise.id}` renews it"
            self.fault(path, f"differs from the stub that the solution makes; {cure}", line)

    def try_plot(self) -> None:
        """Run the plot file, if there is one: it draws the solution, and of the stub it draws nothing."""
        exercise, grader, path = self.exercise, self.grader, plots.plot_path(self.exercise)
        if not path.is_file():
            return
        try:
            drawing = plots.draw(exercise, grader.source(exercise.solution_path.read_bytes()), grader.pool)
            if drawing.fault or not drawing.panels:
                self.fault(path, f"does not plot the solution: {drawing.fault or 'it yields no panel'}")
            if exercise.stub_path.is_file():
                drawing = plots.draw(exercise, grader.source(exercise.stub_path.read_bytes()), grader.pool)
                if drawing.panels or "not written yet" not in drawing.fault:
                    self.fault(path, "plots the stub; call the student's function before the first panel")
        except CourseError as error:
            self.faults.append(str(error))

    def try_misconceptions(self) -> None:
        path = self.exercise.solution_folder / "misconceptions.yaml"
        misconceptions = self.exercise.misconceptions()
        for name, count in Counter(misconception.id for misconception in misconceptions).items():
            if count > 1:
                self.fault(path, f"`{name}` stands here {count} times; ids should differ")
        for misconception in misconceptions[self.share[0] :: self.share[1]]:
            if problem := self._problem_of(misconception):
                self.fault(path, f"`{misconception.id}` {problem}")
            self.numbers.update(misconceptions=1, caught=int(not problem))

    def _problem_of(self, misconception: Misconception) -> str:
        """Return what is wrong with a misconception; empty if it is caught."""
        solution = self.exercise.solution_text
        if not misconception.fits(solution):
            count, often = solution.count(misconception.replace), "more often, as `everywhere` says"
            often = often if misconception.everywhere else "once"
            return f"replaces text that stands {count} times in the solution; it should stand there {often}"
        if not misconception.says.strip():
            return "says nothing; tell the student which way to look"
        patch = PatchedSolution((misconception,), "", solution, self.grader.suite.reference)
        inside = (name for name in self.exercise.file.functions if patch.is_inside({name}))
        report = self.grader.grade(misconception.patched(solution).encode(), mistaken=next(inside, ""))
        if broken := report.first_error:
            return f"breaks a check: {broken.check}: {inspect.cleandoc(broken.message)}"
        return "keeps every credit; add a check that sees it" if report.earned == report.credits else ""

    def try_variants(self) -> None:
        for path in self.exercise.variants[self.share[0] :: self.share[1]]:
            report = self.grader.grade(path.read_bytes())
            self.numbers.update(variants=1, accepted=int(report.passed))
            if not report.passed:
                first = next(outcome for outcome in report.outcomes if outcome.status != "passed")
                self.fault(path, f"is a right answer, but `{first.check}` takes its credits: {first.message}")


# --- diagnosing what is known to be wrong ---------------------------------------------------------------


@dataclass(frozen=True)
class Confusion:
    """What an exercise's known mistakes and variants were taken for."""

    exercise: str
    named: tuple[str, ...]  # ids that were recognised, and nothing else with them
    ties: tuple[tuple[str, tuple[str, ...]], ...]  # for an id, all that explain its answers as well as it
    silent: tuple[str, ...]  # ids that were not recognised
    misnamed: tuple[tuple[str, str], ...]  # for an id or a variant, what was said instead
    checks: tuple[str, ...]  # all, in their order
    idle: tuple[str, ...]  # checks that no known mistake fails alone
    located: tuple[str, ...]  # ids whose line was found where the patch is
    astray: tuple[tuple[str, str], ...]  # for an id, another line that was found
    causes: int  # how many located lines have a cause


def confusions(course: Course, ids: tuple[str, ...] = (), *, seed: int, jobs: int = 0) -> Iterator[Confusion]:
    """Try every known mistake of some exercises, or of all, in so many processes; 0: in one a processor."""
    wanted = tuple(map(course.exercise_id, ids)) or course.exercise_ids()
    found = map_shares(functools.partial(_reports, course, seed=seed), wanted, jobs=jobs)
    for exercise_id, parts in zip(wanted, found, strict=True):
        wrong, right = (dict(chain(*(part[side].items() for part in parts))) for side in (0, 1))
        yield _judged(course[exercise_id], wrong, right)


def _reports(course: Course, exercise_id: str, share: Share, *, seed: int) -> list[dict[str, Report]]:
    """Return the reports of a share of an exercise's known mistakes, and of its variants."""
    exercise, (number, count) = course[exercise_id], share
    solution = exercise.solution_text
    with open_pool() as pool:
        grader = SampleGrader(exercise, pool, seed)
        known = exercise.misconceptions()[number::count]
        return [
            {mistake.id: grader.grade(mistake.patched(solution).encode()) for mistake in known},
            {path.stem: grader.grade(path.read_bytes()) for path in exercise.variants[number::count]},
        ]


def changed_lines(text: str, mistaken: str) -> frozenset[int]:
    """Return the lines of a mistaken text that differ from the right one; of what is gone, its neighbours."""
    matcher = difflib.SequenceMatcher(None, text.splitlines(), mistaken.splitlines(), autojunk=False)
    lines = set[int]()
    for kind, _, _, first, last in matcher.get_opcodes():
        if kind == "delete":
            lines |= {first, first + 1}
        elif kind != "equal":
            lines |= set(range(first + 1, last + 1))
    return frozenset(lines)


def _judged(exercise: Exercise, wrong: dict[str, Report], right: dict[str, Report]) -> Confusion:
    """Compare what was said of known mistakes with what should have been said."""
    known, solution = exercise.misconceptions(), exercise.solution_text
    says = {mistake.id: mistake.says.strip() for mistake in known}
    lines = {mistake.id: changed_lines(solution, mistake.patched(solution)) for mistake in known}
    # Two that say the same are one to a student, whether they are the same mistake in two functions or
    # two ways to make it.
    recognised = dict[str, tuple[str, ...]]()
    places, failed = dict[str, Located](), list[list[str]]()
    for name, report in wrong.items():
        said = "\n".join(outcome.diagnosis for outcome in report.outcomes)
        recognised[name] = tuple(
            other for other in says if says[other] in said and (other == name or says[other] != says[name])
        )
        failed.append([outcome.check for outcome in report.outcomes if outcome.status == "failed"])
        if found := [outcome.located for outcome in report.outcomes if outcome.located]:
            places[name] = found[0]
    named_right = [
        (name, each.diagnosis) for name, report in right.items() for each in report.outcomes if each.diagnosis
    ]
    misnamed = [(name, ", ".join(ids)) for name, ids in recognised.items() if ids and name not in ids]
    astray = {name: place for name, place in places.items() if place.line not in lines[name]}
    reports = [*wrong.values(), *right.values()]
    checks = tuple(outcome.check for outcome in reports[0].outcomes) if reports else ()
    return Confusion(
        exercise.id,
        named=tuple(name for name, ids in recognised.items() if ids == (name,)),
        ties=tuple((name, ids) for name, ids in recognised.items() if name in ids and len(ids) > 1),
        silent=tuple(name for name, ids in recognised.items() if not ids),
        misnamed=(*misnamed, *named_right),
        checks=checks,
        idle=tuple(check for check in checks if [check] not in failed),
        located=tuple(name for name in places if name not in astray),
        astray=tuple((name, f"line {place.line}: {place.source}") for name, place in astray.items()),
        causes=sum(bool(place.cause) for place in places.values()),
    )
