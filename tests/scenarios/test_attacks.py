"""Every file of tests/attacks is graded: no credit, no secret and no trace that it should not have.

A file's header says what it attempts, what it earns, and which layers of confinement stop it, each alone;
none is named where it is enough that the worker is another process. So files are graded with all layers,
with one layer missing, with one layer alone and with none. ``GRADER_LONG=1`` tries all of that. The slow
tests try every file with all layers and a sample with less, the others a few files of each family.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
import re
import secrets
import shutil
import socket
import stat
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.checks.report import Outcome, Report, reports_to_json
from grader.checks.run import check
from grader.checks.source import read_source
from grader.course import Course, Exercise
from grader.reports.text import report_lines
from grader.sandbox import LAYERS
from grader.sandbox.pool import WorkerPool
from grader.sandbox.worker import Patience
from tests.conftest import PATIENT, with_limits
from tests.helpers import limit_where, messages

if TYPE_CHECKING:
    from tests.conftest import Offspring

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the attacks are written for POSIX")

LONG = os.environ.get("GRADER_LONG") == "1"
FAMILIES = (
    "forgery reading escape exhaustion protocol planted misleading dishonest state accident control"
).split()
LEAST_OF_A_FAMILY, LEAST_OF_ALL = 6, 75
# Seconds, of the limit that a file means to reach.
TIGHT = {"call": 1.0, "load": 1.0, "waiting": 15.0} if LONG else {"call": 0.5, "load": 0.5, "waiting": 6.0}
LARGE = 62 if LONG else 20  # MiB of one answer: a frame takes 64; of the answers of a check, 16 are kept
MEMORY_BYTES = 256 * 2**20
MESSAGE_LINES = 12  # of a failed check in the rendered report
OTHER_LINES = 40  # heading, titles, notes, printed lines and footer
REPORT_BYTES = 300_000  # with 64 KiB of output for each check

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff"
    "\U000e0000-\U000e007f]"
)
ORDER = re.compile(r"(?m)^\s*::|##\[|##vso\[")  # what a CI runner obeys
REACHED = "REACHED"  # printed by an attack that was not refused
SECRETS = {
    where: f"{where}-canary-{secrets.token_hex(8)}" for where in ("reference", "student", "environment")
}


# --- the files ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attack:
    """One file of tests/attacks."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def header(self) -> dict[str, str]:
        return dict(re.findall(r"(?m)^# ([A-Z-]+): *(.*)$", self.text))

    @property
    def expect(self) -> str:
        return self.header["EXPECT"]

    @property
    def limits(self) -> dict[str, float]:
        """Seconds that it may take: only the limit that its header names can be reached."""
        kind = self.header.get("LIMIT", "").partition(" of ")[0]
        return {f"{kind}_seconds": TIGHT[kind]} if kind in ("call", "load") else {}

    @property
    def patience(self) -> Patience:
        """How long it may sleep, all calls together."""
        waits = self.header.get("LIMIT") == "waiting"
        return Patience(least=2.0, left=TIGHT["waiting"]) if waits else Patience(least=2.0)

    @property
    def covered_by(self) -> frozenset[str]:
        return frozenset(self.header["COVERED-BY"].split())

    def planted(self) -> Iterator[tuple[str, str]]:
        """Yield path and text of each file that lies beside the submission."""
        for path, lines in re.findall(r"(?m)^# PLANT: (.+)\n((?:#\|.*\n)*)", self.text):
            yield path, "".join(f"{line[2:].removeprefix(' ')}\n" for line in lines.splitlines())

    def source(self, places: dict[str, str]) -> bytes:
        """Return the submission's bytes, with the placeholders filled in."""
        text = self.text
        for name, value in places.items():
            text = text.replace(f"@{name}@", value)
        words = self.header.get("ENCODED-AS", "utf-8").split()
        if words[0] == "latin-1":
            text = f"# -*- coding: latin-1 -*-\n{text}"
        if "crlf" in words:
            text = text.replace("\n", "\r\n")
        return text.encode(words[0])

    def stopped_by(self, layers: tuple[str, ...]) -> bool:
        """Whether these layers are enough; where none is named, none is needed."""
        return not self.covered_by or bool(self.covered_by & set(layers))


ATTACKS = [Attack(path) for path in sorted((Path(__file__).parents[1] / "attacks").glob("*.py"))]

