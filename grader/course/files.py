"""Writes files whole or not at all, private folders, and zips whose bytes depend on their content alone."""

import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import BinaryIO

ALWAYS = (1980, 1, 1, 0, 0, 0)  # the time of every entry: the earliest that a zip can hold
UNIX = 3  # the system a zip says it was made on, whoever writes it


def make_private_folder(folder: Path) -> None:
    """Make a folder that git leaves alone, for what is about people; one that is there stays as it is."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def write_atomic(path: Path, data: str | bytes) -> None:
    """Write a file whole or not at all: readers see the old content or the new one.

    Args:
        data: text is written as UTF-8 without changing its line ends; what UTF-8 cannot hold is escaped.

    Raises:
        OSError: it cannot be written, as its errno and filename say; the old content is still there.
    """
    if isinstance(data, str):
        data = data.encode("utf-8", "backslashreplace")
    beside = path.with_name(f".{os.urandom(8).hex()}.new")
    try:
        with open(beside, "xb") as file:
            file.write(data)
        beside.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None  # nobody knows of the file beside it
    finally:
        beside.unlink(missing_ok=True)


def write_zip(
    files: Mapping[str, bytes], target: Path | BinaryIO, *, executables: Collection[str] = ()
) -> None:
    """Write a zip to a path or an open file; the same files in the same order give the same bytes."""
    import zipfile  # a slow import, and most commands write none

    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, ALWAYS)
            entry.external_attr = (stat.S_IFREG | (0o755 if name in executables else 0o644)) << 16
            entry.create_system = UNIX
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
