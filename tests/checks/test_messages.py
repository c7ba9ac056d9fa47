"""The sentences a student reads about code that gives no answer, without a worker."""

from __future__ import annotations

import pytest

from grader.checks.messages import (
    exception_text,
    left_out,
    no_answer,
    no_value,
    stops_at,
    traceback_lines,
)
from grader.sandbox import LOST
from grader.sandbox.worker import KILLED, Answer, Raised, WorkerEnded

FRAMES = ((3, "", "import nonsense"), (0, "made_up", "no line"), (7, "f", "return x * w"))


def value_error(text: str = "no", frames: tuple[tuple[int, str, str], ...] = FRAMES) -> Raised:
    return Raised("ValueError", text, frames)


def why(answer: Answer, stopped: Raised | None = None) -> str:
    return no_value("f", answer, "step.py", stopped, memory_bytes=512 * 2**20)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (0, "ended the whole process with exit status 0 instead of returning"),
        (3, "ended the whole process with exit status 3 instead of returning"),
        (LOST, "closed its connection to the grader or was killed"),
        (KILLED, "closed its connection to the grader or was killed"),
        (-24, "used up its processor time and was stopped"),
        (-11, "crashed with a segmentation fault"),
        (-4, "crashed with an illegal instruction"),
        (-40, "crashed with signal 40"),
    ],
)
def test_the_end_of_a_process(status: int, sentence: str) -> None:
    assert no_answer(WorkerEnded(status), "`f`", "is slow") == f"`f` {sentence}"


def test_an_exception_is_told_as_python_tells_it() -> None:
    assert exception_text(value_error(" no ")) == "ValueError: no"
    assert exception_text(value_error("")) == "ValueError"


def test_what_numpy_says_of_an_at_is_short() -> None:
    text = "matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature "
    said = exception_text(value_error(f"{text}(n?,k),(k,m?)->(n?,m?) (size 3 is different from 5)"))
    assert said == "ValueError: matmul: Input operand 1 has a mismatch (size 3 is different from 5)"


def test_lines_that_are_not_in_the_file_are_left_out() -> None:
    lines = "\n  step.py, line 3: import nonsense\n  step.py, line 7, in f: return x * w"
    assert traceback_lines(value_error(), "step.py") == lines


def test_a_file_that_is_no_python() -> None:
    raised = Raised("SyntaxError", "invalid syntax", ((2, "", "def ("),), "syntax")
    said = "step.py is not Python yet: SyntaxError: invalid syntax\n  step.py, line 2: def ("
    assert left_out(raised, "step.py") == said
    for kind in ("UnicodeDecodeError", "LookupError"):
        said = left_out(Raised(kind, "odd byte", (), "syntax"), "step.py")
        assert said == "step.py cannot be read as text; save it as UTF-8 (odd byte)"


def test_a_file_that_stops_half_way() -> None:
    assert stops_at(value_error(), "step.py") == "step.py stops at line 3: ValueError: no."
    left = Raised("SystemExit", "2", (), "exit")
    assert stops_at(left, "step.py") == "step.py stops at an unknown line: a call of sys.exit."


def test_a_value_needs_no_sentence() -> None:
    assert not why(Answer(value=1.0))


def test_a_function_that_is_not_there() -> None:
    absent = Answer(missing="")
    assert why(absent) == "step.py defines no function `f`; is it spelt differently or indented?"
    assert why(absent, value_error()) == "`f` is not defined. step.py stops at line 3: ValueError: no."
    taken = Answer(missing="ndarray")
    assert why(taken) == "`f` is not a function but a value of type ndarray; is the name used twice?"


def test_a_value_that_cannot_cross() -> None:
    assert why(Answer(unsendable="too deep")) == "what `f` returns cannot be graded: too deep"


@pytest.mark.parametrize(
    ("raised", "added"),
    [
        (Raised("MemoryError", "", ()), "\n(a check may use 512 MB)"),
        (
            Raised("PermissionError", "", ()),
            "\n(files, processes and the network are out of reach here; `grader debug` lets you look)",
        ),
        (value_error("odd", ()), ""),
    ],
)
def test_an_exception_with_a_usual_cause(raised: Raised, added: str) -> None:
    assert why(Answer(raised=raised)) == f"`f` raises {exception_text(raised)}{added}"
