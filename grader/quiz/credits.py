"""What answers earn: one rule for a sitting, the statement, the grading of a class and a changed key.

Stored are the answers, as they were typed, and the score of each by each version of its key. Credits are
worked out of these whenever they are wanted, so that nothing has to be adjusted and nothing is paid twice.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress

from grader.course import Course, dataclass, derived
from grader.progress import Ledger, Response, Sitting, open_ledger
from grader.quiz.code import CodeRunner
from grader.quiz.files import Attempts, PublicFile, Quiz
from grader.quiz.questions import base

REVIEW = "review"
NO_BETTER = "an earlier sitting earned as much"
TOPIC_FULL = "this topic has given all its credits"
KEPT = "the question has changed too much to mark this answer anew; its credits stay"


@dataclass(frozen=True)
class QuizContext:
    """What a sitting depends on besides its quiz: the public salt, the ledger, what runs mended code."""

    salt: str
    open_ledger: Callable[[], AbstractContextManager[Ledger]]
    runner: base.Runner


@contextmanager
def open_context(course: Course, before_code: Callable[[], None] = lambda: None) -> Iterator[QuizContext]:
    """Offer what sittings in a course depend on; a worker is started only if an answer holds code."""
    with CodeRunner(before_code=before_code) as runner:
        yield QuizContext(course.salt, lambda: open_ledger(course), runner)


@dataclass(frozen=True)
class CountedAnswer:
    """What one answer came to, in hundredths of a credit."""

    response: Response
    worth: int  # what it adds to its own sitting
    cents: int  # what it adds to the balance
    arithmetic: str  # how its worth came about
    note: str  # why the balance grew by something else than its worth, if it did


@dataclass(frozen=True)
class Credits:
    """What one learner's answers to one quiz earned, in hundredths of a credit."""

    answers: tuple[CountedAnswer, ...]  # those that count, oldest first
    by_question: Mapping[str, int]
    by_topic: Mapping[str, int]
    by_sitting: Mapping[tuple[int, str], int]  # by the ids of a sitting and a question, its worth by itself
    cents: int = derived(lambda credits: sum(credits.by_question.values()))  # the balance of the whole quiz


def fold(
    quiz: Quiz, sittings: Iterable[Sitting], responses: Iterable[Response], scores: Mapping[int, float]
) -> Credits:
    """Count a learner's answers to a quiz, oldest first.

    In practice every attempt counts by its weight, and of each question the best sitting. Where an answer may
    be changed until the end, the last one to a question of a sitting counts, with its full weight, in as many
    sittings as the quiz says. A topic gives no more than one sitting can ask of it; reviews earn nothing.
    Scores are shares from 0 to 1, by the ids of the responses; those without one do not count.
    """
    of_sitting = {sitting.id: sitting for sitting in sittings}
    by_sitting: dict[tuple[int, str], int] = defaultdict(int)
    by_question: dict[str, int] = defaultdict(int)
    by_topic: dict[str, int] = defaultdict(int)
    earlier: dict[tuple[int, str], list[float]] = defaultdict(list)
    answers = []
    marked = [response for response in responses if response.id in scores]
    last = {(response.sitting, response.question): response.id for response in marked}
    for response in marked:
        question = quiz.questions.get(response.question)
        sitting, place = of_sitting[response.sitting], (response.sitting, response.question)
        if question is None or (quiz.public.mode != "practice" and last[place] != response.id):
            continue
        score = scores[response.id]
        cost = sum(hint.cost for hint in question.hints[: response.hints])
        worth, arithmetic = earning(question, quiz.public.attempts, score, earlier[place], cost)
        if len(earlier[place]) <= len(quiz.public.attempts.of(question)):  # no later one is worth anything
            earlier[place].append(score)
        if sitting.mode == REVIEW:
            answers.append(CountedAnswer(response, 0, 0, arithmetic, "a review earns nothing"))
            continue
        if quiz.public.mode == "graded" and sitting.number > quiz.public.sittings:
            cents, note = 0, quiz.public.which_count
        else:
            better = by_sitting[place] + worth - by_question[question.id]
            room = 100 * quiz.possible(question.topic) - by_topic[question.topic]
            cents = max(0, min(better, room))
            note = "" if cents == worth else NO_BETTER if better <= room else TOPIC_FULL
        by_sitting[place] += worth
        by_question[question.id] += cents
        by_topic[question.topic] += cents
        answers.append(CountedAnswer(response, worth, cents, arithmetic, note))
    return Credits(tuple(answers), dict(by_question), dict(by_topic), dict(by_sitting))


