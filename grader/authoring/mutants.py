"""Tests the checks: small changes to a solution, made one at a time, must each lose a credit."""

from __future__ import annotations

import ast
import copy
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from grader.authoring.verify import SEED, solution_source
from grader.checks.parallel import WHOLE, Share, map_shares
from grader.checks.report import Report
from grader.checks.run import load_reference, run_checks, run_session
from grader.checks.source import Source
from grader.checks.student import Attempt, Call, same_value
from grader.course import NOWHERE, Course, CourseError, Exercise, Place, parse, strict_yaml
from grader.reports.lines import Line, wrapped
from grader.sandbox.pool import TimeUp, WorkerEnded, WorkerPool
from grader.sandbox.protocol import ProtocolError

REVIEWED = "equivalent_mutants.yaml"
REPLAYED_SEEDS = (1, 2, 3)  # whose questions a mutant that keeps every credit is asked
MAX_SWAPS = 2  # names that one use of a name is replaced by
HEADING = f"{'exercise':<14}{'mutants':>9}{'killed':>9}{'equivalent':>12}{'survivors':>11}"
OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.MatMult: "@",
    ast.Pow: "**",
}
OTHER_OPERATORS = {"+": "-", "-": "+", "*": "/@+", "/": "*", "@": "*", "**": "*"}
OTHER_COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Gt: (">=", "<"),
    ast.GtE: (">", "<"),
    ast.Lt: ("<=", ">"),
    ast.LtE: ("<", ">"),
    ast.Eq: ("!=",),
}
OTHER_FUNCTIONS = {
    "sum": "mean",
    "mean": "sum",
    "max": "min",
    "min": "max",
    "maximum": "minimum",
    "minimum": "maximum",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "exp": "expm1",
    "log": "log1p",
    "sqrt": "square",
    "tanh": "sin",
    "abs": "negative",
    "argmax": "argmin",
    "cumsum": "cumprod",
    "vstack": "hstack",
    "logaddexp": "maximum",
    "eye": "ones",
    "norm": "det",
    "eigvals": "eigvalsh",
}
KEPT = {"strict"}  # keywords that only refuse wrong arguments
BLANK = re.compile(r"np\.(empty|zeros)(_like)?\(")  # minus nothing is nothing


@dataclass(frozen=True)
class Mutant:
    """A solution with one small change.

    Args:
        before: first line of the changed statement, as Python would write it.
        after: what it has become.
        text: of the whole module.
    """

    function: str
    line: int
    before: str
    after: str
    text: str


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
    """A mutant that kept every credit.

    Args:
        asked: how many questions of the checks it answered as the solution does, to rounding.
        differs: the function that answered a question otherwise, or what else went wrong; may be empty.
    """

    mutant: Mutant
    asked: int
    differs: str


@dataclass(frozen=True)
class Trial:
    """What became of an exercise's mutants; each fault is one sentence with file, place and cure."""

    exercise: str
    mutants: int = 0
    equivalent: int = 0
    survivors: tuple[Survivor, ...] = ()
    faults: tuple[str, ...] = ()


# --- making mutants -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Scope:
    """The names of one function: where each is bound first, and what kind of thing it is."""

    bound: dict[str, int]
    kinds: dict[str, str]

    def others(self, name: ast.Name) -> list[str]:
        """Return a few names of the same kind that are bound above this use."""
        kind = self.kinds.get(name.id)
        known = [one for one, line in self.bound.items() if line < name.lineno or one == name.id]
        same = [one for one in known if kind and self.kinds[one] == kind]
        if name.id not in same:
            return []
        start = same.index(name.id)
        return [one for one in (*same[start + 1 :], *same[:start]) if one != name.id][:MAX_SWAPS]


def _scope(function: ast.FunctionDef, text: str) -> _Scope:
    annotated = {one.arg: one.annotation for one in function.args.args}
    bound = dict.fromkeys(annotated, function.lineno)
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound[node.id] = min(bound.get(node.id, node.lineno), node.lineno)
    inner = ast.get_source_segment(text, function) or ""
    kinds = {}
    for name in bound:
        annotation = annotated.get(name)
        written = (
            ast.unparse(annotation) if annotation else "size" if len(name) == 1 and name.isupper() else ""
        )
        kinds[name] = _shape(name, inner, text) or written
    return _Scope(bound, kinds)


