"""Names a student's mistake: what does each known mistake answer to the very same questions?

A mistake is named if it answers every question that was asked of the function as the student did, the wrong
answers and the right ones, and if at least two of different arguments were wrong: silence is better than a
wrong name. What no known mistake explains may still be of a known kind: transposed, of the wrong sign, late.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks.collection import CheckSuite
from grader.checks.mistakes import KnownMistakes, PatchedSolution
from grader.checks.names import named_results, result_arrays
from grader.checks.patterns import Pair, describe_difference
from grader.checks.session import Call, CheckRun, Result, SubmissionFault
from grader.checks.student import Student, trace_broadcasts
from grader.course import Misconception
from grader.sandbox.values import map_leaves, same_value, walk_arrays
from grader.sandbox.worker import Answer

QUICK_CHECK_SECONDS = 0.5  # a check that takes longer is not run on other inputs
MAX_QUESTIONS = 8  # wrong answers, and right ones, that are looked at
INDEPENDENT = 2
SLOW_SECONDS = 0.01  # a question that takes the solution longer is asked only for want of others
SLOW_FACTOR = 10  # times the solution's time, and a mistake is asked a few questions only, within a time
SLOW_QUESTIONS, SUSPECT_SECONDS = 2 * INDEPENDENT, 0.1
PAIR_SECONDS = 0.05
MAX_NAMED = 3  # mistakes that are told, where several explain the same


@dataclass(frozen=True)
class Diagnosis:
    """What a function's answers look like.

    Args:
        mistakes: each of these explains all of them; a pair stands for two mistakes at once.
        remark: what can be said of the numbers, where there is no such mistake.
    """

    mistakes: tuple[tuple[Misconception, ...], ...] = ()
    remark: str = ""

    @property
    def sentence(self) -> str:
        """What the student reads; empty if nothing was recognised."""
        texts = [" And: ".join(mistake.says.strip() for mistake in both) for both in self.mistakes]
        if len(texts) < 2:
            return texts[0] if texts else self.remark
        texts = list(dict.fromkeys(texts))
        more = f"\n… or one of {len(texts) - MAX_NAMED} others" if len(texts) > MAX_NAMED else ""
        if len(texts) == 1:
            return texts[0]
        count = "two" if len(texts) == 2 else "these"
        return f"One of {count}:" + "".join(f"\n- {text}" for text in texts[:MAX_NAMED]) + more


@dataclass(frozen=True)
class Question:
    """A call, and what the solution says to it."""

    call: Call
    right: Answer
    seconds: float

    @property
    def wrong(self) -> bool:
        """Whether the student's answer is another one."""
        return not agrees(self.call.answer, self.right)


# --- a failed check's questions -----------------------------------------------------------------------


def explain_failures(suite: CheckSuite, run: CheckRun, mistakes: KnownMistakes) -> None:
    """Say at the first failed check of each function what its answers look like."""
    explained = {""}  # a check of no function in particular
    for result in run.results.values():
        function = result.check.function
        if result.status != "failed" or function in explained:
            continue
        explained.add(function)
        with contextlib.suppress(Exception):  # the verdict stands, whatever was handed in
            for _ in _more_questions(result, suite, run):
                found = diagnose(function, mistakes.known_calls(run.calls), mistakes)
                if found:
                    result.diagnosis = found.sentence
                    break


def _more_questions(result: Result, suite: CheckSuite, run: CheckRun) -> Iterator[None]:
    """Ask a failed check's questions on other inputs, once for each turn that is taken.

    A mistake is known by two answers at least. Where a check draws nothing, its inputs are varied a little.
    """
    name = result.check.name
    asked = [call for call in run.calls if call.check == name]
    last = asked[-1].answer if asked else None
    if last and result.seconds < QUICK_CHECK_SECONDS and not (last.not_written or last.missing):
        student = Student(run, name)
        suite.call(result.check, student, draw=1)
        student.finish()
        yield
        rng = np.random.default_rng(0)
        for call in (*asked[-2:], *asked[-2:]):
            student = Student(run, name)
            with contextlib.suppress(SubmissionFault):
                getattr(student, call.function)(*jitter(call.arguments, rng))
            student.finish()
    yield


