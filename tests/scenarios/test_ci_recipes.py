"""The recipes for CI: their shell steps run, in order, in a new virtual environment, on a small class."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from grader.authoring.handout import build_handout, write_gradescope_archive
from grader.course import Course
from tests.classroom.helpers import hand_in, right
from tests.reports.test_exports import GRADESCOPE

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "examples" / "ci"
CARRIED = ("grader", "pyproject.toml", "README.md", "LICENSE")
PARTS = 3
SECRET = b"a secret of these tests"
WEEKS = """assignments:
  - {id: week-2, title: Week 2, exercises: [exercise-1]}
  - {id: week-3, title: Week 3, exercises: [exercise-1]}
"""
ROSTER = "id,name,email\n" + "".join(
    f"{name},Student {n:03},{name}@example.org\n"
    for n, name in enumerate(("ada", "bob", "cleo", "dan", "eve"), 1)
)

LONG = pytest.mark.skipif(not os.environ.get("GRADER_LONG"), reason="takes long; in .ci/long")
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the recipes are for bash")


def recipe(name: str) -> Any:
    return yaml.safe_load((RECIPES / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def environment(lending: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment, in which nothing but pip and libraries is installed."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([str(lending / "python3"), "-m", "venv", str(folder)], check=True)
    return folder


@pytest.fixture
def repository(tiny: Course, tmp_path: Path) -> Path:
    """An instructor's repository: the tiny course, the grader beside it, and a class."""
    folder = tmp_path / "repository"
    shutil.copytree(tiny.root, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    with (folder / "course.yaml").open("a") as file:
        file.write(WEEKS)
    for name in CARRIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    hand_in(folder / "submissions", "ada", right(tiny))
    hand_in(folder / "submissions", "bob", "def double(x):\n    return 2 * x\n")
    hand_in(folder / "submissions", "cleo", "")
    (folder / "submissions" / "dan").symlink_to("/etc")
    return folder


def bash(
    script: str, folder: Path, environment: Path, variables: Mapping[str, str], before: Path | None = None
) -> str:
    """Run a step as a runner does, and stop at the first command that fails.

    Args:
        before: a folder of programs that stand in for others.
    """
    path = os.pathsep.join([*map(str, filter(None, [before])), str(environment / "bin"), os.environ["PATH"]])
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


GH = """#!/usr/bin/env bash
# Stands in for GitHub's own program: answers from files below $FAKE, and filters them as that does.
case "$1 $2" in
  "repo clone") git clone --quiet "$FAKE/$3" "$4" ;;
  "run download") [ "$3" = 7 ] && mkdir -p "$7" && cp -R "$FAKE/results/." "$7" ;;
  "api "*/activity*) jq -r "$4" "$FAKE/activity.json" ;;
  "api "*/artifacts*) jq -r "$4" "$FAKE/artifacts.json" ;;
  "api "*) jq -r "$4" "$FAKE/repository.json" ;;
esac
"""


@pytest.fixture
def github(tiny: Course, tmp_path: Path) -> Path:
    """What GitHub knows: a repository of a student, when it was pushed, and no results yet."""
    folder = tmp_path / "github"
    hand_in(folder / "school", "rnn-eve", right(tiny))
    for words in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-qm", "done")):
        person = ("-c", "user.name=Eve", "-c", "user.email=eve@example.org")
        subprocess.run(["git", *person, *words], cwd=folder / "school" / "rnn-eve", check=True)
    commit = subprocess.check_output(
        ["git", "rev-parse", "HEAD"], cwd=folder / "school" / "rnn-eve", text=True
    )
    pushes = [
        {"after": "0" * 40, "timestamp": "2026-12-09T00:00:00Z"},
        {"after": commit.strip(), "timestamp": "2026-12-01T21:00:00Z"},
    ]
    answers = {"activity": pushes, "artifacts": {"artifacts": []}, "repository": {"pushed_at": None}}
    for name, answer in answers.items():
        (folder / f"{name}.json").write_text(json.dumps(answer))
    (folder / "bin").mkdir()
    (folder / "bin" / "gh").write_text(GH)
    (folder / "bin" / "gh").chmod(0o755)
    return folder


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("git") and shutil.which("jq")), reason="needs git and jq")
def test_a_class_on_github(repository: Path, github: Path) -> None:
    environment = Path(sys.executable).parents[1]  # has the program; students' recipes install it
    jobs = recipe("github-class.yml")["jobs"]
    assert jobs["grade"]["strategy"]["matrix"]["part"] == list(range(1, PARTS + 1))
    assert jobs["grade"]["env"]["PARTS"] == jobs["merge"]["env"]["PARTS"] == PARTS
    (ours,) = (step["env"]["OURS"] for step in jobs["collect"]["steps"] if "OURS" in step.get("env", {}))
    variables = {"FAKE": str(github), "GITHUB_REPOSITORY": "school/course", "OURS": ours, "PARTS": str(PARTS)}
    variables |= {"ASSIGNMENT": "week-3", "ROSTER": ROSTER, "KEPT": "results-week-3"}
    (repository / "students.txt").write_text("eve school/rnn-eve\r\nfay school/none\r\n\r\n")

    def run(job: str, **more: str) -> str:
        return "".join(
            bash(step, repository, environment, {**variables, **more}, before=github / "bin")
            for step in steps(jobs[job])
            if "pip" not in step and ("grader adjust" not in step or "SUBMISSION" in more)
        )

    assert "fay is not graded" in run("collect")
    received = (repository / "submissions" / "received.csv").read_text()
    assert received == "submission,received\neve,2026-12-01T21:00:00Z\n"
    shutil.rmtree(repository / "submissions")
    for part in range(1, PARTS + 1):
        run("grade", PART=str(part))
    shutil.rmtree(repository / "results")
    run("merge", SUBMISSION="bob", CREDITS="1.5", REASON="A good talk.")
    assert_graded((repository / "results" / "grades.csv").read_text(), "eve")
    assert "Student 005" in (repository / "results" / "grades.csv").read_text()
    assert (repository / "results" / "junit.xml").stat().st_size
    assert (repository / "results" / "students" / "ada" / "report.html").is_file()

    # The next run begins a round with the results of this one, and a part of it breaks before it has begun.
    shutil.move(repository / "results", github / "results")
    forked = {"expired": False, "workflow_run": {"id": 8, "head_repository_id": 2, "repository_id": 1}}
    kept = {"expired": False, "workflow_run": {"id": 7, "head_repository_id": 1, "repository_id": 1}}
    (github / "artifacts.json").write_text(json.dumps({"artifacts": [forked, kept]}))
    for path in [
        *repository.glob("part-*"),
        repository / "submissions.tar",
        repository / "submissions" / "eve",
    ]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    run("collect")
    for part in range(1, PARTS + 1):
        if part == 2:
            (repository / "course.yaml").rename(repository / "elsewhere")
            with pytest.raises(AssertionError, match="grader"):
                run("grade", PART="2")
            (repository / "elsewhere").rename(repository / "course.yaml")
            bash(list(steps(jobs["grade"]))[-1], repository, environment, {"PART": "2"})
        else:
            run("grade", PART=str(part), ROUND="2")
    for path in [*repository.glob("part-?"), repository / "results"]:  # the next job is on another machine
        shutil.rmtree(path)
    with pytest.raises(AssertionError, match="part 2 is missing"):
        run("merge")
    assert_graded((repository / "results" / "grades.csv").read_text(), "eve")
    assert "A good talk." in bash("grader adjust results", repository, environment, {})


