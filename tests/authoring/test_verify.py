"""`grader verify` sees every fault that an author can plant; the sound course has none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.authoring.verify import Confusion, Findings, confusions, verify, verify_exercise
from grader.cli import grader
from grader.course import CannotDo, Course
from tests.helpers import Run, edit

Plant = Callable[[Path, Path], None]
STUB_TODO = "raise NotImplementedError"


def wrong_credit_sum(student: Path, _: Path) -> None:
    edit(student / "exercise.yaml", "credits: 7", "credits: 8")


def stub_already_solved(student: Path, _: Path) -> None:
    edit(student / "doubling.py", STUB_TODO, "return 2 * x")


def drifted_docstring(student: Path, _: Path) -> None:
    edit(student / "doubling.py", "Take every entry twice", "Take each entry twice")


def surviving_misconception(_: Path, solution: Path) -> None:
    edit(solution / "misconceptions.yaml", 'with: "return x**2"', 'with: "return x + x"')


def stale_replace_text(_: Path, solution: Path) -> None:
    edit(solution / "misconceptions.yaml", 'replace: "return 2 * x"', 'replace: "return 3 * x"')


def made_everywhere_but_there_once(_: Path, solution: Path) -> None:
    replaced = 'replace: "return 2 * x"'
    edit(solution / "misconceptions.yaml", replaced, f"everywhere: true\n  {replaced}")


def ambiguous_replace_text(_: Path, solution: Path) -> None:
    edit(solution / "misconceptions.yaml", 'replace: "return 2 * x"', 'replace: "return"')


def misconception_twice(_: Path, solution: Path) -> None:
    edit(solution / "misconceptions.yaml", "id: double-in-place", "id: double-squares")


def misconception_silent(_: Path, solution: Path) -> None:
    path = solution / "misconceptions.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip().startswith("says:"))
    lines[first] = '  says: " "'
    path.write_text("\n".join(lines), encoding="utf-8")


def lesson_in_another_encoding(student: Path, _: Path) -> None:
    (student / "lesson.md").write_bytes("# Doubling\nA factor of 2 is no Größe.\n".encode("latin-1"))


def solution_in_another_encoding(_: Path, solution: Path) -> None:
    path = solution / "doubling.py"
    path.write_bytes(path.read_bytes() + "# Größe\n".encode("latin-1"))  # which Python itself lets through


def empty_hint(student: Path, _: Path) -> None:
    edit(student / "exercise.yaml", '"What do you have after you have taken every entry of x twice?"', '"  "')


def function_without_hints(student: Path, _: Path) -> None:
    path = student / "exercise.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("  scale:")], encoding="utf-8")


def stray_file(student: Path, _: Path) -> None:
    (student / "notes.txt").write_text("left behind", encoding="utf-8")


def stale_quantity(_: Path, solution: Path) -> None:
    (solution / "quantities.yaml").write_text('"never_computed": "a quantity"\n', encoding="utf-8")


def unnamed_quantity(_: Path, solution: Path) -> None:
    (solution / "quantities.yaml").write_text('"offset": "the shift"\n', encoding="utf-8")


def stray_variant(_: Path, solution: Path) -> None:
    (solution / "variants" / "loops.txt").write_text("left behind", encoding="utf-8")


def no_lesson(student: Path, _: Path) -> None:
    (student / "lesson.md").unlink()


def formula_for_no_page(student: Path, _: Path) -> None:
    path = student / "lesson.md"
    path.write_text(path.read_text(encoding="utf-8") + "\nIt is $a_1_2$.\n", encoding="utf-8")


def formula_for_no_terminal(student: Path, _: Path) -> None:
    path = student / "exercise.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('hints:\n  double:\n    - "', 'hints:\n  double:\n    - "$\\\\iint x$ '),
        encoding="utf-8",
    )


def missing_stub(student: Path, _: Path) -> None:
    (student / "doubling.py").unlink()


def refused_variant(_: Path, solution: Path) -> None:
    path = solution / "variants" / "loops.py"
    path.write_text("def double(x):\n    return x\n", encoding="utf-8")


def broken_check(_: Path, solution: Path) -> None:
    edit(solution / "check_doubling_hidden.py", "reference.scale(x, pair)", "reference.no_such(x, pair)")


def check_that_the_solution_fails(_: Path, solution: Path) -> None:
    edit(solution / "check_doubling_hidden.py", "student.scale(x, pair)", "3 * student.scale(x, pair)")


def check_of_no_function(_: Path, solution: Path) -> None:
    edit(solution / "check_doubling_hidden.py", "def check_scale_other_sizes", "def check_other_sizes")


def check_without_docstring(_: Path, solution: Path) -> None:
    path = solution / "check_doubling_hidden.py"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith('    """')), encoding="utf-8")


