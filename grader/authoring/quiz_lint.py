"""What is wrong with a quiz: keys that do not recompute, mistakes that count as right, cues."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.checks.parallel import WHOLE, Share, map_shares
from grader.course import Course, CourseError, Place
from grader.course.mathtext import MathError, render
from grader.quiz.answers import Unreadable
from grader.quiz.face import Face, face_of
from grader.quiz.fixing import FAILED, CodeRunner, solved
from grader.quiz.formula import FormulaError, evaluate
from grader.quiz.schema import (
    AnyQuestion,
    Fix,
    Multiple,
    Numeric,
    Output,
    Quiz,
    Shape,
    Single,
    Text,
    load_quiz,
    quiz_paths,
)
from grader.quiz.scoring import interval, normal, same_output, same_shape, same_words, wrong_target
from grader.quiz.sheet import sheet_of
from grader.quiz.variants import HOLE, NoVariant, Variant, fill, make_variant
from grader.sandbox.pool import open_pool

VARIANTS = 2000
SAMPLE = 100  # variants in which mistakes are compared with each other
MAX_SHADOWED = 0.2  # share of them in which an earlier mistake may answer for a later one
LONGER = 1.3  # a right choice so much longer than the next longest gives itself away
MAX_CUED = 0.5  # share of a quiz's single choices that a cue may lead to
FEW = 4  # single choices: below that, shares mean nothing
CUE_LETTERS = 4
CATCH_ALL = re.compile(r"\b(all|none|both) of (the )?(above|these)\b", re.IGNORECASE)


@dataclass(frozen=True)
class QuizFindings:
    """What was found about one quiz; each fault is one sentence with file, line, column and cure."""

    quiz: str
    questions: int = 0
    parameterised: int = 0
    credits: int = 0
    faults: tuple[str, ...] = ()


def lint_course(course: Course, ids: tuple[str, ...] = (), *, variants: int = VARIANTS) -> list[QuizFindings]:
    """Lint the quizzes of a course, in parallel.

    Args:
        ids: which; none means all of them.
        variants: how many of each parameterised question are drawn.
    """
    paths = [path for path in quiz_paths(course) if not ids or path.stem in ids]
    lint = functools.partial(lint_file, variants=variants)
    return [findings for (findings,) in map_shares(lint, paths, jobs=int(len(paths) == 1), shares=1)]


def lint_file(path: Path, share: Share = WHOLE, *, variants: int = VARIANTS) -> QuizFindings:
    """Lint one quiz file; all of it, since its questions are compared with each other."""
    try:
        quiz = load_quiz(path)
    except CourseError as error:
        return QuizFindings(path.stem, faults=(str(error),))
    with open_pool() as pool:
        faults = [str(fault) for fault in lint_quiz(quiz, CodeRunner(pool), variants)]
    drawn = sum(bool(getattr(one, "params", None)) for one in quiz.file.questions)
    return QuizFindings(quiz.id, len(quiz.file.questions), drawn, sheet_of(quiz).credits, tuple(faults))


def lint_quiz(quiz: Quiz, runner: CodeRunner, variants: int = VARIANTS) -> Iterator[CourseError]:
    """Yield what is wrong with one quiz.

    Args:
        runner: runs the code that questions hold.
        variants: how many of each parameterised question are drawn.
    """
    for question in quiz.file.questions:
        for problem, place in _of_question(question, quiz, runner, variants):
            yield CourseError(quiz.path, f"`{question.id}` {problem}", place.line, place.column)
    for problem in (*_cues(quiz), *_printed_answers(quiz), *_repeated(quiz)):
        yield CourseError(quiz.path, problem)


Problem = tuple[str, Place]


def _of_question(question: AnyQuestion, quiz: Quiz, runner: CodeRunner, variants: int) -> Iterator[Problem]:
    yield from _texts(question)
    yield from _choices(question)
    face = face_of(question)
    count = variants if face.params else 1
    try:
        for number in range(count):
            variant = make_variant(face, "lint", str(number), quiz.id, question.id, 1)
            problems = list(_of_variant(question, variant))
            yield from problems
            if problems:
                break
    except (NoVariant, FormulaError) as error:
        yield f"cannot be drawn: {error}", question.place
    if isinstance(question, Numeric):
        yield from _shadowed(question, face)
    if isinstance(question, Text):
        yield from _words(question)
    if isinstance(question, Output):
        yield from _outputs(question, runner)
    if isinstance(question, Fix):
        yield from _fixes(question, runner)


# --- texts and choices --------------------------------------------------------------------------------


def _texts(question: AnyQuestion) -> Iterator[Problem]:
    """Look at the mathematics and the holes of every text."""
    face = face_of(question)
    before = [face.prompt, *(one.text for one in (*face.options, *face.lefts))]
    for text in before:
        if "${=" in text:
            yield (
                "computes something in what is shown before the answer; only `${name}` may stand there",
                (question.place),
            )
    for text in (*before, *_strings(question)):
        try:
            render(HOLE.sub("1", text), strict=True)
        except MathError as error:
            yield f"{error} (in “{text[:40]}…”)", question.place
            return
    if sum(hint.cost for hint in question.hints) > 1:
        yield "has hints that cost more than the question earns", question.place


def _strings(value: Any) -> Iterator[str]:
    """Yield every text of a question, except code and formulas."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _strings(one)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name not in ("code", "value", "where", "solution", "tests", "answer", "id"):
                yield from _strings(getattr(value, field.name))


