"""Reads a course folder into typed, frozen values: the course, its exercises, their known mistakes.

A course has a secret, too, and files beside it are written whole or not at all; zips of it depend on their
content alone.
"""

from __future__ import annotations

import ast
import contextlib
import datetime
import difflib
import io
import os
import re
import stat
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Literal

from grader.course.frozen import dataclass, derived
from grader.course.strict_yaml import CannotDo, CourseError, load, read_bytes, read_text

COURSE_FILE = "course.yaml"
ALWAYS = (1980, 1, 1, 0, 0, 0)  # the time of every entry in a zip: the earliest that it can hold
MIN_SECRET = 16
VARIABLE = "GRADER_SECRET"
UNIX = 3  # the system a zip says it was made on, whoever writes it
MAX_EXTENSION, MAX_GRACE = 3650, 1440  # days, minutes
YEARS = range(1970, 2200)  # a clock without a battery begins there; far from where sums of dates end
ASSIGNMENT = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
SPELLING = re.compile(r"([a-z]*)[-_. ]*0*([0-9]+)")  # of an exercise: exercise-1, Exercise_01, ex1, 1
TODO = "# TODO:"  # in every graded function of a solution, what follows is the student's to write
Feedback = Literal["full", "diagnosis", "names", "none"]
Causes = Literal["at once", "hint", "never"]
"""What a student may see of a hidden check; see ``Report.for_student``."""
Edition = Literal["full", "handout"]


class NoCourse(CannotDo):
    """There is no course here; the text says how to point at one."""


@dataclass(frozen=True)
class Limits:
    """What a student's code may use; seconds are of processor time: no verdict hangs on the machine."""

    call_seconds: float = 5.0  # one call of one function
    load_seconds: float = 5.0  # running the file once, before a check's first call
    exercise_seconds: float = 60.0  # over all checks of one exercise; what is asked again has twice as much
    memory_bytes: int = 512 * 2**20  # of each check, on top of what Python and NumPy take

    def __post_init__(self) -> None:
        if min(self.call_seconds, self.load_seconds, self.exercise_seconds, self.memory_bytes) <= 0:
            raise ValueError("every limit should be above 0")


@dataclass(frozen=True)
class ExerciseFile:
    """The keys of ``exercise.yaml``; see docs/author.md for what each one means."""

    title: str
    chapter: str
    module: str
    functions: tuple[str, ...]
    credits: int
    hints: Mapping[str, tuple[str, ...]]
    more_credits: int = 0
    after: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    feedback: Feedback = "diagnosis"
    stretch: bool = False
    what_if: str = ""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not self.module.isidentifier():
            raise ValueError(f"`module` should be a Python name without `.py`, but is `{self.module}`")
        if not self.functions or self.credits <= 0:
            raise ValueError("an exercise needs at least one function and one credit")
        for name in self.hints:
            if name not in self.functions:
                raise ValueError(f"`hints` names `{name}`, which is not in `functions`")


@dataclass(frozen=True)
class LatePolicy:
    """What it costs to hand in late."""

    deadline: str = ""  # of every exercise, as a date and time with its offset from UTC; empty for none
    deadlines: Mapping[str, str] = field(default_factory=dict)  # by exercise, where it is another one
    per_day: float = 0.0  # percent of the credits earned in an exercise, for each day that has begun
    at_most: float = 100.0  # percent that are taken at the most
    grace_minutes: float = 0.0  # how long after the deadline nothing is taken yet
    extensions: Mapping[str, float] = field(default_factory=dict)  # more days, by platform id or file name

    def __post_init__(self) -> None:
        for text in filter(None, (self.deadline, *self.deadlines.values())):
            parse_time(text)
        if not (0 <= self.per_day <= 100 and 0 <= self.at_most <= 100):
            raise ValueError("`per_day` and `at_most` are percents, from 0 to 100")
        if not 0 <= self.grace_minutes <= MAX_GRACE:
            raise ValueError(f"`grace_minutes` is a number of minutes, from 0 to {MAX_GRACE}")
        if any(not 0 <= days <= MAX_EXTENSION for days in self.extensions.values()):
            raise ValueError(f"an extension is a number of days, from 0 to {MAX_EXTENSION}")
        names: dict[str, str] = {}
        for name in self.extensions:
            first = names.setdefault(folded(name), name)
            if first != name or not folded(name):
                raise ValueError(f"`extensions` names `{first}` and `{name}`, which is nobody or the same")

    def due(self, exercise: str, extension: str) -> datetime.datetime | None:
        """Return when an exercise is due, with the extension of this name, if any; None if it never is."""
        text = self.deadlines.get(exercise, self.deadline)
        days = self.extensions.get(extension, 0.0)
        return parse_time(text) + datetime.timedelta(days=days) if text else None


