"""What the site's tests share: a server, and how to wait for a page."""

from __future__ import annotations

import functools
import http.server
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

LONG = pytest.mark.skipif(not os.environ.get("GRADER_LONG"), reason="starts Python again; in .ci/long")
WAIT = 150.0  # seconds; a busy machine takes long to start Python in a browser
CHANGED = """
const done = arguments[0];
const end = () => { watch.disconnect(); setTimeout(done, 20); }; // after what else changes with it
const watch = new MutationObserver(end);
watch.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
setTimeout(end, 500); // it may have changed before this began, or by a style sheet
"""
GIVE_NAME = """
(async () => {
  const { openStore } = await import(new URL("scripts/store.js", document.baseURI));
  const { course } = await (await fetch("runtime.json")).json();
  const store = await openStore(course);
  const at = "2026-11-01T10:00:00+00:00";
  await store.add([{ event: "logged_in", at, learner: "ada", name: "Ada" }], (await store.after(0)).last);
})().then(() => arguments[0](""), (error) => arguments[0](String(error)));
"""


class Served(NamedTuple):
    """A website that a browser can open."""

    folder: Path
    url: str


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files as any static host does, and keeps what it was asked for.

    Args:
        public: whether pages of other hosts may read them, as a network of files says.
    """

    def __init__(self, heard: list[str], public: bool, *arguments: Any, **options: Any) -> None:
        self.heard, self.public = heard, public
        super().__init__(*arguments, **options)

    def end_headers(self) -> None:
        """Say to whom the files may be shown."""
        if self.public:
            self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Keep what was asked for."""
        self.heard.append(self.path)

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing."""


@contextmanager
def serving(folder: Path, heard: list[str] | None = None, public: bool = False) -> Iterator[int]:
    """Serve a folder; give the port.

    Args:
        heard: is given the paths that are asked for.
        public: whether pages of other hosts may read the files.
    """
    handler = functools.partial(Quiet, [] if heard is None else heard, public, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def wait_for(browser: Any, css: str, text: str = "") -> Any:
    """Return the first element that a selector finds and that is to be seen, once it holds a text."""
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        for element in browser.find_elements("css selector", css):
            try:
                if element.is_displayed() and text in element.text:
                    return element
            except Exception as error:  # it has gone meanwhile
                if "stale" not in type(error).__name__.casefold():
                    raise
        browser.execute_async_script(CHANGED)
    raise AssertionError(f"no {css} with {text!r}; the page says:\n{page_text(browser)}")


def page_text(browser: Any) -> str:
    """Return all that a page says."""
    return str(browser.find_element("css selector", "body").text)


def press(browser: Any, *keys: str) -> Any:
    """Press keys where the focus is."""
    if hasattr(browser, "press"):
        return browser.press(*keys)
    from selenium.webdriver.common.action_chains import ActionChains

    chain = ActionChains(browser)
    for key in keys:
        chain.send_keys(key)
    return chain.perform()


def press_with(browser: Any, held: str, key: str) -> Any:
    """Press a key while another one is held, where the focus is."""
    from selenium.webdriver.common.action_chains import ActionChains

    if hasattr(browser, "press"):
        return browser.press(held, key)
    return ActionChains(browser).key_down(held).send_keys(key).key_up(held).perform()


def press_with_control(browser: Any, key: str) -> Any:
    """Press a key while Ctrl is held, where the focus is."""
    from selenium.webdriver.common.keys import Keys

    return press_with(browser, Keys.CONTROL, key)


def focused(browser: Any) -> str:
    """Say what has the focus: its text, or what it is called; nothing if it is the page."""
    inside = "while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;"  # of an editor of code
    name = "at.ariaLabel || (at.labels?.[0] ?? at).textContent"
    order = f"let at = document.activeElement; {inside} return at === document.body ? '' : {name}"
    return str(browser.execute_script(order)).strip()


def press_tab_to(browser: Any, name: str, most: int = 60, back: bool = False) -> None:
    """Press Tab, or Shift+Tab, until something of this name has the focus.

    Past the last thing on a page lie the browser's own buttons, from which a page in Firefox, as it is driven
    here, gets the focus back only in part: go back rather than round.
    """
    from selenium.webdriver.common.keys import Keys

    for _ in range(most):
        if name in focused(browser):
            return
        if back:
            press(browser, Keys.ESCAPE)  # in an editor of code, Tab alone indents
            press_with(browser, Keys.SHIFT, Keys.TAB)
        else:
            press(browser, Keys.ESCAPE, Keys.TAB)
    raise AssertionError(f"Tab does not lead to {name!r}")


def put_code(browser: Any, area: str, text: str) -> None:
    """Put a program into an editor, as an upload does: its text area holds it, and is told of the change."""
    tell = "for (const what of ['change', 'input']) at.dispatchEvent(new Event(what))"
    order = f"const at = document.getElementById(arguments[0]); at.value = arguments[1]; {tell}"
    browser.execute_script(order, area, text)


def code_in(browser: Any, area: str) -> str:
    """Return the program in an editor."""
    return str(browser.find_element("id", area).get_property("value"))


def save_downloads(browser: Any, folder: Path) -> None:
    """Let a browser save files into a folder."""
    order = {"behavior": "allow", "downloadPath": str(folder)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", order)


def downloaded(path: Path) -> bytes:
    """Return a file once it has been saved."""
    until = time.monotonic() + WAIT
    while not path.is_file():
        assert time.monotonic() < until, f"{path.name} is not there, but {sorted(path.parent.glob('*'))}"
        time.sleep(0.05)
    return path.read_bytes()
