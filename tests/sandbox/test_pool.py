"""Workers and their pool: clean, fresh, bounded, and gone when nobody needs them."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import py_compile
import signal
import subprocess
import sys
import textwrap
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from grader.sandbox import LAYERS, process, server
from grader.sandbox.clock import ProcessorClock
from grader.sandbox.pool import WorkerPool
from grader.sandbox.protocol import ProtocolError, Unsendable
from grader.sandbox.values import Named, Opaque
from grader.sandbox.worker import SLOWDOWN, Answer, Patience, Raised, Seconds, TimeUp, Worker, WorkerEnded

if TYPE_CHECKING:
    from tests.conftest import Offspring

ROOT = Path(__file__).parents[2]
SECONDS = 20.0  # for what should take no time at all
FOREVER = 1e6  # seconds: of a limit that is not the point
Open = Callable[[str], Worker]

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


class Pair(NamedTuple):
    """A named tuple like those of the exercises."""

    a: Any
    b: Any


@pytest.fixture(scope="module", params=["fork", pytest.param("exec", marks=pytest.mark.slow)])
def any_pool(request: pytest.FixtureRequest) -> Iterator[WorkerPool]:
    """A pool of each kind."""
    if request.param == "fork" and not hasattr(os, "fork"):
        pytest.skip("there is no fork here")
    with WorkerPool(fork=request.param == "fork") as pool:
        yield pool


@pytest.fixture
def load(pool: WorkerPool) -> Iterator[Open]:
    """Open a worker and load a source without a fault; all of them are ended with the test."""
    with opener(pool) as open_one:
        yield open_one


@pytest.fixture
def load_any(any_pool: WorkerPool) -> Iterator[Open]:
    """As ``load``, in pools of each kind."""
    with opener(any_pool) as open_one:
        yield open_one


@contextlib.contextmanager
def opener(pool: WorkerPool) -> Iterator[Open]:
    workers: list[Worker] = []

    def open_one(source: str) -> Worker:
        workers.append(pool.open())
        assert workers[-1].load("student", "student.py", textwrap.dedent(source).encode(), SECONDS) == ()
        return workers[-1]

    try:
        yield open_one
    finally:
        for worker in workers:
            worker.end()


def value(worker: Worker, function: str, *arguments: Any, **named: Any) -> Any:
    """Call a function that must return a value."""
    answer = worker.call(function, arguments, SECONDS, **named)
    assert answer.raised is None, answer.raised
    assert not answer.missing
    assert not answer.unsendable
    return answer.value


def raised(worker: Worker, function: str, *arguments: Any) -> Raised:
    """Call a function that must raise."""
    found = worker.call(function, arguments, SECONDS).raised
    assert found is not None
    return found


# --- a clean place ------------------------------------------------------------------------------------


THREADS = {f"{name}_NUM_THREADS" for name in ("OPENBLAS", "OMP", "MKL")}


def test_all_that_is_promised_can_be_imported(load_any: Open) -> None:
    """Also what the warm process only keeps; of some names, this Python has none."""
    names = [
        *server.NUMPY_PARTS,
        *server.STANDARD_LIBRARY,
        *server.SELDOM,
        "unittest.mock",
        "numpy.ma.extras",
    ]
    wanted = [name for name in names if importlib.util.find_spec(name)]
    load_any("\n".join([*(f"import {name}\ndir({name})" for name in wanted), "from numpy import *"]))


def test_a_module_is_kept_as_python_has_compiled_it_unless_its_source_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "kept_module.py"

    def kept(text: str) -> int:
        """Return what a module of this text makes, which is kept with what was compiled of it."""
        path.write_text(text)
        os.utime(path, (1e9, 1e9))
        archive, module = server.Archive(), types.ModuleType(path.stem)
        archive.keep(path.stem, [str(tmp_path)])
        path.unlink()  # it is kept
        archive.exec_module(module)
        return int(module.made)

    path.write_text("made = 1")
    os.utime(path, (1e9, 1e9))
    py_compile.compile(str(path), doraise=True)
    assert kept("made = 2") == 1  # of the same time and size
    assert kept("made = 34") == 34


def test_what_only_a_star_names_is_not_run(load: Open) -> None:
    """Such as numpy.testing, which imports unittest: that would take longer than most checks."""
    worker = load("""
        import sys
        from numpy import *
        def f(): return "unittest" in sys.modules
        def g(): return testing.assert_allclose([1.0], [1.0]), ma.count(ma.array([1, 2], mask=[0, 1]))
    """)
    assert value(worker, "f") is False
    assert value(worker, "g") == (None, 1)
    assert value(worker, "f") is True


def test_nothing_is_inherited_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, offspring: Offspring
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("PYTHONSTARTUP", "/somewhere.py")
    allowed = THREADS | {"LANG", "LC_CTYPE", "PYTHONHASHSEED", "PYTHONUTF8", "SYSTEMROOT"}
    for fork in (True, False) if hasattr(os, "fork") else (False,):
        before = offspring()
        # without layers, which would also hide what an ordinary account may see in /proc
        with WorkerPool(fork=fork, layers=()) as pool, opener(pool) as open_one:
            found = value(open_one("import os\ndef f(): return dict(os.environ)"), "f")
            assert set(found) <= allowed
            started = min(offspring() - before)
            words = Path(f"/proc/{started}/environ").read_text().split("\0")
            assert {word.partition("=")[0] for word in words if word} <= allowed
            assert {f"{name}=1" for name in THREADS} <= set(words)


def test_only_numpy_and_the_standard_library_are_within_reach(load_any: Open) -> None:
    worker = load_any(
        """
        import importlib, sys
        def loaded(): return sorted({name.partition(".")[0] for name in sys.modules})
        def path(): return list(sys.path)
        def arguments(): return list(sys.argv)
        def importing(name): importlib.import_module(name)
        """
    )
    loaded = value(worker, "loaded")
    assert not {"grader", "pytest", "_pytest", "yaml", "click", "hypothesis"} & set(loaded)
    assert not [name for name in loaded if name.startswith("reference")]
    assert "numpy" in loaded
    for name in ("grader", "grader.sandbox.protocol", "pytest", "yaml", "click", "hypothesis"):
        assert raised(worker, "importing", name).type_name == "ModuleNotFoundError"
    assert not [path for path in value(worker, "path") if str(ROOT) in path or "site-packages" in path]


def test_the_references_names_are_nowhere_in_the_workers_memory(load: Open) -> None:
    worker = load(
        """
        import gc, types
        def names():
            gc.unfreeze()
            return [m.__name__ for m in gc.get_objects() if isinstance(m, types.ModuleType)][:4000]
        """
    )
    found = set(value(worker, "names"))
    assert {"student", "numpy"} <= found
    foreign = (
        "reference_",
        "pytest",
        "_pytest",
        "check_",
        "grader.numeric",
        "grader.course.course",
        "grader.checks.run",
    )
    assert not {name for name in found if name.startswith(foreign)}


def test_numpy_works(load_any: Open) -> None:
    worker = load_any(
        """
        import numpy as np
        def f():
            rng = np.random.default_rng(0)
            a = rng.standard_normal((200, 200))
            legacy = np.random.rand(3)
            product = a @ a.T
            inverse = np.linalg.inv(product + np.eye(200)) @ (product + np.eye(200))
            back = np.fft.ifft(np.fft.fft(a)).real
            right = np.allclose(inverse, np.eye(200)), np.allclose(back, a)
            return *right, legacy.shape == (3,), rng.permutation(3).size
        """
    )
    assert value(worker, "f") == (True, True, True, 3)


def test_every_worker_draws_numbers_of_its_own(load: Open) -> None:
    source = "import random, numpy as np\ndef f(): return random.random(), float(np.random.rand())"
    first, second = value(load(source), "f"), value(load(source), "f")
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_globals_live_for_one_worker_only(load_any: Open) -> None:
    source = """
