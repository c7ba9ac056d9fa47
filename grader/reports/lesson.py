"""A lesson as a page that stands by itself: its pictures, formulas and code in one file, and nothing fetched.

Whatever shows lessons in a browser (``grader show``, a site, a notebook) takes them from here.
"""

from __future__ import annotations

import base64
import functools
import html
import itertools
import os
import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course import MathError, dataclass, mathml, read_text
from grader.reports.html import TEXT_LIMITS, render

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from markupsafe import Markup

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
IMAGES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif"}
MAX_IMAGE = 4 * 2**20  # bytes
SHORT = "In short"  # the heading of what comes first, and is set apart
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Lesson:
    """A lesson for a page: title, anchors and texts of second-level headings, and all below as HTML."""

    title: str
    headings: tuple[tuple[str, str], ...]
    body: Markup


def embedded(picture: Path) -> str:
    """Return the address of a picture that carries its bytes; nothing if it is not one, or not there."""
    try:
        fits = picture.suffix in IMAGES and picture.stat().st_size <= MAX_IMAGE
        data = picture.read_bytes() if fits else b""
    except OSError:
        data = b""
    return f"data:{IMAGES[picture.suffix]};base64,{base64.b64encode(data).decode()}" if data else ""


def read_lesson(path: Path, address: Callable[[Path], str] = embedded) -> Lesson:
    """Read a Markdown file as HTML, with the addresses of its pictures; or CourseError."""
    import markupsafe

    tokens, environment = _parsed(read_text(path), path.parent, address)
    pairs = [(one, next_) for one, next_ in itertools.pairwise(tokens) if one.type == "heading_open"]
    headings = [(str(one.attrGet("id")), text.content) for one, text in pairs if one.tag == "h2"]
    title = path.stem
    if tokens and tokens[0].tag == "h1":
        title, tokens = tokens[1].content, tokens[3:]
    body = _markdown().renderer.render(tokens, _markdown().options, environment)
    return Lesson(title, tuple(headings), markupsafe.Markup(body))


def lesson_page(path: Path) -> str:
    """Return a Markdown file as a page in HTML; raises what :func:`read_lesson` raises."""
    import markupsafe

    return render("lesson", TEXT_LIMITS[:1], lesson=read_lesson(path), policy=markupsafe.Markup(POLICY))


def markdown_html(markdown: str, folder: Path = Path()) -> str:
    """Return Markdown as a piece of HTML; pictures are looked for in a folder, raw HTML is shown as text."""
    tokens, environment = _parsed(markdown, folder, embedded)
    return str(_markdown().renderer.render(tokens, _markdown().options, environment))


def with_pictures_told(markdown: str, folder: Path) -> str:
    """Return Markdown for a terminal: each picture becomes where it lies and what it shows."""
    return PICTURE.sub(
        lambda found: f"(Picture `{os.path.normpath(folder / found[2])}`: {' '.join(found[1].split())})",
        markdown,
    )


def _parsed(
    markdown: str, folder: Path, address: Callable[[Path], str]
) -> tuple[list[Token], dict[str, Any]]:
    """Read Markdown; what stands below its first heading is a section of its own, if it is the short way."""
    from markdown_it.token import Token

    environment: dict[str, Any] = {"folder": folder, "address": address}
    tokens = _markdown().parse(markdown, environment)
    second = [n for n, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"]
    if second and tokens[second[0] + 1].content == SHORT:
        end = (*second, len(tokens))[1]
        tokens.insert(end, Token("html_block", "", 0, content="</section>\n"))
        tokens.insert(second[0], Token("html_block", "", 0, content='<section class="short">\n'))
    for number, token in enumerate(tokens):
        if token.type == "th_open" and not tokens[number + 1].content:
            token.tag = tokens[number + 2].tag = "td"  # a corner is no heading
        if style := token.attrs.pop("style", ""):  # of a cell; no policy lets it through
            token.attrSet("class", "n" if "right" in str(style) else "")
    return tokens, environment


@functools.cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.anchors import anchors_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    reader = MarkdownIt("commonmark", {"html": False, "highlight": python_html}).enable("table")
    dollarmath_plugin(reader, allow_space=False, allow_digits=False, allow_labels=False, renderer=_formula)
    anchors_plugin(reader, min_level=2, max_level=2)
    reader.add_render_rule("image", _image)
    reader.add_render_rule("link_open", _link)
    reader.add_render_rule("table_open", lambda *_: '<div class="wide"><table>\n')
    reader.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return reader


def _formula(content: str, options: Mapping[str, Any]) -> str:
    """Return a formula as MathML, or what was written where that cannot be."""
    try:
        return mathml(content.strip(), display=bool(options["display_mode"]))
    except MathError:
        return f"<code>{html.escape(content)}</code>"


def python_html(code: str, language: str = "python", _: str = "") -> str:
    """Return Python as HTML, each word with the class of its kind."""
    if language != "python":
        return ""  # escaped, and as it is
    from pygments import highlight
    from pygments.formatters.html import HtmlFormatter
    from pygments.lexers.python import PythonLexer

    return str(highlight(code, PythonLexer(), HtmlFormatter(nowrap=True)))


def _image(_: Any, tokens: Sequence[Token], number: int, __: Any, page: MutableMapping[str, Any]) -> str:
    """Return a picture; one that is not there is told."""
    source = page["address"](page["folder"] / str(tokens[number].attrGet("src")))
    shows = html.escape(" ".join(tokens[number].content.split()))
    if not source:
        return f"<em>(a picture that is not here: {shows})</em>"
    return f'<img alt="{shows}" src="{html.escape(source)}">'


def _link(_: Any, tokens: Sequence[Token], number: int, __: Any, ___: Any) -> str:
    """Keep links into the page and to the web; another file is not where this page is."""
    target = str(tokens[number].attrGet("href"))
    return f'<a href="{html.escape(target)}">' if target.startswith(("#", "https://", "http://")) else "<a>"
