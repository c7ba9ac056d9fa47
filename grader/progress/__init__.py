"""One learner's record: events, credits, answers, hand-in; and what the submissions of a class earned."""

import importlib
from typing import TYPE_CHECKING

from grader.progress.ledger import (
    ANONYMOUS,
    JOINERS,
    CannotWrite,
    Learner,
    Ledger,
    LedgerError,
    Response,
    Sitting,
    Standing,
    ended,
    open_file,
    open_ledger,
    record,
    standings,
    take_hint,
    waits_for,
)

if TYPE_CHECKING:
    from grader.progress.grades import QUESTION, QUIZZES, ClassGrades, Grade, Note, QuizResult
else:

    def __getattr__(name: str) -> object:
        """Import what a class earned when it is first asked for: no student's command waits for it."""
        if name not in ("QUESTION", "QUIZZES", "ClassGrades", "Grade", "Note", "QuizResult"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module("grader.progress.grades"), name)