def check_without_credits(student: Path, solution: Path) -> None:
    edit(solution / "check_doubling_hidden.py", "@pytest.mark.credits(2)\n", "")
    edit(student / "exercise.yaml", "credits: 7", "credits: 5")


def unwelcome_import(_: Path, solution: Path) -> None:
    edit(solution / "doubling.py", "import numpy as np", "import click\nimport numpy as np")


def unwelcome_import_of_a_check(_: Path, solution: Path) -> None:
    edit(solution / "check_doubling_hidden.py", "import numpy as np", "import click\nimport numpy as np")


def import_of_the_grader(_: Path, solution: Path) -> None:
    edit(
        solution / "doubling.py", "import numpy as np", "import numpy as np\nfrom grader.course import Course"
    )


def no_solution(_: Path, solution: Path) -> None:
    (solution / "doubling.py").unlink()


def stub_that_raises_something_else(student: Path, _: Path) -> None:
    edit(student / "doubling.py", STUB_TODO, 'raise ValueError("later")')


def misconception_that_breaks_a_check(student: Path, _: Path) -> None:
    difference = "abs(student.scale(x, pair) - reference.scale(x, pair)).max()"
    line = "    assert_close(student.scale(x, pair)"
    edit(student / "check_doubling.py", line, f"    {{False: 0}}[bool({difference} > 0.001)]\n{line}")


def syntax_error(_: Path, solution: Path) -> None:
    edit(
        solution / "check_doubling_hidden.py", "def check_scale_other_sizes(", "def check_scale_other_sizes(("
    )


def two_todos(_: Path, solution: Path) -> None:
    edit(solution / "doubling.py", "    # TODO: take", "    # TODO: first\n    # TODO: take")


def solution_without_function(_: Path, solution: Path) -> None:
    edit(solution / "doubling.py", "def double(", "def twice(")


def plot_that_breaks(student: Path, _: Path) -> None:
    edit(student / "plot_doubling.py", "reference.double(x)", "reference.dubble(x)")


def plot_without_panels(student: Path, _: Path) -> None:
    (student / "plot_doubling.py").write_text(
        "def plot(student, reference, rng):\n    return []\n", encoding="utf-8"
    )


def plot_of_what_the_solution_does_not_give(student: Path, _: Path) -> None:
    edit(student / "plot_doubling.py", "right = student.double(x), reference.double(x)", "right = 3, x")


def plot_that_pretends(student: Path, _: Path) -> None:
    edit(student / "plot_doubling.py", "student.double(x), ref", "reference.double(x), ref")


def plot_with_an_unwelcome_import(student: Path, _: Path) -> None:
    edit(student / "plot_doubling.py", "import numpy as np", "import matplotlib\nimport numpy as np")


