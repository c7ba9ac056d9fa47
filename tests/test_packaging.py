"""How the project is installed: its metadata, pinned constraints, containers, and how texts name it."""

from __future__ import annotations

import functools
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from grader.cli import COMMANDS
from grader.cli.handout import PUBLISHED, RUN

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "grader" / "authoring" / "templates"
ABOUT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
ADDRESS = re.compile(r"://|\b[\w-]+(\.[\w-]+)*\.(com|org|net|io|dev|gov|edu)\b")


# --- metadata -----------------------------------------------------------------------------------------


def test_the_command_has_two_names() -> None:
    assert ABOUT["project"]["scripts"] == dict.fromkeys(("grader", "rnn-grader"), "grader.__main__:main")


def test_what_an_index_shows_is_there_and_true() -> None:
    project = ABOUT["project"]
    wanted = SpecifierSet(project["requires-python"])
    versions = [one for one in map(python_version, project["classifiers"]) if one]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert all(version in wanted for version in versions)
    assert (project["license"], project["license-files"]) == ("MIT", ["LICENSE"])
    assert (ROOT / project["readme"]).is_file()
    assert len(project["keywords"]) == len(set(project["keywords"])) >= 5
    assert "urls" not in project  # nothing is published, so there are none
    assert [set(author) for author in project["authors"]] == [{"name"}]


def python_version(classifier: str) -> str:
    found = re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", classifier)
    return found[1] if found else ""


def test_the_group_of_tests_is_the_extra_of_tests() -> None:
    assert ABOUT["dependency-groups"]["test"] == ABOUT["project"]["optional-dependencies"]["test"]


