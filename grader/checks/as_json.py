"""Reports -> JSON, in the form that schema.json describes and docs/report.md explains."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from grader import __version__
from grader.checks.report import Outcome, Report, Wrong

SCHEMA = "rnn-grader/reports/1"


def reports_to_json(reports: list[Report]) -> str:
    """Return one JSON document for any number of reports.

    Every field of ``Report`` and ``Outcome`` appears under its own name, with what is derived from them.
    """
    document = {
        "schema": SCHEMA,
        "grader_version": __version__,
        "credits": sum(report.credits for report in reports),
        "earned": sum(report.earned for report in reports),
        "reports": [_report(report) for report in reports],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _report(report: Report) -> dict[str, Any]:
    fields = dataclasses.asdict(report)
    fields["outcomes"] = [_outcome(outcome) for outcome in report.outcomes]
    return fields | {"credits": report.credits, "earned": report.earned, "passed": report.passed}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return dataclasses.asdict(outcome) | {"earned": outcome.earned}


def reports_from_json(text: str) -> list[Report]:
    """Return the reports of a document that ``reports_to_json`` wrote.

    Raises:
        ValueError: it is another document.
    """
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise ValueError(f"is not of the form {SCHEMA}")
        return [_to_report(one) for one in document["reports"]]
    except (LookupError, TypeError, RecursionError) as error:
        raise ValueError(f"is no report: {error}") from None


def _to_report(fields: dict[str, Any]) -> Report:
    own = _own(Report, fields)
    outcomes = tuple(_to_outcome(one) for one in fields["outcomes"])
    return Report(
        **own | {"outcomes": outcomes, "notes": tuple(own["notes"]), "confinement": tuple(own["confinement"])}
    )


def _to_outcome(fields: dict[str, Any]) -> Outcome:
    wrong = fields.get("wrong")
    own = _own(Outcome, fields)
    if wrong:
        wrong = Wrong(wrong["name"], tuple(wrong["axes"]), tuple(wrong["shape"]), wrong["entries"])
    return Outcome(**own | {"wrong": wrong})


def _own(kind: Any, fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is derived."""
    names = {one.name for one in dataclasses.fields(kind)}
    return {name: value for name, value in fields.items() if name in names}