def _shape(name: str, *texts: str) -> str:
    """Return an array's axes as a comment or the documentation says them; empty if nothing does."""
    for known in dict.fromkeys((name, name.removeprefix("d"))):
        for text in texts:
            written = rf"^\s*{re.escape(known)}(?:: np\.ndarray  #|:| =.*#) (\([^()]*\))"
            if found := re.search(written, text, re.MULTILINE):
                return found[1]
    return ""


def mutants(exercise: Exercise) -> Iterator[Mutant]:
    """Yield every mutant of an exercise's graded functions, always in the same order.

    Raises:
        CourseError: the solution cannot be read or is not Python.
    """
    tree = parse(exercise.solution_path)
    text = exercise.solution_path.read_text(encoding="utf-8")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in exercise.file.functions:
            yield from _of_function(node, text)


def _of_function(function: ast.FunctionDef, text: str) -> Iterator[Mutant]:
    lines, scope = text.splitlines(), _scope(function, text)
    above = "\n".join(lines[: function.lineno - 1])
    below = "\n".join(lines[function.end_lineno :])
    seen = set[tuple[int, str]]()
    for block, number in _statements(function):
        statement = block[number]
        whole = ast.unparse(statement)
        before = whole.splitlines()[0]
        for changed in _changes(block, number, scope):
            mutated = ast.unparse(changed)
            if mutated != whole and (statement.lineno, mutated) not in seen:
                seen.add((statement.lineno, mutated))
                after, body = mutated.splitlines()[0], ast.unparse(function)
                module = f"{above}\n{body}\n{below}\n"
                yield Mutant(function.name, statement.lineno, before, after, module)


def _statements(parent: ast.AST) -> Iterator[tuple[list[ast.stmt], int]]:
    """Yield every statement inside another one by its block and its number in there; no docstrings."""
    for field in ("body", "orelse"):
        block: list[ast.stmt] | ast.expr = getattr(parent, field, [])
        for number, statement in enumerate(block if isinstance(block, list) else []):
            documentation = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if isinstance(block, list) and not documentation:
                yield block, number
                yield from _statements(statement)


def _changes(block: list[ast.stmt], number: int, scope: _Scope) -> Iterator[ast.stmt]:
    """Yield a statement in every changed form; meanwhile that form stands in its place."""
    statement = block[number]
    for text in _other_statements(statement):
        block[number] = ast.parse(text).body[0]
        yield block[number]
    block[number] = statement
    if not isinstance(statement, ast.FunctionDef):
        for put, node in _slots(statement):
            for text in dict.fromkeys(_other_expressions(statement, node, scope)):
                put(ast.parse(f"({text})", mode="eval").body)
                yield statement
            put(node)


def _slots(parent: ast.AST) -> Iterator[tuple[Callable[[ast.expr], None], ast.expr]]:
    """Yield every expression of a statement, those of the statements inside it left out."""
    for field, value in ast.iter_fields(parent):
        for number, child in enumerate(value if isinstance(value, list) else [value]):
            kept = isinstance(child, ast.keyword) and child.arg in KEPT
            if not isinstance(child, ast.AST) or isinstance(child, ast.stmt) or kept:
                continue
            if isinstance(child, ast.expr) and not isinstance(child, ast.Slice | ast.Starred):
                yield _putter(parent, field, number if isinstance(value, list) else None), child
            yield from _slots(child)


def _putter(parent: ast.AST, field: str, number: int | None) -> Callable[[ast.expr], None]:
    def put(node: ast.expr) -> None:
        if number is None:
            setattr(parent, field, node)
        else:
            getattr(parent, field)[number] = node

    return put


def _other_statements(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.AugAssign):
        target, value = ast.unparse(statement.target), ast.unparse(statement.value)
        sign = OPERATORS[type(statement.op)]
        yield f"{target} = {value}"
        yield from (f"{target} {other}= {value}" for other in OTHER_OPERATORS[sign] if other != "@")
        yield "pass"
    elif isinstance(statement, ast.Expr) or (
        isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)
    ):
        yield "pass"


