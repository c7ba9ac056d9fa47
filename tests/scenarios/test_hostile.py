"""Submissions that mean harm or go badly wrong: a right verdict in time, one sentence, nothing left."""

from __future__ import annotations

import math
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader.checks.files import MAX_BYTES
from grader.checks.report import Outcome, Report
from grader.checks.run import check
from grader.checks.source import Source, read_source
from grader.course import Course
from grader.sandbox.pool import ConfinedWorker, WorkerPool, open_pool
from grader.sandbox.worker import Patience, Raised, Seconds
from tests.helpers import limit_where, messages

if TYPE_CHECKING:
    from tests.conftest import Grade, Offspring

SOLUTION = (Path(__file__).parents[1] / "fixtures/course/solutions/exercise-1/doubling.py").read_text()
RIGHT = "    return 2 * x  # (M, N)"
OF_DOUBLE = 3  # credits that depend on double alone
ALL = 7
LIMITS: dict[str, dict[str, Any]] = {
    "waits or sleeps": {"patience": Patience(least=1.0, left=math.inf), "call_seconds": 0.1},
    "ran for": {"call_seconds": 0.5},
    "still running": {"load_seconds": 0.5},
}
"""Of a case that never ends, by what its author is told; no other limit is reached."""


def first(text: str) -> str:
    """The solution with something before it."""
    return f"{text}\n{SOLUTION}"


def double(body: str) -> str:
    """The solution with another body of ``double``; ``scale`` stays right."""
    assert SOLUTION.count(RIGHT) == 1
    return SOLUTION.replace(RIGHT, "\n".join(f"    {line}" for line in body.splitlines()))


def forging(data: bytes) -> str:
    """Lines that write bytes to whatever descriptor may lead to the grader."""
    return f"import os\nfor n in range(3, 64):\n    try: os.write(n, {data!r})\n    except OSError: pass\n"


@dataclass(frozen=True)
class Case:
    """One submission: what it attempts, what it earns, and what its author is told."""

    id: str
    source: str | bytes
    says: tuple[str, ...]
    earned: int = ALL - OF_DOUBLE
    never: tuple[str, ...] = field(default=("Traceback", "/grader/", "site-packages"))

    @property
    def limits(self) -> dict[str, Any]:
        told = " ".join(self.says)
        return next((limits for words, limits in LIMITS.items() if words in told), {})