@pytest.mark.slow
@LONG
def test_a_class_on_gitlab(repository: Path, environment: Path, tmp_path: Path) -> None:
    jobs = recipe("gitlab-class.yml")
    assert jobs["grade"]["parallel"] == jobs["merge"]["variables"]["PARTS"] == PARTS
    for step in jobs["default"]["before_script"]:
        bash(step, repository, environment, {})
    (tmp_path / "bin").mkdir()
    curl = tmp_path / "bin" / "curl"
    places = ("CI_API_V4_URL", "CI_PROJECT_ID", "CI_COMMIT_REF_NAME", "CI_JOB_TOKEN")
    variables = {**dict.fromkeys(places, "x"), "PARTS": str(PARTS), "CI_NODE_TOTAL": str(PARTS)}
    (tmp_path / "roster.csv").write_text(ROSTER)
    variables |= {"ASSIGNMENT": "week-3", "ROSTER": str(tmp_path / "roster.csv")}
    week = repository / "results" / "week-3"

    def run(job: str, code: int, **more: str) -> str:
        curl.write_text(f"#!/bin/sh\nprintf {code}\n")
        curl.chmod(0o755)
        script = "\n".join(jobs[job]["script"])
        said = bash(script, repository, environment, variables | more, before=curl.parent)
        after = "\n".join(jobs[job].get("after_script", []))
        return said + bash(after, repository, environment, variables | more)

    with pytest.raises(AssertionError, match="nothing is put in their place"):
        run("grade", 503, CI_NODE_INDEX="1")
    for part in range(1, PARTS + 1):
        run("grade", 404, CI_NODE_INDEX=str(part))
    run("merge", 404, SUBMISSION="bob", CREDITS="1.5", REASON="A good talk.")
    assert_graded((week / "grades.csv").read_text())
    for path in jobs["merge"]["artifacts"]["reports"].values():
        assert (repository / path).is_file()
    (repository / "results" / "week-2").mkdir()
    (repository / "results" / "week-2" / "kept").touch()
    shutil.make_archive(str(repository / "last"), "zip", repository, "results")
    for path in [*repository.glob("part-*"), repository / "results"]:
        shutil.rmtree(path)
    for part in (1, 3):
        run("grade", 200, CI_NODE_INDEX=str(part), ROUND="2")
    assert "Part 2 is missing" in run("merge", 200)
    assert_graded((week / "grades.csv").read_text())
    assert (repository / "results" / "week-2" / "kept").is_file()
    assert "A good talk." in bash("grader adjust results/week-3", repository, environment, {})


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


