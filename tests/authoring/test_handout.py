"""The students' edition: what is in it, that it tells no answer, that its checks judge as full ones do."""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.authoring.handout import build_handout
from grader.authoring.leaks import Leaking, find_leaks, flat, secrets_of, texts_of
from grader.authoring.recorder import Store, inner_numbers, record, seed_of
from grader.authoring.verify import solution_source
from grader.checks.collection import RECORDED, DependencyFailed, load_reference
from grader.checks.locate.trace import RecordedSolution
from grader.checks.plots import draw
from grader.checks.recorded import FILE, Index, complete, fingerprint, unpacked
from grader.checks.report import Outcome, Report
from grader.checks.run import check
from grader.checks.source import Source
from grader.classroom.batch import grade as grade_class
from grader.classroom.gradebook import open_gradebook
from grader.cli import main
from grader.course import CannotDo, Course, CourseError, Exercise, make_stub, open_course
from grader.sandbox.pool import WorkerPool
from tests.classroom.helpers import here
from tests.helpers import unsearched

ROOT = Path(__file__).resolve().parents[2]
EXERCISE = "exercises/exercise-1"
SECRET = b"a secret of the tests' own"
LONG = os.environ.get("GRADER_LONG") == "1"
REAL = (
    "exercise-1",
    "exercise-2",
    "exercise-7",
)  # plain; with lent functions; with a second look at failures


@pytest.fixture(scope="module", autouse=True)
def flattened_once() -> Iterator[None]:
    """Take the lines of the program, which every hand-out holds, to pieces once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grader.authoring.leaks.flat", functools.cache(flat))
        yield


@pytest.fixture(scope="module")
def handed_out(tiny: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The hand-out of the tiny course; not to be written to."""
    folder = tmp_path_factory.mktemp("tiny") / "out"
    build_handout(tiny, folder, SECRET)
    return open_course(folder)


@pytest.fixture
def home(handed_out: Course, tmp_path: Path) -> Course:
    """A copy of it that a student may write to."""
    shutil.copytree(handed_out.root, tmp_path / "home")
    return open_course(tmp_path / "home")


