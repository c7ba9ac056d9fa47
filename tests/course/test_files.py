"""Files are written whole or not at all; a zip of the same files has the same bytes."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from grader.course import make_private_folder, write_atomic, zipped


def test_a_file_is_written_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomic(path, "eins\r\nzwei\nλ \ud800")
    assert path.read_bytes() == b"eins\r\nzwei\n\xce\xbb \\ud800"
    write_atomic(path, b"\xff\x00")
    assert path.read_bytes() == b"\xff\x00"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    write_atomic(path, b"x")
    assert path.read_bytes() == b"x"


def test_what_was_there_stays_where_writing_fails(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match=r"."):
        write_atomic(folder, b"x")
    assert list(tmp_path.iterdir()) == [folder]
    with pytest.raises(OSError, match=r"."):
        write_atomic(tmp_path / "no" / "file", b"x")


def test_git_leaves_a_private_folder_alone(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "a" / ".grader")
    assert (tmp_path / "a" / ".grader" / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert not (tmp_path / "a" / ".gitignore").exists()
    make_private_folder(tmp_path)  # which is there, and may be anything
    assert not (tmp_path / ".gitignore").exists()


def test_a_zip_holds_the_files_with_their_modes(tmp_path: Path) -> None:
    files = {"b/run.sh": b"echo", "a.txt": 1000 * b"a"}
    (tmp_path / "x.zip").write_bytes(zipped(files, executables={"b/run.sh"}))
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
        modes = {one.filename: one.external_attr >> 16 for one in archive.infolist()}
    assert modes == {"b/run.sh": stat.S_IFREG | 0o755, "a.txt": stat.S_IFREG | 0o644}
    assert (tmp_path / "x.zip").stat().st_size < 1000


def test_the_same_files_give_the_same_bytes() -> None:
    files = {"b": b"2", "a": b"1"}
    assert zipped(files) == zipped(dict(files))
    assert zipped(files) != zipped(files, executables=("a",))
