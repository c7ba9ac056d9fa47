"""A class as it comes in: every layout that platforms deliver, every trick, honest students between them."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.checks.run import check
from grader.checks.source import Source
from grader.course import Course
from grader.progress import Learner, open_ledger
from grader.progress.hand_in import responses_document
from grader.quiz.credits import QuizContext, balance
from grader.quiz.files import load_quiz
from grader.quiz.session import Selection, Session
from grader.sandbox.pool import WorkerPool
from tests.classroom.helpers import right
from tests.helpers import Run, edit
from tests.quiz import helpers
from tests.quiz.sample_answers import answers_to

HALF = "def double(x):\n    return 2 * x\n"
OTHER_STYLE = """
import numpy as np
class Pair:
    pass
def double(x):
    return np.add(x, x)
def scale(x, pair):
    y = np.empty_like(x)
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            y[row, column] = 2 * x[row, column] * pair[0][0, column] + pair[1][row, 0]
    return y
"""
GIGABYTE = 2**30
LONG = os.environ.get("GRADER_LONG") == "1"
Writer = Callable[[Path, str, str], object]
"""Puts a module's text into a folder of submissions, for the student of this name."""


def put(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


def folder_of(*names: str) -> Writer:
    """Return a layout: a student's folder that holds the module under these names."""

    def write(folder: Path, who: str, text: str) -> None:
        for name in names:
            put(folder / who / name, text)

    return write


def zip_of(name: str, others: Mapping[str, str | bytes] | None = None) -> Writer:
    return lambda folder, who, text: put(folder / f"{who}.zip", zipped({**(others or {}), name: text}))


def github(folder: Path, who: str, text: str) -> None:
    put(folder / f"warm-up-{who}" / "exercises/exercise-1/doubling.py", text)
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", str(folder / f"warm-up-{who}")]
    for order in (["init", "-q"], ["add", "."], ["commit", "-qm", "done"]):
        subprocess.run([*git, *order], check=True, capture_output=True)


def gradescope(folder: Path, who: str, text: str) -> None:
    export = folder / "assignment_9_export"
    put(export / "submission_4001/doubling.py", text)
    put(export / "submission_4002/doubling.py", HALF)
    people = (
        f"{number}:\n  :submitters:\n  - :name: {name}\n    :sid: '{sid}'\n"
        f"    :email: {name}@example.org\n  :created_at: 2026-03-01 10:00:00.000000000 Z\n"
        for number, name, sid in (("submission_4001", who, 41), ("submission_4002", "yan", 42))
    )
    put(export / "submission_metadata.yml", "---\n" + "".join(people))


def nested(folder: Path, who: str, text: str) -> None:
    inner = zipped({"exercises/exercise-1/doubling.py": text})
    put(folder / f"{who}.zip", zipped({"homework/work.zip": inner}))


def with_environment(folder: Path, who: str, text: str) -> None:
    library = {f"course/.venv/lib/python3.11/site-packages/a{number}.py": "" for number in range(10_004)}
    put(folder / f"{who}.zip", zipped({**library, "course/exercises/exercise-1/doubling.py": text}))


LAYOUTS: dict[str, Writer] = {
    "the hand-out": folder_of("exercises/exercise-1/doubling.py"),
    "without exercises": folder_of("exercise-1/doubling.py"),
    "flat": folder_of("doubling.py"),
    "underscore": folder_of("exercise_1/doubling.py"),
    "capitals": folder_of("Exercise-1/Doubling.py"),
    "a copy": folder_of("doubling (1).py"),
    "a second copy": folder_of("doubling-2.py"),
    "too deep": folder_of("my course/mine/exercise-1/doubling.py"),
    "zip": zip_of("exercises/exercise-1/doubling.py"),
    "flat zip": zip_of("doubling.py"),
    "from a Mac": zip_of(
        "exercise-1/doubling.py", {"__MACOSX/exercise-1/._doubling.py": b"\x00\x05", ".DS_Store": b"\x00"}
    ),
    "zip in a zip": nested,
    "environment": with_environment,
    "Canvas, late": lambda folder, who, text: put(folder / f"{who}_LATE_104_2001_doubling-1.py", text),
    "Canvas": lambda folder, who, text: put(
        folder / f"{who}_105_2002_work.zip", zipped({"exercises/exercise-1/doubling.py": text})
    ),
    "Moodle": lambda folder, who, text: put(folder / f"{who}_4711_assignsubmission_file_/doubling.py", text),
    "GitHub": github,
    "a space": folder_of("Exercise 1/doubling.py"),
    "beside a note": folder_of("doubling.py", "notes.txt"),
    "a download of Canvas": lambda folder, who, text: [
        put(folder / "submissions" / f"{name}_doubling.py", text)  # type: ignore[func-returns-value]
        for name in (f"{who}_106_2003", "zoe_107_2004")
    ],
    "an export of Gradescope": gradescope,
}

# --- answers to a quiz --------------------------------------------------------------------------------


def answered(course: Course, who: str, place: Path) -> tuple[dict[str, Any], int]:
    """Take the quiz of the tiny course whole, every second answer right; return the file and the credits."""
    own = Course(root=place, title=course.title, salt=course.salt)
    sheet = load_quiz(course.root / "quizzes" / "every-type.yaml")
    with open_ledger(own) as ledger:
        ledger.login(Learner(who, who.title()))
    context = QuizContext(course.salt, lambda: open_ledger(own), helpers.runner)
    session = Session(sheet, context, Selection())
    for number, face in enumerate(sheet.public.faces):
        item = session.item(face.id)
        texts = answers_to(helpers.question(face.id), item.variant)
        session.answer(item, texts[number % 2 % len(texts)], None)
    now = datetime.datetime.now(datetime.UTC)
    with open_ledger(own) as ledger:
        document = responses_document(ledger, [(sheet.id, sheet.public.version, sheet.path)], now)
        return document, sum(balance(ledger, sheet).by_question.values())


def sittings(document: dict[str, Any], count: int, **changes: Any) -> dict[str, Any]:
    """Return answers with so many sittings, each like the first."""
    (quiz,) = document["quizzes"]
    first = quiz["sittings"][0]
    many = [{**first, "number": number, **changes} for number in range(1, count + 1)]
    return {**document, "quizzes": [{**quiz, "sittings": many}]}


def endless(document: dict[str, Any]) -> dict[str, Any]:
    """Return the answers with code that never ends wherever code was asked for."""
    changed = json.loads(json.dumps(document))
    for response in changed["quizzes"][0]["sittings"][0]["responses"]:
        if "def " in response["answer"] or "\n" in response["answer"]:
            response["answer"] = "while True:\n    pass\n"
    return sittings(changed, 8 if LONG else 2)


def forgeries(document: dict[str, Any], honest: dict[str, Any]) -> dict[str, Any]:
    """Return files of answers that no program of ours writes, by what is wrong with them.

    Args:
        document: the forger's own answers.
        honest: those of another student.
    """
    (quiz,) = document["quizzes"]
    unknown = [{**quiz, "quiz": f"no-such-quiz-{number}", "sittings": []} for number in range(20_000)]
    return {
        "before-all-time": {**document, "at": "0001-01-01T00:00:00+14:00"},
        "after-all-time": sittings(document, 1, begun="9999-12-31T23:59:59-14:00"),
        "ends-first": sittings(document, 1, finished="0001-01-01T00:00:00+01:00"),
        "last-second": sittings(document, 1, begun="9999-12-31T23:59:59+00:00"),
        "half-a-character": {**document, "quizzes": [{**quiz, "quiz": "\ud800"}, quiz]},
        "endless-code": endless(document),
        "six-thousand": sittings(document, 6000),
        "unknown-quizzes": {**document, "quizzes": [quiz, *unknown]},
        "guesses": sittings(document, 1920),
        "asks-nothing": sittings(document, 17, questions=[]),
        "from-the-future": {**honest, "at": "2099-01-01T00:00:00+00:00"},
        "of-another": honest,
        "huge-number": sittings(document, 1, version=10**400),
        "deep": {**document, "more": json.loads("[" * 900 + "]" * 900)},
    }


# --- the class ----------------------------------------------------------------------------------------

SLEEPS_THEN_LIES = """
import time, numpy as np
calls = 0
def double(x):
    global calls
    calls += 1
    time.sleep(0.06)
    return 2 * x if calls == 1 else 0 * x
"""
HOSTILE: dict[str, tuple[str, int]] = {  # a module, and the most that it may earn
    "exits": ("import os\nos._exit(0)\n", 0),
    "never-loads": ("while True:\n    pass\n", 0),
    "prints-nothings": (HALF.replace("    return", "    print('\\0' * 10**6)\n    return"), 3),
    "hides": (SLEEPS_THEN_LIES, 0),
    "huge-axis": ("import numpy as np\ndef double(x):\n    return np.zeros((0, 2**40))\n", 0),
    "odd-error": (
        "class E(Exception):\n    pass\nE.__name__ = '\\ud800'\ndef double(x):\n    raise E('no')\n",
        0,
    ),
    "wide-keys": ("def double(x):\n    return {1: x, True: x, 1.0: x}\n", 0),
}


def make(folder: Path, course: Course, place: Path) -> tuple[dict[str, tuple[str, int]], dict[str, int]]:
    """Write the class of sixty.

    Returns:
        Of each honest student the module and what their answers are worth in hundredths of a credit; of each
        other one the most that its module may earn.
    """
    solution = right(course)
    modules = solution, OTHER_STYLE.replace("class Pair:\n    pass\n", ""), HALF
    honest: dict[str, tuple[str, int]] = {}
    for number, write in enumerate(LAYOUTS.values()):
        name = f"honest{number:02}"
        honest[name] = modules[number % 3], 0
        write(folder, name, honest[name][0])
    ada, worth = answered(course, "honest30", place / "honest30")
    for name in ("honest30", "honest31", "honest32"):
        document = ada if name == "honest30" else answered(course, name, place / name)[0]
        honest[name] = solution, worth if name == "honest30" else answered_cents(course, name, place / name)
        files = {"exercises/exercise-1/doubling.py": solution, "responses.json": json.dumps(document)}
        manifest = {"schema": "rnn-grader/submission/1", "learner": {"id": name, "name": name.title()}}
        put(folder / f"{name}.zip", zipped({**files, "manifest.json": json.dumps(manifest)}))
    odd: dict[str, int] = {}
    for name, (module, most) in HOSTILE.items():
        put(folder / f"odd-{name}/exercise-1/doubling.py", module)
        odd[f"odd-{name}"] = most
    own, _ = answered(course, "forger", place / "forger")
    for name, document in forgeries(own, ada).items():
        put(folder / f"odd-{name}/exercise-1/doubling.py", HALF)
        put(folder / f"odd-{name}/responses.json", json.dumps(document))
        odd[f"odd-{name}"] = 3
    claims = {"schema": "rnn-grader/submission/1", "learner": {"id": "honest30", "name": "Honest"}}
    for name in ("odd-claims-to-be", "odd-claims-too"):
        files = {"exercises/exercise-1/doubling.py": HALF, "manifest.json": json.dumps(claims)}
        put(folder / f"{name}.zip", zipped(files))
        odd[name] = 3
    put(folder / "odd-own-times/exercise-1/doubling.py", HALF)
    put(folder / "odd-own-times/received.csv", "submission,received\nodd-own-times,2001-01-01T00:00:00Z\n")
    put(folder / "HONEST03/exercise-1/doubling.py", "def double(x):\n    return x\n")
    for letter in "aA":
        put(folder / f"odd-long-{letter}{'n' * 240}/exercise-1/doubling.py", HALF)
    put(folder / "odd-text/doubling.py.txt", solution)
    put(folder / "odd-notebook/work.ipynb", "{}")
    (folder / "odd-empty").mkdir()
    put(folder / "odd-two/doubling (1).py", HALF)
    put(folder / "odd-two/doubling (2).py", solution)
    put(folder / "odd-deep.zip", zipped({"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({"x": ""})})})}))
    put(folder / "odd-bomb.zip", zipped({"exercise-1/doubling.py": b"0" * 2**27}))
    (folder / "odd-link").symlink_to("/etc")
    put(folder / "odd-stray.xlsx", b"PK")
    put(folder / "odd-cut.zip", b"PK\x03\x04 and nothing more")
    put(folder / "odd-folder/exercise-1/doubling.py/inner.txt", "a folder where a file should be")
    os.mkfifo(folder / "odd-pipe")
    put(folder / "odd-back-dated/exercise-1/doubling.py", HALF)
    os.utime(folder / "odd-back-dated/exercise-1/doubling.py", (0, 0))
    for name in ("odd-own-times", "odd-back-dated"):
        odd[name] = 3
    for name in (
        "odd-text",
        "odd-notebook",
        "odd-empty",
        "odd-two",
        "odd-deep",
        "odd-bomb",
        "odd-cut",
        "odd-folder",
    ):
        odd[name] = 0
    return honest, odd


def answered_cents(course: Course, who: str, place: Path) -> int:
    sheet = load_quiz(course.root / "quizzes" / "every-type.yaml")
    with open_ledger(Course(root=place, title=course.title, salt=course.salt)) as ledger:
        return sum(balance(ledger, sheet).by_question.values())


class Peak(threading.Thread):
    """Watches how much memory a program and all it started hold together, in bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.bytes, self.ended = pid, 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.2):
            self.bytes = max(self.bytes, sum(map(self.proportional, self.family())))

    def family(self) -> list[int]:
        found = [self.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    found += map(int, (task / "children").read_text().split())
        return found

    @staticmethod
    def proportional(pid: int) -> int:
        """Return the share of a process: what several hold together counts once."""
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    return 1024 * int(line.split()[1])
        except OSError:
            pass
        return 0


@pytest.mark.slow
def test_a_class_of_sixty(run: Run, tiny_copy: Course, tmp_path: Path, pool: WorkerPool) -> None:
    # What never ends costs less.
    edit(tiny_copy["exercise-1"].folder / "exercise.yaml", "load_seconds: 5", "load_seconds: 1")
    folder = tmp_path / "class"
    honest, odd = make(folder, tiny_copy, tmp_path / "learners")
    assert len(list(folder.iterdir())) >= 60
    started = time.monotonic()
    command = [sys.executable, "-m", "grader", "grade", str(folder), "-o", "results", "--jobs", "2"]
    grading = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = Peak(grading.pid)
    peak.start()
    out, err = grading.communicate(timeout=900)
    peak.ended.set()
    seconds = time.monotonic() - started
    assert "Traceback" not in out + err
    assert "itself broke" not in out + err
    assert grading.returncode == 1
    assert peak.bytes < GIGABYTE

    exported = run("export", "results", "roster", "--allow-incomplete")
    rows = list(csv.DictReader(io.StringIO(exported.out)))
    told = out + err + Path("results/notes.csv").read_text(encoding="utf-8")
    told += Path("results/index.html").read_text(encoding="utf-8")
    exercise = tiny_copy["exercise-1"]
    alone = {text: check(exercise, Source("doubling.py", text.encode()), pool=pool, seed=5).earned
             for text in {text for text, _ in honest.values()}}  # fmt: skip
    exported_by = f"honest{list(LAYOUTS).index('an export of Gradescope'):02}"
    for name, (text, cents) in honest.items():
        if name == exported_by:  # beside other submissions it is not believed whose it is
            name = "submission_4001"
        own = [row for row in rows if name in "".join(str(cell) for cell in row.values() if cell)]
        assert len(own) == 1, (name, own)
        assert total(own[0]) == 100 * alone[text] + cents, (name, own, alone[text], cents)
    for name, most in odd.items():
        assert name in told, name
        for row in rows:
            if any(name == str(cell) for cell in row.values() if cell):
                assert total(row) <= 100 * most + max(cents for _, cents in honest.values()), (name, row)
    print(f"{seconds:.0f} s, {peak.bytes / 2**20:.0f} MiB at most together, {len(rows)} rows")


def total(row: Mapping[str, str]) -> int:
    """Return the sum of a row of a gradebook, in hundredths of a credit."""
    cells = [value for key, value in row.items() if "(" in key and key.endswith(")")]
    return round(100 * sum(float(cell) for cell in cells if cell))
