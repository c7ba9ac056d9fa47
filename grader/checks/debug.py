"""A failing check's inputs, and the small program that asks the student's function for them again."""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grader.checks.collection import CheckSuite, KnownMistakes, load_suite, named_results
from grader.checks.diagnosis import agrees
from grader.checks.report import Outcome
from grader.checks.run import run_suite
from grader.checks.source import read_source
from grader.checks.student import CheckRun, Progress
from grader.course import CannotDo, Exercise
from grader.sandbox.text import clean
from grader.sandbox.values import Array, fields_of, type_name, walk_leaves
from grader.sandbox.worker import Pool

HERE = 'os.path.dirname(os.path.abspath(globals().get("__file__", "here")))'
PROGRAM = """# Made by `grader debug {exercise}`: run it, and it stops at the first line of your function.
# Then `n` runs a line, `p x.shape` shows a value, `c` goes on to the end, `q` leaves.
#
{said}
import os
import pdb
import sys

import numpy as np

HERE = {here}
sys.path[:0] = [os.path.join(HERE, folder) for folder in {folders}]
import {module} as mine

given = np.load(os.path.join(HERE, "{arrays}"))
{given}

if sys.gettrace():  # an editor's debugger stops here; step into the call
    breakpoint()
    result = mine.{function}({arguments})
else:
    result = pdb.runcall(mine.{function}, {arguments})
print(result)
"""
KEPT = np.ndarray | int | float | str  # what a file of arrays can hold


@dataclass(frozen=True)
class FailingCall:
    """One call of a failing check, as a student may ask it."""

    function: str
    arguments: dict[str, Any]  # by the function's own names for them, in its order
    shapes: dict[str, tuple[int, ...]]  # of what should come back, by name; empty if that is no array
    classes: frozenset[str]  # names of the named tuples that the student's module has

    def arrays(self) -> dict[str, Array]:
        """Return the arguments as flat arrays, such as ``params.Wxh``."""
        return {
            ".".join((name, *path)): np.asarray(leaf)
            for name, value in self.arguments.items()
            for path, leaf in walk_leaves(value)
            if isinstance(leaf, KEPT)
        }

    def program(self, exercise: Exercise, outcome: Outcome, arrays: Path, root: Path | None = None) -> str:
        """Write a program that calls the function, and stops at its first line.

        Args:
            outcome: what the check said.
            arrays: path to the file of :meth:`arrays`, from the course's folder.
            root: that folder; None if the program will lie in it.
        """
        said = clean(f"{outcome.check}: {outcome.title}\n{outcome.message}").splitlines()
        if self.shapes:
            shapes = ", ".join(f"{name} {shape}" for name, shape in self.shapes.items())
            said.append(f"The shapes should be: {shapes}")
        arguments = ", ".join(self.arguments)
        return PROGRAM.format(
            exercise=exercise.id,
            said="\n".join(f"# {line}".rstrip() for line in said),
            here=repr(str(root)) if root else HERE,
            folders=[f"exercises/{needed.id}" for needed in (exercise, *exercise.used)],
            module=exercise.file.module,
            arrays=arrays.as_posix(),
            given="\n".join(
                f"{name} = {self._written(value, name)}" for name, value in self.arguments.items()
            ),
            function=self.function,
            arguments=arguments,
        )

    def _written(self, value: Any, name: str) -> str:
        if isinstance(value, dict):
            items = ", ".join(f"{key!r}: {self._written(value[key], f'{name}.{key}')}" for key in value)
            return f"{{{items}}}"
        if not isinstance(value, tuple | list):
            kept = f'given["{name}"]' + ("" if isinstance(value, np.ndarray) else ".item()")
            return kept if isinstance(value, KEPT) else repr(value)
        fields = fields_of(value) if isinstance(value, tuple) else None
        parts = [f"{name}.{field}" for field in fields or range(len(value))]
        items = ", ".join(self._written(item, part) for item, part in zip(value, parts, strict=True))
        if not fields:
            return f"({items},)" if isinstance(value, tuple) else f"[{items}]"
        kind = type_name(value)
        if kind not in self.classes:
            return f'__import__("collections").namedtuple("{kind}", "{" ".join(fields)}")({items})'
        if all(isinstance(item, np.ndarray) for item in value):
            items = f'*(given["{name}." + one] for one in mine.{kind}._fields)'
        return f"mine.{kind}({items})"


def find_failing_call(
    exercise: Exercise | CheckSuite,
    pool: Pool,
    check: str | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> tuple[Outcome | None, FailingCall | None]:
    """Run the checks; return what a visible one found, and the question that was answered wrongly.

    Args:
        check: its name, ``check_`` may be left out; None means the first that fails.
        progress: hears what a running call has printed last.

    Returns:
        outcome: of the check; None if none was named and none failed.
        call: None if there is none, as for a stub, or a file that cannot be loaded.

    Raises:
        CannotDo: it is none of the visible checks.
    """
    suite = exercise if isinstance(exercise, CheckSuite) else load_suite(exercise, seed)
    run = CheckRun(suite.exercise, read_source(suite.exercise), pool, progress)
    name = f"check_{(check or '').removeprefix('check_')}"
    visible = [known.name for known in suite.checks if not known.hidden]
    if check and name in (known.name for known in suite.checks if known.hidden):
        raise CannotDo(f"{name} is a hidden check; what it asks is not shown")
    if check and name not in visible:
        near = [known for known in visible if check in known] or difflib.get_close_matches(name, visible, n=3)
        which = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(visible)}"
        raise CannotDo(f"{suite.exercise.id} has no check {name}; {which}")
    run_suite(suite, run)
    failed = (run.outcomes[known] for known in visible if run.outcomes[known].status == "failed")
    outcome = run.outcomes[name] if check else next(failed, None)
    wrong = outcome and outcome.status == "failed"
    return outcome, _wrong_call(suite, run, outcome.check) if outcome and wrong else None


def _wrong_call(suite: CheckSuite, run: CheckRun, check: str) -> FailingCall | None:
    """Return the check's first call where the solution answers otherwise, or else its last."""
    solution = KnownMistakes(suite.exercise, suite.reference).solution
    calls = [call for call in run.calls if call.check == check]
    if check in run.unanswered:
        calls = [run.unanswered[check]]
    asked = [(call, solution.answer(call.function, call.arguments)) for call in calls]
    asked = [(call, right) for call, right in asked if not agrees(call.answer, right)] or asked[-1:]
    if not asked or asked[0][0].answer.not_written or asked[0][0].answer.missing is not None:
        return None
    call, right = asked[0]
    results = named_results(right.value, suite.reference, call.function)
    return FailingCall(
        call.function,
        dict(zip(suite.exercise.parameters[call.function], call.arguments, strict=False)),
        {name: array.shape for name, array in results.items()},
        frozenset(name for name, value in vars(suite.reference).items() if hasattr(value, "_fields")),
    )