def _choices(question: AnyQuestion) -> Iterator[Problem]:
    if not isinstance(question, Single | Multiple):
        return
    for choice in question.choices:
        if not choice.correct and not choice.feedback.strip():
            yield f"has a wrong choice `{choice.id}` without feedback; say what it gets wrong", choice.place
        if CATCH_ALL.search(choice.text):
            yield (
                f"offers “{choice.text}”, which tests reading; write a choice that says something",
                choice.place,
            )
    if isinstance(question, Single):
        lengths = sorted((len(render(one.text)), one.correct) for one in question.choices)
        (second, _), (longest, right) = lengths[-2:]
        if right and longest > LONGER * second and longest > second + 10:
            yield (
                "has a right choice that stands out by its length; shorten it or spell out another",
                (question.place),
            )


# --- keys and mistakes --------------------------------------------------------------------------------


def _of_variant(question: AnyQuestion, variant: Variant) -> Iterator[Problem]:
    """Look at one variant: every text can be filled in, and no mistake counts as right."""
    for text in (question.prompt, question.explain, *(hint.text for hint in question.hints)):
        fill(text, variant.names)
    if isinstance(question, Numeric):
        yield from _numbers(question, variant)
    if isinstance(question, Shape):
        for wrong in question.mistakes:
            fill(wrong.feedback, variant.names)
            if same_shape(_sizes(wrong.value, variant), _sizes(question.answer, variant), variant.names):
                where = f" for {variant.record()}" if variant.params else ""
                yield f"has a mistake that is right{where}; change the sizes or `where`", wrong.place


def _sizes(entries: Iterable[str], variant: Variant) -> list[str]:
    from grader.quiz.answers import size_of

    try:
        return [str(size_of(entry, variant.names)) for entry in entries]
    except Unreadable as error:
        raise FormulaError(str(error)) from None


def _numbers(question: Numeric, variant: Variant) -> Iterator[Problem]:
    low, high = interval(question.answer, variant.names)
    for wrong in question.mistakes:
        fill(wrong.feedback, variant.names)
        least, most = interval(wrong_target(question, wrong), variant.names)
        if least <= high and low <= most:
            where = f" for {variant.record()}" if variant.params else ""
            yield (
                f"has a mistake `{wrong.value}` that comes within the tolerance of the key{where}; "
                "tighten the tolerance, or exclude such numbers with `where`",
                wrong.place,
            )


