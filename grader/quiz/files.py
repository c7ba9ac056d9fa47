"""Quiz files, with their key and without it: the dataclasses are the schema, for loader and editors.

A quiz is one YAML file in ``quizzes/``; ``docs/author.md`` explains every key. What a learner gets is named
field by field (:class:`PublicFile` and :class:`PublicQuestion`); nothing is taken away from a key, so nothing
can be forgotten there.
"""

import dataclasses
import difflib
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, ClassVar, Literal

import yaml

from grader.course import CannotDo, Course, CourseError, Place, dataclass, derived, strict_yaml, write_atomic
from grader.quiz.questions import choices, typed
from grader.quiz.questions.base import ID, PublicQuestion, Question, require, require_share, require_unique

SCHEMA_VERSION = 1
NOTE = "A quiz that is graded later. `grader quiz` asks it."  # the one comment in a graded quiz's file
ID_DIGITS = 8
PRACTICE_NOTE = "A quiz to practise with: its answers stand below, and you are told at once what was right."
EDITOR_LINE = "# yaml-language-server:"
RETIRED = {  # what a file may not say any more, and what takes its place
    "language": "`language` is gone, since nothing read it; delete it",
    "earn": "`earn` is gone; in practice the best sitting counts, in a graded quiz the first `sittings: N`",
    "minutes": "`minutes` is gone with the clock of exams; delete it",
    "mode: exam": "`mode: exam` is gone; write `mode: graded` (`sittings: N` lets more than one count)",
    "confidence: required": "`confidence: required` is gone; write `confidence: optional`, worth no credits",
}

for kind in (
    *(choices.Single, choices.Multiple, typed.Numeric, typed.Shape, choices.Order),
    *(choices.Match, typed.Text, typed.Output, typed.Fix),
):
    Question.kinds[kind.type] = kind


@dataclass(frozen=True)
class Attempts:
    """What the first, second, ... attempt at a question is worth; choices get fewer and cheaper ones."""

    weights: tuple[float, ...] = (1.0, 0.6, 0.3)
    choice_weights: tuple[float, ...] = (1.0, 0.4)

    def __post_init__(self) -> None:
        for name in ("weights", "choice_weights"):
            weights = getattr(self, name)
            falls = list(weights) == sorted(weights, reverse=True) and all(0 < w <= 1 for w in weights)
            require(bool(weights) and falls, f"`{name}` should fall from 1 at most and stay above 0")

    def of(self, question: Question) -> tuple[float, ...]:
        """Return the weights of one question's attempts."""
        return self.choice_weights if question.is_choice else self.weights

    def weight(self, question: Question, attempt: int) -> float:
        """Return what an attempt is worth, from 1; nothing after the last one."""
        return dict(enumerate(self.of(question), 1)).get(attempt, 0.0)


@dataclass(frozen=True)
class Picks:
    """How many questions of each topic a sitting asks."""

    per_topic: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Header:
    """The keys of a quiz file besides its questions; all of them may be handed out."""

    schema: int
    quiz: str  # stable id, as the file is named; never reused
    version: int  # raised when a key changes, so that stored responses are graded anew
    title: str
    # ``practice`` shows feedback at once; ``graded`` is graded later, by the instructor
    mode: Literal["practice", "graded"] = "practice"
    attempts: Attempts = field(default_factory=Attempts)
    confidence: Literal["off", "optional"] = "off"
    draw: Picks | None = None
    pass_mark: float = 0.7
    sittings: int = 1  # of a graded quiz, how many count, from the first on; in practice the best one does

    RETIRED: ClassVar[Mapping[str, str]] = RETIRED

    @property
    def which_count(self) -> str:
        """Which sittings of a graded quiz count, in words."""
        several = f"only the first {self.sittings} sittings count"
        return several if self.sittings > 1 else "only the first sitting counts"


