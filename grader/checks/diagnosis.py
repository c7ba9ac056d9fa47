"""Names a student's mistake: what does each known mistake answer to the very same questions?

A mistake is named if it answers every question that was asked of the function as the student did, the wrong
answers and the right ones, and if at least two of different arguments were wrong: silence is better than a
wrong name. What is looked at is counted in questions and numbers, never in seconds: any machine says
the same. Where the mistake is made, known or not, is the work of ``locate``.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from grader.checks.collection import Check, CheckSuite, KnownMistakes, PatchedSolution
from grader.checks.locate.find import locate, with_shapes
from grader.checks.locate.questions import jitter
from grader.checks.locate.shapes import tell_shapes
from grader.checks.locate.trace import Work
from grader.checks.ranges import impossible
from grader.checks.student import Call, CheckRun, Student, SubmissionFault
from grader.course import Misconception
from grader.sandbox.values import same_value, walk_arrays
from grader.sandbox.worker import Answer

MAX_QUESTIONS = 8  # wrong answers, and right ones, that are looked at
MAX_NUMBERS = 20_000  # in a question that is looked at, unless there are no smaller ones
INDEPENDENT = 2
CHANCE = 4  # wrong whole numbers, such as drawn symbols: fewer may agree by chance
FORM = re.compile(r"should (return|be) (an? |\d+ values)")  # of messages about the form of an answer
MAX_NAMED = 3  # mistakes that are told, where several explain the same


@dataclass(frozen=True)
class Diagnosis:
    """Which known mistakes explain all of a function's answers, each by itself."""

    mistakes: tuple[Misconception, ...] = ()

    @property
    def sentence(self) -> str:
        """What the student reads; empty if nothing was recognised."""
        texts = list(dict.fromkeys(mistake.says.strip() for mistake in self.mistakes))
        if len(texts) < 2:
            return "".join(texts)
        more = f"\n… or one of {len(texts) - MAX_NAMED} others" if len(texts) > MAX_NAMED else ""
        count = "two" if len(texts) == 2 else "these"
        return f"One of {count}:" + "".join(f"\n- {text}" for text in texts[:MAX_NAMED]) + more


@dataclass(frozen=True)
class Question:
    """A call, and what the solution says to it."""

    call: Call
    right: Answer

    @property
    def wrong(self) -> bool:
        """Whether the student's answer is another one."""
        return not agrees(self.call.answer, self.right)

    @property
    def evidence(self) -> int:
        """How many wrong whole numbers a mistake would have to explain; any other answer tells enough."""
        mine, right = self.call.answer.value, self.right.value
        if not isinstance(mine, np.ndarray) or not isinstance(right, np.ndarray) or self.call.answer.changed:
            return CHANCE
        return (
            int((mine != right).sum()) if right.dtype.kind in "iu" and mine.shape == right.shape else CHANCE
        )


# --- a failed check's questions -----------------------------------------------------------------------


def explain_failures(suite: CheckSuite, run: CheckRun) -> None:
    """Say at the first failed check of each function what its answers look like, and where that is made."""
    explained, work = {""}, Work()  # a check of no function in particular is not explained
    for check in suite.checks:
        function = check.function
        if run.outcomes[check.name].status != "failed" or function in explained:
            continue
        explained.add(function)
        with contextlib.suppress(Exception):  # the verdict stands, whatever was handed in
            located, found = tell_shapes(suite, run, check.name, _seen(suite, run, check)), None
            for _ in _more_questions(check, suite, run):
                calls = run.calls
                if known := suite.recorded:  # of other questions a hand-out has no answer
                    calls = [call for call in calls if known.trace(call.function, call.arguments)]
                found = diagnose(function, calls, suite.mistakes)
                if found is not None:
                    break
            name, sentence = check.name, found.sentence if found else ""
            run.change(name, diagnosis=sentence, recognised=bool(sentence))
            asked = _questions(function, _seen(suite, run, check), suite.mistakes.solution)
            wrong = [question.call for question in asked if question.wrong]
            formed = not FORM.search(run.outcomes[name].message)
            raised = [call.answer.raised for call in wrong if call.answer.raised]
            stops = [line for each in raised for line, *_ in each.frames[:1]]
            near = located.line if located else max(stops, default=0)
            told = locate(suite, run, wrong, work, near, bool(sentence), formed) if wrong else None
            run.change(name, located=with_shapes(located, told) if located and told else located or told)
    _tell_impossible(suite, run)


def _tell_impossible(suite: CheckSuite, run: CheckRun) -> None:
    """Begin the messages of failed checks with what cannot be; of hidden ones' answers no number is told."""
    for name, outcome in run.outcomes.items():
        calls = [call for call in run.calls if call.check == name and call.answer.value is not None]
        for call in calls if outcome.status == "failed" and "wrong shape" not in outcome.gist else ():
            with contextlib.suppress(Exception):  # the answer may have a form of its own
                what, number, says = next(impossible(suite, call.function, call.arguments, call.answer.value))
                gist = f"`{what}` is not possible: {says}. {outcome.gist}".strip()
                text = f"`{what}` {number}: {says}.\n{outcome.message}"
                run.change(name, message=text, gist=gist)
                break


