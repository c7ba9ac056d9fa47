"""What is wrong with a quiz: keys that do not recompute, mistakes that count as right, cues."""

import functools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.authoring.leaks import texts_in
from grader.checks.parallel import WHOLE, Share, map_shares
from grader.course import Course, CourseError, MathError, render
from grader.quiz import CodeRunner, FormulaError, Quiz, load_quiz, quiz_paths
from grader.quiz.questions import base, choices, typed

VARIANTS, FEW_VARIANTS = 2000, 500  # of a question whose numbers are drawn; with the whole course
MAX_CUED = 0.5  # share of a quiz's single choices that a cue may lead to
MIN_SINGLES = 4  # below that, shares mean nothing
CUE_LETTERS, CUE_WORDS = 4, 6  # an answer shorter than that may stand in another question by chance
PRINTED = re.compile(r"(?<![\w.])\d+\.\d{2,}")  # numbers with digits enough to be no chance
NO_PROSE = {"code", "value", "where", "solution", "tests", "answer", "id"}


@dataclass(frozen=True)
class QuizFindings:
    """What was found about one quiz; each fault is one sentence with file, line, column and cure."""

    quiz: str
    questions: int = 0
    parameterised: int = 0
    credits: int = 0
    faults: tuple[str, ...] = ()


def lint_course(course: Course, ids: tuple[str, ...] = (), *, variants: int = VARIANTS) -> list[QuizFindings]:
    """Lint the quizzes of these ids, or all of a course, in parallel."""
    lint = functools.partial(lint_file, variants=variants)
    paths = [path for path in quiz_paths(course) if not ids or path.stem in ids]
    longest = sorted(paths, key=lambda path: path.lstat().st_size, reverse=True)
    found = map_shares(lint, longest, jobs=int(len(paths) == 1), shares=1)
    return sorted((findings for (findings,) in found), key=lambda findings: f"{findings.quiz}.yaml")


def lint_file(path: Path, share: Share = WHOLE, *, variants: int = VARIANTS) -> QuizFindings:
    """Lint one quiz file; all of it, since its questions are compared with each other."""
    try:
        quiz = load_quiz(path)
        count = len(quiz.file.questions)
    except CourseError as error:
        return QuizFindings(path.stem, faults=(str(error),))
    with CodeRunner() as runner:
        faults = tuple(str(fault) for fault in lint_quiz(quiz, runner, variants))
    drawn = sum(bool(face.params) for face in quiz.public.faces)
    return QuizFindings(quiz.id, count, drawn, quiz.credits, faults)


def lint_quiz(quiz: Quiz, runner: base.LintRunner, variants: int = VARIANTS) -> Iterator[CourseError]:
    """Yield what is wrong with one quiz, in so many variants of each question whose numbers are drawn."""
    for question, face in zip(quiz.file.questions, quiz.public.faces, strict=True):
        problems = list[base.Problem]()
        shown = [face.prompt, *(option.text for option in (*face.options, *face.lefts))]
        if any("${=" in text for text in shown):
            problem = "computes something in what is shown before the answer; only `${name}` may stand there"
            problems.append((problem, question.place))
        prose = (text for field, text in texts_in(question) if not NO_PROSE & {*field.split(".")})
        for text in (*shown, *prose):
            try:
                render(base.HOLE.sub("1", text), strict=True)
            except MathError as error:
                problems.append((f"{error} (in “{text[:40]}…”)", question.place))
                break
        else:
            if sum(hint.cost for hint in question.hints) > 1:
                problems.append(("has hints that cost more than the question earns", question.place))
        try:  # variants, until one has a fault
            for number in range(variants if face.params else 1):
                variant = base.make_variant(face, "lint", str(number), quiz.id, question.id, 1)
                if found := list(question.lint_variant(variant)):
                    problems += found
                    break
        except FormulaError as error:
            problems.append((f"cannot be drawn: {error}", question.place))
        for problem, place in (*problems, *question.lint(runner)):
            yield CourseError(quiz.path, f"`{question.id}` {problem}", place.line, place.column)
    for cue in _cues(quiz):
        yield CourseError(quiz.path, cue)


def _cues(quiz: Quiz) -> Iterator[str]:
    """Look at all questions together: do they tell each other's answers, or does their form?"""
    questions = quiz.file.questions
    singles = [question.choices for question in questions if isinstance(question, choices.Single)]
    if len(singles) >= MIN_SINGLES:
        for extreme, pick in (("longest", max), ("shortest", min)):
            cued = sum(pick(offered, key=lambda one: len(render(one.text))).correct for offered in singles)
            if cued > MAX_CUED * len(singles):
                share = f"{cued} of {len(singles)} single choices"
                yield f"the {extreme} choice is right in {share}; even out their lengths"
        places = Counter([choice.correct for choice in offered].index(True) for offered in singles)
        place, count = places.most_common(1)[0]
        if count > MAX_CUED * len(singles):
            yield f"choice {place + 1} is right in {count} of {len(singles)} single choices; move some"
    for (prompt, _), count in Counter((face.prompt.strip(), face.code) for face in quiz.public.faces).items():
        if count > 1:
            yield f"{count} questions ask the same: “{prompt[:50]}”"
    yield from _given_away(quiz)


def _given_away(quiz: Quiz) -> Iterator[str]:
    """Look for questions that print the words or the number that another one asks for."""
    faces = {
        face.id: " ".join([face.prompt, *(option.text for option in (*face.options, *face.lefts)), face.code])
        for face in quiz.public.faces
    }
    shown = {id: f" {typed.normal(text)} " for id, text in faces.items()}
    told = {
        one.id: shown[one.id] + typed.normal(" ".join(text for _, text in texts_in(one)))
        for one in quiz.file.questions
    }
    numbers = {id: [*map(float, PRINTED.findall(text))] for id, text in faces.items()}
    for question in quiz.file.questions:
        right = [choice.text for choice in getattr(question, "choices", ()) if choice.correct]
        sentences = [text for text in right if len(text.split()) >= CUE_WORDS]
        words = [cue for cue in getattr(question, "accept", ()) if len(typed.normal(cue)) >= CUE_LETTERS]
        for other in faces.keys() - {question.id}:
            for cue, texts in [*((cue, shown) for cue in words), *((cue, told) for cue in sentences)]:
                if f" {typed.normal(cue)} " in texts[other]:
                    yield f"`{other}` prints “{cue}”, the answer of `{question.id}`; reword one of them"
            if isinstance(question, typed.Numeric) and not question.params:
                low, high = question.answer.interval({})
                if hits := [number for number in numbers[other] if low <= number <= high]:
                    yield f"`{other}` prints {hits[0]:g}, the answer of `{question.id}`; change one of them"
