"""Checks share a worker as long as all is well, and every verdict is the one that a clean worker gives."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator

import numpy as np
import pytest

from grader.authoring.verify import SampleGrader
from grader.checks.collection import CheckSuite, load_suite, substitutes
from grader.checks.report import Report
from grader.checks.run import check
from grader.checks.source import Source
from grader.course import Course, Exercise, written
from grader.sandbox.changes import mutants
from grader.sandbox.pool import ConfinedWorker, WorkerPool
from grader.sandbox.values import walk_arrays
from grader.sandbox.worker import DEFAULT_BUDGET, Budget, Pool

MORE = '''

@pytest.mark.credits(1)
def check_double_wide(student, reference, rng):
    """A single row is taken twice."""
    x, _ = draw(rng, reference, 1, 7)
    assert_close(student.double(x), reference.double(x), "y")


@pytest.mark.credits(1)
def check_scale_wide(student, reference, rng):
    """A single row is stretched and shifted."""
    x, pair = draw(rng, reference, 1, 7)
    assert_close(student.scale(x, pair), reference.scale(x, pair), "y")


@pytest.mark.credits(1)
def check_double_once_more(student, reference, rng):
    """Every entry is taken twice, as before."""
    x, _ = draw(rng, reference)
    assert_close(student.double(x), reference.double(x), "y")
'''
LONG = os.environ.get("GRADER_LONG") == "1"
RIGHT = "def double(x):\n    return 2 * x\n"
SCALE = "def scale(x, pair):\n    return pair.factor * 2 * x + pair.offset\n"


class CountingPool(Pool):
    """Gives out workers of another pool, and counts them."""

    def __init__(self, pool: WorkerPool) -> None:
        self.pool, self.opened = pool, 0

    def open(self, budget: Budget = DEFAULT_BUDGET) -> ConfinedWorker:
        self.opened += 1
        return self.pool.open(budget)


@pytest.fixture
def exercise(tiny_copy: Course) -> Exercise:
    """An exercise of two functions that several checks ask, in turns."""
    path = tiny_copy["exercise-1"].visible_checks
    path.write_text(path.read_text(encoding="utf-8") + MORE, encoding="utf-8")
    return tiny_copy["exercise-1"]


def graded(
    exercise: Exercise, pool: WorkerPool, text: str, monkeypatch: pytest.MonkeyPatch, *, sharing: bool
) -> tuple[Report, int]:
    """Return a submission's report, and in how many workers it was made."""
    monkeypatch.setattr("grader.checks.run.SHARING", sharing)
    counting = CountingPool(pool)
    source = Source("doubling.py", text.encode())
    return check(exercise, source, pool=counting, seed=1, diagnose=False), counting.opened


def verdicts(report: Report) -> list[tuple[str, str, str]]:
    return [(one.check, one.status, one.message) for one in report.outcomes]


STATE = {
    "right after a first call": """
calls = []
def double(x):
    calls.append(1)
    return 2 * x if len(calls) > 1 else x
"""
    + SCALE,
    "wrong after a first call": """
calls = []
def double(x):
    calls.append(1)
    return 2 * x if len(calls) == 1 else x
"""
    + SCALE,
    "wrong after the first check": """
calls = []
def double(x):
    calls.append(1)
    return 2 * x if len(calls) < 4 else x
"""
    + SCALE,
    "right only after another function ran": """
ran = False
def double(x):
    global ran
    ran = True
    return 2 * x
def scale(x, pair):
    return pair.factor * 2 * x + pair.offset if ran else x
""",
    "wrong after another function ran": """
ran = False
def double(x):
    global ran
    ran = True
    return 2 * x
def scale(x, pair):
    return x if ran else pair.factor * 2 * x + pair.offset
""",
    "remembers answers by some of the arguments": """
known = {}
def double(x):
    return known.setdefault(x.shape, 2 * x)
"""
    + SCALE,
    "hands the factor on in a global": """
factor = 1.0
def double(x):
    global factor
    factor = 2.0
    return factor * x
def scale(x, pair):
    return pair.factor * factor * x + pair.offset
""",
    "keeps its state in a function of NumPy": """
import numpy as np
def double(x):
    np.tanh = lambda value: 2 * value
    return np.tanh(x)
def scale(x, pair):
    return pair.factor * np.tanh(x) + pair.offset
""",
    "keeps its state in NumPy's random numbers": """
import numpy as np
np.random.seed(1)
first = np.random.RandomState(1).rand()
def double(x):
    np.random.seed(2)
    return 2 * x
def scale(x, pair):
    return x if np.random.rand() == first else pair.factor * 2 * x + pair.offset
""",
    "has no first answer for a caller after another": """
import functools
@functools.cache
def seen():
    return []
def double(x):
    seen().append(x.shape)
    return 2 * x if len({*seen()}) == 1 else x
"""
    + SCALE,
    "hands out its own memory": """
import numpy as np
space = np.zeros(100)
def double(x):
    out = space[:x.size].reshape(x.shape)
    out += 2 * x
    return out
"""
    + SCALE,
    "counts": """
count = 0
def double(x):
    global count
    count += 1
    return 2 * x + 1e-7 * count
"""
    + SCALE,
    "changes what it is given": """
def double(x):
    x *= 2
    return x
"""
    + SCALE,
    "stops half-way": """
calls = []
def double(x):
    calls.append(1)
    if len(calls) == 6:
        raise SystemExit
    return 2 * x
"""
    + SCALE,
    "ends its process in the second check": """
import os
calls = []
def double(x):
    calls.append(1)
    if len(calls) == 6:
        os._exit(0)
    return 2 * x
"""
    + SCALE,
    "is wrong for a single row": "def double(x):\n    return 2 * x if len(x) > 1 else x\n" + SCALE,
}


