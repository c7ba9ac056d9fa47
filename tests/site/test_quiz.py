"""Quizzes in a real browser: marked as in a terminal, by keyboard, kept, and without a request to others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from grader.course import Course
from grader.progress import open_ledger
from grader.progress.transfer import take_in
from grader.quiz.code import CodeRunner
from grader.quiz.credits import QuizContext
from grader.quiz.files import find_quiz
from grader.quiz.session import Session
from grader.site.browser import ACTIONS, Desk
from tests.site.helpers import (
    GIVE_NAME,
    LONG,
    Served,
    code_in,
    focused,
    page_text,
    press,
    press_tab_to,
    put_code,
    serving,
    wait_for,
)

pytestmark = pytest.mark.slow

QUIZ = "every-type"
START = "#sitting button.main"
ANSWERS = {  # of each question some that are wrong, and one that cannot be read
    "bound": ["3", "9"], "squashed": ["1 2", "1-3"], "half-life": ["5.26", "1/3", "x"],
    "all-gates": ["(74, 256)", "(H, D + H)", "(1"], "back": ["1 2 3 4 5", "5 4"], "roles": ["1a 2b 3c", "1"],
    "missing-gate": ["output gate", "forgt gate"], "square": ["(4, 1)", "(4,4)"],
    "stack": ["5: return x", "4: column = x.T", "9: x"],
}  # fmt: skip
ASK = """
const [asked, done] = [arguments[0], arguments[arguments.length - 1]];
(async () => {
  const { Desk } = await import(new URL("scripts/desk.js", document.baseURI));
  const desk = (window.desk ??= await Desk.open());
  const said = [];
  for (const [name, values] of asked) {
    said.push(await desk.do(name, values).catch((error) => ({ refused: error.message })));
  }
  return said;
})().then(done, (error) => done(String(error)));
"""

FILL = """
import(new URL("scripts/store.js", document.baseURI)).then(({ Full }) => {
  window.desk.store.add = async () => { throw new Full(); };
  arguments[0]();
});
"""


def ask(browser: Any, *asked: tuple[str, dict[str, Any]]) -> Any:
    """Have the page's own modules do things one after the other; return what came of them."""
    return browser.execute_async_script(ASK, asked)


def native(desk: Desk, name: str, values: dict[str, Any]) -> Any:
    """Do the same in this process."""
    said = json.loads(desk.act(name, json.dumps(values)))
    return said["result"] if "result" in said else {"refused": said["refused"]}


@pytest.fixture
def desk(handed_out: Course, tmp_path: Path) -> Desk:
    """The very same, in this process."""
    shutil.copytree(handed_out.root, tmp_path / "native", ignore=shutil.ignore_patterns("grader", ".grader"))
    return Desk(tmp_path / "native")


def moves(desk: Desk) -> list[tuple[str, dict[str, Any]]]:
    """Return what a learner does: wrong answers, hints, a right answer, to every question."""
    quiz = find_quiz(desk.course, QUIZ)
    made: list[tuple[str, dict[str, Any]]] = [("open", {"quiz": QUIZ})]
    for face in quiz.public.faces:
        where = {"quiz": QUIZ, "question": face.id}
        for text in ANSWERS[face.id]:
            made.append(("understood", {**where, "text": text}))
        for count, text in enumerate(ANSWERS[face.id], 1):
            made += [
                ("question", where),
                ("answer", {**where, "attempt": count, "text": text, "certainty": 2}),
            ]
            made += [("change", {**where, "what": "hint"})] * (count == 1)
        made += [("change", {**where, "what": "flag"}), ("question", where)]
    return [*made, ("finish", {"quiz": QUIZ}), ("overview", {})]


@LONG
def test_all_types_are_marked_as_in_a_terminal(browser: Any, whole_site: Served, desk: Desk) -> None:
    browser.get(f"{whole_site.url}quiz-{QUIZ}.html")
    asked = moves(desk)
    for move, found in zip(asked, ask(browser, *asked), strict=True):
        assert found == native(desk, *move), move


@LONG
def test_right_answers_earn_all_and_are_carried_to_a_laptop(
    browser: Any, whole_site: Served, handed_out: Course, tmp_path: Path
) -> None:
    shutil.copytree(handed_out.root, tmp_path / "laptop", ignore=shutil.ignore_patterns("grader", ".grader"))
    desk = Desk(tmp_path / "laptop")
    quiz = find_quiz(desk.course, QUIZ)
    browser.get(f"{whole_site.url}quiz-{QUIZ}.html")
    ask(browser, ("login", {"name": "Ada"}), ("open", {"quiz": QUIZ}))
    native(desk, "login", {"name": "Ada"})
    with open_ledger(desk.course) as ledger:
        learner = ledger.learner
    assert learner.id == "ada"
    context = QuizContext(desk.course.salt, lambda: open_ledger(desk.course), CodeRunner())
    session = Session(quiz, context)  # the same draws, which tell what is right
    for question in session.questions:
        key = quiz.questions.get(question)
        assert key
        text = key.right_answer(session.item(question).variant)
        text = text.rpartition(" = ")[2] if key.type == "shape" else text
        where = {"quiz": QUIZ, "question": question, "attempt": 1, "certainty": None}
        (said,) = ask(browser, ("answer", {**where, "text": text}))
        assert said.get("reply", said).get("share") == 1, (question, text, said)
    (summary, overview) = ask(browser, ("finish", {"quiz": QUIZ}), ("overview", {}))
    assert (summary["cents"], summary["passed"]) == (1700, True)
    assert overview["learner"] == {"id": "ada", "name": "Ada"}
    document = browser.execute_async_script("window.desk.backup().then(arguments[0])")
    with open_ledger(desk.course) as ledger:
        assert take_in(ledger, document.encode(), desk.course.salt).new["answered"] == len(session.questions)
    assert native(desk, "overview", {})["quizzes"][0]["cents"] in (0, 1700)


