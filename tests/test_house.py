"""The rules of the house: imports go one way, words are kept, what is public is documented."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from grader.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "grader"

# A module may import from its own tier's earlier names and from lower tiers; the first match counts.
TIERS = [
    (
        "text",
        "mathtext",
        "learner",
        "strict_yaml",
        "archive",
        "worker.protocol",
        "worker.process",
        "worker.kernel",
        "worker.confinement",
        "worker.server",
        "worker.tracer",
    ),
    ("worker.client", "numeric", "course", "submission", "stub", "plot"),
    (
        "report.model",
        "report.array_map",
        "report.lines",
        "report.confusion_lines",
        "report.overview",
        "report.as_json",
        "report.statement",
        "report.grades",
        "report.plain",
        "report.junit",
        "report.gradescope",
        "report.github",
        "report.gitlab",
        "report.gradebook_csv",
        "report.class_lines",
        "report.html_page",
        "report.html_student",
        "report.html_class",
        "late",
        "report.plot_lines",
        "report.plot_picture",
        "report",
    ),
    (
        "remarks",
        "student",
        "plugin",
        "suspects",
        "recorded",
        "diagnosis",
        "runner",
        "plot_file",
        "ledger_file",
        "ledger",
        "gradebook",
        "results",
    ),
    ("quiz",),
    (
        *("verify", "confusion", "mutants", "watch", "debug", "doctor", "bundle", "collect", "batch"),
        *("cluster", "recorder", "leak_scan", "handout", "gradescope_zip"),
    ),
    ("cli",),
    ("__main__",),
]


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        if name not in ("__init__", "worker"):  # nothing but docstrings and the version
            yield name, path


MODULES = list(modules())


def tier(name: str) -> int:
    for number, names in enumerate(TIERS):
        if any(
            name == one or (one in ("cli", "quiz", "worker.confinement") and name.startswith(f"{one}."))
            for one in names
        ):
            return number
    raise AssertionError(f"grader.{name} has no tier; give it one in TIERS")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(path: Path) -> set[str]:
    names = {name for name, _ in MODULES}
    return {one.removeprefix("grader.") for one in imports(path)} & names


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_imports_go_one_way(name: str, path: Path) -> None:
    for other in own_imports(path):
        assert tier(other) <= tier(name), f"grader.{name} may not import grader.{other}"


CIRCLES = ("cli", "report", "worker.confinement")  # packages whose parts their __init__ gathers


def test_no_import_cycles() -> None:
    graph = {name: own_imports(path) - {name} for name, path in MODULES if name not in CIRCLES}
    while graph:
        leaves = {name for name, others in graph.items() if not others & graph.keys()}
        assert leaves, f"these import each other in a circle: {sorted(graph)}"
        graph = {name: others for name, others in graph.items() if name not in leaves}


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_only_the_command_line_knows_click(name: str, path: Path) -> None:
    assert name.startswith("cli") or not any(one.split(".")[0] == "click" for one in imports(path))


def test_the_worker_imports_nothing_of_the_trusted_side() -> None:
    program = (
        "import sys; before = set(sys.modules); import grader.worker.server; "
        "print(*sorted(one for one in set(sys.modules) - before if one.startswith('grader')))"
    )
    run = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}"]
    found = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    layers = ["", ".landlock", ".limits", ".namespaces", ".seccomp"]
    inside = [f"grader.worker.confinement{layer}" for layer in layers]
    others = [f"grader.worker.{name}" for name in ("kernel", "protocol", "server")]
    assert found == ["grader", "grader.worker", *inside, *others]


def public(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
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
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path.name} says not what it is"
    for name, node in public(path):
        overrides = (
            name.partition(".")[2] in ("end", "dismiss") and name[0] in "FSG"
        )  # Process.end says what they do
        assert overrides or ast.get_docstring(node), f"{path.name}: {name} has no docstring"


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
        command = importlib.import_module(f"grader.cli.{name.replace('-', '_')}_command").command
        assert command.help, name
        assert f"`grader {name}" in readme, f"README.md does not show `grader {name}`"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name}: --{parameter.name} has no help"


def test_functions_stay_small() -> None:
    lengths = []
    for name, path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                lengths.append(length)
                assert length <= 40, f"grader.{name}: {node.name} has {length} lines"
    assert sorted(lengths)[len(lengths) // 2] <= 8


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
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        first = inspect.cleandoc(docstring).split("\n\n")[0]
        assert "\n" not in first, f"grader.{name} should begin with one line"