def _other_expressions(statement: ast.stmt, node: ast.expr, scope: _Scope) -> Iterator[str]:
    if isinstance(statement, ast.If) and node is statement.test:
        yield f"not ({ast.unparse(node)})"
    text = ast.unparse(node)
    if node is getattr(statement, "value", None) and isinstance(node, ast.BinOp | ast.Call):
        yield from () if BLANK.match(text) else (f"-({text})",)
    for kind, others in BY_KIND.items():
        if isinstance(node, kind):
            yield from others(node)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from scope.others(node)


def _of_binary(node: ast.BinOp) -> Iterator[str]:
    left, right = f"({ast.unparse(node.left)})", f"({ast.unparse(node.right)})"
    sign = OPERATORS[type(node.op)]
    yield from (f"{left} {other} {right}" for other in OTHER_OPERATORS[sign])
    yield left
    yield right
    if sign in "-/@":
        yield f"{right} {sign} {left}"
    if sign == "@":
        plain = (ast.Name, ast.Subscript)
        yield from (f"{left}.T @ {right}",) if isinstance(node.left, plain) else ()
        yield from (f"{left} @ {right}.T",) if isinstance(node.right, plain) else ()


def _of_attribute(node: ast.Attribute) -> Iterator[str]:
    if node.attr == "T":
        yield ast.unparse(node.value)


def _of_subscript(node: ast.Subscript) -> Iterator[str]:
    value, index = ast.unparse(node.value), node.slice
    if isinstance(index, ast.Name):
        yield from (f"{value}[{index.id} + 1]", f"{value}[{index.id} - 1]")
    elif isinstance(index, ast.UnaryOp):
        yield from (f"{value}[0]", f"{value}[-2]")
    elif isinstance(index, ast.Slice) and not index.step:
        lower, upper = (ast.unparse(one) if one else "" for one in (index.lower, index.upper))
        yield from (f"{value}[{upper}:{lower}]", f"{value}[:]")
    elif isinstance(index, ast.Tuple):
        yield f"{value}[{', '.join(map(ast.unparse, reversed(index.elts)))}]"


def _of_constant(node: ast.Constant) -> Iterator[str]:
    value = node.value
    if isinstance(value, bool):
        yield str(not value)
    elif isinstance(value, int):
        yield from (f"{value + 1}", f"{value - 1}")
    elif isinstance(value, float):
        yield from (f"{2 * value}", f"{value + 1}", "0.0")


def _of_unary(node: ast.UnaryOp) -> Iterator[str]:
    yield ast.unparse(node.operand)


def _of_comparison(node: ast.Compare) -> Iterator[str]:
    left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
    yield from (f"{left} {other} {right}" for other in OTHER_COMPARISONS.get(type(node.ops[0]), ()))


def _of_choice(node: ast.IfExp) -> Iterator[str]:
    one, other = ast.unparse(node.body), ast.unparse(node.orelse)
    yield from (one, other, f"({other}) if {ast.unparse(node.test)} else ({one})")


def _of_tuple(node: ast.Tuple) -> Iterator[str]:
    if not any(isinstance(one, ast.Slice) for one in node.elts):
        yield from map(", ".join, _swapped([ast.unparse(one) for one in node.elts]))


def _swapped(items: list[str]) -> Iterator[list[str]]:
    """Yield a list with each two neighbours swapped."""
    for number in range(len(items) - 1):
        yield [*items[:number], items[number + 1], items[number], *items[number + 2 :]]


def _of_call(node: ast.Call) -> Iterator[str]:
    function, arguments = node.func, [ast.unparse(one) for one in node.args]
    keywords = [ast.unparse(one) for one in node.keywords]
    name = function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)
    owner = f"({ast.unparse(function.value)})." if isinstance(function, ast.Attribute) else ""
    if len(arguments) == 1 and not isinstance(node.args[0], ast.Starred | ast.GeneratorExp):
        yield arguments[0]
    if not arguments and owner:
        yield owner[:-1]
    if name in OTHER_FUNCTIONS:
        yield f"{owner}{OTHER_FUNCTIONS[name]}({', '.join((*arguments, *keywords))})"
    if name == "range" and len(arguments) == 1:
        yield from (f"range({arguments[0]} - 1)", f"range({arguments[0]} + 1)", f"range(1, {arguments[0]})")
    for swapped in _swapped(arguments):
        yield f"{owner}{name}({', '.join((*swapped, *keywords))})"
    yield from _of_keywords(node)