@dataclass(frozen=True)
class Assignment:
    """What is handed out, handed in and graded together."""

    id: str  # what ``--assignment`` names
    title: str
    exercises: tuple[str, ...] = ()  # ids of those that count
    quizzes: tuple[str, ...] = ()  # ids of those that count, practice quizzes among them
    deadline: str = ""  # a date and time with its offset from UTC; empty for that of the late policy
    late: LatePolicy | None = None  # what it costs to hand in late; the course's own policy unless said
    groups: bool = False  # whether what one member of a group in the roster hands in counts for all of them
    column: str = ""  # title of its column in the gradebook of an LMS, with or without its number

    def __post_init__(self) -> None:
        if not ASSIGNMENT.fullmatch(self.id):
            raise ValueError(f"`{self.id}` is no id of an assignment: small letters, digits and `-`")
        if not self.exercises and not self.quizzes:
            raise ValueError(f"the assignment `{self.id}` has neither `exercises` nor `quizzes`")
        if self.deadline:
            parse_time(self.deadline)


def folded(name: str) -> str:
    """Return a name as names are compared: in whatever case, and however its accents are encoded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).strip()


def parse_time(text: str) -> datetime.datetime:
    """Read a time with its offset from UTC, as in ``2026-12-01T23:59:00+01:00``; or ValueError."""
    with contextlib.suppress(ValueError, OverflowError):
        time = datetime.datetime.fromisoformat(text)
        if time.tzinfo and time.astimezone(datetime.UTC).year in YEARS:
            return time
    form = f"a date and time with its offset from UTC, in the years {YEARS[0]} to {YEARS[-1]}"
    raise ValueError(f"`{text}` should be {form}, such as `2026-12-01T23:59:00+01:00`")


@dataclass(frozen=True)
class CourseFile:
    """The keys of ``course.yaml``."""

    title: str
    # goes into every draw of numbers, so that two courses draw differently; it is public; else the title
    salt: str = ""
    late: LatePolicy = field(default_factory=LatePolicy)  # what it costs to hand in late
    assignments: tuple[Assignment, ...] = ()  # what is graded together, in their order
    login_id: str = ""  # what ``grader login`` asks for, such as ``student number``; empty: for nothing
    # when a student reads what is wrong in the line that a wrong answer comes from: ``hint`` shows it at the
    # first ``grader hint``
    causes: Causes = "hint"
    edition: Edition = "full"  # ``handout`` marks the students', which has no solutions and no hidden checks
    # by file, such as ``quizzes/gates.yaml``, lines of solutions that stand there on purpose
    shown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    RETIRED: ClassVar[Mapping[str, str]] = {
        "accommodations": "`accommodations` gave more time in exams, whose clock is gone; delete it "
        "(`late.extensions` gives a learner more days)"
    }

    def __post_init__(self) -> None:
        ids = [assignment.id for assignment in self.assignments]
        if twice := [name for name in ids if ids.count(name) > 1]:
            raise ValueError(f"two assignments are called `{twice[0]}`; give one of them another id")
        vars(self).update(salt=self.salt or self.title)


@dataclass(frozen=True)
class Misconception:
    """A known mistake: a patch on the solution, at one place or everywhere, and what to say of it."""

    id: str
    replace: str
    with_: str
    says: str
    everywhere: bool = False

    def fits(self, text: str) -> bool:
        """Whether what is replaced stands in a text as often as it should."""
        count = text.count(self.replace)
        return count > 1 if self.everywhere else count == 1

    def patched(self, text: str) -> str:
        """Return a text with this mistake in it."""
        return text.replace(self.replace, self.with_)


@dataclass(frozen=True)
class Exercise:
    """One exercise of a course: what its folder says, and where its files are."""

    id: str
    root: Path
    file: ExerciseFile
    used: tuple[Exercise, ...] = ()  # earlier exercises whose student modules this one may import
    # whether this is the students' edition, where answers are recorded and nothing tells the solution
    handout: bool = False
    folder: Path = derived(lambda own: own.root / "exercises" / own.id)  # the student's side
    # the instructor's side; in a hand-out, what was recorded of it
    solution_folder: Path = derived(
        lambda own: own.root / ("recorded" if own.handout else "solutions") / own.id
    )
    stub_path: Path = derived(lambda own: own.folder / f"{own.file.module}.py")  # what the student edits
    # the reference; in a hand-out the pristine stub, which has its names and its documentation
    solution_path: Path = derived(lambda own: own.solution_folder / f"{own.file.module}.py")
    lesson_path: Path = derived(lambda own: own.folder / "lesson.md")  # what the student reads first
    # the checks a student may read, and those only the instructor has
    visible_checks: Path = derived(lambda own: own.folder / f"check_{own.file.module}.py")
    hidden_checks: Path = derived(lambda own: own.solution_folder / f"check_{own.file.module}_hidden.py")

    @property
    def solution_text(self) -> str:
        """What stands in the solution; or CourseError."""
        return read_text(self.solution_path)

    @property
    def author_files(self) -> set[Path]:
        """All that decides, beside what students write, what is asked and what is right."""
        parts = self, *self.used
        folders = (folder for part in parts for folder in (part.folder, part.solution_folder))
        found = {path for folder in folders for path in folder.glob("*") if path.suffix in (".py", ".yaml")}
        return found - {part.stub_path for part in parts}

    @property
    def variants(self) -> tuple[Path, ...]:
        """Right answers in other styles, which must keep every credit."""
        return tuple(sorted((self.solution_folder / "variants").glob("*.py")))

    @cached_property
    def parameters(self) -> Mapping[str, tuple[str, ...]]:
        """Parameter names of every graded function, as the solution spells them."""
        tree = parse(self.solution_path)
        found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        parameters = {}
        for name in self.file.functions:
            if name not in found:
                problem = f"does not define `{name}`, which exercise.yaml lists under `functions`"
                raise CourseError(self.solution_path, problem)
            parameters[name] = tuple(parameter.arg for parameter in found[name].args.args)
        return MappingProxyType(parameters)

    def misconceptions(self) -> tuple[Misconception, ...]:
        """Read ``misconceptions.yaml``; a hand-out has none."""
        path = self.solution_folder / "misconceptions.yaml"
        return () if self.handout else load(path, tuple[Misconception, ...])

    def quantities(self) -> Mapping[str, str]:
        """Read ``quantities.yaml``: by expression of the solution, what the course calls its value."""
        path, kind = self.solution_folder / "quantities.yaml", Mapping[str, str]
        return load(path, kind) if path.is_file() else {}  # type: ignore[type-abstract]

    @cached_property
    def ranges(self) -> Mapping[str, Mapping[str, str]]:
        """What results lie within, as ``ranges.yaml`` says: by function and condition, the reason."""
        path, kind = self.solution_folder / "ranges.yaml", Mapping[str, Mapping[str, str]]
        return load(path, kind) if path.is_file() else {}  # type: ignore[type-abstract]

    def function_of(self, check: str) -> str:
        """Return the function a check is about: the longest one its name starts with, after ``check_``."""
        names = [name for name in self.file.functions if check.startswith(f"check_{name}")]
        return max(names, key=len, default="")


@dataclass(frozen=True, kw_only=True)
class Course(CourseFile):
    """A course folder, with all that its ``course.yaml`` says."""

    root: Path
    handout: bool = derived(lambda own: own.edition == "handout")  # whether this is the students' edition
    # of what is about people: roster, extensions, keys of pseudonyms
    private_folder: Path = derived(lambda own: own.root / "class")
    # of the learner's own state: progress and backups
    state_folder: Path = derived(lambda own: own.root / ".grader")
    # where the secret lies if it is not in the environment
    secret_path: Path = derived(lambda own: own.state_folder / "secret")

    def exercise_ids(self) -> tuple[str, ...]:
        """Return the ids of all exercises, in the order of the course."""
        names = [path.parent.name for path in (self.root / "exercises").glob("*/exercise.yaml")]
        # exercise-2 comes before exercise-10
        return tuple(sorted(names, key=lambda name: re.sub(r"\d+", lambda found: found[0].zfill(9), name)))

    def exercises(self, ids: Iterable[str] = ()) -> list[Exercise]:
        """Read the exercises that are meant, each once; or all, in reading order, if none is given."""
        if wanted := dict.fromkeys(map(self.exercise_id, ids)):
            return [self[exercise_id] for exercise_id in wanted]
        known = self.exercise_ids()
        waiting, placed = {exercise_id: self._read(exercise_id, known) for exercise_id in known}, []

        def place(exercise_id: str) -> None:
            if exercise := waiting.pop(exercise_id, None):  # what it comes after stands before it
                for earlier in exercise.file.after:
                    place(earlier)
                placed.append(exercise)

        for exercise_id in known:
            place(exercise_id)
        return placed

    def assignment(self, name: str = "") -> Assignment:
        """Return an assignment with its exercises' ids as they are spelt; a lone one needs no name.

        CannotDo says that there is none of this id, or several and no id, or none of its exercises.
        """
        ids = ", ".join(assignment.id for assignment in self.assignments)
        if not name and len(self.assignments) > 1:
            raise CannotDo(f"course.yaml has several assignments; name one with --assignment: {ids}")
        found = [assignment for assignment in self.assignments if name in ("", assignment.id)]
        if not found:
            there = f"there are {ids}" if ids else "write it into course.yaml, as docs/author.md shows"
            raise CannotDo(f"there is no assignment `{name}`; {there}")
        return replace(found[0], exercises=tuple(dict.fromkeys(map(self.exercise_id, found[0].exercises))))

    def exercise_id(self, meant: str) -> str:
        """Return the id of the exercise that is meant: by its id, number, folder, module or a path to one.

        CannotDo says that it is none, or might be several.
        """
        known = self.exercise_ids()

        def names(part: str, exercise: str) -> bool:
            spelt, own = (SPELLING.fullmatch(text.lower()) for text in (part, exercise))
            if spelt and own:
                return spelt[2] == own[2] and spelt[1] in (own[1], own[1][:2], own[1][:1], "")
            module = f"{part.removesuffix('.py').removeprefix('check_')}.py"
            files = os.listdir(self.root / "exercises" / exercise)
            return module in files or part.lower() == exercise.lower()

        for part in reversed(meant.replace("\\", "/").split("/")):
            found = [name for name in known if name == meant] or [name for name in known if names(part, name)]
            if len(found) == 1:
                return found[0]
        near = difflib.get_close_matches(meant, known, n=3, cutoff=0.4) or known[:3]
        hint = f"the nearest are {', '.join(near)}" if near else "this course has no exercises yet"
        raise CannotDo(f"there is no exercise `{meant}`; {hint}")

    def __getitem__(self, meant: str) -> Exercise:
        """Read one exercise, by whatever :meth:`exercise_id` understands; or CannotDo."""
        return self._read(self.exercise_id(meant), self.exercise_ids())

    def _read(self, exercise_id: str, known: Sequence[str]) -> Exercise:
        path = self.root / "exercises" / exercise_id / "exercise.yaml"
        file = load(path, ExerciseFile)
        for other in (*file.after, *file.uses):
            if other not in known:
                raise CourseError(path, f"names `{other}`, which is not an exercise of this course")
        for other in file.uses:
            if known.index(other) >= known.index(exercise_id):
                raise CourseError(path, f"`uses` names `{other}`, which is no earlier exercise")
        used = tuple(self._read(other, known) for other in file.uses)
        return Exercise(exercise_id, self.root, file, used, self.handout)


def open_course(path: str | Path | None = None) -> Course:
    """Open a course: the folder given, else ``GRADER_COURSE``, else the first from here up; or NoCourse."""
    given = path or os.environ.get("GRADER_COURSE")
    here = Path(given or ".").resolve()
    for folder in [here] if given else [here, *here.parents]:
        if (folder / COURSE_FILE).is_file():
            return Course(root=folder, **vars(load(folder / COURSE_FILE, CourseFile)))
    if given:
        raise NoCourse(f"{given} holds no {COURSE_FILE}; name the folder that does")
    raise NoCourse(f"no {COURSE_FILE} here or above; go to a course folder, or name it with --course")


def parse(path: Path) -> ast.Module:
    """Parse one of the course's own Python files."""
    try:
        return ast.parse(read_bytes(path), str(path))
    except SyntaxError as error:
        raise CourseError(path, f"is not Python: {error.msg}", error.lineno, error.offset) from None
    except ValueError as error:
        raise CourseError(path, f"is not Python: {error}") from None


