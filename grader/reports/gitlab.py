"""A grade -> GitLab's code quality report: a comment at the line for each check that did not pass.

Form: the subset of the Code Climate specification that GitLab documents under "Code Quality report format".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from grader.classroom.grades import ExerciseGrade, Grade
from grader.reports.plain import distinct, line_in, message, one_line


def code_quality_json(grade: Grade, paths: Mapping[str, str]) -> str:
    """Return the array of findings.

    Args:
        paths: for an exercise's id, the student's file, relative to the root of the repository.
    """
    findings = [
        finding
        for one in grade.exercises
        for finding in _findings(one, paths.get(one.report.exercise, one.report.exercise))
    ]
    return json.dumps(findings, indent=2, ensure_ascii=False)


def _findings(one: ExerciseGrade, path: str) -> Iterator[dict[str, Any]]:
    names = distinct(outcome.check for outcome in one.shown.outcomes)
    for outcome, name in zip(one.shown.outcomes, names, strict=True):
        if outcome.status in ("failed", "error"):
            first = message(outcome).partition("\n")[0]
            yield {
                "description": one_line(f"{outcome.title}: {outcome.diagnosis or first}"),
                "check_name": name,
                # without the message, so that a finding stays the same one while its numbers change
                "fingerprint": hashlib.sha256(f"{path} {one.report.exercise} {name}".encode()).hexdigest(),
                "severity": "major" if outcome.status == "failed" else "info",
                "location": {"path": path, "lines": {"begin": line_in(outcome, path)}},
            }
