"""Every kind of page is looked over by axe-core, and fits a telephone."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.site.helpers import LONG, Served, wait_for

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
    """Fail if axe-core finds anything, or if the page is wider than a telephone."""
    browser.execute_script(axe)
    assert browser.execute_async_script(LOOK) == [], browser.current_url
    wide = "return document.documentElement.scrollWidth > innerWidth"
    assert not browser.execute_script(wide), browser.current_url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_without_python(browser: Any, axe: str, written: Path, scheme: str) -> None:
    media = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
    small = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", small)
    for path in sorted(written.glob("*.html")):
        browser.get(path.as_uri())
        look(browser, axe)


@LONG
def test_a_quiz_and_an_exercise_at_work(browser: Any, axe: str, whole_site: Served) -> None:
    small = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", small)
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