def _shadowed(question: Numeric, face: Face) -> Iterator[Problem]:
    """Look for mistakes that an earlier one answers for: whoever makes them is told something else."""
    met: Counter[int] = Counter()
    for number in range(SAMPLE):
        try:
            names = make_variant(face, "shadow", str(number)).names
            spans = [interval(wrong_target(question, wrong), names) for wrong in question.mistakes]
            values = [float(evaluate(wrong.value, names)) for wrong in question.mistakes]
        except (NoVariant, FormulaError):
            return  # said elsewhere
        for later, value in enumerate(values):
            met[later] += any(low <= value <= high for low, high in spans[:later])
    for later, count in met.items():
        if count > MAX_SHADOWED * SAMPLE:
            wrong = question.mistakes[later]
            share = f"{count / SAMPLE:.0%} of all draws"
            problem = f"has a mistake `{wrong.value}` that an earlier one answers for in {share}"
            yield f"{problem}; put the narrower one first, or exclude such numbers", wrong.place


def _words(question: Text) -> Iterator[Problem]:
    for wrong in question.reject:
        for right in question.accept:
            if same_words(wrong.match, right, question.typos) or same_words(
                right, wrong.match, question.typos
            ):
                yield (
                    f"would take the wrong “{wrong.match}” for a slip in “{right}”; forgive fewer typos",
                    (wrong.place),
                )


# --- code ---------------------------------------------------------------------------------------------


def _outputs(question: Output, runner: CodeRunner) -> Iterator[Problem]:
    printed = runner.printed(question.code)
    if printed is None:
        yield "has code that does not run to its end", question.place
    elif not same_output(printed.strip(), question.answer):
        yield f"has code that prints {printed.strip()!r}, not {str(question.answer)!r}", question.place
    for wrong in question.mistakes:
        if same_output(wrong.value, question.answer):
            yield f"has a mistake {str(wrong.value)!r} that is right", wrong.place


def _fixes(question: Fix, runner: CodeRunner) -> Iterator[Problem]:
    if any(one is FAILED for one in runner.results(question, solved(question))):
        yield "has a solution that does not get through its tests", question.place
    elif runner.passes(question, question.code):
        yield "has code that passes its tests unmended; add a test that sees the fault", question.place


# --- cues ---------------------------------------------------------------------------------------------


def _cues(quiz: Quiz) -> Iterator[str]:
    singles = [one for one in quiz.file.questions if isinstance(one, Single)]
    if len(singles) < FEW:
        return
    longest = sum(max(one.choices, key=lambda c: len(render(c.text))).correct for one in singles)
    if longest > MAX_CUED * len(singles):
        yield (
            f"the longest choice is right in {longest} of {len(singles)} single choices; "
            "spell out some wrong ones"
        )
    places = Counter(next(n for n, c in enumerate(one.choices) if c.correct) for one in singles)
    place, count = places.most_common(1)[0]
    if count > MAX_CUED * len(singles):
        yield f"choice {place + 1} is right in {count} of {len(singles)} single choices; move some"


def _printed_answers(quiz: Quiz) -> Iterator[str]:
    """Look for the words a question asks for in what other questions show."""
    faces = {one.id: _shown(face_of(one)) for one in quiz.file.questions}
    for question in quiz.file.questions:
        for answer in question.accept if isinstance(question, Text) else ():
            words = normal(answer)
            for other, text in faces.items():
                if other != question.id and len(words) >= CUE_LETTERS and f" {words} " in f" {text} ":
                    yield f"`{other}` prints “{answer}”, the answer of `{question.id}`; reword one of them"


def _shown(face: Face) -> str:
    return normal(" ".join([face.prompt, face.code, *(one.text for one in (*face.options, *face.lefts))]))


def _repeated(quiz: Quiz) -> Iterator[str]:
    prompts = Counter((one.prompt.strip(), getattr(one, "code", "")) for one in quiz.file.questions)
    for (prompt, _), count in prompts.items():
        if count > 1:
            yield f"{count} questions ask the same: “{prompt[:50]}”"