import numpy as np
count = 0
def f():
    global count
    count += 1
    np.count = count
    return count
"""
    worker = load_any(source)
    assert [value(worker, "f") for _ in range(3)] == [1, 2, 3]
    fresh = load_any(source + "\ndef g(): return hasattr(np, 'count')")
    assert value(fresh, "g") is False
    assert value(fresh, "f") == 1


def test_standard_input_is_empty(load: Open) -> None:
    worker = load("import sys\ndef f(): return sys.stdin.read()\ndef g(): return input('? ')")
    assert value(worker, "f") == ""
    assert raised(worker, "g").type_name == "EOFError"


def test_the_module_is_what_a_module_should_be(load: Open) -> None:
    worker = load(
        """
        import inspect, pickle, sys
        from dataclasses import dataclass
        @dataclass
        class P:
            x: int
        def f():
            copy = pickle.loads(pickle.dumps(P(3)))
            return __name__, sys.modules[__name__].f is f, copy.x, inspect.getsource(f)[:5]
        """
    )
    assert value(worker, "f") == ("student", True, 3, "def f")


# --- arguments ----------------------------------------------------------------------------------------


def test_arguments_are_private_writable_copies(load_any: Open) -> None:
    worker = load_any("def f(a, b):\n    a[0] = 9\n    b[0] = 8\n    return a, b")
    shared = np.zeros(3)
    frozen = np.zeros(3)
    frozen.setflags(write=False)
    assert [one[0] for one in value(worker, "f", shared, shared)] == [9, 8]
    assert value(worker, "f", frozen, frozen)[0][0] == 9
    assert shared.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ("return x + 1", []),
        ("x = x + 1", []),
        ("x += 0", []),
        ("y = x.copy(); y[0] = 5", []),
        ("x[0] = 5", ["0"]),
        ("x.sort()", ["0"]),
        ("x *= -1; p.a[...] = 7", ["0", "1.a"]),
        ("q['k'][1][0] = 3", ["2.k.1"]),
        ("x.shape = (3, 1)", ["0"]),
        ("np.negative(x, out=x)", ["0"]),
        ("x.view()[::-1][0] = 4", ["0"]),
    ],
)
def test_changed_arguments_are_reported(load: Open, body: str, changed: list[str]) -> None:
    worker = load(f"import numpy as np\ndef f(x, p, q):\n    {body}")
    arguments = (np.array([3.0, 1.0, 2.0]), Pair(np.ones(2), 1), {"k": [0, np.ones(1)]})
    answer = worker.call("f", arguments, SECONDS)
    assert answer.raised is None
    assert [".".join(path) for path in answer.changed] == changed


def test_a_named_tuple_arrives_as_the_students_class(load_any: Open) -> None:
    source = """
        from typing import NamedTuple
        class Pair(NamedTuple):
            a: object
            b: object
            def total(self): return self.a + self.b
        def f(pair): return isinstance(pair, Pair), pair.total(), pair._replace(a=0)
        """
    mine, total, replaced = value(load_any(source), "f", Pair(1, 2))
    assert (mine, total) == (True, 3)
    assert isinstance(replaced, Named)
    assert (replaced.type_name, replaced.fields, tuple(replaced)) == ("Pair", ("a", "b"), (0, 2))


@pytest.mark.parametrize(
    "own",
    [
        "",
        "Pair = 5",
        "class Pair: pass",
        "class Pair(tuple): _fields = ('x',)",
        "def Pair(a, b): return None",
    ],
)
def test_without_a_fitting_class_the_fields_are_there_all_the_same(load: Open, own: str) -> None:
    worker = load(
        f"{own}\ndef f(pair):\n    a, b = pair\n    return a, b, pair.a, pair.b, pair[0], type(pair).__name__"
    )
    assert value(worker, "f", Pair(1, 2)) == (1, 2, 1, 2, 1, "Pair")


def test_named_tuples_inside_others_are_rebuilt(load: Open) -> None:
    worker = load("def f(x): return x[0]['k'][0].b, x[1].a")
    assert value(worker, "f", [{"k": (Pair(1, 2),)}, Pair(3, 4)]) == (2, 3)


def test_arguments_that_are_no_plain_data_cross_as_names_and_too_large_ones_do_not(load: Open) -> None:
    worker = load("def f(x): return x")
    assert value(worker, "f", object()) == Opaque("object")
    with pytest.raises(Unsendable, match="64 MB"):
        worker.call("f", (np.zeros(2**23 + 1),), SECONDS)
    assert value(worker, "f", 5) == 5


def test_large_arrays_come_and_go(load_any: Open) -> None:
    big = np.arange(2.0**21)
    assert np.array_equal(value(load_any("def f(x): return x[::-1]"), "f", big), big[::-1])


# --- answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("object()", "object"),
        ("(i for i in range(3))", "generator"),
        ("iter([])", "list_iterator"),
        ("late()", "coroutine"),
        ("print", "builtin_function_or_method"),
        ("np", "module"),
        ("{1, 2}", "set"),
        ("np.array([None])", "array of dtype object"),
        ("type('Plan', (), {})()", "Plan"),
        ("type('X' * 999, (), {})()", "X" * 80),
    ],
)
def test_what_is_no_plain_data_is_only_a_name(load: Open, expression: str, name: str) -> None:
    worker = load(
        "import numpy as np\nimport warnings\nwarnings.simplefilter('ignore')\nasync def late(): pass\n"
        f"def f(): return {expression}"
    )
    assert value(worker, "f") == Opaque(name)


@pytest.mark.parametrize("method", ["items", "__iter__", "keys", "__len__"])
def test_an_endless_subclass_is_read_as_what_it_is_made_of(load: Open, method: str) -> None:
    source = f"""
        def forever(self):
            while True:
                yield 1, 2
        D = type("D", (dict,), {{"{method}": forever}})
        L = type("L", (list,), {{"{method}": forever}})
        T = type("T", (tuple,), {{"{method}": forever}})
        def f(): return D(a=1), L([1]), T((1,))
        """
    assert value(load(source), "f") == ({"a": 1}, [1], (1,))


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("np.zeros((3000, 3000))", "64 MB"),
        ("[0] * 5000", "4096 items"),
        ("'x' * 70000", "64 KiB"),
        ("2 ** 5000", "1024 bits"),
        ("['x' * 60000] * 5", "256 KiB"),
        ("'\\U0001f600' * 60000", "256 KiB"),
    ],
)
def test_what_is_too_large_is_said_to_be(load: Open, expression: str, reason: str) -> None:
    worker = load(f"import numpy as np\ndef f(): return {expression}\ndef g(): return 1")
    assert reason in worker.call("f", (), SECONDS).unsendable
    assert value(worker, "g") == 1


@pytest.mark.parametrize("key", ["(1, 2)", "np.int64(3)", "None"])
def test_a_dict_of_any_keys_is_not_taken_for_a_forgery(load: Open, key: str) -> None:
    worker = load(f"import numpy as np\ndef f(): return {{{key}: 1.0}}")
    assert isinstance(worker.call("f", (), SECONDS), Answer)


def test_missing_functions(load: Open) -> None:
    worker = load("data = 3\nclass Thing: pass")
    for name in ("nothing", "data"):
        assert worker.call(name, (), SECONDS).missing is not None
    assert value(worker, "Thing") == Opaque("Thing")


def test_exceptions_come_with_the_students_own_lines(load_any: Open) -> None:
    worker = load_any("def g(x):\n    return 1 / x\n\ndef f(x):\n    return g(x)\n")
    found = raised(worker, "f", 0)
    assert (found.type_name, found.text) == ("ZeroDivisionError", "division by zero")
    assert found.frames == ((5, "f", "return g(x)"), (2, "g", "return 1 / x"))


def test_only_the_innermost_lines_of_a_deep_recursion_come(load: Open) -> None:
    found = raised(load("def f(n=0): return f(n + 1)"), "f")
    assert found.type_name == "RecursionError"
    assert 1 <= len(found.frames) <= 4


@pytest.mark.parametrize(
    ("source", "type_name", "text"),
    [
        ("def __str__(self): raise RuntimeError", "Bad", "(its text cannot be shown)"),
        ("def __str__(self): return 5", "Bad", "(its text cannot be shown)"),
        ("def __str__(self): raise SystemExit", "Bad", "(its text cannot be shown)"),
        ("def __str__(self): return 'x' * 10**6", "Bad", "x" * 2000),
        ("def __repr__(self): raise RuntimeError", "Bad", ""),
    ],
)
def test_hostile_exceptions_are_described(load: Open, source: str, type_name: str, text: str) -> None:
    worker = load(f"class Bad(BaseException):\n    {source}\ndef f(): raise Bad\ndef g(): return 1")
    found = raised(worker, "f")
    assert (found.type_name, found.text) == (type_name, text)
    assert value(worker, "g") == 1


def test_an_exception_whose_type_has_no_usable_name_does_not_end_the_worker(load: Open) -> None:
    worker = load(
        """
        class Meta(type):
            @property
            def __name__(cls): raise RuntimeError
        class Bad(Exception, metaclass=Meta): pass
        def f(): raise Bad
        def g(): return 1
        """
    )
    raised(worker, "f")
    assert value(worker, "g") == 1


ODD = """
import collections, numpy as np