# A row is planted at once: a run takes half a second, and none of its faults hides another.
FAULTS: list[dict[Plant, str]] = [
    {
        wrong_credit_sum: "promises 8 credits, but its checks add up to 7",
        stub_already_solved: "already earns",
        drifted_docstring: "doubling.py:1",
        surviving_misconception: "`double-squares` keeps every credit",
        misconception_twice: "`double-squares` stands here 2 times",
        empty_hint: "`double` has no hint, or an empty one",
        function_without_hints: "`scale` has no hint, or an empty one",
        stray_file: "notes.txt: is a stray file",
        stale_quantity: "`never_computed` stands nowhere in the solution",
        stray_variant: "loops.txt: is a stray file",
        no_lesson: "lesson.md: is missing or empty",
        refused_variant: "loops.py: is a right answer, but",
        check_of_no_function: "should be named after its function",
        check_without_docstring: "has no docstring",
        unwelcome_import_of_a_check: "check_doubling_hidden.py:5: imports `click`",
        misconception_that_breaks_a_check: "`offset-forgotten` breaks a check: check_scale_values: ",
        plot_that_breaks: "plot_doubling.py:11: breaks: AttributeError",
    },
    {
        stale_replace_text: "`double-squares` replaces text that stands 0 times",
        formula_for_no_page: "lesson.md: has a formula that cannot be shown: `a_1_2` cannot become MathML",
        formula_for_no_terminal: r"exercise.yaml: has a formula that cannot be shown: `\iint` is not known",
        unnamed_quantity: "has no name for `stretched`, which line ",
        missing_stub: "`grader reset exercise-1` makes it",
        broken_check: "AttributeError",
        check_that_the_solution_fails: "does not pass on the solution",
        check_without_credits: "earns nothing",
        unwelcome_import: "doubling.py:5: imports `click`",
        import_of_the_grader: "imports `grader.course`; besides the standard library, only numpy",
        plot_without_panels: "plot_doubling.py: does not plot the solution: it yields no panel",
    },
    {
        ambiguous_replace_text: "`double-squares` replaces text that stands 2 times",
        stub_that_raises_something_else: "does not make `check_double_values` say “not written yet”, but:",
        plot_of_what_the_solution_does_not_give: "does not plot the solution: `y` should be",
        plot_with_an_unwelcome_import: "plot_doubling.py:3: imports `matplotlib`",
    },
    {
        made_everywhere_but_there_once: "stands 1 times in the solution; it should stand there more often",
        plot_that_pretends: "plot_doubling.py: plots the stub",
    },
    {misconception_silent: "says nothing"},
    {no_solution: "doubling.py: is missing; every course needs it"},
    {solution_in_another_encoding: "doubling.py:42: is not UTF-8; save it in that encoding"},
    {lesson_in_another_encoding: "lesson.md:2: is not UTF-8; save it in that encoding"},
    {syntax_error: "check_doubling_hidden.py:13:29: is not Python"},
    {two_todos: "should have one line that starts with `# TODO:`, but has 2"},
    {solution_without_function: "does not define `double`"},
]


@pytest.mark.parametrize("faults", FAULTS, ids=lambda row: next(iter(row)).__name__)
def test_a_planted_fault_is_named(tiny_copy: Course, faults: dict[Plant, str]) -> None:
    for plant in faults:
        plant(tiny_copy.root / "exercises/exercise-1", tiny_copy.root / "solutions/exercise-1")
    named = verify_exercise(tiny_copy, "exercise-1").faults
    unseen = [plant.__name__ for plant, said in faults.items() if not any(said in fault for fault in named)]
    assert unseen == [], named


def test_the_sound_course_has_no_fault(tiny: Course) -> None:
    (findings,) = verify(tiny, jobs=1)
    assert findings == Findings("exercise-1", 7, 4, 3, 3, 2, 2)


def test_a_folder_that_is_no_exercise_is_named(tiny_copy: Course) -> None:
    (tiny_copy.root / "solutions/exercise-9").mkdir()
    findings = verify(tiny_copy, jobs=1)
    assert "exercise-9: belongs to no exercise" in findings[0].faults[0]


