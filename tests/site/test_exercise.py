"""Exercises in a real browser: judged as on a laptop, and student code reaches nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.checks.report import Report, reports_from_json
from grader.checks.run import check
from grader.checks.source import Source
from grader.course import Course
from grader.sandbox.pool import WorkerPool
from tests.site.helpers import (
    LONG,
    Served,
    code_in,
    downloaded,
    focused,
    page_text,
    press,
    press_tab_to,
    press_with_control,
    put_code,
    save_downloads,
    serving,
    wait_for,
)

pytestmark = pytest.mark.slow

ASK = """
const [exercise, files, seconds, fresh, done] = arguments;
(async () => {
  const { Desk } = await import(new URL("scripts/desk.js", document.baseURI));
  const desk = (window.desk ??= await Desk.open({ exercises: [exercise], packages: ["sqlite3", "numpy"] }));
  await desk.do("prepare", { exercise });
  const asking = desk.do("check", { exercise, files }, seconds);
  const found = await asking.catch((error) => ({ refused: error.constructor.name }));
  if (fresh) desk.restart();
  return found.report ?? found.refused;
})().then(done, (error) => done(String(error)));
"""
UNTIL = """
const [text, done] = arguments;
const look = () => (document.getElementById("editor").value === text ? done() : setTimeout(look, 50));
look();
"""
ELSEWHERE = """
const [done] = arguments;
(async () => {
  const { openStore } = await import(new URL("scripts/store.js", document.baseURI));
  const { course } = await (await fetch("runtime.json")).json();
  await (await openStore(course)).setText("file exercise-1", "elsewhere = 1\\n");
})().then(done, (error) => done(String(error)));
"""
SECONDS = 100
STUB = "raise NotImplementedError"
RIGHT = {"double": "return 2 * x", "scale": "factor, offset = pair\n    return factor * double(x) + offset"}
REACH = """
import js
import numpy as np


def double(x):
    here = {here!r}
    other = {other!r}

    def ask(make):
        def asked(address):
            asking = make(address)
            asking.open("GET", address, False)
            asking.send()
            return asking.status
        return asked

    tries = [
        ("request", ask(lambda _: js.XMLHttpRequest.new()), here + "runtime.json"),
        ("request elsewhere", ask(lambda _: js.XMLHttpRequest.new()), other),
        ("script", js.importScripts, here + "scripts/frame.js"),
        ("script elsewhere", js.importScripts, other + "x.js"),
        ("database", js.indexedDB.open, "rnn-grader"),
        ("parent", lambda _: js.parent.document.title, ""),
        ("page", lambda _: js.document.title, ""),
        ("storage", lambda _: js.localStorage.length, ""),
        ("caches", lambda _: js.caches.keys(), ""),
    ]
    for name, attempt, address in tries:
        try:
            print(name, "REACHED", attempt(address))
        except BaseException as error:
            print(name, "is out of reach")
    for name, make in (("socket", js.WebSocket.new), ("events", js.EventSource.new), ("fetch", js.fetch)):
        try:
            make(other.replace("http", "ws") if name == "socket" else other + name)
        except BaseException:
            pass
    js.BroadcastChannel.new("rnn-grader").postMessage("heard")
    raise ValueError("done")
"""


def module(course: Course, **bodies: str) -> str:
    """Return the tiny exercise's module with these bodies."""
    start, between, end = course["exercise-1"].stub_path.read_text(encoding="utf-8").split(STUB)
    return start + bodies.get("double", STUB) + between + bodies.get("scale", STUB) + end


def told(report: Report) -> Any:
    """Return what a verdict says, without what belongs to the machine."""
    return [
        (each.check, each.status, each.message, each.diagnosis, each.wrong, each.output)
        for each in report.outcomes
    ]


def checked(browser: Any, exercise: str, *asked: tuple[str, float], fresh: bool = True) -> list[Any]:
    """Check one file after the other, each in a fresh interpreter, as a page does, or all in one."""
    found = [
        browser.execute_async_script(ASK, exercise, {exercise: text}, most, fresh) for text, most in asked
    ]
    return [reports_from_json(each)[0] if each.startswith("{") else each for each in found]


