"""Takes the two pictures of the website in the README, of real pages in a real browser.

    python docs/site_pictures.py http://127.0.0.1:8000/

The address is that of a website of the whole course, as docs/site.md writes and shows it; Chromium and its
driver have to be installed. The exercise has a mistake on purpose, so that there is something to see.
"""

from __future__ import annotations

import base64
import shutil
import sys
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

PICTURES = Path(__file__).parent / "pictures"
MISTAKE = Path(__file__).parents[1] / "examples/submissions/typical-mistakes/exercise-3/rnn_step_backward.py"
FLAGS = ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--window-size=800,520")
SECONDS = 120
PUT = """
const area = document.getElementById("editor");
area.scrollIntoView();
area.value = arguments[0];
for (const what of ["change", "input"]) area.dispatchEvent(new Event(what));
"""
PLACE = """
const [first, last] = [...arguments].map((css) => document.querySelector(css).getBoundingClientRect());
return [scrollY + first.top, last.bottom - first.top];
"""


def main() -> None:
    """Open both pages, answer, and keep what is seen."""
    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    options.binary_location = shutil.which("chromium") or ""
    # The driver is named, since Selenium would ask the network for one.
    browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        browser.get(f"{sys.argv[1]}quiz-gates.html")
        find(browser, "#sitting button.main").click()
        find(browser, ".dots li:nth-child(5) button").click()
        find(browser, ".choice:nth-of-type(3) input").click()
        find(browser, "form button.main").click()
        find(browser, ".reply")
        keep(browser, "site-quiz.png", ".dots", ".card")
        browser.get(f"{sys.argv[1]}exercise-3.html")
        find(browser, "#work button.main")
        browser.execute_script(PUT, MISTAKE.read_text(encoding="utf-8"))
        find(browser, ".code-editor")
        find(browser, "#work button.main").click()
        find(browser, ".to-line").click()
        browser.execute_script("document.activeElement.blur()")
        keep(browser, "site-exercise.png", "#yours", "#verdict .checks > li:nth-child(2)")
    finally:
        browser.quit()


def find(browser: Any, css: str) -> Any:
    """Return an element once it is to be seen."""

    def seen(browser: Any) -> Any:
        return next(
            (each for each in browser.find_elements("css selector", css) if each.is_displayed()), None
        )

    return WebDriverWait(browser, SECONDS).until(seen)


def keep(browser: Any, name: str, first: str, last: str) -> None:
    """Write a picture of what stands from one element to another."""
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    top, height = browser.execute_script(PLACE, first, last)
    clip = {"x": 24, "y": max(0, top - 16), "width": 752, "height": height + 32, "scale": 1}
    order = {"clip": clip, "captureBeyondViewport": True}
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", order)
    (PICTURES / name).write_bytes(base64.b64decode(taken["data"]))


if __name__ == "__main__":
    main()
