"""Lets balances follow a changed key: stored answers are the truth, and credits are worked out of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from grader.progress.ledger import Credit, Duplicate, Ledger, Response
from grader.quiz.balance import subject
from grader.quiz.edition import PublicQuiz
from grader.quiz.questions.base import Marked, Runner
from grader.quiz.replay import REVIEW, Counted, mark_anew, replay

KEPT = "the question has changed too much to mark this answer anew; its credits stay"


def regrade(
    sheet: PublicQuiz, open_ledger: Callable[[], AbstractContextManager[Ledger]], runner: Runner
) -> int:
    """Mark a learner's answers to earlier versions of a practice quiz by its present key.

    What the balance has to change by is appended to the ledger, once for each response and version; nothing
    that was stored is touched. Without answers to earlier versions, one look at the ledger is all.

    Returns:
        By how many cents the balance has changed.

    Raises:
        LedgerError: the ledger cannot be read or written.
    """
    version = sheet.public.version
    if sheet.key is None or sheet.public.mode != "practice" or version == 1:
        return 0
    with open_ledger() as ledger:
        if not ledger.outdated(sheet.id, version):
            return 0
        responses = ledger.responses(sheet.id)
    marks = _marks(sheet, responses, runner)  # which may take a while: nobody waits for the ledger
    with open_ledger() as ledger:
        return _adjust(ledger, sheet, marks) if ledger.outdated(sheet.id, version) else 0


def _marks(sheet: PublicQuiz, responses: tuple[Response, ...], runner: Runner) -> dict[int, Marked]:
    marked = {one.id: mark_anew(sheet, one, runner) for one in responses}
    return {response: one for response, one in marked.items() if one is not None}


def _adjust(ledger: Ledger, sheet: PublicQuiz, marks: Mapping[int, Marked]) -> int:
    """Append what every response earns more, or less, than it has."""
    sittings = {one.id: one for one in ledger.sittings(sheet.id)}
    responses, had = ledger.responses(sheet.id), ledger.credited(sheet.id)
    counted = {one.response.id: one for one in replay(sheet, sittings.values(), responses, marks, had)}
    change = 0
    for one in responses:
        if sittings[one.sitting].mode == REVIEW:
            continue
        credit = _credit(sheet, one, counted.get(one.id), had.get(one.id, (0, 0)))
        if one.version < sheet.public.version or credit.cents or credit.worth:
            with contextlib.suppress(Duplicate):
                ledger.adjust(one.id, credit)
                change += credit.cents
    return change


def _credit(sheet: PublicQuiz, response: Response, counted: Counted | None, had: tuple[int, int]) -> Credit:
    key = sheet.question(response.question)
    cents, worth = (counted.cents, counted.worth) if counted else had
    return Credit(
        subject=subject(sheet, response.question),
        topic=key.topic if key else "",
        cents=cents - had[0],
        reason="adjusted",
        version=sheet.public.version,
        note=counted.earning.arithmetic if counted else KEPT,
        worth=worth - had[1],
    )
