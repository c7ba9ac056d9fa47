"""``grader show``: the lesson of an exercise, or a page that stands beside the quizzes."""

from __future__ import annotations

import os
import sys

import click

from grader.cli import Course, coloured, pass_course, width
from grader.course import CourseError, render


@click.command("show")
@click.argument("lesson")
@pass_course
def command(course: Course, lesson: str) -> None:
    """Read the LESSON of an exercise, or `faq`; into a pipe it goes as the Markdown it is."""
    pages = {path.stem: path for path in (course.root / "quizzes").glob("*.md")}
    path = pages.get(lesson) or course[lesson].lesson_path
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(path, f"cannot be read: {error}") from None
    if not sys.stdout.isatty():
        click.echo(text.rstrip())
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=width(), color_system="standard" if coloured() else None)
    with console.capture() as rendered:
        console.print(Markdown(render(text, escaped=True), code_theme="ansi_dark"))
    os.environ.setdefault("LESS", "-FR")  # colours as they are; no paging of what fits the screen
    click.echo_via_pager(rendered.get(), color=coloured())
