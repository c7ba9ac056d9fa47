"""Running a student's file: what cannot be run is left out, and the rest is there."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from grader.course import Course
from grader.sandbox.loading import MAX_FAULTS, keeps_nothing, run_source


def run(source: str) -> tuple[list[tuple[str, int]], dict[str, Any]]:
    """Run a text; return the words and lines of what was left out, and the names that are there."""
    module = types.ModuleType("step")
    faults = run_source(source.encode(), "step.py", vars(module))
    return [(fault[0], fault[3][0][0] if fault[3] else 0) for fault in faults], vars(module)


AFTER = "\n\ndef f():\n    return 7\n"

LEFTOVERS = {
    "import matplotlib.pyplot as plt": [("import", 1)],
    "import matplotlib.pyplot": [("import", 1)],
    "from matplotlib import pyplot as plt, cm": [("import", 1)],
    "from matplotlib.pyplot import *": [("import", 1)],
    "import torch, math": [("import", 1)],
    "import torch; import pandas as pd": [("import", 1), ("import", 1)],
    "import matplotlib.pyplot as plt\nplt.style.use('ggplot')\nplt.rcParams['a'] = 1\nplt.show()": [
        ("import", 1)
    ],
    "import torch\ndevice = torch.device('cuda' if torch.cuda.is_available() else 'cpu')": [("import", 1)],
    "import torch\nif torch.cuda.is_available():\n    device = 1": [("import", 1)],
    "from torch import nn\nclass Net(nn.Module):\n    pass": [("import", 1)],
    "import numba\n@numba.njit\ndef g(x):\n    return x": [("import", 1)],
    "import torch\ndef g(x: torch.Tensor | None = None) -> dict[str, torch.Tensor]:\n    return x": [
        ("import", 1)
    ],
    "from google.colab import drive\ndrive.mount('/content/drive')": [("import", 1)],
    "from math import sin, no_such_name": [("import", 1)],
    "%matplotlib inline": [("line", 1)],
    "%%time\nx = 1": [("line", 1)],
    "!pip install torch\n!nvidia-smi": [("line", 1), ("line", 2)],
    "if True:\n    %timeit 1": [("line", 2)],
    "print?": [("line", 1)],
    "```python": [("line", 1)],
    "!pip install \\\n  torch \\\n  pandas": [("line", 1)],
    "get_ipython().run_line_magic('matplotlib', 'inline')": [("error", 1)],
    "input()": [("error", 1)],
    "n = int(input())": [("error", 1)],
    "open('data.csv')": [("error", 1)],
    "print(undefined)": [("error", 1)],
    "x = 1; print(undefined); y = 2": [("error", 1)],
    "for _ in range(3):\n    undefined": [("error", 2)],
    "raise KeyboardInterrupt": [("error", 1)],
    "assert False": [("error", 1)],
    "def g(x=undefined):\n    return x": [("error", 1)],
    "from __future__ import annotations\nundefined\ndef g(x: nothing): return x": [("error", 2)],
}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda *_: next(iter(())))
    for name in ("matplotlib", "torch", "numba", "pandas", "google"):  # as in a worker
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize("leftover", LEFTOVERS)
def test_what_people_leave_is_left_out_and_the_rest_is_there(leftover: str) -> None:
    faults, names = run(leftover + AFTER)
    assert faults == LEFTOVERS[leftover]
    assert names["f"]() == 7


@pytest.mark.parametrize("leftover", LEFTOVERS)
def test_what_stands_above_is_there_as_well(leftover: str) -> None:
    if "__future__" in leftover:
        return
    faults, names = run(f"def above():\n    return 1\n\n\n{leftover}{AFTER}")
    assert faults == [(word, line + 4) for word, line in LEFTOVERS[leftover]]
    assert names["above"]() + names["f"]() == 8


def test_the_fences_of_a_text_around_it_are_no_part_of_a_file() -> None:
    faults, names = run(f"```python{AFTER}```\n")
    assert faults == [("line", 1), ("line", 5)]
    assert names["f"]() == 7


def test_an_import_that_somebody_guards_is_theirs() -> None:
    faults, names = run("try:\n    import torch\nexcept ImportError:\n    torch = None")
    assert faults == []
    assert names["torch"] is None


@pytest.mark.parametrize(
    "use",
    [
        "plt.plot(x)",
        "plt()",
        "for _ in plt: pass",
        "with plt: pass",
        "plt + x",
        "x @ plt.cm",
        "float(plt)",
        "list(plt.lines)",
        "plt.rcParams['a'] = x",
        "class A(plt.Axes): pass",
    ],
)
def test_what_is_absent_may_be_mentioned_and_says_its_line_where_it_is_used(use: str) -> None:
    source = f"\nimport matplotlib.pyplot as plt\ndef f(x):\n    plt.colour\n    {use}\n"
    _, names = run(source)
    with pytest.raises(ModuleNotFoundError, match="which line 2 imports"):
        names["f"](1.0)


def test_a_question_about_an_absent_type_is_answered() -> None:
    _, names = run("import torch\ndef f(x):\n    return x.numpy() if isinstance(x, torch.Tensor) else x\n")
    assert names["f"](3) == 3


def test_what_needs_the_absent_says_so_itself() -> None:
    faults, names = run("import numba\n@numba.njit\ndef f(x):\n    return x\ng = numba.typed.List(f)\n")
    assert faults == [("import", 1)]
    for name in "fg":
        with pytest.raises(ModuleNotFoundError, match="which line 1 imports"):
            names[name](1)


def test_what_is_there_is_imported_beside_what_is_not() -> None:
    _, names = run("import torch, math as m\nfrom math import no_such_name, cos\n")
    assert names["m"].pi > 3
    assert names["cos"](0) == 1


def test_an_exit_ends_the_file() -> None:
    faults, names = run("x = 1\nimport sys\nsys.exit()" + AFTER)
    assert faults == [("exit", 3)]
    assert "f" not in names


def test_so_many_faults_end_the_file() -> None:
    faults, names = run("undefined\n" * (MAX_FAULTS + 5) + AFTER)
    assert [word for word, _ in faults] == ["error"] * MAX_FAULTS + ["end"]
    assert "f" not in names


def test_no_statement_runs_twice() -> None:
    _, names = run(
        "done = []; done.append(1); undefined; done.append(2)\ndone.append(3)\n1 / 0\ndone.append(4)"
    )
    assert names["done"] == [1, 2, 3, 4]


def test_a_line_that_only_looks_like_a_notebooks_is_python() -> None:
    faults, names = run('x = (7\n  % 4)\ny = """\n%matplotlib\n!ls\n"""\n')
    assert faults == []
    assert (names["x"], names["y"]) == (3, "\n%matplotlib\n!ls\n")


@pytest.mark.parametrize("source", ["def f(:\n", "%ls\ndef f(:\n", "x = = 1?\ny = = 2"])
def test_what_is_no_python_is_told_alone(source: str) -> None:
    faults, _ = run(source)
    assert [word for word, _ in faults] == ["syntax"]


# --- does anything last from one call to the next? ----------------------------------------------------

HEAD = (
    "import numpy as np\nfrom typing import Any, NamedTuple\nfrom collections.abc import Callable\nSIZE = 3\n"
)
COMPUTES = """
class Pair(NamedTuple):
    a: np.ndarray
    b: float = 1.0

