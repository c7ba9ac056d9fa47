"""``grader quiz``: take a quiz, repeat what is due, answer from a file, or hand in; and what grades answers.

A sitting is a conversation: plain lines out, one line in, whatever is at the other end.
"""

import contextlib
import datetime
import difflib
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase as LETTERS

import click

from grader import cli
from grader.course import Course, CourseError, Raw, load, open_course
from grader.progress import open_ledger
from grader.quiz import Quiz, Unreadable, all_quizzes, credits, find_quiz, parse, session as sittings
from grader.reports import quiz_screen as screen, wrapped

SECTIONS = {
    "Commands": {"responses": ("quiz", "Write your stored answers into a file, to hand in.")},
    "For instructors": {"grade": ("grade", "Grade answers that were handed in.")},
}
UNFINISHED = 75
Answers = Mapping[str, tuple[Raw, ...] | Raw]  # by question, an answer or one for each attempt
ESCAPE = "="


class _QuizGroup(cli.LazyGroup):
    """Any word that is no sub-command is the name of a quiz."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        if not asks_for_help and (not args or args[0] not in self.list_commands(ctx)):
            args = ["take", *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name == "grade":
            cli.hide()  # which holds keys
        return take if name == "take" else super().get_command(ctx, name)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        take.format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


@click.group(
    "quiz", cls=_QuizGroup, sections=SECTIONS, options_metavar="[NAME] [OPTIONS]", subcommand_metavar=""
)
def quiz() -> None:
    """Take a quiz, or choose one from a list.

    Every answer is kept at once: leave with q, Ctrl+C or by closing the window, and go on later.

    Exits with 0 if the pass mark was reached, 1 below it, 75 if the quiz was left unfinished.
    """


@click.command("take")
@click.argument("name", required=False)
@click.option("--topic", default="", help="Only questions of this topic.")
@click.option("--questions", type=click.IntRange(1), metavar="N", help="Only so many questions.")
@click.option("--review", is_flag=True, help="Missed questions that are due again, with new numbers.")
@click.option("--restart", is_flag=True, help="Leave an unfinished sitting as it is, and begin anew.")
@click.option(
    "--answers",
    type=cli.FILE,
    metavar="FILE",
    help="Take the answers from a YAML or JSON file: question id to answer, or to a list of attempts.",
)
@cli.format_option("text", "json", help="For people, or for programs (with --answers).")
@click.pass_obj
def take(
    course_folder: str | None,
    name: str | None,
    topic: str,
    questions: int | None,
    review: bool,
    restart: bool,
    answers: Path | None,
    form: str,
) -> None:
    """Take a quiz."""
    if form == "json" and answers is None:
        raise click.UsageError("--format json goes with --answers")
    if answers is not None and name is None:
        raise click.UsageError("--answers needs the NAME of a quiz")
    if review and (topic or restart or answers):
        raise click.UsageError("--review asks what is due; leave --topic, --restart and --answers out")
    course = open_course(course_folder)
    with credits.open_context(course, cli.hide) as context:
        if review:
            sheets = [find_quiz(course, name)] if name else all_quizzes(course)
            code = review_due(sheets, context, questions)
        else:
            sheet = find_quiz(course, name or choose(all_quizzes(course), context))
            if topic and topic not in sheet.topics:
                raise click.UsageError(f"{sheet.id} has no topic {topic!r}; it has {', '.join(sheet.topics)}")
            selection = sittings.Selection(topic, questions or 0, restart)
            if answers is None:
                code = sit(sittings.Session(sheet, context, selection))
            else:
                code = answer_from_file(sheet, context, selection, answers, form)
    sys.exit(code)


def choose(sheets: list[Quiz], context: credits.QuizContext) -> str:
    """Show the quizzes and ask for one; without anybody to ask, that is all."""
    credits.update(sheets, context)
    rows = []
    with context.open_ledger() as ledger:
        for sheet in sheets:
            own = [sitting for sitting in ledger.sittings(sheet.id) if sitting.mode != credits.REVIEW]
            unfinished = any(sitting.finished is None for sitting in own)
            state = "unfinished" if unfinished else "taken" if own else ""
            rows.append((sheet, credits.balance(ledger, sheet).cents, state))
        due = len(sittings.due_questions(ledger, sheets, datetime.datetime.now(datetime.UTC)))
    cli.print_lines(screen.menu_lines(rows, due, cli.width()))
    if not sheets or not sys.stdin.isatty():
        click.echo("take one: grader quiz NAME")
        sys.exit(0)
    ids = [sheet.id for sheet in sheets]
    suggestion = next((sheet.id for sheet, _, state in rows if state == "unfinished"), "")
    while True:
        try:
            word = ask(f"Which one? [{suggestion or 'name or number'}, q] ").strip() or suggestion
        except click.Abort:
            word = "q"
        if word == "q":
            sys.exit(0)
        if word.isdecimal() and 1 <= int(word) <= len(ids):
            return ids[int(word) - 1]
        if word in ids:
            return word
        click.echo(f"type one of {', '.join(ids)}, or a number from 1 to {len(ids)}")


def review_due(sheets: list[Quiz], context: credits.QuizContext, count: int | None) -> int:
    """Ask missed questions again, so many at the most, when they are due, with new numbers and no credits."""
    try:
        import fsrs  # noqa: F401
    except ImportError:
        raise click.UsageError("review needs the library fsrs: pip install fsrs") from None
    credits.update(sheets, context)
    with context.open_ledger() as ledger:
        due = sittings.due_questions(ledger, sheets, datetime.datetime.now(datetime.UTC))[:count]
    if not due:
        click.echo("nothing is due for review")
    code = 0
    for sheet in {sheet.id: sheet for sheet, _ in due}.values():
        questions = tuple(question for of_sheet, question in due if of_sheet.id == sheet.id)
        session = sittings.Session(sheet, context, sittings.Selection(only=questions))
        code = max(code, left := sit(session))
        with context.open_ledger() as ledger:
            for question in questions:
                if again := session.schedule(ledger, question):
                    days = (again - datetime.datetime.now(datetime.UTC)).total_seconds() / 86400
                    when = f"in {days:.0f} days" if days >= 1.5 else "tomorrow" if days >= 0.5 else "today"
                    click.echo(f"  {question}: again {when}")
        if left == UNFINISHED:
            break
    return code


# --- a sitting ----------------------------------------------------------------------------------------


def ask(prompt: str) -> str:
    """Read one line; click.Abort if there is no more input, or Ctrl+C was pressed."""
    try:
        if sys.stdin.isatty() and sys.stdout.isatty():
            with contextlib.suppress(ImportError):
                import readline  # noqa: F401  # lets a line be edited
            return input(prompt)
        click.echo(prompt, nl=False)
        line = sys.stdin.readline()
    except (EOFError, KeyboardInterrupt):
        raise click.Abort from None
    if not line:
        raise click.Abort
    click.echo(line.rstrip("\n"))
    return line.rstrip("\n")


def sit(session: sittings.Session) -> int:
    """Ask the questions of a sitting; return the exit code."""
    try:
        with contextlib.ExitStack() as stack:
            for number in (getattr(signal, name, None) for name in ("SIGHUP", "SIGTERM")):
                if number:  # a closed window, or an order to end, is taken for Ctrl+C
                    before = signal.signal(number, signal.default_int_handler)
                    stack.callback(signal.signal, number, before)
            cli.print_lines(screen.intro_lines(session, cli.width()))
            _Conversation(session).run()
    except (click.Abort, KeyboardInterrupt):
        with contextlib.suppress(OSError):  # the window may be gone
            again = "--review" if session.sitting.mode == credits.REVIEW else session.sheet.id
            click.echo(f"\nEverything you answered is kept. Go on with: grader quiz {again}")
        return UNFINISHED
    except sittings.FinishedElsewhere:
        click.echo("This sitting was finished in another window.")
    session.finish()
    summary = session.summary()
    cli.print_lines(screen.summary_lines(session, summary, cli.width()))
    return 0 if summary.silent or summary.passed or session.sitting.mode == credits.REVIEW else cli.FAILED


@dataclass
class _Conversation:
    """Where the learner is, and what the next line means."""

    session: sittings.Session
    place: int = 0  # of a question in the sitting

    def run(self) -> None:
        """Go through the questions until all are done, or the learner has had enough."""
        # There is no bar where it would be read aloud, or could not be drawn.
        plain = os.environ.get("ACCESSIBLE") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty()
        bar = 0 if plain else screen.BAR
        self._go_on(0)
        while self.place < len(self.session.questions) or self._goes_back(self.session.items()):
            item = self.session.item(self.session.questions[self.place])
            cli.print_lines(screen.question_lines(self.session, item, cli.width(), bar))
            if reply := self.session.said(item):
                cli.print_lines(screen.reply_lines(reply, cli.width()))
            while not self._act(item, ask("> ")):
                pass

    def _go_on(self, start: int) -> None:
        """Turn to the next question from a place on that can still be answered."""
        for place, question in enumerate(self.session.questions[start:], start):
            item = self.session.item(question)
            if not (item.answered if self.session.silent else item.done):
                self.place = place
                return
        self.place = len(self.session.questions)

    def _goes_back(self, items: list[sittings.Item]) -> bool:
        """At the end: offer to look at what was skipped or flagged; return whether the learner goes on."""
        skipped = [str(number) for number, item in enumerate(items, 1) if not item.answered]
        flagged = [str(number) for number, item in enumerate(items, 1) if item.flagged]
        if not skipped and not flagged and not self.session.silent:
            return False
        told = ["That was the last question"]
        told += [f"without an answer: {', '.join(skipped)}"] if skipped else []
        told += [f"flagged: {', '.join(flagged)}"] if flagged else []
        click.echo()
        cli.print_lines(wrapped(f"{'; '.join(told)}.", "detail", cli.width(), ""))
        while text := ask("a number goes back, Enter finishes > ").strip():
            if text == "q":
                raise click.Abort
            if text.isdecimal() and 1 <= int(text[:6]) <= len(items):
                self.place = int(text) - 1
                return True
        return False

    def _act(self, item: sittings.Item, text: str) -> bool:
        """Do what a line says; return whether the question should be shown anew (or another one)."""
        word, variant = text.strip(), item.variant
        options = 0 if variant.public.lefts else len(variant.options)
        match word:
            case "q":
                raise click.Abort
            case _ if word.casefold() in tuple(LETTERS[:options]):
                return self._answer(item, text)  # the letter of an option, also where a command has it
            case "" | "s":
                if not item.done and not (item.answered and self.session.silent):
                    click.echo(f"  skipped; l {self.place + 1} comes back to it")
                self._go_on(self.place + 1)
                return True
            case "p" | "b":
                self.place = max(0, self.place - 1)
                return True
            case "h" if item.next_hint is not None:
                price = f"  a hint costs {item.next_hint:.2f} credits; y takes it > "
                taken = not item.next_hint or ask(price).strip().casefold() in ("y", "yes")
                if taken:
                    self.session.hint(item)
                return taken
            case "h":
                click.echo("  there is no hint left" if item.hints else "  there is no hint for this one")
                return False
            case "f":
                click.echo("  flagged" if self.session.flag(item).flagged else "  no longer flagged")
                return False
            case "l":
                cli.print_lines(screen.list_lines(self.session.items(), cli.width()))
                return False
            case "?":
                cli.print_lines(screen.help_lines(item, cli.width()))
                return False
        if word.startswith("l ") and word[2:].strip().isdecimal():
            self.place = min(max(int(word[2:8]), 1), len(self.session.questions)) - 1
            return True
        return self._answer(item, word.removeprefix(ESCAPE) if word.startswith(ESCAPE) else text)

    def _answer(self, item: sittings.Item, text: str) -> bool:
        if item.done:
            click.echo("  this question is done; Enter goes on")
            return False
        try:
            parse(item.variant, text)  # what cannot be read is said at once
            certainty, leaves = self._certainty(item)
            reply = self.session.answer(item, text, certainty)
        except Unreadable as error:
            cli.print_lines(wrapped(str(error), "skipped", cli.width(), "  "))
            return False
        except sittings.AnsweredElsewhere:
            click.echo("  this question was answered in another window meanwhile")
            return True
        if leaves:
            raise click.Abort
        cli.print_lines(screen.reply_lines(reply, cli.width()))
        if reply.mark is None or reply.item.done:
            self._go_on(self.place + 1)
        return True

    def _certainty(self, item: sittings.Item) -> tuple[int | None, bool]:
        """Return how sure the learner is, where the quiz asks; and whether they leave after this answer."""
        confidence = self.session.sheet.public.confidence
        if confidence == "off" or (item.answered and not self.session.silent):
            return None, False
        try:
            while (given := ask(f"  {screen.HOW_SURE}, Enter: no answer > ").strip()) not in ("1", "2", "3"):
                if given in ("", "q"):
                    return None, given == "q"
                click.echo("  type 1, 2 or 3, or only Enter")
        except click.Abort:
            return None, True
        return int(given), False


# --- answers from a file ------------------------------------------------------------------------------


def answer_from_file(
    sheet: Quiz, context: credits.QuizContext, selection: sittings.Selection, path: Path, form: str
) -> int:
    """Answer what a file answers, finish, and show how it went; return the exit code."""
    try:
        answers = load(path, Answers)  # type: ignore[type-abstract]
    except CourseError as error:
        raise click.UsageError(str(error)) from None
    known = [question.id for question in sheet.public.faces]
    for unknown in (question for question in answers if question not in known):
        near = difflib.get_close_matches(unknown, known, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise click.UsageError(f"{path.name} answers `{unknown}`, which {sheet.id} does not ask{hint}")
    session = sittings.Session(sheet, context, selection)
    said: dict[str, list[sittings.Reply | Unreadable]] = {}
    for question in session.questions:
        replies = said.setdefault(question, [])
        given = answers.get(question, ())
        for answer in [given] if isinstance(given, str) else given:
            item = session.item(question)
            if item.done:
                break
            try:
                replies.append(session.answer(item, _by_ids(item, answer)))
            except Unreadable as error:
                replies.append(error)
    session.finish()
    summary = session.summary()
    if form == "json":
        document = json.dumps(_document(session, summary, said), indent=2, ensure_ascii=False)
        cli.write_output(f"{document}\n", None)
    else:
        for question, replies in said.items():
            click.echo(question)
            for reply in replies:
                if isinstance(reply, Unreadable):
                    cli.print_lines(wrapped(f"not taken: {reply}", "skipped", cli.width(), "  "))
                else:
                    cli.print_lines(screen.reply_lines(reply, cli.width()))
        cli.print_lines(screen.summary_lines(session, summary, cli.width()))
    return 0 if summary.silent or summary.passed else cli.FAILED


def _by_ids(item: sittings.Item, answer: str) -> str:
    """Put numbers (letters, in a match) in the place of the ids of options: a file cannot know the order."""
    names = LETTERS if item.variant.public.lefts else map(str, range(1, 100))
    known = {option.id: name for option, name in zip(item.variant.options, names, strict=False)}
    words = answer.replace(",", " ").split()
    return " ".join(known[word] for word in words) if words and set(words) <= known.keys() else answer


def _document(
    session: sittings.Session, summary: sittings.Summary, said: dict[str, list[sittings.Reply | Unreadable]]
) -> dict[str, object]:
    return {
        "schema": "rnn-grader/quiz/1",
        "quiz": session.sheet.id,
        "version": session.sheet.public.version,
        "learner": session.learner.id,
        "credits": summary.cents / 100,
        "possible": sum(row.possible for row in summary.rows) / 100,
        "passed": None if summary.silent else summary.passed,
        "questions": [
            {
                "id": question,
                "topic": session.sheet.faces[question].topic,
                "attempts": list(map(_reply, replies)),
            }
            for question, replies in said.items()
        ],
    }


def _reply(reply: sittings.Reply | Unreadable) -> dict[str, object]:
    if isinstance(reply, Unreadable):
        return {"unreadable": str(reply)}
    marked, counted = reply.mark, reply.counted
    return {
        "score": marked.share if marked else None,
        "arithmetic": marked.arithmetic if marked else "",
        "feedback": list(marked.feedback) if marked else [],
        "credits": counted.worth / 100 if counted else None,
        "balance_grew_by": counted.cents / 100 if counted else 0.0,
    }


@click.command("responses")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@cli.output_option()
@cli.pass_course
def responses(course: Course, names: tuple[str, ...], output: Path | None) -> None:
    """Write your stored answers into a file, to hand in.

    The file holds what you typed, and nothing about right and wrong (docs/report.md).
    """
    from grader.progress.hand_in import responses_document  # which no sitting waits for

    sheets = [find_quiz(course, name) for name in names] if names else all_quizzes(course)
    quizzes = list(dict.fromkeys((sheet.id, sheet.public.version, sheet.path) for sheet in sheets))
    with open_ledger(course) as ledger:
        document = responses_document(ledger, quizzes, datetime.datetime.now(datetime.UTC))
    if not document["quizzes"]:
        cli.stop(f"{document['learner']['name']} has answered nothing here yet", cli.FAILED)
    plain = output is None  # a shell that writes it to a file may know no other letters
    cli.write_output(f"{json.dumps(document, indent=2, ensure_ascii=plain)}\n", output)
    who = document["learner"]
    click.echo(f"answers of {who['name']} (id {who['id']})", err=True)
    if who["id"] == "anonymous":
        advice = "`grader login NAME` says who learns here, before a quiz is begun"
        click.echo(f"nobody is logged in; {advice}", err=True)
    for quiz in document["quizzes"]:
        last = quiz["sittings"][-1]
        count = len({answer["question"] for answer in last["responses"]})
        state = "" if last["finished"] else ", not finished yet"
        click.echo(f"{quiz['quiz']}: {count} of {len(last['questions'])} answered{state}", err=True)