@pytest.mark.parametrize("how", STATE)
def test_state_earns_what_it_earns_in_clean_workers(
    how: str, exercise: Exercise, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, _ = graded(exercise, pool, STATE[how], monkeypatch, sharing=True)
    apart, _ = graded(exercise, pool, STATE[how], monkeypatch, sharing=False)
    assert verdicts(together) == verdicts(apart)
    assert together.notes == apart.notes


HONEST = {
    "keeps answers by all of the arguments": """
known = {}
def double(x):
    return known.setdefault((x.shape, x.tobytes()), 2 * x)
"""
    + SCALE,
    "uses its memory again": """
import numpy as np
space = {}
def double(x):
    return np.multiply(x, 2, out=space.setdefault(x.shape, np.empty(x.shape)))
"""
    + SCALE,
}


@pytest.mark.parametrize("text", [RIGHT + SCALE, *HONEST.values()], ids=["plain", *HONEST])
def test_what_is_right_takes_a_worker_for_each_function_and_one_for_what_is_hidden(
    text: str, exercise: Exercise, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, opened = graded(exercise, pool, text, monkeypatch, sharing=True)
    assert report.passed
    assert opened == 3
    report, opened = graded(exercise, pool, text, monkeypatch, sharing=False)
    assert report.passed
    assert opened == len(report.outcomes)


def test_an_answer_that_depends_on_its_process_is_no_answer(
    exercise: Exercise, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.checks.run.SHARING", True)
    workers = list[ConfinedWorker]()

    class Numbering(CountingPool):
        """Lets the first worker be another than all later ones."""

        def open(self, budget: Budget = DEFAULT_BUDGET) -> ConfinedWorker:
            worker = super().open(budget)
            worker.load("place", "place.py", f"first = {not workers}".encode(), 60.0)
            workers.append(worker)
            return worker

    text = "import sys\nfirst = sys.modules['place'].first\ndef double(x):\n    return 2 * x + (not first)\n"
    source = Source("doubling.py", (text + SCALE).encode())
    exercise.visible_checks.write_text(  # only one worker would be asked for it
        exercise.visible_checks.read_text(encoding="utf-8").partition(
            "\n\n@pytest.mark.credits(1)\ndef check_double_w"
        )[0],
        encoding="utf-8",
    )
    report = check(exercise, source, pool=Numbering(pool), seed=1, diagnose=False)
    assert [one.status for one in report.outcomes if one.function == "double"] == ["failed"] * 2
    assert "different answers" in report.outcomes[0].message
    assert [one.status for one in report.outcomes if one.function == "scale"] == ["passed"] * 2


def test_after_a_failure_each_check_has_a_worker_until_one_passes(
    exercise: Exercise, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"import sys\n{STATE['is wrong for a single row']}"  # a module that anything may be kept in
    report, opened = graded(exercise, pool, text, monkeypatch, sharing=True)
    assert [one.status for one in report.outcomes] == [
        *("passed", "passed"),  # double: a clean worker
        *("passed",),  # scale, which was not asked before: another
        *("failed",),  # double, once more in a clean one
        *("passed", "passed"),  # scale in a clean one, double in the same
        *("passed",),  # hidden: another
    ]
    assert opened == 5


UNWRITTEN = "def double(x):\n    raise NotImplementedError\n"


@pytest.mark.parametrize(
    ("text", "workers"),
    [  # visible and hidden ones share none; each check of `scale` that fails tries again, `double` lent
        (RIGHT.replace("2", "3") + SCALE.replace("2", "3"), 2 + 3),
        (UNWRITTEN + UNWRITTEN.replace("double(x)", "scale(x, pair)"), 2 + 3),
        ("def scale(x, pair):\n    return np.tanh(pair)\n", 2 + 3),
        (STATE["is wrong for a single row"], 4),  # a clean one after the failure, since `scale` passes
    ],
)
def test_a_failure_of_code_that_keeps_nothing_stands_where_it_was_found(
    text: str, workers: int, exercise: Exercise, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, opened = graded(exercise, pool, text, monkeypatch, sharing=True)
    apart, _ = graded(exercise, pool, text, monkeypatch, sharing=False)
    assert verdicts(together) == verdicts(apart)
    assert opened == workers


@pytest.mark.parametrize(
    "text",
    [
        "import numpy as np\ndef double(x):\n    print('hello')\n    return x\n",
        "import numpy as np\ndef double(x):\n    return x / np.zeros(x.shape)\n",  # warns once a worker
        "def double(x):\n    return [0] * 10**12\n",
        "def double(x):\n    raise SystemExit\n",
        "def double(x):\n    while True: pass\n",
    ],
    ids=["prints", "warns", "memory", "exits", "never ends"],
)
def test_what_fails_in_a_shared_worker_says_what_it_says_in_a_clean_one(
    text: str, exercise: Exercise, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = dataclasses.replace(exercise.file.limits, call_seconds=0.1)
    quick = dataclasses.replace(exercise, file=dataclasses.replace(exercise.file, limits=limits))
    found = [
        [
            (one.status, one.message, one.output)
            for one in graded(quick, pool, text + SCALE, monkeypatch, sharing=sharing)[0].outcomes
        ]
        for sharing in (True, False)
    ]
    assert found[0] == found[1]


def test_a_check_never_sees_what_another_printed(
    exercise: Exercise, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "print('loaded')\ndef double(x):\n    print('double', len(x))\n    return 2 * x\n"
        "print('x' * 40_000)\n" + SCALE.replace(":\n", ":\n    print('scale' * 9000)\n", 1)
    )
    outputs = [
        [one.output for one in graded(exercise, pool, text, monkeypatch, sharing=sharing)[0].outcomes]
        for sharing in (True, False)
    ]
    assert outputs[0] == outputs[1]
    assert all(output.count("loaded") == 1 for output in outputs[0])


# --- what a worker is given tells it no answer ----------------------------------------------------------


class Asked:
    """Answers as the solution does, and notes which answers the worker was given in an earlier question."""

    changed = ()

    def __init__(self, suite: CheckSuite) -> None:
        self._suite = suite
        self._given: set[bytes] = set()
        self.revealed: list[str] = []

    def __getattr__(self, name: str) -> object:
        own = substitutes(self._suite.reference, (name,))[name]

        def call(*arguments: object, **named: object) -> object:
            value = own(*arguments, **named)
            given = set(forms((arguments, tuple(named.values()))))
            answers = {array for array in forms(value) if array in self._given - given}
            self.revealed += [name] * len(answers)
            self._given |= given
            return value

        return call


def forms(value: object) -> Iterator[bytes]:
    """Yield every array in a value, and its transpose, but for those that are like others of their kind."""
    for _, array in walk_arrays(value):
        if array.size > 1 and array.dtype.kind == "f" and np.ptp(array) > 0:
            yield from (np.round(turned, 9).tobytes() for turned in (array, array.T))


@pytest.mark.parametrize("number", [*range(1, 11), pytest.param(11, marks=pytest.mark.slow), 12])
def test_nothing_that_is_given_is_an_answer_that_is_asked_for(number: int, course: Course) -> None:
    for seed in (1, 2) if LONG or number != 11 else (1,):
        suite = load_suite(course[f"exercise-{number}"], seed)
        asked = Asked(suite)
        assert [suite.call(one, asked) for one in suite.checks] == [None] * len(suite.checks)
        assert asked.revealed == []


# --- the whole course -----------------------------------------------------------------------------------


def answers(exercise: Exercise) -> Iterator[tuple[str, bytes]]:
    """Yield right and wrong answers of all kinds but mutants, with names."""
    solution = exercise.solution_path.read_text(encoding="utf-8")
    yield "solution", solution.encode()
    yield "stub", exercise.stub_path.read_bytes()
    for path in exercise.variants[:: 1 if LONG else 4]:
        yield path.stem, path.read_bytes()
    for mistake in exercise.misconceptions()[:: 1 if LONG else 20]:
        yield mistake.id, solution.replace(mistake.replace, mistake.with_).encode()
    for path in sorted(exercise.root.glob(f"examples/submissions/*/{exercise.id}/*.py")):
        yield str(path), path.read_bytes()


def mutated(exercise: Exercise) -> Iterator[tuple[str, bytes]]:
    solution = exercise.solution_path.read_text(encoding="utf-8")
    for number, mutant in enumerate(mutants(solution, written(exercise)) if LONG else ()):
        yield f"mutant {number}", mutant.text.encode()


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 14) if LONG else (1, 3))
def test_every_answer_has_the_verdicts_of_clean_workers(
    number: int, course: Course, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    exercise = course[f"exercise-{number}"]
    grader = SampleGrader(exercise, pool, 1)
    for name, data in (*answers(exercise), *mutated(exercise)):
        reports = []
        for sharing in (True, False):
            monkeypatch.setattr("grader.checks.run.SHARING", sharing)
            reports.append(grader.grade(data))
        assert verdicts(reports[0]) == verdicts(reports[1]), name
        assert reports[0].notes == reports[1].notes, name
