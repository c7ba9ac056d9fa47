"""Submissions in a zip: read in memory, whatever the archive claims."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from grader.checks.source import Source, read_source
from grader.course import Course

GOOD = b"def double(x):\n    return 2 * x\n"


def read(tiny: Course, path: Path) -> Source:
    return read_source(tiny["exercise-1"], path)


def make(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes], compressed: bool = True) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("prefix", ["", "alice/", "alice/exercises/"])
def test_an_honest_archive(tiny: Course, tmp_path: Path, prefix: str) -> None:
    others = [(f"{prefix}exercise-2/doubling.py", b"no"), ("notes.txt", b"no")]
    path = make(tmp_path / "a.zip", (f"{prefix}exercise-1/doubling.py", GOOD), *others)
    assert read(tiny, path) == Source("doubling.py", GOOD)


@pytest.mark.parametrize(
    "name", ["../exercise-1/doubling.py", "/exercise-1/doubling.py", "exercise-1/x/../doubling.py"]
)
def test_a_path_that_leads_elsewhere_is_no_submission(tiny: Course, tmp_path: Path, name: str) -> None:
    assert "there is no exercise-1/doubling.py" in read(tiny, make(tmp_path / "a.zip", (name, GOOD))).problem


def test_a_link_is_refused(tiny: Course, tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("exercise-1/doubling.py")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "is a link" in read(tiny, make(tmp_path / "a.zip", (entry, b"/etc/passwd"))).problem


def test_a_bomb_is_not_inflated(tiny: Course, tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", ("exercise-1/doubling.py", b"#" * 50_000_000))
    assert path.stat().st_size < 100_000
    assert "larger than 1 MiB" in read(tiny, path).problem


def test_a_size_that_lies_is_not_believed(tiny: Course, tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", ("exercise-1/doubling.py", b"#" * 3_000_000))
    data = path.read_bytes().replace((3_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path.write_bytes(data)
    assert read(tiny, path).problem


def test_too_many_files(tiny: Course, tmp_path: Path) -> None:
    entries = [(f"f{number}", b"") for number in range(10_001)]
    path = make(tmp_path / "a.zip", ("exercise-1/doubling.py", GOOD), *entries, compressed=False)
    assert "archive of 10002 files" in read(tiny, path).problem


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice(tiny: Course, tmp_path: Path) -> None:
    entry = ("exercise-1/doubling.py", GOOD)
    assert "is there 2 times" in read(tiny, make(tmp_path / "a.zip", entry, entry)).problem


@pytest.mark.parametrize("damage", [b"", b"PK", b"not a zip at all" * 100])
def test_what_is_no_archive(tiny: Course, tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(damage)
    assert "the archive is damaged" in read(tiny, path).problem


def test_every_cut_of_an_archive_is_one_sentence(tiny: Course, tmp_path: Path) -> None:
    whole = make(tmp_path / "a.zip", ("exercise-1/doubling.py", GOOD)).read_bytes()
    path = tmp_path / "b.zip"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert read(tiny, path).problem
    for index in range(len(whole)):
        path.write_bytes(whole[:index] + bytes([whole[index] ^ 0xFF]) + whole[index + 1 :])
        source = read(tiny, path)
        assert source.problem or source.data == GOOD


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unusual_compression_is_refused_before_it_is_undone(
    tiny: Course, tmp_path: Path, kind: int
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("exercise-1/doubling.py", b"#" * 3_000_000)
    assert "compressed in an unusual way" in read(tiny, path).problem


def test_a_submission_that_is_a_link_is_refused(tiny: Course, tmp_path: Path) -> None:
    (tmp_path / "carol").symlink_to(tiny.root / "solutions")
    assert "symbolic link" in read(tiny, tmp_path / "carol").problem
    (tmp_path / "dave").symlink_to(tiny.root / "solutions/exercise-1")
    assert "symbolic link" in read(tiny, tmp_path / "dave" / "doubling.py").problem
