"""What ``grader quiz`` does: take a quiz, repeat what is due, or answer from a file."""

from __future__ import annotations

import datetime
import difflib
import json
import sys
from pathlib import Path
from string import ascii_lowercase as LETTERS

import click

from grader.cli import FAILED, hide, print_lines, width
from grader.cli.quiz_terminal import LearnerLeft, ask, sit
from grader.course import CourseError, load_lists, open_course
from grader.quiz.credits import REVIEW, QuizContext, balance, open_context, update
from grader.quiz.files import PublicQuiz, UnknownQuiz, all_public, find_public
from grader.quiz.questions.base import Unreadable
from grader.quiz.session import Item, OtherSitting, Reply, Selection, Session, due_questions, schedule
from grader.reports import quiz_screen as screen
from grader.reports.text import wrapped


def take_quiz(
    course_folder: str | None,
    name: str | None,
    topic: str,
    questions: int | None,
    review: bool,
    restart: bool,
    answers: Path | None,
    form: str,
) -> int:
    """Do what the options of ``grader quiz`` say; return the exit code."""
    course = open_course(course_folder)
    try:
        with open_context(course, hide) as context:
            if review:
                sheets = [find_public(course, name)] if name else all_public(course)
                return review_due(sheets, context, questions)
            sheet = find_public(course, name or choose(all_public(course), context))
            if topic and topic not in sheet.topics:
                topics = ", ".join(sheet.topics)
                raise click.UsageError(f"{sheet.id} has no topic {topic!r}; it has {topics}")
            selection = Selection(topic, questions or 0, restart)
            if answers is not None:
                return answer_from_file(sheet, context, selection, answers, form)
            return sit(Session(sheet, context, selection))
    except (UnknownQuiz, OtherSitting) as error:
        raise click.UsageError(str(error)) from None


def choose(sheets: list[PublicQuiz], context: QuizContext) -> str:
    """Show the quizzes and ask for one; without anybody to ask, that is all."""
    update(sheets, context)
    rows = []
    with context.open_ledger() as ledger:
        for sheet in sheets:
            sittings = [sitting for sitting in ledger.sittings(sheet.id) if sitting.mode != REVIEW]
            unfinished = any(sitting.finished is None for sitting in sittings)
            state = "unfinished" if unfinished else "taken" if sittings else ""
            rows.append((sheet, balance(ledger, sheet).cents, state))
        due = len(due_questions(ledger, sheets, datetime.datetime.now(datetime.UTC)))
    print_lines(screen.menu_lines(rows, due, width()))
    if not sheets or not sys.stdin.isatty():
        click.echo("take one with: grader quiz NAME")
        sys.exit(0)
    ids = [sheet.id for sheet in sheets]
    suggestion = next((sheet.id for sheet, _, state in rows if state == "unfinished"), "")
    while True:
        try:
            word = ask(f"Which one? [{suggestion or 'name or number'}, q] ").strip() or suggestion
        except LearnerLeft:
            sys.exit(0)
        if word == "q":
            sys.exit(0)
        if word.isdecimal() and 1 <= int(word) <= len(ids):
            return ids[int(word) - 1]
        if word in ids:
            return word
        click.echo(f"type one of {', '.join(ids)}, or a number from 1 to {len(ids)}")


def review_due(sheets: list[PublicQuiz], context: QuizContext, count: int | None) -> int:
    """Ask missed questions again, when they are due, with new numbers and no credits; return the exit code.

    Args:
        count: so many questions at the most; None for all.

    Raises:
        UsageError: the library that schedules is missing.
    """
    try:
        import fsrs  # noqa: F401
    except ImportError:
        raise click.UsageError('review needs the library fsrs: pip install "rnn-grader[review]"') from None
    update(sheets, context)
    with context.open_ledger() as ledger:
        due = due_questions(ledger, sheets, datetime.datetime.now(datetime.UTC))[:count]
    if not due:
        click.echo("nothing is due for review")
        return 0
    code = 0
    for sheet in {sheet.id: sheet for sheet, _ in due}.values():
        questions = tuple(question for of_sheet, question in due if of_sheet.id == sheet.id)
        session = Session(sheet, context, Selection(only=questions))
        code = max(code, sit(session))
        with context.open_ledger() as ledger:
            for question in questions:
                score = session.first_score(ledger, question)
                if score is not None:
                    hints = ledger.hints_taken(session.sitting.id, question)
                    again = schedule(ledger, sheet.id, question, right=score >= 1, hints=hints)
                    days = (again - datetime.datetime.now(datetime.UTC)).total_seconds() / 86400
                    when = f"in {days:.0f} days" if days >= 1.5 else "tomorrow" if days >= 0.5 else "today"
                    click.echo(f"  {question}: again {when}")
    return code


# --- answers from a file ------------------------------------------------------------------------------


def answer_from_file(
    sheet: PublicQuiz, context: QuizContext, selection: Selection, path: Path, form: str
) -> int:
    """Answer what a file answers, finish, and show how it went; return the exit code.

    Raises:
        UsageError: the file is malformed, or answers a question that there is not.
    """
    try:
        answers = load_lists(path)
    except CourseError as error:
        raise click.UsageError(str(error)) from None
    known = [question.id for question in sheet.public.faces]
    for unknown in (question for question in answers if question not in known):
        near = difflib.get_close_matches(unknown, known, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise click.UsageError(f"{path.name} answers `{unknown}`, which {sheet.id} does not ask{hint}")
    session = Session(sheet, context, selection)
    said: dict[str, list[Reply | Unreadable]] = {}
    for question in session.questions:
        replies = said.setdefault(question, [])
        for answer in answers.get(question, []):
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
        click.echo(json.dumps(_document(session, said), indent=2, ensure_ascii=False))
        return 0 if summary.silent or summary.passed else FAILED
    for question, replies in said.items():
        click.echo(question)
        for reply in replies:
            if isinstance(reply, Unreadable):
                print_lines(wrapped(f"not taken: {reply}", "skipped", width(), "  "))
            else:
                print_lines(screen.reply_lines(reply, width()))
    print_lines(screen.summary_lines(session.sheet, summary, width()))
    return 0 if summary.silent or summary.passed else FAILED


def _by_ids(item: Item, answer: str) -> str:
    """Put numbers (letters, in a match) in the place of the ids of options: a file cannot know the order."""
    names = LETTERS if item.variant.public.lefts else list(map(str, range(1, 100)))
    known = {option.id: name for option, name in zip(item.variant.options, names, strict=False)}
    words = answer.replace(",", " ").split()
    return " ".join(known[word] for word in words) if words and set(words) <= known.keys() else answer


def _document(session: Session, said: dict[str, list[Reply | Unreadable]]) -> dict[str, object]:
    summary = session.summary()
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
                "topic": session.sheet.face(question).topic,
                "attempts": list(map(_reply, replies)),
            }
            for question, replies in said.items()
        ],
    }


def _reply(reply: Reply | Unreadable) -> dict[str, object]:
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
