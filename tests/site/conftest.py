"""Fixtures of the site's tests: a hand-out of the tiny course, and its website."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.authoring.handout import build_handout
from grader.course import Course, open_course
from grader.site.build import build_site


@pytest.fixture(scope="session")
def handed_out(tiny: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The hand-out of the tiny course; not to be written to."""
    folder = tmp_path_factory.mktemp("handed-out") / "out"
    build_handout(tiny, folder, b"a secret of the tests' own")
    return open_course(folder)


@pytest.fixture
def home(handed_out: Course, tmp_path: Path) -> Course:
    """A copy of it that a test may change."""
    shutil.copytree(handed_out.root, tmp_path / "home", ignore=shutil.ignore_patterns("grader"))
    return open_course(tmp_path / "home")


@pytest.fixture(scope="session")
def written(handed_out: Course, tiny: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The website of the tiny course; not to be written to."""
    folder = tmp_path_factory.mktemp("site") / "below" / "a path"
    build_site(handed_out, folder, tiny)
    return folder
