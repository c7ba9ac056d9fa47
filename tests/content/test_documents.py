"""The documents name commands, options, files and links that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from grader.cli.group import grader
from grader.course import Course

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"(?ms)^```\w*\n(.*?)^```$")
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)#:]+)\)")
PATH = re.compile(r"(?:\.ci|[A-Za-z][\w-]*)/[\w./-]*")
PLACEHOLDER = re.compile(r"NAME|exercise-18")  # a file that the reader is going to write


def spans(text: str) -> list[str]:
    """Return what stands in backticks outside of fenced blocks."""
    return SPAN.findall(FENCE.sub("", text))


def command_lines(text: str) -> Iterator[list[str]]:
    """Yield the words of each command line of ours, in a fenced block or in backticks."""
    fenced = "\n".join(FENCE.findall(text)).replace("\\\n", " ").splitlines()
    for line in (*fenced, *spans(text)):
        found = re.search(r"(?:^|^\$ |&& |-- |/bin/|WHEEL )(?:rnn-)?grader (?=[a-z-])(.*)", line)
        if found:
            yield shlex.split(re.split(r" [|&>#<]|\\$", found[1])[0], comments=True)


def options(command: click.Command) -> set[str]:
    """Return the options that a command understands, ``--help`` included."""
    own = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return {"-h", "--help", *own}


def follow(words: list[str]) -> tuple[set[str], list[str]]:
    """Return the options of the command that some words name, and the words after its name."""
    group: click.Command = grader
    while isinstance(group, click.Group):
        context = click.Context(group)
        command = group.get_command(context, words[0]) if words else None
        if command:
            words = words[1:]
        else:
            command = group.get_command(context, "take")  # `grader quiz NAME`
        assert command, f"there is no command {words[0]!r}"
        group = command
    return options(group), words


def unknown(words: list[str]) -> list[str]:
    """Return the options among some words that their command does not understand."""
    known, rest = follow(words)
    given = [word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    return [option for option in given if option not in known]


def all_options(command: click.Command) -> set[str]:
    if not isinstance(command, click.Group):
        return options(command)
    context = click.Context(command)
    inner = [command.get_command(context, name) for name in (*command.list_commands(context), "take")]
    return set().union(*(all_options(each) for each in inner if each))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_that_a_document_shows_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for words in command_lines(text):
        assert unknown(words) == [], f"grader {shlex.join(words)}"
    alone = {option for span in spans(text) if (option := span.split()[0]).startswith("--")}
    assert alone <= all_options(grader)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_and_links_of_a_document_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()}
    words = [word for span in spans(text) for word in span.split() if PATH.fullmatch(word)]
    paths = [word for word in words if word.partition("/")[0] in folders and not PLACEHOLDER.search(word)]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [link for link in LINK.findall(text) if not (document.parent / link).exists()] == []


def test_a_document_that_names_what_is_not_there_is_seen() -> None:
    (words,) = command_lines("`grader check exercise-1 --sede 3`")
    assert unknown(words) == ["--sede"]
    (words,) = command_lines("```sh\n$ grader quiz gates --restrat | head\n```")
    assert unknown(words) == ["--restrat"]
    (words,) = command_lines("```sh\nuvx --from WHEEL rnn-grader init my-course --form old\n```")
    assert unknown(words) == ["--form"]
    with pytest.raises(AssertionError, match="there is no command 'chekc'"):
        follow(["chekc"])
    assert PATH.fullmatch("grader/report/schema.json")


def test_the_readme_lists_every_exercise_in_reading_order_with_its_credits(course: Course) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    files = [(exercise.id, exercise.file) for exercise in course.exercises()]
    assert re.findall(r"(?m)^\| \[(exercise-\d+)\].*\| (\+?\d+) \|$", text) == [
        (name, f"{'+' * file.stretch}{file.credits}") for name, file in files
    ]


def test_the_sample_of_the_whole_course_is_whole(course: Course) -> None:
    sample = ROOT / "examples" / "submissions" / "whole-course"
    for exercise in course.exercises():
        path = sample / exercise.id / f"{exercise.file.module}.py"
        assert path.is_file(), f"README's first command grades {path.parent}"
