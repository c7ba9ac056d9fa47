"""What a run of checks found, as one value, and the forms it is shown in."""

from grader.checks.report import Outcome, Report, Status

__all__ = ["Outcome", "Report", "Status"]
