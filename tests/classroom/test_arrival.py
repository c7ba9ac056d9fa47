"""When something arrived: the instructor and the platform count before a commit, and that before a file."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.classroom import inbox
from grader.classroom.collect import Submission, find_submissions, read_submission
from grader.course import CannotDo, Course, Exercise

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
LATER = datetime.datetime(2026, 3, 13, 12, tzinfo=datetime.UTC)
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def exercise(tiny: Course) -> Exercise:
    return tiny["exercise-1"]


def git(folder: Path, *arguments: str, when: datetime.datetime = NOON) -> None:
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", when.isoformat()))
    }
    environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, env=environment, capture_output=True)


def checkout(folder: Path, work: str = "exercise-1/doubling.py") -> Path:
    """Make a repository whose one commit is of noon, and whose files are of later."""
    (folder / work).parent.mkdir(parents=True)
    (folder / work).write_text("x")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "committer Eve <eve@example.org> 1 +0000\n\ncommitter Eve <e> 2 +0000")
    os.utime(folder / work, (LATER.timestamp(), LATER.timestamp()))
    return folder


def only(inbox: Path, exercise: Exercise) -> Submission:
    (found,) = find_submissions(inbox, [exercise])
    assert found.problem == ""
    return found


def detached(folder: Path) -> None:
    git(folder, "checkout", "-q", "--detach")


def packed(folder: Path) -> None:
    git(folder, "pack-refs", "--all")
    git(folder, "gc", "-q")


def cloned(folder: Path) -> None:
    folder.rename(folder.parent.parent / "origin")
    origin = folder.parent.parent / "origin"
    git(folder.parent, "clone", "-q", "--no-local", str(origin), folder.name)
    os.utime(folder / "exercise-1/doubling.py", (LATER.timestamp(), LATER.timestamp()))


@pytest.mark.parametrize("then", [lambda folder: None, detached, packed, cloned])
def test_a_checkout_arrived_when_it_was_committed(
    tmp_path: Path, exercise: Exercise, then: Callable[[Path], None]
) -> None:
    then(checkout(tmp_path / "in" / "ada"))
    for place in (tmp_path / "in", tmp_path / "in" / "ada"):
        found = only(place, exercise)
        assert (found.received, found.received_from) == (NOON, "commit")
        (note,) = found.notes
        assert (note.kind, note.decide) == ("commit-time", False)


def test_what_the_instructor_wrote_counts_first(tmp_path: Path, exercise: Exercise) -> None:
    checkout(tmp_path / "in" / "ada")
    (tmp_path / "in" / "received.csv").write_text("submission,received\nada,2026-03-02T12:00:00Z\n")
    found = only(tmp_path / "in", exercise)
    assert (found.received - NOON, found.received_from) == (datetime.timedelta(days=1), "received.csv")
    assert (
        only(tmp_path / "in" / "ada", exercise).received == found.received
    )  # the class's file lies beside it


def windows(folder: Path) -> None:
    (folder / "exercise-1/doubling.py").write_bytes(b"x\r\ny\r\n")


@pytest.mark.parametrize(
    ("then", "told"),
    [
        (windows, False),
        (lambda folder: (folder / "notes.txt").write_text("mine"), False),
        (lambda folder: (folder / "exercise-1/doubling.py").write_text("x\nz\n"), True),
        (lambda folder: git(folder, "rm", "-q", "--cached", "exercise-1/doubling.py"), False),
    ],
)
def test_what_was_changed_since_the_commit_is_told(
    tmp_path: Path, exercise: Exercise, then: Callable[[Path], object], told: bool
) -> None:
    folder = checkout(tmp_path / "in" / "ada")
    (folder / "exercise-1/doubling.py").write_text("x\ny\n")
    git(folder, "commit", "-q", "-a", "-m", "two lines")
    then(folder)
    found = only(tmp_path / "in", exercise)
    assert found.received_from == "commit"
    assert [note.kind for note in found.notes if note.decide] == ["not-committed"] * told


def test_what_was_never_committed_is_told(tmp_path: Path, exercise: Exercise) -> None:
    folder = checkout(tmp_path / "in" / "ada", "notes [1]/a.txt")
    (folder / "doubling.py").write_text("x")
    (note,) = (note for note in only(tmp_path / "in", exercise).notes if note.decide)
    assert note.text == "was changed after its last commit, or without one: `doubling.py`"


# --- what a student may have planted ------------------------------------------------------------------------


def plant(folder: Path) -> Path:
    """Plant programs wherever git would run one; each leaves a file."""
    ran = folder.parent.parent / "ran"
    script = folder / "planted.sh"
    script.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{ran}'\n")
    script.chmod(0o755)
    (folder / ".git" / "hooks").mkdir(exist_ok=True)
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "fsmonitor-watchman"):
        shutil.copy(script, folder / ".git" / "hooks" / hook)
    included = folder / "included"
    included.write_text(f"[core]\n\tpager = {script}\n\teditor = {script}\n")
    settings = {
        "gpg": "program",
        'gpg "ssh"': "program",
        "core": "fsmonitor pager sshCommand gitProxy editor alternateRefsCommand",
        'diff "x"': "textconv command",
        'filter "x"': "smudge clean process",
        "uploadpack": "packObjectsHook",
        "credential": "helper",
    }
    more = f"""
