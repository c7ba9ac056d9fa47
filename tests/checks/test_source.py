"""Submissions in a zip: read in memory, whatever the archive claims."""

from __future__ import annotations

import dataclasses
import stat
import zipfile
from pathlib import Path

import pytest

from grader.checks.source import (
    Source,
    find_modules,
    open_submission,
    read_source,
    read_sources,
    unpacked,
)
from grader.course import Course, make_stub

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
    assert read(tiny, path) == Source("doubling.py", GOOD, others=(f"{prefix}exercise-2/doubling.py",))


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


# --- a module is known by its name ------------------------------------------------------------------------


def lay(folder: Path, *names: str, form: str = "folder") -> Path:
    """Lay out files of these names, each of which holds its own name."""
    if form == "zip":
        return make(folder.with_suffix(".zip"), *((name, name.encode()) for name in names))
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize(
    "name",
    [
        "doubling.py",
        "Doubling.py",
        "DOUBLING.PY",
        "doubling (1).py",
        "doubling(12).py",
        "doubling-2.py",
        "doubling_v2.py",
        "doubling2.py",
        "doubling_final.py",
        "doubling - Copy.py",
        "doubling - Copy (2).py",
        "Copy of doubling.py",
        "doubling (copy).py",
        "doubling.py.py",
        "doubling .py",
        "my work/doubling.py",
        "exercise_1/doubling.py",
        "Exercise-1/doubling.py",
        "exercise 1/doubling.py",
        "exercise-01/doubling.py",
        "EXERCISE1/Doubling.py",
        "exercise-1/doubling (1).py",
        "exercise-1/exercise-1/src/doubling.py",
        "exercises/exercise-1/mine/doubling.py",
        "exercise-2/doubling.py",
    ],
)
def test_a_module_is_known_by_its_name(tiny: Course, tmp_path: Path, name: str, form: str) -> None:
    others = (
        "report.pdf",
        "notes/doubling.py.txt",
        "doubling_test.py",
        "undoubling.py",
        "exercise-1/plot.py",
    )
    source = read(tiny, lay(tmp_path / "ada", name, *others, form=form))
    assert (source.problem, source.data.decode()) == ("", name)
    assert source.place in ("", name)  # one too deep in its own folder is no other place
    assert source.others == ()


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize(
    ("names", "which"),
    [
        (["exercise-1/doubling.py", "doubling.py", "exercise-1/doubling (1).py"], 0),
        (["exercise-1/doubling.py", "backup/exercise-1/doubling.py"], 0),
        (["exercises/exercise-1/doubling.py", "old/exercises/exercise-1/doubling.py", "README"], 0),
        (["ada/exercises/exercise-1/doubling.py", "ada/solutions/exercise-1/doubling.py", "README"], 0),
        (["exercise_1/doubling.py", "old/doubling.py"], 0),
        (["doubling.py", "doubling (1).py"], 0),
        (["exercise-1/doubling-2.py", "doubling.py"], 0),
        (["a/doubling.py", "b/doubling.py"], None),
        (["doubling (1).py", "doubling (2).py"], None),
        (["a/exercise-1/doubling.py", "b/exercise-1/doubling.py"], None),
        (["exercise_1/doubling.py", "Exercise 1/doubling.py"], None),
        (["doubling.py", "exercise-1-1/doubling.py", "exercise-11/doubling.py"], None),
    ],
)
def test_the_file_that_fits_best(
    tiny: Course, tmp_path: Path, names: list[str], which: int | None, form: str
) -> None:
    source = read(tiny, lay(tmp_path / "ada", *names, form=form))
    if which is None:
        assert source.doubtful
        assert f"is there {len(names)} times" in source.problem
        assert sum(f"`{name}`" in source.problem for name in names) == 2
    else:
        assert (source.problem, source.data.decode()) == ("", names[which])
        assert set(source.others) <= set(names)


