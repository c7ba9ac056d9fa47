"""Every command in docs/instructor.md is run, in order, and prints what stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOC = ROOT / "docs" / "instructor.md"
CARRIED = ("course.yaml", "exercises", "solutions", "quizzes", "examples")


def commands() -> Iterator[tuple[str, str]]:
    """Yield each command of the page with what it prints; ``[...]`` stands for anything."""
    text = DOC.read_text(encoding="utf-8")
    for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        yield from re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)


def pattern(printed: str) -> re.Pattern[str]:
    return re.compile(".*?".join(map(re.escape, printed.split("[...]"))), re.DOTALL)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the page is written for a POSIX shell")
def test_the_page_is_true(tmp_path: Path) -> None:
    course = tmp_path / "course"
    course.mkdir()
    for name in CARRIED:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, course / name, ignore=ignored)
        else:
            shutil.copy(source, course / name)
    hidden = ("NO_COLOR", "GRADER_SECRET", "GRADER_COURSE")
    variables = {name: value for name, value in os.environ.items() if name not in hidden}
    variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = 0
    for command, printed in commands():
        done = subprocess.run(
            ["sh", "-c", command], cwd=course, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert pattern(printed).fullmatch(done.stdout), f"{command}\n{done.stdout}"
        ran += 1
    assert ran >= 15


def test_a_page_that_is_not_true_is_caught() -> None:
    assert pattern("a\n[...]\nc\n").fullmatch("a\nb\nb\nc\n")
    assert not pattern("a\n[...]\nc\n").fullmatch("a\nb\nd\n")