[log]\n\tshowSignature = true
[core]\n\thooksPath = {folder / ".git" / "hooks"}
[include]\n\tpath = {included}
[extensions]\n\tpartialClone = origin
[remote "origin"]\n\turl = ext::{script}\n\tpromisor = true
"""
    with (folder / ".git" / "config").open("a") as file:
        for section, names in settings.items():
            file.write(
                "\n\t".join((f"[{section}]", *(f"{name} = {script}" for name in names.split()))) + "\n"
            )
        file.write(more)
    (folder / ".gitattributes").write_text("* diff=x filter=x\n")
    return ran


def test_planted_programs_do_not_run(
    tmp_path: Path, exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = checkout(tmp_path / "in" / "ada")
    ran = plant(folder)
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(folder / "planted.sh"))
    monkeypatch.setenv("GIT_PAGER", str(folder / "planted.sh"))
    for name, value in (("COUNT", "1"), ("KEY_0", "core.fsmonitor"), ("VALUE_0", str(folder / "planted.sh"))):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert only(tmp_path / "in", exercise).received == NOON
    assert not ran.exists()
    subprocess.run(["git", "-C", str(folder), "status"], check=False, capture_output=True)  # as one would
    assert "planted.sh" in ran.read_text()
    ran.unlink()
    # and the commit itself missing, which a partial clone would fetch
    shutil.rmtree(folder / ".git" / "objects")
    (folder / ".git" / "objects").mkdir()
    assert only(tmp_path / "in", exercise).received_from == "file"
    assert not ran.exists()


def replaced(folder: Path) -> None:
    """Let another, earlier commit stand for the one that is checked out."""
    git(folder, "commit", "-q", "--allow-empty", "-m", "2", when=LATER)
    git(folder, "replace", "HEAD", "HEAD~1")


def test_a_commit_is_not_replaced(tmp_path: Path, exercise: Exercise) -> None:
    replaced(checkout(tmp_path / "in" / "ada"))
    assert only(tmp_path / "in", exercise).received == LATER


def linked(folder: Path) -> None:
    (folder / ".git").rename(folder.parent.parent / "elsewhere")
    (folder / ".git").symlink_to(folder.parent.parent / "elsewhere")


def pointing(folder: Path) -> None:
    (folder / ".git").rename(folder.parent.parent / "elsewhere")
    (folder / ".git").write_text(f"gitdir: {folder.parent.parent / 'elsewhere'}\n")


def borrowed(folder: Path) -> None:
    shutil.move(folder / ".git" / "objects", folder.parent.parent / "objects")
    (folder / ".git" / "objects" / "info").mkdir(parents=True)
    (folder / ".git" / "objects" / "info" / "alternates").write_text(f"{folder.parent.parent / 'objects'}\n")


def objects_elsewhere(folder: Path) -> None:
    shutil.move(folder / ".git" / "objects", folder.parent.parent / "objects")
    (folder / ".git" / "objects").symlink_to(folder.parent.parent / "objects")


def head(text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / ".git" / "HEAD").write_text(text)

    return write


def pipe(folder: Path) -> None:
    (folder / ".git" / "HEAD").unlink()
    os.mkfifo(folder / ".git" / "HEAD")


def no_commit(folder: Path) -> None:
    """A blob where the commit should be."""
    (folder / "x").write_text("tree 0\ncommitter A <a> 99 +0000\n\n")
    command = ["git", "-C", str(folder), "hash-object", "-w", "x"]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    (folder / ".git" / "HEAD").write_text(made.stdout)


@pytest.mark.parametrize(
    "then",
    [
        linked,
        pointing,
        borrowed,
        objects_elsewhere,
        pipe,
        no_commit,
        head(""),
        head("ref: refs/heads/../../../../elsewhere"),
        head("ref: /etc/passwd"),
        head("--help"),
        head("0" * 40),
        head("x" * 100_000),
    ],
)
def test_a_checkout_of_another_kind_has_the_time_of_its_file(
    tmp_path: Path, exercise: Exercise, then: Callable[[Path], None]
) -> None:
    then(checkout(tmp_path / "in" / "ada"))
    found = only(tmp_path / "in", exercise)
    assert (found.received, found.received_from) == (LATER, "file")
    assert all(note.text.isprintable() for note in found.notes)


@pytest.mark.parametrize("seconds", ["99999999999999", "-1", "999999999999"])
def test_a_commit_of_a_year_that_no_calendar_has(tmp_path: Path, exercise: Exercise, seconds: str) -> None:
    folder = checkout(tmp_path / "in" / "ada")
    raw = f"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\ncommitter A <a> {seconds} +0000\n\nx\n"
    command = ["git", "-C", str(folder), "hash-object", "-t", "commit", "-w", "--literally", "--stdin"]
    made = subprocess.run(command, check=True, capture_output=True, text=True, input=raw)
    (folder / ".git" / "HEAD").write_text(made.stdout)
    assert only(tmp_path / "in", exercise).received.year in (2026, 9999)


def test_git_that_hangs_is_stopped(
    tmp_path: Path, exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = checkout(tmp_path / "in" / "ada")
    monkeypatch.setattr(inbox, "GIT_SECONDS", 0.2)
    shutil.rmtree(folder / ".git" / "objects" / "pack")
    (folder / ".git" / "objects" / "pack").mkdir()
    os.mkfifo(folder / ".git" / "objects" / "pack" / "pack-1.idx")
    os.mkfifo(folder / ".git" / "objects" / "pack" / "pack-1.pack")
    assert only(tmp_path / "in", exercise).received_from in ("file", "commit")


def test_a_repository_in_an_upload_says_nothing(tmp_path: Path, exercise: Exercise) -> None:
    """Of a zip, of a platform's download, below a submission, and of Gradescope's upload."""
    repository = checkout(tmp_path / "repository")
    ran = plant(repository)
    inbox = tmp_path / "in"
    inbox.mkdir()
    with zipfile.ZipFile(inbox / "ada.zip", "w") as archive:
        for path in repository.rglob("*"):
            archive.write(path, path.relative_to(repository))
    shutil.copytree(repository, inbox / "Ada Lovelace_20101_assignsubmission_file_")
    shutil.copytree(repository, inbox / "lovelaceada_10101_900001_work")
    shutil.copytree(repository, inbox / "bob" / "repository")
    found = find_submissions(inbox, [exercise])
    assert len(found) == 4
    assert {one.received_from for one in (*found, read_submission(repository, [exercise]))} == {"file"}
    assert not (tmp_path / "ran").exists()
    assert not ran.exists()


def test_without_git_the_file_s_time_counts(
    tmp_path: Path, exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout(tmp_path / "in" / "ada")
    monkeypatch.setattr("shutil.which", lambda name: None)
    found = only(tmp_path / "in", exercise)
    assert (found.received, found.received_from) == (LATER, "file")
    assert [note.text for note in found.notes] == [
        "is a checkout, but its last commit is not known: git is not installed"
    ]


# --- received.csv -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["nonsense\n", "submission,received\nada,2020-01-01T00:00:00Z\n", "\0"])
def test_a_student_s_received_csv_is_not_read(tmp_path: Path, exercise: Exercise, text: str) -> None:
    files = {"exercise-1/doubling.py": "x", "received.csv": text, "exercise-1/received.csv": text}
    for name, data in files.items():
        (tmp_path / "in" / "ada" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / "ada" / name).write_text(data)
    with zipfile.ZipFile(tmp_path / "in" / "bob.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    flat = tmp_path / "flat"
    flat.mkdir()
    (flat / "doubling.py").write_text("x")
    (flat / "received.csv").write_text(text)
    notebook = tmp_path / "notebook"
    notebook.mkdir()
    (notebook / "doubling.ipynb").write_text("{}")
    (notebook / "received.csv").write_text(text)
    assert find_submissions(notebook, [exercise])[0].nothing_found
    for place in (tmp_path / "in", tmp_path / "in" / "ada", tmp_path / "in" / "bob.zip", flat):
        found = find_submissions(place, [exercise])
        assert [(one.problem, one.received_from) for one in found] == [("", "file")] * len(found)
        assert all(one.received.year > 2020 for one in found)


def test_a_row_for_nobody_is_refused(tmp_path: Path, exercise: Exercise) -> None:
    for name in ("ada-lovelace", "bob"):
        (tmp_path / name / "exercise-1").mkdir(parents=True)
    rows = tmp_path / "received.csv"
    rows.write_text("submission,received\nada-lovelaec,2026-03-01T12:00:00Z\n")
    with pytest.raises(CannotDo, match=r"names `ada-lovelaec`, .* the nearest: `ada-lovelace`"):
        find_submissions(tmp_path, [exercise])
    rows.write_text("submission,received\nADA-LOVELACE,2026-03-01T12:00:00Z\n")
    with pytest.raises(CannotDo, match="the nearest: `ada-lovelace`"):
        find_submissions(tmp_path, [exercise])
    rows.write_text("submission,received\nzoe,2026-03-01T12:00:00Z\n")
    with pytest.raises(CannotDo, match="names `zoe`, which is no submission here; correct that row"):
        find_submissions(tmp_path, [exercise])


def test_rows_may_name_what_the_platform_delivers(tmp_path: Path, exercise: Exercise) -> None:
    names = {
        "lovelaceada_10101_900001_doubling.py": "lovelaceada_10101",
        "hoppergrace_10102_900002_doubling-1.py": "hoppergrace_10102_900002_doubling-1.py",
        "Jose\u0301.py": "Jos\u00e9",
    }
    for name in names:
        (tmp_path / name).write_text("x")
    rows = "".join(f"{name},2026-03-01T12:00:00Z\n" for name in names.values())
    (tmp_path / "received.csv").write_text(f"submission,received\n{rows}", encoding="utf-8")
    found = find_submissions(tmp_path, [exercise])
    assert [(one.received, one.received_from) for one in found] == [(NOON, "received.csv")] * 3