def is_stub(exercise: Exercise, data: bytes) -> bool:
    """Whether a file is the stub still, whatever its line ends are; raises what :func:`make_stub` raises."""
    return data.splitlines() == make_stub(exercise).encode().splitlines()


def written(exercise: Exercise) -> list[ast.FunctionDef]:
    """Return what students write of a solution, in its order: graded functions, and methods with a TODO.

    Where there are such methods, a graded function without one is given: a check reaches a class by it.
    """
    tree, lines = parse(exercise.solution_path), exercise.solution_path.read_bytes().split(b"\n")
    inner = [each for node in tree.body for each in (node.body if isinstance(node, ast.ClassDef) else [node])]
    found = [node for node in inner if isinstance(node, ast.FunctionDef)]
    marked = [node for node in found if TODO.encode() in b"".join(lines[node.lineno - 1 : node.end_lineno])]
    methods = [node for node in marked if node.col_offset]
    named = [node for node in (marked if methods else found) if node.name in exercise.file.functions]
    return sorted([*named, *methods], key=lambda node: node.lineno)


def given_functions(exercise: Exercise) -> frozenset[str]:
    """Return the names of the functions and methods of a stub that students leave as they are."""
    nodes = ast.walk(parse(exercise.solution_path))
    names = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    return frozenset(names - {node.name for node in written(exercise)})