@dataclass(frozen=True, kw_only=True)
class QuizFile(Header):
    """A quiz file with its key."""

    questions: tuple[Question, ...]

    def __post_init__(self) -> None:
        require(self.schema == SCHEMA_VERSION, f"`schema` should be {SCHEMA_VERSION}, but is {self.schema}")
        require(bool(ID.fullmatch(self.quiz)), f"`quiz` should be words-with-hyphens, but is `{self.quiz}`")
        require(self.version >= 1, "`version` should be 1 or more")
        require_share(self.pass_mark, "pass_mark")
        require_unique([question.id for question in self.questions], "question")
        require(bool(self.questions), "a quiz needs at least one question")
        require(self.sittings >= 1, "`sittings` should be 1 or more")
        require(self.sittings == 1 or self.mode == "graded", "`sittings` is for a graded quiz")
        for topic, count in self.draw.per_topic.items() if self.draw else ():
            there = [question.credits for question in self.questions if question.topic == topic]
            short = f"`draw` wants {count} of the topic `{topic}`, which has {len(there)}"
            require(0 < count <= len(there), short)
            require(len({*there}) == 1, f"questions of the drawn topic `{topic}` should earn equal credits")


@dataclass(frozen=True, kw_only=True)
class PublicFile(Header):
    """A quiz file in a hand-out: public questions in the place of those with their key."""

    mode: Literal["practice", "graded"] = "graded"
    faces: tuple[PublicQuestion, ...]


@dataclass(frozen=True)
class Quiz:
    """One quiz of a course: its public side, and its key unless that is the instructor's alone."""

    path: Path
    public: PublicFile
    key: QuizFile | None = None
    id: str = derived(lambda quiz: quiz.public.quiz)  # its stable id
    # public sides of its questions, by id
    faces: Mapping[str, PublicQuestion] = derived(lambda quiz: {face.id: face for face in quiz.public.faces})
    # with their key, by id; none if there is no key here
    questions: Mapping[str, Question] = derived(
        lambda quiz: {question.id: question for question in quiz.key.questions} if quiz.key else {}
    )
    # whether it is graded later: nothing is said about right and wrong
    silent: bool = derived(lambda quiz: quiz.key is None or quiz.public.mode != "practice")
    # in the order of its questions
    topics: tuple[str, ...] = derived(lambda quiz: tuple({face.topic: "" for face in quiz.public.faces}))
    credits: int = derived(lambda quiz: sum(map(quiz.possible, quiz.topics)))  # there are for the whole quiz
    # how many questions one sitting asks
    asked: int = derived(
        lambda quiz: sum(quiz.public.draw.per_topic.values()) if quiz.public.draw else len(quiz.faces)
    )

    @property
    def file(self) -> QuizFile:
        """Its file with the key, for what is done in the full course only."""
        if self.key is None:
            raise CourseError(self.path, "is a hand-out's, without its key; go to the full course for this")
        return self.key

    def possible(self, topic: str) -> int:
        """Credits there are for a topic: of all its questions, or of as many as a sitting draws."""
        credits = [question.credits for question in self.public.faces if question.topic == topic]
        drawn = self.public.draw.per_topic.get(topic, 0) if self.public.draw else len(credits)
        return sum(credits[:drawn])


def full_quiz(path: Path, file: QuizFile) -> Quiz:
    """Return a quiz with its key; the public side is made of it."""
    header = {field.name: getattr(file, field.name) for field in dataclasses.fields(Header)}
    return Quiz(path, PublicFile(faces=tuple(one.public() for one in file.questions), **header), file)


def quiz_paths(course: Course) -> tuple[Path, ...]:
    """Return the files of all quizzes."""
    return tuple(sorted((course.root / "quizzes").glob("*.yaml")))


def all_quizzes(course: Course) -> list[Quiz]:
    """Read every quiz of a course."""
    return list(map(load_quiz, quiz_paths(course)))


def load_quiz(path: Path) -> Quiz:
    """Read a quiz file, a full one or a hand-out's."""
    public = re.search(r'^"?faces"?:', strict_yaml.read_text(path), re.MULTILINE)
    kind: type[QuizFile] | type[PublicFile] = PublicFile if public else QuizFile
    file: QuizFile | PublicFile = strict_yaml.load(path, kind)
    if file.quiz != path.stem:
        raise CourseError(path, f"is named differently than its `quiz: {file.quiz}`; rename one of them")
    return full_quiz(path, file) if isinstance(file, QuizFile) else Quiz(path, file)


def find_quiz(course: Course, quiz_id: str) -> Quiz:
    """Read the quiz of this id, as :func:`find_quiz_path` and :func:`load_quiz` do."""
    return load_quiz(find_quiz_path(course, quiz_id))


