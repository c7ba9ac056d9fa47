"""``grader grade``, ``adjust``, ``merge`` and ``export``, as an instructor meets them."""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from grader.checks.report import reports_from_json
from grader.classroom import job
from grader.course import Course, read_secret
from grader.sandbox.pool import WorkerPool
from tests.classroom.helpers import at_once, hand_in, here, right
from tests.helpers import Ran, Run, edit, solve

HALF = "def double(x):\n    return 2 * x  # earns 3\n"
MANY_FILES = 10_000 if os.environ.get("GRADER_LONG") == "1" else 500


@pytest.fixture
def handed(tiny_copy: Course) -> Path:
    """A class of four: right, half right, an empty file, and one that is a link."""
    folder = tiny_copy.root.parent / "class"
    hand_in(folder, "ada", right(tiny_copy))
    hand_in(folder, "bob", HALF)
    hand_in(folder, "cleo", "# earns 0\n")
    (folder / "dan").symlink_to(folder / "ada")
    return folder


@pytest.fixture
def by_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files say what they earn, where a test is not about how they are judged."""
    monkeypatch.setattr("grader.classroom.batch.processes", lambda jobs: at_once())


@pytest.fixture
def in_one_process(monkeypatch: pytest.MonkeyPatch, pool: WorkerPool) -> None:
    """Grade without further processes but workers, where a test is not about those; each starts anew."""
    monkeypatch.setattr("grader.classroom.batch.processes", lambda jobs: here())
    monkeypatch.setattr(job, "_pool", lambda confinement: pool)
    monkeypatch.setattr(job, "_marking", job._marking.__wrapped__)


def graded(run: Run, handed: Path, *more: str) -> Ran:
    return run("grade", str(handed), "-o", "results", "--jobs", "1", *more)


def test_a_class_is_graded_and_shown(run: Run, handed: Path, tiny_copy: Course) -> None:
    ran = graded(run, handed)
    assert ran.code == 1, "one submission could not be graded"
    assert ran.err.splitlines()[-1] == "graded 3 of 3"
    full = tiny_copy["exercise-1"].file.credits
    lines = ran.out.splitlines()
    assert any("ada" in line and line.rstrip().endswith(f"{full}") for line in lines)
    assert "dan is a symbolic link" in " ".join(ran.out.split())
    results = tiny_copy.root / "results"
    reports = reports_from_json((results / "students" / "bob" / "report.json").read_text())
    assert 0 < reports[0].earned < full
    page = (results / "students" / "ada" / "report.html").read_text()
    assert "<h1>" in page
    assert "cleo" in (results / "index.html").read_text()


@pytest.mark.usefixtures("by_word")
def test_where_nothing_is_found_the_cell_stays_blank(run: Run, tiny_copy: Course) -> None:
    folder = tiny_copy.root.parent / "class"
    hand_in(folder, "ada", right(tiny_copy))
    (folder / "empty").mkdir()
    (folder / "bob").mkdir()
    for name in ("doubling.ipynb", "doubling.py.txt", "notes.md", "plot.png", "readme.txt"):
        (folder / "bob" / name).touch()
    ran = graded(run, folder)
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == "graded 1 of 1"
    said = " ".join(ran.out.split())
    assert "holds none of the files that are graded, such as `doubling.py`; only `" in said
    assert "and 2 more" in said
    assert "no other file that is looked at is there" in said
    rows = csv.DictReader(io.StringIO(run("export", "results", "roster").out))
    assert {row["Student"]: row["Total"] == "" for row in rows} == {"ada": False, "bob": True, "empty": True}


def test_what_is_no_folder_of_submissions_is_told(run: Run, handed: Path) -> None:
    (handed / "received.csv").write_text("submission,received\nada,yesterday\n")
    ran = graded(run, handed)
    assert (ran.code, ran.out) == (2, "")
    assert "received.csv, line 2" in ran.err
    assert run("grade", str(handed), "-o", "r", "--shard", "3/2").code == 2
    assert run("grade", str(handed), "-o", "r", "--exercise", "exercise-9").code == 2
    assert run("grade", str(handed), "-o", "r", "--cluster", "local:0").code == 2


@pytest.mark.usefixtures("by_word")
def test_lateness_is_open(run: Run, handed: Path, tiny_copy: Course) -> None:
    path = tiny_copy.root / "course.yaml"
    late = "late:\n  deadline: '2026-03-01T12:00:00+01:00'\n  per_day: 10\n"
    path.write_text(path.read_text() + late, encoding="utf-8")
    (handed / "received.csv").write_text(
        "submission,received\nada,2026-03-02T11:00:00+01:00\nbob,2026-02-01T11:00:00+01:00\n"
    )
    graded(run, handed)
    full = tiny_copy["exercise-1"].file.credits
    rows = list(csv.DictReader(io.StringIO(run("export", "results", "roster").out)))
    mine = next(row for row in rows if row["Student"] == "ada")
    assert (float(mine["Adjustments"]), float(mine["Total"])) == (-full / 10, full * 0.9)
    page = (tiny_copy.root / "results" / "students" / "ada" / "report.html").read_text()
    assert "1 day late" in page
    assert "late:" not in (tiny_copy.root / "results" / "students" / "bob" / "report.html").read_text()


@pytest.mark.usefixtures("by_word")
def test_an_adjustment_needs_a_reason_and_is_listed(run: Run, handed: Path) -> None:
    graded(run, handed)
    assert run("adjust", "results", "bob", "--credits", "1").code == 2
    assert run("adjust", "results", "nobody", "--credits", "1", "--reason", "x").code == 2
    assert run("adjust", "results", "bob", "--credits", "0.001", "--reason", "x").code == 2

    def earned() -> float:
        return float(json.loads(run("export", "results", "gradescope", "--submission", "bob").out)["score"])

    before = earned()
    ran = run("adjust", "results", "bob", "--credits", "-0.25", "--reason", "=HYPERLINK(1)")
    assert (ran.code, ran.out) == (0, f"bob now has {before - 0.25:.2f} credits\n")
    assert "bob  -0.25  =HYPERLINK(1)" in run("adjust", "results").out
    graded(run, handed)
    assert (
        json.loads(run("export", "results", "gradescope", "--submission", "bob").out)["score"]
        == before - 0.25
    )


@pytest.mark.usefixtures("by_word")
def test_shards_together_are_the_class(run: Run, handed: Path) -> None:
    graded(run, handed)
    for number in (1, 2):
        run("grade", str(handed), "-o", f"part-{number}", "--shard", f"{number}/2", "--jobs", "1")
    ran = run("merge", "part-1", "part-2", "-o", "together")
    assert ran.code == 1, "one of them is a link"
    assert run("export", "together", "roster").out == run("export", "results", "roster").out
    assert run("merge", "class-that-is-not-there", "-o", "together").code == 2
    Path("empty").mkdir()
    ran = run("merge", "empty", "-o", "together")
    assert ran.code == 2
    assert "grades.db" in ran.err


@pytest.mark.slow
def test_rounds_are_begun_and_told(run: Run, handed: Path, tiny_copy: Course) -> None:
    def footer() -> str:
        page = (tiny_copy.root / "results" / "students" / "ada" / "report.html").read_text()
        return next(line for line in page.splitlines() if "seed" in line)

    graded(run, handed)
    first = footer()
    assert "round 1 · seed" in first
    graded(run, handed, "--round", "2")
    assert "round 2 · seed" in footer()
    ran = graded(run, handed, "--round", "1")
    assert (ran.code, ran.out) == (2, "")
    assert "are in round 2" in ran.err
    run("grade", str(handed), "-o", "part", "--jobs", "1")
    ran = run("merge", "results", "part", "-o", "together")
    assert (ran.code, ran.out) == (2, "")
    assert "part is of round 1" in ran.err


@pytest.mark.parametrize(
    "more", [("--round", "99999999999999999999"), ("--seed", "99999999999999999999"), ("-o", "class")]
)
def test_what_would_spoil_the_results_is_refused(run: Run, tiny_copy: Course, more: tuple[str, ...]) -> None:
    hand_in(Path("class"), "ada", right(tiny_copy))
    ran = run("grade", "class", "-o", "results", *more)
    assert (ran.code, ran.out) == (2, "")
    assert not Path("results").exists()
    assert [path.name for path in Path("class").iterdir()] == ["ada"]


@pytest.mark.parametrize(
    "command",
    [
        ("export", "here", "roster"),
        ("adjust", "here"),
        ("forget", "here", "ada"),
        ("merge", "here", "-o", "new"),
    ],
)
def test_a_folder_without_results_is_another_folder(run: Run, command: tuple[str, ...]) -> None:
    Path("here").mkdir()
    ran = run(*command)
    assert (ran.code, ran.out) == (2, "")
    assert "here holds no grades.db" in ran.err


@pytest.mark.parametrize("blocked", ["results/students", "file"])
def test_a_folder_that_cannot_be_written_is_told_before_any_work(
    blocked: str, run: Run, handed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(blocked).parent.mkdir(exist_ok=True)
    Path(blocked).touch()
    monkeypatch.setattr("grader.classroom.batch.grade", None)
    folder = "results" if blocked == "results/students" else "file/results"
    for command in (("grade", str(handed)), ("merge", "results")):
        Path("results").mkdir(exist_ok=True)
        ran = run(*command, "-o", folder)
        assert (ran.code, ran.out) == (2, "")
        assert f"{folder} cannot be written" in ran.err
        assert len(ran.err.splitlines()) == 1


@pytest.mark.usefixtures("by_word")
def test_results_among_the_submissions_are_none_of_them(run: Run, handed: Path) -> None:
    count = len(list(handed.iterdir()))
    for _ in range(2):
        ran = run("grade", str(handed), "-o", str(handed / "results"), "--confinement", "best", "--jobs", "1")
        assert f"{count} submissions" in ran.out, ran


@pytest.mark.usefixtures("by_word")
def test_results_tell_git_to_leave_them_alone(run: Run, handed: Path) -> None:
    graded(run, handed)
    assert Path("results/.gitignore").read_text() == "*\n"
    assert sorted(path.name for path in Path("results").iterdir())[:2] == [".gitignore", "grades.db"]


@pytest.mark.usefixtures("in_one_process")
def test_exports_of_one_need_a_name(run: Run, handed: Path) -> None:
    graded(run, handed)
    ran = run("export", "results", "github-summary")
    assert ran.code == 2
    assert "ada, bob" in ran.err
    ran = run("export", "results", "github-annotations", "--submission", "bob")
    assert "::error file=exercises/exercise-1/doubling.py" in ran.out
    assert run("export", "results", "junit", "-o", "all.xml").code == 0
    assert Path("all.xml").read_text().startswith("<?xml")


@pytest.mark.usefixtures("in_one_process")
def test_answers_to_quizzes_are_graded_with_the_rest(
    run: Run, handed: Path, tiny_copy: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_SECRET", "a secret of this test")
    solve(tiny_copy)
    run("login", "Ada Lovelace")
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n\n" * 30))
    run("quiz", "every-type")
    assert read_secret(tiny_copy)
    assert run("submit", "-o", str(handed / "eve.zip")).code == 0
    graded(run, handed)
    grade = json.loads((tiny_copy.root / "results" / "students" / "eve" / "report.json").read_text())
    assert grade["earned"] == grade["credits"]
    text = run("export", "results", "roster").out
    rows = list(csv.reader(io.StringIO(text)))
    assert any("every-type" in cell for cell in rows[0])
    assert any("Ada Lovelace" in cell for row in rows for cell in row)
    with zipfile.ZipFile(handed / "eve.zip") as archive:
        kept = {name: archive.read(name) for name in archive.namelist() if name != "responses.json"}
    with zipfile.ZipFile(handed / "eve.zip", "w") as archive:
        for name, data in kept.items():
            archive.writestr(name, data)
    graded(run, handed, "--no-quizzes")
    assert run("export", "results", "roster").out == text
    graded(run, handed)
    assert "every-type" not in run("export", "results", "roster").out, "withdrawn answers earn nothing"
    (row,) = csv.DictReader(io.StringIO((tiny_copy.root / "results" / "moved.csv").read_text()))
    assert (row["submission"], row["item"], row["after"]) == ("eve", "every-type", "")
    (handed / "fay").mkdir()
    (handed / "fay" / "responses.json").write_text("[1")
    assert "broke" not in graded(run, handed).err
    assert "cannot be read" not in run("export", "results", "roster").out.partition("\n")[0], "no column"


# --- whose, and who has gone ---


def students(course: Course) -> set[str]:
    return {path.name for path in (course.root / "results" / "students").iterdir()}


@pytest.mark.usefixtures("by_word")
def test_what_has_vanished_has_no_page_and_no_row(run: Run, handed: Path, tiny_copy: Course) -> None:
    graded(run, handed)
    assert students(tiny_copy) == {"ada", "bob", "cleo", "dan"}
    shutil.rmtree(handed / "bob")
    ran = graded(run, handed)
    assert students(tiny_copy) == {"ada", "cleo", "dan"}
    assert "bob" not in run("export", "results", "roster").out
    assert run("export", "results", "gradescope", "--submission", "bob").code == 2
    hand_in(handed, "bob", HALF)
    graded(run, handed)
    assert students(tiny_copy) == {"ada", "bob", "cleo", "dan"}
    ran = run("grade", str(handed / "ada"), "-o", "results", "--jobs", "1")
    assert (ran.code, students(tiny_copy)) == (1, {"ada", "bob", "cleo", "dan"}), "the link is still there"


@pytest.mark.usefixtures("by_word")
@pytest.mark.parametrize("folder", ["class", "class/week 1"])
def test_one_of_a_class_is_graded_again_in_its_place(run: Run, tiny_copy: Course, folder: str) -> None:
    for name in ("ada", "bob", "cleo"):
        hand_in(Path(folder), name, HALF)
        with zipfile.ZipFile(Path(folder, f"{name}.zip"), "w") as archive:
            archive.writestr("exercise-1/doubling.py", HALF)
        shutil.rmtree(Path(folder, name))
    graded(run, Path("class"))
    before = run("export", "results", "roster").out
    with zipfile.ZipFile(Path(folder, "ada.zip"), "w") as archive:
        archive.writestr("exercise-1/doubling.py", right(tiny_copy))
    run("grade", f"{folder}/ada.zip", "-o", "results", "--jobs", "1")
    after = run("export", "results", "roster").out
    assert after.splitlines()[2:] == before.splitlines()[2:]
    assert (before.splitlines()[1][-6:], after.splitlines()[1][-6:]) == ('"3.00"', '"7.00"')


@pytest.mark.usefixtures("by_word")
def test_half_a_class_leaves_only_if_that_is_confirmed(run: Run, handed: Path, tiny_copy: Course) -> None:
    (handed / "dan").unlink()
    graded(run, handed)
    for name in ("ada", "bob"):
        shutil.rmtree(handed / name)
    ran = graded(run, handed)
    assert (ran.code, students(tiny_copy)) == (1, {"ada", "bob", "cleo"})
    assert graded(run, handed, "--confirm-gone").code == 0
    assert students(tiny_copy) == {"cleo"}


@pytest.mark.usefixtures("by_word")
def test_a_submission_is_forgotten_for_good(run: Run, handed: Path, tiny_copy: Course) -> None:
    graded(run, handed)
    run("adjust", "results", "bob", "--credits", "1", "--reason", "told in confidence")
    for wrong in ([], ["bob", "--gone"], ["nobody"]):
        assert run("forget", "results", *wrong).code == 2
    assert run("forget", "results", "bob", typed="n\n").code == 130
    assert "bob" in students(tiny_copy)
    ran = run("forget", "results", "bob", typed="y\n")
    assert (ran.code, ran.out) == (0, "delete all that is known of bob? [y/N]: deleted: bob\n")
    assert students(tiny_copy) == {"ada", "cleo", "dan"}
    assert run("adjust", "results").out == ""
    assert "nobody is gone" in run("forget", "results", "--gone").out
    shutil.rmtree(handed / "ada")
    graded(run, handed)
    assert "ada" not in students(tiny_copy)
    assert run("forget", "results", "--gone", "--yes").out == "deleted: ada\n"
    assert b"told in confidence" not in (tiny_copy.root / "results" / "grades.db").read_bytes()


@pytest.mark.usefixtures("by_word")
def test_an_adjustment_follows_the_file_and_not_its_shown_name(
    run: Run, handed: Path, tiny_copy: Course
) -> None:
    hand_in(handed, "s2", HALF)
    graded(run, handed)
    assert run("adjust", "results", "s2", "--credits", "3", "--reason", "by hand").out.startswith(
        "s2 now has"
    )
    hand_in(handed, "S2", "# earns 0\n")
    graded(run, handed)
    names = students(tiny_copy)
    assert names >= {"S2", "s2 (2)"}
    assert "s2" not in names
    page = (tiny_copy.root / "results" / "students" / "s2 (2)" / "report.html").read_text()
    assert "by hand" in page
    assert "by hand" not in (tiny_copy.root / "results" / "students" / "S2" / "report.html").read_text()
    assert "s2 (2)  +3.00  by hand" in run("adjust", "results").out
    assert run("adjust", "results", "s2", "--credits", "-3", "--reason", "no").out.startswith(
        "s2 (2) now has"
    )


@pytest.mark.usefixtures("by_word")
def test_whose_it_is_is_decided_by_hand(run: Run, handed: Path, tiny_copy: Course) -> None:
    (handed / "dan").unlink()
    with zipfile.ZipFile(handed / "bob.zip", "w") as archive:
        archive.writestr("exercise-1/doubling.py", HALF)
    graded(run, handed)

    def cells(name: str) -> str:
        rows = csv.reader(io.StringIO(run("export", "results", "roster").out))
        return next(row[-1] for row in rows if row[0] == name)

    assert (cells("bob"), cells("bob (2)")) == ("", "")
    ran = run("export", "results", "github-summary", "--submission", "./bob")
    assert (ran.code, ran.out) == (1, "")
    assert "bob is set aside" in ran.err
    assert run("adjust", "results", "bob", "--student", "x", "--credits", "1", "--reason", "y").code == 2
    ran = run("adjust", "results", "bob (2)", "--student", "bob")
    assert (ran.code, ran.out) == (0, "bob (2) now counts as `bob`\n")
    assert (cells("bob"), cells("bob (2)")) == ("", "3.00")
    graded(run, handed)
    assert (cells("bob"), cells("bob (2)")) == ("", "3.00")
    assert "is set aside" in run("adjust", "results", "bob (2)", "--student", "").out


def bundle(path: Path, learner: str, text: str) -> None:
    manifest = {"schema": "rnn-grader/submission/1", "learner": {"id": learner, "name": learner.title()}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("exercises/exercise-1/doubling.py", text)
        archive.writestr("manifest.json", json.dumps(manifest))


@pytest.mark.usefixtures("by_word")
def test_a_claim_is_set_aside_and_an_extension_misspelt_stops_the_run(
    run: Run, handed: Path, tiny_copy: Course
) -> None:
    (handed / "dan").unlink()
    bundle(handed / "mallory.zip", "ada", HALF)
    path = tiny_copy.root / "course.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "late: {extensions: {adda: 3}}\n", encoding="utf-8")
    ran = graded(run, handed)
    assert (ran.code, ran.out, Path("results/grades.db").exists()) == (2, "", False)
    assert "an extension names `adda`" in ran.err
    assert "the nearest: `ada`" in ran.err
    path.write_text(text + "late: {extensions: {ada: 3, zoe: 1}}\n", encoding="utf-8")
    ran = graded(run, handed)
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[2:4] == [
        "to decide",
        "  mallory: claims to be `ada`, but more than a claim says so of `ada`",
    ]
    assert "names `zoe`" in ran.out
    exported = run("export", "results", "roster").out
    assert [row["Total"] for row in csv.DictReader(io.StringIO(exported)) if row["Student"] == "mallory"] == [
        ""
    ]
    with open("results/notes.csv", encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    assert (first["decide"], first["key"], first["kind"]) == ("yes", "mallory.zip", "set-aside")
    page = Path("results/index.html").read_text(encoding="utf-8")
    assert page.index("To decide") < page.index('<a href="students/mallory/report.html">')
    assert run("adjust", "results", "mallory", "--student", "mallory").code == 0
    assert graded(run, handed).code == 0


@pytest.mark.usefixtures("in_one_process")
def test_who_moved_is_told(run: Run, handed: Path, tiny_copy: Course) -> None:
    graded(run, handed)
    moved = tiny_copy.root / "results" / "moved.csv"
    assert len(moved.read_text().splitlines()) == 1
    edit(tiny_copy["exercise-1"].hidden_checks, "credits(2)", "credits(1)")
    edit(
        tiny_copy["exercise-1"].solution_folder.parent.parent / "exercises/exercise-1/exercise.yaml",
        "credits: 7",
        "credits: 6",
    )
    graded(run, handed)
    (row,) = csv.DictReader(io.StringIO(moved.read_text()))
    assert (row["submission"], row["item"], row["change"]) == ("ada", "exercise-1", "-1.00")
    assert "passed (2), now passed (1)" in row["because"]


# --- blank rather than wrong ---


def break_check(course: Course) -> None:
    """Let the first hidden check use a name that is not there."""
    path = course["exercise-1"].hidden_checks
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'("""\n)(?!.*""")', r"\1    no_such_name\n", text, count=1, flags=re.DOTALL))


@pytest.mark.usefixtures("in_one_process")
def test_a_broken_check_is_exported_as_no_number(
    run: Run, handed: Path, tiny: Course, tiny_copy: Course
) -> None:
    (handed / "dan").unlink()
    graded(run, handed)
    before = run("export", "results", "roster")
    assert (before.code, before.err.count("blank, since")) == (0, 0)
    check = tiny_copy["exercise-1"].hidden_checks
    whole = check.read_text(encoding="utf-8")
    break_check(tiny_copy)
    assert graded(run, handed).code == 3
    for form in ("roster", "junit"):
        ran = run("export", "results", form)
        assert ran.code == 1
        assert re.search("grader: ada, bob, cleo: blank, since exercise-1: .*no_such_name", ran.err), ran.err
        assert run("export", "results", form, "--allow-incomplete").code == 0
    rows = list(csv.DictReader(io.StringIO(run("export", "results", "roster").out)))
    assert [[*row.values()][2:] for row in rows] == 3 * [["", "", ""]]
    assert run("export", "results", "gradescope", "--submission", "ada").code == 1
    tiny_copy["exercise-1"].solution_path.write_text("", encoding="utf-8")  # no code runs, confined or not
    assert graded(run, handed).code == 3
    assert "has no attribute 'Pair'" in run("export", "results", "roster").err
    shutil.copy(tiny.root / "solutions/exercise-1/doubling.py", tiny_copy["exercise-1"].solution_path)
    check.write_text(whole, encoding="utf-8")
    assert graded(run, handed).code == 0
    assert run("export", "results", "roster").out == before.out


@pytest.mark.usefixtures("in_one_process")
def test_what_could_not_be_graded_at_all_keeps_its_last_credits(
    run: Run, handed: Path, tiny_copy: Course
) -> None:
    graded(run, handed)
    tiny_copy["exercise-1"].hidden_checks.write_text("def check_nothing(:\n")
    assert graded(run, handed).code == 3
    assert "a check file cannot be loaded" in (tiny_copy.root / "results" / "index.html").read_text()
    ran = run("export", "results", "roster")
    assert ran.code == 1
    assert "ada, bob, cleo: blank, since exercise-1: " in ran.err
    assert "a check file cannot be loaded" in ran.err


@pytest.mark.usefixtures("by_word")
def test_a_csv_is_utf_8_in_every_locale(run: Run, handed: Path, tiny_copy: Course) -> None:
    hand_in(handed, "Nguy\u1ec5n", HALF)
    graded(run, handed)
    command = [sys.executable, "-m", "grader", "export", "results", "roster"]
    variables = os.environ | {"PYTHONIOENCODING": "cp1252", "LC_ALL": "C", "PYTHONUTF8": "0"}
    for more in ([], ["--bom"]):
        data = subprocess.run([*command, *more], env=variables, capture_output=True, check=False).stdout
        assert data.startswith(codecs.BOM_UTF8) == bool(more)
        assert "Nguy\u1ec5n" in data.decode("utf-8-sig")
    run("export", "results", "roster", "--bom", "-o", "class.csv")
    assert Path("class.csv").read_bytes().startswith(codecs.BOM_UTF8 + b'"Student"')


@pytest.mark.usefixtures("by_word")
@pytest.mark.parametrize("form", ["canvas", "moodle"])
def test_a_platform_gets_no_table_without_its_own_list(run: Run, handed: Path, form: str) -> None:
    graded(run, handed)
    ran = run("export", "results", form)
    assert (ran.code, ran.out) == (2, "")
    assert "needs the platform's list of the class; give it with --roster FILE" in ran.err


@pytest.mark.usefixtures("by_word")
def test_where_nobody_knows_which_file_counts_the_cell_is_blank(run: Run, handed: Path) -> None:
    for name, text in (
        ("doubling (1).py", HALF),
        ("doubling (2).py", "def double(x):\n    return x  # earns 0\n"),
    ):
        (handed / "eve").mkdir(exist_ok=True)
        (handed / "eve" / name).write_text(text)
    ran = graded(run, handed)
    exported = run("export", "results", "roster", "--allow-incomplete").out
    eve = next(row for row in csv.DictReader(io.StringIO(exported)) if row["Student"] == "eve")
    assert (ran.code, eve["Doubling (exercise-1)"], eve["Total"]) == (1, "", "")
    (handed / "eve" / "doubling (2).py").unlink()
    graded(run, handed)
    for again in range(2):  # what was graded stays when a second file comes in
        exported = run("export", "results", "roster", "--allow-incomplete").out
        eve = next(row for row in csv.DictReader(io.StringIO(exported)) if row["Student"] == "eve")
        assert eve["Doubling (exercise-1)"] == ("" if again else "3.00")
        (handed / "eve" / "doubling (2).py").write_text("def double(x):\n    return x  # earns 0\n")
        graded(run, handed)
    assert "3" in run("export", "results", "gradescope", "--submission", "eve", "--allow-incomplete").out


# --- hostile things in the folder ---


def hostile(folder: Path) -> dict[str, str]:
    """Put what must not stop a run into a folder; return what is said of each."""
    with zipfile.ZipFile(folder / "slip.zip", "w") as archive:
        archive.writestr("../../exercise-1/doubling.py", HALF)
        archive.writestr("/etc/exercise-1/doubling.py", HALF)
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("exercise-1/doubling.py", b"0" * (8 * 2**20))
    with zipfile.ZipFile(folder / "twice.zip", "w") as archive:
        archive.writestr("a/exercise-1/doubling.py", HALF)
        archive.writestr("b/exercise-1/doubling.py", f"{HALF}# another one")
    (folder / "damaged.zip").write_bytes(b"PK\x03\x04 and no more")
    many = folder / "many"
    many.mkdir()
    for number in range(MANY_FILES):
        (many / f"{number}.txt").touch()
    hand_in(folder, "linked", HALF).unlink()
    (folder / "linked" / "exercise-1" / "doubling.py").symlink_to("/etc/passwd")
    (folder / "line\nbreak").mkdir()
    os.mkfifo(folder / "pipe")
    return {
        "slip": "lead out of the archive",
        "bomb": "larger than 1 MiB",
        "twice": "is there 2 times",
        "damaged": "damaged",
        "many": "holds none of the files that are graded",
        "linked": "symbolic link",
        "line": "invisible",
        "pipe": "neither a folder nor a file",
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such files")
def test_nothing_in_the_folder_stops_the_others(run: Run, handed: Path, tiny_copy: Course) -> None:
    said = hostile(handed)
    outside = set(handed.parent.rglob("*")) - set((tiny_copy.root / "results").rglob("*"))
    ran = graded(run, handed)
    assert ran.code == 1
    after = set(handed.parent.rglob("*"))
    assert {one for one in after - outside if "results" not in one.parts} <= set(
        (tiny_copy.root / ".grader").rglob("*")
    ) | {tiny_copy.root / ".grader"}
    text = " ".join(ran.out.split())
    students = tiny_copy.root / "results" / "students"
    told = {one.name: (one / "report.html").read_text() + text for one in students.iterdir()}
    for start, sentence in said.items():
        found = [page for name, page in told.items() if name.startswith(start)]
        assert found, start
        assert sentence in found[0] or start == "slip", (start, sentence)
    reports = reports_from_json((students / "ada" / "report.json").read_text())
    assert reports[0].passed
