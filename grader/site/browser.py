"""The program inside a browser's worker: does what a page asks, and says what happened, in JSON.

The page keeps the history of events and tells it to every new interpreter; here it becomes a ledger as on any
other machine, so that a quiz is asked, marked and counted by the very code of the terminal. Nothing a page
asks for is trusted more than what is typed there.
"""

import base64
import datetime
import json
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader import progress, quiz as quizzes
from grader.checks.source import read_source
from grader.course import CannotDo, CourseError, open_course
from grader.progress import ANONYMOUS, hand_in, transfer
from grader.quiz import session as sittings
from grader.reports.lesson import markdown_html
from grader.reports.quiz_screen import MODES, credits_line, intro_notes, solution_line
from grader.sandbox.worker import DEFAULT_BUDGET, Budget, Pool, Worker
from grader.site.shipped import ORIGINALS

if TYPE_CHECKING:
    from grader.checks.collection import CheckSuite

ACTIONS = "learn take login overview hand_in open question understood answer change finish".split()
ACTIONS += "prepare check hints".split()
STANDS = ("attempt", "tries", "given", "done", "next_hint", "flagged")  # of a question in a sitting
SAID = (quizzes.Unreadable, progress.LedgerError, CourseError, CannotDo, hand_in.BadDocument)
"""What goes wrong because of what was typed or handed in; the sentence is for the learner."""


@dataclass(frozen=True)
class NoRunner:
    """Stands in where no code is to run, since it runs without end: it passes nothing, or is marked later."""

    later: bool = False

    def passes(self, code: str, solution: str, tests: tuple[str, ...]) -> bool:
        """Return that it does not; or raise what leaves an answer without a mark."""
        if self.later:
            raise quizzes.FormulaError("it is marked when its quiz is opened")
        return False


class LatePool(Pool):
    """Gives out workers in this interpreter; NumPy, which they need, is not there before the first one."""

    def open(self, budget: Budget = DEFAULT_BUDGET) -> Worker:
        from grader.site.inplace import InPlaceWorker

        return InPlaceWorker()