@pytest.mark.slow
def test_a_course_without_exercises_is_named(tiny_copy: Course) -> None:
    for side in ("exercises", "solutions"):
        shutil.rmtree(tiny_copy.root / side / "exercise-1")
    (findings,) = verify(tiny_copy, jobs=1)
    assert (findings.exercise, len(findings.faults)) == ("course", 1)
    assert "exercises: holds no exercise; add one" in findings.faults[0]


def test_pictures_and_what_systems_leave_behind_are_no_faults(tiny_copy: Course) -> None:
    folder = tiny_copy.root / "exercises/exercise-1"
    (folder / "plan.svg").write_text("<svg/>", encoding="utf-8")
    (folder / ".DS_Store").write_bytes(b"")
    (folder / "__pycache__").mkdir()
    assert verify_exercise(tiny_copy, "exercise-1").faults == ()


def test_answers_that_do_not_stay_the_same_are_seen(tiny_copy: Course) -> None:
    """They are all within the tolerance: nothing but asking again tells that they differ."""
    solution = tiny_copy.root / "solutions/exercise-1"
    unsteady = "return 2 * x * (1 + np.random.default_rng().choice((-8e-10, 8e-10), x.shape))"
    edit(solution / "misconceptions.yaml", 'with: "return x**2"', f'with: "{unsteady}"')
    variant = (solution / "doubling.py").read_text(encoding="utf-8").replace("return 2 * x", unsteady)
    (solution / "variants" / "unsteady.py").write_text(variant, encoding="utf-8")
    (findings,) = verify(tiny_copy, jobs=1)
    assert (findings.caught, findings.accepted, findings.variants) == (3, 2, 3)
    (fault,) = findings.faults
    assert "unsteady.py: is a right answer, but" in fault
    assert "gives different answers to the same arguments" in fault


def test_an_unknown_exercise_is_an_error(tiny: Course) -> None:
    with pytest.raises(CannotDo, match="exercise-7"):
        verify(tiny, ("exercise-7",), jobs=1)


def test_shares_add_up_to_the_whole(tiny_copy: Course) -> None:
    surviving_misconception(tiny_copy.root, tiny_copy.root / "solutions/exercise-1")
    found = verify(tiny_copy, jobs=2)
    assert found == verify(tiny_copy, jobs=1)
    assert (found[0].caught, found[0].misconceptions, len(found[0].faults)) == (2, 3, 1)


@pytest.mark.slow
def test_the_real_course_is_sound(course: Course) -> None:
    every = os.environ.get("GRADER_LONG") == "1"
    ids = () if every else ("exercise-1",)
    for findings in verify(course, ids, seed=2):  # `.ci/run` verifies all of it besides
        assert findings.faults == (), findings.exercise
        assert findings.misconceptions >= 10
        assert findings.variants >= 8


def test_the_command_lints_quizzes_alone(run: Run, tiny_copy: Course) -> None:
    good = run("verify", "--quizzes", "every-type")
    assert (good.code, good.out.splitlines()[-1].split()) == (0, ["every-type", "9", "1", "17", "ok"])
    assert "exercise-1" not in good.out
    edit(tiny_copy.root / "quizzes" / "every-type.yaml", "answer: '(4, 4)'", "answer: '(4, 1)'")
    bad = run("verify", "--quizzes")
    assert (bad.code, "prints '(4, 4)'" in bad.out) == (3, True)
    unknown = run("verify", "--quizzes", "every-tipe")
    assert (unknown.code, "the nearest are every-type" in unknown.err) == (2, True)
    both = run("verify", "--quizzes", "--mutants")
    assert (both.code, "choose one" in both.err) == (2, True)


