"""Looks through a hand-out for lines of solutions and hidden checks, known mistakes, keys, names of people.

All is looked for word by word, so that spaces, line breaks and quotation marks around it do not matter.
"""

import bisect
import dataclasses
import io
import itertools
import re
import tokenize
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from grader.checks.recorded import FILE, unpacked
from grader.course import Course, People, Place, dataclass, derived, make_stub, parse, people_of, read_text
from grader.quiz.files import NOTE, Attempts, Picks, PublicFile, Quiz
from grader.quiz.questions.base import Draw, Option, PublicQuestion, Question

WORD = re.compile(r"\d+(?:\.\d+)+|\w+|[^\w\s]")
MAX_BYTES = 16 * 2**20  # a longer file is no text
QUOTED = 6  # letters of a secret that a report tells

LINE_LETTERS = 8  # without spaces; a shorter line of a solution tells nothing
TRIVIAL = re.compile(r" (return \w+|for \w+ in range \( \w+ \) :|(import|from|class|def) .*) ")
NAMES = re.compile(
    r"hidden|misconception|mutant|secret|solution|variant|(roster|groups|extensions)\.csv|grades\.db",
    re.IGNORECASE,
)
PROGRAM = "grader/"  # which everybody may have; its own names and lines are no leak
STUDENTS_FILES = ("exercises/*/lesson.md", "exercises/*/plot_*.py", "quizzes/*.yaml")

FREE_NAMES = ("params", "dims", "per_topic")  # mappings whose keys are an author's own words
PROSE = ("explain", "feedback", "text")  # sentences, which nobody writes twice by chance
PUBLIC = (PublicFile, PublicQuestion, Option, Draw, Attempts, Picks)  # whose fields a graded quiz has
KEY_LETTERS = 3
PROSE_LETTERS = 24
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
COMMENT = re.compile(r"^\s*#(.*)$", re.MULTILINE)


class Leaking(Exception):
    """Nothing was written, since it would tell answers, or who is in the class: its arguments say where."""


@dataclass(frozen=True)
class Secret:
    """A text that should not be in a hand-out."""

    what: str  # it is
    text: str  # in one line; in small letters if it is of a quiz, where case does not matter
    field: str = ""  # of a quiz's question, with the fields that lead to it
    question: str = ""  # whose key it belongs to
    words: str = derived(lambda own: flat(own.text))  # what is looked for
    # these words, in no order: few texts hold them all
    vocabulary: frozenset[str] = derived(lambda own: frozenset(own.words.split()))

    @property
    def is_prose(self) -> bool:
        """Whether it is a sentence of a key, which stands nowhere by chance."""
        kind = self.field.rpartition(".")[2]
        return kind in PROSE and len(self.text) >= PROSE_LETTERS and " " in self.text

    def __str__(self) -> str:
        start = self.text[: QUOTED if len(self.text) > 2 * QUOTED else 2]
        return f"{self.what} ({self.field and f'{self.field}: '}“{start}…”)"


NO_PEOPLE = People(())


class Secrets(NamedTuple):
    """What is looked for in files: texts of the instructor's side, and whoever is in the class."""

    texts: Sequence[Secret] = ()
    people: People = NO_PEOPLE


NOTHING = Secrets()


def flat(text: str) -> str:
    """Return the words of a text, with one space around each."""
    return f" {' '.join(WORD.findall(text))} "


# --- what is looked for -------------------------------------------------------------------------------