def jitter(value: Any, rng: np.random.Generator) -> Any:
    """Return a value with every real number in it somewhat larger or smaller."""

    def moved(leaf: Any) -> Any:
        real = isinstance(leaf, float) or (isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f")
        return leaf * rng.uniform(0.8, 1.25, np.shape(leaf)) if real else leaf

    return map_leaves(value, moved)


# --- which mistakes answer as the student does? -------------------------------------------------------


def diagnose(function: str, calls: Iterable[Call], mistakes: KnownMistakes) -> Diagnosis | None:
    """Look for the mistake that explains how a function answered.

    Args:
        calls: all that the checks asked of it, on any inputs.

    Returns:
        What was found, perhaps nothing; None if there are too few wrong answers to say anything.
    """
    calls = list(calls)
    questions = _questions(function, calls, mistakes.solution)
    wrong = _quickest([question for question in questions if question.wrong])
    right = _quickest([question for question in questions if not question.wrong])
    if len(wrong) < INDEPENDENT:
        return None
    reach = {function}
    for name in mistakes.used_by(function) - reach:
        asked = _questions(name, calls, mistakes.solution)
        if len(asked) < INDEPENDENT or any(question.wrong for question in asked):
            reach.add(name)  # else it has shown itself to be right
    likely = [mistake for mistake in mistakes.single_mistakes if mistake.is_inside(reach)]
    explanations = _explaining(likely, wrong, right) or _pairs(mistakes, likely, wrong, right)
    if explanations:
        return Diagnosis(tuple(patched.mistakes for patched in explanations))
    reference = mistakes.solution.reference
    return Diagnosis(remark=_broadcast(wrong[0], reference) or describe_difference(_paired(wrong, reference)))


def _questions(function: str, calls: Iterable[Call], solution: PatchedSolution) -> list[Question]:
    """Ask the solution what the student was asked; the same question counts once."""
    questions = dict[bytes, Question]()
    for call in calls:
        key = b"".join(array.tobytes() for _, array in walk_arrays(call.arguments))
        key = key or repr(call.arguments).encode()
        unwritten = call.answer.not_written or call.answer.missing
        if call.function == function and key not in questions and not unwritten:
            started = time.perf_counter()
            right = solution.answer(function, call.arguments)
            questions[key] = Question(call, right, time.perf_counter() - started)
    return list(questions.values())


def _quickest(questions: list[Question]) -> list[Question]:
    ordered = sorted(questions, key=lambda question: question.seconds)
    quick = [question for question in ordered if question.seconds < SLOW_SECONDS]
    return (quick if len(quick) >= INDEPENDENT else ordered[:INDEPENDENT])[:MAX_QUESTIONS]


def _explaining(
    suspects: Iterable[PatchedSolution], wrong: Sequence[Question], right: Sequence[Question]
) -> list[PatchedSolution]:
    """Return those that answer all as the student did; if any also change the same, only them."""
    loose, exact = [], []
    first = sorted((*wrong[:INDEPENDENT], *right[:INDEPENDENT]), key=lambda question: question.seconds)
    questions = [*first, *wrong[INDEPENDENT:], *right[INDEPENDENT:]]
    for suspect in suspects:
        answers = same_answers(suspect, questions)
        if answers is not None:
            loose.append(suspect)
            pairs = zip(answers, questions, strict=False)
            if all(set(answer.changed) == set(asked.call.answer.changed) for answer, asked in pairs):
                exact.append(suspect)
    differs = any(not agrees(asked.call.answer, asked.right, changes=False) for asked in wrong)
    return exact or (loose if differs else [])


def same_answers(suspect: PatchedSolution, questions: Sequence[Question]) -> list[Answer] | None:
    """Return a suspect's answers if all are the student's, up to what they change; else None.

    One that is far slower than the solution, such as a gradient by differences, is asked the first few only,
    and none that would take it long.
    """
    answers = list[Answer]()
    slowness, spent = float("inf"), 0.0
    for question in questions:
        if SLOW_FACTOR < slowness < float("inf") and slowness * question.seconds + spent > SUSPECT_SECONDS:
            return answers if len(answers) >= SLOW_QUESTIONS else None
        started = time.perf_counter()
        answer = suspect.answer(question.call.function, question.call.arguments)
        seconds = time.perf_counter() - started
        if not agrees(question.call.answer, answer, changes=False):
            return None
        answers.append(answer)
        slowness, spent = min(slowness, seconds / max(question.seconds, 1e-6)), spent + seconds
    return answers


def _pairs(
    mistakes: KnownMistakes,
    likely: list[PatchedSolution],
    wrong: Sequence[Question],
    right: Sequence[Question],
) -> list[PatchedSolution]:
    """Return the first pair of mistakes that explains all, as far as there is time to look."""
    deadline = time.perf_counter() + PAIR_SECONDS
    partly = [suspect for suspect in likely if _explains_a_part(suspect, wrong[0])]
    rest = [suspect for suspect in likely if suspect not in partly]
    candidates = itertools.chain(itertools.combinations(partly, 2), itertools.product(partly, rest))
    for suspect, other in candidates:
        if time.perf_counter() > deadline:
            return []
        both = mistakes.pair(suspect, other)
        if both and _explaining([both], wrong, right):
            return [both]
    return []


def _explains_a_part(suspect: PatchedSolution, question: Question) -> bool:
    """Whether one of the arrays that are wrong is wrong as this mistake makes it."""
    answer = suspect.answer(question.call.function, question.call.arguments)
    answers = question.call.answer, question.right, answer
    arrays = ([array for _, array in result_arrays(given.value)] for given in answers)
    return any(
        same_value(mine, theirs) and not same_value(mine, right)
        for mine, right, theirs in zip(*arrays, strict=False)
    )


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


# --- what can be said of shapes and numbers alone -----------------------------------------------------


def _broadcast(question: Question, reference: Any) -> str:
    """Name the line where a wrong shape came of two others; empty if it did not."""
    call = question.call
    answers = call.answer, question.right
    mine, right = (named_results(answer.value, reference, call.function) for answer in answers)
    odd = {
        array.shape: f"`{name}`"
        for name, array in mine.items()
        if name in right and array.shape != right[name].shape
    }
    for quoted in re.findall(r"\((\d[\d, ]*)\)", call.answer.raised.text if call.answer.raised else ""):
        odd[tuple(int(size) for size in quoted.split(",") if size.strip())] = "what does not fit"
    for broadcast in trace_broadcasts(call) if odd else ():
        if broadcast.made in odd:
            shapes, made = " and ".join(map(str, broadcast.given)), broadcast.made
            return (
                f"the shape of {odd[made]} is made in line {broadcast.line} of your file, where {shapes} "
                f"broadcast into {made}:\n  {broadcast.source}\n"
                "Which of them has another shape than you think?"
            )
    return ""


def _paired(questions: Sequence[Question], reference: Any) -> list[list[Pair]]:
    """Return, for each question, the student's and the right array of every result that has one."""
    paired = []
    for question in questions:
        call = question.call
        if call.answer.raised:
            continue
        answers = call.answer, question.right
        mine, right = (named_results(answer.value, reference, call.function) for answer in answers)
        given = [array.shape for _, array in walk_arrays(call.arguments)]
        columns = frozenset(shape[-1] for shape in given[:1] if len(shape) > 1)
        steps = frozenset(shape[0] for shape in given if len(shape) > 2)
        paired.append(
            [
                Pair(name, mine[name], right[name], columns, steps)
                for name in right
                if name in mine and mine[name].dtype.kind in "iuf"
            ]
        )
    return paired
