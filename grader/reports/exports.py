"""Grades in the forms of other programs: CSV, JUnit XML, Gradescope's JSON, GitHub's forms.

Sources: Gradescope's specification of autograders
(https://gradescope-autograders.readthedocs.io/en/latest/specs/); the workflow commands of GitHub Actions,
GitHub Flavored Markdown, and the input of Classroom's autograding-grading-reporter. What a form for one
student withholds is in docs/exports.md.
"""

import base64
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from grader.checks.report import Outcome, Report, Status
from grader.course import Course
from grader.progress.grades import Adjustment, ClassGrades, Grade
from grader.reports.text import MARKS, amount, csv_text, notes_of, outcome_text, signed
from grader.sandbox.text import clean, listed, one_line

MOST_NAMED = 20  # submissions in a sentence
JUNIT_TAGS: dict[Status, str] = {"failed": "failure", "error": "error", "skipped": "skipped"}
CLASSROOM: dict[Status, str] = {"passed": "pass", "failed": "fail", "skipped": "fail", "error": "error"}
KINDS = {"late": "late policy", "manual": "instructor"}
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # all of it that is ASCII


# --- what several forms share --------------------------------------------------------------------------


def adjustment_text(adjustment: Adjustment) -> str:
    """Say in one line how many credits were added or taken away, where and why."""
    where = f" in {one_line(adjustment.exercise)}" if adjustment.exercise else ""
    kind, reason = KINDS[adjustment.kind], one_line(adjustment.reason)
    said = f"{signed(adjustment.cents)} credits" if adjustment.cents else "comment"
    return f"{said}{where} ({kind}): {reason}"


def remarks(grade: Grade) -> list[str]:
    """Return what there is to say of the submission as a whole, such as its problem and its adjustments."""
    said = [f"Not graded, or not whole: {one_line(grade.problem)}"] * bool(grade.problem)
    told = "could not be graded for now; its credits may be of earlier"  # why may tell of a hidden check
    return [*said, *(f"{name} {told}" for name in grade.not_graded), *map(adjustment_text, grade.adjustments)]


def line_in(outcome: Outcome, path: str) -> int:
    """Return the last line of the student's file that the message names, else 1."""
    name = re.escape(PurePosixPath(path).name)
    found: list[str] = re.findall(rf"\b{name}(?:, line| stops at line) ([1-9]\d{{0,5}})\b", outcome.message)
    return int(found[-1]) if found else 1


def _named(report: Report) -> Iterator[tuple[str, Outcome]]:
    """Yield outcomes with titles of their own; consumers take two of one name for the same."""
    seen = Counter[str]()
    for outcome in report.outcomes:
        title = one_line(outcome.title)
        seen[title] += 1
        yield (title if seen[title] == 1 else f"{title} ({seen[title]})"), outcome


# --- the class, where no list of a platform says who is in it -------------------------------------------


def handed_in_csv(grades: ClassGrades) -> str:
    """Return a table of the class by what was handed in; a cell is blank where a number would be wrong."""
    rows: list[list[str | int]] = []
    for grade in grades.grades:
        # What is set aside does not get the name that it claims.
        who = [one_line(grade.submission if grade.set_aside else grade.name), one_line(grade.key)]
        total, earned = grade.total_cents, [item.earned_cents(grade) for item in grades.items]
        sums = (None, None) if total is None else (total - grade.raw_cents, total)
        rows.append([*who, *("" if cents is None else cents for cents in (*earned, *sums))])
    titles = [one_line(f"{item.title} ({item.id})") for item in grades.items]
    return csv_text(["Student", "Submission", *titles, "Adjustments", "Total"], rows)


def doubts(grades: Iterable[Grade]) -> list[str]:
    """Return whose cells in a gradebook are blank, and why, as sentences for the instructor."""
    blank = defaultdict[str, list[str]](list)
    for grade in grades:
        reasons = {
            "set aside": f"set aside: {grade.set_aside}",
            "problem": grade.problem,
            "nothing found": "nothing was found that could be graded",
            "stale": grade.stale,
        }
        if grade.state in reasons:
            blank[one_line(reasons[grade.state])].append(one_line(grade.submission))
    return [f"{listed(names, MOST_NAMED)}: blank, since {reason}" for reason, names in blank.items()]


# --- JUnit XML, for the test reports of Jenkins, GitLab and others --------------------------------------


def student_junit(grade: Grade) -> str:
    """Return one suite an exercise and one case a check, with what the student may see."""
    suites = [("submission", _fault("submission", "failed", grade.problem))] * bool(grade.problem)
    suites += [(report.exercise, report) for report in _of_today(grade, grade.shown)]
    return _junit(grade.name, suites)


