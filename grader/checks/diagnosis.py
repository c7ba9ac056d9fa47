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

from grader.checks.collection import (
    Check,
    CheckSuite,
    KnownMistakes,
    PatchedSolution,
    Reference,
    named_results,
    result_arrays,
)
from grader.checks.student import Call, CheckRun, Student, SubmissionFault, trace_broadcasts
from grader.course import Misconception
from grader.numeric import ZERO_TOLERANCE
from grader.sandbox.values import Array, map_leaves, same_array, same_value, walk_arrays
from grader.sandbox.worker import Answer

QUICK_CHECK_SECONDS = 0.5  # a check that takes longer is not run on other inputs
MAX_QUESTIONS = 8  # wrong answers, and right ones, that are looked at
INDEPENDENT = 2
SLOW_SECONDS = 0.01  # a question that takes the solution longer is asked only for want of others
SLOW_FACTOR = 10  # times the solution's time, and a mistake is asked a few questions only, within a time
SLOW_QUESTIONS, SUSPECT_SECONDS = 2 * INDEPENDENT, 0.1
PAIR_SECONDS = 0.05
MAX_NAMED = 3  # mistakes that are told, where several explain the same
TRANSPOSED = "Your `{0}` is transposed: rows and columns are swapped."


@dataclass(frozen=True)
class Diagnosis:
    """What a function's answers look like."""

    mistakes: tuple[tuple[Misconception, ...], ...] = ()
    """Each of these explains all of them; a pair stands for two mistakes at once."""
    remark: str = ""
    """What can be said of the numbers, where there is no such mistake."""

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

    def results(self, reference: Reference) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return the arrays of the student's answer and of the right one, by the names of the docstring."""
        answers = self.call.answer, self.right
        mine, right = (named_results(answer.value, reference, self.call.function) for answer in answers)
        return mine, right


# --- a failed check's questions -----------------------------------------------------------------------


def explain_failures(suite: CheckSuite, run: CheckRun) -> None:
    """Say at the first failed check of each function what its answers look like."""
    explained = {""}  # a check of no function in particular
    for check in suite.checks:
        function = check.function
        if run.outcomes[check.name].status != "failed" or function in explained:
            continue
        explained.add(function)
        with contextlib.suppress(Exception):  # the verdict stands, whatever was handed in
            for _ in _more_questions(check, suite, run):
                found = diagnose(function, suite.mistakes.known_calls(run.calls), suite.mistakes, run)
                if found:
                    run.change(check.name, diagnosis=found.sentence, recognised=bool(found.mistakes))
                    break


def _more_questions(check: Check, suite: CheckSuite, run: CheckRun) -> Iterator[None]:
    """Ask a failed check's questions on other inputs, once for each turn that is taken.

    A mistake is known by two answers at least. Where a check draws nothing, its inputs are varied a little.
    """
    name = check.name
    asked = [call for call in run.calls if call.check == name]
    last = asked[-1].answer if asked else None
    if last and run.outcomes[name].seconds < QUICK_CHECK_SECONDS and not (last.not_written or last.missing):
        student = Student(run, name, asks_again=False)
        suite.call(check, student, draw=1)
        student.finish()
        yield
        rng = np.random.default_rng(0)
        for call in (*asked[-2:], *asked[-2:]):
            student = Student(run, name, asks_again=False)
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


