"""The whole course in a real browser: all questions and exercises judged as on a laptop; see .ci/long."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from grader.authoring.handout import build_handout
from grader.checks.report import Report, reports_from_json
from grader.checks.run import check
from grader.checks.source import read_source
from grader.course import Course, Exercise, open_course
from grader.progress import open_ledger
from grader.progress.transfer import COLUMNS, Event, events_of, progress_document
from grader.quiz.code import CodeRunner
from grader.quiz.credits import QuizContext, update
from grader.quiz.files import find_quiz
from grader.quiz.questions.base import Variant, parse
from grader.quiz.session import Item
from grader.sandbox.pool import WorkerPool
from grader.site.browser import Desk
from grader.site.build import build_site
from tests.quiz.sample_answers import answers_to
from tests.site.helpers import LONG, Served, serving

pytestmark = [pytest.mark.slow, LONG]

HERE = Path(__file__).parents[2]
EXERCISES = sorted(path.name for path in (HERE / "exercises").glob("exercise-*"))
NUMBER, ROUNDING = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?"), 1e-9
WARNING = re.compile(r"\S+: RuntimeWarning: .*\n.*\n")
SUBMISSIONS = HERE / "examples" / "submissions"
CHECK = """
const [exercise, files, seconds, done] = arguments;
(async () => {
  const { Desk } = await import(new URL("scripts/desk.js", document.baseURI));
  const desk = (window.desk ??= await Desk.open(
    { exercises: Object.keys(files), packages: ["sqlite3", "numpy"] }));
  await desk.do("prepare", { exercise });
  return (await desk.do("check", { exercise, files }, seconds)).report;
})().then(done, (error) => done(`${error.constructor.name}: ${error.message}`));
"""


@pytest.fixture(scope="module")
def handout(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The hand-out of the whole course."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    build_handout(course, folder, b"a secret of the tests' own")
    return open_course(folder)


@pytest.fixture(scope="module")
def site(handout: Course, runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Its website, served."""
    folder = tmp_path_factory.mktemp("whole-site")
    build_site(handout, folder, runtime=str(runtime))
    with serving(folder) as port:
        yield Served(folder, f"http://127.0.0.1:{port}/")


# --- exercises ----------------------------------------------------------------------------------------


def submissions(handout: Course, exercise: str, full: Course) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what may be handed in for an exercise: a name, and the text of each exercise it takes."""
    wanted = [exercise, *(part.id for part in handout[exercise].used)]
    yield "stub", {name: handout[name].stub_path.read_text(encoding="utf-8") for name in wanted}
    solved = {name: full[name].solution_path.read_text(encoding="utf-8") for name in wanted}
    yield "solution", solved
    for folder in sorted(SUBMISSIONS.iterdir()):
        if (folder / exercise).is_dir() and folder.name != "whole-course":
            paths = {name: folder / name / f"{full[name].file.module}.py" for name in wanted}
            yield folder.name, solved | {name: path.read_text("utf-8") for name, path in paths.items()}
    mistakes = full[exercise].misconceptions()
    for mistake in (mistakes[0], mistakes[len(mistakes) // 2], mistakes[-1]):
        yield mistake.id, solved | {exercise: mistake.patched(solved[exercise])}


def told(report: Report) -> dict[str, Any]:
    """Return all that a verdict says, without what is the machine's: NumPy warns of no overflow there."""
    outcomes = [
        asdict(outcome) | {"seconds": 0, "output": WARNING.sub("", outcome.output)}
        for outcome in report.outcomes
    ]
    notes = [re.sub(r"Python 3\.\d+", "Python", note) for note in report.notes]  # which versions there are
    return {"outcomes": outcomes, "notes": notes, "seed": report.seed, "sha256": report.source_sha256}


def same_but_rounding(one: str, other: str) -> bool:
    """Whether two sentences agree but for errors of rounding, which no two libraries of mathematics share."""
    texts, numbers = NUMBER.split(one), zip(NUMBER.findall(one), NUMBER.findall(other), strict=False)
    return texts == NUMBER.split(other) and all(abs(float(a) - float(b)) < ROUNDING for a, b in numbers)