def test_every_file_of_the_program_is_in_its_wheel() -> None:
    patterns = ABOUT["tool"]["setuptools"]["package-data"]["grader"]
    listed = subprocess.run(
        ["git", "ls-files", "grader"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = [name.removeprefix("grader/") for name in listed.stdout.splitlines()]
    left_out = [name for name in names if not name.endswith(".py") and not matches(name, patterns)]
    assert left_out == []
    folders = {Path(name).parent for name in names if name.endswith(".py")}
    assert [folder for folder in folders if not (ROOT / "grader" / folder / "__init__.py").exists()] == []


def matches(name: str, patterns: list[str]) -> bool:
    return any(Path(name).match(one) and Path(name).parent == Path(one).parent for one in patterns)


# --- constraints --------------------------------------------------------------------------------------


def pinned() -> dict[str, list[str]]:
    """Return the versions of each package that is pinned."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^ ;\\]+)", CONSTRAINTS, re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def needed() -> Iterator[Requirement]:
    project = ABOUT["project"]
    yield from map(Requirement, project["dependencies"])
    for extra in project["optional-dependencies"].values():
        yield from map(Requirement, extra)


def test_every_dependency_is_pinned_as_pyproject_allows() -> None:
    versions = pinned()
    missing = [str(one) for one in needed() if canonicalize_name(one.name) not in versions]
    assert missing == [], "make constraints.txt anew, as docs/install.md says"
    wrong = [
        f"{one} is pinned to {version}"
        for one in needed()
        for version in versions[canonicalize_name(one.name)]
        if version not in one.specifier
    ]
    assert wrong == []


def test_every_pin_has_hashes_and_nothing_else() -> None:
    entries = re.split(r"\n(?=\S)", CONSTRAINTS.replace("\\\n", "").strip())
    wrong = [
        entry
        for entry in entries
        if not re.fullmatch(r"[\w.-]+==[^\n]*?( +--hash=sha256:[0-9a-f]{64})+", entry)
    ]
    assert (len(entries) > 50, wrong) == (True, [])


def test_the_constraints_name_no_address_and_no_torch() -> None:
    assert not re.search(r"://|index|find-links|@ ", CONSTRAINTS)
    assert not {name for name in pinned() if "torch" in name or name.startswith(("nvidia", "jax"))}


# --- containers and editors ---------------------------------------------------------------------------


def template(name: str) -> Any:
    return json.loads((TEMPLATES / name).read_text(encoding="utf-8"))


def test_the_container_of_a_student_has_the_form_that_editors_read() -> None:
    container = template("devcontainer.json")
    assert set(container) == {"name", "image", "postCreateCommand", "customizations"}
    assert re.fullmatch(r"python:3\.\d+", container["image"])
    assert (
        container["customizations"]["vscode"]["extensions"] == template("extensions.json")["recommendations"]
    )
    readme = (TEMPLATES / "course.md").read_text(encoding="utf-8")
    assert f"`{container['postCreateCommand'].replace('python -m venv', 'python3 -m venv', 1)}`" in readme
    assert not ADDRESS.search(json.dumps(container))


def test_the_tasks_of_an_editor_run_commands_that_exist() -> None:
    tasks = {task["label"]: task for task in template("tasks.json")["tasks"]}
    assert set(tasks) == {"check", "watch"}
    for task in tasks.values():
        assert (task["command"], task["type"]) == ("${command:python.interpreterPath}", "process")
        assert task["args"][:2] == ["-m", "grader"]
        assert task["args"][2] in COMMANDS
    settings = template("settings.json")
    assert settings["python.defaultInterpreterPath"] == "${workspaceFolder}/.venv/bin/python"


def containerfile() -> list[tuple[str, str]]:
    """Return the instructions of the file for instructors, each with its arguments."""
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_container_of_an_instructor_has_the_form_that_engines_read() -> None:
    found = containerfile()
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "ENTRYPOINT", "CMD"}
    assert found[0][0] == "FROM"
    assert {word for word, _ in found} == known
    assert re.fullmatch(r"python:3\.\d+", found[0][1])
    for word, rest in found:
        assert not ADDRESS.search(rest)
        if word == "COPY":
            assert all((ROOT / source).exists() for source in shlex.split(rest)[:-1]), rest
        if word in ("ENTRYPOINT", "CMD"):
            assert all(isinstance(one, str) for one in json.loads(rest))


def test_both_are_said_to_be_unbuilt() -> None:
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert text.count("nobody has built it yet") == 2


# --- how texts name the project -----------------------------------------------------------------------


NAME = re.compile(r"""(?<![\w./@-])rnn[-_.]grader(?:\[[\w, -]*\])?(?:[=<>~!]=?[\w.]+)?(?=$|[\s"'`;,)&|])""")
INSTALLERS = re.compile(
    r"\b(?:pip3?(?:\.exe)?\s+(?:install|download|wheel)|uv\s+(?:tool\s+(?:install|run)|add|pip\s+install)|uvx|uv\s+run"
    r"|pipx\s+(?:install|run)|conda\s+install|poetry\s+add|pdm\s+add|easy_install)\b([^\n`|;&]*)"
)
RUNS = re.compile(r"uvx\s[^\n`]*?\brnn-grader\b")


def bare_names(text: str) -> list[str]:
    """Return the commands in a text that take this project by its name from an index."""
    found: list[str] = []
    if not NAME.search(text):  # most do not name it, and are long
        return found
    for command in INSTALLERS.finditer(text):
        words = command[1]
        given = re.search(r"--(?:from|spec)[= ]\s*(\S+)", words)
        if given and not NAME.fullmatch(given[1]):  # what runs is named after what it comes from
            continue
        if NAME.search(words):
            found.append(command[0].strip())
    return found


@functools.cache
def texts() -> tuple[tuple[str, str], ...]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = {name: ROOT / name for name in listed.splitlines()}
    small = {name: path for name, path in paths.items() if path.is_file() and path.stat().st_size < 2**20}
    return tuple(
        (name, path.read_text(encoding="utf-8", errors="replace"))
        for name, path in small.items()
        if path != Path(__file__).resolve()
    )


@pytest.mark.skipif(PUBLISHED, reason="the name is ours")
def test_no_text_takes_the_project_by_its_bare_name() -> None:
    assert {name: found for name, text in texts() if (found := bare_names(text))} == {}


def other_ways(run: str) -> set[str]:
    """Return the texts that run the command in another way than this; messages are made of the switch."""
    runs = ((name, found) for name, text in texts() if "uvx" in text for found in RUNS.findall(text))
    return {name for name, found in runs if found != run and name != "grader/cli/handout.py"}


def test_all_texts_run_it_in_the_way_that_the_switch_says() -> None:
    assert other_ways(RUN) == set()
    other = "uvx --from WHEEL rnn-grader" if PUBLISHED else "uvx rnn-grader"
    assert {"README.md", "docs/install.md"} <= other_ways(other)  # so none is forgotten on the day it is set


@pytest.mark.parametrize(
    "text",
    [
        "pip install rnn-grader",
        "python3 -m pip install -q rnn-grader",
        'pip install "rnn-grader[plot]"',
        "pip install 'rnn-grader==0.1.0' && grader",
        "pip3 install --upgrade rnn_grader",
        "`uvx rnn-grader init x`",
        "uvx --from rnn-grader grader",
        "uvx --with numpy rnn-grader",
        "uv tool install rnn-grader",
        "uv tool run rnn-grader list",
        "uv add rnn-grader",
        "uv pip install rnn-grader>=0.1",
        "pipx install rnn-grader",
        "pipx run rnn-grader",
    ],
)
def test_a_bare_name_is_seen(text: str) -> None:
    assert bare_names(f"Before: {text}\nafter") != []


@pytest.mark.parametrize(
    "text",
    [
        "uvx --from WHEEL rnn-grader init DIR",
        "uvx --from ./rnn_grader-0.1.0-py3-none-any.whl rnn-grader init DIR",
        "pip install WHEEL && rnn/bin/rnn-grader init my-course",
        'pip install -e ".[test]"',
        "pip install ./rnn_grader-0.1.0-py3-none-any.whl",
        "podman run --rm rnn-grader doctor",
        "the name rnn-grader; pip install . does",
    ],
)
def test_other_ways_to_install_are_let_through(text: str) -> None:
    assert bare_names(text) == []