def diagnose(
    function: str, calls: Iterable[Call], mistakes: KnownMistakes, run: CheckRun
) -> Diagnosis | None:
    """Look for the mistake that explains how a function answered.

    Args:
        calls: all that the checks asked of it, on any inputs.
        run: in which they asked.

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
    failed = next(
        (each for each in run.outcomes.values() if each.function == function and not each.earned), None
    )
    # Code may make shapes of a hidden check's inputs; of a visible one's failure only visible questions tell.
    told = wrong
    if failed and not failed.hidden:
        told = [question for question in wrong if not run.outcomes[question.call.check].hidden]
    remark = _broadcast(run, told[0], reference) if told else ""
    return Diagnosis(remark=remark or describe_difference(_paired(wrong, reference)))


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
    partly, first = [], wrong[0]  # of whose wrong arrays one is wrong as this mistake makes it
    for suspect in likely:
        answer = suspect.answer(first.call.function, first.call.arguments)
        answers = first.call.answer, first.right, answer
        arrays = ([array for _, array in result_arrays(given.value)] for given in answers)
        if any(
            same_value(mine, theirs) and not same_value(mine, right)
            for mine, right, theirs in zip(*arrays, strict=False)
        ):
            partly.append(suspect)
    rest = [suspect for suspect in likely if suspect not in partly]
    candidates = itertools.chain(itertools.combinations(partly, 2), itertools.product(partly, rest))
    for suspect, other in candidates:
        if time.perf_counter() > deadline:
            return []
        both = mistakes.pair(suspect, other)
        if both and _explaining([both], wrong, right):
            return [both]
    return []


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


def _broadcast(run: CheckRun, question: Question, reference: Reference) -> str:
    """Name the line where a wrong shape came of two others; empty if it did not."""
    call, (mine, right) = question.call, question.results(reference)
    odd = {
        array.shape: f"`{name}`"
        for name, array in mine.items()
        if name in right and array.shape != right[name].shape
    }
    for quoted in re.findall(r"\((\d[\d, ]*)\)", call.answer.raised.text if call.answer.raised else ""):
        odd[tuple(int(size) for size in quoted.split(",") if size.strip())] = "what does not fit"
    for broadcast in trace_broadcasts(run, call) if odd else ():
        if broadcast.made in odd:
            shapes, made = " and ".join(map(str, broadcast.given)), broadcast.made
            return (
                f"the shape of {odd[made]} is made in line {broadcast.line} of your file, where {shapes} "
                f"broadcast into {made}:\n  {broadcast.source}\n"
                "Which of them has another shape than you think?"
            )
    return ""


def _paired(questions: Sequence[Question], reference: Reference) -> list[list[Pair]]:
    """Return, for each question, the student's and the right array of every result that has one."""
    paired = []
    for question in questions:
        call = question.call
        if call.answer.raised:
            continue
        mine, right = question.results(reference)
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


@dataclass(frozen=True)
class Pair:
    """One result of one call: the student's array beside the right one."""

    label: str
    mine: Array
    right: Array
    columns: frozenset[int] = frozenset()  # how many sequences a batch of this call may have had
    steps: frozenset[int] = frozenset()  # how many steps of time

    @property
    def wrong(self) -> bool:
        """Whether they differ."""
        return not same_array(self.mine, self.right)


@np.errstate(all="ignore")  # a student's numbers may be infinite
def describe_difference(calls: Sequence[Sequence[Pair]]) -> str:
    """Say what the first wrong result has in common with the right one in every call; empty if nothing."""
    by_label: dict[str, list[Pair]] = {}
    for call in calls:
        for pair in call:
            if pair.wrong:
                by_label.setdefault(pair.label, []).append(pair)
    for label, pairs in by_label.items():
        if len(pairs) < INDEPENDENT:
            continue
        swapped = set.intersection(  # the results whose right value this one has, in every call
            *(
                {other.label for other in call if other.label != label and same_array(pair.mine, other.right)}
                for call in calls
                for pair in call
                if pair.label == label and pair.wrong
            )
        )
        if swapped:
            return f"Your `{label}` is what `{min(swapped)}` should be. Are two results swapped?"
        true = [_sentences(pair) for pair in pairs]
        for sentence in true[0]:
            if all(sentence in others for others in true):
                return sentence.format(label)
        factor = _factor(pairs)
        if factor:
            return factor.format(label)
    return ""


