"""The ledger: events in, state out; nothing lost, nothing changed, nothing earned twice."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from grader.course import Course
from grader.progress import ANONYMOUS, Learner, LedgerError, Response, open_ledger, record
from grader.progress.ledger import ID
from grader.sandbox.text import clean
from tests.progress.helpers import ADA, ALL, BEN, SMALLER, TWO, answer, best, database, raw

# --- exercises ----------------------------------------------------------------------------------------


def test_the_latest_check_counts(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        assert ledger.latest("exercise-1") is None
        ledger.record(SMALLER)
        ledger.record(TWO)
    with open_ledger(tiny_copy) as ledger:
        state = ledger.latest("exercise-1")
    assert state is not None
    assert (state.earned, state.credits) == (2, 5)
    assert state.outcomes == {"check_double_values": "passed", "check_scale_values": "failed"}


def test_the_best_check_is_the_balance_and_repeating_earns_nothing(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        assert ledger.best_checks() == {}
        for report in (TWO, ALL, ALL, ALL, TWO):
            ledger.record(report)
        found = ledger.best_checks().get("exercise-1")
        assert found is not None
        assert (found.earned, found.credits) == (5, 5)
        assert best(ledger) == {"exercise-1": 5}


def test_reports_are_recorded_by_one_function_of_the_room(tiny_copy: Course) -> None:
    record(tiny_copy, [TWO, ALL])
    with open_ledger(tiny_copy) as ledger:
        assert best(ledger) == {"exercise-1": 5}
    database(tiny_copy).write_bytes(b"no database at all, and longer than a header of one would be" * 20)
    with pytest.raises(LedgerError, match="move it away to start a new one"):
        record(tiny_copy, [ALL])


def test_checks_under_another_number_of_credits_do_not_count(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        ledger.record(ALL)
        ledger.record(SMALLER)  # today, the exercise is worth 2
        assert best(ledger) == {"exercise-1": 2}


def test_nothing_is_kept_of_a_block_that_fails(tiny_copy: Course) -> None:
    def fail(error: BaseException) -> None:
        with open_ledger(tiny_copy) as ledger:
            ledger.record(TWO)
            answer(ledger)
            raise error

    for error in (RuntimeError("half-way"), KeyboardInterrupt(), BrokenPipeError("not the file's fault")):
        with pytest.raises(type(error)):
            fail(error)
    with open_ledger(tiny_copy) as ledger:
        assert best(ledger) == {}
        assert ledger.sittings() == ()


# --- quizzes ------------------------------------------------------------------------------------------


def test_a_sitting_is_begun_resumed_and_finished(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        first = ledger.begin("gates", 3, "practice", ("half", "half-life"))
        assert (first.quiz, first.version, first.mode, first.number) == ("gates", 3, "practice", 1)
        assert (first.questions, first.finished) == (("half", "half-life"), None)
    with open_ledger(tiny_copy) as ledger:
        assert ledger.sittings("gates") == (first,)
        assert ledger.sittings("shapes") == ()
        ledger.finish(first.id)
        ledger.finish(first.id)
        assert ledger.begin("gates", 3, "graded", ()).number == 2
        assert ledger.begin("shapes", 1, "graded", ()).number == 1
        assert [one.number for one in ledger.sittings("gates")] == [1, 2]
        assert [one.quiz for one in ledger.sittings()] == ["gates", "gates", "shapes"]
        assert ledger.sittings()[0].finished is not None


def test_responses_come_back_as_they_were_typed(tiny_copy: Course) -> None:
    typed = ["6.58", " (4, 4)\n\n", "tanh\u202e\0", "λ" * 10_000, "'; DROP TABLE answered; --", ""]
    with open_ledger(tiny_copy) as ledger:
        sitting = ledger.begin("gates", 3, "practice", ("half",))
        sent = [
            Response(sitting.id, "gates", 3, "half", attempt, '{"k":7}', text, None, 0)
            for attempt, text in enumerate(typed, 1)
        ]
        ids = [ledger.respond(one) for one in sent]
    with open_ledger(tiny_copy) as ledger:
        found = ledger.responses("gates", "half")
        assert [one.id for one in found] == ids
        assert all(one.at.endswith("+00:00") for one in found)
        assert [replace(one, id=0, at="") for one in found] == sent
        assert ledger.responses("gates") == found
        assert ledger.responses("gates", "half-life") == ()


def test_bytes_that_are_no_text_do_not_break_the_ledger(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        sitting = ledger.begin("gates", 3, "practice", ("half",))
        ledger.respond(Response(sitting.id, "gates", 3, "half", 1, "{}", "a\udcffb", None, 0))
        assert ledger.responses("gates")[0].answer == "a\\udcffb"


def test_an_attempt_counts_once(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        answer(ledger)
        again = ledger.responses("gates", "half")[0]
        with pytest.raises(LedgerError, match="attempt 1 at gates/half is in the ledger already"):
            ledger.respond(again)
        ledger.finish(again.sitting)
        later = ledger.begin("gates", 3, "practice", ("half",))
        with pytest.raises(LedgerError, match="is in the ledger already"):
            ledger.respond(replace(again, sitting=later.id))
        assert len(ledger.responses("gates")) == 1
        assert ledger.scores("gates") == {again.id: 0.6}


def test_a_response_is_marked_once_by_each_version(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        first, second = answer(ledger, score=0.5), answer(ledger, score=None)
        other = answer(ledger, quiz="gates-2", score=1.0)
        assert ledger.scores("gates") == {first: 0.5}
        assert [one.id for one in ledger.unmarked("gates", 3)] == [second]
        assert [one.id for one in ledger.unmarked("gates", 4)] == [first, second]
        ledger.mark(first, 3, 1.0, "a second time changes nothing")
        ledger.mark(first, 5, 0.25, "partly right")
        ledger.mark(second, 4, 1.0, "right")
        assert ledger.scores("gates") == {first: 0.25, second: 1.0}
        assert ledger.scores("gates", since=5) == {first: 0.25}
        assert [one.id for one in ledger.unmarked("gates", 5)] == [second]
        assert ledger.scores("gates-2") == {other: 1.0}
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            ledger.mark(first, 6, 1.5, "more than all")
    with open_ledger(tiny_copy) as ledger:
        ledger.login(ADA)
        assert ledger.scores("gates") == {}


def test_hints_and_flags_of_a_sitting(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        sitting = ledger.begin("gates", 3, "practice", ("half",)).id
        for number in (1, 1, 2, 1, 2):
            ledger.take_hint(sitting, "half", number)
        assert [ledger.hints_taken(sitting, one) for one in ("half", "other")] == [2, 0]
        for flagged in (True, True, False, True):
            ledger.flag(sitting, "half", flagged)
        ledger.flag(sitting, "other", True)
        ledger.flag(sitting, "other", False)
        assert ledger.flagged(sitting) == {"half"}
    with raw(tiny_copy) as connection:
        assert connection.execute("SELECT count(*) FROM quiz_hinted").fetchone() == (2,)


def test_the_latest_review_of_a_question_counts(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        ledger.append("reviewed", quiz="gates", question="half", state='{"box":1}', due="2030-01-05")
        ledger.append("reviewed", quiz="gates", question="other", state='{"box":1}', due="2030-01-03")
        ledger.append("reviewed", quiz="gates", question="half", state='{"box":2}', due="2030-01-02")
        found = list(ledger.review_states().items())
    half, other = ('{"box":2}', "2030-01-02"), ('{"box":1}', "2030-01-03")
    assert found == [(("gates", "half"), half), (("gates", "other"), other)]


# --- learners -----------------------------------------------------------------------------------------


def test_what_is_done_before_logging_in_stays_with_nobody(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        assert ledger.learner == ANONYMOUS
        ledger.record(ALL)
        ledger.login(ADA)
        assert best(ledger) == {}
    with open_ledger(tiny_copy) as ledger:
        assert ledger.learner == ADA
        ledger.login(ANONYMOUS)
        assert best(ledger) == {"exercise-1": 5}


def test_who_logs_in_first_may_take_over_what_was_done_before(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        ledger.record(TWO)
        answer(ledger, score=0.5)
        ledger.login(ADA, adopts=True)
        assert best(ledger) == {"exercise-1": 2}
        ledger.record(ALL)
    with open_ledger(tiny_copy) as ledger:
        assert (ledger.learner, best(ledger)) == (ADA, {"exercise-1": 5})
        assert len(ledger.responses("gates")) == 1
        ledger.login(ANONYMOUS)
        assert (best(ledger), ledger.sittings()) == ({}, ())
        ledger.record(TWO)
        ledger.login(BEN)
        assert best(ledger) == {}
        ledger.login(ANONYMOUS)
        assert best(ledger) == {"exercise-1": 2}
        ledger.login(ADA)
        assert best(ledger) == {"exercise-1": 5}


def test_learners_of_one_folder_are_kept_apart(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        for learner, score in ((ADA, 0.5), (BEN, 0.25)):
            ledger.login(learner)
            ledger.record(ALL if learner == ADA else TWO)
            ledger.append("hinted", exercise="exercise-1", function="double")
            answer(ledger, score=score)
            ledger.append("reviewed", quiz="gates", question="half", state=learner.id, due="2030-01-01")
        for learner, score, credits in ((ADA, 0.5, 5), (BEN, 0.25, 2)):
            ledger.login(learner)
            latest = ledger.latest("exercise-1")
            assert latest is not None
            assert latest.earned == credits
            assert best(ledger) == {"exercise-1": credits}
            assert list(ledger.scores("gates").values()) == [score]
            assert ledger.hints_shown("exercise-1", "double") == 1
            assert [one.number for one in ledger.sittings()] == [1]
            assert [one.attempt for one in ledger.responses("gates")] == [1]
            assert [state for state, _ in ledger.review_states().values()] == [learner.id]
        assert ledger.learners() == (ADA, BEN)


def test_a_sitting_is_closed_to_other_learners(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        ledger.login(ADA)
        response_id = answer(ledger)
        response = ledger.responses("gates")[0]
        ledger.login(BEN)  # in another terminal, while Ada's quiz waits in this one
        refused = "sitting 1 is not one of Ben's; log in as who began it"
        with pytest.raises(LedgerError, match=refused):
            ledger.respond(replace(response, attempt=1))
        with pytest.raises(LedgerError, match=refused):
            ledger.finish(1)
        with pytest.raises(LedgerError, match=refused):
            ledger.take_hint(1, "half", 1)
        with pytest.raises(LedgerError, match=refused):
            ledger.flag(1, "half", True)
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            ledger.mark(response_id, 4, 1.0, "right")
        assert best(ledger) == {}


def test_a_learner_may_change_the_name(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        ledger.login(ADA)
        ledger.record(ALL)
        ledger.login(Learner("ada", "Ada L."))
        ledger.login(Learner("ada", "Ada L."))
        assert ledger.learners() == (Learner("ada", "Ada L."),)
        assert best(ledger) == {"exercise-1": 5}
    with raw(tiny_copy) as connection:
        assert connection.execute("SELECT count(*) FROM logged_in").fetchone() == (2,)


def test_a_learner_that_cannot_be_is_not_shown(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy):
        pass
    with raw(tiny_copy) as connection:
        connection.execute("INSERT INTO logged_in (at, learner, name) VALUES ('', 'ada', 'A\x1b[2Jda')")
    with pytest.raises(LedgerError, match=r"holds U\+001B"), open_ledger(tiny_copy):
        pass


def test_opening_the_ledger_imports_nothing_heavy() -> None:
    program = "import sys, grader.progress.ledger; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"numpy", "pytest", "rich", "click", "asyncio"} & set(ran.stdout.split())


def test_outcomes_are_kept_as_json(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        ledger.record(TWO)
    with raw(tiny_copy) as connection:
        (outcomes,) = connection.execute("SELECT outcomes FROM checked").fetchone()
    assert json.loads(outcomes) == {"check_double_values": "passed", "check_scale_values": "failed"}


# --- names and ids -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "learner_id"),
    [
        ("Ada Lovelace", "ada-lovelace"),
        ("  Søren Æble ", "soren-aeble"),
        ("Zoë O'Neil-Straße", "zoe-o-neil-strasse"),
        ("ada.l@example.org", "ada-l-example-org"),
        ("李明", "learner-4b3879b2"),
        ("王明", "learner-90fab777"),
        ("李 Li", "li-0520e480"),
        ("x" * 80, "x" * 48 + "-21280fe8"),
        ("!?", "learner-7b202a21"),
    ],
)
def test_an_id_is_made_from_the_name(name: str, learner_id: str) -> None:
    assert Learner.named(name) == Learner(learner_id, name.strip())


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\nb", "a\x1b[31mb", "a\u202eb", "\u200d", "\udcff"])
def test_a_name_is_printable_text(name: str) -> None:
    with pytest.raises(ValueError, match="a name is 1 to 80 characters of printable text") as caught:
        Learner.named(name)
    assert str(caught.value).encode().isascii()


def test_joiners_are_part_of_names() -> None:
    assert Learner.named("علی\u200cرضا").name == "علی\u200cرضا"


@pytest.mark.parametrize("learner_id", ["", "a b", "../x", "-a", "a.", "=1", "ä", "a" * 65, "a\n"])
def test_an_id_is_of_the_safe_set(learner_id: str) -> None:
    with pytest.raises(ValueError, match="an id is 1 to 64 small letters"):
        Learner(learner_id, "Ada")


def test_ids_are_typed_in_any_case() -> None:
    assert Learner.named("Ada", " S-1815@Example.ORG ") == Learner("s-1815@example.org", "Ada")


def test_nobody_takes_the_id_of_nobody() -> None:
    assert Learner.named("anonymous") == ANONYMOUS
    for name, learner_id in (("Ada", "anonymous"), ("Anonymous", None)):
        with pytest.raises(ValueError, match="is for whoever is not logged in"):
            Learner.named(name, learner_id)


@given(st.text(max_size=90))
def test_any_name_has_an_id_or_is_refused(name: str) -> None:
    refusals: list[str] = []
    try:
        learner = Learner.named(name)
        assert ID.fullmatch(learner.id)
        assert learner.name.strip()
    except ValueError as error:
        refusals.append(str(error))
    assert all(clean(one) == one and "\n" not in one for one in refusals)  # safe to print
