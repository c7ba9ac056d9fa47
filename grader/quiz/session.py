"""One learner's sitting of a quiz, without a screen: what is asked, what an answer does, what is kept.

Every accepted answer is in the ledger, with its credit, before anybody hears of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TypedDict

from grader.progress.ledger import Credit, Duplicate, Ledger, Response, Sitting
from grader.quiz.balance import change, counting, subject
from grader.quiz.edition import PublicQuiz
from grader.quiz.questions.base import Marked, Question, Runner, Unreadable
from grader.quiz.registry import parse
from grader.quiz.scoring import Earning, earning
from grader.quiz.variants import PublicQuestion, Stream, Variant, fill, make_variant, pick, recalled

Open = Callable[[], AbstractContextManager[Ledger]]


class AnsweredElsewhere(Exception):
    """Another terminal has answered this very attempt; the question should be shown anew."""


class FinishedElsewhere(Exception):
    """Another terminal has finished this sitting; nothing more is accepted."""


class OtherSitting(Exception):
    """Other questions have to be answered first; the text says what can be done about it."""


@dataclass(frozen=True)
class Setting:
    """What a sitting depends on besides the quiz.

    Args:
        salt: the course's public one.
        open_ledger: opens the ledger for one transaction.
        runner: runs mended code; called only for questions that ask for it.
    """

    salt: str
    open_ledger: Open
    runner: Runner


@dataclass(frozen=True)
class Item:
    """A question as it stands now.

    Args:
        attempt: number of the coming attempt in this sitting, from 1.
        tries: attempts there are; 0 means any number, until the end.
        given: the last answer in this sitting, as typed; empty if there is none.
        score: best so far; None if unanswered, or if nobody knows yet.
        hints: texts of the hints taken.
        next_hint: credits that the next hint takes off a right answer now; None if there is none.
    """

    variant: Variant
    attempt: int
    tries: int
    given: str
    score: float | None
    hints: tuple[str, ...]
    next_hint: float | None
    flagged: bool

    @property
    def answered(self) -> bool:
        """Whether there is an answer in this sitting."""
        return self.attempt > 1

    @property
    def done(self) -> bool:
        """Whether no further answer helps."""
        return self.tries > 0 and (self.attempt > self.tries or (self.score or 0.0) >= 1.0)


@dataclass(frozen=True)
class Reply:
    """What is said to an accepted answer.

    Args:
        mark: None where the quiz is graded later.
        cents: by which the balance grew, in hundredths of a credit.
        note: why it grew by something else than was earned, if it did.
        solution: the right answer, once no attempt is left.
    """

    item: Item
    mark: Marked | None = None
    earning: Earning | None = None
    cents: int = 0
    note: str = ""
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
        mode: of the sitting; ``review`` earns nothing.
        silent: whether nobody knows yet what was right.
        right: how many questions were right at the first attempt.
        flagged: questions to come back to.
        open: questions without an answer.
        certainty: of each first answer that it was asked for: 1, 2 or 3, and whether it was right.
        read: of each weak topic, the sources of what was not right.
    """

    rows: tuple[TopicRow, ...]
    pass_mark: float
    mode: str
    silent: bool
    right: int
    flagged: tuple[str, ...]
    open: tuple[str, ...]
    certainty: tuple[tuple[int, bool], ...]
    read: tuple[tuple[str, tuple[str, ...]], ...]

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


class Part(TypedDict):
    """Which questions are asked, as :class:`Session` takes it."""

    topic: str
    count: int
    restart: bool


