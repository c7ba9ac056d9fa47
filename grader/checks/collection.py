"""Loads what an exercise's author wrote: its solution, checks and known mistakes; and reads its docstrings.

Checks are plain functions with markers of pytest; :meth:`CheckSuite.call` calls them. Nothing here runs a
student's code.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import dataclasses
import functools
import inspect
import io
import itertools
import os
import re
import sys
import threading
import types
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from grader.checks.remembered import JUDGES, Memory, form_of
from grader.course import CourseError, Exercise, Misconception, given_functions
from grader.sandbox.values import Array, class_of, is_number, map_leaves, walk_arrays, walk_leaves
from grader.sandbox.worker import Answer, NoProcess, Raised, Substitute

if TYPE_CHECKING:
    from grader.checks.locate.trace import RecordedSolution
    from grader.checks.recorded import Recorded

MARKERS = ("credits", "depends_on", "lend", "builds_on")  # docs/author.md says what they mean
GIVEN = ("student", "reference", "rng")  # what a check may ask for
MAX_ANSWERS = 32  # of one known mistake that are remembered
RECORDED = "__recorded__"  # in a hand-out, the reference's name for what it answers from
PROCESS_LOCK = threading.RLock()
"""Held while code of the course is loaded or called. Environment variables, ``sys.modules``, warning filters
and ``sys.stdout`` are changed meanwhile, and belong to the whole process: two threads that check at once take
turns."""

signature_of = functools.lru_cache(maxsize=256)(inspect.signature)
Reference = types.ModuleType | types.SimpleNamespace
Modules = Mapping[str, types.ModuleType]
NO_MODULES: Modules = types.MappingProxyType({})


class DependencyFailed(Exception):
    """What a check depends on did not pass, or is not known in a hand-out; the text names it."""


@dataclass(frozen=True)
class Check:
    """One check, as its file has it."""

    name: str
    title: str  # first sentence of its docstring
    function: str  # the student's function it is about; empty if about none in particular
    credits: int
    hidden: bool
    path: Path
    body: Callable[..., Any]
    depends_on: tuple[str, ...]  # names of checks that have to pass first
    substitutes: tuple[str, ...]  # functions of the student's that the reference answers in a second try
    prerequisites: tuple[str, ...]  # functions of earlier exercises, such as exercise-5.rnn_backward


@dataclass(frozen=True)
class CheckSuite:
    """The checks of an exercise, loaded: every submission of a run is given the same."""

    exercise: Exercise
    checks: tuple[Check, ...]  # in the order in which they stand in their files, visible ones first
    reference: Reference  # the solution's module, loaded in this process
    seed: int  # of the random inputs
    recorded: Recorded | None = None  # what the reference of a hand-out answers from
    given: Reference | None = None  # what the checks see of the reference, if it is not that itself
    # what they found, by what was handed in, where many submissions are checked
    reports: dict[Any, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def remembering(self) -> CheckSuite:
        """Return the same for many submissions: what does not depend on them is computed once."""
        if self.recorded:
            return self
        memory = Memory()
        for names in {id(check.body.__globals__): check.body.__globals__ for check in self.checks}.values():
            judges = {name: each for name, each in names.items() if any(each is judge for judge in JUDGES)}
            names.update({name: memory.remembering(each) for name, each in judges.items()})
        given = types.SimpleNamespace(**vars(self.reference))
        for name, each in vars(self.reference).items():
            if isinstance(each, types.FunctionType):
                setattr(given, name, memory.remembering(each))
        return dataclasses.replace(self, given=given)

    @functools.cached_property
    def mistakes(self) -> KnownMistakes:
        """The known mistakes of the exercise."""
        if self.recorded:
            from grader.checks.recorded import RecordedMistakes

            return RecordedMistakes(self.exercise, self.reference, self.recorded)
        return KnownMistakes(self.exercise, self.reference)

    @functools.cached_property
    def recorded_solution(self) -> RecordedSolution | Recorded:
        """The solution, whose expressions are recorded while it is called."""
        if self.recorded:
            return self.recorded
        from grader.checks.locate.trace import RecordedSolution

        return RecordedSolution(self.exercise.solution_text.encode(), self.reference, self.left_alone)

    @functools.cached_property
    def left_alone(self) -> frozenset[str]:
        """Functions and methods of the stub that students leave as they are, where the solution is there."""
        return frozenset() if self.recorded else given_functions(self.exercise)

    def call(self, check: Check, student: object, draw: int = 0) -> BaseException | None:
        """Call a check; return what it raises.

        Args:
            student: what it calls the student's functions of.
            draw: which of the check's random inputs; the order of checks does not matter for them.
        """
        entropy = [self.seed, zlib.crc32(check.name.encode()), *([draw] if draw else [])]
        given = {"student": student, "reference": self.given or self.reference}
        given["rng"] = np.random.default_rng(entropy)
        wanted = signature_of(check.body).parameters
        with PROCESS_LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one that a student's numbers cause would quote our source
            try:
                check.body(**{name: given[name] for name in wanted if name in given})
            except (KeyboardInterrupt, NoProcess):
                raise
            except BaseException as error:  # pytest.fail raises no Exception
                return error
        return None


def load_suite(exercise: Exercise, seed: int | None = None) -> CheckSuite:
    """Load an exercise's checks and its solution.

    Args:
        seed: of the random inputs, a new one unless said; a hand-out has its own.

    Raises:
        CourseError: a file is missing or broken, or there are no checks.
    """
    reference = load_reference(exercise)
    recorded = getattr(reference, RECORDED, None)
    seed = int.from_bytes(os.urandom(4), "big") if seed is None else seed  # short enough to type again
    seed = recorded.seed if recorded else seed
    return CheckSuite(exercise, collect_checks(exercise), reference, seed, recorded)


# --- checks -------------------------------------------------------------------------------------------


def collect_checks(exercise: Exercise) -> tuple[Check, ...]:
    """Find the checks of an exercise, visible and hidden; CourseError if none are there, or a file fails."""
    files = [path for path in (exercise.visible_checks, exercise.hidden_checks) if path.is_file()]
    if not files:
        raise CourseError(exercise.visible_checks, "is missing; every exercise needs checks")
    checks = dict[str, Check]()
    for path in files:
        module = load_module(path, path.stem, what="a check file cannot be loaded")
        for name, body in vars(module).items():
            if name.startswith("check_") and isinstance(body, types.FunctionType):
                if name in checks:
                    raise CourseError(path, f"`{name}` is in another file as well; use a check's name once")
                checks[name] = _check(exercise, path, name, body)
    if not checks:
        raise CourseError(files[0], "defines no check; a check is a function named check_…")
    return tuple(checks.values())


def _check(exercise: Exercise, path: Path, name: str, body: types.FunctionType) -> Check:
    marked = dict.fromkeys(MARKERS, ())
    for mark in getattr(body, "pytestmark", ()):
        if mark.name not in (*MARKERS, "parametrize"):
            what = f"`{name}` is marked {mark.name}, which is none of {', '.join(MARKERS)}"
            raise CourseError(path, f"a check file cannot be loaded: {what}")
        marked[mark.name] = (*marked.get(mark.name, ()), *mark.args)
    parameters = inspect.signature(body).parameters.items()
    asked = [one for one, parameter in parameters if parameter.default is parameter.empty]
    if not {*asked} <= {*GIVEN} or "parametrize" in marked:
        what = next((one for one in asked if one not in GIVEN), "parameters")
        raise CourseError(path, f"`{name}` takes {what}; a check takes {', '.join(GIVEN)} only")
    first_paragraph = inspect.cleandoc(body.__doc__ or name).split("\n\n")[0]
    return Check(
        name=name,
        title=" ".join(first_paragraph.split()).removesuffix("."),
        function=exercise.function_of(name),
        credits=int((*marked["credits"], 0)[0]),
        hidden=path == exercise.hidden_checks,
        path=path,
        body=body,
        depends_on=marked["depends_on"],
        substitutes=marked["lend"],
        prerequisites=marked["builds_on"],
    )


# --- modules ------------------------------------------------------------------------------------------


def load_reference(exercise: Exercise) -> types.ModuleType:
    """Import the solution into this process, by a name no check can clash with; CourseError if that fails."""
    path = exercise.solution_path
    if not path.is_file():
        raise CourseError(path, "is missing; every exercise needs a solution")
    used = {lower.file.module: load_reference(lower) for lower in exercise.used}
    module = load_module(path, f"reference_{exercise.file.module}", used)
    if exercise.handout:
        from grader.checks.recorded import answer_from_records  # a hand-out's alone

        answer_from_records(module, exercise)
    return module


def load_module(
    path: Path, name: str, used: Modules = NO_MODULES, what: str = "cannot be loaded"
) -> types.ModuleType:
    """Run a file of the course as a module, and leave no trace: no bytecode, module or warning.

    The same path may hold other text in the next run. Where pytest itself runs, it knows no markers of ours.

    Args:
        used: modules that it may import, by name.
        what: to say of the file if it raises.

    Raises:
        CourseError: whatever the file raises, with its line.
    """
    module = types.ModuleType(name)
    module.__file__ = str(path)
    used = {**used, name: module}
    with PROCESS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        config, pytest.mark._config = pytest.mark._config, None
        before = dict(sys.modules)
        sys.modules.update(used)
        try:
            exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), vars(module))
        except Exception as error:
            raise broken_module(path, error, what) from None
        finally:
            for imported in set(sys.modules) - before.keys():
                file = getattr(sys.modules[imported], "__file__", None)
                if imported in used or (file and Path(file).parent == path.parent):
                    del sys.modules[imported]
            sys.modules.update({each: before[each] for each in used if each in before})
            pytest.mark._config = config
            sys.dont_write_bytecode = bytecode
    return module


def broken_module(path: Path, error: Exception, what: str) -> CourseError:
    """Say where in a file of the course an exception came up, and what happens to the file by it."""
    trace, line = error.__traceback__, error.lineno if isinstance(error, SyntaxError) else None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return CourseError(path, f"{what}: {type(error).__name__}: {error}", line)


def substitutes(reference: Reference, names: tuple[str, ...]) -> dict[str, Substitute]:
    """Return functions of the reference that take what comes out of a worker.

    Named tuples arrive as names and fields; they become the reference's own of that name, if it has one.
    """

    def own(value: Any) -> Any:
        return map_leaves(value, lambda leaf: leaf, lambda named: class_of(named, vars(reference)))

    def answer(name: str, /, *arguments: Any, **named: Any) -> Any:
        return getattr(reference, name)(*map(own, arguments), **{key: own(named[key]) for key in named})

    return {name: functools.partial(answer, name) for name in names}


# --- known mistakes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class PatchedSolution:
    """The solution with some mistakes in it; without any it is the solution itself."""

    mistakes: tuple[Misconception, ...]
    text: str
    solution: str  # the text without them
    reference: Reference  # the solution, loaded
    answers: dict[Any, Answer] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    """What it was asked first of all: in a class with one seed, all are asked the same."""

    @functools.cached_property
    def _module(self) -> types.SimpleNamespace:
        """Make the patched module; only the top-level statements that differ are compiled anew."""
        names = rebound(self.reference)
        with contextlib.suppress(Exception):  # a mistake may be one of spelling: the old function stays
            known = _statements(self.solution)
            changed = [statement for statement in _statements(self.text) if statement not in known]
            for code in [compile(statement, "<mistake>", "exec") for statement in changed]:
                exec(code, names)
        return types.SimpleNamespace(**names)

    def answer(self, function: str, arguments: tuple[Any, ...]) -> Answer:
        """Return what this module says to a question, as if a worker had said it."""
        question = function, form_of(arguments)
        if question not in self.answers or question[1] is None:
            answer = self._ask(function, arguments)
            if question[1] is None or len(self.answers) >= MAX_ANSWERS:
                return answer
            self.answers[question] = answer
        return self.answers[question]

    def _ask(self, function: str, arguments: tuple[Any, ...]) -> Answer:
        given = copy.deepcopy(arguments)
        before = {path: form_of(array) for path, array in walk_arrays(given)}
        value: Any = None
        raised = None
        with PROCESS_LOCK, np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            try:
                value = substitutes(self._module, (function,))[function](*given)
            except Exception as error:
                raised = Raised(type(error).__name__, str(error), ())
        changed = tuple(path for path, array in walk_arrays(given) if form_of(array) != before.get(path))
        return Answer(value=value, raised=raised, changed=changed)

    def is_inside(self, functions: set[str]) -> bool:
        """Whether the first mistake is made in one of these functions, or outside all functions."""
        replaced = self.mistakes[0].replace
        above = self.solution[: self.solution.index(replaced)].splitlines()
        heads = [line for line in above if line.startswith(("def ", "class "))][-1:]
        first = replaced.lstrip("\n")
        if first.startswith("def "):
            heads = [first.splitlines()[0]]
        head = heads[0] if heads else ""
        return not head.startswith("def ") or head[4:].partition("(")[0] in functions


def rebound(module: Reference) -> dict[str, Any]:
    """Copy a module's names; its functions look names up in the copy."""
    names = dict(vars(module))
    for name, value in vars(module).items():
        if isinstance(value, types.FunctionType) and value.__globals__ is vars(module):
            names[name] = types.FunctionType(
                value.__code__, names, name, value.__defaults__, value.__closure__
            )
            names[name].__kwdefaults__ = value.__kwdefaults__
    return names