class Unequal:
    def __hash__(self): return id(self)
    def __eq__(self, other): return self is other
class Text(Unequal, str):
    def __len__(self): return 3
    def __str__(self): return self
    def __getitem__(self, index): return {"a": 1}
class Whole(Unequal, int):
    def bit_length(self): return 1
    def __int__(self): return 10**400
class Point(float):
    def __float__(self): return Point(9.0)
class False_(object):
    __class__ = int
def renamed(**changes):
    def inner(): raise ValueError("inside")
    inner.__code__ = inner.__code__.replace(**changes)
    return inner
"""


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("np.zeros((0, 10**12))", "an empty array of shape (0, 1000000000000)"),
        ("[np.zeros((2**40, 0, 3), bool)]", "an empty array of shape (1099511627776, 0, 3)"),
        ("{Whole(1): 1, Whole(1): 2}", "two keys are the same text or number"),
        ("{Whole(1): 1, 1.0: 2}", "two keys are the same text or number"),
        ("{Text('a'): 1, Text('a'): 2}", "two keys are the same text or number"),
        ("{float('nan'): 1, float('nan'): 2}", "two keys are the same text or number"),
        ("Text('x' * 100_000)", "a string of more than 64 KiB"),
        ("{Text('x' * 100_000): 1}", "a string of more than 64 KiB"),
        ("Whole(2**2000)", "an integer of more than 1024 bits"),
        ("{Whole(2**2000): 1}", "an integer of more than 1024 bits"),
    ],
)
def test_values_that_misreport_themselves_are_told_as_what_they_are(
    load: Open, expression: str, reason: str
) -> None:
    worker = load(f"{ODD}\ndef f(): return {expression}\ndef g(): return 1")
    assert reason in worker.call("f", (), SECONDS).unsendable
    assert value(worker, "g") == 1


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("Text('ab')", "ab"),
        ("Whole(5)", 5),
        ("Point(2.0)", 2.0),
        ("{Whole(3): 2, None: Text('b')}", {3: 2, None: "b"}),
        ("False_()", Opaque("False_")),
        ("collections.namedtuple('P', ['x' * 100, 'y'])(1, 2)", (1, 2)),
        ("type('T', (tuple,), {'_fields': (Text('x' * 100), 'y')})((1, 2))", (1, 2)),
        ("type(Text('Odd'), (), {})()", Opaque("Odd")),
        ("np.array(['a'], np.dtypes.StringDType())", Opaque("array of dtype StringDType128")),
    ],
)
def test_odd_values_cross_as_what_they_are_made_of(load: Open, expression: str, wanted: Any) -> None:
    assert value(load(f"{ODD}\ndef f(): return {expression}"), "f") == wanted


@pytest.mark.parametrize(
    ("body", "type_name", "text"),
    [
        ("raise type(Text('Odd'), (Exception,), {})('why')", "Odd", "why"),
        ("raise type('E', (Exception,), {'__str__': lambda self: Text('why')})", "E", "why"),
        ("raise type('E', (Exception,), {'__traceback__': 5})('why')", "E", "why"),
        ("renamed(co_name=Text('odd'))()", "ValueError", "inside"),
        ("renamed(co_linetable=b'')()", "ValueError", "inside"),
        ("raise type('E', (Exception,), {'__str__': lambda self: '\\ud800'})", "E", "\ud800"),
        # Python itself refuses such a name, in the line that gives it
        ("raise type('E\\ud800', (Exception,), {})", "UnicodeEncodeError", "'utf-8' codec can't encode"),
        ("raise BaseExceptionGroup('why', [KeyboardInterrupt()])", "BaseExceptionGroup", "why (1 sub-exc"),
    ],
)
def test_odd_exceptions_are_told_with_their_line(load: Open, body: str, type_name: str, text: str) -> None:
    found = raised(load(f"{ODD}\ndef f():\n    {body}"), "f")
    assert found.type_name == type_name
    assert found.text.startswith(text)
    assert found.frames[0][1:] == ("f", body)


@pytest.mark.parametrize(
    "module",
    [
        "def __getattr__(name): raise ValueError('why')",
        "import sys, types\nclass M(types.ModuleType):\n    @property\n    def f(self):\n"
        "        raise ValueError('why')\nsys.modules[__name__].__class__ = M",
    ],
)
def test_a_module_that_raises_when_it_is_asked_does_not_end_the_worker(load: Open, module: str) -> None:
    worker = load(f"{module}\ndef g(): return 1")
    assert raised(worker, "f").text == "why"
    assert value(worker, "g") == 1


def test_not_written_is_told_from_other_exceptions(load: Open) -> None:
    worker = load("def f(): raise NotImplementedError\ndef g(): raise ValueError")
    assert worker.call("f", (), SECONDS).not_written
    assert not worker.call("g", (), SECONDS).not_written


def test_a_worker_lives_on_after_exceptions(load: Open) -> None:
    worker = load("import sys\ndef f(): sys.exit(3)\ndef g(): raise KeyboardInterrupt\ndef h(): return 1")
    assert raised(worker, "f").type_name == "SystemExit"
    assert raised(worker, "g").type_name == "KeyboardInterrupt"
    assert value(worker, "h") == 1


# --- loading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "kind", "type_name", "line"),
    [
        (b"x = 1\ndef f(:\n", "syntax", "SyntaxError", 2),
        (b"def f():\nreturn 1\n", "syntax", "IndentationError", 2),
        (b"if x:\n\ty\n        z\n", "syntax", "TabError", 3),
        (b"x = 1\nx / 0\n", "error", "ZeroDivisionError", 2),
        (b"x = 1\n\nimport sys; sys.exit(0)\n", "exit", "SystemExit", 3),
        (b"import nothing_of_this_name\n", "import", "ModuleNotFoundError", 1),
    ],
)
def test_what_stops_a_file_is_told_with_its_line(
    pool: WorkerPool, source: bytes, kind: str, type_name: str, line: int
) -> None:
    worker = pool.open()
    try:
        (found,) = worker.load("student", "student.py", source, SECONDS)
        assert (found.kind, found.type_name, found.frames[-1][0]) == (kind, type_name, line)
    finally:
        worker.end()


def test_what_is_defined_around_a_fault_can_be_called(pool: WorkerPool) -> None:
    worker = pool.open()
    try:
        assert worker.load("student", "student.py", b"def f(): return 1\n1 / 0\ndef g(): return 2\n", SECONDS)
        assert value(worker, "f") == 1
        assert value(worker, "g") == 2
    finally:
        worker.end()


# --- output -------------------------------------------------------------------------------------------


def test_what_is_printed_is_kept_in_order(load_any: Open) -> None:
    worker = load_any(
        "import os, sys\ndef f():\n    print('one')\n    sys.stderr.write('two\\n')\n"
        "    os.write(1, b'three\\n')\n    print('四 \\ud800')"
    )
    value(worker, "f")
    worker.end()
    assert worker.output().replace("\r", "") == "one\ntwo\nthree\n四 \\ud800\n"


@pytest.mark.parametrize("size", [64 * 1024, 64 * 1024 + 1, 10**6, 5 * 10**7])
def test_output_is_bounded_and_keeps_head_and_tail(load: Open, size: int) -> None:
    worker = load(f"import sys\nsys.stdout.write('HEAD' + '.' * {size - 8} + 'TAIL')\ndef f(): pass")
    value(worker, "f")
    worker.end()
    text = worker.output()
    assert text.startswith("HEAD")
    assert text.endswith("TAIL")
    assert ("bytes left out" in text) == (size > 64 * 1024)
    assert len(text) <= 64 * 1024 + 100
    if size > 64 * 1024:
        assert f"… {size - 64 * 1024} bytes left out …" in text
        assert text.index("left out") > 32 * 1024


def test_output_survives_a_crash(load_any: Open) -> None:
    worker = load_any("import os\ndef f():\n    print('last words', end='')\n    os._exit(9)")
    with pytest.raises(WorkerEnded):
        worker.call("f", (), SECONDS)
    assert worker.output() == "last words"


# --- limits and ends ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "idle"),
    [
        ("while True: pass", False),
        ("import time; time.sleep(1000)", True),
        ("sum(range(10**13))", False),
        ("while True: print('x' * 1000)", False),
        ("import threading; threading.Event().wait()", True),
        ("while True:\n        try: work()\n        except BaseException: pass", False),
    ],
    ids=["loop", "sleep", "inside-c", "printing", "lock", "catching"],
)
def test_a_call_is_stopped_at_the_limit_that_it_reaches(load: Open, body: str, idle: bool) -> None:
    worker = load(f"def work(): pass\ndef f():\n    {body}")
    limit = Seconds(0.3, 0.3 if idle else FOREVER)
    with pytest.raises(TimeUp) as caught:
        worker.call("f", (), limit)
    worker.end()
    assert caught.value.idle == idle
    assert worker.used[idle] >= limit[idle]


def test_loading_is_stopped_at_its_limit(any_pool: WorkerPool) -> None:
    worker = any_pool.open()
    source = b"import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    with pytest.raises(TimeUp):
        worker.load("student", "student.py", source, 0.3)
    worker.end()


def test_a_worker_that_does_not_read_is_stopped_at_its_limit(load: Open) -> None:
    """It is given arguments larger than any buffer while it stands still."""
    worker = load("import os, signal, threading\ndef f(x): os.kill(os.getpid(), signal.SIGSTOP)")
    for argument in (0, np.zeros(2**22)):
        with pytest.raises(TimeUp) as caught:
            worker.call("f", (argument,), Seconds(FOREVER, 0.3))
        assert caught.value.idle
    worker.end()


def test_what_a_call_uses_is_read_from_outside(load_any: Open) -> None:
    """Also of a process that ends in the call; what it says of its own time is nothing to us."""
    worker = load_any(
        """
        import os, time
        clock = time.process_time
        time.process_time = lambda: 0.0
        def busy(ends):
            end = clock() + 0.2
            while clock() < end: pass
            if ends: os._exit(1)
        def idle(): time.sleep(0.3)
        """
    )
    value(worker, "busy", False)
    assert worker.used.processor >= 0.2
    value(worker, "idle")
    assert worker.used.idle + SLOWDOWN * worker.used.processor >= 0.3
    with pytest.raises(WorkerEnded):
        worker.call("busy", (True,), SECONDS)
    assert worker.used.processor >= 0.2


@needs_fork
@pytest.mark.parametrize("waits", [True, False], ids=["waited for", "running"])
def test_what_an_unconfined_worker_starts_counts(waits: bool) -> None:
    source = f"""
        import os, time
        def f():
            if child := os.fork():
                os.waitpid(child, 0) if {waits} else time.sleep(1000)
            elif {waits}:
                end = time.process_time() + 0.5
                while time.process_time() < end: pass
                os._exit(0)
            while {not waits}: pass
            time.sleep(1000)
        """
    with WorkerPool(layers=(), spare=False) as bare, opener(bare) as open_one:
        worker = open_one(source)
        with pytest.raises(TimeUp) as caught:
            worker.call("f", (), Seconds(0.3, FOREVER))
        assert not caught.value.idle


def test_where_the_system_tells_no_processor_time_the_wall_clock_counts() -> None:
    clock = ProcessorClock(2**22 + 1, alone=True)  # no process has such a number
    assert clock.seconds() <= clock.seconds()


def test_all_waiting_of_a_submission_has_a_limit_together(load: Open) -> None:
    worker, patience = load("def f(): pass"), Patience(least=30.0, free=1.0, left=60.0)

    def use(*seconds: float) -> Seconds:
        with patience.bounding(worker, 5.0) as limit:
            worker.used = Seconds(*seconds)
        return limit

    assert patience.limit(0.5) == Seconds(0.5, 30.0)
    assert use(2.0, 0.9) == Seconds(5.0, 50.0)
    assert use(0.0, 50.0) == Seconds(5.0, 50.0)  # before, it was a busy machine, and no sleep
    assert use(0.0, 10.0) == Seconds(5.0, 10.0)
    assert patience.limit(5.0) == Seconds(5.0, 1.0)  # enough for a call that does not sleep


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("os._exit(0)", 0),
        ("os._exit(7)", 7),
        ("os.abort()", -signal.SIGABRT),
        ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("ctypes.string_at(0)", -signal.SIGSEGV),
    ],
)
def test_the_way_a_worker_ended_is_told(load: Open, body: str, status: int) -> None:
    worker = load(f"import ctypes, os, signal\ndef f(): {body}")
    with pytest.raises(WorkerEnded) as caught:
        worker.call("f", (), SECONDS)
    assert caught.value.status == status
    assert worker.end() == status


def test_a_worker_that_ended_says_so_again(load: Open) -> None:
    """A check may expect a failure and go on; that must not look like a fault of the grader."""
    worker = load("import os\ndef f(): os._exit(7)")
    for _ in range(2):
        with pytest.raises(WorkerEnded) as caught:
            worker.call("f", (), SECONDS)
        assert caught.value.status == 7


@pytest.mark.parametrize(
    "forged",
    [
        b"\0" * 8,
        b"\xff" * 8,
        b"not a frame at all",
        b"\x02\0\0\0\0\0\0\0{}",
        b'\x09\0\0\0\0\0\0\0["value"]',
        b'\x0c\0\0\0\0\0\0\0["value",[]]',
        b'\x10\0\0\0\0\0\0\0["value",null,5]',
        b'\x12\0\0\0\0\0\0\0["value",null,[5]]',
        b'\x13\0\0\0\0\0\0\0["value",null,[[]]]',
        b'\x13\0\0\0\0\0\0\0["ask","open",null]',
        b'\x0a\0\0\0\0\0\0\0["passed"]',
        b'\x14\0\0\0\0\0\0\0["raised","E","t",0]',
        b'\x12\0\0\0\0\0\0\0["value",null,[]]ab',
    ],
)
def test_a_forged_answer_is_refused_or_is_only_data(load: Open, forged: bytes) -> None:
    worker = load(
        f"""
        import os
        def f():
            for descriptor in range(3, 64):
                try: os.write(descriptor, {forged!r})
                except OSError: pass
            return 1
        """
    )
    try:
        answer = worker.call("f", (), 1.0)
    except (ProtocolError, TimeUp):
        return
    assert answer.value in (1, None)
    assert all(path for path in answer.changed)


# --- lending ------------------------------------------------------------------------------------------


def test_a_substitute_is_answered_by_the_grader(load_any: Open) -> None:
    worker = load_any("def g(x, y=0): return -1\ndef f(x): return g(x, y=2) + g(y=3, x=x) + g(x)")
    asked: list[Any] = []

    def g(x: Any, y: Any = 0) -> Any:
        asked.append((x, y))
        return x + 10 * y

    assert value(worker, "f", 1, substitutes={"g": g}) == 21 + 31 + 1
    assert asked == [(1, 2), (1, 3), (1, 0)]


def test_a_substitute_takes_and_gives_arrays_and_named_tuples(load: Open) -> None:
    worker = load(
        "from collections import namedtuple\nPair = namedtuple('Pair', 'a b')\n"
        "def f(p): return isinstance(g(p), Pair), g(p).b"
    )
    same, b = value(
        worker, "f", Pair(np.ones(2), np.zeros(3)), substitutes={"g": lambda p: Pair(p[1], p[0] + 1)}
    )
    assert same is True
    assert b.tolist() == [2, 2]


@pytest.mark.parametrize("call", ["g()", "g(1, 2, 3)", "g(z=1)", "g('text')", "g(object())", "g(None)"])
def test_a_substitute_refuses_what_the_reference_cannot_use(load: Open, call: str) -> None:
    worker = load(f"def f(): return {call}\ndef h(): return 1")

    def g(x: Any) -> Any:
        return x + 1

    found = worker.call("f", (), SECONDS, {"g": g}).raised
    assert found is not None
    assert (found.type_name, found.text) == ("TypeError", "g cannot be called with these arguments")
    assert value(worker, "h") == 1


@pytest.mark.parametrize(
    "call",
    [
        "g(np.zeros((250, 1, 1)), np.zeros((1, 250, 1)), np.zeros((1, 1, 250)))",
        "g(np.zeros((200, 40, 1), np.int8), np.zeros((1, 1, 200), np.int8))",
        "g(*[np.zeros((1,) * n + (30,) + (1,) * (7 - n), np.int8) for n in range(8)])",
        "g(np.zeros((1, 200, 200), np.int8))",
        "g(np.zeros((0, 2**20)))",
        "g(np.zeros((256, 1, 1, 1)), np.zeros((256, 1, 1)), np.zeros((256, 1)), np.zeros(256))",
        "g([0.5] * 300)",
        "g(10**6)",
        "g(np.zeros(2**20))",
    ],
)
def test_a_substitute_is_not_asked_for_what_grows_beyond_any_check(load: Open, call: str) -> None:
    worker = load(f"import numpy as np\ndef f(): return {call}\ndef h(): return g(np.ones((40, 2, 16)))")

    def g(*arrays: Any) -> Any:
        assert np.shape(arrays[0]) == (40, 2, 16)
        return 1

    found = worker.call("f", (), SECONDS, {"g": g}).raised
    assert found is not None
    assert found.text.startswith("g is called more often, or with larger arrays or numbers, than any check")
    assert value(worker, "h", substitutes={"g": g}) == 1


@pytest.mark.parametrize("call", ["g(np.zeros((0, 10**12)))", "g(np.zeros(10**7))", "g('x' * 10**6)"])
def test_a_substitute_is_not_asked_what_cannot_be_sent(load: Open, call: str) -> None:
    worker = load(f"import numpy as np\ndef f(): return {call}\ndef h(): return 1")
    asked: list[Any] = []
    found = worker.call("f", (), SECONDS, {"g": lambda *arrays: asked.append(arrays)}).raised
    assert found is not None
    assert found.text.startswith(("g cannot be called", "g is called more often"))
    assert asked == []
    assert value(worker, "h") == 1


def test_what_is_lent_to_one_worker_has_a_limit_in_bytes(load: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.sandbox.pool.MAX_LENT_BYTES", 10_000)
    worker = load("import numpy as np\ndef f(): return sum(g() for _ in range(3))[0]")
    assert value(worker, "f", substitutes={"g": lambda: np.ones(300)}) == 3
    found = worker.call("f", (), SECONDS, {"g": lambda: np.ones(300)}).raised
    assert found is not None
    assert "than any check" in found.text


def test_nothing_is_substituted_unasked(load: Open) -> None:
    worker = load("def g(): return 'own'\ndef f(): return g()")
    assert value(worker, "f") == "own"


def test_endless_questions_end_at_the_limit(load: Open) -> None:
    worker = load("def f():\n    while True:\n        try: g()\n        except TypeError: pass")
    with pytest.raises(TimeUp):
        worker.call("f", (), Seconds(0.3, FOREVER), {"g": lambda: 1})


# --- processes ----------------------------------------------------------------------------------------

EXEC = pytest.param(False, id="exec", marks=pytest.mark.slow)
"""Each worker loads NumPy anew, as where no process can be forked."""


def living(pids: set[int]) -> set[int]:
    """Return those that are there and no zombies."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                found.add(pid)
    return found


