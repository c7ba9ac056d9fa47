"""The command line: one file a command, which parses, calls one function, prints and exits."""

from typing import TYPE_CHECKING

from grader.cli.group import BROKEN, COMMANDS, FAILED, USAGE, ZYGOTE, LazyGroup, grader, hide, main, stop
from grader.cli.options import (
    assignment_option,
    bom_option,
    chosen_part,
    confinement_option,
    confirm_gone_option,
    exercises_option,
    format_option,
    output_option,
    pass_course,
    require_results_folder,
    require_writable,
    results_argument,
    results_option,
    roster_option,
    seed_option,
    several_option,
    submission_option,
    write_output,
)
from grader.cli.terminal import coloured, print_lines, progress_line, width

if TYPE_CHECKING:
    from grader.course import Course
else:

    def __getattr__(name: str) -> object:
        """Import the course room with the first command: the help does not wait for it."""
        if name == "Course":
            from grader.course import Course

            return Course
        raise AttributeError(name)


__all__ = [
    "BROKEN",
    "COMMANDS",
    "FAILED",
    "USAGE",
    "ZYGOTE",
    "Course",
    "LazyGroup",
    "assignment_option",
    "bom_option",
    "chosen_part",
    "coloured",
    "confinement_option",
    "confirm_gone_option",
    "exercises_option",
    "format_option",
    "grader",
    "hide",
    "main",
    "output_option",
    "pass_course",
    "print_lines",
    "progress_line",
    "require_results_folder",
    "require_writable",
    "results_argument",
    "results_option",
    "roster_option",
    "seed_option",
    "several_option",
    "stop",
    "submission_option",
    "width",
    "write_output",
]