CONFINEMENTS: dict[str, tuple[str, ...]] = {
    "all layers": LAYERS,
    **{f"without {one}": tuple(layer for layer in LAYERS if layer != one) for one in LAYERS},
    **{f"only {one}": tuple(dict.fromkeys(("account", one))) for one in LAYERS},
    "no layer": (),
}
SAMPLE = 3


HEAVY = "hides_data_in_unread_gradients"  # copies so much that it alone takes as long as thirty others
QUICK = {
    attack.path
    for family in FAMILIES
    for attack in [
        each
        for each in ATTACKS
        if each.header["FAMILY"] == family and not each.limits and each.path.stem != HEAVY
    ][:3]
}


def cases() -> Iterator[tuple[Attack, str]]:
    """Yield all files under all layers, and under weaker ones those that the rest is said to stop."""
    for name, layers in CONFINEMENTS.items():
        fit = [attack for attack in ATTACKS if attack.stopped_by(layers)]
        yield from ((attack, name) for attack in (fit if LONG or layers == LAYERS else sample(fit, name)))


def marks(attack: Attack, confinement: str) -> tuple[pytest.MarkDecorator, ...]:
    """Mark all as slow but three of each family."""
    return () if attack.path in QUICK and CONFINEMENTS[confinement] == LAYERS else (pytest.mark.slow,)


def sample(fit: list[Attack], name: str) -> list[Attack]:
    """Take the files for which this set of layers matters most, evenly."""
    layer = name.split()[-1]
    quick = [attack for attack in fit if attack.header["FAMILY"] not in ("exhaustion", "planted")]
    matter = [attack for attack in quick if layer in attack.covered_by] or [
        attack for attack in quick if not attack.covered_by
    ]
    return matter[:: max(1, len(matter) // SAMPLE)][:SAMPLE]


# --- where they are graded ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Stage:
    """A folder that everybody may read and write, with what an attack would look for."""

    root: Path
    places: dict[str, str]

    def lay_out(self, course: Course) -> None:
        """Make the solutions, another student's hand-in, results, and the socket of a local program."""
        for number in (1, 2, 3):
            solution = course[f"exercise-{number}"].solution_path
            text = f"{solution.read_text(encoding='utf-8')}\nCANARY = '{SECRETS['reference']}'\n"
            self.write(f"solutions/exercise-{number}/{solution.name}", text)
            text = text.replace(SECRETS["reference"], SECRETS["student"])
            self.write(f"submissions/bob/exercise-{number}/{solution.name}", text)
        self.write("submissions/bob/notes.txt", SECRETS["student"])
        self.write("submissions/alice/notes.txt", "mine")
        self.write("results.json", "{}")
        self.write("course.yaml", "title: Not to be read\n")

    def write(self, path: str, data: str | bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.encode() if isinstance(data, str) else data)

    def open_to_all(self) -> None:
        """Let the layers alone protect it, not the owner of its files."""
        for path in (self.root, *self.root.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o777 if path.is_dir() else 0o666)

    def contents(self) -> dict[str, tuple[object, ...]]:
        """Return what there is, in a form that differs after any change."""
        found: dict[str, tuple[object, ...]] = {}
        for path in sorted(self.root.rglob("*")):
            status = path.lstat()
            data = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
            found[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns, data)
        return found

    def hand_in(self, attack: Attack, exercise: Exercise) -> Path:
        """Put the attack's files where a student would; return the submission's folder."""
        alice, name = self.root / "submissions/alice", f"{exercise.file.module}.py"
        file = alice / exercise.id / name
        for path, text in attack.planted():
            for mark, value in self.places.items():
                text = text.replace(f"@{mark}@", value)
            self.write(f"submissions/alice/{path}", text)
        file.parent.mkdir(parents=True, exist_ok=True)
        match attack.header.get("HANDED-IN-AS"):
            case "link":
                file.symlink_to(self.root / "solutions" / exercise.id / name)
            case "linked folder":
                file.parent.rmdir()
                file.parent.symlink_to(self.root / "solutions" / exercise.id)
            case "folder":
                file.mkdir()
            case "pipe":
                os.mkfifo(file)
            case _:
                file.write_bytes(attack.source(self.places))
        return alice


@pytest.fixture(scope="module")
def listeners() -> Iterator[tuple[int, list[socket.socket]]]:
    """Sockets of this machine that an attack must not reach, all with one port number."""
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.socket())
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        port = tcp.getsockname()[1]
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        with contextlib.suppress(OSError):  # taken by another program, which then gets the datagrams
            udp.bind(("127.0.0.1", port))
        for one in (tcp, udp):
            one.setblocking(False)
        yield port, [tcp, udp]


@pytest.fixture
def stage(course: Course, listeners: tuple[int, list[socket.socket]]) -> Iterator[Stage]:
    """A stage of its own for each test, in a folder with a short name that others may enter."""
    root = Path(tempfile.mkdtemp(prefix="stage-"))
    places = {
        "STAGE": str(root),
        "GRADER": str(os.getpid()),
        "PORT": str(listeners[0]),
        "DEEP": "-" * 100_000,
        "PAD": "x" * 2**21,
        "LARGE": str(LARGE),
    }
    stage = Stage(root, places)
    stage.lay_out(course)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(root / "door"))
        door.listen()
        yield stage
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def pools() -> Iterator[dict[str, WorkerPool]]:
    """One pool for each confinement, made when it is first needed; the environment holds a secret."""
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("GRADER_TEST_SECRET", SECRETS["environment"])
        stack.enter_context(adopted_orphans())
        yield _Pools(stack)