def test_the_command_prints_a_row_for_each_exercise_and_every_fault(tiny_copy: Course) -> None:
    plant_stray = tiny_copy.root / "exercises/exercise-1/notes.txt"
    plant_stray.write_text("left behind", encoding="utf-8")
    ran = CliRunner().invoke(grader, ["--course", str(tiny_copy.root), "verify", "--jobs", "1", "exercise-1"])
    assert ran.exit_code == 3
    heading, row, *faults = ran.output.splitlines()
    assert heading.split() == ["exercise", "credits", "checks", "misconceptions", "variants"]
    assert row.split() == ["exercise-1", "7", "4", "3/3", "2/2", "1", "faults"]
    assert "notes.txt: is a stray file" in " ".join(" ".join(faults).split())


# --- which known mistakes are named, which are taken for each other ---

TWIN = """
- id: {id}
  replace: "2 * x"
  with: "x * 3"
  says: {says}
"""


def add(course: Course, *twins: tuple[str, str]) -> None:
    path = course["exercise-1"].solution_folder / "misconceptions.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "".join(TWIN.format(id=name, says=says) for name, says in twins), encoding="utf-8")


def confusion(course: Course) -> Confusion:
    (found,) = confusions(course, ("exercise-1",), seed=1, jobs=1)
    return found


def test_mistakes_that_give_the_same_are_a_tie(tiny_copy: Course) -> None:
    add(tiny_copy, ("three", "Three is not two."), ("thrice", "Is it three times as much?"))
    found = confusion(tiny_copy)
    assert dict(found.ties) == {"three": ("three", "thrice"), "thrice": ("three", "thrice")}
    assert not found.misnamed
    assert len(found.named) + len(found.ties) + len(found.silent) == len(
        tiny_copy["exercise-1"].misconceptions()
    )


def test_two_that_are_told_the_same_are_one(tiny_copy: Course) -> None:
    add(tiny_copy, ("three", "Three is not two."), ("thrice", "Three is not two."))
    found = confusion(tiny_copy)
    assert {"three", "thrice"} <= set(found.named)
    assert not found.ties


def test_a_right_answer_that_is_given_a_name_is_a_fault(tiny_copy: Course) -> None:
    variants = tiny_copy["exercise-1"].solution_folder / "variants"
    text = tiny_copy["exercise-1"].solution_path.read_text(encoding="utf-8")
    add(tiny_copy, ("three", "Three is not two."))
    (variants / "not_right.py").write_text(text.replace("2 * x", "3 * x"), encoding="utf-8")
    assert confusion(tiny_copy).misnamed == (("not_right", "Three is not two."),)


def test_a_mistake_that_answers_by_chance_is_silent_and_no_check_decides_by_it(tiny_copy: Course) -> None:
    path = tiny_copy.root / "solutions/exercise-1/misconceptions.yaml"
    chance = 'id: chance\n  replace: "2 * x"\n  with: "np.random.random(x.shape)"\n  says: Is it by chance?\n'
    path.write_text(f"- {chance}", encoding="utf-8")
    found = confusion(tiny_copy)
    assert (found.silent, found.named, found.ties, found.misnamed) == (("chance",), (), (), ())
    assert found.idle == found.checks
    assert len(found.checks) == 4


def test_the_command_shows_what_is_taken_for_what(tiny_copy: Course) -> None:
    add(tiny_copy, ("three", "Three is not two."), ("thrice", "Is it three times as much?"))
    command = ["--course", str(tiny_copy.root), "verify", "--jobs", "1", "--diagnose", "exercise-1"]
    good = CliRunner().invoke(grader, command)
    assert good.exit_code == 0
    assert good.output.splitlines()[1].split() == ["exercise-1", "5", "3", "2", "0", "0", "2", "of", "4"]
    assert "three looks like thrice" in good.output
    wrong = tiny_copy.root / "solutions/exercise-1/variants/not_right.py"
    text = tiny_copy["exercise-1"].solution_path.read_text(encoding="utf-8")
    wrong.write_text(text.replace("2 * x", "3 * x"), encoding="utf-8")
    bad = CliRunner().invoke(grader, command)
    assert (bad.exit_code, "not_right is taken for" in bad.output) == (3, True)