def make_stub(exercise: Exercise) -> str:
    """Return the student's stub, which is made of the solution, so that it is never kept twice."""
    path = exercise.solution_path
    functions, lines = written(exercise), exercise.solution_text.splitlines()
    for node in reversed(functions):  # from the end, so that line numbers stay right
        last = node.end_lineno or node.lineno
        marked = [number for number in range(node.lineno, last) if lines[number].lstrip().startswith(TODO)]
        if len(marked) != 1:
            problem = f"`{node.name}` should have one line that starts with `{TODO}`, but has {len(marked)}"
            raise CourseError(path, problem, node.lineno)
        todo = lines[marked[0]]
        lines[marked[0] + 1 : last] = [todo[: len(todo) - len(todo.lstrip())] + "raise NotImplementedError"]
    return "\n".join(lines) + "\n"


# --- files ---------------------------------------------------------------------------------------------


def make_private_folder(folder: Path) -> None:
    """Make a folder that git leaves alone, for what is about people; one that is there stays as it is."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def write_atomic(path: Path, data: str | bytes) -> None:
    """Write a file whole or not at all: readers see the old content or the new one.

    Text is written as UTF-8 without changing its line ends; what UTF-8 cannot hold is escaped. OSError says
    by its errno and filename why it cannot be written.
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