def asked(
    quiz: PublicFile, salt: str, learner: str, number: int, topic: str = "", count: int = 0
) -> tuple[str, ...]:
    """Return what a learner's sitting of this number asks, of one topic only or so many at the most.

    Where the quiz draws, it is so many questions of each topic. They stay in the quiz's order.
    """
    seed, faces = (salt, learner, quiz.quiz, number), quiz.faces
    if quiz.draw:
        stream, drawn = base.Stream(*seed), set[str]()
        for name, wanted in quiz.draw.per_topic.items():
            drawn.update(stream.shuffled(face.id for face in faces if face.topic == name)[:wanted])
        faces = tuple(face for face in faces if face.id in drawn)
    ids = tuple(face.id for face in faces if topic in ("", face.topic))
    chosen = base.Stream(*seed, "count").shuffled(ids)[:count] if count else ids
    return tuple(face for face in ids if face in chosen)


def earning(
    question: base.Question, attempts: Attempts, score: float, earlier: list[float], hint_cost: float
) -> tuple[int, str]:
    """Return what an attempt is worth, in hundredths of a credit, and the arithmetic.

    It is ``max(0, score - best) * credits * max(0, weight - hint cost)``, where ``earlier`` are the scores of
    the attempts before it in its sitting, and the cost is of all hints taken, as a share of the credits.
    """
    attempt, best = len(earlier) + 1, max(earlier, default=0.0)
    weight = attempts.weight(question, attempt)
    gain = max(0.0, score - best)
    terms = [base.exact(score) if not best else f"({base.exact(score)} - {base.exact(best)})"]
    if gain == 0 and best:
        terms = ["0 (no better than before)"]
    terms.append(f"{question.credits} credit{'s' if question.credits != 1 else ''}")
    if hint_cost:
        terms.append(f"({weight:g} for attempt {attempt} - {hint_cost:g} for hints)")
    elif weight != 1:
        terms.append(f"{weight:g} (attempt {attempt})")
    total = round(gain * question.credits * max(0.0, weight - hint_cost), 2)
    return round(100 * total), f"{' · '.join(terms)} = {total:.2f}"


def mark(
    quiz: Quiz, response: Response, runner: base.Runner, variant: base.Variant | None = None
) -> base.Marked | None:
    """Mark a stored answer by the quiz's key; what cannot be read earns nothing.

    Its variant is as it was drawn again, with the key's own ids, else the stored one. Returns None if the
    quiz has no such question any more, or has it in a form that cannot be recalled.
    """
    question = quiz.questions.get(response.question)
    if question and variant is None:
        variant = base.recalled(quiz.faces[response.question], response.params)
    if question is None or variant is None:
        return None
    try:
        return question.mark(variant.names, base.parse(variant, response.answer), runner)
    except base.Unreadable as error:
        return base.Marked(0.0, f"not read: {error}")


def balance(ledger: Ledger, quiz: Quiz) -> Credits:
    """Return what is earned by what is stored of whoever is logged in; nothing where it is graded later."""
    if quiz.silent:
        return Credits((), {}, {}, {})
    return fold(quiz, ledger.sittings(quiz.id), ledger.responses(quiz.id), ledger.scores(quiz.id))


def update(quizzes: Iterable[Quiz], context: QuizContext) -> int:
    """Mark what was stored under earlier keys by the present ones; return by how many cents it is more."""
    with context.open_ledger() as ledger:
        outdated = [
            (quiz, found)
            for quiz in quizzes
            if not quiz.silent and (found := ledger.unmarked(quiz.id, quiz.public.version))
        ]
    change = 0
    for quiz, responses in outdated:
        marks: dict[int, base.Marked | None] = {}
        for response in responses:  # nobody waits for the ledger meanwhile
            with suppress(base.FormulaError):  # the key has no value for these numbers: the author's fault
                marks[response.id] = mark(quiz, response, context.runner)
        with context.open_ledger() as ledger:
            version, before = quiz.public.version, balance(ledger, quiz).cents
            stored, exact = ledger.scores(quiz.id), ledger.scores(quiz.id, since=1)
            for response in ledger.unmarked(quiz.id, version):
                if response.id in marks:  # not if somebody else has logged in meanwhile
                    kept = marks[response.id] or base.Marked(stored.get(response.id, 0.0), KEPT)
                    ledger.mark(response.id, version, kept.share, kept.arithmetic)
            if exact:  # an older grader's file has rounded scores, which are no other key's
                change += balance(ledger, quiz).cents - before
    return change
