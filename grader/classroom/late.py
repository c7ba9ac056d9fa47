"""The late policy of a course: what a submission loses for each day, openly and with the arithmetic."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator

from grader.checks.report import Report
from grader.classroom.grades import Adjustment
from grader.course import LatePolicy

DAY = datetime.timedelta(days=1)


def late_adjustments(
    policy: LatePolicy, learner_id: str, received: datetime.datetime, reports: Iterable[Report]
) -> Iterator[Adjustment]:
    """Yield what each exercise loses; fractions of a hundredth are given to the student.

    Args:
        received: when the submission arrived.
    """
    for report in reports:
        due = policy.due(report.exercise, learner_id)
        if due is None or received <= due or not policy.per_day:
            continue
        days = math.ceil((received - due) / DAY)
        percent = min(policy.at_most, days * policy.per_day)
        lost = math.floor(report.earned * percent)
        reason = (
            f"{days} day{'s' if days > 1 else ''} late: due {_told(due)}, received {_told(received)}; "
            f"{percent:g} % of {report.earned} credits"
        )
        yield Adjustment("late", report.exercise, -lost, reason)


def _told(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
