"""One learner's record: events, credits, answers, hand-in."""

from grader.progress.ledger import LedgerError, open_ledger, record

__all__ = ["LedgerError", "open_ledger", "record"]