def test_one_whole_quiz_by_keyboard(browser: Any, whole_site: Served) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.get(f"{whole_site.url}quiz-{QUIZ}.html")
    wait_for(browser, START)
    press_tab_to(browser, "Take the quiz here")
    press(browser, Keys.ENTER)
    wait_for(browser, "#sitting h2", "Question 1 of 9")
    assert focused(browser) == "Question 1 of 9"
    space, words = [Keys.SPACE], (["5.26"], ["(4*H, D+H)"], ["forget"], ["(4, 4)"])
    typed = [space, space, words[0], words[1], None, [Keys.DOWN], words[2], words[3], None]
    for number, keys in enumerate(typed, 1):
        wait_for(browser, "#sitting h2", f"Question {number} of 9")
        if number == 5:  # lines are added and moved by buttons
            press_tab_to(browser, "Add to the end")
            press(browser, Keys.ENTER)
            press_tab_to(browser, "Add to the end")
            press(browser, Keys.ENTER)
            assert len(browser.find_elements("css selector", ".placed li")) == 2
            press_tab_to(browser, "Move up")
            press(browser, Keys.ENTER)
        elif keys is None:
            wait_for(browser, ".code-editor")
            press(browser, Keys.TAB, Keys.DOWN, Keys.DOWN, Keys.DOWN, Keys.END, ".T", Keys.ESCAPE, Keys.TAB)
        else:
            press(browser, Keys.TAB, *keys)
        press_tab_to(browser, "Answer")
        press(browser, Keys.ENTER)
        wait_for(browser, ".reply")
        press_tab_to(browser, "Next question" if "Next question" in page_text(browser) else "Skip")
        if number < 9:
            press(browser, Keys.ENTER)
    press_tab_to(browser, "Finish")
    press(browser, Keys.ENTER)
    wait_for(browser, "#sitting h2", "Finished")
    assert "of 17 credits" in page_text(browser)
    assert browser.get_log("browser") == []
    if hasattr(browser, "execute_cdp_cmd"):  # Firefox, as it is driven here, does not tell what is asked
        asked = requests(browser, whole_site)
        assert any(url.endswith("pyodide.asm.wasm") for url in asked[True])
        assert any("numpy" in url for url in asked[True])
        assert asked[False] == set()


def requests(browser: Any, site: Served) -> dict[bool, set[str]]:
    """Return what pages have asked for since the test began, by whether it was the site that they asked."""
    asked: dict[bool, set[str]] = {True: set(), False: set()}
    inside = ("data:", "blob:", "about:", "chrome:")  # the last: the browser's own first page
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = message["params"]["request"]["url"]
            if not url.startswith(inside):
                asked[url.startswith(site.url)].add(url)
    return asked


def start_without_python(browser: Any, page: str) -> None:
    """Begin a quiz, or go on, while the interpreter cannot be had, and see that this is told."""
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*pyodide.asm.wasm"]})
    browser.get(page)
    wait_for(browser, START).click()
    wait_for(browser, ".trouble p", "see that you are online")
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})


def question_shown(browser: Any) -> str:
    """Return the question that is on the page; nothing if none is."""
    return "".join(each.text for each in browser.find_elements("css selector", "#sitting .question"))


@LONG
def test_a_question_is_there_before_python_and_its_answer_waits(
    browser: Any, whole_site: Served, desk: Desk
) -> None:
    page = f"{whole_site.url}quiz-{QUIZ}.html"
    start_without_python(browser, page)
    asked = question_shown(browser)
    first, second = [item["id"] for item in native(desk, "open", {"quiz": QUIZ})["items"]][:2]
    assert "Question 1 of 9" in asked
    wait_for(browser, ".question input").click()
    wait_for(browser, "form button.main").click()
    wait_for(browser, ".reply .verdict")
    on = "Skip" if "try again" in page_text(browser).casefold() else "Next question"
    wait_for(browser, ".moves button", on).click()
    wait_for(browser, "#sitting h2", "Question 2 of 9")
    where = question_shown(browser)

    start_without_python(browser, page)  # whoever goes on is where they were
    assert question_shown(browser).splitlines()[0] == "Question 2 of 9"
    assert question_shown(browser) == where.replace("Going on where you left.\n", "")
    ask(browser, ("answer", {"quiz": QUIZ, "question": second, "attempt": 1, "text": "1", "certainty": None}))
    start_without_python(browser, page)  # something has happened that was not on the page
    assert question_shown(browser) == ""

    browser.get("about:blank")
    forget = {"origin": whole_site.url.removesuffix("/a/path/"), "storageTypes": "all"}
    browser.execute_cdp_cmd("Storage.clearDataForOrigin", forget)
    start_without_python(browser, page)
    assert "Question 1 of 9" in question_shown(browser)
    assert not browser.execute_async_script(GIVE_NAME)
    start_without_python(browser, page)  # what is drawn depends on the name
    assert question_shown(browser) == ""
    assert first != second