def test_verdicts_are_those_of_a_laptop_and_student_code_reaches_nothing(
    browser: Any, whole_site: Served, handed_out: Course, pool: WorkerPool, tmp_path: Path
) -> None:
    texts = [
        module(handed_out),
        module(handed_out, **RIGHT),
        module(handed_out, double="return x * x", scale=RIGHT["scale"]),
        module(handed_out, double="x *= 2\n    return x", scale="return undefined"),
        "def double(x):\n    print('here')\n    return x[0]\n",
        "def double(x:\n",
    ]
    browser.get(f"{whole_site.url}exercise-1.html")
    fresh = bool(os.environ.get("GRADER_LONG"))  # these are honest, so that one interpreter will do
    found = checked(browser, "exercise-1", *((text, SECONDS) for text in texts), fresh=fresh)
    exercise = handed_out["exercise-1"]
    for text, report in zip(texts, found, strict=True):
        source = Source("doubling.py", text.encode())
        native = check(exercise, source, pool=pool).for_student(exercise.file.feedback)
        assert told(report) == told(native), text
        assert report.seed == native.seed
    heard: list[str] = []
    with serving(tmp_path, heard) as port:
        reaches_nothing(browser, REACH.format(here=whole_site.url, other=f"http://127.0.0.1:{port}/"))
    assert heard == []


def reaches_nothing(browser: Any, probe: str) -> None:
    """Check code that tries to reach something, and fail if it does; the last in its interpreter."""
    listen = "window.heard = []; new BroadcastChannel('rnn-grader').onmessage = (m) => heard.push(m.data)"
    browser.execute_script(listen)
    (report,) = checked(browser, "exercise-1", (probe, SECONDS))
    browser.execute_async_script("setTimeout(arguments[0], 1500)")
    printed = "".join(outcome.output for outcome in report.outcomes)
    assert "REACHED" not in printed
    assert printed.count("is out of reach") >= 9
    assert browser.execute_script("return window.heard") == []


@LONG
def test_one_check_leaves_nothing_to_the_next(browser: Any, whole_site: Served, handed_out: Course) -> None:
    right = module(handed_out, **RIGHT)
    spoils = f"import numpy\nnumpy.ndarray = numpy.array = numpy.multiply = None\n{right}"
    endless = right.replace("return 2 * x", "while True: pass")
    browser.get(f"{whole_site.url}exercise-1.html")
    found = checked(
        browser, "exercise-1", (right, SECONDS), (spoils, SECONDS), (endless, 5), (right, SECONDS)
    )
    assert found[1:3] == ["Trouble", "Hung"]
    assert found[0].passed
    assert found[3].passed


LOUD = """
said = []


def double(x):
    if not said:
        said.append(True)
        for _ in range(1000):
            print("x" * 100_000)
    print("this is the end")
    return 3 * x
"""
FROM_INSIDE = """
import js
import pyodide_js
from pyodide.code import run_js

import grader.checks.run
import grader.checks.report
import grader.site.browser

ATTEMPTS = {
    "eval": lambda: run_js("self.location.href"),
    "script": lambda: run_js("importScripts('data:text/javascript,1')"),
    "database": lambda: run_js("indexedDB.open('rnn-grader')") or js.indexedDB.open("rnn-grader"),
    "parent": lambda: js.parent.document.title,
    "page": lambda: pyodide_js.globals.get("document").title,
    "storage": lambda: js.localStorage.length,
}
for name, attempt in ATTEMPTS.items():
    try:
        print(name, "REACHED", attempt())
    except BaseException:
        print(name, "is out of reach")


def spoil():
    pyodide_js.FS.writeFile("/program/grader/numeric.py", "raise SystemExit")
    pyodide_js.FS.writeFile("/course/exercises/exercise-1/check_doubling.py", "def check_all(): pass")
    js.Object.prototype.polluted = 1
    js.MessagePort.prototype.postMessage = None
    js.self.fetch = js.self.onmessage = None
    grader.checks.run.judge = lambda check, error: ("passed", "")
    grader.checks.report.Report.earned = 99


def double(x):
    print("here")
    return 3 * x
"""