def _seen(suite: CheckSuite, run: CheckRun, check: Check) -> list[Call]:
    """Return the calls that tell about a check's failure: of a visible check, only those of visible ones."""
    hidden = {other.name for other in suite.checks if other.hidden and not check.hidden}
    return [call for call in run.calls if call.check not in hidden]


def _more_questions(check: Check, suite: CheckSuite, run: CheckRun) -> Iterator[None]:
    """Ask a failed check's questions on other inputs, once for each turn that is taken.

    A mistake is known by two answers at least. Where a check draws nothing, its inputs are varied a little.
    """
    name = check.name
    asked = [call for call in run.calls if call.check == name]
    last = asked[-1].answer if asked else None
    yield
    if last and not (last.not_written or last.missing):
        rng = np.random.default_rng(0)
        for call in (*asked[-2:], *asked[-2:]):
            student = Student(run, name, asks_again=False)
            with contextlib.suppress(SubmissionFault):
                getattr(student, call.function)(*jitter(call.arguments, rng))
            student.finish()
        yield
        student = Student(run, name, asks_again=False)
        suite.call(check, student, draw=1)
        student.finish()
        yield


# --- which mistakes answer as the student does? -------------------------------------------------------


def diagnose(function: str, calls: Iterable[Call], mistakes: KnownMistakes) -> Diagnosis | None:
    """Look for the mistakes that explain how a function answered.

    Args:
        calls: all that the checks asked of it, on any inputs.

    Returns:
        What was found, perhaps nothing; None if there are too few wrong answers to say anything.
    """
    calls = list(calls)
    questions = _questions(function, calls, mistakes.solution)
    wrong = _smallest([question for question in questions if question.wrong])
    right = _smallest([question for question in questions if not question.wrong])
    if len(wrong) < INDEPENDENT or sum(question.evidence for question in wrong) < CHANCE:
        return None
    reach = {function}
    for name in mistakes.used_by(function) - reach:
        asked = _questions(name, calls, mistakes.solution)
        if len(asked) < INDEPENDENT or any(question.wrong for question in asked):
            reach.add(name)  # else it has shown itself to be right
    likely = [mistake for mistake in mistakes.single_mistakes if mistake.is_inside(reach)]
    found = _explaining(likely, wrong, right)
    return Diagnosis(tuple(mistake for patched in found for mistake in patched.mistakes))


def _questions(function: str, calls: Iterable[Call], solution: PatchedSolution) -> list[Question]:
    """Ask the solution what the student was asked; the same question counts once."""
    questions = dict[bytes, Question]()
    for call in calls:
        key = b"".join(array.tobytes() for _, array in walk_arrays(call.arguments))
        key = key or repr(call.arguments).encode()
        unwritten = call.answer.not_written or call.answer.missing
        if call.function == function and key not in questions and not unwritten:
            questions[key] = Question(call, solution.answer(function, call.arguments))
    return list(questions.values())


def _smallest(questions: list[Question]) -> list[Question]:
    ordered = sorted(questions, key=lambda question: question.call.numbers)
    small = [question for question in ordered if question.call.numbers <= MAX_NUMBERS]
    return (small if len(small) >= INDEPENDENT else ordered[:INDEPENDENT])[:MAX_QUESTIONS]


def _explaining(
    suspects: Iterable[PatchedSolution], wrong: Sequence[Question], right: Sequence[Question]
) -> list[PatchedSolution]:
    """Return those that answer all as the student did; if any also change the same, only them."""
    loose, exact = [], []
    questions = [*wrong[:INDEPENDENT], *right[:INDEPENDENT], *wrong[INDEPENDENT:], *right[INDEPENDENT:]]
    for suspect in suspects:
        answers = list[Answer]()
        for question in questions:
            answers.append(suspect.answer(question.call.function, question.call.arguments))
            if not agrees(question.call.answer, answers[-1], changes=False):
                break
        else:
            loose.append(suspect)
            pairs = zip(answers, questions, strict=True)
            if all(set(answer.changed) == set(asked.call.answer.changed) for answer, asked in pairs):
                exact.append(suspect)
    differs = any(not agrees(asked.call.answer, asked.right, changes=False) for asked in wrong)
    return exact or (loose if differs else [])


def agrees(answer: Answer, other: Answer, *, changes: bool = True) -> bool:
    """Whether two answers are the same up to rounding.

    Args:
        changes: whether what a call changed counts.
    """
    if changes and set(answer.changed) != set(other.changed):
        return False
    if answer.raised or other.raised:
        mine, theirs = (
            raised and (raised.type_name, raised.text) for raised in (answer.raised, other.raised)
        )
        return mine == theirs
    return not answer.unsendable and same_value(answer.value, other.value)