def test_pages_ask_nothing_of_anybody_else(browser: Any, whole_site: Served) -> None:
    for path in sorted(whole_site.folder.glob("*.html")):
        browser.get(whole_site.url + path.name)
        wait_for(browser, "button")
        if path.name.startswith("exercise"):
            browser.execute_script("document.getElementById('yours').scrollIntoView()")
            wait_for(browser, ".code-editor")
    asked = requests(browser, whole_site)
    assert whole_site.url + "scripts/codemirror.js" in asked[True]
    assert asked[False] == set()
    assert browser.get_log("browser") == []


@LONG
def test_what_was_accepted_is_there_after_a_reload_and_in_another_tab(
    browser: Any, whole_site: Served
) -> None:
    page = f"{whole_site.url}quiz-{QUIZ}.html"
    browser.get(page)
    wrong = ("answer", {"quiz": QUIZ, "question": "bound", "attempt": 1, "text": "3", "certainty": None})
    (_, said) = ask(browser, ("open", {"quiz": QUIZ}), wrong)
    assert said["reply"]["arithmetic"]
    browser.get(page)  # and all in memory has gone
    wait_for(browser, START).click()
    wait_for(browser, "#sitting h2", "Question")
    (found,) = ask(browser, ("question", {"quiz": QUIZ, "question": "bound"}))
    assert found["attempt"] == 2
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(page)
    (said,) = ask(browser, ("answer", {**wrong[1], "attempt": 2, "text": "3"}))
    assert said.get("reply"), said
    browser.switch_to.window(first)
    (found,) = ask(browser, ("question", {"quiz": QUIZ, "question": "bound"}))
    assert found["attempt"] == 3
    assert found["done"]


@LONG
def test_full_storage_accepts_nothing_and_says_so(browser: Any, whole_site: Served) -> None:
    browser.get(f"{whole_site.url}quiz-{QUIZ}.html")
    ask(browser, ("open", {"quiz": QUIZ}))
    browser.execute_async_script(FILL)
    answer = {"quiz": QUIZ, "question": "bound", "attempt": 1, "text": "1", "certainty": None}
    (said,) = ask(browser, ("answer", answer))
    assert "This browser stores no more, so this was not accepted" in said["refused"]
    browser.execute_script("delete window.desk.store.add")
    (found,) = ask(browser, ("question", {"quiz": QUIZ, "question": "bound"}))
    assert found["attempt"] == 1


@LONG
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("pyodide.asm.wasm", "is not the file that this site was made with, so it is not run"),
        ("sqlite3", "is not the file that this site was made with, so it is not run"),
        ("program-", "is not there (404"),
    ],
)
def test_a_file_that_was_altered_or_is_missing_is_told(
    browser: Any, whole_site: Served, tmp_path: Path, name: str, says: str
) -> None:
    shutil.copytree(whole_site.folder, tmp_path / "site")
    (path,) = (path for path in (tmp_path / "site").rglob("*") if path.name.startswith(name))
    if "404" in says:
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with serving(tmp_path / "site") as port:
        browser.get(f"http://127.0.0.1:{port}/quiz-{QUIZ}.html")
        wait_for(browser, START).click()
        assert says in wait_for(browser, ".trouble p").text


@LONG
def test_a_host_that_has_gone_is_told(browser: Any, whole_site: Served) -> None:
    with serving(whole_site.folder) as port:
        browser.get(f"http://127.0.0.1:{port}/quiz-{QUIZ}.html")
        wait_for(browser, START)
    browser.find_element("css selector", START).click()
    assert "see that you are online, then reload the page" in wait_for(browser, ".trouble p").text


@LONG
def test_code_without_end_ends_and_passes_nothing(browser: Any, whole_site: Served) -> None:
    browser.get(f"{whole_site.url}quiz-{QUIZ}.html")
    wait_for(browser, START).click()
    wait_for(browser, ".dots li:last-child button").click()
    wait_for(browser, "#mended, .code-editor")
    code = code_in(browser, "mended")
    put_code(browser, "mended", code.replace("column = x", "while True: column = x"))
    wait_for(browser, "form button.main").click()
    assert "the right line, but it does not pass" in wait_for(browser, ".reply .verdict").text


def test_the_page_asks_only_for_what_is_meant_to_be_asked() -> None:
    assert all(hasattr(Desk, name) for name in ACTIONS)
