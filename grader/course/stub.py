"""Makes the student's stub out of the solution, so that the pristine stub is never kept twice.

In every graded function, what follows the one ``# TODO:`` line is the student's to write.
"""

from __future__ import annotations

import ast

from grader.course.course import CourseError, Exercise, parse

TODO = "# TODO:"
UNWRITTEN = "raise NotImplementedError"


def make_stub(exercise: Exercise) -> str:
    """Return the text of the stub.

    Raises:
        CourseError: the solution is not Python, or a graded function has not exactly one TODO line.
    """
    path = exercise.solution_path
    functions = [node for node in parse(path).body if isinstance(node, ast.FunctionDef)]
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in reversed(functions):
        if node.name in exercise.file.functions:
            _empty(lines, node, exercise)
    return "\n".join(lines) + "\n"


def _empty(lines: list[str], node: ast.FunctionDef, exercise: Exercise) -> None:
    """Replace what follows the TODO line of one function."""
    last = node.end_lineno or node.lineno
    marked = [number for number in range(node.lineno, last) if lines[number].lstrip().startswith(TODO)]
    if len(marked) != 1:
        problem = f"`{node.name}` should have one line that starts with `{TODO}`, but has {len(marked)}"
        raise CourseError(exercise.solution_path, problem, node.lineno)
    todo = lines[marked[0]]
    indent = todo[: len(todo) - len(todo.lstrip())]
    lines[marked[0] + 1 : last] = [indent + UNWRITTEN]
