"""Reports -> JSON, in the form that schema.json describes and docs/report.md explains."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from grader import __version__
from grader.report.model import Outcome, Report

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