def _of_keywords(node: ast.Call) -> Iterator[str]:
    """Drop a keyword, count along the other axis, hand two neighbours' values over to each other."""
    changed = copy.copy(node)
    for number, one in enumerate(node.keywords):
        if isinstance(one.value, ast.Constant | ast.Name) and one.arg not in KEPT:
            changed.keywords = node.keywords[:number] + node.keywords[number + 1 :]
            yield ast.unparse(changed)
    for one, other in pairwise(node.keywords):
        if not isinstance(one.value, ast.Constant) and not isinstance(other.value, ast.Constant):
            values = {one.arg: other.value, other.arg: one.value}
            changed.keywords = [
                ast.keyword(each.arg, values.get(each.arg, each.value)) for each in node.keywords
            ]
            yield ast.unparse(changed)


BY_KIND: dict[type[ast.expr], Callable[..., Iterator[str]]] = {
    ast.BinOp: _of_binary,
    ast.Attribute: _of_attribute,
    ast.Subscript: _of_subscript,
    ast.Constant: _of_constant,
    ast.UnaryOp: _of_unary,
    ast.Compare: _of_comparison,
    ast.IfExp: _of_choice,
    ast.Tuple: _of_tuple,
    ast.Call: _of_call,
}


# --- trying them --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Jury:
    """Judges mutants of one exercise, every one in workers."""

    exercise: Exercise
    pool: WorkerPool
    seed: int

    @cached_property
    def used(self) -> tuple[Source, ...]:
        return tuple(map(solution_source, self.exercise.used))

    @cached_property
    def known(self) -> dict[str, Report]:
        return {
            one.id: run_checks(one, lower, self.pool, seed=self.seed)
            for one, lower in zip(self.exercise.used, self.used, strict=True)
        }

    @cached_property
    def questions(self) -> tuple[Call, ...]:
        """What the checks ask, under several seeds, and what the solution answers."""
        solution = solution_source(self.exercise)
        reference, found = load_reference(self.exercise), []
        for seed in (self.seed, *REPLAYED_SEEDS):
            attempt = Attempt(self.exercise, replace(solution, used=self.used), self.pool)
            run_session([attempt], reference, seed)
            found += attempt.calls
        return tuple(found)

    def judge(self, mutant: Mutant) -> Survivor | None:
        """Return a mutant that keeps every credit, or breaks a check; None for one that loses some."""
        source = Source(self.exercise.stub_path.name, mutant.text.encode(), used=self.used)
        report = run_checks(
            self.exercise, source, self.pool, seed=self.seed, known=self.known, one_failure=True
        )
        if report.broken:
            first = next(one for one in report.outcomes if one.status == "error")
            return Survivor(mutant, 0, f"`{first.check}` breaks: {first.message}")
        if report.earned < report.credits:
            return None
        return self._replayed(mutant, Attempt(self.exercise, source, self.pool))

    def _replayed(self, mutant: Mutant, attempt: Attempt) -> Survivor:
        """Ask a mutant all questions; a worker that has answered one may answer the next."""
        worker, _ = attempt.open()
        seconds = self.exercise.file.limits.call_seconds
        try:
            for number, question in enumerate(self.questions):
                answer = worker.call(question.function, question.arguments, seconds, {})
                right = question.answer
                same = (answer.raised, answer.changed) == (right.raised, right.changed)
                if not same or not same_value(_plain(answer.value), _plain(right.value)):
                    return Survivor(mutant, number, f"`{question.function}` answers otherwise")
        except (TimeUp, WorkerEnded, ProtocolError):
            return Survivor(mutant, 0, "ends or hangs on another input")
        finally:
            worker.end()
        return Survivor(mutant, len(self.questions), "")


def _plain(value: Any) -> Any:
    """Make NumPy's numbers Python's: no check tells one from the other."""
    if isinstance(value, np.ndarray):
        return value if value.ndim else value.item()
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value


def try_mutants(course: Course, ids: tuple[str, ...] = (), *, seed: int = SEED, jobs: int = 0) -> list[Trial]:
    """Try every mutant of some exercises, or of all, in parallel.

    Args:
        seed: of the random inputs.
        jobs: processes; 0 means one a processor.

    Raises:
        UnknownExercise: an id names no exercise.
    """
    exercises = [course.exercise(one) for one in ids or course.exercise_ids()]
    wanted = [exercise.id for exercise in reversed(exercises)]  # the last ones take longest
    found = list(map_shares(functools.partial(try_share, course, seed=seed), wanted, jobs=jobs))
    return [_reviewed(exercise, parts) for exercise, parts in zip(exercises, reversed(found), strict=True)]