def zipped(files: Mapping[str, bytes], *, executables: Collection[str] = ()) -> bytes:
    """Return a zip of files; the same in the same order give the same bytes."""
    import zipfile  # a slow import, and most commands write none

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, ALWAYS)
            entry.external_attr = (stat.S_IFREG | (0o755 if name in executables else 0o644)) << 16
            entry.create_system = UNIX
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


# --- the secret ---------------------------------------------------------------------------------------


class NoSecret(CannotDo):
    """The course's secret is missing or too short; the sentence says where it is looked for."""


def read_secret(course: Course) -> bytes:
    """Return the secret that option ids are made with; NoSecret if there is none, or a short one."""
    path, text = course.secret_path, os.environ.get(VARIABLE, "").strip()
    if not text:
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise NoSecret(
                f"there is no secret here; set {VARIABLE} to the one the hand-out was built with, or copy "
                f"its {path.parent.name}/{path.name}"
            ) from None
    if len(text) < MIN_SECRET:
        raise NoSecret(f"the secret has {len(text)} characters; at least {MIN_SECRET} keep it from guessing")
    return text.encode()


def make_secret(course: Course) -> bool:
    """Make a secret at its first use, for its owner's eyes only; return whether it is new. Or NoSecret."""
    path = course.secret_path
    if os.environ.get(VARIABLE, "").strip() or path.exists():
        return False
    try:
        make_private_folder(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise NoSecret(f"{path} cannot be written ({error.strerror}); set {VARIABLE} instead") from None
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{os.urandom(32).hex()}\n")
    return True
