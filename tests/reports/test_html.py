"""The HTML pages in a browser: nothing runs, nothing is fetched, everything can be read."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError
from markupsafe import escape

from grader.progress.grades import Grade
from grader.reports.classes import class_page, student_page
from grader.reports.html import POLICY, render, report_html
from tests.reports.samples import (
    MARKUP,
    SECRET,
    exercise,
    graded,
    hidden,
    hostile,
    of_class,
    outcome,
    typical,
)

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run"
).split()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if not (CHROMIUM and DRIVER):
        pytest.skip("Chromium is not installed (.ci/run installs it)")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


PAGES: dict[str, Callable[[], str]] = {
    "student": lambda: student_page(typical(), "A course"),
    "hostile student": lambda: student_page(hostile(), MARKUP),
    "report": lambda: report_html(typical().reports[0]),
    "hostile report": lambda: report_html(hostile().reports[0]),
    "class": lambda: class_page(of_class(hostile(), typical(), Grade("b.zip", problem=MARKUP))),
    "empty class": lambda: class_page(of_class()),
}
"""Every kind of page, with the worst that a student can write and with one of everything."""


@functools.cache
def page_of(name: str) -> str:
    return PAGES[name]()


def visit(browser: Any, page: str, folder: Path) -> list[str]:
    """Open a page and return what it did that a page of ours may not do.

    Args:
        folder: where it is written to.
    """
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    for kind in ("browser", "performance"):
        browser.get_log(kind)  # which forgets what was before
    browser.get(path.as_uri())
    faults = [entry["message"] for entry in browser.get_log("browser")]
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [
        one["params"]["request"]["url"]
        for one in events
        if one["method"] == "Network.requestWillBeSent"
        # without those of the browser's own first page
        and not one["params"]["documentURL"].startswith(("chrome:", "chrome-untrusted:"))
    ]
    assert path.as_uri() in sent  # or nothing was watched
    faults += [f"asked for {url}" for url in sent if url != path.as_uri()]
    if browser.title == "owned":
        faults.append("a script ran")
    others = "script,img,iframe,a:not([href^='students/'])"
    elements = browser.execute_script(f'return [...document.querySelectorAll("{others}")].length')
    return faults + ["has elements that no page of ours has"] * bool(elements)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_and_nothing_is_fetched(browser: Any, tmp_path: Path, name: str) -> None:
    assert visit(browser, page_of(name), tmp_path) == []


@pytest.mark.slow
def test_the_planted_markup_is_on_the_pages_as_text(browser: Any, tmp_path: Path) -> None:
    for name, places in (("hostile student", 7), ("class", 4)):
        visit(browser, page_of(name), tmp_path)
        shown = browser.execute_script("return document.documentElement.textContent")
        assert shown.count(MARKUP) >= places


@pytest.mark.slow
@pytest.mark.parametrize("policy", [True, False])
def test_an_unescaped_page_is_caught(browser: Any, tmp_path: Path, policy: bool) -> None:
    fault = page_of("hostile student").replace(str(escape(MARKUP)), MARKUP)
    if not policy:
        fault = fault.replace(POLICY, "")
    faults = visit(browser, fault, tmp_path)
    assert "has elements that no page of ours has" in faults
    assert ("a script ran" in faults) is not policy
    assert policy is any("Content Security Policy" in one for one in faults)


STRUCTURE = """
const all = (what) => [...document.querySelectorAll(what)];
return {
  h1: all('h1').length,
  levels: all('h1,h2,h3,h4').map((one) => Number(one.tagName[1])),
  lang: document.documentElement.lang,
  landmarks: ['header', 'main', 'footer'].map((one) => all(`body > ${one}`).length),
  tables: all('table').length,
  captions: all('table').filter((one) => one.caption && one.caption.textContent.trim()).length,
  scopeless: all('th:not([scope])').length,
  emptyHeads: all('thead th').filter((one) => !one.textContent.trim()).length,
  nameless: all('svg:not([aria-hidden]),[role=img]')
    .filter((one) => !one.hasAttribute('aria-labelledby') && !one.hasAttribute('aria-label')).length,
  dangling: all('[aria-labelledby]').flatMap((one) => one.getAttribute('aria-labelledby').split(' '))
    .filter((id) => !document.getElementById(id)).length,
  wide: document.documentElement.scrollWidth - window.innerWidth,
};
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_the_structure_can_be_read_aloud(browser: Any, tmp_path: Path, name: str) -> None:
    visit(browser, page_of(name), tmp_path)
    found = browser.execute_script(STRUCTURE)
    assert (found["h1"], found["lang"], found["landmarks"]) == (1, "en", [1, 1, 1])
    levels = found["levels"]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert found["tables"] == found["captions"] >= ("report" not in name)
    assert not any(found[key] for key in ("scopeless", "emptyHeads", "nameless", "dangling"))


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_screen_does_not_scroll_sideways(browser: Any, tmp_path: Path, name: str) -> None:
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    visit(browser, page_of(name), tmp_path)
    assert browser.execute_script("return window.innerWidth") == 400
    assert browser.execute_script(STRUCTURE)["wide"] <= 0
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