def secrets_of(course: Course) -> Secrets:
    """Return what only the instructor's side of a course has; or CourseError, CannotDo."""
    exercises, found = course.exercises(), []
    given = flat("\n".join(make_stub(exercise) + _text(exercise.visible_checks) for exercise in exercises))
    # What students read anyway; a patch is too short to be looked for there.
    read = sorted(path for pattern in STUDENTS_FILES for path in course.root.glob(pattern))
    public = flat("\n".join([given, *map(_text, read)]))
    for exercise in exercises:
        stub = set(map(flat, _lines(make_stub(exercise))))
        sides = ("solution", exercise.solution_path, stub), ("hidden checks", exercise.hidden_checks, given)
        for what, path, known in (side for side in sides if side[1].is_file()):
            parse(path)  # which says what is wrong with it, before it is cut into words
            lines = (line for line in _lines(read_text(path)) if flat(line) not in known)
            found += [Secret(f"a line of the {what} of {exercise.id}", line) for line in lines]
        for mistake in exercise.misconceptions():
            what, told = f"a patch of a misconception of {exercise.id}", (public, flat(mistake.says))
            patches = [" ".join(patch.split()) for patch in (mistake.replace, mistake.with_)]
            long = [patch for patch in patches if len(flat(patch).replace(" ", "")) > LINE_LETTERS]
            found += [Secret(what, patch) for patch in long if not any(flat(patch) in each for each in told)]
    texts = list({(secret.what, secret.words): secret for secret in reversed(found)}.values())[::-1]
    return Secrets(texts, people_of(course))


def _text(path: Path) -> str:
    return read_text(path) if path.is_file() else ""


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a Python file that say something, without comments."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = lines[token.start[0] - 1][: token.start[1]]
    for line in lines:
        if len((words := flat(line)).replace(" ", "")) > LINE_LETTERS and not TRIVIAL.fullmatch(words):
            yield line.strip()


def _key(quiz: Quiz) -> Iterator[Secret]:
    """Yield every text of a quiz's questions, whatever it will be called.

    Most belong to the key. What is shown is no leak: it stands in the hand-out as often as it is shown.
    """
    for question in quiz.file.questions:
        for field, text in texts_in(question):
            for part in text.splitlines() if field == "solution" else [text]:
                line = " ".join(part.split())
                if len(line) >= KEY_LETTERS or NUMBER.fullmatch(part):
                    yield Secret(f"the key of `{question.id}`", line.casefold(), field, question.id)