def _matters(pair: Pair) -> bool:
    """Whether the right array says anything: an empty one, or one of zeros or nearly, is like everything."""
    return pair.mine.shape == pair.right.shape and float(np.abs(pair.right).max(initial=0)) > ZERO_TOLERANCE


def _sentences(pair: Pair) -> list[str]:
    """Return what is true of one wrong result, what says most first."""
    mine, right = pair.mine, pair.right
    transposed = mine.ndim == 2 and same_array(mine.T, right)
    if not _matters(pair):
        return [TRANSPOSED] if transposed else []
    in_time = right.ndim == 3 and right.shape[0] > 2
    batch = right.ndim > 1 and right.shape[-1] > 1 and right.shape[-1] in pair.columns
    found = {
        "Your `{0}` is all zeros. Is it filled at all, and by the line that should?": not mine.any(),
        "Your `{0}` has the opposite sign everywhere; its numbers are right.": same_array(-mine, right),
        TRANSPOSED: transposed,
        "Your `{0}` runs backwards in time: its first step holds what belongs to the last.": (
            in_time and same_array(mine[::-1], right)
        ),
        "Your `{0}` comes one step of time late: each step holds what belongs to the one before.": (
            in_time and same_array(mine[1:], right[:-1])
        ),
        "Your `{0}` comes one step of time early: each step holds what belongs to the one after.": (
            in_time and same_array(mine[:-1], right[1:])
        ),
        "Only the last step of your `{0}` is right. What reaches a step from the one after it?": (
            in_time and same_array(mine[-1], right[-1]) and not same_array(mine[-2], right[-2])
        ),
        "The first step of your `{0}` is right and the second is not. What is handed on?": (
            in_time and same_array(mine[0], right[0]) and not same_array(mine[1], right[1])
        ),
        "The first column of your `{0}` is right, others are not. What treats a batch as one?": (
            batch and same_array(mine[..., 0], right[..., 0])
        ),
        "Your `{0}` is right to 6 digits only. Is an array of it float32?": (
            mine.size > 1 and np.allclose(mine, right, rtol=1e-5, atol=1e-6)
        ),
        "All rows of your `{0}` are alike. Does a sum or a mean run over the wrong axis?": _alike(pair, 0),
        "All columns of your `{0}` are alike. Does a sum or mean run over the wrong axis?": _alike(pair, -1),
    }
    return [sentence for sentence, true in found.items() if true]


def _alike(pair: Pair, axis: int) -> bool:
    """Whether the result is the mean or the sum of the right one over an axis, repeated along it."""
    if pair.right.ndim < 2 or pair.right.shape[axis] < 2:
        return False
    means = pair.right.mean(axis=axis, keepdims=True), pair.right.sum(axis=axis, keepdims=True)
    return any(same_array(pair.mine, np.broadcast_to(mean, pair.right.shape)) for mean in means)


def _factor(pairs: Sequence[Pair]) -> str:
    """Say by which factor all are too large or too small: one that a size of the call explains first."""
    ratios = []
    for pair in pairs:
        if not _matters(pair):
            return ""
        index = np.unravel_index(int(np.argmax(np.abs(pair.right))), pair.right.shape)
        ratio = float(pair.mine[index] / pair.right[index])
        if not ratio or not same_array(pair.mine, ratio * pair.right):
            return ""
        ratios.append(round(ratio, 9))
    for name, sizes in (
        ("columns of the batch", [pair.columns for pair in pairs]),
        ("steps of time", [pair.steps for pair in pairs]),
    ):
        for power, word in ((1, "large"), (-1, "small")):
            if len(set(ratios)) > 1 and all(
                any(np.isclose(ratio, float(size) ** power) for size in known)
                for ratio, known in zip(ratios, sizes, strict=True)
            ):
                return f"Your `{{0}}` is too {word} by a factor that is the number of {name}."
    if all(np.isclose(ratio, ratios[0]) for ratio in ratios):
        return f"Your `{{0}}` is {ratios[0]:.4g} times what it should be, everywhere."
    return ""
