"""Lessons as pages: whole in one file, nothing of the author's Markdown taken for HTML."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from grader.course.mathtext import FENCE, SPAN
from grader.reports.lesson import lesson_page, markdown_html, with_pictures_told

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted((ROOT / "exercises").glob("*/lesson.md")), ROOT / "quizzes" / "faq.md"]


def write(folder: Path, text: str) -> Path:
    path = folder / "lesson.md"
    path.write_text(text, encoding="utf-8")
    return path


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.parent.name)
def test_every_page_of_the_course_stands_alone(path: Path) -> None:
    page = lesson_page(path)
    tags = Tags(page).found
    targets = [value for _, held in tags for name, value in held.items() if name in ("src", "href")]
    assert all((value or "").startswith(("#", "data:image/", "https://")) for value in targets)
    assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "object"}
    formulas = SPAN.findall("".join(FENCE.split(path.read_text(encoding="utf-8"))[::2]))
    assert sum(tag == "math" for tag, _ in tags) == len(formulas)  # one reading of the dollar signs
    shown = [held for tag, held in tags if tag == "img"]
    assert len(shown) == path.read_text(encoding="utf-8").count("![")
    assert all(len(held["alt"] or "") > 40 for held in shown)
    assert [tag for tag, _ in tags].count("h1") == 1


def test_html_in_a_lesson_is_text(tmp_path: Path) -> None:
    page = lesson_page(
        write(tmp_path, "# A & B\n\n<script>alert(1)</script> and <b>this</b>\n\n<div>\n\nx\n")
    )
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; and &lt;b&gt;this&lt;/b&gt;" in page
    assert "<title>A &amp; B</title>" in page


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("Is $h_{t-1}$ $5?", "<math "),
        ("$$\n\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}\n$$", 'display="block"'),
        ("| a | b |\n|---|---|\n| `x` | $y$ |", '<div class="wide"><table>'),
        ("```python\nif x < 1:\n    pass\n```", '<span class="k">if</span>'),
        ("```text\na < b\n```", "a &lt; b"),
        ("see [two](../exercise-2/lesson.md)", "see <a>two</a>"),
        ("see [it](https://example.org/?a=1&b=2)", '<a href="https://example.org/?a=1&amp;b=2">it</a>'),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("$a_1_2$", "<code>a_1_2</code>"),
        ('![what "it" shows](gone.svg)', "(a picture that is not here: what &quot;it&quot; shows)"),
        ("![secret](../exercise.yaml)", "(a picture that is not here: secret)"),
    ],
)
def test_markdown_becomes(markdown: str, shown: str, tmp_path: Path) -> None:
    assert shown in markdown_html(markdown, tmp_path)


def test_a_picture_is_in_the_page(tmp_path: Path) -> None:
    (tmp_path / "dot.svg").write_bytes(b"<svg/>")
    found = re.search(
        r'<img alt="a dot" src="data:image/svg\+xml;base64,([^"]+)">',
        markdown_html("![a\ndot](dot.svg)", tmp_path),
    )
    assert found
    assert base64.b64decode(found[1]) == b"<svg/>"


def test_the_short_way_stands_apart(tmp_path: Path) -> None:
    text = "# Title\n\n## In short\n\nDo it.\n\n## Why\n\nSo.\n"
    page = lesson_page(write(tmp_path, text))
    apart = page[page.index('<section class="short">') : page.index("</section>")]
    assert "Do it." in apart
    assert "So." not in apart
    assert 'class="short"' not in lesson_page(write(tmp_path, text.replace("In short", "At length")))


def test_a_terminal_is_told_of_pictures() -> None:
    told = with_pictures_told("See\n![a line\nof dots](../exercise-7/x.svg)", Path("exercises/exercise-9"))
    assert told == "See\n(Picture `exercises/exercise-7/x.svg`: a line of dots)"
