"""Grades answers that were handed in, with the key and the secret that a hand-out was made with.

Nothing in a file is believed. Which questions a sitting asked, and in which variant, is drawn again for the
learner it names; an answer to any other earns nothing. What was typed is marked and counted as in a sitting,
by :mod:`grader.quiz.credits`.
"""

import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from grader.course import Course, dataclass, derived, read_secret
from grader.progress import Learner, Note, QuizResult, Response, Sitting, hand_in
from grader.quiz import FormulaError, Quiz, Runner, Variant, all_quizzes, code, credits, make_variant
from grader.quiz.files import PublicFile, edition_text, plain_ids, public_file
from grader.quiz.questions.base import Marked
from grader.sandbox.text import listed, one_line
from grader.sandbox.worker import ConfinementMissing, WorkerBroken

OTHERS = "drawn for somebody else, or changed"
OTHER_VERSION = "asked otherwise in version {}; grade it with that version's key"
MODES = ("practice", "graded", credits.REVIEW)
NOT_MARKED = "not marked"
EXAM = "was in the mode `exam`, which is gone; grade it with the grader that asked it"
MAX_LISTED = 500  # answers to a quiz that earn nothing, in a list of all
MAX_NAMED = 5  # of many alike, in a sentence


@dataclass(frozen=True)
class Edition:
    """A quiz as learners have it, with its key."""

    shown: PublicFile  # what they see, with the ids of the hand-out
    sheet: Quiz  # the same with the key's own ids
    hashes: tuple[str, ...]  # SHA-256 of their file, with the line ends of any system
    # by question, the key's own ids by those of the hand-out; nothing where they have the key's own
    back: Mapping[str, Mapping[str, str]]

    def plain(self, variant: Variant) -> Variant:
        """Return a variant with the key's own ids."""
        face, back = self.sheet.faces[variant.public.id], self.back.get(variant.public.id, {})
        known = {option.id: option for option in face.options}
        options = (known[back.get(option.id, option.id)] for option in variant.options)
        return Variant(face, variant.params, tuple(options))


@dataclass(frozen=True)
class QuizGrade:
    """What one learner earned in one quiz."""

    sheet: Quiz
    counted: tuple[credits.CountedAnswer, ...]  # the answers that count, oldest first
    marks: Mapping[int, Marked]  # of all answers, by the ids of the responses
    refused: Mapping[int, str]  # by the id of a response, why it earns nothing
    unanswered: tuple[str, ...]  # questions of the sittings that count, without an answer
    notes: tuple[str, ...]  # what whoever grades should know
    doubts: tuple[str, ...] = ()  # what no program of ours writes, for whoever grades to decide on
    # what the quiz earned, in hundredths of a credit, and what there is to earn
    cents: int = derived(lambda grade: sum(answer.cents for answer in grade.counted))
    possible_cents: int = derived(lambda grade: 100 * grade.sheet.credits)
    # whether the pass mark is reached
    passed: bool = derived(lambda own: own.cents >= own.sheet.public.pass_mark * own.possible_cents - 1e-6)


class LearnerGrade(NamedTuple):
    """What one learner earned in every quiz that was handed in."""

    learner: Learner
    quizzes: tuple[QuizGrade, ...]


