"""The start page: a name, work handed in as one zip, progress taken in from a file and saved to one."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader.course import Course
from grader.progress import open_ledger
from grader.progress.hand_in import parse_responses
from grader.progress.transfer import events_of, progress_document, take_in
from grader.site.browser import Desk
from tests.site.helpers import Served, downloaded, page_text, put_code, save_downloads, wait_for

pytestmark = pytest.mark.slow

QUIZ = "every-type"


@pytest.fixture
def laptop(home: Course) -> Course:
    """A folder of the course in which a learner has answered something."""
    desk = Desk(home.root)
    wrong = {"quiz": QUIZ, "question": "bound", "attempt": 1, "text": "3", "certainty": None}
    for name, values in (("login", {"name": "Ada"}), ("open", {"quiz": QUIZ}), ("answer", wrong)):
        assert "result" in json.loads(desk.act(name, json.dumps(values)))
    return home


def document(course: Course) -> str:
    with open_ledger(course) as ledger:
        return progress_document(events_of(ledger), course.salt)


def press_button(browser: Any, name: str) -> None:
    """Press a button of the start page, by its first words."""
    wait_for(browser, "#progress button", name).click()


def choose(browser: Any, path: Path) -> None:
    """Choose a file to take in."""
    wait_for(browser, "#progress button", "Take in a file")
    browser.find_element("css selector", "#progress input[type=file]").send_keys(str(path))


def test_progress_is_taken_in_and_work_is_handed_in(
    browser: Any, whole_site: Served, laptop: Course, tmp_path: Path
) -> None:
    files = {"mine": document(laptop), "other": document(laptop).replace(laptop.salt, "another"), "odd": "[]"}
    for name, text in files.items():
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    save_downloads(browser, tmp_path / "down")
    browser.get(f"{whole_site.url}exercise-1.html")
    wait_for(browser, "#work button.main")
    put_code(browser, "editor", "# mine\n")
    browser.execute_async_script("setTimeout(arguments[0], 300)")
    browser.get(f"{whole_site.url}index.html")
    choose(browser, tmp_path / "other.json")
    wait_for(browser, "#progress .trouble", "other.json is of another course")
    choose(browser, tmp_path / "odd.json")
    wait_for(browser, "#progress .trouble", "odd.json is no")

    choose(browser, tmp_path / "mine.json")
    wait_for(browser, "#progress .card", "would add 1 answer in 1 sitting and 0 checks, of ada")
    assert "You are Ada here" not in page_text(browser)  # it is only shown so far
    press_button(browser, "Take it in")
    wait_for(browser, "#progress", "You are Ada here")
    wait_for(browser, f"[data-quiz={QUIZ}]", "unfinished")
    choose(browser, tmp_path / "mine.json")
    wait_for(browser, "#progress [role=status]", "holds nothing that is not here already")

    press_button(browser, "Hand in")
    with zipfile.ZipFile(io.BytesIO(downloaded(tmp_path / "down" / "submission-ada.zip"))) as archive:
        names = {name.rpartition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert names["doubling.py"] == b"# mine\n"
    handed = parse_responses(names["responses.json"])
    assert handed.learner.name == "Ada"
    assert [(quiz.quiz, len(quiz.responses)) for quiz in handed.quizzes] == [(QUIZ, 1)]
    press_button(browser, "Save progress")
    saved = downloaded(tmp_path / "down" / "rnn-grader-progress.json")
    with open_ledger(laptop) as ledger:
        assert not take_in(ledger, saved, laptop.salt).new
    assert browser.get_log("browser") == []