class _Pools(dict[str, WorkerPool]):
    def __init__(self, stack: contextlib.ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, name: str) -> WorkerPool:
        self[name] = self._stack.enter_context(WorkerPool(layers=CONFINEMENTS[name]))
        return self[name]


@contextlib.contextmanager
def adopted_orphans() -> Iterator[None]:
    """Have processes whose parent has ended become children of this one, where the kernel can do that."""
    if sys.platform != "linux":
        yield
        return
    prctl, subreaper = ctypes.CDLL(None).prctl, 36
    prctl(subreaper, 1, 0, 0, 0)
    yield
    prctl(subreaper, 0, 0, 0, 0)


# --- the tests ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.path.stem)
def test_a_file_says_what_it_is(attack: Attack) -> None:
    assert {"ATTEMPTS", "FAMILY", "EXERCISE", "EXPECT", "COVERED-BY"} <= attack.header.keys()
    assert attack.header["FAMILY"] in FAMILIES
    assert attack.expect in ("none", "some", "all")
    assert attack.covered_by <= set(LAYERS)
    assert attack.header.get("LIMIT", "call").split()[0] in TIGHT
    assert attack.header["ATTEMPTS"]


def test_every_family_has_members() -> None:
    count = Counter(attack.header["FAMILY"] for attack in ATTACKS)
    assert min(count[family] for family in FAMILIES) >= LEAST_OF_A_FAMILY
    assert len(ATTACKS) >= LEAST_OF_ALL


