"""The frame of an HTML page: one file, no script, nothing fetched, all text escaped."""

from __future__ import annotations

import html
import re
from importlib.resources import files

from grader import __version__
from grader.checks.report import Status
from grader.reports.text import MARKS
from grader.sandbox.text import clean

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(title: str, header: str, main: str) -> str:
    """Return a whole page.

    Args:
        title: plain text.
        header: HTML, with the one h1.
        main: HTML, sections with an h2 each.
    """
    style = files("grader.reports").joinpath("page.css").read_text(encoding="utf-8")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{text(title)}</title>
<style>
{style}</style>
</head>
<body>
<header>
{header}
</header>
<main>
{main}
</main>
<footer><p>Written by rnn-grader {__version__}.</p></footer>
</body>
</html>
"""


def text(plain: str) -> str:
    """Return HTML that shows the text as it is, with control and bidirectional characters written out."""
    return html.escape(clean(plain))


def prose(plain: str) -> str:
    """Return HTML of a sentence, with what stands between backticks as code."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text(plain))


def section(heading: str, body: str, right: str = "") -> str:
    """Return a section; heading, body and what stands right of the heading are HTML."""
    right = f"<p>{right}</p>" if right else ""
    return f'<section>\n<div class="top"><h2>{heading}</h2>{right}</div>\n{body}\n</section>'


def mark(status: Status) -> str:
    """Return the sign of a status, and its word for those who do not see it."""
    sign = f'<span class="mark" aria-hidden="true">{MARKS[status]}</span>'
    return f'{sign}<span class="away">{status}: </span>'


def meter(share: float) -> str:
    """Draw a share, from 0 to 1; the words beside it say the same."""
    share = min(max(share, 0.0), 1.0)
    kind = "full" if share == 1 else "part"
    return (
        '<svg class="meter" viewBox="0 0 100 7" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="7"/>'
        f'<rect class="{kind}" width="{100 * share:.1f}" height="7"/></svg>'
    )


def strip(shares: list[float]) -> str:
    """Draw one small column a share; decoration beside words that say the same."""
    bars = []
    for number, share in enumerate(shares):
        share = min(max(share, 0.0), 1.0)
        kind = "full" if share == 1 else "part"
        x, height = 10 * number + 1, 20 * share
        bars.append(f'<rect class="track" x="{x}" y="19" width="8" height="1"/>')
        bars.append(f'<rect class="{kind}" x="{x}" y="{20 - height:.1f}" width="8" height="{height:.1f}"/>')
    box = f"0 0 {10 * len(shares)} 20"
    fit = 'preserveAspectRatio="xMinYMid" aria-hidden="true"'
    return f'<svg class="strip" viewBox="{box}" {fit}>{"".join(bars)}</svg>'


def cell(content: str, kind: str = "") -> str:
    """Return a cell of a table."""
    return f'<td class="{kind}">{content}</td>' if kind else f"<td>{content}</td>"


def table(caption: str, heads: list[tuple[str, str]], body: str, foot: str = "") -> str:
    """Return a table that may scroll sideways.

    Args:
        caption: HTML.
        heads: text of each column's head, and its class.
        body: HTML, whole ``tbody`` elements.
        foot: HTML, a row.
    """
    head = "".join(f'<th scope="col" class="{kind}">{text(name)}</th>' for name, kind in heads)
    foot = f"<tfoot>{foot}</tfoot>" if foot else ""
    caption = f"<caption>{caption}</caption>"
    return f'<div class="wide"><table>{caption}<thead><tr>{head}</tr></thead>{body}{foot}</table></div>'
