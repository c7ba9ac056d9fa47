"""Exports: each is read back by its consumer's own form, or by a parser that someone else wrote."""

from __future__ import annotations

import base64
import csv
import dataclasses
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from markdown_it import MarkdownIt

from grader.checks.report import reports_to_json
from grader.course import Feedback
from grader.progress.grades import Adjustment, Grade, Move
from grader.reports import exports, text
from grader.reports.classes import student_page, write_pages
from grader.reports.exports import (
    class_junit,
    classroom_result,
    doubts,
    gradescope_json,
    handed_in_csv,
    job_summary,
    line_in,
    moved_csv,
    student_junit,
    workflow_commands,
)
from grader.reports.html import report_html
from grader.reports.tables import class_lines
from tests.reports.samples import (
    HOSTILE,
    MARKUP,
    SECRET,
    TRACE,
    WRONG,
    exercise,
    graded,
    hidden,
    hostile,
    of_class,
    outcome,
    typical,
)

PATHS = {"exercise-1": "exercises/exercise-1/rnn_step.py", "exercise-2": "exercises/exercise-2/bptt.py"}


def classroom(grade: Grade) -> str:
    return base64.b64decode(classroom_result(grade), validate=True).decode()


STUDENT: dict[str, Callable[[Grade], str]] = {
    "junit": student_junit,
    "gradescope": gradescope_json,
    "github": lambda grade: workflow_commands(grade, PATHS),
    "summary": job_summary,
    "classroom": classroom,
    "html": student_page,
}


# --- what all have in common ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", STUDENT)
def test_what_is_withheld_is_in_no_export(name: str) -> None:
    export = STUDENT[name]
    assert SECRET in export(hidden("full"))  # or the rest would find nothing
    assert SECRET not in export(hidden("none"))
    assert SECRET not in export(hidden("names")).replace(f"{SECRET} in its title", "").replace(
        f"{SECRET} in its title".replace("-", "\\-"), ""
    ).replace(f"check_{SECRET}", "")


@pytest.mark.parametrize("name", STUDENT)
def test_what_a_hidden_check_printed_is_in_no_export_for_students(name: str) -> None:
    printed = outcome(output=SECRET, hidden=True, message="off")
    assert SECRET not in STUDENT[name](graded("ada", exercise(printed)))
    assert SECRET in class_junit(of_class(graded("ada", exercise(printed))))


def forms_for_a_student(grade: Grade, folder: Path) -> Iterator[tuple[str, str]]:
    """Every form in which somebody may read of their own submission."""
    yield from ((name, form(grade)) for name, form in STUDENT.items())
    for name, form in exports.STUDENT_FORMS.items():
        yield name, classroom(grade) if name == "github-classroom" else form(grade)
    write_pages(of_class(grade), folder)
    for path in (folder / "students").rglob("*"):
        if path.is_file():
            yield path.name, path.read_text(encoding="utf-8")
    yield "json", reports_to_json(list(grade.shown))
    yield "page", "".join(map(report_html, grade.shown))
    lines = [line for report in grade.shown for line in text.report_lines(report, verbose=True)]
    yield "text", "".join(line.text for line in lines)


@pytest.mark.parametrize("feedback", get_args(Feedback))
def test_what_a_hidden_check_saw_is_in_no_form_for_a_student(feedback: Feedback, tmp_path: Path) -> None:
    """Neither what code printed, nor its exception, the right answer, where it is wrong, or a time."""
    seen = outcome(
        hidden=True, message=f"off: {SECRET}", output=f"printed {SECRET}", diagnosis=SECRET, wrong=WRONG
    )
    known = outcome(hidden=True, message=SECRET, gist="`h` is not right.", diagnosis="Try.", recognised=True)
    broken = outcome("error", hidden=True, message=f"ValueError: {SECRET}", output=SECRET)
    passed = outcome("passed", hidden=True, output=SECRET, seconds=12.345678)
    visible = outcome("passed", check="check_b", seconds=0.5)
    grade = graded("ada", exercise(seen, known, broken, passed, visible, seconds=13), feedback=feedback)
    forms = dict(forms_for_a_student(grade, tmp_path))
    assert len(forms) >= 12
    for name, written in forms.items():
        assert f"printed {SECRET}" not in written, name
        assert (SECRET in written) == (feedback == "full"), name
        assert "12.34" not in written or feedback == "full", name
        told = "not right" in written.replace("\\", "")
        assert feedback == "full" or told == (feedback == "diagnosis"), name
        assert "Try." not in written or feedback in ("full", "diagnosis"), name
    shown = grade.shown[0]
    assert shown.for_student(feedback) == shown
    assert shown.earned == grade.reports[0].earned