@pytest.mark.parametrize(
    ("attack", "confinement"),
    [pytest.param(*case, id=f"{case[0].path.stem}, {case[1]}", marks=marks(*case)) for case in cases()],
)
def test_an_attack_gains_nothing(
    attack: Attack,
    confinement: str,
    course: Course,
    stage: Stage,
    pools: dict[str, WorkerPool],
    listeners: tuple[int, list[socket.socket]],
    offspring: Offspring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = pools[confinement]
    if not attack.stopped_by(active_layers(pool)):
        pytest.skip(f"this machine offers none of {', '.join(sorted(attack.covered_by))}")
    limits = {**PATIENT, **attack.limits, "memory_bytes": MEMORY_BYTES}
    exercise = with_limits(course[attack.header["EXERCISE"]], **limits)
    if " of " in attack.header.get("LIMIT", ""):
        limit_where(lambda function, _: function == attack.header["LIMIT"].split()[-1], monkeypatch)
    alice = stage.hand_in(attack, exercise)
    stage.open_to_all()
    contents, processes = stage.contents(), offspring()
    if attack.header["FAMILY"] == "planted":
        with contextlib.suppress(NotADirectoryError):
            monkeypatch.chdir(alice / exercise.id)
    report = graded(exercise, alice, pool, attack.patience)

    assert not report.first_error, messages(report)
    earned = "all" if report.passed else "some" if report.earned else "none"
    assert earned == attack.expect, f"{report.earned} credits\n{messages(report)}"
    assert re.search(attack.header.get("SAYS", ""), messages(report))
    for outcome in report.outcomes:
        assert_fit_to_show(outcome, report)
    assert_nothing_leaked(report, course.root)
    assert stage.contents() == contents
    assert_nobody_came(listeners[1])
    assert_works(pool)
    assert_none_left(offspring, len(processes))


@pytest.mark.slow
# The sample has those that count their calls and remember what they saw.
@pytest.mark.parametrize("attack", ATTACKS if LONG else ATTACKS[5::16], ids=lambda attack: attack.path.stem)
def test_an_attack_earns_the_same_where_every_check_has_a_worker_of_its_own(
    attack: Attack,
    course: Course,
    stage: Stage,
    pools: dict[str, WorkerPool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if attack.header["FAMILY"] == "state" and "clock" in attack.path.stem:
        pytest.skip("it answers by the clock")
    if attack.header.get("LIMIT") == "waiting":
        pytest.skip("it sleeps wherever it can, and there are more places in more workers")
    limits = {**PATIENT, **attack.limits, "memory_bytes": MEMORY_BYTES}
    exercise = with_limits(course[attack.header["EXERCISE"]], **limits)
    if " of " in attack.header.get("LIMIT", ""):
        limit_where(lambda function, _: function == attack.header["LIMIT"].split()[-1], monkeypatch)
    alice = stage.hand_in(attack, exercise)
    source, found = read_source(exercise, alice), []
    for sharing in (True, False):
        monkeypatch.setattr("grader.checks.run.SHARING", sharing)
        report = check(exercise, source, pool=pools["all layers"], seed=1, diagnose=False)
        found.append([(one.check, one.status, one.earned) for one in report.outcomes])
    assert found[0] == found[1]


def active_layers(pool: WorkerPool) -> tuple[str, ...]:
    """Return the layers that the pool's workers really have; it also brings the warm process up."""
    worker = pool.open()
    worker.end()
    return worker.layers


def graded(
    exercise: Exercise, submission: Path, pool: WorkerPool, patience: Patience | None = None
) -> Report:
    """Grade without a warning: it would quote the grader's own source."""
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        report = check(exercise, read_source(exercise, submission), pool=pool, patience=patience)
    assert [str(one.message) for one in shown] == []
    return report


def assert_fit_to_show(outcome: Outcome, report: Report) -> None:
    """A failed check says why, on few lines; nothing in it controls a terminal or a CI runner."""
    assert outcome.message or outcome.status == "passed"
    assert not FORBIDDEN.search(outcome.message + outcome.output)
    assert not ORDER.search(outcome.message)
    assert not ORDER.search(outcome.output)
    alone = dataclasses.replace(report, outcomes=(dataclasses.replace(outcome, output=""),), notes=())
    assert len([line for line in report_lines(alone) if line.style == "detail"]) <= MESSAGE_LINES


def assert_nothing_leaked(report: Report, root: Path) -> None:
    """No secret anywhere, no attempt that says it succeeded, and a report that a person can read."""
    lines = [line.text for line in report_lines(report)]
    everything = "\n".join((*lines, reports_to_json([report]), repr(report)))
    assert [where for where, secret in SECRETS.items() if secret in everything] == []
    assert str(root) not in everything  # where the solutions lie
    assert REACHED not in "".join(outcome.output for outcome in report.outcomes)
    assert not FORBIDDEN.search("".join((*lines, *report.notes)))
    assert [line for line in lines if ORDER.search(line)] == []
    assert not ORDER.search("\n".join(report.notes))
    failed = sum(outcome.status == "failed" for outcome in report.outcomes)
    assert len(lines) <= failed * MESSAGE_LINES + OTHER_LINES
    assert len(everything) < REPORT_BYTES * 2 * len(report.outcomes)


def assert_nobody_came(sockets: list[socket.socket]) -> None:
    tcp, udp = sockets
    with pytest.raises(BlockingIOError):
        tcp.accept()
    with pytest.raises(BlockingIOError):
        udp.recv(1)


def assert_works(pool: WorkerPool) -> None:
    """The pool gives out a worker that does what it is told."""
    worker = pool.open()
    try:
        assert worker.load("fresh", "fresh.py", b"def answer():\n    return 42\n", 60.0) == ()
        assert worker.call("answer", (), 60.0).value == 42
    finally:
        worker.end()


def assert_none_left(offspring: Offspring, before: int) -> None:
    deadline = time.monotonic() + 60
    while len(offspring()) > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(offspring()) <= before