def differences(here: Report, there: Report) -> list[str]:
    """Return where two verdicts say something else, a line each."""
    one, other = told(here), told(there)
    found = [
        f"{ours['check']} {name}: {value!r} / {theirs[name]!r}"
        for ours, theirs in zip(one.pop("outcomes"), other.pop("outcomes"), strict=True)
        for name, value in ours.items()
        if value != theirs[name] and not same_but_rounding(str(value), str(theirs[name]))
    ]
    return found if one == other else [*found, f"{one} / {other}"]


def handed_in(folder: Path, handout: Course, files: dict[str, str]) -> Path:
    """Write what is handed in as a submission."""
    for name, text in files.items():
        path = folder / name / f"{handout[name].file.module}.py"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return folder


def native(exercise: Exercise, folder: Path, pool: WorkerPool) -> Report:
    """Return the verdict of a laptop with the same hand-out."""
    return check(exercise, read_source(exercise, folder), pool=pool).for_student(exercise.file.feedback)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_exercise_is_judged_as_on_a_laptop(
    browser: Any,
    site: Served,
    handout: Course,
    course: Course,
    pool: WorkerPool,
    tmp_path: Path,
    exercise: str,
) -> None:
    """One interpreter for all files, since they are honest; a page takes a fresh one for each."""
    browser.get(f"{site.url}{exercise}.html")
    browser.set_script_timeout(400)
    statuses, differing = set(), []
    for name, files in submissions(handout, exercise, course):
        said = browser.execute_async_script(CHECK, exercise, files, 300)
        assert said.startswith("{"), f"{name}: {said}"
        (found,) = reports_from_json(said)
        expected = native(handout[exercise], handed_in(tmp_path / name, handout, files), pool)
        differing += [f"{name}: {line}" for line in differences(found, expected)]
        statuses |= {outcome.status for outcome in found.outcomes}
        assert found.passed or name != "solution"
    print(f"{exercise}: {len(list(tmp_path.iterdir())) - 1} verdicts")
    assert differing == []
    assert {"passed", "failed"} <= statuses


# --- quizzes ------------------------------------------------------------------------------------------

DRAWS, SITTINGS = 3, 200
QUIZZES = sorted(path.stem for path in (HERE / "quizzes").glob("*.yaml"))
GRADED = {"shapes-and-code"}  # its key stays at home
FORGET = """
import(new URL("scripts/store.js", document.baseURI)).then(async ({ Memory }) => {
  const { Desk } = await import(new URL("scripts/desk.js", document.baseURI));
  window.desk ??= await Desk.open();
  window.desk.restart();
  window.desk.store = new Memory(); // somebody else's browser
}).then(arguments[0]);
"""
ASK = """
const [asked, done] = [arguments[0], arguments[arguments.length - 1]];
(async () => {
  const { Desk } = await import(new URL("scripts/desk.js", document.baseURI));
  const desk = (window.desk ??= await Desk.open());
  const said = [];
  for (const [name, values] of asked) {
    said.push(await desk.do(name, values).catch((error) => ({ refused: error.message })));
  }
  return said;
})().then(done, (error) => done(String(error)));
"""


class Learner:
    """Does the same in this process and in a browser, and compares what is said, byte for byte."""

    def __init__(self, course: Course, folder: Path) -> None:
        shutil.copytree(course.root, folder, ignore=shutil.ignore_patterns("grader", ".grader"))
        self.desk = Desk(folder)
        self.moves: list[tuple[str, dict[str, Any]]] = []
        self.said: list[Any] = []

    def do(self, action: str, /, **values: Any) -> Any:
        """Do something here, to be repeated there."""
        answered = json.loads(self.desk.act(action, json.dumps(values)))
        said = answered["result"] if "result" in answered else {"refused": answered["refused"]}
        self.moves.append((action, values))
        self.said.append(said)
        return said

    def repeat(self, browser: Any) -> int:
        """Do all of it in the browser; return how much it was."""
        for first in range(0, len(self.moves), 100):
            part = slice(first, first + 100)
            found = browser.execute_async_script(ASK, self.moves[part])
            for move, here, there in zip(self.moves[part], self.said[part], found, strict=True):
                assert there == here, move
        return len(self.moves)

    def item(self, quiz: str, question: str) -> Item:
        """Return a question as it stands here."""
        with open_ledger(self.desk.course) as self.desk._ledger:
            return self.desk._session(quiz).item(question)

    def history(self) -> list[Event]:
        """Return what the ledger here holds."""
        with open_ledger(self.desk.course) as ledger:
            return events_of(ledger)

    def events(self) -> list[dict[str, Any]]:
        """Return the same without the time of day."""
        return untimed(self.history())


