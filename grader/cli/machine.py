"""``grader doctor`` and ``grader completion``: the machine that runs this, and its shell."""

import platform
import sys

import click
from click.shell_completion import get_completion_class

from grader.cli import BROKEN, print_lines, width
from grader.reports import Line, Style, wrapped
from grader.sandbox import LAYERS, REQUIRED
from grader.sandbox.doctor import probe, verdict


@click.command("doctor")
@click.pass_obj
def doctor(_: str | None) -> None:
    """Show how well student code is confined on this machine.

    Each layer is probed alone, by trying what it should refuse. Exits with 3 if a required one is missing.
    """
    findings = [probe(layer) for layer in LAYERS]
    machine = f"{platform.system()} {platform.release()}, {platform.machine()}"
    lines = [Line(f"{machine}, Python {platform.python_version()}", "heading")]
    for finding in findings:
        style: Style = "passed" if finding.active else "failed"
        mark, verb = ("✓", "refuses") if finding.active else ("✗", "lets")
        lines.append(Line(f"  {mark} {finding.layer:<11} {verb} to {finding.tried}", style))
        lines += wrapped(finding.meaning, "detail", width(), indent=" " * 16)
    print_lines([*lines, Line(verdict(findings), "heading")])
    missing = any(finding.layer in REQUIRED and not finding.active for finding in findings)
    sys.exit(BROKEN if missing else 0)


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes SHELL complete commands and options of grader with Tab.

    For bash: grader completion bash >> ~/.bashrc; for zsh: >> ~/.zshrc; for fish: >
    ~/.config/fish/completions/grader.fish.
    """
    complete = get_completion_class(shell)
    assert complete
    click.echo(complete(context.find_root().command, {}, "grader", "_GRADER_COMPLETE").source())
