"""HTML pages from templates: one file each, no script, nothing fetched, all text clean and escaped."""

from __future__ import annotations

import bisect
import functools
import itertools
import operator
import re
import urllib.parse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from grader import __version__
from grader.checks.report import Report
from grader.reports.text import MARKS, amount, array_map, message, notes_of, signed
from grader.sandbox.text import clean

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
MAX_PAGE = 512 * 1024  # bytes of a page about one submission
SAYS = operator.attrgetter("status", "message")  # checks in a row that say the same are said once
TEXT_LIMITS = (64 * 1024, 4 * 1024, 512)  # bytes of one text; the next one if the page is too large


def report_html(report: Report) -> str:
    """Return a report as a page that stands by itself, for whoever may see all that the report holds.

    What a student may see of hidden checks is ``report.for_student(feedback)``.
    """
    return render("report", report=report)


def render(template: str, limits: Sequence[int] = TEXT_LIMITS, **values: Any) -> str:
    """Return a page made from a template with all its values; too large, it gets the next limit of texts."""
    for limit in limits:
        page = environment(limit).get_template(f"{template}.html").render(values)
        if len(page.encode()) <= MAX_PAGE:
            break
    return page


def style_sheet(name: str) -> str:
    """Return one of the style sheets of pages: ``page`` for all of them, ``lesson`` for lessons."""
    from importlib.resources import files

    return files("grader.reports").joinpath(f"{name}.css").read_text(encoding="utf-8")


@functools.cache
def environment(limit: int) -> Environment:
    """Return what makes pages of templates; a text is cut from so many bytes on."""
    import markupsafe
    from jinja2 import Environment, PackageLoader, StrictUndefined

    def printed(value: object) -> object:
        """Clean, escape and bound every text that a template prints; that of markup was, when it was made."""
        return value if not isinstance(value, str) or hasattr(value, "__html__") else _bounded(value, limit)

    def prose(sentence: str) -> markupsafe.Markup:
        """Show what stands between backticks as code."""
        return markupsafe.Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(printed(sentence))))

    pages = Environment(
        loader=PackageLoader("grader.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals |= {
        "style": markupsafe.Markup(style_sheet("page")),
        "lesson_style": markupsafe.Markup(style_sheet("lesson")),
        "policy": markupsafe.Markup(POLICY),
        "version": __version__,
        "marks": MARKS,
    }
    pages.filters |= {
        "amount": amount,
        "array_map": lambda outcome: "\n".join(array_map(outcome)),
        "groups": lambda report: [list(each) for _, each in itertools.groupby(report.outcomes, SAYS)],
        "message": message,
        "notes": notes_of,
        "prose": prose,
        "quote": functools.partial(urllib.parse.quote, safe="", errors="replace"),
        "share": lambda share: min(max(share, 0.0), 1.0),
        "signed": signed,
    }
    return pages


def _bounded(text: str, limit: int) -> Markup:
    """Return a text clean and escaped, cut if that takes more than so many bytes."""
    from markupsafe import escape

    text = clean(text[: limit + 1])
    escaped = escape(text)
    if len(escaped.encode()) <= limit:
        return escaped
    size = bisect.bisect(range(len(text)), limit, key=lambda end: len(escape(text[:end]).encode()))
    return escape(f"{text[: size - 1]}… (the rest of it is not on this page)")
