"""The recipes for CI: their shell steps run, in order, in a new virtual environment, on a small class."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.authoring.handout import build_handout, write_gradescope_archive
from grader.course import Course
from tests.classroom.helpers import hand_in, right

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "examples" / "ci"
CARRIED = ("grader", "pyproject.toml", "README.md", "LICENSE")
PARTS = 3
SECRET = b"a secret of these tests"

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
        timeout=900,
        check=False,
    )
    assert ran.returncode == 0, f"{script}\n{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}"
    assert "Traceback" not in ran.stdout + ran.stderr
    return ran.stdout


def steps(job: Any) -> Iterator[str]:
    """Yield the shell steps of a job on GitHub."""
    yield from (step["run"] for step in job["steps"] if "run" in step)


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.fixture
def handed_out(tiny_copy: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's repository: a hand-out, in which one function is written."""
    build_handout(tiny_copy, tmp_path / "student", SECRET)
    path = tmp_path / "student" / "exercises" / "exercise-1" / "doubling.py"
    path.write_text(path.read_text().replace("raise NotImplementedError", "return 2 * x", 1))
    return tmp_path / "student"


@pytest.mark.slow
def test_a_student_on_github(handed_out: Path, environment: Path) -> None:
    files = {name: handed_out / name for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    (job,) = recipe("github-student.yml")["jobs"].values()
    said = [
        bash(step, handed_out, environment, {name: str(path) for name, path in files.items()})
        for step in steps(job)
    ]
    assert any(
        line.startswith("::error file=exercises/exercise-1/doubling.py")
        for line in "".join(said).splitlines()
    )
    assert "| " in files["GITHUB_STEP_SUMMARY"].read_text()
    name, _, result = files["GITHUB_OUTPUT"].read_text().partition("=")
    assert (name, json.loads(base64.b64decode(result))["version"]) == ("result", 1)


@pytest.mark.slow
def test_a_student_on_gitlab(handed_out: Path, environment: Path) -> None:
    job = recipe("gitlab-student.yml")["check"]
    bash("\n".join(job["script"]), handed_out, environment, {})
    assert "<failure" in (handed_out / job["artifacts"]["reports"]["junit"]).read_text()


@pytest.mark.slow
def test_gradescope(tiny: Course, environment: Path, tmp_path: Path) -> None:
    autograder = tmp_path / "autograder"
    write_gradescope_archive(tiny, [tiny["exercise-1"]], tmp_path / "autograder.zip")
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        archive.extractall(autograder / "source")
    variables = {"AUTOGRADER": str(autograder)}
    bash("bash source/setup.sh", autograder, environment, variables)
    hand_in(autograder, "submission", right(tiny))
    bash("bash source/run_autograder", autograder, environment, variables)
    results = json.loads((autograder / "results" / "results.json").read_text())
    assert results["score"] == tiny["exercise-1"].file.credits
    shutil.rmtree(autograder / "source" / "course" / "solutions")
    bash("bash source/run_autograder", autograder, environment, variables)
    results = json.loads((autograder / "results" / "results.json").read_text())
    assert results["score"] == 0
    assert results["output"]


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