@LONG
def test_what_code_prints_and_does_to_its_interpreter_ends_with_it(
    browser: Any, whole_site: Served, handed_out: Course, pool: WorkerPool
) -> None:
    right, wrong = module(handed_out, **RIGHT), module(handed_out, double="return 3 * x")
    spoils = f"{FROM_INSIDE}\n\nspoil()\n"
    browser.get(f"{whole_site.url}exercise-1.html")
    texts = (LOUD, FROM_INSIDE, spoils, wrong, right)
    loud, inside, _, *others = checked(browser, "exercise-1", *((text, SECONDS) for text in texts))
    exercise = handed_out["exercise-1"]

    def native(text: str) -> Report:
        report = check(exercise, Source("doubling.py", text.encode()), pool=pool)
        return report.for_student(exercise.file.feedback)

    assert told(loud) == told(native(LOUD))
    printed = "".join(outcome.output for outcome in inside.outcomes)
    assert "bytes left out" in "".join(outcome.output for outcome in loud.outcomes)
    assert "REACHED" not in printed
    assert printed.count("is out of reach") >= 6
    assert [told(report) for report in others] == [told(native(wrong)), told(native(right))]
    assert browser.execute_script("return ({}).polluted ?? null") is None


def test_an_exercise_by_keyboard(browser: Any, whole_site: Served, handed_out: Course) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.get(f"{whole_site.url}exercise-1.html")
    wait_for(browser, ".code-editor")
    press_tab_to(browser, "doubling.py")
    assert "def double" in code_in(browser, "editor")
    press(browser, Keys.ESCAPE, Keys.TAB)  # Tab alone indents
    if every := bool(os.environ.get("GRADER_LONG")):
        press_tab_to(browser, "Check it")
        press(browser, Keys.ENTER)
        wait_for(browser, "#verdict", "0 of 5 credits")
        assert "not written yet" in page_text(browser)
    press_tab_to(browser, "Hint on double")
    press(browser, Keys.ENTER)
    wait_for(browser, ".hints li")
    written = module(handed_out, **RIGHT).replace("return 2 * x", "return y")
    put_code(browser, "editor", written)
    press_tab_to(browser, "Check it", back=True)
    press(browser, Keys.ENTER)
    wait_for(browser, "#verdict .to-line")
    press_tab_to(browser, "doubling.py, line")  # what the verdict names leads there
    press(browser, Keys.ENTER)
    assert focused(browser) == "doubling.py"
    press(browser, Keys.END, Keys.BACKSPACE, "2 * x")
    press_with_control(browser, Keys.ENTER)
    wait_for(browser, "#verdict", "5 of 5 credits")
    assert "return 2 * x" in code_in(browser, "editor")
    assert "for practice: what counts is graded from your code" in page_text(browser)
    if every:  # of a fresh interpreter
        press_tab_to(browser, "Hint on double")
        press(browser, Keys.ENTER)
        wait_for(browser, ".hints", "1 more to come")
    browser.get(f"{whole_site.url}exercise-1.html")
    wait_for(browser, "#work button.main")
    assert "return 2 * x" in code_in(browser, "editor")
    assert browser.get_log("browser") == []


# --- the editor, which starts no Python ---------------------------------------------------------------


@pytest.fixture
def page(written: Path) -> Iterator[str]:
    """The address of the exercise's page, without Python."""
    with serving(written) as port:
        yield f"http://127.0.0.1:{port}/exercise-1.html"


def edited(browser: Any, address: str, text: str = "") -> None:
    """Open an exercise, and put something into its editor."""
    browser.get(address)
    wait_for(browser, ".code-editor")
    if text:
        put_code(browser, "editor", text)
        browser.execute_async_script("setTimeout(arguments[0], 300)")  # it is in the store


def test_python_is_typed_with_spaces(browser: Any, page: str) -> None:
    from selenium.webdriver.common.keys import Keys

    edited(browser, page, "x")
    press_tab_to(browser, "doubling.py")
    press_with_control(browser, "a")
    press(browser, "def double(x):", Keys.ENTER, "if x:", Keys.ENTER, "y", Keys.ENTER, Keys.TAB, "z")
    press(browser, Keys.ESCAPE, Keys.TAB)
    assert code_in(browser, "editor") == "def double(x):\n    if x:\n        y\n            z"
    assert focused(browser) == "Check it"
    assert browser.get_log("browser") == []  # nor did the policy refuse a style of the editor's


