"""``grader doctor``: how well student code is confined on this machine."""

from __future__ import annotations

import sys

import click

from grader.cli import BROKEN
from grader.cli.terminal import print_lines, width
from grader.reports.text import Line, Style, wrapped
from grader.sandbox import REQUIRED
from grader.sandbox.doctor import examine, machine, verdict


@click.command("doctor")
@click.pass_obj
def command(_: str | None) -> None:
    """Show how well student code is confined on this machine.

    Each layer is probed alone, by trying what it should refuse. Exits with 3 if a required one is missing.
    """
    findings = examine()
    lines = [Line(machine(), "heading")]
    for one in findings:
        style: Style = "passed" if one.active else "failed"
        mark = "✓" if one.active else "✗"
        lines.append(
            Line(f"  {mark} {one.layer:<11} {'refuses' if one.active else 'lets'} to {one.tried}", style)
        )
        lines += wrapped(one.meaning, "detail", width(), indent=" " * 16)
    lines.append(Line(verdict(findings), "heading"))
    print_lines(lines)
    sys.exit(BROKEN if any(one.layer in REQUIRED and not one.active for one in findings) else 0)