class Session:
    """A sitting that was begun or taken up again.

    Args:
        sheet: the quiz.
        setting: what else it depends on.
        topic: only questions of this one; empty for all.
        count: so many questions only; 0 for all.
        restart: leave a sitting that is open as it is, and begin anew.
        only: exactly these questions, in review; empty otherwise.

    Raises:
        OtherSitting: one of other questions is unfinished, and this is no restart; or a part is asked for of
            a graded quiz whose coming sitting counts.
    """

    def __init__(
        self,
        sheet: PublicQuiz,
        setting: Setting,
        *,
        topic: str = "",
        count: int = 0,
        restart: bool = False,
        only: Iterable[str] = (),
    ) -> None:
        self.sheet = sheet
        self._setting = setting
        self._marked: dict[int, Marked] = {}  # by response: mended code should run once
        self.regraded = self._regrade()
        with setting.open_ledger() as ledger:
            self.learner = ledger.learner
            found = self._open_sitting(ledger, tuple(only))
            if found and (restart or only):
                ledger.finish(found.id)
                found = None
            self.resumed = found is not None
            if found and (topic or count) and found.questions != self._picked(found.number, topic, count):
                raise OtherSitting(
                    f"a sitting of {len(found.questions)} questions of {sheet.id} is unfinished; go on with "
                    f"it by `grader quiz {sheet.id}`, or begin anew with --restart"
                )
            if found is None:
                number = len(ledger.sittings(sheet.id)) + 1
                if (topic or count) and sheet.public.mode == "graded" and number <= sheet.public.sittings:
                    raise OtherSitting(
                        f"{counting(sheet)} of {sheet.id}, with all of its questions; leave --topic and "
                        "--questions away"
                    )
                questions = tuple(only) or self._picked(number, topic, count)
                mode = "review" if only else sheet.public.mode
                found = ledger.begin(sheet.id, sheet.public.version, mode, questions)
        self.sitting: Sitting = found
        known = {face.id for face in sheet.public.faces}
        self.questions = tuple(one for one in found.questions if one in known)
        self._recall()

    def _regrade(self) -> int:
        """Let the balance follow a changed key; return by how many cents."""
        if self.sheet.public.version == 1:
            return 0
        from grader.quiz.regrade import regrade

        return regrade(self.sheet, self._setting.open_ledger, self._setting.runner)

    def _open_sitting(self, ledger: Ledger, only: tuple[str, ...]) -> Sitting | None:
        """Return the sitting to go on with: the latest open one, in review or not."""
        found = [one for one in ledger.sittings(self.sheet.id) if one.finished is None]
        return next((one for one in reversed(found) if (one.mode == "review") == bool(only)), None)

    def _recall(self) -> None:
        """Mark what was answered before, while nobody waits for the ledger."""
        if self.silent or not self.resumed:
            return
        with self._setting.open_ledger() as ledger:
            responses = ledger.responses(self.sheet.id)
        for one in responses:
            if one.sitting == self.sitting.id and one.question in self.questions:
                self._mark(one)

    def _picked(self, number: int, topic: str, count: int) -> tuple[str, ...]:
        seed = (self._setting.salt, self.learner.id, self.sheet.id, number)
        faces: tuple[PublicQuestion, ...] = self.sheet.public.faces
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
        """Whether nothing is said about right and wrong: the quiz is graded later."""
        return self.sheet.key is None or self.sheet.public.mode != "practice"

    def item(self, question: str) -> Item:
        """Return one question as it stands now."""
        with self._setting.open_ledger() as ledger:
            return self._item(ledger, question)

    def _item(self, ledger: Ledger, question: str) -> Item:
        face, key = self.sheet.face(question), self.sheet.question(question)
        responses = ledger.responses(self.sheet.id, question)
        here = [one for one in responses if one.sitting == self.sitting.id]
        taken = ledger.hints_taken(self.sitting.id, question)
        item = Item(
            variant=self._variant(face, self._seed_attempt(len(responses) + 1)),
            attempt=len(here) + 1,
            tries=self._tries(key),
            given=here[-1].answer if here else "",
            score=None if self.silent or not here else max(self._mark(one).share for one in here),
            hints=(),
            next_hint=None,
            flagged=question in ledger.flagged(self.sitting.id),
        )
        if item.done:  # it stays as it was answered
            item = replace(item, variant=recalled(face, here[-1].params) or item.variant)
        return self._with_hints(item, key, taken)

    def _with_hints(self, item: Item, key: Question | None, taken: int) -> Item:
        """Add the hints that were taken, and what the next one takes off a right answer."""
        if key is None or self.silent:
            return item
        texts = tuple(fill(hint.text, item.variant.names) for hint in key.hints[:taken])
        if taken >= len(key.hints) or item.done:
            return replace(item, hints=texts)
        attempts = self.sheet.public.attempts
        left = attempts.weight(key, item.attempt) - sum(hint.cost for hint in key.hints[:taken])
        price = max(0.0, left) - max(0.0, left - key.hints[taken].cost)
        return replace(item, hints=texts, next_hint=key.credits * price)

    def _tries(self, key: Question | None) -> int:
        if self.silent or key is None:
            return 0
        return len(self.sheet.public.attempts.of(key))

    def _seed_attempt(self, attempt: int) -> int:
        """Where answers can be changed until the end, the numbers stay; else every attempt has its own."""
        return self.sitting.number if self.silent else attempt

    def _variant(self, face: PublicQuestion, attempt: int) -> Variant:
        return make_variant(face, self._setting.salt, self.learner.id, self.sheet.id, face.id, attempt)

    def _mark(self, response: Response) -> Marked:
        """Mark a stored answer anew: what was typed and drawn is kept, and nothing else."""
        if response.id not in self._marked:
            face, key = self.sheet.face(response.question), self.sheet.question(response.question)
            assert key is not None
            variant = recalled(face, response.params)
            try:
                if variant is None:
                    raise Unreadable("it is another question now")
                answer = parse(variant, response.answer)
                found = key.mark(variant.names, answer, self._setting.runner)
            except Unreadable:
                found = Marked(0.0, "the question has changed since")
            self._marked[response.id] = found
        return self._marked[response.id]

    def cents(self) -> int:
        """Return what this sitting is worth so far, in hundredths of a credit."""
        with self._setting.open_ledger() as ledger:
            return sum(ledger.sitting_credits(self.sitting.id, one) for one in self.questions)

    # -- what the learner does --

    def answer(self, item: Item, text: str, certainty: int | None = None) -> Reply:
        """Accept an answer: it is stored, with what it earns, before this returns.

        Args:
            item: the question as it was shown.
            text: as typed.
            certainty: 1, 2 or 3; None if nobody asked.

        Raises:
            Unreadable: it is no answer to this kind of question; nothing was stored.
            AnsweredElsewhere: the question has moved on in another terminal; nothing was stored.
            FinishedElsewhere: the sitting is over; nothing was stored.
        """
        answer = parse(item.variant, text)
        question = item.variant.public.id
        key = None if self.silent else self.sheet.question(question)
        marked = key.mark(item.variant.names, answer, self._setting.runner) if key else None
        try:
            with self._setting.open_ledger() as ledger:
                return self._store(ledger, item, text, certainty, marked)
        except Duplicate:
            raise AnsweredElsewhere from None

    def _store(
        self, ledger: Ledger, item: Item, text: str, certainty: int | None, marked: Marked | None
    ) -> Reply:
        face, key = item.variant.public, self.sheet.question(item.variant.public.id)
        self._require_open(ledger)
        before = ledger.responses(self.sheet.id, face.id)
        now = self._item(ledger, face.id)
        if now.attempt != item.attempt or now.done or now.variant != item.variant:
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
            hints=len(now.hints),
        )
        earned = self._earned(key, now, marked) if key and marked else None
        credit, note = self._credit(ledger, face, earned) if earned else (None, "")
        response_id = ledger.respond(response, credit)
        if marked:
            self._marked[response_id] = marked
        after = self._item(ledger, face.id)
        reply = Reply(after, marked, earned, credit.cents if credit else 0, note)
        return self._with_solution(reply) if marked and after.done else reply

    def _require_open(self, ledger: Ledger) -> None:
        mine = [one for one in ledger.sittings(self.sheet.id) if one.id == self.sitting.id]
        if any(one.finished for one in mine):
            raise FinishedElsewhere

    def _with_solution(self, reply: Reply) -> Reply:
        """Add what is right, and why; the item is as it was answered."""
        variant = reply.item.variant
        key = self.sheet.question(variant.public.id)
        assert key is not None
        explain = fill(key.explain, variant.names)
        return replace(reply, solution=key.right_answer(variant), explain=explain, source=key.source)

    def said(self, item: Item) -> Reply | None:
        """Return once more what was said to the last answer of a question that is done."""
        if self.silent or not item.done:
            return None
        with self._setting.open_ledger() as ledger:
            here = self._here(ledger, item.variant.public.id)
        return self._with_solution(Reply(item, self._mark(here[-1])))

    def _earned(self, key: Question, item: Item, marked: Marked) -> Earning:
        cost = sum(hint.cost for hint in key.hints[: len(item.hints)])
        return earning(marked, key, self.sheet.public.attempts, item.attempt, item.score or 0.0, cost)

    def _credit(self, ledger: Ledger, face: PublicQuestion, earned: Earning) -> tuple[Credit | None, str]:
        """Return how the balance changes, and why otherwise than by what was earned."""
        if self.sitting.mode == "review":
            return None, "a review earns nothing"
        worth = round(100 * earned.credits)
        cents, note = change(ledger, self.sheet, self.sitting, face.id, worth)
        version = self.sheet.public.version
        credit = Credit(
            subject(self.sheet, face.id), face.topic, cents, "earned", version, earned.arithmetic, worth
        )
        return credit, note

    def hint(self, item: Item) -> Item:
        """Take the next hint of a question; that it was taken is kept before it is shown."""
        question = item.variant.public.id
        with self._setting.open_ledger() as ledger:
            if item.next_hint is not None:
                ledger.take_hint(self.sitting.id, question, len(item.hints) + 1)
            return self._item(ledger, question)

    def flag(self, item: Item) -> Item:
        """Mark a question for later, or take the mark away."""
        question = item.variant.public.id
        with self._setting.open_ledger() as ledger:
            ledger.flag(self.sitting.id, question, not item.flagged)
            return self._item(ledger, question)

    def finish(self) -> None:
        """End the sitting; no more answers are accepted."""
        with self._setting.open_ledger() as ledger:
            ledger.finish(self.sitting.id)

    # -- how it went --

    def summary(self) -> Summary:
        """Return how the sitting went so far."""
        with self._setting.open_ledger() as ledger:
            responses = {one: self._here(ledger, one) for one in self.questions}
            cents = {one: ledger.sitting_credits(self.sitting.id, one) for one in self.questions}
            flagged = ledger.flagged(self.sitting.id)
        rows = tuple(self._row(topic, names, responses, cents) for topic, names in self._topics().items())
        firsts = [] if self.silent else [self._mark(found[0]) for found in responses.values() if found]
        return Summary(
            rows=rows,
            pass_mark=self.sheet.public.pass_mark,
            mode=self.sitting.mode,
            silent=self.silent,
            right=sum(one.right for one in firsts),
            flagged=tuple(one for one in self.questions if one in flagged),
            open=tuple(one for one in self.questions if not responses[one]),
            certainty=() if self.silent else tuple(self._certainty(responses)),
            read=() if self.silent else tuple(self._read(rows, responses)),
        )

    def _topics(self) -> dict[str, list[str]]:
        topics: dict[str, list[str]] = {}
        for one in self.questions:
            topics.setdefault(self.sheet.face(one).topic, []).append(one)
        return topics

    def _row(
        self, topic: str, names: list[str], responses: Mapping[str, list[Response]], cents: Mapping[str, int]
    ) -> TopicRow:
        possible = 100 * sum(self.sheet.face(one).credits for one in names)
        answered = sum(bool(responses[one]) for one in names)
        return TopicRow(topic, sum(cents[one] for one in names), possible, answered, len(names))

    def _read(
        self, rows: Iterable[TopicRow], responses: Mapping[str, list[Response]]
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield where to read on in every topic below the pass mark: what its missed questions stand on."""
        topics = self._topics()
        for row in rows:
            if row.cents < self.sheet.public.pass_mark * row.possible and row.answered:
                found = [one for one in topics[row.topic] if not self._was_right(responses[one])]
                keys = filter(None, map(self.sheet.question, found))
                yield row.topic, tuple(dict.fromkeys(one.source for one in keys))

    def _was_right(self, responses: list[Response]) -> bool:
        return bool(responses) and self._mark(responses[0]).right

    def first_mark(self, ledger: Ledger, question: str) -> Marked | None:
        """Return the mark of the first answer to a question in this sitting; None if there is none."""
        here = self._here(ledger, question)
        return self._mark(here[0]) if here else None

    def _here(self, ledger: Ledger, question: str) -> list[Response]:
        found = ledger.responses(self.sheet.id, question)
        return [one for one in found if one.sitting == self.sitting.id]

    def _certainty(self, responses: Mapping[str, list[Response]]) -> Iterator[tuple[int, bool]]:
        """Yield how certain the learner was of each first answer, and whether it was right."""
        for found in responses.values():
            if found and found[0].certainty is not None:
                yield found[0].certainty, self._mark(found[0]).right
