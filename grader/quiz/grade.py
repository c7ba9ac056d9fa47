"""Grades answers that were handed in, with the key and the secret that a hand-out was made with.

Nothing in a file is believed: every variant is drawn again for the learner it names, and an answer to any
other earns nothing. What was typed is marked and counted as in a sitting, by :mod:`grader.quiz.credits`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course
from grader.progress import Learner, Response, Sitting
from grader.progress.hand_in import BadDocument, Handed, QuizResponses, SomethingElse, merged, read_responses
from grader.quiz.credits import REVIEW, CountedAnswer, fold, mark
from grader.quiz.files import (
    PublicFile,
    PublicQuiz,
    Quiz,
    edition_text,
    full_quizzes,
    plain_ids,
    public_file,
    public_quiz,
    read_secret,
)
from grader.quiz.formula import FormulaError
from grader.quiz.questions.base import Marked, NoVariant, Runner, Variant, make_variant, pick

OTHERS = "drawn for somebody else, or changed"


class Refused(Exception):
    """An answer earns nothing, whatever it is; the sentence says why."""


@dataclass(frozen=True)
class Edition:
    """A quiz as learners have it, with its key.

    Args:
        shown: what they see, with the ids of the hand-out.
        sheet: the same with the key's own ids.
        sha256: of their file.
        back: by question, the key's own ids by those of the hand-out; None where they have the key's own.
    """

    shown: PublicFile
    sheet: PublicQuiz
    sha256: str
    back: Mapping[str, Mapping[str, str]] | None

    def plain(self, variant: Variant) -> Variant:
        """Return a variant with the key's own ids."""
        if self.back is None:
            return variant
        back, face = self.back[variant.public.id], self.sheet.face(variant.public.id)
        known = {option.id: option for option in face.options}
        return Variant(face, variant.params, tuple(known[back[option.id]] for option in variant.options))


@dataclass(frozen=True)
class QuizGrade:
    """What one learner earned in one quiz.

    Args:
        counted: the answers that count, oldest first.
        marks: of all answers, by the ids of the responses.
        refused: by the id of a response, why it earns nothing.
        unanswered: questions of its sittings without an answer.
        notes: what whoever grades should know.
    """

    sheet: PublicQuiz
    counted: tuple[CountedAnswer, ...]
    marks: Mapping[int, Marked]
    refused: Mapping[int, str]
    unanswered: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def cents(self) -> int:
        """What the quiz earned, in hundredths of a credit."""
        return sum(answer.cents for answer in self.counted)

    @property
    def possible_cents(self) -> int:
        """What there is to earn."""
        return 100 * self.sheet.credits

    @property
    def passed(self) -> bool:
        """Whether the pass mark is reached."""
        return self.cents >= self.sheet.public.pass_mark * self.possible_cents - 1e-6


@dataclass(frozen=True)
class LearnerGrade:
    """What one learner earned in every quiz that was handed in."""

    learner: Learner
    quizzes: tuple[QuizGrade, ...]


