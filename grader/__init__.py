"""A self-grading course on recurrent networks: what a program, a notebook or a check file uses of it.

Every name is imported when it is first used, so that ``import grader`` loads neither NumPy nor pytest. See
docs/api.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.authoring.verify import verify as verify
    from grader.checks.report import Outcome as Outcome, Report as Report
    from grader.checks.run import check as check
    from grader.classroom.batch import grade as grade
    from grader.course import (
        Course as Course,
        CourseError as CourseError,
        Exercise as Exercise,
        open_course as open_course,
    )
    from grader.numeric import assert_close as assert_close, assert_gradient as assert_gradient
    from grader.progress.grades import ClassGrades as ClassGrades

__version__ = "0.1.0"
_MODULES = {
    "ClassGrades": "progress.grades",
    "Course": "course",
    "CourseError": "course",
    "Exercise": "course",
    "Outcome": "checks.report",
    "Report": "checks.report",
    "assert_close": "numeric",
    "assert_gradient": "numeric",
    "check": "checks.run",
    "grade": "classroom.batch",
    "open_course": "course",
    "verify": "authoring.verify",
}
__all__ = ["__version__", *_MODULES]


if not TYPE_CHECKING:  # to a type checker, a name that is not imported above is a mistake

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            module = importlib.import_module(f"grader.{_MODULES[name]}")
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith(("grader.classroom", "grader.authoring")):
                raise
            message = f"this is the students' edition, without `grader.{name}`; go to the full course"
            raise AttributeError(message) from None
        return getattr(module, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