def class_junit(grades: ClassGrades) -> str:
    """Return one suite for every exercise of every submission, with all that the instructor sees."""
    suites: list[tuple[str, Report]] = []
    for grade in grades.grades:
        name = one_line(grade.submission).replace(".", "_")  # a dot would begin a new package in Jenkins
        problem = f"set aside: {grade.set_aside}" if grade.set_aside else grade.problem
        suites += [(name, _fault("submission", "failed", problem, name))] * bool(problem)
        reports = [] if grade.set_aside else _of_today(grade, grade.reports)
        suites += [(f"{name}.{report.exercise}", report) for report in reports]
        there = {report.exercise for report in reports}
        lost = {exercise: why for exercise, why in grade.not_graded.items() if exercise not in there}
        suites += [(f"{name}.{each}", _fault("exercise", "error", why, each)) for each, why in lost.items()]
    return _junit(grades.title, suites)


def _of_today(grade: Grade, reports: Iterable[Report]) -> list[Report]:
    """Return reports but for those that an earlier grading left, since today's failed."""
    return [report for report in reports if report.first_error or report.exercise not in grade.not_graded]


def _fault(what: str, status: Status, says: str, name: str = "submission") -> Report:
    """Return a report that says why something could not be graded."""
    check = "grading" if what == "exercise" else what
    return Report(name, name, (Outcome(check, f"The {what} can be graded", "", status, 0, says),))


def _junit(title: str, suites: Iterable[tuple[str, Report]]) -> str:
    root = Element("testsuites", name=one_line(title))
    for name, report in suites:
        statuses = [outcome.status for outcome in report.outcomes]
        counts = {
            "tests": str(len(statuses)),
            "failures": str(statuses.count("failed")),
            "errors": str(statuses.count("error")),
            "skipped": str(statuses.count("skipped")),
            "time": f"{report.seconds:.3f}",
        }
        suite = SubElement(root, "testsuite", counts, name=one_line(name))
        properties = SubElement(suite, "properties")
        for key in ("title", "earned", "credits", "seed"):
            SubElement(properties, "property", name=key, value=one_line(str(getattr(report, key))))
        for case_name, outcome in _named(report):
            about = {"classname": suite.attrib["name"], "name": case_name, "time": f"{outcome.seconds:.3f}"}
            case = SubElement(suite, "testcase", about)
            if tag := JUNIT_TAGS.get(outcome.status):
                verdict = SubElement(case, tag, message=one_line(outcome.message), type=outcome.status)
                verdict.text = outcome_text(outcome)  # clean: without all that XML 1.0 forbids
            if outcome.output:
                SubElement(case, "system-out").text = clean(outcome.output)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.attrib[key]) for suite in root)))
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


# --- what one student gets, in the words of the program that shows it -----------------------------------


def gradescope_json(grade: Grade) -> str:
    """Return ``results.json``; its ``score`` is the total after adjustments and outranks its tests."""
    output, tests = remarks(grade), list[dict[str, Any]]()
    rest = {"output_format": "text", "visibility": "visible"}
    for first, report in enumerate(grade.shown, 1):
        output += [f"{report.exercise}: {one_line(note)}" for note in notes_of(report)]
        # A hidden check is shown once grades are published: before, a student could try until it passes.
        of_hidden = "hidden" if grade.feedback[report.exercise] == "none" else "after_published"
        for second, (title, outcome) in enumerate(_named(report), 1):
            parts = ["skipped: it was not run" * (outcome.status == "skipped"), outcome_text(outcome)]
            if outcome.status == "failed" and outcome.output.strip():
                parts.append(clean(f"your code printed:\n{outcome.output.strip()}"))
            test = {
                "name": f"{report.exercise}: {title}",
                "number": f"{first}.{second}",
                "score": float(outcome.earned),
                "max_score": float(outcome.credits),
                "status": "passed" if outcome.status == "passed" else "failed",
                "output": "\n".join(filter(None, parts)),
            }
            tests.append(test | rest | ({"visibility": of_hidden} if outcome.hidden else {}))
    for first, quiz in enumerate(grade.quizzes, len(grade.reports) + 1):
        test = {
            "name": f"{quiz.quiz}: {one_line(quiz.title)}",
            "number": str(first),
            "score": quiz.earned_cents / 100,
            "max_score": quiz.possible_cents / 100,
            "output": "\n".join(map(one_line, quiz.notes)),
        }
        tests.append(test | rest)
    document = {
        "score": grade.cents / 100,
        "execution_time": round(sum(report.seconds for report in grade.reports), 3),
        "output": "\n".join(output),
        "output_format": "text",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def workflow_commands(grade: Grade, paths: Mapping[str, str]) -> str:
    """Return a command to GitHub Actions for each check that did not pass; ``paths`` are by exercise."""
    orders = [("error", {"title": "submission"}, clean(grade.problem))] * bool(grade.problem)
    for report in grade.shown:
        path = paths.get(report.exercise, "")
        for outcome in (each for each in report.outcomes if each.status in ("failed", "error")):
            place = {"file": path, "line": str(line_in(outcome, path))} if path else {}
            place["title"] = f"{report.exercise}: {one_line(outcome.title)}"
            # The course's own fault fails nobody's job.
            level = "error" if outcome.status == "failed" else "warning"
            orders.append((level, place, outcome_text(outcome)))
    lines = ""
    for level, place, text in orders:
        fields = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in place.items())
        lines += f"::{level} {fields}::{_escaped(text)}\n"
    return lines


