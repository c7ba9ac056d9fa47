"""One learner's sitting of a quiz, without a screen: what is asked, what an answer does, what is kept.

Every accepted answer is in the ledger, with its score, before anybody hears of it.
"""

import datetime
from collections.abc import Iterable
from dataclasses import replace

from grader.course import CannotDo, dataclass, derived
from grader.progress import Ledger, Response, Sitting
from grader.quiz import Quiz, Variant, credits, fill, make_variant, parse
from grader.quiz.questions.base import Marked, recalled


class AnsweredElsewhere(Exception):
    """Another terminal has answered this very attempt; the question should be shown anew."""


class FinishedElsewhere(Exception):
    """Another terminal has finished this sitting; nothing more is accepted."""


@dataclass(frozen=True)
class Selection:
    """Which questions are asked, and whether a sitting that is open is gone on with."""

    topic: str = ""  # only questions of this one; empty for all
    count: int = 0  # so many questions only; 0 for all
    restart: bool = False  # leave a sitting that is open as it is, and begin anew
    only: tuple[str, ...] = ()  # exactly these questions, in review; empty otherwise


WHOLE_QUIZ = Selection()


@dataclass(frozen=True)
class Item:
    """A question as it stands now."""

    variant: Variant
    attempt: int  # number of the coming attempt in this sitting, from 1
    tries: int  # attempts there are; 0 means any number, until the end
    given: str  # the last answer in this sitting, as typed; empty if there is none
    score: float | None  # best so far; None if unanswered, or if nobody knows yet
    flagged: bool
    hints: tuple[str, ...] = ()  # texts of the hints taken
    next_hint: float | None = None  # credits that it takes off a right answer now; None if there is none
    answered: bool = derived(lambda item: item.attempt > 1)  # whether there is an answer in this sitting
    # whether no further answer helps
    done: bool = derived(lambda own: own.tries > 0 and (own.attempt > own.tries or (own.score or 0.0) >= 1.0))


@dataclass(frozen=True)
class Reply:
    """What is said to an accepted answer."""

    item: Item
    mark: Marked | None = None  # None where the quiz is graded later
    counted: credits.CountedAnswer | None = None  # what it earned; None if not known, or said before
    solution: str = ""  # the right answer, once no attempt is left
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
    """How a sitting went."""

    rows: tuple[TopicRow, ...]
    pass_mark: float
    silent: bool  # whether nobody knows yet what was right
    right: int  # how many questions were right at the first attempt
    flagged: tuple[str, ...]  # questions to come back to
    open: tuple[str, ...]  # questions without an answer
    # of each first answer that it was asked for: 1, 2 or 3, and whether it was right
    certainty: tuple[tuple[int, bool], ...]
    read: tuple[tuple[str, tuple[str, ...]], ...]  # of each weak topic, the sources of what was not right
    cents: int = derived(lambda own: sum(row.cents for row in own.rows))  # what the sitting is worth
    # of what the sitting could have earned
    share: float = derived(lambda own: own.cents / max(1, sum(row.possible for row in own.rows)))
    passed: bool = derived(lambda own: own.share >= own.pass_mark - 1e-9)  # whether the pass mark is reached