def untimed(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Leave out when something happened, and in which order beyond that of each kind."""
    ordered = sorted(events, key=lambda event: [*COLUMNS].index(event["event"]))
    return [{name: value for name, value in event.items() if name != "at"} for event in ordered]


def answer_everything(learner: Learner, quiz: str, runner: CodeRunner) -> int:
    """Give every kind of answer to every question, the right one last, in as many sittings as it takes.

    Each reply is what the terminal's marking says, which runs code in processes of its own.

    Returns:
        How many answers were accepted.
    """
    sheet = find_quiz(learner.desk.course, quiz)
    pending: dict[str, int] = {}  # of each question, which kind of answer comes next
    given = 0
    while len(pending) < len(sheet.public.faces) or max(pending.values()) >= 0:
        for question in (item["id"] for item in learner.do("open", quiz=quiz, restart=True)["items"]):
            key, where = sheet.questions.get(question), {"quiz": quiz, "question": question}
            assert key
            while pending.get(question, 0) >= 0:
                item = learner.item(quiz, question)
                if item.done:
                    break
                texts = answers_to(key, item.variant)
                kind = min(pending.get(question, len(texts) - 1), len(texts) - 1)
                pending[question] = kind - 1
                learner.do("question", **where)
                learner.do("understood", **where, text=texts[kind])
                said = learner.do("answer", **where, attempt=item.attempt, text=texts[kind], certainty=None)
                if "refused" in said:
                    assert kind
                    continue
                given += 1
                marked = key.mark(item.variant.names, parse(item.variant, texts[kind]), runner)
                reply = said["reply"]
                assert (reply["share"], reply["arithmetic"]) == (marked.share, marked.arithmetic)
                assert reply["texts"] == list(marked.feedback)
                assert kind or marked.right, (question, texts[kind])
    learner.do("finish", quiz=quiz)
    return given


@pytest.mark.parametrize("quiz", sorted({*QUIZZES} - GRADED))
def test_a_quiz_is_marked_as_in_a_terminal(
    browser: Any, site: Served, handout: Course, tmp_path: Path, quiz: str
) -> None:
    browser.get(f"{site.url}quiz-{quiz}.html")
    given = 0
    with CodeRunner() as runner:
        for draw in range(DRAWS):  # what is drawn depends on who asks
            learner = Learner(handout, tmp_path / f"draw-{draw}")
            learner.do("login", name=f"Draw {draw}")
            given += answer_everything(learner, quiz, runner)
            browser.execute_async_script(FORGET)
            learner.repeat(browser)
    print(f"{quiz}: {given} answers")


def answers_without_key(variant: Variant) -> list[str]:
    """Return some answers that can be read, and perhaps one that cannot, to a question whose key is away."""
    kind, count = variant.public.type, len(variant.options)
    numbers = [str(number + 1) for number in range(count)]
    pairs = [f"{at + 1}{'abcdefgh'[at % count]}" for at in range(len(variant.public.lefts))]
    chosen = {"single": [*numbers[:2], "1 2"], "multiple": ["1", "1 2"], "match": [" ".join(pairs), "1"]}
    chosen |= {"order": [" ".join(numbers), " ".join(numbers[::-1])], "fix": ["1: x = 1", "2: y", "x"]}
    return chosen.get(kind, ["1/3", "(4, 1)", "forget", "0.5", "x y"])


@pytest.mark.parametrize("quiz", sorted(GRADED))
def test_a_graded_quiz_is_taken_as_in_a_terminal(
    browser: Any, site: Served, handout: Course, tmp_path: Path, quiz: str
) -> None:
    browser.get(f"{site.url}quiz-{quiz}.html")
    given = 0
    for draw in range(DRAWS):
        learner = Learner(handout, tmp_path / f"draw-{draw}")
        learner.do("login", name=f"Draw {draw}")
        for each in learner.do("open", quiz=quiz)["items"]:
            where = {"quiz": quiz, "question": each["id"]}
            for text in answers_without_key(learner.item(quiz, each["id"]).variant):
                learner.do("understood", **where, text=text)
                attempt = learner.item(quiz, each["id"]).attempt
                said = learner.do("answer", **where, attempt=attempt, text=text, certainty=None)
                assert "refused" in said or said["reply"]["stored"]
                given += "reply" in said
            learner.do("question", **where)
        assert learner.do("finish", quiz=quiz)["silent"]
        browser.execute_async_script(FORGET)
        learner.repeat(browser)
    file = browser.execute_async_script("window.desk.backup().then(arguments[0])")
    assert untimed(json.loads(file)["events"]) == learner.events()  # for whoever has the key
    assert given > 40
    print(f"{quiz}: {given} answers")


def sit(learner: Learner, chance: random.Random, quiz: str) -> None:
    """Take a part of a quiz at random, and perhaps finish."""
    items = learner.do("open", quiz=quiz, restart=chance.random() < 0.3)["items"]
    sheet = find_quiz(learner.desk.course, quiz)
    for each in chance.sample(items, min(len(items), chance.randrange(6))):
        where = {"quiz": quiz, "question": each["id"]}
        if chance.random() < 0.3:
            learner.do("change", **where, what=chance.choice(["hint", "flag"]))
        item, key = learner.item(quiz, each["id"]), sheet.questions.get(each["id"])
        if key and not item.done:
            text, sure = chance.choice(answers_to(key, item.variant)), chance.choice([None, 1, 3])
            learner.do("answer", **where, attempt=item.attempt, text=text, certainty=sure)
    if chance.random() < 0.5:
        learner.do("finish", quiz=quiz)


def test_random_sittings_are_carried_to_a_laptop_and_back(
    browser: Any, site: Served, handout: Course, tmp_path: Path
) -> None:
    chance, learner = random.Random(19), Learner(handout, tmp_path / "here")
    practice = [quiz for quiz in QUIZZES if quiz not in GRADED]
    for number in range(SITTINGS):
        if number == SITTINGS // 4:
            learner.do("login", name="Ada")
        sit(learner, chance, chance.choice(practice))
    browser.get(f"{site.url}index.html")
    learner.repeat(browser)
    file = browser.execute_async_script("window.desk.backup().then(arguments[0])")
    assert untimed(json.loads(file)["events"]) == learner.events()

    laptop = Learner(handout, tmp_path / "laptop")
    assert laptop.do("take", document=file, preview=False, name="progress.json")["known"] == 0
    assert not any(laptop.do("take", document=file, preview=False, name="progress.json")["new"].values())
    assert unmarked(laptop.events()) == unmarked(learner.events())
    with CodeRunner() as runner:
        context = QuizContext(handout.salt, lambda: open_ledger(laptop.desk.course), runner)
        update([find_quiz(handout, quiz) for quiz in QUIZZES], context)  # marks are worked out anew
    assert laptop.do("overview") == learner.do("overview")
    for _ in range(10):  # and goes on there
        sit(laptop, chance, chance.choice(practice))
    back = progress_document(laptop.history(), handout.salt)
    browser.execute_async_script(
        ASK, [("take", {"document": back, "preview": False, "name": "progress.json"})]
    )
    file = browser.execute_async_script("window.desk.backup().then(arguments[0])")
    assert unmarked(untimed(json.loads(file)["events"])) == unmarked(laptop.events())


def unmarked(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out scores, which are worked out anew where the key is, and when."""
    return [event for event in events if event["event"] != "marked"]
