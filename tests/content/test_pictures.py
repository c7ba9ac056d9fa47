"""The pictures of the lessons: those shown exist, those that exist are shown, and a script draws them."""

from __future__ import annotations

import ast
import importlib.util
import re
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docs/pictures.py"
EXERCISES = ROOT / "exercises"
PICTURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<target>[^)\s]+)\)")
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
    for copy in ("first.svg", "second.svg"):
        script.write(name, tmp_path / copy)
    first = (tmp_path / "first.svg").read_bytes()
    assert first == (tmp_path / "second.svg").read_bytes()
    kept = (EXERCISES / name).read_text(encoding="utf-8")
    assert words(first.decode()) == words(kept), f"run python docs/pictures.py {name}"
