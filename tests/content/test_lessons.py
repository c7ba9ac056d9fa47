"""The lessons: their code runs as it stands, prints what they say it prints, and gives no solution away."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import itertools
import math
import os
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from rich.markdown import Markdown

from grader.course import Course
from grader.course.mathtext import SPAN, plain as plain_math, render
from grader.quiz.files import load_quiz

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "exercises").glob("*/lesson.md"), key=lambda path: int(path.parent.name[9:]))
PAGES = [*LESSONS, *(ROOT / "quizzes").glob("*.md")]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIBRARIES = re.compile(r"^\s*(?:import|from) (torch|tensorflow|keras|jax)\b", re.MULTILINE)
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#:]+)\)")


def name(path: Path) -> str:
    return path.parent.name if path.stem == "lesson" else path.stem


def blocks(path: Path) -> list[tuple[str, str]]:
    return FENCE.findall(path.read_text(encoding="utf-8"))


def printed(code: str, names: dict[str, object]) -> tuple[str, str]:
    """Run some code; return what it warns of first, and what it prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")  # some show what a careless line does
        exec(compile(code, "lesson", "exec"), names)
    warning = next((f"{one.category.__name__}: {one.message}\n" for one in caught), "")
    return warning, out.getvalue()


def plain(text: str, smallest: float = 0.0) -> str:
    """Leave out what may differ between machines: digits from the fourth on, and spaces.

    Args:
        smallest: numbers below it are all the same; libraries differ in their rounding.
    """

    def number(found: re.Match[str]) -> str:
        value = float(found[0])
        return "tiny" if 0 < value < smallest else f"{value:.2e}"

    return re.sub(r"\s+", " ", re.sub(r"\d+\.?\d*(e[-+]?\d+)?", number, text)).strip()


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_the_code_of_a_lesson_runs_and_prints_what_is_shown(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (ROOT / "solutions").glob("exercise-*"):
        monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("KERAS_BACKEND", "torch")  # Keras runs on several; this one suffices here
    names: dict[str, object] = {"__name__": "lesson"}
    found = blocks(path)
    ran = 0
    for number, (language, code) in enumerate(found):
        if language != "python":
            continue
        libraries = set(LIBRARIES.findall(code))
        if not all(map(importlib.util.find_spec, libraries)):
            continue
        warning, output = printed(code, names)
        ran += 1
        kind, shown = found[number + 1] if number + 1 < len(found) else ("", "")
        if output and kind == "text" and "grader check" not in shown:
            smallest = 1e-6 if libraries else 0.0
            ways = [plain(one, smallest) for one in (output, warning + output)]
            assert plain(shown, smallest) in ways, code
    assert ran or not any(language == "python" for language, _ in found) or path.stem == "libraries"


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_pictures_and_links_lead_somewhere(path: Path) -> None:
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    for alternative, target in PICTURE.findall(text):
        assert (path.parent / target).is_file(), target
        assert len(alternative) > 20, f"{target}: say what the picture shows"
    for target in LINK.findall(text):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_no_lesson_holds_a_line_of_its_solution(path: Path, course: Course) -> None:
    exercise = course[path.parent.name]
    stub = set(map(str.strip, exercise.stub_path.read_text(encoding="utf-8").splitlines()))
    text = path.read_text(encoding="utf-8")
    for line in exercise.solution_path.read_text(encoding="utf-8").splitlines():
        code = line.partition("  #")[0].strip()
        if len(code) > 25 and line.strip() not in stub and "=" in code:
            assert code not in text, f"{path} holds {code!r}"


def test_the_page_of_questions_says_what_is_so() -> None:
    text = (ROOT / "quizzes" / "faq.md").read_text(encoding="utf-8")
    for gate in (0.5, 0.9, 0.99):
        (row,) = (line for line in text.splitlines() if line.startswith(f"| {gate:<12} |"))
        for told, steps in zip(row.split("|")[2:5], (10, 20, 100), strict=True):
            assert float(told) == pytest.approx(gate**steps, rel=0.02)
    slope = 1 / (1 + math.exp(-4)) * (1 - 1 / (1 + math.exp(-4)))
    values = np.array([1.0, 2.0, 3.0])
    third = (3 - values.mean()) / values.std()
    quadrupled = [5 * width + width * width + width for width in (10, 20)]
    measured = (
        f"{slope:.4f} {third:.2f} {2 * third + 1:.2f} {0.9**50:.3f} {1.1**50:.0f} {quadrupled[1]}".split()
    )
    for number in (*measured, str(quadrupled[0]), str(4 * (3 + 1) + 2 * (4 + 1)), str((3 * 3 * 3 + 1) * 16)):
        assert number in text, number
    assert (7 + 2 * 1 - 3) // 2 + 1 == 4
    topics = load_quiz(ROOT / "quizzes" / "deep-learning-faq.yaml").public.draw
    assert topics
    assert len(re.findall("^## [0-9]+\\. ", text, re.MULTILINE)) == len(topics.per_topic)


def test_the_lengths_of_gradients_are_those_that_are_measured() -> None:
    spec = importlib.util.spec_from_file_location("measurements", ROOT / "docs" / "measurements.py")
    assert spec
    assert spec.loader
    measurements = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(measurements)
    count = 7 if os.environ.get("GRADER_LONG") == "1" else 4  # an LSTM takes as long as all four RNNs
    told = (line for line in measurements.norms() if line.startswith("|"))
    rows = [line.split("|")[1:5] for line in itertools.islice(told, count)]
    shown = {
        row[1].strip(): [float(cell) for cell in row[2:5]]
        for line in (ROOT / "exercises/exercise-6/lesson.md").read_text(encoding="utf-8").splitlines()
        if (row := line.split("|"))[0] == "" and len(row) == 6 and row[1].strip().startswith(("RNN", "LSTM"))
    }
    assert (len(shown), len(rows)) == (7, count)
    for name, *cells in rows:
        for wanted, found in zip(shown[name.strip()], map(float, cells), strict=True):
            assert wanted == pytest.approx(found, rel=0.5 if found < 1e-60 else 0.34), name


def outside_code(path: Path) -> str:
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def in_a_terminal(markdown: str, columns: int = 80) -> list[str]:
    """Return the lines that `grader show` prints."""
    console = Console(width=columns, file=io.StringIO())
    console.print(Markdown(render(markdown, escaped=True)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_a_lesson_begins_with_the_task_on_one_screen(path: Path, course: Course) -> None:
    file = course[name(path)].file
    title, short, *_ = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert title.strip() == f"# {file.title}"
    assert short.startswith("In short\n")
    assert f"exercises/{name(path)}/{file.module}.py" in short
    classes = {function.rpartition("_")[0] for function in file.functions}
    named = {one for one in (*file.functions, *classes) if f"`{one}(" in short}
    assert all({function, function.rpartition("_")[0]} & named for function in file.functions)
    assert f"grader check {name(path)} " in short
    assert re.search(r"^\|.*`\(.*\)`.*\|$", short, re.MULTILINE), "a table of shapes"
    assert re.search(r"By hand", short), "a worked number"
    assert len(in_a_terminal(f"## {short}")) <= 42


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_code_and_formulas_fit_a_terminal(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for _, code in FENCE.findall(text):
        assert [line for line in code.splitlines() if len(line) > 78] == []
    for found in SPAN.finditer(outside_code(path)):
        assert [line for line in plain_math(found[1] or found[2]).splitlines() if len(line) > 77] == []


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_blocks_of_text_are_output_commands_or_drawings(path: Path) -> None:
    found = blocks(path)
    for number, (kind, block) in enumerate(found):
        output = number and found[number - 1][0] == "python"
        assert kind == "python" or output or block.startswith("grader ") or re.search("[─│↙▶]", block), block
        assert kind == "python" or output or "=" not in block, "mathematics belongs between dollar signs"


TICS = re.compile(r"\b(?:roads?|to blame|blames?|blamed|whoever|mends?|mended)\b", re.IGNORECASE)


@pytest.mark.parametrize("path", [*PAGES, *(ROOT / "quizzes").glob("*.yaml")], ids=lambda path: path.stem)
def test_worn_words_stay_out(path: Path) -> None:
    """Lessons leaned on a few images until they said nothing: roads, blame, mending."""
    text = re.sub(r"^  - id: .*", "", outside_code(path), flags=re.MULTILINE)  # an id never changes
    assert TICS.findall(text) == []
