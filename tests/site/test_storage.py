"""Private windows, and browsers that may keep nothing: what is lost is told before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.site.conftest import CHROMIUM, DRIVER, start_chromium
from tests.site.firefox import PROGRAM, Firefox
from tests.site.helpers import page_text, serving, wait_for

pytestmark = pytest.mark.slow

KEEP = """
import(new URL("scripts/store.js", document.baseURI)).then(async ({ openStore }) => {
  window.store = await openStore("x");
  await store.setText("a", "kept");
  await store.add([{ event: "begun" }], 0);
  return store.lasting;
}).then(arguments[0], (error) => arguments[0](String(error)));
"""
FIND = """
import(new URL("scripts/store.js", document.baseURI)).then(async ({ openStore }) => {
  const store = await openStore("x");
  return [(await store.text("a")) ?? null, (await store.after(0)).events.length];
}).then(arguments[0], (error) => arguments[0](String(error)));
"""
KEEPS_NOTHING = "keeps nothing for this page"
REFUSING = {
    "Chromium": {"profile.default_content_setting_values.cookies": 2},
    "Firefox": {"network.cookie.cookieBehavior": 2},
}
PRIVATE = {"Chromium": "--incognito", "Firefox": "browser.privatebrowsing.autostart"}


@pytest.fixture(params=["Chromium", "Firefox"])
def name(request: pytest.FixtureRequest) -> str:
    """A browser that is installed."""
    there = {"Chromium": CHROMIUM and DRIVER, "Firefox": PROGRAM}
    if not there[request.param]:
        pytest.skip(f"{request.param} is not installed")
    return str(request.param)


@pytest.fixture
def address(written: Path) -> Iterator[str]:
    """A site without Python, served."""
    with serving(written) as port:
        yield f"http://127.0.0.1:{port}/"


def test_a_private_window_keeps_everything_while_it_is_open(name: str, address: str, tmp_path: Path) -> None:
    if name == "Chromium":
        browser = start_chromium(tmp_path / "profile", PRIVATE[name])
    else:
        browser = Firefox(tmp_path / "profile", {PRIVATE[name]: True})
    try:
        browser.get(f"{address}quiz-every-type.html")
        assert browser.execute_async_script(KEEP) is True
        browser.get(f"{address}index.html")
        assert browser.execute_async_script(FIND) == ["kept", 1]
    finally:
        browser.quit()


def test_where_site_data_is_refused_the_page_says_so_before(name: str, address: str, tmp_path: Path) -> None:
    browser: Any
    if name == "Chromium":
        browser = start_chromium(tmp_path / "profile", settings=REFUSING[name])
    else:
        browser = Firefox(tmp_path / "profile", REFUSING[name])
    try:
        for page in ("quiz-every-type.html", "exercise-1.html", "index.html"):
            browser.get(address + page)
            wait_for(browser, "main", KEEPS_NOTHING)
        assert browser.execute_async_script(KEEP) is False
        assert "Something went wrong" not in page_text(browser)
    finally:
        browser.quit()
