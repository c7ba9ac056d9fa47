"""Right answers with an ordinary flaw keep every credit, and what is wrong elsewhere is said in a note."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from grader.checks.report import Report
from grader.course import Course
from grader.sandbox.worker import SERVER_FILE

if TYPE_CHECKING:
    from tests.conftest import Grade

SOLUTION = (Path(__file__).parents[1] / "fixtures/course/solutions/exercise-1/doubling.py").read_text()
RIGHT = "    return 2 * x  # (M, N)"
LINES = SOLUTION.count("\n")


def first(text: str) -> str:
    """The solution with something before it."""
    return f"{text}\n{SOLUTION}"


def last(text: str) -> str:
    """The solution with something after it; the text begins two lines below."""
    return f"{SOLUTION}\n{text}\n"


def inside(body: str) -> str:
    """The solution with more lines in ``double``, before its last."""
    assert SOLUTION.count(RIGHT) == 1
    return SOLUTION.replace(RIGHT, "\n".join(f"    {line}" for line in body.splitlines()) + f"\n{RIGHT}")


def renamed(*pairs: tuple[str, str]) -> str:
    """The solution with some words replaced, each of which must be there."""
    text = SOLUTION
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


LAZY = [
    "fft",
    "linalg",
    "random",
    "ma",
    "polynomial",
    "testing",
    "lib.stride_tricks",
    "typing",
    "strings",
    "ctypeslib",
]
MODULES = (
    "abc array ast base64 bisect calendar cmath collections contextlib copy csv dataclasses datetime "
    "decimal doctest enum fractions functools gc heapq inspect io itertools json logging math "
    "numbers operator os.path pathlib pickle pprint random re statistics string struct sys tempfile "
    "textwrap threading time timeit traceback types typing unittest uuid warnings weakref "
    "concurrent.futures multiprocessing importlib.resources asyncio argparse hashlib"
).split()

FLAWS: dict[str, str | bytes] = {
    "prints while it is loaded": first("print('loading')"),
    "prints in a function": inside("print('x is', x)"),
    "prints what is not ASCII": inside("print('α → β', '\\ud800')"),
    "writes to stderr": inside("import sys\nprint('careful', file=sys.stderr)"),
    "writes to descriptors": inside("import os\nos.write(1, b'\\xff\\n')\nos.write(2, b'\\xff\\n')"),
    "warns": inside("import warnings\nwarnings.warn('careful')\nwarnings.warn('old', DeprecationWarning)"),
    "turns warnings into errors": first("import warnings\nwarnings.simplefilter('error')"),
    "numpy warns": inside("np.array([1.0]) / 0\nnp.log(np.zeros(1))\nnp.exp(np.array([1e4]))"),
    "sets numpy's error state": inside("np.seterr(all='ignore')\nnp.set_printoptions(precision=2)"),
    "a literal that warns": inside("pattern = '\\d'\nfound = x is 5"),
    "changes the folder": first("import os\nos.chdir(os.sep)"),
    "changes the environment": first(
        "import os\nos.environ['OMP_NUM_THREADS'] = '4'\nos.environ.pop('LANG', None)"
    ),
    "changes sys.path": first("import sys\nsys.path.insert(0, '.')\nsys.path.append('/nowhere')"),
    "closes the output": first("import sys\nsys.stdout.close()\nsys.stderr.close()"),
    "replaces the output": first("import io, sys\nsys.stdout = io.StringIO()\nsys.stderr = None"),
    "sets the recursion limit": first("import sys\nsys.setrecursionlimit(10**5)"),
    "an unused helper that would fail": last("def helper():\n    return undefined + 1"),
    "an unused helper that is not written": last("def helper(x):\n    raise NotImplementedError"),
    "a main block that would fail": last("if __name__ == '__main__':\n    print(undefined)\n    input()"),
    "an assertion of its own": last("assert double(np.array([1.0]))[0] == 2"),
    "Windows line ends": SOLUTION.replace("\n", "\r\n").encode(),
    "old Macintosh line ends": SOLUTION.replace("\n", "\r").encode(),
    "no line end at the end": SOLUTION.rstrip("\n"),
    "a byte order mark": b"\xef\xbb\xbf" + SOLUTION.encode(),
    "a byte order mark and Windows line ends": b"\xef\xbb\xbf" + SOLUTION.replace("\n", "\r\n").encode(),
    "tabs": SOLUTION.replace("    ", "\t"),
    "a form feed": SOLUTION.replace("\n\n\n", "\n\f\n\n"),
    "a Latin-1 cookie": f"# -*- coding: latin-1 -*-\nwho = 'Andr\xe9'\n{SOLUTION}".encode("latin-1"),
    "a cookie in the second line": (
        f"#!/usr/bin/python\n# vim: fileencoding=cp1252 :\nprice = '5 \u20ac'\n{SOLUTION}".encode("cp1252")
    ),
    "names that are not ASCII": inside("größe = x.size\nδ = größe"),
    "a loop at exit": last("import atexit\n@atexit.register\ndef last_words():\n    while True: pass"),
    "a signal handler": first("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)"),
    "a fixed seed": first("import random\nimport numpy\nrandom.seed(0)\nnumpy.random.seed(0)"),
    "parts of numpy imported late": inside("\n".join(f"import numpy.{name}" for name in LAZY)),
    "parts of numpy used late": inside(
        "np.fft.fft(x)\nnp.linalg.svd(x)\nnp.random.default_rng(0).normal()\nnp.ma.array(x)\n"
        "np.einsum('ij->ji', x)"
    ),
    "modules imported late": inside("\n".join(f"import {name}" for name in MODULES)),
    "a future import": SOLUTION.replace("from typing", "from __future__ import annotations\nfrom typing"),
    "a data class": last(
        "from dataclasses import dataclass\n@dataclass\nclass Settings:\n    rate: float = 0.1"
    ),
    "types checked lazily": last("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"),
    "an optional import": first(
        "try:\n    import matplotlib.pyplot as plt\nexcept ImportError:\n    plt = None"
    ),
    "other parameter names": renamed(
        ("double(x: np.ndarray)", "double(values)"),
        (RIGHT, "    return 2 * values"),
        ("scale(x: np.ndarray, pair: Pair)", "scale(array, both)"),
        ("= pair\n", "= both\n"),
        ("double(x)  # (M, N)", "double(array)  # (M, N)"),
    ),
    "more parameters with defaults": renamed(
        ("double(x: np.ndarray)", "double(x, times=2, *, verbose=False)"),
        ("pair: Pair)", "pair: Pair, debug=None)"),
    ),
    "any number of parameters": renamed(
        ("def double(x: np.ndarray)", "def double(*args, **kwargs)"), ("2 * x ", "2 * args[0] ")
    ),
    "a lambda": f"{SOLUTION}\ndouble = lambda x: x + x\n",
    "a class behind the function": last(
        "class Doubler:\n    def __call__(self, x): return x + x\n"
        "    def scale(self, x, pair): return pair.factor * self(x) + pair.offset\n"
        "double = Doubler()\nscale = double.scale"
    ),
    "a partial function": last(
        "import functools\ndef times(n, x): return n * x\ndouble = functools.partial(times, 2)"
    ),
    "a cached decorator": renamed(
        ("def double", "def loud(f):\n    return lambda *a: f(*a)\n\n\n@loud\ndef double")
    ),
    "numpy's own function": last("double = np.vectorize(lambda value: 2.0 * value)"),
    "the pair as a data class of its own": renamed(
        ("class Pair(NamedTuple)", "class Pair"),
        ("factor, offset = pair", "factor, offset = pair.factor, pair.offset"),
    ),
    "a pair with methods": renamed(
        ("  # (M, 1) one for each row", "\n\n    def both(self):\n        return self")
    ),
    "a pair by another name": renamed(("Pair", "Two")),
    "the answer in another layout": inside("return np.asfortranarray(2 * x)"),
    "the answer through a view": inside("return np.stack([x, x], axis=2).sum(axis=2)[::-1][::-1]"),
    "the answer as a matrix subclass": inside("class Mine(np.ndarray): pass\nreturn (2 * x).view(Mine)"),
    "memory kept between calls": first("seen = {}\n").replace(RIGHT, f"    seen[id(x)] = x\n{RIGHT}"),
}


def words(report: Report) -> str:
    return "\n".join(f"{one.check} {one.status}: {one.message}" for one in report.outcomes)


@pytest.mark.parametrize("name", FLAWS)
def test_an_ordinary_flaw_costs_nothing(name: str, grade: Grade) -> None:
    report = grade(FLAWS[name])
    assert report.earned == report.credits == 7, words(report)
    assert report.passed
    assert report.notes == ()


@pytest.mark.parametrize(
    ("scratch", "says"),
    [
        ("print(undefined)", "NameError: name 'undefined' is not defined"),
        ("double()", "TypeError"),
        ("1 / 0", "ZeroDivisionError"),
        ("number = int(input())", "EOFError"),
        ("open('data.csv')", "data.csv"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("assert double(1) == 3, 'hm'", "AssertionError: hm"),
    ],
)
def test_a_scratch_line_that_fails_costs_nothing_and_is_named(scratch: str, says: str, grade: Grade) -> None:
    report = grade(last(scratch))
    assert report.earned == 7, words(report)
    (note,) = report.notes
    assert note.startswith(f"doubling.py stops at line {LINES + 2}: ")
    assert says in note
    assert note.endswith("That statement was left out, and the rest is graded.")
    assert grade(first(scratch)).earned == 7, "nor does it at the top"


@pytest.mark.parametrize(
    "scratch",
    ["import sys; sys.exit()", "import sys; sys.exit('done')", "raise SystemExit(3)", "exit()", "quit()"],
)
def test_an_exit_costs_nothing_of_what_stands_above_and_is_named(scratch: str, grade: Grade) -> None:
    report = grade(last(scratch))
    assert report.earned == 7, words(report)
    assert report.notes == (
        f"doubling.py stops at line {LINES + 2}: a call of sys.exit. What was defined before that is graded.",
    )


@pytest.mark.parametrize(
    ("leftover", "says"),
    [
        (
            "import matplotlib.pyplot as plt\nplt.style.use('ggplot')\nplt.show()",
            "line 1: No module named 'matplotlib' (NumPy and most of the standard library are there, and "
            "nothing else). What does not use it is graded.",
        ),
        (
            "%matplotlib inline",
            "line 1: `%matplotlib inline` is not Python and was left out; the rest is graded.",
        ),
        ("from google.colab import drive\ndrive.mount('/content')", "line 1: No module named 'google'"),
    ],
)
def test_what_is_left_of_a_notebook_costs_nothing_and_is_named(
    leftover: str, says: str, grade: Grade
) -> None:
    for report in (grade(first(leftover)), grade(last(leftover))):
        assert report.earned == 7, words(report)
        (note,) = report.notes
        assert says.partition(": ")[2] in note
    assert f"doubling.py, {says}" in grade(first(leftover)).notes[0]


def test_what_uses_an_absent_module_says_its_line_and_costs_itself_alone(grade: Grade) -> None:
    report = grade(first("import pandas as pd").replace(RIGHT, "    return 2 * pd.DataFrame(x).to_numpy()"))
    assert report.earned == 4
    assert "`double` raises ModuleNotFoundError: No module named 'pandas', which line 1 imports" in words(
        report
    )


def test_a_loop_at_the_end_that_never_stops_is_told_with_the_cure(grade: Grade) -> None:
    report = grade(last("step = 0\nwhile True:\n    step += 1"), load_seconds=0.5)
    assert report.earned == 0
    assert "was still running after 0.5 s, before any function was called" in words(report)
    assert 'put experiments under `if __name__ == "__main__":`' in words(report)


def test_an_error_in_a_called_function_is_named_by_the_line_at_the_outside(grade: Grade) -> None:
    report = grade(last("def helper():\n    return undefined\n\n\nhelper()"))
    assert report.earned == 7
    assert f"stops at line {LINES + 6}" in report.notes[0]


def test_what_stands_below_a_failing_line_is_graded_and_below_an_exit_the_message_says_why(
    grade: Grade,
) -> None:
    assert grade(renamed(("\n\ndef scale", "\nprint(undefined)\n\n\ndef scale"))).earned == 7
    report = grade(renamed(("\n\ndef scale", "\nexit()\n\n\ndef scale")))
    assert report.earned == 3
    assert "`scale` is not defined. doubling.py stops at line" in words(report)


def test_output_is_shown_beside_its_check(grade: Grade) -> None:
    report = grade(inside("print('hello')"))
    assert all("hello\n" in one.output for one in report.outcomes)


def test_a_warning_names_no_file_of_ours(grade: Grade) -> None:
    output = (
        grade(inside("import warnings\nwarnings.warn('careful \x1b[2J', stacklevel=2)")).outcomes[0].output
    )
    assert "the grader:" in output
    assert "careful \\x1b[2J" in output
    assert SERVER_FILE not in output


def test_a_quiet_file_has_no_output(grade: Grade) -> None:
    assert all(one.output == "" for one in grade(SOLUTION).outcomes)


def test_a_flaw_in_one_function_leaves_the_other_its_credits(grade: Grade) -> None:
    report = grade(SOLUTION.replace(RIGHT, "    return 3 * x"))
    assert report.earned == 4
    assert {one.check: one.status for one in report.outcomes} == {
        "check_double_values": "failed",
        "check_double_leaves_arguments_alone": "skipped",
        "check_scale_values": "passed",
        "check_scale_other_sizes": "passed",
    }


def test_changing_an_argument_costs_the_credit_for_that_alone(grade: Grade) -> None:
    report = grade(SOLUTION.replace(RIGHT, "    x *= 2\n    return x"))
    assert report.earned == 6
    assert "your code changes `x`" in words(report)


# --- the tiny course itself ---------------------------------------------------------------------------


def test_the_solution_earns_everything_and_the_stub_nothing(grade: Grade, tiny: Course) -> None:
    exercise = tiny["exercise-1"]
    assert grade(exercise.solution_path.read_bytes()).earned == exercise.file.credits
    report = grade(exercise.stub_path.read_bytes())
    assert report.earned == 0
    for one in report.outcomes:
        assert one.status == "skipped" or one.message == f"`{one.function}` is not written yet."


def test_every_variant_earns_everything(grade: Grade, tiny: Course) -> None:
    variants = tiny["exercise-1"].variants
    assert len(variants) == 2
    for path in variants:
        assert grade(path.read_bytes()).passed, path.name


def test_every_misconception_loses_credits(grade: Grade, tiny: Course) -> None:
    misconceptions = tiny["exercise-1"].misconceptions()
    assert len(misconceptions) == 3
    for one in misconceptions:
        assert SOLUTION.count(one.replace) == 1
        report = grade(SOLUTION.replace(one.replace, one.with_))
        assert 0 < report.earned < 7, one.id
        assert not report.first_error


def test_a_right_answer_passes_under_many_seeds(grade: Grade) -> None:
    assert all(grade(SOLUTION, seed=seed).passed for seed in range(10))


def test_the_versions_that_graded_stand_in_the_report_and_beside_a_syntax_error(grade: Grade) -> None:
    report = grade("def double(x:\n")
    assert (report.python, report.numpy) == (platform.python_version(), np.__version__)
    assert report.notes == (f"graded with Python {sys.version_info.major}.{sys.version_info.minor}",)
    assert grade("def double(x):\n    return 1 / 0\n").notes == ()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("x_prev = x; return xprev", "name 'xprev' is not defined. Did you mean: 'x_prev'?"),
        ("import numpy as np; return np.tahn(x)", "no attribute 'tahn'. Did you mean: 'tan'?"),
        ("from math import tahn; return x", "Did you mean: 'tan'?"),
        ("return x.shpae", "Did you mean: 'shape'?"),
        ("return np.tanh(x)", "`import numpy as np` belongs at the top"),
        ("import numppy; return x", "No module named 'numppy'\n"),
        ("raise NameError('gone. Did you mean: it?')", "gone. Did you mean: it?\n"),
        ("raise NameError('gone\\ud800')", "gone\\ud800\n"),
    ],
)
def test_what_python_suggests_in_a_terminal_is_kept(grade: Grade, code: str, says: str) -> None:
    report = grade(f"def double(x):\n    {code.replace('; ', chr(10) + '    ')}\n")
    assert says in "\n".join(outcome.message for outcome in report.outcomes)


def test_a_suggestion_on_what_is_left_out_ends_its_sentence(grade: Grade) -> None:
    note = grade(first("from math import tahn")).notes[-1]
    assert "Did you mean: 'tan'? What does not use it is graded." in note
    (note,) = grade(last("x_prev = 1\nxprev")).notes
    assert "Did you mean: 'x_prev'? That statement was left out" in note
    report = grade(first("from math import tahn").replace(RIGHT, "    return tahn(x)"))
    assert "which line 1 imports\n" in report.outcomes[0].message


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import math; return math.tanh(x)", "np.tanh and its like take arrays"),
        ("import numpy as np; return x if x > 0 else -x", "np.where decides entry by entry"),
        ("import numpy as np; y = np.zeros(x.shape, dtype=int); y += x; return y", "leave dtype=int out"),
        ("return input('go on?')", "`grader debug` runs it"),
        ("return open('log.txt', 'w')", "`grader debug` lets you look"),
        ("breakpoint(); return 2 * x", "`grader debug` runs it where you can"),
        ("import pdb; pdb.set_trace(); return 2 * x", "no debugger stops here"),
        ("import math; return math.exp(x)", "functions of math take one number"),
        ("return 2 * float(x)", "float, int and functions of math take one number"),
        ("return max(x, -x)", "`max` want one answer for all entries"),
        ("return x and x", "np.where decides entry by entry"),
        ("return 2 * x if not x else x", "np.where decides entry by entry"),
        ("return [0 for _ in range(x)]", "one whole number, such as x.shape[0]"),
        ("return x[: x.shape[0] / 2]", "// gives one"),
        ("return 2 (x)", "TypeError"),
        ("return x (2)", "is a * or @ missing"),
        ("import numpy as np; return np.zeros(2, 3)", "a shape is one tuple"),
        ("import sys; sys.exit()", "hands its result back by `return`"),
        ("return double(x)", "without an end"),
        ("y = print(x); return 2 * y", "does a function end without `return`?"),
        (
            "import numpy as np; y = np.zeros_like(x, dtype=int); y[:] = 2 * x; return y",
            "cuts off every fraction",
        ),
        ("return (2 * x).astype(int)", "`y` is an array of whole numbers: int64"),
        ("import socket; socket.socket()", "`grader debug` lets you look"),
    ],
)
def test_what_python_and_numpy_say_is_explained(grade: Grade, code: str, says: str) -> None:
    report = grade(f"def double(x):\n    {code.replace('; ', chr(10) + '    ')}\n")
    assert says in " ".join(outcome.message for outcome in report.outcomes)
