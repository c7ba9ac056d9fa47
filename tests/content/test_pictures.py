"""The pictures of lessons and README: those shown exist, those that exist are shown, scripts draw them."""

from __future__ import annotations

import ast
import html
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docs/pictures.py"
EXERCISES = ROOT / "exercises"
PICTURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<target>[^)\s]+)\)")
LONG = os.environ.get("GRADER_LONG") == "1"
SLOW = {"exercise-11/adding-losses.svg"}  # trains for some seconds


def named_by_the_script() -> list[str]:
    for node in ast.parse(SCRIPT.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "PICTURES":
            assert isinstance(node.value, ast.Dict)
            return [str(ast.literal_eval(key)) for key in node.value.keys if key]
    raise AssertionError("docs/pictures.py defines no PICTURES")


NAMES = named_by_the_script()
LESSONS = sorted(EXERCISES.glob("*/lesson.md"))


@pytest.fixture(scope="module")
def script() -> types.ModuleType:
    pytest.importorskip("matplotlib", reason="drawing needs matplotlib, the extra `plot`")
    spec = importlib.util.spec_from_file_location("pictures", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.parent.name)
def test_a_lesson_shows_pictures_that_exist(lesson: Path) -> None:
    for found in PICTURE.finditer(lesson.read_text(encoding="utf-8")):
        assert (lesson.parent / found["target"]).is_file(), found["target"]
        assert found["alt"].strip(), f"{found['target']} has no text for those who do not see it"


def test_the_script_draws_what_the_exercises_hold() -> None:
    held = {path.relative_to(EXERCISES).as_posix() for path in EXERCISES.glob("*/*.svg")}
    assert held == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_shown_in_its_lesson(name: str) -> None:
    lesson = (EXERCISES / name).with_name("lesson.md").read_text(encoding="utf-8")
    assert Path(name).name in [found["target"] for found in PICTURE.finditer(lesson)]


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_stands_alone(name: str) -> None:
    text = (EXERCISES / name).read_text(encoding="utf-8")
    links = [one for one in re.findall(r'(?:href|src)="([^"]*)"', text) if not one.startswith("#")]
    assert links == []
    assert "<text" not in text  # outlines look the same with any fonts
    assert not re.search(r"<dc:date>|Matplotlib v", text)
    assert re.search(r'<g id="patch_1">\s*<path [^>]*style="fill: #ffffff"', text), "the ground is not white"
    assert len(text) < 300_000


def words(svg: str) -> list[str]:
    """Return the texts in a picture, comments beside their outlines, without the numbers on axes."""
    found = [" ".join(one.split()) for one in re.findall(r"<!-- (.*?) -->", svg, re.DOTALL)]
    return [one for one in found if "mathdefault" not in one and not one.isdecimal()]


@pytest.mark.parametrize("name", [one for one in NAMES if one not in SLOW])
def test_drawing_again_gives_the_same(name: str, script: types.ModuleType, tmp_path: Path) -> None:
    """The words of the picture that is kept; the bytes, too, for one that computes nothing."""
    script.write(name, tmp_path / "first.svg")
    first = (tmp_path / "first.svg").read_bytes()
    if LONG or name == "exercise-5/unrolled.svg":
        script.write(name, tmp_path / "second.svg")
        assert first == (tmp_path / "second.svg").read_bytes()
    kept = (EXERCISES / name).read_text(encoding="utf-8")
    assert words(first.decode()) == words(kept), f"run python docs/pictures.py {name}"


def printed(picture: Path) -> list[str]:
    """Return the lines of a terminal that was kept as a picture, without spaces around them."""
    rows = re.findall(r"<text [^>]*-line-(\d+)[^>]*>(.*?)</text>", picture.read_text(encoding="utf-8"))
    lines = [""] * (1 + max(int(row) for row, _ in rows))
    for row, text in rows:
        lines[int(row)] += html.unescape(text).replace("\xa0", " ")
    return [line.strip() for line in lines]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a terminal is opened as on Linux and macOS")
@pytest.mark.parametrize("name", ["check.svg", "quiz.svg"])
def test_the_readme_shows_what_the_commands_print_today(name: str, tmp_path: Path) -> None:
    kept, again = printed(ROOT / "docs/pictures" / name), tmp_path / "again.svg"
    for part in ("course.yaml", "exercises", "solutions", "quizzes", "examples"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    command = shlex.split(kept[0].removeprefix("$ "))
    typed = [re.sub(".*> ", "", line) for line in kept[1:] if "> " in line]
    order = [sys.executable, str(ROOT / "docs/capture.py"), str(again), *command]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run([*order, "--type", *typed], cwd=tmp_path, env=os.environ | {"PATH": path}, check=True)
    texts = [re.sub(r"-?\d[\d.]*(e[-+]?\d+)?", "0", " ".join(lines)) for lines in (kept, printed(again))]
    assert texts[0].split() == texts[1].split(), f"run: {' '.join(order[1:])} --type {typed}"