def helper(x, power=2):
    return sum(each**power for each in x)

def f(x, pair):
    out = np.zeros_like(x)
    for row in range(len(x)):
        out[row] = np.tanh(pair.a @ x[row]) + helper(x)
    known = {}
    known["y"] = out
    print(out)
    if not isinstance(out, float):
        raise ValueError("too large")
    return out, Pair(out, SIZE)
"""
REMEMBERS = {
    "a list": "seen = []\ndef f(x):\n    seen.append(x)",
    "an array": "space = np.zeros(3)\ndef f(x):\n    space[:] = x",
    "a global": "def f(x):\n    global last\n    last = x",
    "a default": "def f(x, seen=[]):\n    seen.append(x)",
    "a named default": "def f(x, *, seen={}):\n    return seen",
    "its own attribute": "def f(x):\n    f.calls = x",
    "an attribute of NumPy": "def f(x):\n    np.state = x",
    "an attribute, by name": "def f(x):\n    setattr(np, 'state', x)",
    "a closure": "def make():\n    seen = []\n    return lambda x: seen.append(x)\nf = make()",
    "a cache": "import functools\n@functools.cache\ndef f(x):\n    return x",
    "a class": "class Model:\n    def f(self, x):\n        return x",
    "a default of a field": "class P(NamedTuple):\n    a: list = []\ndef f(x):\n    return P().a",
    "a method": "class P(NamedTuple):\n    a: int\n    def __add__(self, x):\n        seen.append(x)",
    "another attribute": "class P(NamedTuple):\n    a: int\n    seen = []",
    "another module": "import random\ndef f(x):\n    return random.random()",
    "an import": "def f(x):\n    import random\n    return random.random()",
    "random numbers": "def f(x):\n    return np.random.rand()",
    "memory that others used": "def f(x):\n    return np.empty(3)",
    "settings of NumPy": "def f(x):\n    np.seterr(all='raise')",
    "the names of the module": "def f(x):\n    globals()['last'] = x",
    "its dictionary": "def f(x):\n    np.__dict__['last'] = x",
    "an inner function": "def f(x):\n    def inner():\n        global last\n        last = x\n    inner()",
    "an iterator": "numbers = iter(range(9))\ndef f(x):\n    return next(numbers)",
    "a value that raises": "class M(type):\n    __module__ = property(repr)\nclass C(metaclass=M): pass",
}


def keeps(source: str) -> bool:
    module = types.ModuleType("step")
    assert run_source(source.encode(), "step.py", vars(module)) == []
    return not keeps_nothing(vars(module), "step.py")


def test_code_that_only_computes_keeps_nothing(course: Course) -> None:
    assert not keeps(HEAD + COMPUTES)
    for number in (1, 2, 3, 5, 7, 9, 10):
        exercise = course[f"exercise-{number}"]
        assert not keeps(exercise.solution_path.read_text(encoding="utf-8"))
        assert not keeps(exercise.stub_path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("how", REMEMBERS)
def test_code_that_may_remember_is_told_from_code_that_only_computes(how: str) -> None:
    assert keeps(HEAD + REMEMBERS[how] + COMPUTES.replace("def f(", "def g("))