def test_without_its_script_the_text_area_is_the_editor(browser: Any, written: Path, tmp_path: Path) -> None:
    shutil.copytree(written, tmp_path / "site")
    (tmp_path / "site" / "scripts" / "codemirror.js").unlink()
    with serving(tmp_path / "site") as port:
        for _ in range(2):
            browser.get(f"http://127.0.0.1:{port}/exercise-1.html")
            wait_for(browser, "#editor:not([readonly])").send_keys("# mine\n")
            browser.execute_async_script("setTimeout(arguments[0], 300)")
    assert code_in(browser, "editor").count("# mine") == 2


def test_a_file_is_loaded_down_and_up(browser: Any, page: str, tmp_path: Path) -> None:
    save_downloads(browser, tmp_path / "down")
    edited(browser, page, "y = 1\n")
    wait_for(browser, "#work button", "Download").click()
    assert downloaded(tmp_path / "down" / "doubling.py") == b"y = 1\n"
    (tmp_path / "mine.py").write_text("z = 2\n", encoding="utf-8")
    (tmp_path / "large.py").write_bytes(b"#" * (2**20 + 1))
    chosen = browser.find_element("css selector", "#work input[type=file]")
    chosen.send_keys(str(tmp_path / "mine.py"))
    wait_for(browser, "#work [role=status]", "mine.py is in the editor")
    assert code_in(browser, "editor") == "z = 2\n"
    chosen.send_keys(str(tmp_path / "large.py"))
    wait_for(browser, "#work .trouble", "large.py is larger than 1 MiB")
    (tmp_path / "down" / "doubling.py").unlink()
    wait_for(browser, "#work button", "Put the stub back").click()
    assert downloaded(tmp_path / "down" / "doubling.py") == b"z = 2\n"
    assert STUB in code_in(browser, "editor")
    edited(browser, page)
    assert STUB in code_in(browser, "editor")


def test_two_tabs_lose_nothing_of_each_other(browser: Any, page: str) -> None:
    edited(browser, page, "first = 1\n")
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    edited(browser, page, "second = 2\n")
    browser.switch_to.window(first)
    browser.execute_async_script(UNTIL, "second = 2\n")
    put_code(browser, "editor", "first = 3\n")
    browser.switch_to.window(browser.window_handles[1])
    browser.execute_async_script(UNTIL, "first = 3\n")


def test_what_two_tabs_write_at_once_is_told(browser: Any, page: str) -> None:
    edited(browser, page, "first = 1\n")
    browser.execute_async_script(ELSEWHERE)
    put_code(browser, "editor", "first = 2\n")
    wait_for(browser, "#work .trouble", "changed in another tab meanwhile, and what stands here is not kept")
    edited(browser, page)
    assert code_in(browser, "editor") == "elsewhere = 1\n"


def test_a_browser_that_keeps_nothing_says_so_at_once(browser: Any, page: str) -> None:
    refuse = "IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError'); }"
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": refuse})
    browser.get(page)
    wait_for(browser, "#work .trouble", "This browser keeps nothing for this page: download your file")
    browser.get(page.replace("exercise-1", "quiz-every-type"))
    wait_for(browser, "#sitting .trouble", "what you answer is gone when you close it")
    browser.get(page.replace("exercise-1", "index"))
    wait_for(browser, "#progress", "This browser keeps nothing for this page: save your progress")


def test_a_full_disk_is_told_before_anything_is_lost(browser: Any, page: str) -> None:
    origin = page.rpartition("/")[0]
    browser.execute_cdp_cmd("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1})
    edited(browser, page, "y = 2\n")
    wait_for(browser, "#work .trouble", "This browser stores no more: download your file")
    browser.execute_cdp_cmd("Storage.overrideQuotaForOrigin", {"origin": origin})
    put_code(browser, "editor", "z = 3\n")
    browser.execute_async_script("setTimeout(arguments[0], 300)")
    edited(browser, page)
    assert code_in(browser, "editor") == "z = 3\n"