@pytest.fixture(scope="module")
def installed(handed_out: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A copy of it whose program is run, and compiled by the first who runs it; nobody edits a file there."""
    folder = tmp_path_factory.mktemp("installed") / "home"
    shutil.copytree(handed_out.root, folder)
    return open_course(folder)


@pytest.fixture(scope="module")
def real_home(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    folder = tmp_path_factory.mktemp("real") / "out"
    with unsearched():
        build_handout(course, folder, SECRET, exercises=REAL, quizzes=("gates",))
    return open_course(folder)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def of_the_course(folder: Path) -> set[str]:
    """Return the names of a hand-out's files but those of the program."""
    return {name for name in files(folder) if not name.startswith("grader/")}


# --- what is in it ------------------------------------------------------------------------------------


def test_it_holds_what_a_student_needs_and_no_more(handed_out: Course) -> None:
    assert of_the_course(handed_out.root) == {
        *(".gitattributes", ".github/workflows/check.yml", ".gitignore", "README.md", "course.yaml"),
        *("pyproject.toml", "requirements.txt", ".devcontainer/devcontainer.json"),
        *(".vscode/extensions.json", ".vscode/settings.json", ".vscode/tasks.json"),
        "exercises/exercise-1/check_doubling.py",
        "exercises/exercise-1/doubling.py",
        "exercises/exercise-1/exercise.yaml",
        "exercises/exercise-1/lesson.md",
        "exercises/exercise-1/plot_doubling.py",
        "quizzes/every-type.yaml",
        "recorded/exercise-1/answers.bin",
        "recorded/exercise-1/doubling.py",
    }
    assert "grader/sandbox/server.py" in files(handed_out.root)
    assert not any("pycache" in name or "test" in name for name in files(handed_out.root))


def test_it_knows_itself_and_its_credits(handed_out: Course, tiny: Course) -> None:
    assert (handed_out.handout, tiny.handout) == (True, False)
    assert (handed_out.salt, handed_out.title) == (tiny.salt, tiny.title)
    file, full = handed_out["exercise-1"].file, tiny["exercise-1"].file
    assert (file.credits, file.more_credits, full.credits, full.more_credits) == (5, 2, 7, 0)
    assert dataclasses.replace(file, credits=7, more_credits=0) == full


def test_what_is_the_instructors_own_stays_there(tiny_copy: Course, tmp_path: Path) -> None:
    text = "title: T\nsalt: s\nlate: {per_day: 10, extensions: {ada: 1, bob: 2}}\n"
    (tiny_copy.root / "course.yaml").write_text(text, encoding="utf-8")
    build_handout(open_course(tiny_copy.root), tmp_path / "out", SECRET)
    written = (tmp_path / "out" / "course.yaml").read_text(encoding="utf-8")
    assert "salt: s\nedition: handout\n" in written
    assert not any(word in written for word in ("ada", "bob", "late", "per_day"))


def test_a_student_who_edits_the_stub_gets_the_pristine_one_back(
    home: Course, tiny: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    exercise = home["exercise-1"]
    exercise.stub_path.write_text("x = 1\n", encoding="utf-8")
    assert run(["--course", str(home.root), "reset", "exercise-1", "--yes"], capsys)[0] == 0
    assert exercise.stub_path.read_text(encoding="utf-8") == make_stub(tiny["exercise-1"])
    assert exercise.parameters == tiny["exercise-1"].parameters


def test_the_commands_of_a_student_work(home: Course, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(ROOT / "tests/fixtures/course/solutions/exercise-1/doubling.py", home["exercise-1"].stub_path)
    code, out = run(["--course", str(home.root), "check", "--all"], capsys)
    assert code == 0
    assert "5 of 5 credits" in out
    assert "note: 2 more credits are for checks that the instructor runs" in out
    assert "5 of 5 credits · every exercise is done" in run(["--course", str(home.root), "list"], capsys)[1]
    assert (
        "--seed changes nothing"
        in run(["--course", str(home.root), "check", "--all", "--seed", "3"], capsys)[1]
    )
    for words in (["credits"], ["show", "exercise-1"], ["hint", "exercise-1"], ["quiz"]):
        assert run(["--course", str(home.root), *words], capsys)[0] == 0, words


def test_what_needs_the_full_course_is_refused(home: Course, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["verify"], ["handout", "a.zip", "--gradescope"], ["handout", "again"]):
        assert run(["--course", str(home.root), *words], capsys)[0] == 2, words


def test_debug_and_the_map_work_without_the_solution(
    home: Course, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = "import numpy as np\ndef double(x):\n    y = 2 * x\n    y[0, 0] += 1\n    return y\n"
    home["exercise-1"].stub_path.write_text(wrong, encoding="utf-8")
    run(["--course", str(home.root), "debug", "exercise-1", "double_values"], capsys)
    assert "mine.double(x)" in (home.root / "debug_exercise_1.py").read_text(encoding="utf-8")
    _, out = run(["--course", str(home.root), "check", "exercise-1"], capsys)
    assert "M = 0" in out or "M" in out
    assert "off in 1 of 12 entries" in out


def test_it_plots_beside_recorded_answers(home: Course, tiny: Course, pool: WorkerPool) -> None:
    for text in (solution_source(tiny["exercise-1"]).data, b"def double(x):\n    return x\n"):
        source = Source("doubling.py", text)
        found, wanted = (draw(one["exercise-1"], source, pool) for one in (home, tiny))
        assert found.fault == wanted.fault
        assert repr(found.panels) == repr(wanted.panels)
        assert found.panels


def test_a_plot_that_hands_an_answer_on_is_left_out(tiny_copy: Course, tmp_path: Path) -> None:
    path = tiny_copy.root / EXERCISE / "plot_doubling.py"
    edit(path, lambda text: text.replace("reference.double(x)", "reference.double(mine / 2)", 1))
    edit(
        path,
        lambda text: text.replace(
            "mine, right = student.double(x), ", "mine = student.double(x)\n    right = "
        ),
    )
    build_handout(tiny_copy, tmp_path / "out", SECRET)
    assert not (tmp_path / "out" / EXERCISE / "plot_doubling.py").exists()


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run the command line; return its exit code and what it says."""
    before, sys.argv = sys.argv, ["grader", *arguments]
    try:
        main()
        code: Any = 0
    except SystemExit as stopped:
        code = stopped.code
    finally:
        sys.argv = before
    said = capsys.readouterr()
    return int(code or 0), said.out + said.err


# --- the program in it ---------------------------------------------------------------------------------

IMPORT_ALL = """
import importlib, pathlib, sys
root = pathlib.Path.cwd()
for path in sorted(root.glob("grader/**/*.py")):
    name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    if name != "grader.__main__":
        assert importlib.import_module(name).__file__ == str(path), name
"""
STUDENTS_COMMANDS = {
    "login": ["Ada"],
    "list": [],
    "show": ["exercise-1"],
    "check": ["exercise-1"],
    "watch": ["--help"],
    "debug": ["exercise-1", "double_values"],
    "hint": ["exercise-1"],
    "plot": ["exercise-1", "-o", "plot.svg"],
    "quiz": [],
    "credits": [],
    "submit": ["-o", "ada.zip"],
    "backup": ["-o", "ada.json"],
    "import": ["ada.json", "--yes"],
    "reset": ["exercise-1", "--yes"],
    "completion": ["bash"],
    "doctor": [],
}
"""Every command that a hand-out offers, with arguments; what each exits with is below."""
FAILING = {"check": (1,), "plot": (0, 1, 2), "doctor": (0, 1, 3)}  # some need matplotlib, or another kernel


ALONE = """
import runpy, sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
sys.path[0] = ""
if sys.argv[1] == "grader":
    del sys.argv[1]
    runpy.run_module("grader", run_name="__main__", alter_sys=True)
else:
    exec(sys.argv.pop(1))
"""
"""Runs where no other installation of this program, such as the tests' own, stands in for what is missing."""


EACH = """
import json, runpy, sys
for name, arguments in json.loads(sys.argv[1]).items():
    sys.argv, code = ["grader", *name.split(), *arguments], 0
    try:
        runpy.run_module("grader", run_name="__main__", alter_sys=True)
    except SystemExit as stopped:
        code = stopped.code or 0
    print("", "exited with", name, code, sep="\\t", flush=True)
"""
"""Runs commands one after the other, and says what each exits with."""


def program(home: Course, *arguments: str) -> tuple[int, str]:
    """Run the hand-out's own program: its command line, or some Python."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "GRADER"))}
    command = [sys.executable, "-c", ALONE, *arguments]
    ran = subprocess.run(
        command, cwd=home.root, env=clean, capture_output=True, text=True, timeout=300, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_it_holds_nothing_of_the_instructors_program(handed_out: Course) -> None:
    names = [name for name in files(handed_out.root) if name.startswith("grader/")]
    left_out = re.compile(
        r"grader/(authoring|classroom)/|grader/cli/(export|grade|handout)\b"
        r"|grader/reports/(tables|class_|templates/(class|student))"
    )
    assert not list(filter(left_out.match, names))
    for room in ("checks", "cli", "course", "progress", "quiz", "reports", "sandbox"):
        assert any(name.startswith(f"grader/{room}/") for name in names), room


def test_every_module_of_it_can_be_imported(installed: Course) -> None:
    assert program(installed, IMPORT_ALL) == (0, "")


def test_a_report_has_its_page_there_too(installed: Course) -> None:
    page = (
        "import grader.reports as reports, grader; exercise = grader.open_course('.')['exercise-1']; "
        "print(reports.report_html(grader.check(exercise)).count('not written yet'))"
    )
    assert program(installed, page) == (0, "2\n")  # of each function


@pytest.mark.slow
def test_every_command_that_it_offers_runs(home: Course) -> None:
    wrong = "def double(x):\n    return 3 * x\n"
    home["exercise-1"].stub_path.write_text(wrong, encoding="utf-8")
    code, help_text = program(home, "grader", "--help")
    offered = re.findall(r"^  ([a-z-]+)  ", help_text.partition("Commands:")[2], re.MULTILINE)
    assert (code, offered) == (0, list(STUDENTS_COMMANDS))
    code, out = program(home, EACH, json.dumps(STUDENTS_COMMANDS))
    exited = dict(re.findall(r"^\texited with\t(.*)\t(.*)$", out, re.MULTILINE))
    assert (code, list(exited)) == (0, list(STUDENTS_COMMANDS)), out
    for name, ended in exited.items():
        assert int(ended) in FAILING.get(name, (0,)), (name, out)
    assert "Traceback" not in out
    assert "the grader itself broke" not in out
    code, out = program(home, "grader", "quiz", "--help")
    assert "responses" in out
    assert not re.search(r"^  (grade|lint|build) ", out, re.MULTILINE)


def test_its_verdict_can_be_read_by_other_programs(installed: Course) -> None:
    forms = ["json", "junit-student", "github-annotations", "github-summary", "github-classroom"]
    commands = [f"check --all --format {form}" for form in forms]
    code, out = program(installed, EACH, json.dumps(dict.fromkeys(commands, ())))
    said = re.findall(r"(.*?)\texited with\t([^\n]*)\n", out, re.DOTALL)
    assert (code, [ended for _, ended in said]) == (0, [f"{command}\t1" for command in commands]), out
    assert all(text.strip() for text, _ in said)
    assert "Traceback" not in out


def test_what_only_instructors_run_is_refused_there_in_a_sentence(installed: Course) -> None:
    for name in ("grade", "verify", "handout"):
        code, out = program(installed, "grader", name)
        assert (code, "this is the students' edition, without" in out) == (2, True), out
    for name in ("grade", "verify"):
        code, out = program(installed, f"import grader; grader.{name}")
        assert (code, f"the students' edition, without `grader.{name}`" in out) == (1, True), out


# --- its checks judge as the full ones do -------------------------------------------------------------


def sources(exercise: Exercise, share: int) -> Iterator[tuple[str, bytes]]:
    """Yield right and wrong answers: the solution, the stub, and a share of the variants and the mistakes."""
    solution = exercise.solution_path.read_text(encoding="utf-8")
    yield "solution", solution.encode()
    yield "stub", make_stub(exercise).encode()
    yield from ((path.stem, path.read_bytes()) for path in exercise.variants[:: max(1, share // 5)])
    for one in exercise.misconceptions()[::share]:
        yield one.id, solution.replace(one.replace, one.with_).encode()


def judged(report: Report) -> list[Outcome]:
    """Return what both editions say; known mistakes are named, and causes told, in the full one only."""
    visible = [one for one in report.outcomes if not one.hidden]
    told = [dataclasses.replace(one, diagnosis="", recognised=False, located=None) for one in visible]
    return [dataclasses.replace(one, seconds=0.0, output="") for one in told]


def compare(course: Course, home: Course, exercise_id: str, pool: WorkerPool, share: int = 1) -> set[str]:
    """Require the same outcomes in both editions; return all that was seen."""
    full, mine = course[exercise_id], home[exercise_id]
    seed, seen = seed_of(full, course.salt), set[str]()
    for name, data in sources(full, share):
        source = Source(full.stub_path.name, data)
        wanted = judged(check(full, source, pool=pool, seed=seed))
        report = check(mine, source, pool=pool)
        assert judged(report) == wanted, (exercise_id, name)
        seen |= {one.status for one in report.outcomes} | {"line" for one in report.outcomes if one.located}
    return seen


def test_the_tiny_course_is_judged_alike(tiny: Course, handed_out: Course, pool: WorkerPool) -> None:
    assert compare(tiny, handed_out, "exercise-1", pool) == {"passed", "failed", "skipped", "line"}


@pytest.mark.slow
@pytest.mark.parametrize("exercise", REAL)
def test_real_exercises_are_judged_alike(
    exercise: str, course: Course, real_home: Course, pool: WorkerPool
) -> None:
    assert compare(course, real_home, exercise, pool, share=5 if LONG else 20) >= {"passed", "failed", "line"}


STACKED = """
import numpy as np
def sigmoid(z):
    return np.tanh(z)
def lstm_step_forward(x, h_prev, c_prev, params):
    Wf, Wi, WC, Wo, bf, bi, bC, bo = params
    z = np.vstack((h_prev, x))
    f, i, o = np.split(sigmoid(np.vstack((Wf, Wi, Wo)) @ z + np.vstack((bf, bi, bo))), 3)
    g = np.tanh(WC @ z + bC)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, (f, i, g, o)
"""


@pytest.mark.slow
def test_what_cannot_be_lent_waits_and_blames_nobody(
    course: Course, real_home: Course, pool: WorkerPool
) -> None:
    source = Source("lstm_step.py", STACKED.encode())
    found = judged(check(real_home["exercise-7"], source, pool=pool))
    gates = [one for one in found if one.check == "check_lstm_step_forward_gates"]
    assert [(one.status, one.message) for one in gates] == [
        ("skipped", "waits for `sigmoid`, which does not pass its own checks yet")
    ]
    assert not any(one.status == "error" for one in found)


@pytest.mark.slow
def test_what_cannot_be_is_said_at_home_too(course: Course, real_home: Course, pool: WorkerPool) -> None:
    text = course["exercise-1"].solution_path.read_text(encoding="utf-8").replace("np.tanh(", "(")
    found = judged(check(real_home["exercise-1"], Source("rnn_step.py", text.encode()), pool=pool))
    assert any("a state comes out of tanh, between -1 and 1." in one.message for one in found)


@pytest.mark.slow
def test_a_failure_with_right_helpers_is_a_failure(real_home: Course, pool: WorkerPool) -> None:
    text = STACKED.replace("np.tanh(z)\ndef", "0.5 + 0.5 * np.tanh(0.5 * z)\ndef").replace("c = f * ", "c = ")
    found = judged(check(real_home["exercise-7"], Source("lstm_step.py", text.encode()), pool=pool))
    by_name = {one.check: one.status for one in found}
    assert by_name["check_lstm_step_forward_c"] == "failed"
    assert by_name["check_lstm_step_forward_gates"] == "passed"


# --- recorded answers ---------------------------------------------------------------------------------


def test_a_question_is_known_up_to_rounding(handed_out: Course) -> None:
    exercise = handed_out["exercise-1"]
    reference = load_reference(exercise)
    recorded = getattr(reference, RECORDED)
    rng = CheckRng(recorded.seed)
    x, pair = rng.draw(reference)
    right = np.asarray(reference.double(x))
    assert np.allclose(right, x + x)
    assert np.array_equal(reference.double(x * (1 + 1e-12)), right)
    assert np.array_equal(reference.double(x=x), right)
    for other in (x * (1 + 1e-7), x.T, x[:1], -x):
        with pytest.raises(DependencyFailed, match="`double`"):
            reference.double(other)
    assert type(pair) is reference.Pair


class CheckRng:
    """Draws what the tiny course's first check draws."""

    def __init__(self, seed: int) -> None:
        import zlib

        self.rng = np.random.default_rng([seed, zlib.crc32(b"check_double_values")])

    def draw(self, reference: Any) -> tuple[Any, Any]:
        pair = reference.Pair(self.rng.standard_normal((1, 3)), self.rng.standard_normal((4, 1)))
        return self.rng.standard_normal((4, 3)), pair


def test_an_index_tells_questions_apart() -> None:
    index, rng = Index(), np.random.default_rng(1)
    asked = [(rng.standard_normal((3, 2)), n, lr) for n in range(4) for lr in (0.1, 0.2)]
    numbers = [index.add("f", *fingerprint(one)) for one in asked]
    assert [index.find("f", *fingerprint(one)) for one in asked] == numbers
    assert index.find("g", *fingerprint(asked[0])) is None
    swapped = asked[0][0][:, ::-1], *asked[0][1:]
    assert index.find("f", *fingerprint(swapped)) is None
    nan = (np.array([np.nan, 1.0]),)
    assert index.find("f", *fingerprint(nan)) is None


def test_arguments_are_completed_as_python_does() -> None:
    def f(a: int, b: int = 2, *, c: int = 3) -> None: ...

    assert complete(f, (1,), {}) == (1, 2, 3)
    assert complete(f, (), {"b": 5, "a": 4}) == (4, 5, 3)
    assert complete(f, (), {"d": 5}) == ()


def test_an_array_is_stored_once() -> None:
    store, one = Store(), np.arange(5.0)
    first, second = store.put((one, 2.5)), store.put([one, one + 1])
    assert first[1][0] == second[1][0] != second[1][1]
    header, body = unpacked(store.to_bytes({"a": 1}))
    assert (header["a"], header["sizes"], len(body)) == (1, [40, 40], 80)


def test_a_wrong_line_is_found_from_numbers_alone(handed_out: Course, tiny: Course, pool: WorkerPool) -> None:
    text = "import numpy as np\ndef double(x):\n    half = x * 3\n    return half + 0\n"
    report = check(handed_out["exercise-1"], Source("doubling.py", text.encode()), pool=pool)
    (located,) = [one.located for one in report.outcomes if one.located]
    assert (located.line, located.source) == (3, "half = x * 3")
    assert (
        located.cause == "one of its numbers or indices should be another"
    )  # which a change of it has shown


def test_the_way_to_an_answer_is_kept_as_bare_numbers(tiny: Course) -> None:
    exercise = tiny["exercise-1"]
    reference = load_reference(exercise)
    solution = RecordedSolution(exercise.solution_path.read_bytes(), reference)
    x, pair = (
        np.array([[0.25, -1.5], [0.75, 7.125]]),
        reference.Pair(np.array([[3.0, 7.0]]), np.array([[0.1], [0.2]])),
    )
    kept = inner_numbers(solution, "scale", (x, pair))
    assert kept is not None
    assert kept.ndim == 1
    assert kept.dtype == np.float32
    assert (np.diff(kept) > 0).all(), "their order tells nothing"
    assert not np.isin(kept, x).any(), "what was given is known anyway"


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("solutions/exercise-1/check_doubling_hidden.py", "(\n", "is not Python"),
        ("exercises/exercise-1/check_doubling.py", "", "has no check with credits; a hand-out needs one"),
        ("solutions/exercise-1/doubling.py", "", "does not define `double`"),
    ],
)
def test_a_broken_check_file_is_named(
    tiny_copy: Course, tmp_path: Path, file: str, text: str, told: str
) -> None:
    (tiny_copy.root / file).write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=f"{Path(file).name}.*{told}"):
        build_handout(tiny_copy, tmp_path / "student", SECRET)


def test_nothing_of_a_known_mistake_goes_out(handed_out: Course, tiny: Course) -> None:
    text = texts_of(handed_out.root)[handed_out["exercise-1"].solution_folder / FILE]
    for one in tiny["exercise-1"].misconceptions():
        assert one.id not in text
        assert one.says.strip()[:40] not in text


@pytest.mark.parametrize("damage", [b"", b"no zlib", None])
def test_a_damaged_file_is_one_sentence(
    damage: bytes | None, home: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home["exercise-1"].solution_folder / FILE
    path.unlink() if damage is None else path.write_bytes(damage)
    code, out = run(["--course", str(home.root), "check", "exercise-1"], capsys)
    assert code == 3
    assert "answers.bin: is missing or damaged" in out
    assert "unpack the hand-out again" in out


def test_a_solution_that_does_not_pass_is_not_recorded(tiny_copy: Course) -> None:
    exercise = tiny_copy["exercise-1"]
    check = exercise.visible_checks
    text = check.read_text(encoding="utf-8")
    check.write_text(text.replace('reference.double(x), "y")', '1 + reference.double(x), "y")', 1))
    with pytest.raises(Exception, match="does not pass on the solution"):
        record(exercise, 1)


# --- it tells no answer -------------------------------------------------------------------------------


def edit(path: Path, change: Callable[[str], str]) -> None:
    text = path.read_text(encoding="utf-8")
    assert change(text) != text
    path.write_text(change(text), encoding="utf-8")


Plant = tuple[str, Callable[[str], str], str]
# A row is planted at once; none of its lines is told by the same words as another.
PLANTS: list[dict[str, Plant]] = [
    {
        "a solution's line": (
            f"{EXERCISE}/lesson.md",
            lambda text: f"{text}\n    stretched = factor * double(x)\n",
            rf"{EXERCISE}/lesson.md:\d+: holds a line of the solution of exercise-1 \(“stretc…”\)",
        ),
        "in a hint": (
            f"{EXERCISE}/exercise.yaml",
            lambda text: text.replace("no loop is needed.", "return 2 * x."),
            rf"{EXERCISE}/exercise.yaml:\d+: holds a line of the solution",
        ),
        "in a visible check": (
            f"{EXERCISE}/check_doubling.py",
            lambda text: text.replace("M, N = 4, 3", "M, N = 4, 3\nright = 'return stretched + offset'"),
            rf"{EXERCISE}/check_doubling.py:\d+: holds a line of the solution",
        ),
        "a hidden check's line": (
            f"{EXERCISE}/lesson.md",
            lambda text: f"{text}\n`for rows, columns in ((1, 5), (5, 1), (2, 6)):`\n",
            rf"{EXERCISE}/lesson.md:\d+: holds a line of the hidden checks of exercise-1",
        ),
        "the secret": (
            f"{EXERCISE}/lesson.md",
            lambda text: text + SECRET.decode(),
            rf"{EXERCISE}/lesson.md: holds the course's secret",
        ),
        "a quiz's key": (
            f"{EXERCISE}/lesson.md",
            lambda text: f"{text}\nGates are shares, and a share lies between 0 and 1.\n",
            rf"{EXERCISE}/lesson.md: holds the key of `squashed` \(explain",
        ),
    },
    {
        "with other spaces": (
            f"{EXERCISE}/lesson.md",
            lambda text: f"{text}\nso `return  2*x` it is\n",
            rf"{EXERCISE}/lesson.md:\d+: holds a line of the solution",
        ),
        "a mistake's patch": (
            f"{EXERCISE}/exercise.yaml",
            lambda text: text.replace("no loop is needed.", "not return x**2."),
            rf"{EXERCISE}/exercise.yaml:\d+: holds a patch of a misconception",
        ),
    },
    {
        "broken into two": (
            f"{EXERCISE}/lesson.md",
            lambda text: f"{text}\nstretched = factor\n* double(x)\n",
            rf"{EXERCISE}/lesson.md:\d+: holds a line of the solution",
        ),
    },
]


def make_graded(course: Course) -> None:
    edit(
        course.root / "quizzes" / "every-type.yaml",
        lambda text: text.replace("title:", "mode: graded\ntitle:"),
    )


def test_the_scan_sees_nothing_where_nothing_is(tiny_copy: Course, tmp_path: Path) -> None:
    make_graded(tiny_copy)
    build_handout(tiny_copy, tmp_path / "out", SECRET)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["course", "out"]


@pytest.mark.parametrize("plants", PLANTS, ids=lambda row: next(iter(row)))
def test_the_scan_sees(plants: dict[str, Plant], tiny_copy: Course, tmp_path: Path) -> None:
    make_graded(tiny_copy)
    for file, plant, _ in plants.values():
        edit(tiny_copy.root / file, plant)
    with pytest.raises(Leaking) as found:
        build_handout(tiny_copy, tmp_path / "out", SECRET, archive=True)
    leaks = found.value.args
    unseen = [
        name for name, (_, _, says) in plants.items() if not any(re.match(says, leak) for leak in leaks)
    ]
    assert unseen == [], leaks
    assert all(len(leak) < 130 for leak in found.value.args)
    assert not (tmp_path / "out").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["course"]


def test_the_line_of_a_leak_is_right(tiny_copy: Course, tmp_path: Path) -> None:
    lesson = tiny_copy["exercise-1"].lesson_path
    edit(lesson, lambda text: f"{text}\n\nreturn 2 * x\n")
    line = lesson.read_text(encoding="utf-8").splitlines().index("return 2 * x") + 1
    with pytest.raises(Leaking) as found:
        build_handout(tiny_copy, tmp_path / "out", SECRET)
    assert [leak.split(": ")[0] for leak in found.value.args] == [f"{EXERCISE}/lesson.md:{line}"]


def test_what_a_lesson_shows_on_purpose_is_declared_by_file(tiny_copy: Course, tmp_path: Path) -> None:
    edit(tiny_copy["exercise-1"].lesson_path, lambda text: f"{text}\n`return 2 * x`\n")
    for file, allowed in ((f"{EXERCISE}/lesson.md", True), (f"{EXERCISE}/exercise.yaml", False)):
        text = f'title: T\nshown:\n  {file}:\n    - "return 2 * x"\n'
        (tiny_copy.root / "course.yaml").write_text(text, encoding="utf-8")
        course = open_course(tiny_copy.root)
        if allowed:
            build_handout(course, tmp_path / "out", SECRET)
        else:
            with pytest.raises(Leaking, match="holds a line of the solution"):
                build_handout(course, tmp_path / "other", SECRET)


@pytest.mark.parametrize("planted", ["check_doubling_hidden.py", "misconceptions.yaml", "doubling.py"])
def test_a_whole_file_of_the_instructors_is_seen(planted: str, tiny: Course, home: Course) -> None:
    secrets = secrets_of(tiny)
    assert find_leaks(home.root, texts_of(home.root), secrets=secrets) == []
    shutil.copy(tiny["exercise-1"].solution_folder / planted, home.root / "notes.txt")
    leaks = find_leaks(home.root, texts_of(home.root), secrets=secrets)
    assert {leak.partition(":")[0] for leak in leaks} == {"notes.txt"}
    (home.root / "notes.txt").rename(home.root / f"my_{planted}")
    leaks = find_leaks(home.root, texts_of(home.root), secrets=secrets)
    named = [leak for leak in leaks if "has the name" in leak]
    assert bool(named) == (planted != "doubling.py")


def test_a_picture_is_looked_through_as_well(tiny_copy: Course, tmp_path: Path) -> None:
    (tiny_copy.root / EXERCISE / "plan.svg").write_text("<svg><!-- stretched = factor * double(x) --></svg>")
    with pytest.raises(Leaking) as found:
        build_handout(tiny_copy, tmp_path / "out", SECRET)
    assert found.value.args[0].startswith(f"{EXERCISE}/plan.svg:1: ")


# --- where it goes ------------------------------------------------------------------------------------


def test_the_same_course_gives_the_same_bytes(tiny: Course, handed_out: Course, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    settings = {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "GRADER_SECRET": SECRET.decode()}
    command = [sys.executable, "-m", "grader", "--course", str(tiny.root), "handout", "out", "--zip"]
    subprocess.run(command, cwd=tmp_path / "a", env=os.environ | settings, check=True, capture_output=True)
    assert files(tmp_path / "a" / "out") == files(handed_out.root), "which was made here, by other hashes"
    with zipfile.ZipFile(tmp_path / "a" / "out.zip") as archive:
        inside = {one.filename: archive.read(one) for one in archive.infolist()}
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert [*inside] == sorted(inside)
    assert inside == {f"out/{name}": data for name, data in files(tmp_path / "a" / "out").items()}


def test_an_earlier_handout_is_replaced_but_for_its_history(tiny: Course, home: Course) -> None:
    (home.root / ".git").mkdir()
    (home.root / ".git" / "HEAD").write_text("main")
    (home.root / EXERCISE / "left_over.py").write_text("")
    build_handout(tiny, home.root, SECRET)
    assert not (home.root / EXERCISE / "left_over.py").exists()
    assert (home.root / ".git" / "HEAD").read_text() == "main"
    assert not list(home.root.parent.glob(".*"))


def test_places_that_are_taken_are_refused(tiny_copy: Course, home: Course, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x")
    (tmp_path / "file").write_text("x")
    for target, says in (
        (tmp_path / "full", "is no hand-out"),
        (tmp_path / "file", "is no folder"),
        (tiny_copy.root, "is no hand-out"),
        (tiny_copy.root / "solutions" / "out", "is no hand-out"),
        (tmp_path / "nowhere" / "out", "make it first"),
    ):
        with pytest.raises(CannotDo, match=says):
            build_handout(tiny_copy, target, SECRET)
    assert (tmp_path / "full" / "thesis.txt").read_text() == "x"
    with pytest.raises(CannotDo, match="is a hand-out itself"):
        build_handout(home, tmp_path / "out", SECRET)


def test_what_an_exercise_uses_goes_out_with_it(course: Course, tmp_path: Path) -> None:
    with pytest.raises(CannotDo, match="exercise-11 uses exercise-2, exercise-4"):
        build_handout(course, tmp_path / "out", SECRET, exercises=("exercise-11",))


@pytest.mark.slow
def test_a_part_of_the_course_can_go_out(real_home: Course) -> None:
    assert real_home.exercise_ids() == REAL
    assert real_home["exercise-7"].file.after == ("exercise-1",)  # exercise-6 is not there
    assert {path.name for path in (real_home.root / "quizzes").iterdir()} == {
        *("attention.md", "faq.md", "gru.md", "libraries.md"),
        "gates.yaml",
    }


def test_the_command_says_what_it_wrote(
    tiny: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_SECRET", SECRET.decode())
    code, out = run(["--course", str(tiny.root), "handout", str(tmp_path / "out"), "--zip"], capsys)
    assert code == 0
    assert re.search(r"exercise-1 +5 credits visible, +2 more when graded", out)
    assert re.search(r"every-type +9 questions, answers included", out)
    assert re.search(r"out.zip: 1 exercise with 5 visible credits, 1 quiz; \d+ lines looked through", out)
    code, out = run(["--course", str(tiny.root), "handout", str(tmp_path)], capsys)
    assert (code, "is no hand-out" in out) == (2, True)
    code, out = run(["--course", str(tiny.root), "handout", str(tmp_path / "x"), "--quiz", "gats"], capsys)
    assert code == 2


def test_the_command_stops_at_a_leak(
    tiny_copy: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_SECRET", SECRET.decode())
    edit(tiny_copy["exercise-1"].lesson_path, lambda text: f"{text}\nreturn 2 * x\n")
    code, out = run(["--course", str(tiny_copy.root), "handout", str(tmp_path / "out")], capsys)
    assert (code, "nothing was written" in out) == (3, True)
    assert "return 2 * x" not in out
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("more", [(), ("--quizzes-only",)])
def test_the_command_stops_at_a_name_of_the_class(
    more: tuple[str, ...],
    tiny_copy: Course,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRADER_SECRET", SECRET.decode())
    tiny_copy.private_folder.mkdir()
    roster = tiny_copy.private_folder / "roster.csv"
    roster.write_text("id,name,e-mail\nstudent-001,Student 001,a@example.org\nx,Gates,\ny,Student,\n")
    command = ["--course", str(tiny_copy.root), "handout", str(tmp_path / "out"), *more]
    assert run(command, capsys)[0] == 0
    lesson = (tmp_path / "out" if more else tiny_copy.root) / EXERCISE / "lesson.md"
    for planted in ("as Student 001 found", "by 001, student", "a@example.org", "(STUDENT-001)"):
        before = lesson.read_text(encoding="utf-8") if lesson.exists() else ""
        lesson.parent.mkdir(parents=True, exist_ok=True)
        lesson.write_text(f"{before}\n{planted}\n", encoding="utf-8")
        code, out = run(command, capsys)
        assert (code, "nothing was written" in out) == (3, True)
        assert f"{EXERCISE}/lesson.md:{before.count(chr(10)) + 2}: names “" in out
        lesson.write_text(before, encoding="utf-8")
    roster.write_bytes(b"id,name\n\xff,x\n")
    assert run(command, capsys) == (2, "grader: roster.csv, line 2: is not UTF-8; save it as `CSV UTF-8`\n")


def test_the_archive_for_gradescope_can_set_itself_up(
    tiny: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = ["--course", str(tiny.root)]
    code, out = run([*before, "handout", str(tmp_path / "a.zip"), "--gradescope"], capsys)
    assert (code, "1 exercise with 7 credits; set the assignment to as many" in out) == (0, True)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        runnable = {one.filename for one in archive.infolist() if one.external_attr >> 16 & 0o100}
        names = set(archive.namelist())
        assert "--exercise exercise-1" in archive.read("run_autograder").decode()
    assert runnable == {"setup.sh", "run_autograder"}
    assert {"pyproject.toml", "course/course.yaml", "course/solutions/exercise-1/doubling.py"} <= names
    assert "grader/progress/grades.py" in names
    assert run([*before, "handout", str(tmp_path / "b.zip"), "--gradescope"], capsys)[0] == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert run([*before, "handout", str(tmp_path / "no" / "a.zip"), "--gradescope"], capsys)[0] == 2
    assert run([*before, "handout", str(tmp_path / "c.zip"), "--gradescope", "--zip"], capsys)[0] == 2


# --- line ends ------------------------------------------------------------------------------------------


def git(folder: Path, *words: str) -> str:
    """Run git as on a machine where nobody set it up, but for turning line ends into those of Windows."""
    settings = (
        "core.autocrlf=true",
        "user.name=Ada",
        "user.email=ada@example.org",
        "init.defaultBranch=main",
    )
    command = ["git", *(word for setting in settings for word in ("-c", setting)), *words]
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(command, cwd=folder, env=clean, check=True, capture_output=True, text=True).stdout


def through_git(folder: Path, copy: Path) -> None:
    """Commit a folder and clone it."""
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "the hand-out")
    git(folder, "clone", "-q", str(folder), str(copy))
    shutil.rmtree(folder / ".git")
    shutil.rmtree(copy / ".git")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is what changes them")
def test_git_changes_no_byte_of_a_handout(home: Course, tmp_path: Path) -> None:
    through_git(home.root, tmp_path / "clone")
    assert files(tmp_path / "clone") == files(home.root)
    (home.root / ".gitattributes").unlink()  # and this is what would happen without it
    through_git(home.root, tmp_path / "without")
    assert b"\r\n" in (tmp_path / "without" / EXERCISE / "doubling.py").read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None, reason="git is what changes them")
@pytest.mark.parametrize("attributes", [True, False], ids=["as handed out", "without .gitattributes"])
def test_what_went_through_git_is_graded_without_a_doubt(
    attributes: bool,
    tiny_copy: Course,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quizzes = tiny_copy.root / "quizzes" / "every-type.yaml"
    edit(quizzes, lambda text: text.replace("title:", "mode: graded\ntitle:"))
    build_handout(tiny_copy, tmp_path / "out", SECRET)
    if not attributes:
        (tmp_path / "out" / ".gitattributes").unlink()
    through_git(tmp_path / "out", tmp_path / "home")
    home = open_course(tmp_path / "home")
    assert (b"\r\n" in (home.root / "quizzes" / "every-type.yaml").read_bytes()) != attributes
    home["exercise-1"].stub_path.write_bytes(solution_source(tiny_copy["exercise-1"]).data)
    monkeypatch.chdir(tmp_path)
    for words in (["check", "--all"], ["login", "Ada"], ["quiz", "every-type"], ["submit", "-o", "ada.zip"]):
        monkeypatch.setattr(sys, "stdin", io.StringIO("1\n" * 60 if words[0] == "quiz" else ""))
        code, said = run(["--course", str(home.root), *words], capsys)
        assert code in (0, 75), said  # the quiz is left before its end
    (tmp_path / "class").mkdir()
    with zipfile.ZipFile(tmp_path / "ada.zip") as bundle:
        bundle.extractall(tmp_path / "bundle")
    through_git(tmp_path / "bundle", tmp_path / "class" / "ada")
    assert b"\r\n" in (tmp_path / "class" / "ada" / EXERCISE / "doubling.py").read_bytes()
    monkeypatch.setenv("GRADER_SECRET", SECRET.decode())
    grade_class(tiny_copy, tmp_path / "class", tmp_path / "results", executor=here())
    with open_gradebook(tmp_path / "results") as book:
        (grade,) = book.class_grades(tiny_copy).grades
    assert grade.reports[0].earned == tiny_copy["exercise-1"].file.credits
    notes = [note.text for note in grade.notes] + [note for quiz in grade.quizzes for note in quiz.notes]
    assert not [text for text in notes if "byte" in text or "hash" in text]
    assert [quiz.quiz for quiz in grade.quizzes] == ["every-type"]
    assert grade.quizzes[0].possible_cents > 0


def test_a_handout_does_not_depend_on_the_line_ends_of_the_course(
    tiny_copy: Course, handed_out: Course, tmp_path: Path
) -> None:
    for path in tiny_copy.root.rglob("*"):
        if path.suffix in (".py", ".md", ".yaml"):
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    build_handout(open_course(tiny_copy.root), tmp_path / "out", SECRET)
    assert files(tmp_path / "out") == files(handed_out.root)