@functools.lru_cache(maxsize=8)
def _statements(text: str) -> dict[str, None]:
    """Cut a module into its top-level statements, without parsing what is inside them."""
    blocks: list[list[str]] = [[]]
    in_docstring = False
    for line in text.splitlines():
        starts = line[:1].strip() and line[0] not in ")]}#" and not in_docstring
        if starts and not (blocks[-1] and blocks[-1][-1].startswith("@")):
            blocks.append([])
        blocks[-1].append(line)
        if line.count('"""') == 1:
            in_docstring = not in_docstring
    return dict.fromkeys("\n".join(block) for block in blocks)


@dataclass(frozen=True)
class KnownMistakes:
    """The known mistakes of an exercise, made when they are asked for and kept."""

    exercise: Exercise  # whose ``misconceptions.yaml`` names them
    reference: Reference  # its solution, loaded

    @functools.cached_property
    def solution(self) -> PatchedSolution:
        """The solution itself, without a mistake."""
        text = self.exercise.solution_text
        return PatchedSolution((), text, text, self.reference)

    @functools.cached_property
    def single_mistakes(self) -> tuple[PatchedSolution, ...]:
        """One for each known mistake, in the order of the file."""
        text = self.solution.text
        return tuple(
            PatchedSolution((mistake,), mistake.patched(text), text, self.reference)
            for mistake in self.exercise.misconceptions()
            if mistake.fits(text)
        )

    @functools.cached_property
    def used_by(self) -> Callable[[str], set[str]]:
        """Say which of the module's functions one of them leads to, itself included."""
        tree = ast.parse(self.solution.text)
        bodies = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        names = {
            name: {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} & bodies.keys()
            for name, node in bodies.items()
        }

        def reach(function: str) -> set[str]:
            found, new = set[str](), {function}
            while new:
                found |= new
                new = set().union(*(names.get(name, set()) for name in new)) - found
            return found

        return reach