class Graded(NamedTuple):
    """What came of all files; a problem is a sentence about one of them."""

    learners: tuple[LearnerGrade, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Grading:
    """All that grading depends on besides what was handed in."""

    course: Course  # its salt goes into every draw
    editions: Mapping[str, Edition]  # by the id of the quiz
    runner: Runner  # runs mended code, confined


def edition_of(quiz: Quiz, secret: bytes) -> Edition:
    """Return a quiz as a hand-out made with this secret shows it; CourseError if two options get one id."""
    hashes = hand_in.text_hashes(edition_text(quiz, secret).encode())
    if quiz.file.mode == "practice":
        return Edition(quiz.public, quiz, hashes, {})
    back = {question.id: plain_ids(secret, quiz.id, question) for question in quiz.file.questions}
    return Edition(public_file(quiz, secret), quiz, hashes, back)


def editions_of(course: Course) -> dict[str, Edition]:
    """Read every quiz of a course; NoSecret if one of them is graded, and the secret is not here."""
    quizzes = all_quizzes(course)
    secret = read_secret(course) if any(quiz.file.mode != "practice" for quiz in quizzes) else b""
    return {quiz.id: edition_of(quiz, secret) for quiz in quizzes}


# --- files --------------------------------------------------------------------------------------------


def grade_files(paths: Iterable[Path], grading: Grading) -> Graded:
    """Grade all that lies in files and folders; what is broken is named, and does not stop the rest."""
    problems: list[str] = []
    handed: dict[str, list[tuple[Path, hand_in.Handed]]] = defaultdict(list)
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
            answers = hand_in.read_responses(path)
        except hand_in.BadDocument as error:
            if named or not isinstance(error, hand_in.SomethingElse):
                problems.append(f"{path}: {error}")
        else:
            handed[answers.learner.id].append((path, answers))
    learners = []
    for learner_id, of_learner in sorted(handed.items()):
        try:
            grade = grade_learner(of_learner, grading, problems.append)
        except (ConfinementMissing, WorkerBroken):
            raise
        except Exception as error:  # whatever it is, the others are none the worse for it
            names = ", ".join(str(path) for path, _ in of_learner[:MAX_NAMED])
            told = f"could not be graded ({type(error).__name__}: {error}); please report it"
            problems.append(f"{names}: {told}")
        else:
            learners.append(grade)
            doubts = ((quiz.sheet.id, doubt) for quiz in grade.quizzes for doubt in quiz.doubts)
            problems += [f"{learner_id}, {quiz}: {doubt}" for quiz, doubt in doubts]
    return Graded(tuple(learners), tuple(problems))


class SubmissionQuizzes(NamedTuple):
    """What became of the answers of a submission: results, notes for the instructor, or why they broke."""

    results: tuple[QuizResult, ...] = ()
    notes: tuple[Note, ...] = ()
    broken: str = ""


def grade_submission(data: bytes, owner: str, grading: Grading) -> SubmissionQuizzes:
    """Grade the answers of one submission of a class; whatever is wrong with them, is told and not raised.

    The data are of its ``responses.json``; the owner is the learner whose submission it says it is, if any.
    ConfinementMissing or WorkerBroken: no code at all can be run here.
    """
    left_out: list[str] = []
    try:
        handed = hand_in.parse_responses(data)
        graded = grade_learner([(Path(hand_in.RESPONSES), handed)], grading, left_out.append)
    except hand_in.BadDocument as error:
        problem = one_line(f"{hand_in.RESPONSES} {error}")
        unread = QuizResult("responses", "Answers that cannot be read", 0, 0, (problem,))
        return SubmissionQuizzes((unread,), (Note("answers-unreadable", problem, decide=True),))
    except (ConfinementMissing, WorkerBroken):
        raise
    except Exception as error:
        problem = f"{hand_in.RESPONSES} could not be graded ({type(error).__name__}: {error})"
        return SubmissionQuizzes(broken=one_line(problem, 400))
    anothers = ""
    if owner and handed.learner.id != owner:
        anothers = f"the answers were drawn for `{handed.learner.id}`; they earn nothing until you decide"
    results, notes = [], [Note("answers-left-out", text) for text in left_out]
    notes += [Note("answers-of-another", anothers, decide=True)] if anothers else []
    for quiz in graded.quizzes:
        counts = Counter(quiz.refused.values()).most_common(MAX_NAMED)
        refused = [f"refused: {why}" + f" ({count} times)" * (count > 1) for why, count in counts]
        texts = (*([anothers] if anothers else []), *left_out, *quiz.doubts, *quiz.notes, *refused)
        cents = 0 if anothers else quiz.cents
        results.append(QuizResult(quiz.sheet.id, quiz.sheet.public.title, cents, quiz.possible_cents, texts))
        notes += [Note("answers-doubtful", f"{quiz.sheet.id}: {doubt}", decide=True) for doubt in quiz.doubts]
    return SubmissionQuizzes(tuple(results), tuple(notes))


def grade_learner(
    files: Sequence[tuple[Path, hand_in.Handed]], grading: Grading, problem: Callable[[str], None]
) -> LearnerGrade:
    """Grade all that one learner handed in, in files that claim so; ``problem`` is told what is left out."""
    # Whose name or folder's name is the learner's id, perhaps among other words.
    own = re.compile(rf"(?<![a-z0-9]){re.escape(files[0][1].learner.id)}(?![a-z0-9])")
    named = [path for path, _ in files if own.search(f"{path.stem}/{path.parent.name}".casefold())]
    files = sorted(files, key=lambda file: file[0] not in named)
    learner, runner = files[0][1].learner, code.SubmissionRunner(grading.runner)
    by_quiz: dict[str, list[tuple[Path, hand_in.QuizResponses]]] = defaultdict(list)
    for path, handed in files:
        for quiz in handed.quizzes:
            by_quiz[quiz.quiz].append((path, quiz))
    if unknown := sorted(by_quiz.keys() - grading.editions.keys()):
        names = listed([name[:40] for name in unknown], MAX_NAMED, "`")
        problem(f"{learner.id}: this course has no quiz {names}; its answers are left out")
    grades = []
    for claims in (by_quiz[name] for name in grading.editions if name in by_quiz):
        if answers := _undisputed(learner.id, claims, named, problem):
            grades.append(grade_quiz(learner, answers, grading, runner))
    return LearnerGrade(learner, tuple(grades))


def _undisputed(
    learner: str,
    claims: list[tuple[Path, hand_in.QuizResponses]],
    named: list[Path],
    problem: Callable[[str], None],
) -> hand_in.QuizResponses | None:
    """Return the answers to one quiz that all files of one learner agree on; None if there are none.

    A later file goes on where an earlier one ends; what it says of its own time decides nothing. Where some
    are named after the learner, only these are believed.
    """
    believed = {path: answers for path, answers in claims if path in named} or dict(claims)

    def extent(one: hand_in.QuizResponses) -> tuple[int, int, int]:
        return len(one.responses), len(one.sittings), sum(bool(each.finished) for each in one.sittings)

    newest, *others = sorted(believed.values(), key=extent, reverse=True)
    if all(map(newest.follows, others)):
        if aside := [str(path) for path, answers in claims if not newest.follows(answers)]:
            told = f"a file named after `{learner}` says otherwise about {newest.quiz}"
            problem(f"{listed(aside, MAX_NAMED)}: set aside: {told}")
        return newest
    told = f"contradict each other about {newest.quiz} of `{learner}`; none counts, leave the wrong ones out"
    problem(f"{listed(list(believed), MAX_NAMED)}: {told}")
    return None


# --- one quiz of one learner --------------------------------------------------------------------------


def grade_quiz(
    learner: Learner, answers: hand_in.QuizResponses, grading: Grading, runner: code.SubmissionRunner
) -> QuizGrade:
    """Grade one learner's answers to one quiz; the runner bounds the time of all that they handed in."""
    edition = grading.editions[answers.quiz]
    quiz, sittings = edition.shown, {sitting.id: sitting for sitting in answers.sittings}
    counting = {
        sitting.id
        for sitting in answers.sittings
        if sitting.mode != credits.REVIEW and (quiz.mode == "practice" or sitting.number <= quiz.sittings)
    }
    known = [response for response in answers.responses if edition.sheet.questions.get(response.question)]
    last = {(response.sitting, response.question): response.id for response in known}
    responses = [  # which a fold looks at
        response
        for response in known
        if sittings[response.sitting].mode != credits.REVIEW
        and (quiz.mode == "practice" or last[response.sitting, response.question] == response.id)
    ]
    why, doubts = _refusals(quiz, answers)
    refused = {response.id: why[response.id] for response in responses if response.id in why}
    marks: dict[int, Marked] = {}
    for response in (response for response in responses if response.id not in refused):
        if response.sitting not in counting:
            marks[response.id] = Marked(0.0, NOT_MARKED)
            continue
        try:
            runner.require_time()
            variant = _drawn_again(learner, edition, grading, sittings[response.sitting], response)
            marks[response.id] = credits.mark(edition.sheet, response, runner, variant) or Marked(0.0, "")
        except code.Refused as error:
            refused[response.id] = str(error)
        except FormulaError as error:
            refused[response.id] = f"the course is at fault here, not the answer: {error}"
    marks |= {response: Marked(0.0, reason) for response, reason in refused.items()}
    scores = {response: marked.share for response, marked in marks.items()}
    counted = credits.fold(edition.sheet, answers.sittings, responses, scores).answers
    idle = itertools.count(1)
    listed = tuple(answer for answer in counted if answer.cents or next(idle) <= MAX_LISTED)
    unanswered, odd = _unanswered(learner, edition, grading, answers, counting)
    gone, unlisted = len(answers.responses) - len(known), len(counted) - len(listed)
    notes = _notes(edition, answers, gone, unlisted)
    return QuizGrade(edition.sheet, listed, marks, refused, unanswered, tuple(notes), (*doubts, *odd))


def _notes(edition: Edition, answers: hand_in.QuizResponses, gone: int, unlisted: int) -> Iterator[str]:
    if answers.version != edition.shown.version:
        yield f"answered in version {answers.version}; graded by the key of version {edition.shown.version}"
    elif answers.sha256 not in edition.hashes:
        yield "the quiz's file is not byte for byte the one that is handed out"
    if gone:
        yield f"{gone} answers are to questions that this quiz does not ask any more"
    if unlisted:
        yield f"{unlisted} more answers, which earn nothing, are not listed"


def _refusals(quiz: PublicFile, answers: hand_in.QuizResponses) -> tuple[dict[int, str], list[str]]:
    """Return, by their ids, why answers earn nothing that no program of ours wrote so; and what to say.

    Sittings follow one another from 1, and so do the attempts at a question: each number draws something
    else, and nobody chooses a draw by leaving numbers out.
    """
    sittings = {sitting.id: sitting for sitting in answers.sittings}
    gap = next(number for number in itertools.count(1) if number not in sittings)
    attempts: dict[str, set[int]] = defaultdict(set)
    for response in answers.responses if quiz.mode == "practice" else ():  # else the sitting's number draws
        attempts[response.question].add(response.attempt)
    gaps = {
        question: next(number for number in itertools.count(1) if number not in numbers)
        for question, numbers in attempts.items()
    }
    refused: dict[int, str] = {}
    for response in answers.responses:
        sitting, attempt = sittings[response.sitting], response.attempt
        left, which = attempts.get(response.question, {attempt}), f"at {response.question[:40]}"
        if sitting.number > gap:
            reason = f"sitting {gap} is missing from what was handed in; what follows it earns nothing"
        elif sitting.mode not in MODES:
            mode = EXAM if sitting.mode == "exam" else f"has the mode `{sitting.mode[:40]}`, which is none"
            reason = f"sitting {sitting.number} {mode}"
        elif (missing := gaps.get(response.question, attempt)) < attempt:
            reason = f"attempt {missing} {which} is missing; what follows it earns nothing"
        elif attempt not in left:
            reason = f"attempt {attempt} {which} stands twice; the first one counts"
        else:
            reason = ""
        left.discard(attempt)
        if reason:
            refused[response.id] = reason
    reasons = list(dict.fromkeys(refused.values()))
    more = len(reasons) - MAX_NAMED
    return refused, [*reasons[:MAX_NAMED], *([f"and {more} more like that"] if more > 0 else [])]


def _unanswered(
    learner: Learner, edition: Edition, grading: Grading, answers: hand_in.QuizResponses, counting: set[int]
) -> tuple[tuple[str, ...], list[str]]:
    """Return the questions without an answer in the sittings that count, and what is odd in their lists.

    A sitting of this version asked what its number draws; of another one, nobody here knows what it asked.
    """
    quiz, missing, odd = edition.shown, set[str](), list[int]()
    for sitting in (sitting for sitting in answers.sittings if sitting.id in counting):
        questions, drawn = sitting.questions, (quiz, grading.course.salt, learner.id, sitting.number)
        if sitting.version == quiz.version and len(odd) <= MAX_NAMED and questions != credits.asked(*drawn):
            topics = "", *dict.fromkeys(face.topic for face in quiz.faces)
            parts = (credits.asked(*drawn, topic, count) for topic in topics for count in (0, len(questions)))
            if not questions or questions not in parts:
                odd.append(sitting.number)
                questions = credits.asked(*drawn)
        missing |= set(questions)
    missing -= {response.question for response in answers.responses if response.sitting in counting}
    told = f"the list of questions in sitting {listed(odd, MAX_NAMED)} is refused"
    told += ": what was asked is told from the draw"
    return tuple(face.id for face in quiz.faces if face.id in missing), [told] if odd else []


def _drawn_again(
    learner: Learner, edition: Edition, grading: Grading, sitting: Sitting, response: Response
) -> Variant:
    """Draw the variant that this learner had, with the key's own ids; Refused if another is stored."""
    quiz, salt = edition.shown, grading.course.salt
    if quiz.draw and response.question not in credits.asked(quiz, salt, learner.id, sitting.number):
        if sitting.version != quiz.version:
            raise code.Refused(OTHER_VERSION.format(sitting.version))
        raise code.Refused("this question was not drawn for this sitting")
    number = response.attempt if quiz.mode == "practice" else sitting.number
    seed = (salt, learner.id, quiz.quiz, response.question, number)
    variant = make_variant(next(face for face in quiz.faces if face.id == response.question), *seed)
    stored = None  # which is no variant's record
    with suppress(ValueError, RecursionError):
        stored = json.loads(response.params)
    if json.loads(variant.record()) != stored:
        told = OTHERS if response.version == quiz.version else OTHER_VERSION.format(response.version)
        raise code.Refused(told)
    return edition.plain(variant)
