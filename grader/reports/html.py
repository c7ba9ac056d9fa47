"""HTML pages from templates: one file each, no script, nothing fetched, all text clean and escaped."""

from __future__ import annotations

import functools
import itertools
import re
from typing import TYPE_CHECKING, Any

from grader import __version__
from grader.checks.report import Outcome, Report
from grader.reports.text import MARKS, amount, array_map, message, notes_of, signed
from grader.sandbox.text import clean

if TYPE_CHECKING:
    from jinja2 import Environment

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def report_html(report: Report) -> str:
    """Return a report as a page that stands by itself, for whoever may see all that the report holds.

    What a student may see of hidden checks is ``report.for_student(feedback)``.
    """
    return render("report", report=report)


def render(template: str, **values: Any) -> str:
    """Return a page made from one of the templates; a value that it needs and does not get is an error."""
    return _environment().get_template(f"{template}.html").render(values)


@functools.cache
def _environment() -> Environment:
    from importlib.resources import files

    import markupsafe
    from jinja2 import Environment, PackageLoader, StrictUndefined

    def printed(value: object) -> object:
        """Clean every text that a template prints; markup was cleaned when it was made."""
        return clean(value) if isinstance(value, str) and not hasattr(value, "__html__") else value

    def prose(sentence: str) -> markupsafe.Markup:
        """Show what stands between backticks as code."""
        escaped = str(markupsafe.escape(clean(sentence)))
        return markupsafe.Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escaped))

    environment = Environment(
        loader=PackageLoader("grader.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = files("grader.reports").joinpath("page.css").read_text(encoding="utf-8")
    environment.globals |= {
        "style": markupsafe.Markup(style),
        "policy": markupsafe.Markup(POLICY),
        "version": __version__,
        "marks": MARKS,
    }
    environment.filters |= {
        "amount": amount,
        "array_map": lambda outcome: "\n".join(array_map(outcome)),
        "groups": _groups,
        "message": message,
        "notes": notes_of,
        "prose": prose,
        "share": lambda share: min(max(share, 0.0), 1.0),
        "signed": signed,
    }
    return environment


def _groups(report: Report) -> list[list[Outcome]]:
    """Group checks in a row that would each say the same, so that it is said once."""
    said = itertools.groupby(report.outcomes, key=lambda outcome: (outcome.status, outcome.message))
    return [list(members) for _, members in said]
