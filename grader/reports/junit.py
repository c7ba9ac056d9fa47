"""Grades -> JUnit XML, for the test reports of Jenkins, GitLab and others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from grader.checks.report import Outcome, Report, Status
from grader.classroom.grades import ClassGrades, Grade
from grader.reports.plain import distinct, one_line, told
from grader.sandbox.text import clean  # which writes out all that XML 1.0 forbids

TAGS: dict[Status, str] = {"failed": "failure", "error": "error", "skipped": "skipped"}


def student_junit(grade: Grade) -> str:
    """Return one suite an exercise and one case a check, with what the student may see."""
    suites = [_suite(one.shown, one.report.exercise) for one in grade.exercises]
    return _document(grade.name, [*_problem(grade, "submission"), *suites])


def class_junit(grades: ClassGrades) -> str:
    """Return one suite for every exercise of every submission, with all that the instructor sees."""
    return _document(grades.title, (suite for grade in grades.grades for suite in _whole(grade)))


def _whole(grade: Grade) -> Iterator[Element]:
    # A dot would begin a new package in Jenkins.
    name = one_line(grade.submission).replace(".", "_")
    yield from _problem(grade, name)
    for one in grade.exercises:
        yield _suite(one.report, f"{name}.{one.report.exercise}", hidden=True)


def _problem(grade: Grade, name: str) -> list[Element]:
    told = Outcome("submission", "The submission can be graded", "", "failed", 0, grade.problem)
    return [_suite(Report(name, name, (told,)), name)] * bool(grade.problem)


def _suite(report: Report, name: str, *, hidden: bool = False) -> Element:
    """Make a suite.

    Args:
        hidden: whether to add what was printed in hidden checks, which could carry their inputs.
    """
    suite = Element("testsuite", _counts(report), name=one_line(name))
    properties = SubElement(suite, "properties")
    for key in ("title", "earned", "credits", "seed"):
        SubElement(properties, "property", name=key, value=one_line(str(getattr(report, key))))
    titles = distinct(one_line(one.title) for one in report.outcomes)
    for outcome, title in zip(report.outcomes, titles, strict=True):
        time = f"{outcome.seconds:.3f}"
        case = SubElement(suite, "testcase", classname=suite.attrib["name"], name=title, time=time)
        if tag := TAGS.get(outcome.status):
            SubElement(case, tag, message=one_line(outcome.message), type=outcome.status).text = told(outcome)
        if outcome.output and (hidden or not outcome.hidden):
            SubElement(case, "system-out").text = clean(outcome.output)
    return suite


def _counts(report: Report) -> dict[str, str]:
    statuses = [outcome.status for outcome in report.outcomes]
    return {
        "tests": str(len(statuses)),
        "failures": str(statuses.count("failed")),
        "errors": str(statuses.count("error")),
        "skipped": str(statuses.count("skipped")),
        "time": f"{report.seconds:.3f}",
    }


def _document(name: str, suites: Iterable[Element]) -> str:
    root = Element("testsuites", name=one_line(name))
    root.extend(suites)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.attrib[key]) for suite in root)))
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'