class Session:
    """A sitting that was begun or taken up again, of the questions that are selected.

    CannotDo says that one of other questions is unfinished, and this is no restart; or that a part is
    asked for of a graded quiz whose coming sitting counts.
    """

    def __init__(self, sheet: Quiz, context: credits.QuizContext, selection: Selection = WHOLE_QUIZ) -> None:
        self.sheet = sheet
        self.silent = sheet.silent
        self._context = context
        self._marked: dict[int, Marked | None] = {}  # by response: mended code should run once
        self.regraded = credits.update([sheet], context)
        with context.open_ledger() as ledger:
            self.learner = ledger.learner
            self.sitting, self.resumed = self._begin(ledger, selection)
        known = {face.id for face in sheet.public.faces}
        self.questions = tuple(question for question in self.sitting.questions if question in known)

    def _begin(self, ledger: Ledger, selection: Selection) -> tuple[Sitting, bool]:
        """Return the sitting, the latest open one or a new one, and whether it was begun before."""
        quiz, sittings = self.sheet.public, ledger.sittings(self.sheet.id)
        drawn, limits = (quiz, self._context.salt, ledger.learner.id), (selection.topic, selection.count)
        reviews, part = bool(selection.only), any(limits)
        of_kind = [sitting for sitting in sittings if (sitting.mode == credits.REVIEW) == reviews]
        unfinished = [sitting for sitting in of_kind if sitting.finished is None]
        if unfinished and (selection.restart or reviews):
            ledger.finish(unfinished.pop().id)
        elif unfinished:
            found = unfinished[-1]
            if part and found.questions != credits.asked(*drawn, found.number, *limits):
                raise CannotDo(
                    f"a sitting of {len(found.questions)} questions of {quiz.quiz} is unfinished; go on with "
                    f"it by `grader quiz {quiz.quiz}`, or begin anew with --restart"
                )
            return found, True
        number = len(sittings) + 1
        if part and quiz.mode == "graded" and number <= quiz.sittings:
            which = f"{quiz.which_count} of {quiz.quiz}, with all of its questions"
            raise CannotDo(f"{which}; leave --topic and --questions away")
        mode = credits.REVIEW if reviews else quiz.mode
        questions = selection.only or credits.asked(*drawn, number, *limits)
        return ledger.begin(quiz.quiz, quiz.version, mode, questions), False

    def item(self, question: str) -> Item:
        """Return one question as it stands now."""
        return self.items(question)[0]

    def items(self, *only: str) -> list[Item]:
        """Return questions as they stand now, all of them unless some are named."""
        with self._context.open_ledger() as ledger:
            return [self._item(ledger, question) for question in only or self.questions]

    def _item(self, ledger: Ledger, question: str) -> Item:
        face, attempts = self.sheet.faces[question], self.sheet.public.attempts
        key = None if self.silent else self.sheet.questions.get(question)
        responses, scores = ledger.responses(self.sheet.id, question), ledger.scores(self.sheet.id)
        here = [response for response in responses if response.sitting == self.sitting.id]
        same = (response for response in here if recalled(face, response.params))  # no other question by now
        score = max((scores.get(response.id, 0.0) for response in same), default=0.0)
        # Where answers can be changed until the end, the numbers stay; else every attempt has its own.
        number = self.sitting.number if self.silent else len(responses) + 1
        item = Item(
            variant=make_variant(face, self._context.salt, self.learner.id, self.sheet.id, question, number),
            attempt=len(here) + 1,
            tries=len(attempts.of(key)) if key else 0,
            given=here[-1].answer if here else "",
            score=score if key and here else None,
            flagged=question in ledger.flagged(self.sitting.id),
        )
        if key is None:
            return item
        if item.done:  # it stays as it was answered
            item = replace(item, variant=recalled(face, here[-1].params) or item.variant)
        taken = ledger.hints_taken(self.sitting.id, question)
        item = replace(item, hints=tuple(fill(hint.text, item.variant.names) for hint in key.hints[:taken]))
        if item.done or taken >= len(key.hints):
            return item
        left = attempts.weight(key, item.attempt) - sum(hint.cost for hint in key.hints[:taken])
        price = max(0.0, left) - max(0.0, left - key.hints[taken].cost)
        return replace(item, next_hint=key.credits * price)

    def cents(self) -> int:
        """Return what this sitting is worth so far, in hundredths of a credit."""
        with self._context.open_ledger() as ledger:
            worth = credits.balance(ledger, self.sheet).by_sitting
        return sum(worth.get((self.sitting.id, question), 0) for question in self.questions)

    def answer(self, item: Item, text: str, certainty: int | None = None) -> Reply:
        """Accept an answer to an item as it was shown: it is stored, with its score, before this returns.

        Certainty is 1, 2 or 3; None if nobody asked. After Unreadable, AnsweredElsewhere, FinishedElsewhere
        nothing was stored.
        """
        answer = parse(item.variant, text)
        question, version = item.variant.public.id, self.sheet.public.version
        key = None if self.silent else self.sheet.questions.get(question)
        marked = key.mark(item.variant.names, answer, self._context.runner) if key else None
        with self._context.open_ledger() as ledger:  # one transaction from reading to writing
            if self.sitting.id in [each.id for each in ledger.sittings(self.sheet.id) if each.finished]:
                raise FinishedElsewhere
            now = self._item(ledger, question)
            if now.attempt != item.attempt or now.done or now.variant != item.variant:
                raise AnsweredElsewhere
            response = Response(
                sitting=self.sitting.id,
                quiz=self.sheet.id,
                version=version,
                question=question,
                attempt=len(ledger.responses(self.sheet.id, question)) + 1,
                params=item.variant.record(),
                answer=text,
                certainty=certainty,
                hints=len(now.hints),
            )
            response_id = ledger.respond(response)
            if marked is None:
                return Reply(self._item(ledger, question))
            self._marked[response_id] = marked
            ledger.mark(response_id, version, marked.share, marked.arithmetic)
            if marked.right:  # there is nothing to come back to
                ledger.flag(self.sitting.id, question, False)
            counted = {answer.response.id: answer for answer in credits.balance(ledger, self.sheet).answers}
            reply = Reply(self._item(ledger, question), marked, counted[response_id])
        return self._with_solution(reply) if reply.item.done else reply

    def _with_solution(self, reply: Reply) -> Reply:
        """Add what is right, and why; the item is as it was answered."""
        variant = reply.item.variant
        key = self.sheet.questions[variant.public.id]
        solution, explain = key.right_answer(variant), fill(key.explain, variant.names)
        return replace(reply, solution=solution, explain=explain, source=key.source)

    def said(self, item: Item) -> Reply | None:
        """Return once more what was said to the last answer of a question that is done."""
        if self.silent or not item.done:
            return None
        with self._context.open_ledger() as ledger:
            last = self._here(ledger, item.variant.public.id)[-1]
        if last.id not in self._marked:
            self._marked[last.id] = credits.mark(self.sheet, last, self._context.runner)
        return self._with_solution(Reply(item, marked)) if (marked := self._marked[last.id]) else None

    def hint(self, item: Item) -> Item:
        """Take the next hint of a question; that it was taken is kept before it is shown."""
        question = item.variant.public.id
        with self._context.open_ledger() as ledger:
            if item.next_hint is not None:
                ledger.take_hint(self.sitting.id, question, len(item.hints) + 1)
            return self._item(ledger, question)

    def flag(self, item: Item) -> Item:
        """Mark a question for later, or take the mark away."""
        question = item.variant.public.id
        with self._context.open_ledger() as ledger:
            ledger.flag(self.sitting.id, question, not item.flagged)
            return self._item(ledger, question)

    def finish(self) -> None:
        """End the sitting; no more answers are accepted."""
        with self._context.open_ledger() as ledger:
            ledger.finish(self.sitting.id)

    def summary(self) -> Summary:
        """Return how the sitting went so far."""
        with self._context.open_ledger() as ledger:
            here = {question: self._here(ledger, question) for question in self.questions}
            scores, worth = ledger.scores(self.sheet.id), credits.balance(ledger, self.sheet).by_sitting
            flagged = ledger.flagged(self.sitting.id)
        firsts = [] if self.silent else [answers[0] for answers in here.values() if answers]
        right = {first.question for first in firsts if scores.get(first.id, 0.0) >= 1.0}
        rows, read, pass_mark = [], [], self.sheet.public.pass_mark
        faces = [self.sheet.faces[question] for question in self.questions]
        for topic in dict.fromkeys(face.topic for face in faces):
            asked = [face for face in faces if face.topic == topic]
            cents = sum(worth.get((self.sitting.id, face.id), 0) for face in asked)
            possible = 100 * sum(face.credits for face in asked)
            answered = sum(bool(here[face.id]) for face in asked)
            rows.append(TopicRow(topic, cents, possible, answered, len(asked)))
            if not self.silent and answered and cents < pass_mark * possible:
                wrong = [self.sheet.questions[face.id] for face in asked if face.id not in right]
                read.append((topic, tuple(dict.fromkeys(key.source for key in wrong))))
        return Summary(
            rows=tuple(rows),
            pass_mark=pass_mark,
            silent=self.silent,
            right=len(right),
            flagged=tuple(question for question in self.questions if question in flagged),
            open=tuple(question for question in self.questions if not here[question]),
            certainty=tuple((one.certainty, one.question in right) for one in firsts if one.certainty),
            read=tuple(read),
        )

    def schedule(self, ledger: Ledger, question: str) -> datetime.datetime | None:
        """Record how the review of a question went here, by its first answer; None if there is none.

        Returns when it is due again. ImportError without the library.
        """
        from fsrs import Card, Rating, Scheduler

        if not (here := self._here(ledger, question)):
            return None
        right = ledger.scores(self.sheet.id).get(here[0].id, 0.0) >= 1
        passed = Rating.Hard if ledger.hints_taken(self.sitting.id, question) else Rating.Good
        before, _ = ledger.review_states().get((self.sheet.id, question), ("", ""))
        card = Card.from_json(before) if before else Card()
        card, _ = Scheduler(enable_fuzzing=False).review_card(card, passed if right else Rating.Again)
        due: datetime.datetime = card.due
        told = {"state": card.to_json(), "due": due.isoformat()}
        ledger.append("reviewed", quiz=self.sheet.id, question=question, **told)
        return due

    def _here(self, ledger: Ledger, question: str) -> list[Response]:
        found = ledger.responses(self.sheet.id, question)
        return [response for response in found if response.sitting == self.sitting.id]


def due_questions(ledger: Ledger, sheets: Iterable[Quiz], now: datetime.datetime) -> list[tuple[Quiz, str]]:
    """Return the questions to review: missed ones never reviewed, and those that are due again.

    A question is missed when it was answered, and its best sitting did not earn all of its credits.
    """
    states = ledger.review_states()
    found = []
    for sheet in (sheet for sheet in sheets if not sheet.silent):
        answered = {response.question for response in ledger.responses(sheet.id)}
        earned = credits.balance(ledger, sheet).by_question
        for face in sheet.public.faces:
            _, due = states.get((sheet.id, face.id), ("", ""))
            first_time = not due and face.id in answered and earned.get(face.id, 0) < 100 * face.credits
            if first_time or (due and datetime.datetime.fromisoformat(due) <= now):
                found.append((sheet, face.id))
    return found