def gone(pids: set[int], seconds: float = 60.0) -> bool:
    """Wait until none of these processes lives."""
    deadline = time.monotonic() + seconds
    while living(pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.slow
@needs_fork
def test_a_killed_zygote_is_replaced_and_its_workers_end_with_it(offspring: Offspring) -> None:
    before = offspring()
    with WorkerPool(fork=True) as pool, opener(pool) as open_one:
        worker = open_one("def f(): return 1")
        started = offspring() - before
        os.kill(min(started), signal.SIGKILL)
        assert gone(started)
        with pytest.raises(WorkerEnded):
            worker.call("f", (), SECONDS)
        assert value(open_one("def f(): return 2"), "f") == 2


@pytest.mark.slow
@needs_fork
def test_every_process_of_the_zygotes_may_be_killed(offspring: Offspring) -> None:
    """However many it consists of, in whatever order they go."""
    for newest in (True, False):
        before = offspring()
        with WorkerPool(fork=True) as pool:
            pool.open().end()
            started = offspring() - before
            for pid in sorted(started, reverse=newest):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            assert gone(started)
            with opener(pool) as open_one:
                assert value(open_one("def f(): return 1"), "f") == 1


@pytest.mark.parametrize("fork", [pytest.param(True, marks=needs_fork), EXEC])
def test_no_process_outlives_its_pool(fork: bool, offspring: Offspring) -> None:
    before = offspring()
    pool = WorkerPool(process.Zygote() if fork else None, fork=fork)
    workers = [pool.open() for _ in range(3)]
    started = offspring() - before
    assert len(started) >= 4 + fork, "three, the next one, and the warm process"
    if not fork:
        for worker in workers:
            worker.end()
    pool.close()
    assert gone(started)
    for worker in workers:
        worker.end()


def test_closing_a_pool_twice_is_fine() -> None:
    pool = WorkerPool()
    pool.close()
    pool.close()


CHILD = """
    import os, time
    def f():
        if os.fork() == 0:
            time.sleep(1000)
            os._exit(0)
    """
DAEMON = """
    import os, time
    def f():
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.write(writer, b"here")
                time.sleep(1000)
            os._exit(0)
        os.read(reader, 4)
    """


@needs_fork
@pytest.mark.parametrize(
    ("source", "layers"),
    [(CHILD, LAYERS), (CHILD, ()), (DAEMON, LAYERS)],
    ids=["child", "child of a bare one", "daemon"],
)
@pytest.mark.parametrize("fork", [pytest.param(True, id="fork"), EXEC])
def test_what_a_worker_started_ends_with_it(
    fork: bool, layers: tuple[str, ...], source: str, offspring: Offspring, adopting: None
) -> None:
    """Either it may not start anything, or what it started is gone as soon as it is."""
    with WorkerPool(fork=fork, layers=layers, spare=False) as pool:
        pool.open().end()
        before = offspring()
        with opener(pool) as open_one:
            open_one(source).call("f", (), SECONDS)
        started = offspring() - before
        survived = not gone(started)
        for pid in living(started):
            os.kill(pid, signal.SIGKILL)
        assert not survived


@pytest.fixture
def adopting() -> Iterator[None]:
    """Let orphans become children of this process while the test runs, so that it can see them."""
    if sys.platform != "linux":
        pytest.skip("orphans cannot be adopted here")
    libc = ctypes.CDLL(None)
    adopt = 36
    assert libc.prctl(adopt, 1, 0, 0, 0) == 0
    yield
    libc.prctl(adopt, 0, 0, 0, 0)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


GRADER = """
import sys
from grader.sandbox.pool import WorkerPool
pool = WorkerPool(fork={fork}, layers={layers})
worker = pool.open()
worker.load("student", "student.py", b"def g():\\n    while True: pass", 20)
print("ready", flush=True)
worker.call("g", (), 600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("layers", [LAYERS, ()], ids=["confined", "bare"])
@pytest.mark.parametrize("fork", [pytest.param(True, marks=needs_fork), False], ids=["fork", "exec"])
def test_no_process_outlives_a_killed_grader(
    fork: bool, layers: tuple[str, ...], offspring: Offspring
) -> None:
    program = GRADER.format(fork=fork, layers=layers)
    grader = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert grader.stdout is not None
    assert grader.stdout.readline() == "ready\n"
    started = offspring(grader.pid)
    assert len(started) >= 1 + fork
    grader.kill()
    grader.wait()
    grader.stdout.close()
    assert gone(started)


def test_ending_twice_is_fine(load: Open) -> None:
    worker = load("def f(): return 1")
    assert worker.end() == worker.end() == -signal.SIGKILL


def test_many_workers_leave_no_descriptor_open(pool: WorkerPool) -> None:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("there is no /proc here")
    pool.open().end()
    before = len(list(folder.iterdir()))
    for _ in range(20):
        pool.open().end()
    assert len(list(folder.iterdir())) == before


def test_a_question_asked_again_is_the_same_answer_while_the_bytes_are(load: Open) -> None:
    worker = load(
        "import time\ncalls = []\ndef f(x):\n    calls.append(x)\n    return x * (1 + (len(calls) > 3))\n"
    )
    x = np.ones((2, 3))
    first = worker.call("f", (x,), SECONDS)
    x[:] = 7.0  # what the check does with it afterwards is no part of the question
    for _ in range(2):
        assert worker.call("f", (x,), SECONDS, before=first) is first
    other = worker.call("f", (x,), SECONDS, before=first)
    assert np.array_equal(np.asarray(other.value), np.full((2, 3), 2.0))
    large = np.ones(10**5)  # is not kept, and asked as a new question
    asked = worker.call("f", (large,), SECONDS)
    assert not asked.asked
    assert np.size(np.asarray(worker.call("f", (large,), SECONDS, before=asked).value)) == 10**5


def test_what_was_done_before_the_fork_has_left_nothing(load: Open) -> None:
    worker = load("import sys, linecache\ndef f():\n    return [*sys.modules], len(linecache.cache)\n")
    match worker.call("f", (), SECONDS).value:
        case ([*modules], lines):
            assert "rehearsed" not in modules
            assert lines == 1  # the student's own
        case other:
            pytest.fail(f"{other!r}")


def test_hashes_are_the_same_without_openssl() -> None:
    program = "import grader.sandbox, sys; grader.sandbox.forgo_openssl(); import hashlib"
    program += "; print(hashlib.sha256(b'a').hexdigest(), hashlib.md5(b'a').hexdigest())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [hashlib.sha256(b"a").hexdigest(), hashlib.md5(b"a").hexdigest()]
    assert not done.stderr