@dataclass(frozen=True)
class Graded:
    """What came of all files; a problem is a sentence about one of them."""

    learners: tuple[LearnerGrade, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Grading:
    """All that grading depends on besides what was handed in.

    Args:
        course: its salt goes into every draw.
        editions: by the id of the quiz.
        runner: runs mended code, confined.
        full_course: whether to take answers as well that were given in the full course, where the key lies
            open.
    """

    course: Course
    editions: Mapping[str, Edition]
    runner: Runner
    full_course: bool = False


def edition_of(quiz: Quiz, secret: bytes) -> Edition:
    """Return a quiz as a hand-out made with this secret shows it.

    Raises:
        CourseError: the quiz cannot be read, or has options that get the same id.
    """
    sheet = public_quiz(quiz)
    sha256 = hashlib.sha256(edition_text(quiz, secret).encode()).hexdigest()
    if quiz.file.mode == "practice":
        return Edition(sheet.public, sheet, sha256, None)
    back = {question.id: plain_ids(secret, quiz.id, question) for question in quiz.file.questions}
    return Edition(public_file(quiz, secret), sheet, sha256, back)


def editions_of(course: Course) -> dict[str, Edition]:
    """Read every quiz of a course; the secret is needed only if one of them is graded.

    Raises:
        NoSecret: it is needed, and there is none.
        CourseError: a quiz cannot be read.
    """
    quizzes = full_quizzes(course)
    secret = read_secret(course) if any(quiz.file.mode != "practice" for quiz in quizzes) else b""
    return {quiz.id: edition_of(quiz, secret) for quiz in quizzes}


# --- files --------------------------------------------------------------------------------------------


def grade_files(paths: Iterable[Path], grading: Grading) -> Graded:
    """Grade all that lies in files and folders; what is broken is named, and does not stop the rest."""
    problems: list[str] = []
    handed: dict[str, list[Handed]] = {}
    files: dict[Path, bool] = {}  # whether it was named, not found in a folder; in order, each once
    for path in paths:
        found = [path]
        if path.is_dir():
            found = sorted(file for file in path.rglob("*.json") if not file.is_symlink() and file.is_file())
            if not found:
                problems.append(f"{path}: holds no .json file")
        for file in found:
            files[file] = files.get(file, False) or file == path
    for path, named in files.items():
        try:
            answers = read_responses(path)
        except BadDocument as error:
            if named or not isinstance(error, SomethingElse):
                problems.append(f"{path}: {error}")
        else:
            handed.setdefault(answers.learner.id, []).append(answers)
    learners = [grade_learner(files, grading, problems.append) for _, files in sorted(handed.items())]
    return Graded(tuple(learners), tuple(problems))


def grade_learner(files: list[Handed], grading: Grading, problem: Callable[[str], None]) -> LearnerGrade:
    """Grade all that one learner handed in.

    Args:
        problem: is told what is left out, and why.
    """
    files = sorted(files, key=lambda file: file.at, reverse=True)
    learner = files[0].learner
    by_quiz: dict[str, list[QuizResponses]] = {}
    for quiz in (quiz for file in files for quiz in file.quizzes):
        by_quiz.setdefault(quiz.quiz, []).append(quiz)
    for unknown in sorted(by_quiz.keys() - grading.editions.keys()):
        problem(f"{learner.id}: this course has no quiz `{unknown[:40]}`; its answers are left out")
    known = [quiz for quiz in grading.editions if quiz in by_quiz]
    return LearnerGrade(learner, tuple(grade_quiz(learner, by_quiz[quiz], grading) for quiz in known))


# --- one quiz of one learner --------------------------------------------------------------------------


def grade_quiz(learner: Learner, handed: list[QuizResponses], grading: Grading) -> QuizGrade:
    """Grade one learner's answers to one quiz.

    Args:
        handed: from one or several files, the newest first; of a sitting in several, the newest state counts.
    """
    edition = grading.editions[handed[0].quiz]
    answers, differing = merged(handed)
    sittings = {sitting.id: sitting for sitting in answers.sittings}
    faces = [face.id for face in edition.shown.faces]
    responses = [response for response in answers.responses if response.question in faces]
    marks: dict[int, Marked] = {}
    refused: dict[int, str] = {}
    for response in responses:
        try:
            variant = _drawn_again(learner, edition, grading, sittings[response.sitting], response)
            marks[response.id] = mark(edition.sheet, response, grading.runner, variant) or Marked(0.0, "")
        except Refused as error:
            refused[response.id] = str(error)
        except (NoVariant, FormulaError) as error:
            refused[response.id] = f"the course is at fault here, not the answer: {error}"
    marks |= {response: Marked(0.0, why) for response, why in refused.items()}
    scores = {response: marked.share for response, marked in marks.items()}
    counted = fold(edition.sheet, answers.sittings, responses, scores).answers
    several = "several files hold sitting {}, with different answers; the newest counts"
    notes = [*map(several.format, differing), *_notes(edition, answers, handed)]
    if gone := len(answers.responses) - len(responses):
        notes.append(f"{gone} answers are to questions that this quiz does not ask any more")
    asked = {
        question for sitting in answers.sittings if sitting.mode != REVIEW for question in sitting.questions
    }
    answered = {response.question for response in responses}
    return QuizGrade(
        sheet=edition.sheet,
        counted=tuple(answer for answer in counted if sittings[answer.response.sitting].mode != REVIEW),
        marks=marks,
        refused=refused,
        unanswered=tuple(question for question in faces if question in asked - answered),
        notes=tuple(notes),
    )


def _notes(edition: Edition, answers: QuizResponses, handed: list[QuizResponses]) -> Iterator[str]:
    for version, sha256 in dict.fromkeys((each.version, each.sha256) for each in handed):
        if version != edition.shown.version:
            yield f"answered in version {version}; graded by the key of version {edition.shown.version}"
        elif sha256 != edition.sha256:
            yield "the quiz's file is not byte for byte the one that is handed out"
    numbers = {sitting.number for sitting in answers.sittings}
    missing = sorted(set(range(1, max(numbers, default=0) + 1)) - numbers)[:5]
    if missing:
        yield f"sitting {', '.join(map(str, missing))} is missing from what was handed in"


def _drawn_again(
    learner: Learner, edition: Edition, grading: Grading, sitting: Sitting, response: Response
) -> Variant:
    """Draw the variant that this learner had, with the key's own ids.

    Raises:
        Refused: the stored one is another, or the answer was not to be given.
    """
    quiz, salt = edition.shown, grading.course.salt
    try:
        stored = json.loads(response.params)
    except (ValueError, RecursionError):
        stored = None  # which is no variant's record
    if quiz.draw and sitting.mode != REVIEW:
        drawn = pick(quiz.faces, quiz.draw.per_topic, salt, learner.id, quiz.quiz, sitting.number)
        if response.question not in {face.id for face in drawn}:
            raise Refused("this question was not drawn for this sitting")
    number = response.attempt if quiz.mode == "practice" else sitting.number
    seed = (salt, learner.id, quiz.quiz, response.question, number)
    variant = make_variant(next(face for face in quiz.faces if face.id == response.question), *seed)
    if json.loads(variant.record()) == stored:
        return edition.plain(variant)
    if grading.full_course:
        variant = make_variant(edition.sheet.face(response.question), *seed)
        if json.loads(variant.record()) == stored:
            return variant
    if response.version != quiz.version:
        raise Refused(f"asked otherwise in version {response.version}; grade it with that version's key")
    raise Refused(OTHERS)