# --- what the solution documents -----------------------------------------------------------------------


@functools.lru_cache(maxsize=1024)
def axes_of(name: str, text: str, dimensions: int) -> tuple[str, ...]:
    """Return what the axes of an array count: T, H and N; empty if nothing is said.

    Args:
        name: of the array; a gradient has the axes of what it differentiates.
        text: of the solution, whose docstrings say it.
        dimensions: how many axes it has.
    """
    for known in (name, name.removeprefix("d")):
        for found in re.finditer(rf"\b{re.escape(known)}: (?:np\.ndarray  # )?\(([^()]*)\)", text):
            axes = tuple(axis.strip() for axis in found[1].split(",") if axis.strip())
            if len(axes) == dimensions:
                return axes
    return ()


def sizes_of(exercise: Exercise, function: str, arguments: Any) -> dict[str, int]:
    """Return what letters such as ``D`` stand for in a call, and sums such as ``H + D``."""
    names, sizes = exercise.parameters[function], dict[str, int]()
    text = exercise.solution_text
    for path, array in walk_arrays(arguments):
        axes = axes_of((names[int(path[0])], *path[1:])[-1], text, array.ndim)
        sizes.update(pair for pair in zip(axes, array.shape, strict=False) if not pair[0].isdecimal())
    return sizes


def named_results(value: Any, reference: Any, function: str) -> dict[str, Array]:
    """Return every array or number that a function returned, by its name such as ``dparams.Wxh``.

    Args:
        value: what it returned.
        reference: the solution's module; names stand under ``Returns:`` in the function's docstring.
    """
    text = (getattr(reference, function).__doc__ or "").partition("Returns:\n")[2]
    indent = " " * 8
    lines = itertools.takewhile(lambda line: line.startswith(indent) or not line.strip(), text.split("\n"))
    heads = (line.strip().partition(":")[0] for line in lines if line.startswith(indent))
    names = [head for head in heads if head.isidentifier()]
    results = {}
    for path, array in result_arrays(value):
        name = names[0] if names else "the result"
        if path:
            first = int(path[0]) if path[0].isdecimal() else len(names)
            name = ".".join((names[first] if first < len(names) else path[0], *path[1:]))
        results[name] = array
    return results


def result_arrays(value: Any) -> Iterator[tuple[tuple[str, ...], Array]]:
    """Yield every array or number that a function returned, as an array, with what leads to it."""
    for path, leaf in walk_leaves(value):
        if is_number(leaf):
            yield path, np.asarray(float(leaf))
        elif isinstance(leaf, np.ndarray):
            yield path, leaf