@pytest.mark.parametrize("name", STUDENT)
def test_every_export_is_utf_8_without_control_or_bidirectional_characters(name: str) -> None:
    for grade in (typical(), hostile()):
        text = STUDENT[name](grade)
        assert text.encode()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e\ufffe]", text)
    assert "\\u202e" in STUDENT[name](hostile()).replace("\\\\", "\\")


@pytest.mark.parametrize("name", [name for name in STUDENT if name not in ("github", "summary")])
def test_no_line_of_a_file_is_an_order_to_a_ci_runner(name: str) -> None:
    for line in STUDENT[name](hostile()).splitlines():
        assert not re.match(r"\s*::|.*##\[", line)


# --- JUnit ---------------------------------------------------------------------------------------------


def test_junit_has_a_suite_an_exercise_and_a_case_a_check() -> None:
    first, second = JUnitXml.fromstring(student_junit(typical()))
    assert (first.name, first.tests, first.failures, first.errors, first.skipped) == (
        "exercise-1",
        4,
        1,
        1,
        1,
    )
    assert (second.name, second.tests, second.failures, second.time) == ("exercise-2", 1, 0, 0.25)
    passed, failed, skipped, broken = first
    assert (passed.result, passed.classname) == ([], "exercise-1")
    assert [type(one) for case in (failed, skipped, broken) for one in case.result] == [
        Failure,
        Skipped,
        Error,
    ]
    text = failed.result[0].text
    assert text.startswith(TRACE)
    assert "only in state 2" in text
    assert "familiar: Which side?" in text
    assert failed.system_out == "here"
    written = ElementTree.fromstring(student_junit(typical())).find("*/properties/property[@name='earned']")
    assert written is not None
    assert written.attrib["value"] == "2"


def test_junit_of_a_class_has_a_suite_for_every_exercise_of_every_submission() -> None:
    broken = Grade("b.zip", problem="The archive cannot be read.")
    suites = [*JUnitXml.fromstring(class_junit(of_class(typical(), broken)))]
    assert [suite.name for suite in suites] == ["ada.exercise-1", "ada.exercise-2", "b_zip"]
    (case,) = suites[2]
    assert isinstance(case.result[0], Failure)
    assert case.result[0].message == "The archive cannot be read."


def test_junit_names_of_withheld_checks_are_distinct() -> None:
    (suite,) = JUnitXml.fromstring(student_junit(hidden("none")))
    assert [case.name for case in suite] == ["h is right", "A hidden check", "A hidden check (2)"]


def test_junit_holds_what_xml_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, suite = JUnitXml.fromstring(student_junit(hostile()))
    assert problem.failures == 1
    (case,) = suite
    assert MARKUP in case.result[0].text
    assert "]]>" in case.system_out
    for module in (exports, text):  # the planted fault
        monkeypatch.setattr(module, "clean", lambda text: text)
    with pytest.raises((ElementTree.ParseError, UnicodeEncodeError)):
        JUnitXml.fromstring(student_junit(hostile()))


# --- Gradescope ----------------------------------------------------------------------------------------

VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "simple_format", "html", "md", "ansi"]}
GRADESCOPE = {  # after gradescope-autograders.readthedocs.io/en/latest/specs, "Output format"
    "type": "object",
    "additionalProperties": False,
    "required": ["score"],
    "properties": {
        "score": {"type": "number", "minimum": 0},
        "execution_time": {"type": "number", "minimum": 0},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "name_format": FORMAT,
                    "number": {"type": "string"},
                    "output": {"type": "string"},
                    "output_format": FORMAT,
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}


def gradescope(grade: Grade) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(gradescope_json(grade))
    jsonschema.validate(document, GRADESCOPE)
    return document


def test_gradescope_gets_the_total_after_adjustments_and_every_check() -> None:
    document = gradescope(typical())
    assert document["score"] == 6.0
    assert document["execution_time"] == 0.75
    assert sum(test["score"] for test in document["tests"]) == 6.5
    assert "-1 credits (late policy): Handed in a day late." in document["output"]
    passed, failed, skipped, broken, other, quiz = document["tests"]
    assert (passed["score"], passed["max_score"], passed["status"]) == (2.0, 2.0, "passed")
    assert (failed["number"], failed["status"], failed["visibility"]) == ("1.2", "failed", "visible")
    assert failed["output"].startswith(TRACE)
    assert failed["output"].endswith("your code printed:\nhere")
    assert skipped["output"].startswith("skipped")
    assert "fault of the course" in broken["output"]
    assert other["number"] == "2.1"
    assert (quiz["number"], quiz["score"]) == ("3", 1.5)


@pytest.mark.parametrize(
    ("feedback", "visibility"),
    [("full", "after_published"), ("names", "after_published"), ("none", "hidden")],
)
def test_gradescope_shows_hidden_checks_only_once_grades_are_published(
    feedback: Feedback, visibility: str
) -> None:
    shown = [test["visibility"] for test in gradescope(hidden(feedback))["tests"]]
    assert shown == ["visible", visibility, visibility]


def test_gradescope_total_is_never_below_zero() -> None:
    taken = Adjustment("late", "", -900, "Very late.")
    assert gradescope(Grade("ada", adjustments=(taken,)))["score"] == 0
    gradescope(hostile())


@pytest.mark.parametrize("fault", [{"score": "7"}, {"tests": [{"visibility": "never"}]}, {"credits": 7}])
def test_the_gradescope_schema_refuses_what_gradescope_does_not_know(fault: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(gradescope_json(typical())) | fault, GRADESCOPE)


# --- GitHub --------------------------------------------------------------------------------------------


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read workflow commands as the runner does: split, then put the escaped characters back."""

    def back(value: str, escapes: str) -> str:
        for one in escapes:
            value = value.replace(f"%{ord(one):02X}", one)
        return value.replace("%25", "%")

    found = []
    for line in re.split("[\r\n]", text.removesuffix("\n")):
        matched = re.fullmatch(r"::(\S+) ([^:]*)::(.*)", line)
        assert matched, line
        pairs = (one.split("=", 1) for one in matched[2].split(","))
        found.append(
            (matched[1], {key: back(value, "\r\n:,") for key, value in pairs}, back(matched[3], "\r\n"))
        )
    return found


def test_github_annotates_the_line_of_the_student_s_file() -> None:
    (failed, place, text), (broken, other, _) = commands(workflow_commands(typical(), PATHS))
    assert (failed, broken) == ("error", "warning")
    assert place == {"file": PATHS["exercise-1"], "line": "31", "title": "exercise-1: h is right"}
    assert other["line"] == "1"
    assert text.startswith(TRACE)


def test_github_commands_cannot_be_forged() -> None:
    found = commands(workflow_commands(hostile(), {"exercise-1": "a:b,c=%0A/step.py"}))
    assert [name for name, _, _ in found] == ["error", "error"]
    assert found[1][1]["file"] == "a:b,c=%0A/step.py"
    assert MARKUP in found[1][2]
    assert workflow_commands(graded("ada", exercise(outcome("passed"))), PATHS) == ""


def markdown(text: str) -> list[Any]:
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    return [token for one in tokens for token in (one, *(one.children or []))]


def test_job_summary_shows_every_check() -> None:
    tokens = markdown(job_summary(typical()))
    texts = [token.content for token in tokens if token.type == "inline"]
    assert "Ada L: 6 of 13 credits" in texts
    assert "✗ failed" in texts
    assert "2/2" in texts
    assert "-1 credits (late policy): Handed in a day late." in [
        "".join(child.content for child in token.children or []) for token in tokens if token.type == "inline"
    ]
    assert sum(token.type == "fence" for token in tokens) == 2


def test_nothing_in_a_job_summary_is_markup() -> None:
    summary = job_summary(hostile())
    tokens = markdown(summary)
    kinds = {token.type for token in tokens}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "code_inline", "em_open", "s_open"}
    assert sum(token.type == "heading_open" for token in tokens) == 2
    assert sum(token.type == "table_open" for token in tokens) == 2
    (fence,) = (token for token in tokens if token.type == "fence")
    assert "```" in fence.content
    assert "document.title" in fence.content
    assert MARKUP in "".join(token.content for token in tokens if token.type == "text")
    found = {token.type for token in markdown(re.sub(r"\\(?=[!-~])", "", summary))}  # the planted fault
    assert found & {"html_block", "html_inline", "code_inline"}


CLASSROOM = {  # what classroom-resources/autograding-grading-reporter reads
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "status", "max_score", "tests"],
    "properties": {
        "version": {"const": 1},
        "status": {"enum": ["pass", "fail", "error"]},
        "max_score": {"type": "number"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "status", "message", "score"],
                "properties": {
                    "name": {"type": "string"},
                    "status": {"enum": ["pass", "fail", "error"]},
                    "message": {"type": ["string", "null"]},
                    "score": {"type": "number"},
                    "test_code": {"type": "string"},
                    "filename": {"type": "string"},
                    "line_no": {"type": "integer"},
                    "execution_time": {"type": "string"},
                },
            },
        },
    },
}


def test_github_classroom_adds_up_to_the_total() -> None:
    document = json.loads(classroom(typical()))
    jsonschema.validate(document, CLASSROOM)
    assert (document["status"], document["max_score"]) == ("error", 13)
    assert sum(test["score"] for test in document["tests"]) == 6.0
    clean = graded("ada", exercise(outcome("passed")))
    assert json.loads(classroom(clean))["status"] == "pass"
    jsonschema.validate(json.loads(classroom(hostile())), CLASSROOM)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (TRACE, 31),
        ("rnn_step.py stops at line 74: NameError", 74),
        ("other_rnn_step.py, line 3", 1),
        ("rnn_step.py, line 0", 1),
        (f"rnn_step.py, line {'9' * 5000}", 1),
        ("", 1),
    ],
)
def test_the_line_is_that_of_the_student_s_own_file(message: str, line: int) -> None:
    assert line_in(outcome(message=message), PATHS["exercise-1"]) == line


# --- gradebooks ----------------------------------------------------------------------------------------

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "'=1", "＝1", '"=1', "\n=1"]


def table(text: str) -> list[list[str]]:
    rows = [*csv.reader(io.StringIO(text), strict=True)]
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        amount = re.fullmatch(r"-?\d+\.\d\d", cell)
        assert amount or not re.match(r"[\s\"\u00a0]*[=+\-@\t\r\n＝＋－＠]", cell), cell
        assert "\n" not in cell
    return rows


def test_the_columns_of_a_class_add_up() -> None:
    heading, ada, nobody = table(handed_in_csv(of_class(typical("failed"), Grade("b", problem="broken"))))
    assert heading == [
        *("Student", "Submission", "Exercise number 1 (exercise-1)", "Exercise number 2 (exercise-2)"),
        *("Shapes (quiz-1)", "Adjustments", "Total"),
    ]
    assert ada == ["Ada L", "", "2.00", "3.00", "1.50", "-0.50", "6.00"]
    assert nobody[2:] == [""] * 5  # not graded is not zero
    taken = graded("b", exercise(outcome()), adjustments=(Adjustment("late", "", -900, "late"),))
    assert table(handed_in_csv(of_class(taken)))[1][2:] == ["0.00", "", "", "0.00", "0.00"]


def rows_of(*grades: Grade) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(handed_in_csv(of_class(*grades))), strict=True)]


FULL = exercise(outcome("passed"))


@pytest.mark.parametrize(
    ("grade", "told"),
    [
        (graded("ada", exercise(outcome("error", message="no such name"))), "exercise-1: a check broke"),
        (graded("ada", FULL, not_graded={"exercise-1": "`h` broke: why"}), "exercise-1: `h` broke: why"),
        (graded("ada", FULL, not_graded={"exercise-2": "cannot confine"}), "exercise-2: cannot confine"),
        (graded("ada", FULL, set_aside="claims to be `bob`"), "set aside: claims to be `bob`"),
        (Grade("ada", nothing_found=True), "nothing was found"),
        (Grade("ada", problem="is damaged"), "is damaged"),
    ],
)
def test_a_cell_is_blank_rather_than_wrong(grade: Grade, told: str) -> None:
    (doubt,) = doubts([grade, graded("bob", FULL)])
    assert doubt.startswith("ada: blank, since ")
    assert told in doubt
    ada, bob = rows_of(grade, graded("bob", FULL))
    known = 2.0 if "exercise-2" in grade.not_graded else None
    assert ada["Exercise number 1 (exercise-1)"] == ("2.00" if known else "")
    assert [*ada.values()][-2:] == ["", ""]
    assert [*bob.values()][-2:] == ["0.00", "2.00"]


def test_what_an_earlier_grading_left_is_in_no_junit_as_if_it_were_of_today() -> None:
    stale = graded("ada", FULL, not_graded={"exercise-1": "`h` broke: why"})
    (suite,) = JUnitXml.fromstring(class_junit(of_class(stale)))
    (case,) = suite
    assert (suite.name, suite.errors, case.result[0].message) == ("ada.exercise-1", 1, "`h` broke: why")
    assert "why" not in student_junit(stale) + job_summary(stale)
    assert "could not be graded for now" in gradescope(stale)["output"]
    aside = graded("ada", FULL, set_aside="claims to be `bob`")
    (suite,) = JUnitXml.fromstring(class_junit(of_class(aside)))
    assert (suite.name, suite.failures) == ("ada", 1)


def test_what_is_set_aside_gets_no_name_that_it_claims() -> None:
    claim = graded("mallory", FULL, key="mallory.zip", learner_name="Bob", set_aside="claims to be `bob`")
    rows = rows_of(graded("bob", FULL, learner_name="Bob"), claim)
    assert [(row["Student"], row["Total"]) for row in rows] == [("Bob", "2.00"), ("mallory", "")]


def test_who_moved_is_a_table() -> None:
    grade = graded("ada", FULL, key="ada.zip", login="ada")
    moves = (
        Move(grade, "exercise-1", 0, 200, ("=h: failed (0), now passed (2)",)),
        Move(grade, "quiz-1", 150, None, ("no answers are there",)),
    )
    heading, first, second = table(moved_csv(dataclasses.replace(of_class(grade), moves=moves)))
    assert heading == ["submission", "key", "login", "item", "before", "after", "change", "because"]
    assert first[:4] == ["ada", "ada.zip", "ada", "exercise-1"]
    assert first[4:] == ["0.00", "2.00", "2.00", "'=h: failed (0), now passed (2)"]
    assert second[3:] == ["quiz-1", "1.50", "", "-1.50", "no answers are there"]


def test_no_name_is_a_formula_or_a_second_row(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [*FORMULAS, HOSTILE, 'a","b', "a;b;c"]
    grades = of_class(*(graded(name, *typical().reports, login=name, learner_name=name) for name in names))
    assert len(table(handed_in_csv(grades))) == len(names) + 1
    monkeypatch.setattr(text, "harmless", lambda cell: cell)  # the planted fault
    with pytest.raises(AssertionError):
        table(handed_in_csv(grades))


# --- terminal ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 59, 60, 80, 120])
def test_lines_of_a_class_fit_the_terminal(width: int) -> None:
    many = [graded(f"student-{number}", *typical().reports) for number in range(40)]
    lines = class_lines(of_class(hostile(), typical(), *many), width)
    texts = [line.text for line in lines]
    assert max(map(len, texts)) <= width
    assert not any("\n" in text or "\x1b" in text for text in texts)
    assert not any(re.match(r"\s*::", text) for text in texts)
    assert "  … 12 more" in texts
    table = texts[next(number for number, text in enumerate(texts) if text.endswith("adjusted")) :]
    assert sum("student-" in text for text in table[:31]) == 28


def test_lines_of_a_class_say_problems_rates_and_failures() -> None:
    broken = Grade("b.zip", problem="The archive cannot be read.")
    texts = [line.text for line in class_lines(of_class(typical("failed"), broken))]
    assert texts[texts.index("to decide") + 1] == "  b.zip: The archive cannot be read."
    assert any(re.fullmatch("  ! b.zip +problem", text) for text in texts)
    assert any(re.search(r"Ada L +6\.50 +6$", text) for text in texts)
    assert any(re.search(r"The first is right +█{10}    1 of   1$", text) for text in texts)
    assert "  1× exercise-1: Which side?" in texts
    assert class_lines(of_class())[0].text.endswith("0 submissions")


def test_some_exercises_alone_add_up_with_what_was_adjusted_there() -> None:
    grades = of_class(typical("passed")).only(["exercise-1"])
    (row,) = csv.DictReader(io.StringIO(handed_in_csv(grades)))
    earned, given = 4 + 0.5, "0.50"
    assert (float(row["Exercise number 1 (exercise-1)"]) + 0.5, row["Adjustments"]) == (earned, given)
    assert float(row["Total"]) == earned
    assert not any("exercise-2" in title or "quiz" in title or "Shapes" in title for title in row)
