"""The command line: one file a command, which parses, calls one function, prints and exits."""

from grader.cli.group import BROKEN, COMMANDS, FAILED, USAGE, grader, main, stop

__all__ = ["BROKEN", "COMMANDS", "FAILED", "USAGE", "grader", "main", "stop"]