def test_a_name_that_two_exercises_share_needs_its_folder(course: Course, tmp_path: Path) -> None:
    first, second = course["exercise-1"], course["exercise-2"]
    name = f"{first.file.module}.py"
    second = dataclasses.replace(second, file=dataclasses.replace(second.file, module=first.file.module))

    def found(*names: str) -> list[tuple[tuple[str, ...], ...]]:
        paths = [tuple(path.split("/")) for path in names]
        return [entry.paths for entry in find_modules([first, second], paths).values()]

    assert found(name) == [(), ()]
    assert found(f"exercise_2/{name}") == [(), (("exercise_2", name),)]
    assert found(f"Exercise-1/{name}", f"exercise-2/x/{name}") == [
        (("Exercise-1", name),),
        (("exercise-2", "x", name),),
    ]


def test_a_number_that_belongs_to_a_name_stays(tiny: Course) -> None:
    first = tiny["exercise-1"]
    parts = [
        dataclasses.replace(first, id=f"exercise-{number}", file=dataclasses.replace(first.file, module=name))
        for number, name in enumerate(("part_1", "part_2", "part"), 1)
    ]
    paths = [(name,) for name in ("part_1.py", "part_2 (1).py", "Part_v3.py", "party_1.py")]
    found = find_modules(parts, paths)
    assert found["exercise-1"].paths == (("part_1.py",),)
    assert found["exercise-2"].paths == (("part_2 (1).py",),)
    assert found["exercise-3"].paths == (("Part_v3.py",),)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_zips_in_zips(tiny: Course, tmp_path: Path, depth: int) -> None:
    data = make(tmp_path / "0.zip", ("exercise-1/doubling.py", GOOD)).read_bytes()
    for number in range(1, depth + 1):
        names = [(f"{number - 1}.zip", data), ("notes.txt", b"")]
        data = make(tmp_path / f"{number}.zip", *names).read_bytes()
    source = read(tiny, tmp_path / f"{depth}.zip")
    assert (source.data == GOOD) == (depth <= 3)
    assert source.problem == "" or "/0.zip`, which is one of too many zips" in source.problem


def test_a_zip_in_a_zip_is_bounded(tiny: Course, tmp_path: Path) -> None:
    make(tmp_path / "a.zip", ("b.zip", bytes(65 * 2**20)))
    assert "holds `b.zip`, which is larger than 64 MiB" in read(tiny, tmp_path / "a.zip").problem
    make(tmp_path / "a.zip", ("b.zip", b"no zip"))
    assert "holds `b.zip`, which cannot be read" in read(tiny, tmp_path / "a.zip").problem


def read_all(course: Course, path: Path) -> dict[str, Source]:
    with open_submission(path) as files:
        return read_sources(course.exercises(), unpacked(files, course.exercises()))


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_zip_for_each_exercise(course: Course, tmp_path: Path, form: str) -> None:
    first, third = course["exercise-1"], course["exercise-3"]
    one, three = f"{first.file.module}.py", f"{third.file.module}.py"
    packed = {
        "exercise-1.zip": make(tmp_path / "1", (one, b"first")).read_bytes(),
        "Exercise 3.zip": make(tmp_path / "3", (f"exercise-3/{three}", b"third"), (one, b"old")).read_bytes(),
        "data.zip": b"no zip",
    }
    handed_in = tmp_path / "ada"
    if form == "zip":
        make(handed_in.with_suffix(".zip"), *packed.items())
        handed_in = handed_in.with_suffix(".zip")
    else:
        handed_in.mkdir()
        for name, data in packed.items():
            (handed_in / name).write_bytes(data)
    found = read_all(course, handed_in)
    assert found["exercise-3"].data == b"third"
    assert found["exercise-1"].data == b"first"
    assert found["exercise-5"].doubtful, "it may lie in the zip that is damaged"
    assert "unless it lies in `data.zip`, which cannot be read" in found["exercise-5"].problem


def test_a_module_beside_zips_is_not_looked_for_in_them(tiny: Course, tmp_path: Path) -> None:
    inner = make(tmp_path / "0.zip", ("exercises/exercise-1/doubling.py", b"old")).read_bytes()
    handed_in = make(tmp_path / "ada.zip", ("doubling.py", GOOD), ("old.zip", inner))
    assert read(tiny, handed_in).data == GOOD


