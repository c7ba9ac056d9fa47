"""Firefox for the site's tests, by WebDriver BiDi: it needs no driver, which no registry of packages has.

What the tests ask of a browser is called as in Selenium, so that the same tests run in both.
"""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import websocket

from tests.site.helpers import WAIT

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox")
QUIET = {  # nothing that a browser asks the network for by itself
    "app.normandy.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
CALL = """function (...given) {{
  const values = given.map((each) => (typeof each === "string" ? JSON.parse(each) : each));
  const called = (function () {{ {body} }});
  const told = (value) => JSON.stringify(value === undefined ? null : value);
  return {returned};
}}"""
AT_ONCE = "told(called.apply(null, values))"
LATER = "new Promise((done) => called.apply(null, [...values, done])).then(told)"
SEEN = (
    "const at = arguments[0].getBoundingClientRect(); return arguments[0].checkVisibility() && at.width > 0"
)


class StaleElement(Exception):
    """It has left the page."""


class Element:
    """Something on a page."""

    def __init__(self, firefox: Firefox, shared: str) -> None:
        self.firefox, self.shared = firefox, shared

    def _ask(self, body: str, *values: Any) -> Any:
        return self.firefox.execute_script(body, self, *values)

    @property
    def text(self) -> str:
        """What it says."""
        return str(self._ask("return arguments[0].innerText"))

    def is_displayed(self) -> bool:
        """Whether it is to be seen."""
        return bool(self._ask(SEEN))

    def get_attribute(self, name: str) -> str:
        """Return what it holds under a name."""
        return str(self._ask("return arguments[0][arguments[1]]", name))

    get_property = get_attribute

    def clear(self) -> None:
        """Take away what is typed in it."""
        self._ask("arguments[0].value = ''; arguments[0].dispatchEvent(new Event('input'))")

    def click(self) -> None:
        """Click in its middle."""
        self._ask("arguments[0].scrollIntoView({ block: 'center' })")
        origin = {"type": "element", "element": {"sharedId": self.shared}}
        moves = [{"type": "pointerMove", "x": 0, "y": 0, "origin": origin}]
        moves += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.firefox.act({"type": "pointer", "id": "mouse", "actions": moves})

    def send_keys(self, *keys: str) -> None:
        """Type into it; keys that change others are held down."""
        self._ask("arguments[0].focus()")
        self.firefox.press(*keys)


class Firefox:
    """One Firefox that has never been anywhere.

    Args:
        profile: a new folder.
        settings: besides those that keep it quiet.
    """

    def __init__(self, profile: Path, settings: Mapping[str, object] | None = None) -> None:
        profile.mkdir()
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});"
            for name, value in (QUIET | dict(settings or {})).items()
        ]
        (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        order = [str(PROGRAM), "--headless", "--remote-debugging-port", "0", "--profile", str(profile)]
        self._process = subprocess.Popen(order, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self._socket = websocket.create_connection(
            f"{self._address()}/session", timeout=WAIT, suppress_origin=True
        )
        self._count, self._errors = 0, list[str]()
        self.capabilities = self.ask("session.new", capabilities={})["capabilities"]
        self.ask("session.subscribe", events=["log.entryAdded"])
        # Keys press buttons only in the window in front, which the one that Firefox begins with never is.
        opened = self.ask("browsingContext.create", type="window")
        self._page = {"context": opened["context"]}
        self.ask("browsingContext.activate", **self._page)

    def _address(self) -> str:
        """Wait until it says where it listens."""
        told: queue.Queue[str] = queue.Queue()
        assert self._process.stderr
        lines = self._process.stderr

        def read() -> None:
            for line in lines:
                told.put(line)

        self._reader = threading.Thread(target=read)
        self._reader.start()
        while "BiDi listening on" not in (line := told.get(timeout=WAIT)):
            pass
        return line.split()[-1]

    def ask(self, method: str, **params: Any) -> Any:
        """Send a command; return its result."""
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv())
            if said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                self._errors.append(said["params"]["text"])
            if said.get("id") == self._count:
                if said.get("error") in ("no such node", "stale element reference"):
                    raise StaleElement
                assert "result" in said, said
                return said["result"]

    def get(self, address: str) -> None:
        """Open a page."""
        self.ask("browsingContext.navigate", **self._page, url=address, wait="complete")

    def find_elements(self, by: str, css: str) -> list[Element]:
        """Return all elements that a selector finds, or an id."""
        locator = {"type": "css", "value": f"#{css}" if by == "id" else css}
        nodes = self.ask("browsingContext.locateNodes", **self._page, locator=locator)["nodes"]
        return [Element(self, node["sharedId"]) for node in nodes]

    def find_element(self, by: str, css: str) -> Element:
        """Return the first one."""
        return self.find_elements(by, css)[0]

    def execute_script(self, body: str, *values: Any) -> Any:
        """Run a script in the page."""
        return self._run(CALL.format(body=body, returned=AT_ONCE), values)

    def execute_async_script(self, body: str, *values: Any) -> Any:
        """Run a script that calls its last argument when it is done."""
        return self._run(CALL.format(body=body, returned=LATER), values)

    def _run(self, function: str, values: tuple[Any, ...]) -> Any:
        given = [
            {"sharedId": value.shared}
            if isinstance(value, Element)
            else {"type": "string", "value": json.dumps(value)}
            for value in values
        ]
        said = self.ask(
            "script.callFunction",
            functionDeclaration=function,
            awaitPromise=True,
            target=self._page,
            arguments=given,
        )
        assert said["type"] == "success", said["exceptionDetails"]["text"]
        return json.loads(said["result"]["value"])

    def act(self, *actions: Mapping[str, Any]) -> None:
        """Move the mouse or press keys."""
        self.ask("input.performActions", **self._page, actions=list(actions))
        self.ask("input.releaseActions", **self._page)

    def press(self, *keys: str) -> None:
        """Press keys where the focus is; keys that change others stay down to the end."""
        from selenium.webdriver.common.keys import Keys

        moves: list[dict[str, str]] = []
        held: list[dict[str, str]] = []
        for key in (sign for text in keys for sign in text):
            moves.append({"type": "keyDown", "value": key})
            up = {"type": "keyUp", "value": key}
            (held if key in (Keys.CONTROL, Keys.SHIFT, Keys.ALT) else moves).append(up)
        moves += held
        self.act({"type": "key", "id": "keys", "actions": moves})

    def set_script_timeout(self, seconds: float) -> None:
        """Wait so long for a script."""
        self._socket.settimeout(seconds)

    def get_log(self, kind: str) -> list[str]:
        """Return what went wrong in pages so far."""
        found, self._errors = self._errors, []
        return found

    def quit(self) -> None:
        """End it."""
        self._socket.close()
        self._process.terminate()
        self._process.wait(WAIT)
        self._reader.join()
        assert self._process.stderr
        self._process.stderr.close()
