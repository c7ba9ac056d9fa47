"""Fixtures of whole stories: new environments whose libraries were installed once."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

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
    """A folder with pip, setuptools and all that the project depends on; one for all processes of a run."""
    import fcntl

    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "libraries"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
            wanted = ["pip", *about["build-system"]["requires"], *about["project"]["dependencies"]]
            whole = folder.with_suffix(".new")
            install = [sys.executable, "-m", "pip", "install", "-q", "--no-compile", "--target", str(whole)]
            subprocess.run([*install, *wanted], check=True, timeout=900)
            whole.rename(folder)
    return folder


@pytest.fixture(scope="session")
def lending(libraries: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with programs `python` and `python3`, which make such environments in no time.

    What they cannot show is that all libraries are named that are needed: that is shown where an environment
    is made of nothing, of the wheel and of a hand-out.
    """
    folder = tmp_path_factory.mktemp("lending")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    names = {"python": shlex.quote(sys.executable), "libraries": shlex.quote(str(libraries))}
    for name in ("python", "python3"):
        (folder / name).write_text(PROGRAM.format(**names, version=version))
        (folder / name).chmod(0o755)
    return folder