def test_work_beside_the_stub_is_what_counts(tiny: Course, tmp_path: Path) -> None:
    stub = make_stub(tiny["exercise-1"]).encode()
    place = "exercises/exercise-1/doubling.py"
    source = read(tiny, make(tmp_path / "a.zip", (place, stub), ("doubling.py", GOOD)))
    assert (source.data, source.place, source.others) == (GOOD, "doubling.py", ())
    twice = ("doubling.py", GOOD), ("mine/doubling.py", b"other")
    assert read(tiny, make(tmp_path / "b.zip", (place, stub), *twice)).doubtful
    source = read(tiny, make(tmp_path / "c.zip", (place, stub), ("copy/doubling.py", stub)))
    assert (source.data, source.place) == (stub, "")


def test_a_module_that_cannot_be_read_is_in_doubt(tiny: Course, tmp_path: Path) -> None:
    large = make(tmp_path / "a.zip", ("exercise-1/doubling.py", bytes(2 * 2**20)))
    source = read(tiny, large)
    assert (source.there, source.doubtful) == (True, True)
    assert "is larger than 1 MiB" in source.problem


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize(
    "clutter",
    [
        ".venv/lib/python3.11",
        "venv/Lib",
        "node_modules/x",
        ".git/objects",
        "__pycache__",
        "__MACOSX/exercise-1",
        ".ipynb_checkpoints",
        ".mypy_cache/3.11",
        "src/rnn.egg-info",
        "build/lib",
        ".grader/backups",
    ],
)
def test_what_tools_leave_there_is_not_counted(
    tiny: Course, tmp_path: Path, form: str, clutter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.checks.files.MAX_ENTRIES", 5)
    monkeypatch.setattr("grader.checks.files.MAX_FOLDER", 5)
    there = [f"{clutter}/doubling.py", *(f"{clutter}/exercise-1/{number}.py" for number in range(20))]
    source = read(tiny, lay(tmp_path / "ada", *there, "exercise-1/._doubling.py", "doubling.py", form=form))
    assert (source.problem, source.data) == ("", b"doubling.py")
    more = [f"{number}.py" for number in range(6)]
    assert "files; hand in the exercises only" in read(tiny, lay(tmp_path / "bob", *more, form=form)).problem


def test_a_directory_of_a_zip_is_measured_before_it_is_read(
    tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.checks.files.MAX_LISTED", 20)
    lay(tmp_path / "ada", "doubling.py", *(f".venv/{number}.py" for number in range(20)), form="zip")
    assert "an archive of 21 files" in read(tiny, tmp_path / "ada.zip").problem


def test_names_made_to_take_long_do_not(tiny: Course) -> None:
    names = ["1 " * 100 + "1.py", "(1)" * 80 + ".py", "_" * 200 + "1.py", "doubling" + " (1)" * 50 + ".py"]
    found = find_modules(
        [tiny["exercise-1"]], [(f"{number}", name) for number in range(500) for name in names]
    )
    assert found["exercise-1"].paths == ()
    assert find_modules([tiny["exercise-1"]], [("doubling v2 (1) - Copy.py",)])["exercise-1"].paths


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_copies_of_one_file_are_no_doubt(tiny: Course, tmp_path: Path, form: str) -> None:
    names = "a/doubling.py", "b/doubling.py"
    folder = lay(tmp_path / "ada", *names)
    for name in names:
        (folder / name).write_bytes(GOOD)
    if form == "zip":
        folder = make(tmp_path / "ada.zip", *((name, GOOD) for name in names))
    source = read(tiny, folder)
    assert (source.problem, source.data, source.place in names) == ("", GOOD, True)
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = make(tmp_path / "twice.zip", *(("exercise-1/doubling.py", data) for data in (b"other", GOOD)))
    assert read(tiny, twice).doubtful


def test_what_an_exercise_uses_is_read_with_what_that_uses(course: Course) -> None:
    source = read_source(course["exercise-17"], course.root / "solutions")
    training = source.used[course["exercise-17"].file.uses.index("exercise-11")]
    assert [used.name for used in training.used] == [
        used.solution_path.name for used in course["exercise-11"].used
    ]
    assert all(used.data for used in (*source.used, *training.used))
