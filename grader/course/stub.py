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
    for node in reversed(functions):  # from the end, so that line numbers stay right
        if node.name not in exercise.file.functions:
            continue
        last = node.end_lineno or node.lineno
        marked = [number for number in range(node.lineno, last) if lines[number].lstrip().startswith(TODO)]
        if len(marked) != 1:
            problem = f"`{node.name}` should have one line that starts with `{TODO}`, but has {len(marked)}"
            raise CourseError(path, problem, node.lineno)
        todo = lines[marked[0]]
        lines[marked[0] + 1 : last] = [todo[: len(todo) - len(todo.lstrip())] + UNWRITTEN]
    return "\n".join(lines) + "\n"