def find_quiz_path(course: Course, quiz_id: str) -> Path:
    """Return the file of the quiz of this id, which may be its path, in any case; or CannotDo."""
    known = {path.stem: path for path in quiz_paths(course)}
    spelt = re.sub("[_ ]", "-", Path(quiz_id).name.casefold().removesuffix(".yaml"))
    if spelt in known:
        return known[spelt]
    near = difflib.get_close_matches(quiz_id, known, n=3, cutoff=0.4) or list(known)[:3]
    hint = f"the nearest are {', '.join(near)}" if near else "this course has no quizzes yet"
    raise CannotDo(f"there is no quiz `{quiz_id}`; {hint}")


# --- the edition --------------------------------------------------------------------------------------


def opaque(secret: bytes, quiz: str, question: str, option: str) -> str:
    """Return what an option is called in a hand-out: an id that says nothing."""
    import hmac

    return hmac.new(secret, "\0".join((quiz, question, option)).encode(), "sha256").hexdigest()[:ID_DIGITS]


def plain_ids(secret: bytes, quiz: str, question: Question) -> Mapping[str, str]:
    """Return the key's own ids by those of the hand-out; of two options with the same one, say so."""
    public = question.public()
    ids = [option.id for option in (*public.options, *public.lefts)]
    found = {opaque(secret, quiz, question.id, name): name for name in ids}
    if len(found) < len(ids):
        problem = f"two options of `{question.id}` get the same id with this secret; take another one"
        raise CourseError(Path(f"{quiz}.yaml"), problem)
    return found


def public_file(quiz: Quiz, secret: bytes) -> PublicFile:
    """Return what a learner gets of a quiz whose key is kept."""
    faces = []
    for question in quiz.file.questions:
        names = {own: name for name, own in plain_ids(secret, quiz.id, question).items()}
        faces.append(question.public(names.__getitem__))
    return dataclasses.replace(quiz.public, faces=tuple(faces))


def edition_text(quiz: Quiz, secret: bytes) -> str:
    """Return the student's file of a quiz; the same course and secret give the same bytes."""
    if quiz.file.mode == "practice":
        lines = strict_yaml.read_text(quiz.path).splitlines(keepends=True)
        return f"# {PRACTICE_NOTE}\n" + "".join(line for line in lines if not line.startswith(EDITOR_LINE))

    class Dumper(yaml.SafeDumper):
        """Writes texts of several lines as blocks, which a person can read."""

        def block(self, text: str) -> yaml.Node:
            style = "|" if "\n" in text.strip("\n") else None
            return self.represent_scalar(strict_yaml.TEXT_TAG, text, style)

    Dumper.add_representer(str, Dumper.block)
    form: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "default_flow_style": False}
    return f"# {NOTE}\n{yaml.dump(_plain(public_file(quiz, secret)), Dumper=Dumper, width=100, **form)}"


def _plain(value: Any) -> Any:
    """Return dataclasses as mappings, without places and what is left at its default."""
    if dataclasses.is_dataclass(value):
        kept = {}
        for field in dataclasses.fields(value):
            found, factory = getattr(value, field.name), field.default_factory
            default = field.default if factory is dataclasses.MISSING else factory()
            if not isinstance(found, Place) and _plain(found) != _plain(default):
                kept[field.name.rstrip("_")] = _plain(found)
        return kept
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, str) else value


def write_edition(quizzes: list[Quiz], secret: bytes, folder: Path) -> None:
    """Write the student's files of quizzes below a folder, and read them back.

    A variant is drawn from what a file says, to the last digit. Whoever hands it out looks for leaks.
    """
    (folder / "quizzes").mkdir(parents=True, exist_ok=True)
    for quiz in quizzes:
        path = folder / "quizzes" / quiz.path.name
        write_atomic(path, edition_text(quiz, secret))
        read = load_quiz(path)
        if _plain(read.key or read.public) != _plain(quiz.file if read.key else public_file(quiz, secret)):
            path.unlink(missing_ok=True)
            problem = "reads otherwise once it is written; look for odd spaces in its texts"
            raise CourseError(quiz.path, problem)
