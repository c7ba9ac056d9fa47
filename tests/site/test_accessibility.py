"""Every kind of page is looked over by axe-core, fits a telephone and large letters, and does not move."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from grader.course import Course
from grader.site.build import FOLDER, POLICY, Pages
from tests.site.helpers import LONG, Served, serving, wait_for

pytestmark = pytest.mark.slow

AXE = "axe-core@4.14.1"
LOOK = (
    "axe.run().then((found) => arguments[0](found.violations.map((each) => [each.id, each.nodes[0].html])))"
)
START = "#sitting button.main"


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core."""
    folder = tmp_path_factory.mktemp("axe")
    try:
        order = ["npm", "pack", "--silent", AXE]
        subprocess.run(order, cwd=folder, check=True, capture_output=True, timeout=100)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"{AXE} cannot be had from npm here: {error}")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script
        return script.read().decode()


def look(browser: Any, axe: str) -> None:
    """Fail if axe-core finds anything, or if the page has to be scrolled sideways."""
    browser.execute_script(axe)
    assert browser.execute_async_script(LOOK) == [], browser.current_url
    wide = "return document.documentElement.scrollWidth > innerWidth"
    assert not browser.execute_script(wide), browser.current_url


def resize(browser: Any, width: int, zoom: float = 1, **media: str) -> None:
    """Make the window so wide, in pixels of CSS, and say what its owner prefers."""
    size = {"width": width, "height": 800, "deviceScaleFactor": zoom, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@pytest.mark.parametrize(
    ("width", "zoom", "scheme", "text"),
    [(360, 1, "light", "100%"), (640, 2, "dark", "100%"), pytest.param(1280, 1, "light", "200%", marks=LONG)],
    ids=["a telephone", "200 % of a laptop, in the dark", "letters twice as large"],
)
def test_pages_without_python(
    browser: Any, axe: str, written: Path, width: int, zoom: float, scheme: str, text: str
) -> None:
    resize(browser, width, zoom, prefers_color_scheme=scheme)
    with serving(written) as port:
        for path in sorted(written.glob("*.html")):
            browser.get(f"http://127.0.0.1:{port}/{path.name}")
            wait_for(browser, "button")
            browser.execute_script("document.documentElement.style.fontSize = arguments[0]", text)
            if path.name.startswith("exercise"):
                browser.execute_script("document.getElementById('yours').scrollIntoView()")
                wait_for(browser, ".code-editor")
            look(browser, axe)
        assert browser.get_log("browser") == []


@pytest.fixture(scope="module")
def real(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the real course, as its website has them, but without Python."""
    folder = tmp_path_factory.mktemp("real")
    shutil.copytree(FOLDER / "scripts", folder / "scripts")
    policy = POLICY.format(frame="'none'", others="")
    for name, text in Pages(course, policy).all().items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_pages_of_the_course_on_a_telephone(browser: Any, axe: str, real: Path) -> None:
    resize(browser, 360)
    paths = sorted(real.glob("*.html"))
    with serving(real) as port:
        for path in paths if os.environ.get("GRADER_LONG") else paths[3::8]:
            browser.get(f"http://127.0.0.1:{port}/{path.name}")
            look(browser, axe)


MOVES = """
const styles = [...document.querySelectorAll("*")].map((node) => getComputedStyle(node));
return document.getAnimations().length + styles.filter((style) => {
  const lasts = Math.max(...style.transitionDuration.split(",").map(parseFloat));
  return lasts > 0 || style.animationName !== "none" || style.scrollBehavior !== "auto";
}).length;
"""


def test_nothing_moves_for_those_who_want_no_motion(browser: Any, written: Path) -> None:
    resize(browser, 1000, prefers_reduced_motion="reduce")
    with serving(written) as port:
        for path in sorted(written.glob("*.html")):
            browser.get(f"http://127.0.0.1:{port}/{path.name}")
            wait_for(browser, "button")
            assert browser.execute_script(MOVES) == 0, path.name


@LONG
def test_a_quiz_and_an_exercise_at_work(browser: Any, axe: str, whole_site: Served) -> None:
    resize(browser, 360)
    browser.get(f"{whole_site.url}quiz-every-type.html")
    wait_for(browser, START).click()
    for number in range(1, 10):
        wait_for(browser, f".dots li:nth-child({number}) button").click()
        wait_for(browser, "#sitting h2", f"Question {number} of")
        look(browser, axe)
    wait_for(browser, "#answer, form input, form select")
    browser.get(f"{whole_site.url}exercise-1.html")
    wait_for(browser, "#work button.main").click()
    wait_for(browser, "#verdict", "0 of 5 credits")
    look(browser, axe)
