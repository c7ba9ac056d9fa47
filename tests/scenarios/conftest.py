"""Fixtures of whole stories: new environments whose libraries were installed once."""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.util import cache_from_source
from pathlib import Path, PurePath

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
# In its pip.conf, "false" means that pip does neither compile nor build in an environment of its own.
PROGRAM = """#!/bin/sh
# `python -m venv FOLDER` makes an environment that has these libraries as if pip had put them there.
if [ "$1 $2" = "-m venv" ]; then
  {python} -m venv --without-pip "$3" &&
    echo {libraries} > "$3/lib/{version}/site-packages/libraries.pth" &&
    printf '[install]\nno-compile = false\nno-build-isolation = false\n' > "$3/pip.conf"
else
  exec {python} "$@"
fi
"""


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pip, setuptools and all that the project depends on; one for all processes of a run.

    It is copied from the environment that runs the tests, and holds nothing but what `pyproject.toml` names
    and what that needs: a library that is used but not named is missing here.
    """
    import fcntl

    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "libraries"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
            wanted = ["pip", *about["build-system"]["requires"], *about["project"]["dependencies"]]
            whole = folder.with_suffix(".new")
            shutil.rmtree(whole, ignore_errors=True)
            if other := copied(wanted, whole):
                install = [
                    sys.executable,
                    "-m",
                    "pip",
                    "install",
                    "-q",
                    "--no-compile",
                    "--target",
                    str(whole),
                ]
                subprocess.run([*install, *other], check=True, timeout=900)
            whole.rename(folder)
    return folder


def copied(wanted: list[str], target: Path) -> list[str]:
    """Copy these libraries, and what they need, from here; return those that are not here."""
    waiting, seen, missing = [Requirement(text) for text in wanted], set[str](), []
    while waiting:
        one = waiting.pop()
        if one.name.lower() in seen or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        seen.add(one.name.lower())
        try:
            found = importlib.metadata.distribution(one.name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(str(one))
            continue
        if found.version not in one.specifier or not found.files:
            missing.append(str(one))
            continue
        # What pip has not compiled may have been compiled since; pip's list of files does not say so.
        compiled = {PurePath(cache_from_source(file)) for file in found.files if file.suffix == ".py"}
        for file in {*map(PurePath, found.files), *compiled}:
            place, here = target / file, Path(str(found.locate_file(file)))
            if ".." not in file.parts and here.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(here, place)
        waiting += [Requirement(text) for text in found.requires or ()]
    return missing


@pytest.fixture(scope="session")
def lending(libraries: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with programs `python` and `python3`, which make such environments in no time.

    What they cannot show is that an index has all that is named: `.ci/run` begins with an environment of
    nothing, and `.ci/long` makes one of the wheel and one of a hand-out.
    """
    folder = tmp_path_factory.mktemp("lending")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    names = {"python": shlex.quote(sys.executable), "libraries": shlex.quote(str(libraries))}
    for name in ("python", "python3"):
        (folder / name).write_text(PROGRAM.format(**names, version=version))
        (folder / name).chmod(0o755)
    return folder
