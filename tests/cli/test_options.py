"""Shared options: an output file is checked before the work, and why it cannot be written is one sentence."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from grader.cli import grader, output_option, require_writable, write_output

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command whose work is to say "worked" and to write "text"."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **settings: object) -> Result:
        @click.command()
        @output_option(**settings)  # type: ignore[arg-type]
        def command(output: Path | None) -> None:
            click.echo("worked", err=True)
            write_output("text", output)

        return CliRunner().invoke(command, arguments)

    return run


def test_without_a_file_the_text_goes_to_standard_output(run: Run) -> None:
    assert run().stdout == "text\n"


def test_a_file_is_written_as_it_is(run: Run) -> None:
    assert run("-o", "a.txt").exit_code == 0
    assert Path("a.txt").read_bytes() == b"text"


def test_a_missing_folder_is_noticed_before_the_work(run: Run) -> None:
    ran = run("-o", "nowhere/a.txt")
    assert ran.exit_code == 2
    assert "nowhere/a.txt cannot be written: there is no folder nowhere" in ran.stderr
    assert "worked" not in ran.stderr


def test_missing_folders_are_made_where_that_is_wanted(run: Run) -> None:
    assert run("-o", "new/folder/a.txt", new_folders=True).exit_code == 0
    assert Path("new/folder/a.txt").read_text() == "text"


def test_a_file_on_the_way_is_no_folder(run: Run) -> None:
    Path("file").write_text("")
    ran = run("-o", "file/new/a.txt", new_folders=True)
    assert ran.exit_code == 2
    assert "there is no folder file" in ran.stderr


def test_a_folder_is_no_file(run: Run) -> None:
    Path("folder").mkdir()
    assert run("-o", "folder").exit_code == 2


def test_the_name_says_what_is_written(run: Run) -> None:
    ran = run("-o", "a.txt", suffixes=(".svg", ".png"))
    assert ran.exit_code == 2
    assert "a.txt should end in .svg or .png" in ran.stderr


def test_a_file_that_may_not_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(SystemExit, match="2"):
        require_writable(tmp_path / "a.txt")
    assert capsys.readouterr().err == f"grader: {tmp_path}/a.txt cannot be written: Permission denied\n"


def test_what_fails_at_last_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        write_output(b"bytes", tmp_path)
    assert capsys.readouterr().err == f"grader: {tmp_path} cannot be written: Is a directory\n"


def test_half_a_character_does_not_stop_a_file(tmp_path: Path) -> None:
    write_output("a\ud800\r\n", tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_bytes() == b"a\\ud800\r\n"


def every_command(group: click.Group = grader, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command
        if isinstance(command, click.Group):
            yield from every_command(command, f"{name} ")
        yield f"{before}{name}", command


def test_exercises_are_named_in_one_way_by_every_command() -> None:
    """Repeated or with commas between them, by one spelling; a learner's one exercise needs none."""
    named = set()
    for name, command in every_command():
        for option in (each for each in command.params if isinstance(each, click.Option)):
            if any("exercise" in spelling for spelling in option.opts) or "exercise" in str(option.name):
                assert option.opts == ["--exercise"], name
                given = ["--exercise", "a,b", "--exercise=c", "--exercise", "b, d"]
                context = click.Context(command)
                value, _, _ = command.make_parser(context).parse_args(list(given))
                assert option.type_cast_value(context, value[str(option.name)]) == ("a", "b", "c", "d"), name
                named.add(name)
    assert named == {"adjust", "export", "grade", "gradescope", "handout", "roster", "verify"}
