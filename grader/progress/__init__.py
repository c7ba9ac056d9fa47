"""One learner's record: events, credits, answers, hand-in."""

from grader.progress.database import LedgerError
from grader.progress.learner import ANONYMOUS, Learner
from grader.progress.ledger import Ledger, Response, Sitting, Standing, open_ledger, record, standings
