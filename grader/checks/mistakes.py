"""Known mistakes as functions: the solution with a line or two as a student may have written them."""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from grader.checks.collection import PROCESS_LOCK, Reference, substitutes
from grader.checks.student import Call
from grader.course import Exercise, Misconception
from grader.sandbox.values import walk_arrays
from grader.sandbox.worker import Answer, Raised


@dataclass(frozen=True)
class PatchedSolution:
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
    reference: Reference

    @cached_property
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
        given = copy.deepcopy(arguments)
        before = {path: array.copy() for path, array in walk_arrays(given)}
        value: Any = None
        raised = None
        with PROCESS_LOCK, np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            try:
                value = substitutes(self._module, (function,))[function](*given)
            except Exception as error:
                raised = Raised(type(error).__name__, str(error), ())
        changed = []
        for path, array in walk_arrays(given):
            old = before.get(path)
            if old is None or array.shape != old.shape or array.tobytes() != old.tobytes():
                changed.append(path)
        return Answer(value=value, raised=raised, changed=tuple(changed))

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


@lru_cache(maxsize=8)
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


class KnownMistakes:
    """The known mistakes of an exercise, made when they are asked for and kept.

    Args:
        exercise: whose ``misconceptions.yaml`` names them.
        reference: its solution, loaded.
    """

    def __init__(self, exercise: Exercise, reference: Reference) -> None:
        self._exercise = exercise
        self._reference = reference

    @cached_property
    def solution(self) -> PatchedSolution:
        """The solution itself, without a mistake."""
        text = self._exercise.solution_path.read_text(encoding="utf-8")
        return PatchedSolution((), text, text, self._reference)

    @cached_property
    def single_mistakes(self) -> tuple[PatchedSolution, ...]:
        """One for each known mistake, in the order of the file."""
        made = [self._patched((mistake,)) for mistake in self._exercise.misconceptions()]
        return tuple(patched for patched in made if patched is not None)

    def pair(self, patched: PatchedSolution, other: PatchedSolution) -> PatchedSolution | None:
        """Return both mistakes in one module; None where they are made in the same place."""
        return self._patched((*patched.mistakes, *other.mistakes))

    def _patched(self, mistakes: tuple[Misconception, ...]) -> PatchedSolution | None:
        text = self.solution.text
        for mistake in mistakes:
            if text.count(mistake.replace) != 1:
                return None
            text = text.replace(mistake.replace, mistake.with_)
        return PatchedSolution(mistakes, text, self.solution.text, self._reference)

    def known_calls(self, calls: Iterable[Call]) -> list[Call]:
        """Return the calls that these can be asked as well: all of them."""
        return list(calls)

    @cached_property
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
