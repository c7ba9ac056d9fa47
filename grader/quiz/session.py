"""One learner's sitting of a quiz, without a screen: what is asked, what an answer does, what is kept.

Every accepted answer is in the ledger, with its credit, before anybody hears of it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from grader.ledger import Credit, Duplicate, Ledger, Response, Sitting
from grader.quiz.answers import parse
from grader.quiz.face import Face
from grader.quiz.schema import AnyQuestion
from grader.quiz.scoring import Earning, Mark, RunFix, certain_earning, earning, mark
from grader.quiz.sheet import Sheet
from grader.quiz.solutions import solution_text
from grader.quiz.variants import Stream, Variant, fill, make_variant, pick

Open = Callable[[], AbstractContextManager[Ledger]]
Clock = Callable[[], datetime.datetime]


class TimeOver(Exception):
    """The time of the exam is over; nothing more is accepted."""


class AnsweredElsewhere(Exception):
    """Another terminal has answered this very attempt; the question should be shown anew."""


@dataclass(frozen=True)
class Setting:
    """What a sitting depends on besides the quiz.

    Args:
        salt: the course's public one.
        open_ledger: opens the ledger for one transaction.
        run_fix: runs mended code; called only for questions that ask for it.
        clock: tells the time, in UTC.
        factor: how much longer than others this learner may take in an exam.
    """

    salt: str
    open_ledger: Open
    run_fix: RunFix
    clock: Clock = lambda: datetime.datetime.now(datetime.UTC)
    factor: float = 1.0


@dataclass(frozen=True)
class Item:
    """A question as it stands now.

    Args:
        attempt: number of the coming attempt in this sitting, from 1.
        tries: attempts there are; 0 means any number, until the end.
        score: best so far; None if unanswered, or if nobody knows yet.
        hints: texts of the hints taken.
        next_hint: credits that the next hint costs; None if there is none.
    """

    variant: Variant
    attempt: int
    tries: int
    answered: bool
    score: float | None
    hints: tuple[str, ...]
    next_hint: float | None
    flagged: bool

    @property
    def done(self) -> bool:
        """Whether no further answer helps."""
        return self.tries > 0 and (self.attempt > self.tries or (self.score or 0.0) >= 1.0)


@dataclass(frozen=True)
class Reply:
    """What is said to an accepted answer.

    Args:
        mark: None where the key is with the instructor, or an exam is on.
        cents: by which the balance grew, in hundredths of a credit.
        solution: the right answer, once no attempt is left.
    """

    item: Item
    mark: Mark | None = None
    earning: Earning | None = None
    cents: int = 0
    solution: str = ""
    explain: str = ""
    source: str = ""


@dataclass(frozen=True)
class TopicRow:
    """What one topic of a sitting earned, in hundredths of a credit, and how many questions were answered."""

    topic: str
    cents: int
    possible: int
    answered: int
    questions: int


@dataclass(frozen=True)
class Summary:
    """How a sitting went.

    Args:
        silent: whether nobody knows yet what was right.
        flagged: questions to come back to.
        open: questions without an answer.
        certainty: of each first answer that it was asked for: 1, 2 or 3, and whether it was right.
    """

    rows: tuple[TopicRow, ...]
    pass_mark: float
    silent: bool
    flagged: tuple[str, ...]
    open: tuple[str, ...]
    certainty: tuple[tuple[int, bool], ...]

    @property
    def cents(self) -> int:
        """What the sitting is worth; never below 0."""
        return max(0, sum(row.cents for row in self.rows))

    @property
    def share(self) -> float:
        """Share of what the sitting could have earned."""
        return self.cents / max(1, sum(row.possible for row in self.rows))

    @property
    def passed(self) -> bool:
        """Whether the pass mark is reached."""
        return self.share >= self.pass_mark - 1e-9


class Session:
    """A sitting that was begun or taken up again.

    Args:
        sheet: the quiz.
        setting: what else it depends on.
        topic: only questions of this one; empty for all.
        count: so many questions only; 0 for all.
        restart: leave a sitting that is open as it is, and begin anew.
        only: exactly these questions, in review; empty otherwise.
    """

    def __init__(
        self,
        sheet: Sheet,
        setting: Setting,
        *,
        topic: str = "",
        count: int = 0,
        restart: bool = False,
        only: Iterable[str] = (),
    ) -> None:
        self.sheet = sheet
        self._setting = setting
        with setting.open_ledger() as ledger:
            self.learner = ledger.learner
            review = tuple(only)
            found = None if review else ledger.open_sitting(sheet.id)
            if found and restart:
                ledger.finish(found.id)
                found = None
            self.resumed = found is not None
            if found is None:
                number = len(ledger.sittings(sheet.id)) + 1
                questions = review or self._picked(number, topic, count)
                mode = "review" if review else sheet.public.mode
                found = ledger.begin(sheet.id, sheet.public.version, mode, questions)
        self.sitting: Sitting = found
        known = {face.id for face in sheet.public.faces}
        self.questions = tuple(one for one in found.questions if one in known)

    def _picked(self, number: int, topic: str, count: int) -> tuple[str, ...]:
        seed = (self._setting.salt, self.learner.id, self.sheet.id, number)
        faces: tuple[Face, ...] = self.sheet.public.faces
        if self.sheet.public.draw:
            faces = pick(faces, self.sheet.public.draw.per_topic, *seed)
        faces = tuple(one for one in faces if not topic or one.topic == topic)
        if count and count < len(faces):
            chosen = {one.id for one in Stream(*seed, "count").shuffled(faces)[:count]}
            faces = tuple(one for one in faces if one.id in chosen)
        return tuple(one.id for one in faces)

    # -- what is asked --

    @property
    def silent(self) -> bool:
        """Whether nothing is said about right and wrong: the key is elsewhere, or this is an exam."""
        return self.sheet.key is None or self.sheet.public.mode != "practice"

    def item(self, question: str) -> Item:
        """Return one question as it stands now."""
        with self._setting.open_ledger() as ledger:
            return self._item(ledger, question)

    def _item(self, ledger: Ledger, question: str) -> Item:
        face = self.sheet.face(question)
        responses = ledger.responses(self.sheet.id, question)
        here = self._here(ledger, question)
        taken = ledger.hints_taken(self.sitting.id, question)
        key = self._key(question)
        hints = key.hints if key and not self.silent else ()
        variant = self._variant(face, self._seed_attempt(len(responses) + 1))
        return Item(
            variant=variant,
            attempt=len(here) + 1,
            tries=self._tries(key),
            answered=bool(here),
            score=None if self.silent or not here else max(mark.score for mark in self._marks(face, here)),
            hints=tuple(fill(hint.text, variant.names) for hint in hints[:taken]),
            next_hint=hints[taken].cost * face.credits if taken < len(hints) else None,
            flagged=question in ledger.flagged(self.sitting.id),
        )

    def _key(self, question: str) -> AnyQuestion | None:
        questions = self.sheet.key.questions if self.sheet.key else ()
        return next((one for one in questions if one.id == question), None)

    def _tries(self, key: AnyQuestion | None) -> int:
        if self.silent or key is None:
            return 0
        if self.sheet.public.confidence == "required":
            return 1
        attempts = self.sheet.public.attempts
        return len(attempts.choice_weights if key.is_choice else attempts.weights)

    def _seed_attempt(self, attempt: int) -> int:
        """Where answers can be changed until the end, the numbers stay; else every attempt has its own."""
        return self.sitting.number if self.silent else attempt

    def _variant(self, face: Face, attempt: int) -> Variant:
        return make_variant(face, self._setting.salt, self.learner.id, self.sheet.id, face.id, attempt)

    def _marks(self, face: Face, responses: list[Response]) -> list[Mark]:
        """Mark stored answers anew: what was typed is kept, and nothing else."""
        key = self._key(face.id)
        assert key is not None
        marks = []
        for one in responses:
            variant = self._variant(face, one.attempt)
            marks.append(mark(key, variant.names, parse(variant, one.answer), self._setting.run_fix))
        return marks

    # -- what the learner does --

    def answer(self, item: Item, text: str, certainty: int | None = None) -> Reply:
        """Accept an answer: it is stored, with what it earns, before this returns.

        Args:
            item: the question as it was shown.
            text: as typed.
            certainty: 1, 2 or 3; None if nobody asked.

        Raises:
            Unreadable: it is no answer to this kind of question; nothing was stored.
            TimeOver: it came too late; nothing was stored, and the sitting is finished.
            AnsweredElsewhere: the question has moved on in another terminal; nothing was stored.
        """
        answer = parse(item.variant, text)
        if (left := self.seconds_left()) is not None and left <= 0:
            self.finish()
            raise TimeOver
        question = item.variant.face.id
        key = None if self.silent else self._key(question)
        marked = mark(key, item.variant.names, answer, self._setting.run_fix) if key else None
        try:
            with self._setting.open_ledger() as ledger:
                return self._store(ledger, item, text, certainty, marked)
        except Duplicate:
            raise AnsweredElsewhere from None

    def _store(
        self, ledger: Ledger, item: Item, text: str, certainty: int | None, marked: Mark | None
    ) -> Reply:
        face, key = item.variant.face, self._key(item.variant.face.id)
        before = ledger.responses(self.sheet.id, face.id)
        if sum(one.sitting == self.sitting.id for one in before) != item.attempt - 1:
            raise AnsweredElsewhere
        response = Response(
            sitting=self.sitting.id,
            quiz=self.sheet.id,
            version=self.sheet.public.version,
            question=face.id,
            attempt=len(before) + 1,
            params=item.variant.record(),
            answer=text,
            certainty=certainty,
            hints=len(item.hints),
        )
        earned = self._earned(key, item, marked, certainty) if key and marked else None
        credit = self._credit(ledger, face, earned) if earned else None
        ledger.respond(response, credit)
        after = self._item(ledger, face.id)
        over = marked is not None and after.done
        return Reply(
            item=after,
            mark=marked,
            earning=earned,
            cents=credit.cents if credit else 0,
            solution=solution_text(key, item.variant) if over and key else "",
            explain=fill(key.explain, item.variant.names) if over and key else "",
            source=key.source if over and key else "",
        )

    def _earned(self, key: AnyQuestion, item: Item, marked: Mark, certainty: int | None) -> Earning:
        if self.sheet.public.confidence == "required":
            return certain_earning(marked, key, certainty or 1)
        cost = sum(hint.cost for hint in key.hints[: len(item.hints)])
        return earning(marked, key, self.sheet.public.attempts, item.attempt, item.score or 0.0, cost)

    def _credit(self, ledger: Ledger, face: Face, earned: Earning) -> Credit | None:
        """Return what this sitting adds to the best one so far, within what the topic has."""
        if self.sitting.mode == "review" or self._counted_before(ledger, face.id):
            return None
        subject, worth = f"quiz/{self.sheet.id}/{face.id}", round(100 * earned.credits)
        total = ledger.sitting_credits(self.sitting.id, face.id) + worth
        had = ledger.earned(subject)
        topic = [one.id for one in self.sheet.public.faces if one.topic == face.topic]
        topic_had = sum(ledger.earned(f"quiz/{self.sheet.id}/{one}") for one in topic)
        room = 100 * self.sheet.possible(face.topic) - topic_had
        gain = min(total - had, room)
        if self.sitting.number > 1 or self.sheet.public.confidence != "required":
            gain = max(gain, 0)
        gain = max(gain, -ledger.earned(f"quiz/{self.sheet.id}"))  # a quiz as a whole never goes below 0
        version = self.sheet.public.version
        return Credit(subject, face.topic, gain, "earned", version, earned.arithmetic, worth)

    def _counted_before(self, ledger: Ledger, question: str) -> bool:
        """Whether an earlier sitting asked this already, where only the first one counts."""
        earlier = [one for one in ledger.sittings(self.sheet.id) if one.number < self.sitting.number]
        return self.sheet.public.earn == "first" and any(question in one.questions for one in earlier)

    def hint(self, item: Item) -> Item:
        """Take the next hint of a question; that it was taken is kept before it is shown."""
        question = item.variant.face.id
        with self._setting.open_ledger() as ledger:
            if item.next_hint is not None:
                ledger.take_hint(self.sitting.id, question, len(item.hints) + 1)
            return self._item(ledger, question)

    def flag(self, item: Item) -> Item:
        """Mark a question for later, or take the mark away."""
        question = item.variant.face.id
        with self._setting.open_ledger() as ledger:
            ledger.flag(self.sitting.id, question, not item.flagged)
            return self._item(ledger, question)

    def finish(self) -> None:
        """End the sitting; no more answers are accepted."""
        with self._setting.open_ledger() as ledger:
            ledger.finish(self.sitting.id)

    def seconds_left(self) -> float | None:
        """Return what is left of an exam's time; None where there is no limit."""
        if self.sheet.public.minutes is None or self.sitting.mode == "review":
            return None
        began = datetime.datetime.fromisoformat(self.sitting.at)
        end = began + datetime.timedelta(minutes=self.sheet.public.minutes * self._setting.factor)
        return (end - self._setting.clock()).total_seconds()

    # -- how it went --

    def summary(self) -> Summary:
        """Return how the sitting went so far."""
        with self._setting.open_ledger() as ledger:
            responses = {one: self._here(ledger, one) for one in self.questions}
            cents = {one: ledger.sitting_credits(self.sitting.id, one) for one in self.questions}
            flagged = ledger.flagged(self.sitting.id)
        topics: dict[str, list[str]] = {}
        for one in self.questions:
            topics.setdefault(self.sheet.face(one).topic, []).append(one)
        rows = tuple(
            TopicRow(
                topic,
                sum(cents[one] for one in names),
                100 * sum(self.sheet.face(one).credits for one in names),
                sum(bool(responses[one]) for one in names),
                len(names),
            )
            for topic, names in topics.items()
        )
        return Summary(
            rows=rows,
            pass_mark=self.sheet.public.pass_mark,
            silent=self.silent,
            flagged=tuple(one for one in self.questions if one in flagged),
            open=tuple(one for one in self.questions if not responses[one]),
            certainty=() if self.silent else tuple(self._certainty(responses)),
        )

    def first_mark(self, ledger: Ledger, question: str) -> Mark | None:
        """Return the mark of the first answer to a question in this sitting; None if there is none."""
        here = self._here(ledger, question)
        return self._marks(self.sheet.face(question), here[:1])[0] if here else None

    def _here(self, ledger: Ledger, question: str) -> list[Response]:
        found = ledger.responses(self.sheet.id, question)
        return [one for one in found if one.sitting == self.sitting.id]

    def _certainty(self, responses: Mapping[str, list[Response]]) -> Iterator[tuple[int, bool]]:
        """Yield how certain the learner was of each first answer, and whether it was right."""
        for question, found in responses.items():
            if found and found[0].certainty is not None:
                yield found[0].certainty, self._marks(self.sheet.face(question), found[:1])[0].right
