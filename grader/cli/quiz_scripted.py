"""``grader quiz --answers FILE``: a sitting without anybody to ask."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from string import ascii_lowercase as LETTERS

import click

from grader.cli import FAILED, print_lines, width
from grader.course import CourseError, load_lists
from grader.quiz.credits import QuizContext
from grader.quiz.edition import PublicQuiz
from grader.quiz.questions.base import Unreadable
from grader.quiz.session import Item, Reply, Selection, Session
from grader.reports import quiz_screen as screen
from grader.reports.text import wrapped


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
