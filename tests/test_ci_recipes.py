"""The recipes for CI: their shell steps run, in order, in a new virtual environment, on a small class."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.course import Course
from tests.test_batch import hand_in, right

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "examples" / "ci"
CARRIED = ("grader", "pyproject.toml", "README.md", "LICENSE")
PARTS = 3

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the recipes are for bash")


def recipe(name: str) -> Any:
    return yaml.safe_load((RECIPES / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment, in which nothing but pip is installed."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder


@pytest.fixture
def repository(tiny: Course, tmp_path: Path) -> Path:
    """An instructor's repository: the tiny course, the grader beside it, and a class."""
    folder = tmp_path / "repository"
    shutil.copytree(tiny.root, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in CARRIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    hand_in(folder / "submissions", "ada", right(tiny))
    hand_in(folder / "submissions", "bob", "def double(x):\n    return 2 * x\n")
    hand_in(folder / "submissions", "cleo", "")
    (folder / "submissions" / "dan").symlink_to("/etc")
    return folder


def bash(script: str, folder: Path, environment: Path, variables: Mapping[str, str]) -> str:
    """Run a step as a runner does, and stop at the first command that fails."""
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    kept = ("HOME", "LANG", "TMPDIR", "PIP_INDEX_URL", "PIP_CONFIG_FILE")
    clean = {name: os.environ[name] for name in kept if name in os.environ}
    ran = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={**clean, **variables, "PATH": path},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, f"{script}\n{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}"
    assert "Traceback" not in ran.stdout + ran.stderr
    return ran.stdout


def steps(job: Any) -> Iterator[str]:
    """Yield the shell steps of a job on GitHub."""
    yield from (step["run"] for step in job["steps"] if "run" in step)


def test_a_class_on_github(repository: Path, environment: Path) -> None:
    jobs = recipe("github-class.yml")["jobs"]
    assert jobs["grade"]["strategy"]["matrix"]["part"] == list(range(1, PARTS + 1))
    assert jobs["grade"]["env"]["PARTS"] == PARTS
    for part in range(1, PARTS + 1):
        for step in steps(jobs["grade"]):
            if part == 1 or "pip" not in step:
                bash(step, repository, environment, {"PART": str(part), "PARTS": str(PARTS)})
    for step in steps(jobs["merge"]):
        if "pip" not in step:
            bash(step, repository, environment, {})
    assert_graded((repository / "results" / "canvas.csv").read_text())
    assert (repository / "results" / "junit.xml").stat().st_size
    assert (repository / "results" / "students" / "ada" / "report.html").is_file()


def test_a_class_on_gitlab(repository: Path, environment: Path) -> None:
    jobs = recipe("gitlab-class.yml")
    assert jobs["grade"]["parallel"] == PARTS
    for step in jobs["default"]["before_script"]:
        bash(step, repository, environment, {})
    for part in range(1, PARTS + 1):
        variables = {"CI_NODE_INDEX": str(part), "CI_NODE_TOTAL": str(PARTS)}
        bash("\n".join(jobs["grade"]["script"]), repository, environment, variables)
    bash("\n".join(jobs["merge"]["script"]), repository, environment, {})
    assert_graded((repository / "results" / "moodle.csv").read_text())
    for path in jobs["merge"]["artifacts"]["reports"].values():
        assert (repository / path).is_file()


def assert_graded(table: str) -> None:
    names = {"ada", "bob", "cleo", "dan"}
    rows = {name: line for line in table.splitlines() for name in names if name in line}
    assert set(rows) == names
    assert "7.00" in rows["ada"]
    assert "0.00" in rows["cleo"]


def test_every_recipe_is_listed_and_reads_no_more_than_it_should() -> None:
    listed = (RECIPES / "README.md").read_text(encoding="utf-8")
    for path in RECIPES.glob("*.yml"):
        assert f"]({path.name})" in listed
        text = path.read_text(encoding="utf-8")
        assert "pull_request_target" not in text
        for job in recipe(path.name).get("jobs", {}).values():
            for step in steps(job):
                assert "${{" not in step, "what a runner fills in could be code"