CASES = [
    # --- ends, hangs, crashes ---
    Case(
        "exits at import",
        first("import os; os._exit(0)"),
        ("doubling.py ended the whole process", "exit status 0"),
        0,
    ),
    Case(
        "exits in a function",
        double("import os\nos._exit(0)"),
        ("`double` ended the whole process", "status 0"),
    ),
    Case("loops in a function", double("while True: pass"), ("`double` ran for", "was stopped")),
    Case(
        "sleeps inside C", double("import time\ntime.sleep(1e6)"), ("`double` waits or sleeps", "was stopped")
    ),
    Case("computes inside C", double("return sum(range(10**15))"), ("`double` ran for", "was stopped")),
    Case(
        "catches what would stop it",
        double("while True:\n    try: x = x * 1\n    except BaseException: pass"),
        ("`double` ran for", "was stopped"),
    ),
    Case(
        "ignores signals",
        first(
            "import signal\nfor n in range(1, 32):\n    try: signal.signal(n, signal.SIG_IGN)\n"
            "    except (OSError, ValueError): pass\nwhile True: pass"
        ),
        ("still running after 0.5 s",),
        0,
    ),
    Case(
        "segfaults in a function",
        double("import ctypes\nctypes.string_at(0)"),
        ("`double` crashed with a segmentation fault",),
    ),
    Case(
        "segfaults at import",
        first("import ctypes; ctypes.string_at(0)"),
        ("doubling.py crashed with a segmentation fault",),
        0,
    ),
    Case("aborts", double("import os\nos.abort()"), ("`double` crashed with an abort",)),
    Case(
        "dies of a signal without a name",
        double("import os\nos.kill(os.getpid(), 40)"),
        ("`double` crashed with",),
    ),
    Case("kills itself", double("import os\nos.kill(os.getpid(), 9)"), ("`double`", "was killed")),
    Case("recurses for ever", double("return double(x)"), ("RecursionError", "in double: return double(x)")),
    Case("stops itself", double("import os\nos.kill(os.getpid(), 19)"), ("`double` waits or sleeps",)),
    # --- exceptions ---
    Case("exits politely", double("raise SystemExit('bye')"), ("`double` raises SystemExit: bye",)),
    Case("interrupts", double("raise KeyboardInterrupt"), ("`double` raises KeyboardInterrupt",)),
    Case(
        "raises a BaseException",
        double("class B(BaseException): pass\nraise B('b')"),
        ("`double` raises B: b", "line 26"),
    ),
    Case("reads standard input", double("return input('number? ')"), ("EOFError",)),
    Case(
        "raises what cannot be shown",
        double(
            "class E(Exception):\n    def __str__(self): raise RuntimeError\n    __repr__ = __str__\nraise E"
        ),
        ("`double` raises E: (its text cannot be shown)",),
    ),
    Case(
        "colours its message",
        double("raise type('\\x1b[31mE\\u202e', (Exception,), {})('\\x1b[2J::error::')"),
        ("\\x1b[31mE\\u202e: \\x1b[2J",),
        never=("\x1b", "\u202e"),
    ),
    Case("writes a long message", double("raise ValueError('x' * 10**7)"), ("ValueError: xxx",)),
    # --- answers ---
    Case(
        "returns a generator",
        double("yield 2 * x"),
        ("`y` should be a NumPy array of shape (4, 3), but is a generator",),
    ),
    Case(
        "is asynchronous",
        SOLUTION.replace("def double", "async def double"),
        ("`y` should be a NumPy array of shape (4, 3), but is a coroutine",),
    ),
    Case(
        "returns what equals everything",
        double(
            "class Equal:\n    def __eq__(self, other): return True\n"
            "    def __array__(self, *a, **k): return 2 * x\nreturn Equal()"
        ),
        ("`y` should be a NumPy array", "Equal"),
    ),
    Case(
        "returns an array that lies",
        double(
            "class Lying(np.ndarray):\n    def __eq__(self, other): return True\n"
            "    def __sub__(self, other): return np.zeros(self.shape)\n    __rsub__ = __sub__\n"
            "    def __array_ufunc__(self, *a, **k): return np.zeros(self.shape)\n"
            "    def __array_function__(self, *a, **k): return True\n"
            "    def tobytes(self, *a): return b''\nreturn (3 * x).view(Lying)"
        ),
        ("`y` is off in 12 of 12 entries",),
    ),
    Case("returns objects", double("return (2 * x).astype(object)"), ("array of dtype object",)),
    Case("returns a list", double("return (2 * x).tolist()"), ("but is a list",)),
    Case("returns nothing", double("2 * x"), ("but is None",)),
    Case("returns a number", double("return 2.0"), ("but is a float",)),
    Case("returns NaN", double("return x * np.nan"), ("NaN or infinite in 12 of 12 entries",)),
    Case("returns a 200 MB array", double("return np.zeros((5000, 5000))"), ("64 MB",)),
    Case(
        "returns a list of long texts",
        double("return ['x' * 60000] * 9"),
        ("what `double` returns cannot be graded", "256 KiB"),
    ),
    Case(
        "returns a number beyond a float",
        double("return 2 ** 1024 - 1"),
        ("should be a NumPy array", "an int"),
    ),
    Case(
        "returns a dict by time step",
        double("return {np.int64(0): 2 * x}"),
        ("should be a NumPy array", "a dict"),
    ),
    Case("returns a list in itself", double("y = []\ny.append(y)\nreturn y"), ("nested more than 8 deep",)),
    Case(
        "returns an endless dict",
        double("class D(dict):\n    def items(self):\n        while True: yield 1, 1\nreturn D()"),
        ("a dict",),
    ),
    # --- fights the grader ---
    Case(
        "patches the comparison",
        double(
            "import builtins, numpy.testing\nnumpy.testing.assert_allclose = lambda *a, **k: None\n"
            "np.allclose = np.array_equal = lambda *a, **k: True\n"
            "np.abs = np.linalg.norm = lambda *a, **k: 0.0\n"
            "builtins.abs = lambda *a: 0\nreturn x"
        ),
        ("`y` is off in 12 of 12 entries",),
    ),
    Case(
        "looks for the reference",
        double(
            "import gc, sys, types\nfor frame in sys._current_frames().values():\n    while frame:\n"
            "        if 'reference' in frame.f_locals: return frame.f_locals['reference'].double(x)\n"
            "        frame = frame.f_back\n"
            "modules = [m for m in gc.get_objects() if isinstance(m, types.ModuleType)]\n"
            "found = [m for m in modules if 'reference' in m.__name__]\n"
            "return found[0].double(x) if found else -x"
        ),
        ("`y` is off in 12 of 12 entries",),
    ),
    Case(
        "closes every descriptor",
        double("import os\nos.closerange(0, 256)\nreturn 2 * x"),
        ("`double` closed its connection",),
    ),
    Case(
        "closes every descriptor at import",
        first("import os; os.closerange(0, 256)"),
        ("closed its connection",),
        0,
    ),
    Case(
        "writes to every descriptor",
        double(f"{forging(bytes(64))}return 2 * x"),
        ("`double` writes to the grader's own channel",),
    ),
    Case(
        "says that it is loaded, twice",
        first(forging(b'\x0d\0\0\0\0\0\0\0["loaded",[]]')),
        ("writes to the grader's own channel",),
        0,
    ),
    Case(
        "forges a changed argument without a name",
        double(forging(b'\x13\0\0\0\0\0\0\0["value",null,[[]]]') + "os._exit(0)"),
        (),
    ),
    Case(
        "replaces its own frames",
        double("import sys\nsys._getframe(1).f_globals['describe'] = None\nreturn x"),
        ("`y` is off",),
    ),
    # --- not Python, not text, not the function ---
    Case(
        "is not Python",
        SOLUTION.replace("return 2 * x", "return 2 * * x"),
        ("doubling.py is not Python yet: SyntaxError", "line 25"),
        0,
    ),
    Case(
        "leaves a bracket open",
        SOLUTION.replace("return 2 * x", "return (2 * x"),
        ("never closed", "line 25"),
        0,
    ),
    Case(
        "nests a thousand parentheses",
        first("(" * 1000 + ")" * 1000),
        ("doubling.py is not Python yet", "nested parentheses"),
        0,
    ),
    Case(
        "nests a hundred thousand signs",
        first(f"x = {'-' * 100_000}1"),
        ("doubling.py is not Python yet",),
        0,
    ),
    Case(
        "is not UTF-8",
        SOLUTION.replace("Two warm-ups", "Caf\xe9s").encode("latin-1"),
        ("cannot be read as text; save it as UTF-8",),
        0,
    ),
    Case("is UTF-16", SOLUTION.encode("utf-16"), ("save it as UTF-8",), 0, never=("line 0",)),
    Case(
        "names an unknown encoding",
        f"# coding: klingon\n{SOLUTION}",
        ("klingon", "save it as UTF-8"),
        0,
        never=("line 0",),
    ),
    Case("holds a null byte", f"{SOLUTION}\0", ("null byte",), 0, never=("line 0",)),
    Case("is empty", "", ("doubling.py defines no function `double`",), 0),
    Case("is noise", bytes(range(256)) * 8, ("doubling.py",), 0),
    Case(
        "imports what is not there and uses it",
        "import torch\n" + double("return torch.tensor(x)"),
        ("`double` raises ModuleNotFoundError", "line 1", "torch"),
    ),
    Case(
        "misspells the function",
        SOLUTION.replace("def double", "def duoble"),
        ("defines no function `double`",),
    ),
    Case(
        "binds a number to the name",
        f"{SOLUTION}\ndouble = 3\n",
        ("`double`", "int"),
        never=("spelt differently",),
    ),
    Case(
        "takes no argument",
        SOLUTION.replace("def double(x: np.ndarray)", "def double()"),
        ("TypeError: double() takes 0 positional",),
    ),
    Case(
        "takes two arguments",
        SOLUTION.replace("def double(x: np.ndarray)", "def double(x, y)"),
        ("missing 1 required positional",),
    ),
]


