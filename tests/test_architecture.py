"""The rules of the house: imports go one way, words are kept, what is public is documented."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from benchmarks.house import measure
from grader.cli import COMMANDS, grader

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "grader"

ORDER = tuple("cli site reports classroom authoring quiz progress checks course sandbox".split())
"""The rooms, from the door to the ground; each imports only what stands below it."""
APART = ({"classroom", "authoring"}, {"course", "sandbox"})  # no room of these imports the other


LIMITS = {
    "lines": 26_413,
    "functions per 1,000 lines": 55,
    "own imports per 1,000 lines": 18.9,
    "longest file": 600,
    "longest body": 40,
}
"""Sizes of the package, in lines and counts; ``benchmarks/house.py`` prints them by room."""


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        if name != "__init__":  # the public API, which reaches into every room
            yield name, path


MODULES = list(modules())


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imports(path: Path) -> tuple[str, ...]:
    found: list[str] = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


def own_imports(path: Path) -> set[str]:
    names = {name for name, _ in MODULES}
    return {one.removeprefix("grader.") for one in imports(path)} & names


def room(name: str) -> str:
    return name.partition(".")[0]


def test_a_room_imports_only_what_stands_below_it() -> None:
    wrong = [
        f"grader.{name} imports grader.{other}"
        for name, path in MODULES
        for other in sorted(own_imports(path))
        if room(name) in ORDER and room(other) in ORDER and room(name) != room(other)
        if ORDER.index(room(other)) < ORDER.index(room(name)) or {room(name), room(other)} in APART
    ]
    assert wrong == []


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_only_the_command_line_knows_click(name: str, path: Path) -> None:
    assert name.startswith("cli") or not any(one.split(".")[0] == "click" for one in imports(path))


def test_the_worker_imports_nothing_of_the_trusted_side() -> None:
    program = (
        "import sys; before = set(sys.modules); import grader.sandbox.server; "
        "print(*sorted(one for one in set(sys.modules) - before if one.startswith('grader')))"
    )
    run = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}"]
    found = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    assert found == ["grader", "grader.sandbox"] + [
        f"grader.sandbox.{name}" for name in ("confinement", "loading", "protocol", "server", "values")
    ]


def public(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    for node in parsed(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith(("_", "pytest_")):
                        yield f"{node.name}.{inner.name}", inner


def documented_files() -> list[Path]:
    courses = [ROOT / "exercises", ROOT / "solutions"]
    found = [path for folder in courses for path in folder.glob("*/*.py")]
    return [*(path for _, path in MODULES), *sorted(found), *sorted((ROOT / "benchmarks").glob("*.py"))]


@pytest.mark.parametrize("path", documented_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_public_has_a_docstring(path: Path) -> None:
    assert ast.get_docstring(parsed(path)), f"{path.name} says not what it is"
    for name, node in public(path):
        assert ast.get_docstring(node) or inherits(path, name), f"{path.name}: {name} has no docstring"


def inherits(path: Path, name: str) -> bool:
    """Whether a method does what the method that it overrides says."""
    if "." not in name or not path.is_relative_to(PACKAGE):
        return False
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    parent, _, method = name.partition(".")
    return bool(inspect.getdoc(getattr(getattr(module, parent), method)))


ARRAY = re.compile(r"\bArray\b|ndarray")


@pytest.mark.parametrize(
    "path",
    [PACKAGE / "numeric.py", *sorted((ROOT / "solutions").glob("*/[!c]*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_functions_that_take_arrays_say_their_shapes(path: Path) -> None:
    for name, node in public(path):
        if not isinstance(node, ast.FunctionDef):
            continue
        docstring = ast.get_docstring(node) or ""
        for argument in node.args.args:
            if argument.annotation and ARRAY.search(ast.unparse(argument.annotation)):
                line = next((one for one in docstring.splitlines() if f"{argument.arg}:" in one), "")
                where = f"{path.name}: {name} does not give the shape of {argument.arg}"
                assert "Callable" in ast.unparse(argument.annotation) or re.search(r"\(.+\)|array", line), (
                    where
                )


def test_every_command_has_help_and_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        command = grader.get_command(click.Context(grader), name)
        assert command is not None, name
        assert command.help, name
        assert f"`grader {name}" in readme, f"README.md does not show `grader {name}`"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name}: --{parameter.name} has no help"


def test_the_house_stays_small() -> None:
    rooms = measure().values()
    lines = sum(room.lines for room in rooms)
    found = {
        "lines": lines,
        "functions per 1,000 lines": 1000 * sum(room.functions for room in rooms) / lines,
        "own imports per 1,000 lines": 1000 * sum(room.own_imports for room in rooms) / lines,
        "longest file": max(room.longest_file for room in rooms),
        "longest body": max(room.longest_body for room in rooms),
    }
    assert {what: size for what, size in found.items() if size > LIMITS[what]} == {}, (
        "see benchmarks/house.py"
    )


def test_nothing_speaks_of_machines_or_registries() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        path = ROOT / name
        if path.suffix in (".md", ".py", ".toml", ".yaml", ".yml", "") and path != Path(__file__).resolve():
            text = path.read_text(encoding="utf-8", errors="replace")
            for word in ("/work/", "/tmp/v", "localhost:", "index-url"):
                assert word not in text, f"{name} names {word}"


def test_modules_begin_with_one_line() -> None:
    for name, path in MODULES:
        docstring = ast.get_docstring(parsed(path)) or ""
        first = inspect.cleandoc(docstring).split("\n\n")[0]
        assert "\n" not in first, f"grader.{name} should begin with one line"