def _escaped(text: str, more: str = "") -> str:
    """Write what would end a command, or a property of one, as the runner reads it back."""
    for character in f"%\r\n{more}":  # the percent sign first
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def job_summary(grade: Grade) -> str:
    """Return Markdown for the file that ``GITHUB_STEP_SUMMARY`` names; no text in it is markup."""
    total = f"{amount(grade.cents)} of {amount(grade.possible_cents)} credits"
    lines = [f"# {_literal(grade.name)}: {_literal(total)}", ""]
    lines += [f"- {_literal(text)}" for text in remarks(grade)]
    for report in grade.shown:
        title = f"{report.exercise} {report.title}"
        lines += ["", f"## {_literal(title)}: {report.earned} of {report.credits} credits"]
        lines += ["", *(f"- {_literal(note)}" for note in report.notes), ""]
        lines += ["| | check | credits |", "|---|---|---:|"]
        for outcome in report.outcomes:
            mark = f"{MARKS[outcome.status]} {outcome.status}"
            lines.append(f"| {mark} | {_literal(outcome.title)} | {outcome.earned}/{outcome.credits} |")
        for outcome in report.outcomes:
            if outcome.status in ("failed", "error"):
                text = outcome_text(outcome)
                # A fence of more backticks than the text holds in a row cannot be ended by it.
                fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
                lines += ["", f"**{_literal(outcome.title)}**", "", f"{fence}text", text, fence]
    if grade.quizzes:
        lines += ["", "| quiz | title | credits |", "|---|---|---:|"]
        for quiz in grade.quizzes:
            share = f"{amount(quiz.earned_cents)}/{amount(quiz.possible_cents)}"
            lines.append(f"| {_literal(quiz.quiz)} | {_literal(quiz.title)} | {_literal(share)} |")
    return "\n".join([*lines, ""])


def _literal(text: str) -> str:
    """Return one line that Markdown shows as it is."""
    return PUNCTUATION.sub(r"\\\1", one_line(text))


def classroom_result(grade: Grade) -> str:
    """Return the step output ``result`` that GitHub Classroom's reporter reads: JSON in base64.

    The reporter adds up what its tests earned, so adjustments are one of them.
    """
    found: list[tuple[str, str, float, str, float]] = [
        (f"{report.exercise}: {title}", CLASSROOM[each.status], each.earned, outcome_text(each), each.seconds)
        for report in grade.shown
        for title, each in _named(report)
    ]
    for quiz in grade.quizzes:
        status = "pass" if quiz.earned_cents >= quiz.possible_cents else "fail"
        notes = "\n".join(map(one_line, quiz.notes))
        found.append((f"{quiz.quiz}: {one_line(quiz.title)}", status, quiz.earned_cents / 100, notes, 0.0))
    if said := remarks(grade):
        found.append(("adjustments", "pass", (grade.cents - grade.raw_cents) / 100, "\n".join(said), 0.0))
    unused = {"test_code": "", "filename": "", "line_no": 0}
    tests = [
        {"name": name, "status": status, "score": score, "message": message, **unused}
        | {"execution_time": f"{seconds:.3f}s"}
        for name, status, score, message, seconds in found
    ]
    statuses = {test["status"] for test in tests} | ({"error"} if grade.problem else set())
    status = next((status for status in ("error", "fail") if status in statuses), "pass")
    document = {"version": 1, "status": status, "max_score": grade.possible_cents / 100, "tests": tests}
    return base64.b64encode(json.dumps(document).encode()).decode()


def moved_csv(grades: ClassGrades) -> str:
    """Return a table of whose credits the last run changed, by how much, and because of what."""
    rows: list[list[str | int]] = []
    for move in grades.moves:
        before, after = move.before_cents, "" if move.after_cents is None else move.after_cents
        change = (move.after_cents or 0) - before
        who = map(one_line, (move.grade.submission, move.grade.key, move.grade.login, move.item))
        rows.append([*who, before, after, change, one_line("; ".join(move.because))])
    return csv_text(["submission", "key", "login", "item", "before", "after", "change", "because"], rows)


STUDENT_FORMS: dict[str, Callable[[Grade], str]] = {
    "gradescope": gradescope_json,
    "github-summary": job_summary,
    "github-classroom": classroom_result,
    "junit-student": student_junit,
}
ANNOTATIONS = "github-annotations"  # the one form that needs the course as well


def student_export(form: str, grade: Grade, course: Course) -> str:
    """Return one submission's grade in one of ``STUDENT_FORMS``, or as ``ANNOTATIONS``."""
    if form != ANNOTATIONS:
        return STUDENT_FORMS[form](grade)
    paths = {each.id: each.stub_path.relative_to(course.root).as_posix() for each in course.exercises()}
    return workflow_commands(grade, paths)