@pytest.fixture(autouse=True)
def no_process_left(pool: WorkerPool, offspring: Offspring) -> Iterator[None]:
    """After each test, only those processes live that lived before."""
    pool.open().end()  # the warm process is there from now on
    before = offspring()
    yield
    deadline = time.monotonic() + 60
    while len(offspring()) > len(before) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(offspring()) <= len(before)


def outcome(report: Report, check: str) -> Outcome:
    return next(one for one in report.outcomes if one.check == check)


ENDLESS = [case for case in CASES if case.limits]
"""Each of them waits for its limit; two stand for all where time is short."""


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.id, marks=pytest.mark.slow if case in ENDLESS[2:] else ()) for case in CASES],
)
def test_a_bad_submission_gets_its_verdict(case: Case, grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_where(lambda function, substitutes: not substitutes, monkeypatch)
    report = grade(case.source, **case.limits)
    assert not report.first_error, messages(report)
    message = outcome(report, "check_double_values").message
    for words in case.says:
        assert words in message
    for words in case.never:
        assert words not in messages(report)
        assert words not in "".join(one.output for one in report.outcomes)
    assert report.earned == case.earned
    assert outcome(report, "check_double_values").status == "failed"
    assert len(message) <= 4000
    sentence, *rest = message.split("\n")
    assert sentence
    assert len(rest) <= 5, "what it means, and four places"


def test_what_cannot_be_loaded_is_loaded_once(grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop at import costs its time once, not once for every check."""
    loads: list[str] = []
    load = ConfinedWorker.load

    def counting(
        self: ConfinedWorker, name: str, filename: str, source: bytes, seconds: float | Seconds
    ) -> tuple[Raised, ...]:
        loads.append(name)
        return load(self, name, filename, source, seconds)

    monkeypatch.setattr(ConfinedWorker, "load", counting)
    source = first("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass")
    report = grade(source, load_seconds=0.5)
    assert loads == ["doubling"]
    assert len({one.message for one in report.outcomes if one.status == "failed"}) == 1


def test_the_time_of_all_checks_together_is_bounded(grade: Grade) -> None:
    source = SOLUTION.replace(RIGHT, "    while True: pass").replace(
        "    stretched =", "    while True: pass\n    stretched ="
    )
    report = grade(source, exercise_seconds=0.6, call_seconds=0.5)
    assert report.earned == 0
    assert not report.first_error
    assert "are used up" in messages(report)


@pytest.mark.parametrize("where", ["import", pytest.param("function", marks=pytest.mark.slow)])
def test_fifty_megabytes_of_output_cost_nothing(where: str, grade: Grade) -> None:
    printing = "for _ in range(50): print('x' * 10**6)"
    report = grade(first(printing) if where == "import" else double(f"{printing}\nreturn 2 * x"))
    assert report.passed
    output = outcome(report, "check_double_values").output
    assert "bytes left out" in output
    assert len(output) < 66_000


def test_output_that_nobody_may_flush_is_no_obstacle(grade: Grade) -> None:
    deaf = """
import sys
class Deaf:
    def write(self, text): return len(text)
    def flush(self):
        while True: pass
sys.stdout = sys.stderr = Deaf()
"""
    assert grade(first(deaf)).passed


def test_output_cannot_control_a_terminal(grade: Grade) -> None:
    output = outcome(
        grade(first("print('\\x1b[2J\\x07\\u202e\\u200b::set-output::')")), "check_double_values"
    ).output
    assert output == "\\x1b[2J\\x07\\u202e\\u200b::set-output::\n"


def test_what_was_printed_before_a_hang_at_import_is_shown(grade: Grade) -> None:
    """It is how a student finds the loop."""
    report = grade(first("print('before the loop')\nwhile True: pass"), load_seconds=0.5)
    assert "before the loop" in outcome(report, "check_double_values").output


def test_nothing_is_written_at_exit(grade: Grade, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    writing = f"import atexit\natexit.register(lambda: open({str(target)!r}, 'w').write('full credits'))"
    assert grade(first(writing)).earned == ALL
    assert grade(first(writing) + "\nimport sys; sys.exit(0)\n").earned == ALL
    assert not target.exists()


def test_a_class_that_acts_when_it_is_deleted_is_never_deleted_here(grade: Grade) -> None:
    source = double(
        "class Late:\n    def __del__(self):\n        import os\n        os._exit(0)\nreturn Late()"
    )
    report = grade(source)
    assert not report.first_error
    assert report.earned == ALL - OF_DOUBLE


def test_one_check_cannot_prepare_the_next(grade: Grade) -> None:
    """Functions replaced and globals set in one check are gone in the next."""
    report = grade(double("global scale\nscale = None\nnp.multiply = None\nnp.ndarray.x = 1\nreturn 2 * x"))
    assert not report.first_error
    assert (
        outcome(report, "check_scale_values").message == ""
        or "scale" in outcome(report, "check_scale_values").message
    )


def test_a_killed_warm_process_costs_one_check(grade: Grade) -> None:
    report = grade(double("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nwhile True: pass"))
    assert not report.first_error, messages(report)
    assert report.earned == ALL - OF_DOUBLE


def test_a_child_process_ends_with_its_check(grade: Grade) -> None:
    report = grade(first("import os, time\nif os.fork() == 0:\n    time.sleep(1000)\n    os._exit(0)"))
    assert not report.first_error


def test_two_seeds_give_different_inputs_and_one_seed_the_same(grade: Grade) -> None:
    source = double("return x")
    texts = [messages(grade(source, seed=seed)) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


# --- what surrounds a submission ----------------------------------------------------------------------

PLANTED = {
    "conftest.py": "raise SystemExit('planted')",
    "pytest.ini": "[pytest]\naddopts = --collect-only\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--no-such-option'\n",
    "tox.ini": "[pytest]\naddopts = -k nothing\n",
    "setup.cfg": "[tool:pytest]\naddopts = -k nothing\n",
    "numpy.py": "raise SystemExit('planted')",
    "numpy/__init__.py": "raise SystemExit('planted')",
    "sitecustomize.py": "raise SystemExit('planted')",
    "usercustomize.py": "raise SystemExit('planted')",
    "grader.py": "raise SystemExit('planted')",
    "reference_doubling.py": "raise SystemExit('planted')",
    "doubling.pyc": "no bytecode",
    "check_doubling.py": "def check_double_values(): pass",
}


def plant(folder: Path) -> None:
    for name, text in PLANTED.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize("body", ["return x", "return 2 * x"], ids=["wrong", "right"])
def test_planted_files_have_no_effect(
    body: str, grade: Grade, tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "exercise-1"
    plant(tmp_path)
    plant(folder)
    (folder / "doubling.py").write_text(double(body))
    monkeypatch.chdir(folder)
    source = read_source(tiny["exercise-1"], tmp_path)
    with open_pool() as fresh:
        report = check(tiny["exercise-1"], source, pool=fresh, seed=1)
    expected = grade(double(body))
    assert [(one.check, one.status, one.message) for one in report.outcomes] == [
        (one.check, one.status, one.message) for one in expected.outcomes
    ]
    assert len(report.outcomes) == 4


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PYTEST_ADDOPTS", "--collect-only"),
        ("PYTEST_ADDOPTS", "--no-such-option"),
        ("PYTEST_PLUGINS", "no_such_plugin"),
        ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", ""),
        ("PYTEST_THEME", "no-such-theme"),
        ("PYTHONWARNINGS", "error"),
        ("PYTHONPATH", "/nowhere"),
        ("PY_COLORS", "1"),
    ],
)
def test_variables_have_no_effect(
    name: str, text: str, grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    report = grade(SOLUTION)
    assert report.earned == ALL
    assert os.environ[name] == text


def test_the_course_is_left_as_it_was(grade: Grade, tiny_copy: Course) -> None:
    def listing() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in tiny_copy.root.rglob("*") if path.is_file()}

    before = listing()
    grade(SOLUTION, course=tiny_copy)
    grade(double("return x"), course=tiny_copy)
    assert listing() == before


# --- reading a submission -----------------------------------------------------------------------------


def read(course: Course, folder: Path | None) -> Source:
    return read_source(course["exercise-1"], folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A submission with an empty folder for the exercise."""
    (tmp_path / "handed-in" / "exercise-1").mkdir(parents=True)
    return tmp_path / "handed-in"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that a submission must not reach."""
    path = tmp_path / "secret.py"
    path.write_text(SOLUTION)
    return path


def test_an_ordinary_file_is_read(tiny: Course, folder: Path, secret: Path) -> None:
    (folder / "exercise-1/doubling.py").write_bytes(b"x = 1\r\n\xff")
    assert read(tiny, folder) == Source("doubling.py", b"x = 1\r\n\xff")
    assert read(tiny, secret).data == secret.read_bytes()
    assert read(tiny, None).data == tiny["exercise-1"].stub_path.read_bytes()


def test_a_missing_file(tiny: Course, folder: Path, grade: Grade) -> None:
    source = read(tiny, folder)
    assert source.problem == "there is no exercise-1/doubling.py to grade; is it named differently?"
    report = grade(source)
    assert report.earned == 0
    assert not report.first_error
    assert report.source_sha256 == ""
    assert outcome(report, "check_double_values").message == source.problem


def test_a_linked_file(tiny: Course, folder: Path, secret: Path) -> None:
    (folder / "exercise-1/doubling.py").symlink_to(secret)
    assert "symbolic link" in read(tiny, folder).problem
    assert read(tiny, folder).data == b""
    assert "symbolic link" in read(tiny, folder / "exercise-1/doubling.py").problem


def test_a_linked_folder(tiny: Course, folder: Path, secret: Path) -> None:
    secret.rename(secret.parent / "doubling.py")
    (folder / "exercise-1").rmdir()
    (folder / "exercise-1").symlink_to(secret.parent, target_is_directory=True)
    assert "symbolic link" in read(tiny, folder).problem
    assert read(tiny, folder).data == b""


def test_a_link_to_nowhere_and_one_to_itself(tiny: Course, folder: Path) -> None:
    path = folder / "exercise-1/doubling.py"
    for target in ("nowhere", "doubling.py"):
        path.symlink_to(target)
        assert "symbolic link" in read(tiny, folder).problem
        path.unlink()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs here")
def test_a_fifo_is_not_waited_for(tiny: Course, folder: Path) -> None:
    os.mkfifo(folder / "exercise-1/doubling.py")
    assert read(tiny, folder).problem == "doubling.py should be a plain file, and is something else"
    assert "plain file" in read(tiny, folder / "exercise-1/doubling.py").problem


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no such sockets here")
def test_a_socket_is_not_read(tiny: Course, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "exercise-1")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("doubling.py")
        assert read(tiny, folder).problem.startswith("doubling.py ")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there are no devices here")
def test_a_device_is_not_read(tiny: Course) -> None:
    assert "plain file" in read(tiny, Path("/dev/zero")).problem


def test_a_folder_instead_of_a_file(tiny: Course, folder: Path) -> None:
    (folder / "exercise-1/doubling.py").mkdir()
    assert "plain file" in read(tiny, folder).problem


def test_a_file_instead_of_a_folder(tiny: Course, folder: Path) -> None:
    (folder / "exercise-1").rmdir()
    (folder / "exercise-1").write_text("x = 1")
    problem = read(tiny, folder).problem
    assert problem.startswith("doubling.py ")
    assert "is not a folder" in problem or "Not a directory" in problem


def test_a_file_that_is_too_large(tiny: Course, folder: Path) -> None:
    path = folder / "exercise-1/doubling.py"
    path.write_bytes(b"#" * MAX_BYTES)
    assert len(read(tiny, folder).data) == MAX_BYTES
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert "larger than 1 MiB" in read(tiny, folder).problem


def test_a_sparse_file_of_a_terabyte(tiny: Course, folder: Path) -> None:
    path = folder / "exercise-1/doubling.py"
    with path.open("wb") as file:
        try:
            file.truncate(2**40)
        except OSError:
            pytest.skip("this file system takes no such file")
    assert "larger than 1 MiB" in read(tiny, folder).problem


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tiny: Course, folder: Path) -> None:
    path = folder / "exercise-1/doubling.py"
    path.write_text(SOLUTION)
    path.chmod(0)
    assert read(tiny, folder).problem == "doubling.py cannot be read: Permission denied"


def test_a_lone_file_that_is_not_there(tiny: Course, tmp_path: Path) -> None:
    """The sentence names the path that was asked for, not one that nobody mentioned."""
    assert "mine.py" in read(tiny, tmp_path / "mine.py").problem