def interpreter(version: str) -> Path | None:
    """Return a Python of this version, wherever one is installed."""
    found = [Path(name) for name in filter(None, [shutil.which(f"python{version}")])]
    for path in [*found, *Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")]:
        asked = [str(path), "-c", "import sys; print(sys.executable)"]
        ran = subprocess.run(asked, capture_output=True, text=True, check=False)
        if ran.returncode == 0:
            return Path(ran.stdout.strip())
    return None


@pytest.mark.slow
@pytest.mark.parametrize("system", ["3.11 or newer", pytest.param("3.10", marks=LONG)])
def test_gradescope(system: str, tiny: Course, environment: Path, lending: Path, tmp_path: Path) -> None:
    autograder, programs = tmp_path / "autograder", tmp_path / "programs"
    programs.mkdir()
    write_gradescope_archive(tiny, [tiny["exercise-1"]], tmp_path / "autograder.zip")
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        archive.extractall(autograder / "source")
    variables = {"AUTOGRADER": str(autograder)}
    if system == "3.10":  # uv is fetched; another Python that is here stands in for the one it would fetch
        old, new = interpreter("3.10"), interpreter("3.12")
        if not (old and new):
            pytest.skip("no Python 3.10, or no 3.12 to stand in for a download")
        (programs / "python3").symlink_to(old)
        (programs / "python3.12").symlink_to(new)
        variables |= {"UV_PYTHON_DOWNLOADS": "never", "PIP_NO_COMPILE": "0"}
    else:
        (programs / "python3").symlink_to(lending / "python3")
    bash("bash source/setup.sh", autograder, environment, variables, before=programs)
    assert (autograder / "source" / ".uv").exists() == (system == "3.10")

    def score(files: Mapping[str, str]) -> tuple[float, str]:
        shutil.rmtree(autograder / "submission", ignore_errors=True)
        for name, text in files.items():
            (autograder / "submission" / name).parent.mkdir(parents=True, exist_ok=True)
            (autograder / "submission" / name).write_text(text)
        bash("bash source/run_autograder", autograder, environment, variables, before=programs)
        document = json.loads((autograder / "results" / "results.json").read_text())
        jsonschema.validate(document, GRADESCOPE)
        return document["score"], document["output"]

    text, credits = right(tiny), tiny["exercise-1"].file.credits
    assert score({"doubling.py": text, "notes.py": "x = 1", "read me.txt": "hello"})[0] == credits
    assert score({"exercise-1/doubling.py": text, "note.txt": "hello"})[0] == credits
    for nothing in ({}, {"doubling.ipynb": "{}"}):
        earned, said = score(nothing)
        assert (earned, "by these names: exercise-1/doubling.py" in said) == (0, True)
    shutil.rmtree(autograder / "source" / "course" / "solutions")
    earned, said = score({"doubling.py": text})
    assert (earned, "not your fault" in said) == (0, True)


def assert_graded(table: str, *more: str) -> None:
    names = {"ada", "bob", "cleo", "dan", *more}
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


GITHUB = (*sorted(RECIPES.glob("github-*.yml")), ROOT / "grader" / "authoring" / "templates" / "check.yml")


@pytest.mark.parametrize("path", GITHUB, ids=lambda path: path.name)
def test_a_recipe_for_github_is_bounded_and_pinned(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert "secrets." not in json.dumps(workflow.get("env", {}))
    for job in workflow["jobs"].values():
        assert 0 < job["timeout-minutes"] < 360
        assert "secrets." not in json.dumps(job.get("env", {})), "a secret is for the step that needs it"
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
            if "secrets." in json.dumps(step):
                assert re.search("grader (grade|handout)|gh repo clone", step["run"])


def test_a_recipe_for_gitlab_is_bounded() -> None:
    for path in RECIPES.glob("gitlab-*.yml"):
        for job in recipe(path.name).values():
            assert not isinstance(job, dict) or "script" not in job or "timeout" in job