# --- without a browser ---------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_has_contrast_in_light_and_dark() -> None:
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.01)  # WCAG's own example
    style = files("grader.reports").joinpath("page.css").read_text(encoding="utf-8")
    roots = re.findall(r":root \{[^}]*\}", style)
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6});", block)) for block in roots[:2])
    for palette in (light, dark):
        for ink in ("ink", "muted", "passed", "failed", "error", "skipped", "accent"):
            for paper in ("paper", "card"):
                assert contrast(palette[ink], palette[paper]) >= 4.5, (ink, paper)
        for bar in ("passed", "accent"):
            assert contrast(palette[bar], palette["track"]) >= 3


OURS = (
    "class id lang charset name content http-equiv role scope colspan aria-hidden aria-label aria-labelledby "
    "viewbox preserveaspectratio width height x y x1 x2 y1 y2 rx d"
).split()


class Outward(HTMLParser):
    """Collects all attributes and style rules that are not ours, and so could fetch, lead away or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = re.findall(r"@import|url\(", page.partition("</style>")[0])
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        to_student = re.compile(r"students/[^/?#:]+/report\.html")
        ours = {
            *OURS,
            *(name for name, value in attrs if name == "href" and to_student.fullmatch(value or "")),
        }
        self.found += [f"{tag} {name}" for name, _ in attrs if name not in ours]


def test_no_page_refers_to_anything_outside() -> None:
    for page in map(page_of, PAGES):
        assert page.count(f'content="{POLICY}"') == 1
        assert Outward(page).found == []
    fault = page_of("class").replace(str(escape(MARKUP)), MARKUP)
    assert {"img src", "img onerror"} <= {*Outward(fault).found}


def test_a_page_cleans_and_escapes_whatever_it_prints() -> None:
    report = dataclasses.replace(typical().reports[0], title="<b>\x1b[2J\u202e")
    assert report_html(report).count("&lt;b&gt;\\x1b[2J\\u202e") == 3  # title, heading, section


def test_a_page_that_is_not_given_everything_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("report")


def test_a_report_s_page_holds_what_the_report_holds() -> None:
    report = hidden("names").reports[0]
    assert SECRET in report_html(report)
    page = report_html(report.for_student("none"))
    assert SECRET not in page
    assert "A hidden check" in page
    assert "2 <small>of 6 credits</small>" in page


def test_status_is_never_colour_alone() -> None:
    page = student_page(typical())
    for sign, word in (("✓", "passed"), ("✗", "failed"), ("–", "skipped"), ("!", "error")):
        sighted = f'<span class="mark" aria-hidden="true">{sign}</span>'
        assert f'{sighted}<span class="away">{word}: </span>' in page


def test_a_student_s_page_says_what_the_checks_say() -> None:
    page = student_page(typical(), "A course")
    assert "6 <small>of 13 credits</small>" in page
    assert "hs (T + 1, H): x marks what is wrong, only in state 2" in page
    assert "<b>This looks familiar.</b> Which side?" in page
    assert "<summary>Your code printed</summary><pre>here</pre>" in page
    assert "<code>step</code> changes its argument" in page
    assert "Handed in a day late." in page
    assert "Question 3 was not answered." in page


def test_what_several_checks_say_is_said_once() -> None:
    same = [outcome(message="not written yet", check=f"check_{number}") for number in range(4)]
    page = student_page(graded("ada", exercise(*same)))
    assert page.count("not written yet") == 1
    assert "The next 3 say the same." in page


def test_the_drawing_of_a_class_counts_every_graded_submission_once() -> None:
    grades = [graded(str(number), *typical("failed").reports) for number in range(3)]
    page = class_page(of_class(*grades, typical("failed"), Grade("none", problem="broken")))
    told = re.search(r'<desc id="lie-d">([^<]*)</desc>', page)
    assert told
    counts = [int(part.rpartition(": ")[2]) for part in told[1].split("; ")]
    assert sum(counts) == 4
    assert "5</dd>" in page
    assert "broken" in page
