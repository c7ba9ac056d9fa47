"""A history that is carried elsewhere: nothing twice, nothing lost, nothing believed that cannot be."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from grader.course import Course, open_course
from grader.progress import Learner, open_ledger
from grader.progress.hand_in import BadDocument
from grader.progress.transfer import COLUMNS, Event, events_of, last_ids, progress_document, take_in
from grader.quiz.credits import QuizContext, balance, update
from grader.quiz.files import find_quiz
from grader.quiz.questions.base import Unreadable
from grader.quiz.session import Selection, Session
from tests.helpers import Run

QUIZ = "every-type"
GUESSES = (
    "1",
    "2",
    "3",
    "1 2",
    "6.6",
    "0.5",
    "(4, 4)",
    "(4*H, D + H)",
    "1 2 3 4",
    "1a 2b 3c",
    "forget",
    "(4,",
)


class Passes:
    """Runs no code: every second mended line passes."""

    def passes(self, code: str, solution: str, tests: tuple[str, ...]) -> bool:
        return len(code) % 2 == 0

    def printed(self, code: str) -> None:
        return None


@pytest.fixture
def places(tiny_copy: Course, tmp_path: Path) -> Callable[[], Course]:
    """Make another place for the same course."""
    count = iter(range(1000))

    def place() -> Course:
        folder = tmp_path / f"place-{next(count)}"
        folder.mkdir()
        for name in ("course.yaml", "quizzes", "exercises", "solutions"):
            (folder / name).symlink_to(tiny_copy.root / name)
        return open_course(folder)

    return place


def context(course: Course) -> QuizContext:
    return QuizContext(course.salt, lambda: open_ledger(course), Passes())


def sit(course: Course, chance: random.Random, answers: int, topic: str = "") -> None:
    """Answer so many times at random, and perhaps finish."""
    session = Session(find_quiz(course, QUIZ), context(course), Selection(topic))
    for _ in range(answers):
        item = session.item(chance.choice(session.questions))
        if chance.random() < 0.2:
            session.hint(item)
        if chance.random() < 0.2:
            session.flag(item)
        if item.done:
            continue
        try:
            session.answer(
                session.item(item.variant.public.id), chance.choice(GUESSES), chance.choice([None, 2])
            )
        except Unreadable:
            continue
    if chance.random() < 0.6:
        session.finish()


def history(course: Course) -> list[Event]:
    with open_ledger(course) as ledger:
        return events_of(ledger)


def carried(course: Course) -> bytes:
    return progress_document(history(course), course.salt).encode()


def take(course: Course, data: bytes, *, own: bool = False) -> int:
    with open_ledger(course) as ledger:
        return take_in(ledger, data, course.salt, own=own).new.total()


def worth(course: Course) -> Any:
    quiz = find_quiz(course, QUIZ)
    update([quiz], context(course))
    with open_ledger(course) as ledger:
        found = balance(ledger, quiz)
    return found.by_topic, found.by_question, [(each.worth, each.arithmetic) for each in found.answers]


@pytest.mark.parametrize("own", [True, False])
def test_random_sittings_are_the_same_elsewhere(places: Callable[[], Course], own: bool) -> None:
    chance = random.Random(19 + own)
    there = places()
    with open_ledger(there) as ledger:
        ledger.login(Learner("ada", "Ada"))
    for _ in range(200 if os.environ.get("GRADER_LONG") else 8):
        sit(there, chance, chance.randrange(8))
    here = places()
    assert take(here, carried(there), own=own) > 20
    assert worth(here) == worth(there)
    assert take(here, carried(there), own=own) == 0  # a second time adds nothing
    if own:
        assert history(here) == history(there)


def test_going_on_in_turn_ends_in_one_history(places: Callable[[], Course]) -> None:
    chance, browser, laptop = random.Random(3), places(), places()
    for _ in range(3):
        sit(browser, chance, 5)
        take(laptop, carried(browser))
        sit(laptop, chance, 5)
        take(browser, carried(laptop))
    assert worth(browser) == worth(laptop)
    assert take(laptop, carried(browser)) == 0


def test_two_that_went_on_apart_keep_all_answers(places: Callable[[], Course]) -> None:
    chance, browser, laptop = random.Random(4), places(), places()
    sit(browser, chance, 9)
    sit(laptop, chance, 9, "gates")
    count = {
        table: sum(event["event"] == table for course in (browser, laptop) for event in history(course))
        for table in ("begun", "answered")
    }
    for _ in range(2):  # the second time nothing is new, though numbers have changed
        take(laptop, carried(browser))
        found = history(laptop)
        for table, expected in count.items():
            assert sum(event["event"] == table for event in found) == expected
    numbers = [event["number"] for event in found if event["event"] == "begun"]
    assert numbers == [1, 2]


def test_what_nobody_had_a_name_for_belongs_to_who_takes_it_in(places: Callable[[], Course]) -> None:
    browser, laptop = places(), places()
    sit(browser, random.Random(5), 9)
    with open_ledger(laptop) as ledger:
        ledger.login(Learner("ada", "Ada"))
    take(laptop, carried(browser))
    assert {event["learner"] for event in history(laptop) if "learner" in event} == {"ada"}
    assert worth(laptop)[0]


def test_scores_of_another_place_are_not_believed(places: Callable[[], Course]) -> None:
    browser, laptop = places(), places()
    sit(browser, random.Random(6), 9)
    document = json.loads(carried(browser))
    for event in document["events"]:
        if event["event"] == "marked":
            event["score"] = 1
    take(laptop, json.dumps(document).encode())
    assert worth(laptop) == worth(browser)


def test_only_what_is_new_is_told(places: Callable[[], Course]) -> None:
    course = places()
    sit(course, random.Random(7), 5)
    with open_ledger(course) as ledger:
        before = last_ids(ledger)
        assert events_of(ledger, before) == []
        ledger.append("hinted", exercise="exercise-1", function="double")
        (event,) = events_of(ledger, before)
    assert (event["event"], event["exercise"]) == ("hinted", "exercise-1")


# --- claims -------------------------------------------------------------------------------------------

BEGUN = {
    "event": "begun", "at": "2026-11-01T10:00:00+00:00", "learner": "ada", "quiz": "q", "version": 1,
    "mode": "practice", "number": 1, "questions": "[]",
}  # fmt: skip
CHECKED = {
    "event": "checked", "at": "2026-11-01T10:00:00+00:00", "learner": "ada", "exercise": "exercise-1",
    "earned": 2, "credits": 5, "outcomes": "{}", "seed": 1, "source_sha256": "0", "grader_version": "1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([{**BEGUN, "event": "deleted"}], "an event `deleted`"),
        ([{**BEGUN, "number": 0}], "no whole number `number` from 1"),
        ([{**BEGUN, "number": 10**9}], "no whole number `number` from 1"),
        ([{**BEGUN, "learner": "../ada"}], "names a learner that cannot be"),
        ([{**BEGUN, "at": "yesterday"}], "no time with a zone `at`"),
        ([{**BEGUN, "at": "9999-01-01T00:00:00+00:00"}], "in the years 1970 to 2199"),
        (
            [{"event": "marked", "at": BEGUN["at"], "learner": "ada", "version": 1, "score": 2}],
            "no share `score`",
        ),
        ([{**BEGUN, "questions": "{}"}], "something else than JSON in `questions`"),
        ([{**BEGUN, "quiz": "\u202e"}], "something else than a printable id"),
        ([{"event": "finished", "at": BEGUN["at"], "sitting": ["ada", "q", 1]}], "belongs to a sitting that"),
        ([{**CHECKED, "earned": 6}], "earns more credits than there are"),
        ([{**CHECKED, "earned": True}], "no whole number `earned`"),
        ([BEGUN, "x"], "something else than an object in `events`"),
        ("x", "no list `events`"),
    ],
)
def test_a_claim_that_cannot_be_is_refused_as_a_whole(tiny_copy: Course, events: Any, problem: str) -> None:
    document = {"schema": "rnn-grader/progress/1", "course": tiny_copy.salt, "events": events}
    with pytest.raises(BadDocument, match=problem), open_ledger(tiny_copy) as ledger:
        take_in(ledger, json.dumps(document).encode(), tiny_copy.salt)
    assert history(tiny_copy) == []


def test_sittings_that_nobody_can_have_taken_are_refused(
    tiny_copy: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.progress.transfer.MAX_SITTINGS", 3)
    events = [{**BEGUN, "number": number} for number in range(1, 5)]
    for most, adds in (
        (3, nullcontext()),
        (4, pytest.raises(BadDocument, match="adds more than 3 sittings")),
    ):
        document = {"schema": "rnn-grader/progress/1", "course": tiny_copy.salt, "events": events[:most]}
        with adds, open_ledger(tiny_copy) as ledger:
            take_in(ledger, json.dumps(document).encode(), tiny_copy.salt)
            ledger.connection.execute("ROLLBACK")
            ledger.connection.execute("BEGIN")


def test_one_s_own_history_is_not_lost_for_an_event_that_cannot_be(places: Callable[[], Course]) -> None:
    browser, fresh = places(), places()
    sit(browser, random.Random(12), 9)
    document = json.loads(carried(browser))
    forged = [{**CHECKED, "earned": 6}, {**BEGUN, "event": "deleted"}, {"event": "finished"}, None, 5]
    for place, event in enumerate(forged):
        document["events"].insert(3 * place, event)
    take(fresh, json.dumps(document).encode(), own=True)
    assert history(fresh) == history(browser)
    with pytest.raises(BadDocument):
        take(places(), json.dumps(document).encode())


def test_a_file_of_another_course_or_kind_is_refused(tiny_copy: Course) -> None:
    for data, problem in (
        (b'{"schema": "rnn-grader/progress/1", "course": "other", "events": []}', "is of another course"),
        (b'{"schema": "rnn-grader/responses/1"}', "is no `rnn-grader/progress/1` document"),
        (b"{", "is no JSON"),
        (b" " * (8 * 2**20 + 1), "larger than 8 MiB"),
    ):
        with pytest.raises(BadDocument, match=problem), open_ledger(tiny_copy) as ledger:
            take_in(ledger, data, tiny_copy.salt)


def test_every_table_of_the_ledger_is_carried_or_left_on_purpose(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = {name for (name,) in ledger.connection.execute(query)}
    assert tables - COLUMNS.keys() == {"credited"}  # of an older grader, made of the others


# --- the commands -------------------------------------------------------------------------------------


def test_the_commands_carry_a_history(run: Run, places: Callable[[], Course], tiny_copy: Course) -> None:
    browser = places()
    sit(browser, random.Random(8), 9)
    file = browser.root / "progress.json"
    assert run("--course", str(browser.root), "backup", "-o", str(file)).code == 0
    ran = run("import", str(file))
    assert ran.code == 2
    assert "1 sitting of quizzes" in ran.out
    assert "nobody can be asked here; add --yes" in ran.err
    assert history(tiny_copy) == []
    ran = run("import", str(file), "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert "it is here now" in ran.out
    assert "holds nothing that is not here already" in run("import", str(file), "--yes").out
    file.write_text("[]", encoding="utf-8")
    ran = run("import", str(file))
    assert (ran.code, "Traceback" in ran.err) == (2, False)
    assert "document; write it anew, with `grader backup`" in ran.err


def test_whoever_took_over_what_was_nobody_s_is_one_person_in_both_places(
    places: Callable[[], Course],
) -> None:
    browser, laptop, fresh = places(), places(), places()
    for course, chance in ((browser, random.Random(9)), (laptop, random.Random(10))):
        sit(course, chance, 6)
        with open_ledger(course) as ledger:
            ledger.login(Learner("ada", "Ada"), adopts=True)
        sit(course, chance, 6)
    take(laptop, carried(browser))
    assert take(laptop, carried(browser)) == 0
    take(fresh, carried(laptop))
    with open_ledger(fresh) as ledger:
        assert ledger.learner.name == "Ada"
    assert worth(fresh)[0] == worth(laptop)[0]


def test_another_person_s_file_does_not_change_who_is_logged_in(places: Callable[[], Course]) -> None:
    browser, laptop = places(), places()
    for course, who in ((browser, "ada"), (laptop, "bob")):
        with open_ledger(course) as ledger:
            ledger.login(Learner(who, who.title()))
        sit(course, random.Random(11), 6)
    before = worth(laptop)
    take(laptop, carried(browser))
    with open_ledger(laptop) as ledger:
        assert ledger.learner.id == "bob"
    assert worth(laptop) == before


def test_what_somebody_took_over_later_is_theirs_in_the_file_of_a_browser(
    places: Callable[[], Course],
) -> None:
    browser, laptop = places(), places()
    sit(browser, random.Random(13), 6)
    with open_ledger(browser) as ledger:
        ledger.login(Learner("ada", "Ada"), adopts=True)
    with open_ledger(laptop) as ledger:
        ledger.login(Learner("bob", "Bob"))
    document = json.loads(carried(browser))
    document["events"].sort(key=lambda event: event["event"] in ("logged_in", "adopted"))  # as it happened
    take(laptop, json.dumps(document).encode())
    filed = {event["learner"] for event in history(laptop) if event["event"] in ("begun", "answered")}
    assert filed == {"ada"}