def try_share(course: Course, exercise_id: str, share: Share = WHOLE, *, seed: int = SEED) -> Trial:
    """Try a share of one exercise's mutants; nothing is looked up in the reviewed list yet."""
    number, count = share
    try:
        exercise = course.exercise(exercise_id)
        mine = list(mutants(exercise))[number::count]
        with WorkerPool() as pool:
            jury = _Jury(exercise, pool, seed)
            found = [survivor for one in mine if (survivor := jury.judge(one))]
    except CourseError as error:
        return Trial(exercise_id, faults=(str(error),))
    return Trial(exercise_id, len(mine), survivors=tuple(found))


def reviewed(exercise: Exercise) -> tuple[Equivalent, ...]:
    """Read the reviewed list of an exercise; without the file it is empty.

    Raises:
        CourseError: it is malformed.
    """
    path = exercise.solution_folder / REVIEWED
    return strict_yaml.load(path, tuple[Equivalent, ...]) if path.is_file() else ()


def _reviewed(exercise: Exercise, parts: list[Trial]) -> Trial:
    """Add up an exercise's shares, and hold what survived against the reviewed list."""
    found = sorted((one for part in parts for one in part.survivors), key=lambda one: one.mutant.line)
    faults = list(dict.fromkeys(fault for part in parts for fault in part.faults))
    total = sum(part.mutants for part in parts)
    try:
        entries = reviewed(exercise)
    except CourseError as error:
        return Trial(exercise.id, total, 0, tuple(found), (*faults, str(error)))
    listed = {
        (one.function, _normal(one.before), _normal(after)): one for one in entries for after in one.after
    }
    left = [one for one in found if one.differs or _key(one) not in listed]
    faults += [str(CourseError(exercise.solution_path, _sentence(one), one.mutant.line)) for one in left]
    survived = {_key(one) for one in found}
    path = exercise.solution_folder / REVIEWED
    for (_, before, after), entry in listed.items():
        if total and (entry.function, before, after) not in survived:
            problem = f"lists `{before}` -> `{after}`, but no such mutant survives; remove it"
            faults.append(str(CourseError(path, problem, entry.place.line)))
    faults += [
        str(CourseError(path, "`because` is empty; say why nobody can tell the difference", one.place.line))
        for one in entries
        if not one.because.strip()
    ]
    return Trial(exercise.id, total, len(found) - len(left), tuple(left), tuple(faults))


def _key(survivor: Survivor) -> tuple[str, str, str]:
    return survivor.mutant.function, survivor.mutant.before, survivor.mutant.after


def _normal(statement: str) -> str:
    """Write a statement as this version of Python does; the head of a loop is left as it is."""
    try:
        return ast.unparse(ast.parse(statement))
    except SyntaxError:
        return statement


def _sentence(survivor: Survivor) -> str:
    """Return a survivor as one line: the change, and whether any question tells it from the solution."""
    mutant = survivor.mutant
    state = survivor.differs or f"same on {survivor.asked} inputs"
    cure = "add a check that sees it" if survivor.differs else f"add a check, or argue in {REVIEWED}"
    return f"`{mutant.before}` -> `{mutant.after}` in {mutant.function} keeps every credit ({state}); {cure}"


def trial_lines(trials: list[Trial], width: int) -> list[Line]:
    """Return the table of all trials with their sum, and every fault below it."""
    lines = [Line(HEADING, "heading")]
    for one in trials:
        killed = one.mutants - one.equivalent - len(one.survivors)
        state = f"{len(one.faults)} faults" if one.faults else "ok"
        numbers = f"{one.mutants:>9}{killed:>9}{one.equivalent:>12}{len(one.survivors):>11}"
        lines.append(Line(f"{one.exercise:<14}{numbers}  {state}", "failed" if one.faults else "passed"))
    for fault in (fault for one in trials for fault in one.faults):
        lines += wrapped(fault, "detail", width, indent="  ")
    return lines