def texts_in(value: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text in a value, with the names of the fields that lead to it."""
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts_in(item, field)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from texts_in(item, f"{field}.{name}")
    elif dataclasses.is_dataclass(value) and not isinstance(value, Place):
        for inner in dataclasses.fields(value):
            yield from texts_in(getattr(value, inner.name), f"{field}.{inner.name}" if field else inner.name)


def _shown(question: Question, *, labels: bool = True) -> list[str]:
    """Return what everybody may see of a question, and names of what is drawn; or sentences only."""
    public = question.public()
    options = [option.text for option in (*public.options, *public.lefts)]
    names = (public.id, public.type, public.topic, *public.params, *public.dims) if labels else ()
    return [flat(text.casefold()) for text in (public.prompt, public.code, public.where, *options, *names)]


# --- where it is looked for ---------------------------------------------------------------------------


def texts_of(folder: Path) -> dict[Path, str]:
    """Read all files of a hand-out as text; what is recorded is unpacked."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size <= MAX_BYTES)
    texts = {path: path.read_bytes().decode(errors="ignore") for path in files if path.name != FILE}
    for path in files:
        if path.name == FILE:
            header, body = unpacked(path.read_bytes())
            texts[path] = f"{header}\n{bytes(body).decode(errors='ignore')}"
    return texts


def find_leaks(
    folder: Path,  # names of files are relative to it
    texts: Mapping[Path, str],  # of the files in it
    secrets: Secrets = NOTHING,  # of exercises, and who is in the class
    # by file, lines of solutions and hidden checks, and names, that stand there on purpose
    shown: Mapping[str, tuple[str, ...]] | None = None,
    quizzes: Collection[Quiz] = (),  # the full ones; nothing of a key that is kept may be there
    course_secret: str = "",  # what ids of options are made with
) -> list[str]:
    """Return where secrets are in a hand-out: the file, what it is and a few of its letters."""
    graded, leaks = [quiz for quiz in quizzes if quiz.file.mode != "practice"], []
    sentences = {}  # what other files are searched for: sentences alone, since words come by chance
    for quiz in graded:
        public = "".join(text for question in quiz.file.questions for text in _shown(question))
        sentences[quiz.id] = [one for one in _key(quiz) if one.is_prose and one.words not in public]
    for path, text in sorted(texts.items()):
        name = path.relative_to(folder).as_posix()
        own = next((quiz for quiz in graded if path == folder / "quizzes" / quiz.path.name), None)
        if not name.startswith(PROGRAM):
            if NAMES.search(name):
                leaks.append(f"{name}: has the name of something that is the instructor's")
            allowed = set(map(flat, (shown or {}).get(name, ())))
            leaks += [f"{name}:{problem}" for problem in _found_lines(text, secrets.texts, allowed)]
            named = secrets.people.named(text) if path.name != FILE else {}
            leaks += [
                f"{name}:{line}: names “{who[:QUOTED]}…” of the class; take it out, or declare it as `shown`"
                for who, line in named.items()
                if flat(who) not in allowed
            ]
        if course_secret and course_secret in text:
            leaks.append(f"{name}: holds the course's secret; take it out")
        words = flat(text.casefold())
        there = set(words.split())
        kept = [one for quiz, known in sentences.items() if not own or quiz != own.id for one in known]
        leaks += [f"{name}: holds {one}" for one in kept if one.vocabulary <= there and one.words in words]
        if own:
            leaks += [f"{name}: {problem}" for problem in _in_own_file(text, own)]
    return list(dict.fromkeys(leaks))


def _found_lines(text: str, secrets: Collection[Secret], allowed: set[str]) -> Iterator[str]:
    """Yield the number of a line and the secret that begins there."""
    lines = [" ".join(WORD.findall(line)) for line in text.splitlines()]
    starts = list(itertools.accumulate((len(line) + 1 for line in lines if line), initial=0))
    numbers = [number for number, line in enumerate(lines, 1) if line]
    whole = f" {' '.join(filter(None, lines))} "
    vocabulary = set(whole.split())
    for secret in secrets:
        place = whole.find(secret.words) if secret.vocabulary <= vocabulary else -1
        if place >= 0 and secret.words not in allowed:
            yield f"{numbers[bisect.bisect_right(starts, place) - 1]}: holds {secret}"


def _in_own_file(text: str, quiz: Quiz) -> Iterator[str]:
    """Look through a graded quiz's own file: nothing may be there more often than what is shown has it."""
    try:
        parts = list(_parts(yaml.compose(text, Loader=yaml.SafeLoader)))
    except yaml.YAMLError:
        yield "is no YAML; build it anew"
        return
    known = {field.name.rstrip("_") for kind in PUBLIC for field in dataclasses.fields(kind)}
    for is_key, part in parts:
        if is_key and part not in known:
            yield f"has a field `{part}`, which belongs to the key"
    values = [part for is_key, part in parts if not is_key]
    found = [flat(part.casefold()) for part in values + COMMENT.findall(text.partition("schema:")[0])]
    topics = quiz.file.draw.per_topic if quiz.file.draw else ()
    header = [part for field, part in texts_in(quiz.file) if not field.startswith("questions")]
    shown = [flat(part.casefold()) for part in (NOTE, *topics, *header)]
    shown += [part for question in quiz.file.questions for part in _shown(question)]
    cues = {one.id: list(map(str.casefold, getattr(one, "accept", ()))) for one in quiz.file.questions}
    whole = flat(text.casefold())
    for secret in _key(quiz):
        allowed = _count(secret.words, shown)
        hidden = secret.is_prose and not allowed and secret.words in whole  # in a comment, or across values
        if hidden or _count(secret.words, found) > allowed:
            yield f"holds {secret}"
        elif len(secret.text) > KEY_LETTERS and secret.words in map(flat, cues[secret.question]):
            others = (other for other in quiz.file.questions if other.id != secret.question)
            if any(_count(secret.words, _shown(other, labels=False)) for other in others):
                yield f"holds {secret}, in what another question shows; reword one of them"


def _count(words: str, texts: list[str]) -> int:
    again = re.compile(f"(?={re.escape(words)})")  # two of them may share a space
    return sum(len(again.findall(text)) for text in texts if words in text)


def _parts(node: yaml.Node | None, free: bool = False) -> Iterator[tuple[bool, str]]:
    """Yield the texts of a file, each with whether it is a key; keys that an author chose are none."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value:
                yield not free, str(key.value)
            yield from _parts(value, free=key.value in FREE_NAMES and not free)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _parts(item)
    elif isinstance(node, yaml.ScalarNode) and node.tag.endswith(":str"):
        yield False, node.value
