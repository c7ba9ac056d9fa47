"""Known mistakes as functions: the solution with a line or two as a student may have written them."""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from grader.checks.plugin import lender
from grader.checks.student import Call
from grader.course import Exercise, Misconception
from grader.numeric import Array
from grader.sandbox.values import walk_arrays
from grader.sandbox.worker import Answer, Raised


@dataclass(frozen=True)
class Suspect:
    """The solution with some mistakes in it.

    Args:
        mistakes: those that are in it; none is the solution itself.
        text: of the patched module.
        solution: of the module as it should be.
        reference: the solution, loaded.
    """

    mistakes: tuple[Misconception, ...]
    text: str
    solution: str
    reference: types.ModuleType

    @cached_property
    def _module(self) -> types.SimpleNamespace:
        """Make the patched module; only the top-level statements that differ are compiled anew."""
        names = rebound(self.reference)
        with contextlib.suppress(Exception):  # a mistake may be one of spelling: the old function stays
            for code in _differing(self.text, self.solution):
                exec(code, names)
        return types.SimpleNamespace(**names)

    def answer(self, function: str, arguments: tuple[Any, ...]) -> Answer:
        """Return what this module says to a question, as if a worker had said it."""
        given = copy.deepcopy(arguments)
        before = {path: array.copy() for path, array in walk_arrays(given)}
        value: Any = None
        raised = None
        with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            try:
                value = lender(self._module, function)(*given)
            except Exception as error:
                raised = Raised(type(error).__name__, str(error), ())
        changed = tuple(path for path, array in walk_arrays(given) if _differs(array, before.get(path)))
        return Answer(value=value, raised=raised, changed=changed)


def _differs(array: Array, before: Array | None) -> bool:
    return before is None or array.shape != before.shape or array.tobytes() != before.tobytes()


def rebound(module: types.ModuleType) -> dict[str, Any]:
    """Copy a module's names; its functions look names up in the copy."""
    names = dict(vars(module))
    for name, value in vars(module).items():
        if isinstance(value, types.FunctionType) and value.__globals__ is vars(module):
            names[name] = types.FunctionType(
                value.__code__, names, name, value.__defaults__, value.__closure__
            )
            names[name].__kwdefaults__ = value.__kwdefaults__
    return names


def _blocks(text: str) -> list[str]:
    """Cut a module into its top-level statements, without parsing what is inside them."""
    blocks: list[list[str]] = [[]]
    depth = ""
    for line in text.splitlines():
        starts = line[:1].strip() and line[0] not in ")]}#" and not depth
        if starts and not (blocks[-1] and blocks[-1][-1].startswith("@")):
            blocks.append([])
        blocks[-1].append(line)
        if line.count('"""') == 1:
            depth = "" if depth else '"""'
    return ["\n".join(block) for block in blocks]


@lru_cache(maxsize=8)
def _known(solution: str) -> frozenset[str]:
    return frozenset(_blocks(solution))


def _differing(text: str, solution: str) -> list[types.CodeType]:
    """Compile the top-level statements of one text that the other does not have.

    Raises:
        SyntaxError: one is no Python, perhaps since it was cut in the wrong place.
    """
    found = [block for block in _blocks(text) if block not in _known(solution)]
    return [compile(block, "<suspect>", "exec") for block in found]


class Suspects:
    """The known mistakes of an exercise, made when they are asked for and kept.

    Args:
        exercise: whose ``misconceptions.yaml`` names them.
        reference: its solution, loaded.
    """

    def __init__(self, exercise: Exercise, reference: types.ModuleType) -> None:
        self._exercise = exercise
        self._reference = reference

    @cached_property
    def _text(self) -> str:
        return self._exercise.solution_path.read_text(encoding="utf-8")

    @cached_property
    def innocent(self) -> Suspect:
        """The solution itself."""
        return Suspect((), self._text, self._text, self._reference)

    @cached_property
    def singles(self) -> tuple[Suspect, ...]:
        """One for each known mistake, in the order of the file."""
        made = [self._with((one,)) for one in self._exercise.misconceptions()]
        return tuple(one for one in made if one is not None)

    def pair(self, one: Suspect, other: Suspect) -> Suspect | None:
        """Return both mistakes in one module; None where they are made in the same place."""
        return self._with((*one.mistakes, *other.mistakes))

    def _with(self, mistakes: Sequence[Misconception]) -> Suspect | None:
        text = self._text
        for mistake in mistakes:
            if text.count(mistake.replace) != 1:
                return None
            text = text.replace(mistake.replace, mistake.with_)
        return Suspect(tuple(mistakes), text, self._text, self._reference)

    def known_calls(self, calls: Iterable[Call]) -> list[Call]:
        """Return the calls that these can be asked as well: all of them."""
        return list(calls)

    @cached_property
    def used_by(self) -> Callable[[str], set[str]]:
        """Say which of the module's functions one of them leads to, itself included."""
        tree = ast.parse(self._text)
        bodies = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        names = {
            name: {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} & bodies.keys()
            for name, node in bodies.items()
        }

        def reach(function: str) -> set[str]:
            found, new = set[str](), {function}
            while new:
                found |= new
                new = set().union(*(names.get(one, set()) for one in new)) - found
            return found

        return reach