class Desk:
    """One learner's place at a course, whose folder is named: what a page can ask for, by name."""

    def __init__(self, root: Path | str) -> None:
        self.course = open_course(Path(root))
        self._sessions: dict[str, sittings.Session] = {}
        self._suites: dict[str, CheckSuite] = {}
        self._ledger: progress.Ledger
        runner = quizzes.CodeRunner(pool=LatePool())
        self._context = quizzes.QuizContext(self.course.salt, lambda: nullcontext(self._ledger), runner)

    def act(self, name: str, arguments: str) -> str:
        """Do one thing, wholly or not at all; return its result, and the events that came of it, as JSON."""
        if name not in ACTIONS:
            raise AttributeError(name)
        said: dict[str, Any]
        try:
            with progress.open_ledger(self.course) as self._ledger:
                before = transfer.last_ids(self._ledger)
                result = getattr(self, name)(**json.loads(arguments))
                said = {"result": result, "events": transfer.events_of(self._ledger, before)}
                return json.dumps(said)
        except BaseException as error:
            self._sessions.clear()  # one of them may have begun just now
            if isinstance(error, ModuleNotFoundError):  # NumPy is large: it comes when it is first asked for
                said = {"needs": (error.name or "").partition(".")[0]}
            elif isinstance(error, sittings.AnsweredElsewhere | sittings.FinishedElsewhere):
                said = {"elsewhere": type(error).__name__}
            elif isinstance(error, quizzes.FormulaError):
                said = {"refused": f"this question is broken: {error}"}
            elif isinstance(error, SAID):
                said = {"refused": str(error)}
            else:
                raise
            return json.dumps(said)

    # -- the history --

    def learn(self, document: str) -> int:
        """Take in this browser's own history; return how much was new."""
        return transfer.take_in(self._ledger, document.encode(), self.course.salt, own=True).new.total()

    def take(self, document: str, preview: bool, name: str = "the file") -> dict[str, Any]:
        """Take in a file from elsewhere, or only say what it would add."""
        self._ledger.connection.execute("SAVEPOINT before")
        try:
            taken = transfer.take_in(self._ledger, document.encode(), self.course.salt)
        except hand_in.BadDocument as error:
            raise hand_in.BadDocument(f"{name} {error}") from None
        if preview:
            self._ledger.connection.execute("ROLLBACK TO before")
        else:
            context = replace(self._context, runner=NoRunner(later=True))
            quizzes.update(quizzes.all_quizzes(self.course), context)
        self._sessions.clear()
        return {"new": dict(taken.new), "known": taken.known, "people": sorted(taken.people)}

    def login(self, name: str) -> dict[str, str]:
        """Give a name to whoever learns here; the first one takes over what was recorded before."""
        try:
            learner = progress.Learner.named(name)
        except ValueError as error:
            raise quizzes.Unreadable(str(error)) from None
        self._ledger.login(learner, adopts=self._ledger.learner == ANONYMOUS)
        self._sessions.clear()
        return {"id": learner.id, "name": learner.name}

    def overview(self) -> dict[str, Any]:
        """Return who learns here, and how far they have come."""
        ledger, rows = self._ledger, []
        for quiz in quizzes.all_quizzes(self.course):
            own = [sitting for sitting in ledger.sittings(quiz.id) if sitting.mode != quizzes.REVIEW]
            unfinished = any(sitting.finished is None for sitting in own)
            state = "unfinished" if unfinished else "taken" if own else ""
            cents = quizzes.balance(ledger, quiz).cents
            rows.append({"quiz": quiz.id, "cents": cents, "credits": quiz.credits, "state": state})
        exercises = [
            {"exercise": each.exercise, "earned": each.earned, "credits": each.credits}
            for each in progress.standings(self.course, ledger)
        ]
        learner = ledger.learner
        who = None if learner == ANONYMOUS else {"id": learner.id, "name": learner.name}
        return {"learner": who, "quizzes": rows, "exercises": exercises}

    def hand_in(self, files: dict[str, str]) -> dict[str, Any]:
        """Return the zip to hand in, as ``grader submit`` makes it, of files by exercise."""
        self._write(files)
        asked = [
            (quiz.id, quiz.public.version, self.course.root / ORIGINALS / quiz.path.name)
            for quiz in quizzes.all_quizzes(self.course)
        ]
        self._ledger.connection.execute("COMMIT")  # it is opened once more, to be read
        bundle = hand_in.gather(self.course, asked, datetime.datetime.now(datetime.UTC))
        self._ledger.connection.execute("BEGIN")
        return {
            "name": f"submission-{bundle.learner.id}.zip",
            "missing": bundle.missing,
            "zip": base64.b64encode(bundle.to_bytes()).decode(),
        }

    # -- a quiz --

    def open(self, quiz: str, restart: bool = False, hung: bool = False) -> dict[str, Any]:
        """Begin a sitting, or go on with the one that is open; return also the first question to answer."""
        selection, sheet = sittings.Selection(restart=restart), quizzes.find_quiz(self.course, quiz)
        if hung:  # an answer that was taken in, and has no mark yet, holds code that runs without end
            quizzes.update([sheet], replace(self._context, runner=NoRunner()))
        session = self._sessions[quiz] = sittings.Session(sheet, self._context, selection)
        notes = [MODES[session.sheet.public.mode], *intro_notes(session)]
        notes = [note.replace("; --restart begins anew", "") for note in notes]
        items = self._items(session)
        first = next((item for item in items if item["open"]), items[0])
        return {"notes": notes, "items": items, "question": self.question(quiz, first["id"])}

    def question(self, quiz: str, question: str) -> dict[str, Any]:
        """Return a question as it stands, and what was said to it if it is done."""
        session = self._session(quiz)
        item = session.item(question)
        said = session.said(item)
        return {**self._item(session, item), "said": reply_parts(said) if said else None}

    def understood(self, quiz: str, question: str, text: str) -> str:
        """Say what a typed answer is read as; nothing where that is what was typed."""
        variant = self._session(quiz).item(question).variant
        kind = quizzes.Question.kinds[variant.public.type]
        return kind.understood(variant, quizzes.parse(variant, text))

    def answer(
        self, quiz: str, question: str, attempt: int, text: str, certainty: int | None, hung: bool = False
    ) -> dict[str, Any]:
        """Accept an answer, unless the question, as it was shown, has moved on in another tab.

        It ``hung`` if this very answer holds code that was found to run without end.
        """
        session = self._session(quiz)
        item = session.item(question)
        if item.attempt != attempt:
            raise sittings.AnsweredElsewhere
        if hung:
            session = sittings.Session(session.sheet, replace(self._context, runner=NoRunner()))
        reply = session.answer(item, text, certainty)
        return {"reply": reply_parts(reply), "items": self._items(session)}

    def change(self, quiz: str, question: str, what: str) -> dict[str, Any]:
        """Take the next ``hint``, or set or take away the ``flag``; return how the question stands now."""
        session = self._session(quiz)
        item = session.item(question)
        return self._item(session, session.hint(item) if what == "hint" else session.flag(item))

    def finish(self, quiz: str) -> dict[str, Any]:
        """End the sitting; return how it went."""
        session = self._session(quiz)
        session.finish()
        self._sessions.pop(quiz)
        summary = session.summary()
        return {
            **{name: getattr(summary, name) for name in ("silent", "cents", "passed", "pass_mark", "read")},
            "possible": sum(row.possible for row in summary.rows),
            "topics": [vars(row) for row in summary.rows],
        }

    # -- an exercise --

    def prepare(self, exercise: str) -> None:
        """Load the checks of an exercise, so that a verdict need not wait for them."""
        from grader.checks.collection import load_suite
        from grader.reports.html import TEXT_LIMITS, environment

        if exercise not in self._suites:
            self._suites[exercise] = load_suite(self.course[exercise])
        self._parts: Any = environment(TEXT_LIMITS[0]).get_template("parts.html").module

    def check(self, exercise: str, files: dict[str, str]) -> dict[str, Any]:
        """Run the checks of an exercise on files, its own and those that it builds on; return the verdict."""
        from grader.checks.report import reports_to_json
        from grader.checks.run import check

        self.prepare(exercise)
        self._write(files)
        found = self.course[exercise]
        report = check(self._suites[exercise], read_source(found), pool=LatePool())
        report = report.for_student(found.file.feedback)
        self._ledger.record(report)
        functions = found.file.functions
        waiting = [name for name in functions if progress.waits_for(self.course, found, name, self._ledger)]
        return {
            **{name: getattr(report, name) for name in ("earned", "credits", "passed")},
            "waiting": waiting,
            "html": str(self._parts.exercise(report)),
            "report": reports_to_json([report]),
        }

    def hints(self, exercise: str, function: str) -> dict[str, Any]:
        """Return the hints on a function so far and one more, or what has to be written before."""
        found = self.course[exercise]
        if waits := progress.waits_for(self.course, found, function, self._ledger):
            return {"waits": markdown_html(f"{waits[1]} Write {waits[0]} first.")}
        hints, left = progress.take_hint(found, function, self._ledger)
        return {"hints": list(map(markdown_html, hints)), "left": left}

    def _write(self, files: dict[str, str]) -> None:
        for exercise_id, text in files.items():
            self.course[exercise_id].stub_path.write_text(text, encoding="utf-8")

    def _session(self, quiz: str) -> sittings.Session:
        """Return the sitting that is open; a fresh interpreter takes it up again."""
        if quiz not in self._sessions:
            self._sessions[quiz] = sittings.Session(quizzes.find_quiz(self.course, quiz), self._context)
        return self._sessions[quiz]

    def _items(self, session: sittings.Session) -> list[dict[str, Any]]:
        """Return the state of each question, in a word, for the list of them."""
        told = []
        for item in session.items():
            known = "right" if (item.score or 0) >= 1 else "wrong" if item.done else "tried"
            told.append(
                {
                    "id": item.variant.public.id,
                    "state": "open" if not item.answered else "answered" if session.silent else known,
                    "flagged": item.flagged,
                    "open": not (item.answered if session.silent else item.done),
                }
            )
        return told

    def _item(self, session: sittings.Session, item: sittings.Item) -> dict[str, Any]:
        face = item.variant.public
        return {
            **question_parts(item.variant),
            **{name: getattr(face, name) for name in ("id", "type", "topic", "credits")},
            **{name: getattr(item, name) for name in STANDS},
            "hints": [markdown_html(hint) for hint in item.hints],
            "silent": session.silent,
            "asks": quizzes.Question.kinds[face.type].asks,
            "certainty": session.sheet.public.confidence != "off" and (session.silent or not item.answered),
            "earned": session.cents(),
        }


def question_parts(variant: quizzes.Variant) -> dict[str, Any]:
    """Return what is shown of a question before it is answered."""
    face, names = variant.public, variant.names
    return {
        "prompt": markdown_html(variant.prompt),
        "code": face.code,
        "lefts": [markdown_html(quizzes.fill(left.text, names)) for left in face.lefts],
        "options": [markdown_html(quizzes.fill(option.text, names)) for option in variant.options],
    }


def reply_parts(reply: sittings.Reply) -> dict[str, Any]:
    """Return what is said to an answer, as the terminal says it."""
    marked = reply.mark
    done = reply.item.done
    if marked is None:
        return {"stored": True, "done": done}
    return {
        "done": done,
        "share": marked.share,
        "arithmetic": marked.arithmetic,
        "texts": marked.feedback,
        "feedback": list(map(markdown_html, marked.feedback)),
        "credits": credits_line(reply.counted) if reply.counted else "",
        "again": "" if done else "try again" + (", with new numbers" if reply.item.variant.params else ""),
        "solution": solution_line(reply) if done else "",
        "explain": markdown_html(reply.explain) if done else "",
        "source": reply.source if done else "",
    }
