"""One learner's record: events, credits, answers, hand-in."""

from grader.progress.database import CannotWrite, LedgerError, explained, open_file
from grader.progress.grades import QUESTION, QUIZZES, ClassGrades, Grade, Note, QuizResult
from grader.progress.ledger import (
    ANONYMOUS,
    JOINERS,
    Learner,
    Ledger,
    Response,
    Sitting,
    Standing,
    ended,
    open_ledger,
    record,
    standings,
    take_hint,
    waits_for,
)
