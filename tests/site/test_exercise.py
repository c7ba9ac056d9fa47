"""Exercises in a real browser: judged as on a laptop, and student code reaches nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.authoring.handout import build_handout
from grader.checks.report import Report, reports_from_json
from grader.checks.run import check
from grader.checks.source import Source
from grader.course import Course, open_course
from grader.sandbox.pool import WorkerPool
from grader.site.build import build_site
from tests.site.helpers import LONG, Served, page_text, press, press_tab_to, serving, wait_for

pytestmark = pytest.mark.slow

ASK = """
const [exercise, files, seconds, done] = arguments;
(async () => {
  const { Desk } = await import(new URL("scripts/desk.js", document.baseURI));
  const desk = (window.desk ??= await Desk.open({ exercises: [exercise], packages: ["sqlite3", "numpy"] }));
  await desk.do("prepare", { exercise });
  const asking = desk.do("check", { exercise, files }, seconds);
  const found = await asking.catch((error) => ({ refused: error.constructor.name }));
  desk.restart();
  return found.report ?? found.refused;
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
        (each.check, each.status, each.message, each.diagnosis, each.mismatch, each.output)
        for each in report.outcomes
    ]


def checked(browser: Any, exercise: str, *asked: tuple[str, float]) -> list[Any]:
    """Check one file after the other, each in a fresh interpreter."""
    found = [browser.execute_async_script(ASK, exercise, {exercise: text}, most) for text, most in asked]
    return [reports_from_json(each)[0] if each.startswith("{") else each for each in found]


def test_a_verdict_is_the_one_of_a_laptop(
    browser: Any, whole_site: Served, handed_out: Course, pool: WorkerPool
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
    found = checked(browser, "exercise-1", *((text, SECONDS) for text in texts))
    exercise = handed_out["exercise-1"]
    for text, report in zip(texts, found, strict=True):
        source = Source("doubling.py", text.encode())
        native = check(exercise, source, pool=pool).for_student(exercise.file.feedback)
        assert told(report) == told(native), text
        assert report.seed == native.seed


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


def test_student_code_reaches_nothing(browser: Any, whole_site: Served, tmp_path: Path) -> None:
    heard: list[str] = []
    with serving(tmp_path, heard) as port:
        other = f"http://127.0.0.1:{port}/"
        browser.get(f"{whole_site.url}exercise-1.html")
        browser.execute_script(
            "window.heard = []; new BroadcastChannel('rnn-grader').onmessage = (m) => heard.push(m.data)"
        )
        probe = REACH.format(here=whole_site.url, other=other)
        (report,) = checked(browser, "exercise-1", (probe, SECONDS))
        browser.execute_async_script("setTimeout(arguments[0], 1500)")
    printed = "".join(outcome.output for outcome in report.outcomes)
    assert "REACHED" not in printed
    assert printed.count("is out of reach") >= 9
    assert heard == []
    assert browser.execute_script("return window.heard") == []


def test_an_exercise_by_keyboard(browser: Any, whole_site: Served, handed_out: Course) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.get(f"{whole_site.url}exercise-1.html")
    press_tab_to(browser, "doubling.py")
    assert "def double" in browser.find_element("css selector", "#editor").get_attribute("value")
    press(browser, Keys.TAB)
    press_tab_to(browser, "Check it")
    press(browser, Keys.ENTER)
    wait_for(browser, "#verdict", "0 of 5 credits")
    assert "not written yet" in page_text(browser)
    right = module(handed_out, **RIGHT)
    editor = browser.find_element("css selector", "#editor")
    browser.execute_script("arguments[0].value = arguments[1]; arguments[0].focus()", editor, right)
    press(browser, Keys.END)
    editor.send_keys(Keys.CONTROL, Keys.ENTER)
    wait_for(browser, "#verdict", "5 of 5 credits")
    assert "for practice: what counts is graded from your code" in page_text(browser)
    press_tab_to(browser, "Hint on double")
    press(browser, Keys.ENTER)
    wait_for(browser, "#work ol li")
    browser.get(f"{whole_site.url}exercise-1.html")
    wait_for(browser, "#work button.main")
    assert "return 2 * x" in browser.find_element("css selector", "#editor").get_attribute("value")
    assert browser.get_log("browser") == []


@LONG
def test_solutions_stubs_and_typical_mistakes_are_judged_as_on_a_laptop(
    browser: Any, course: Course, runtime: Path, pool: WorkerPool, tmp_path: Path
) -> None:
    build_handout(course, tmp_path / "handout", b"a secret of the tests' own")
    handout = open_course(tmp_path / "handout")
    build_site(handout, tmp_path / "site", runtime=str(runtime))
    mistakes = course.root / "examples" / "submissions" / "typical-mistakes" / "exercises"
    with serving(tmp_path / "site") as port:
        for exercise in handout.exercises():
            name = f"{exercise.file.module}.py"
            paths = [exercise.stub_path, course[exercise.id].solution_path, mistakes / exercise.id / name]
            texts = [path.read_text(encoding="utf-8") for path in paths if path.is_file()]
            browser.get(f"http://127.0.0.1:{port}/{exercise.id}.html")
            for text, report in zip(
                texts, checked(browser, exercise.id, *((text, 240) for text in texts)), strict=True
            ):
                native = check(exercise, Source(name, text.encode()), pool=pool)
                assert told(report) == told(native.for_student(exercise.file.feedback)), exercise.id
