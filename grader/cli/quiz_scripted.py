"""``grader quiz --answers FILE``: a sitting without anybody to ask."""

from __future__ import annotations

import json
from pathlib import Path

import click

from grader.cli import FAILED
from grader.cli.terminal import print_lines, width
from grader.course import CourseError
from grader.quiz import screen
from grader.quiz.answers import Unreadable
from grader.quiz.session import Reply, Session
from grader.strict_yaml import load_lists


def answer_from_file(session: Session, path: Path, form: str) -> int:
    """Answer what a file answers, finish, and show how it went; return the exit code.

    Raises:
        UsageError: the file is malformed, or answers a question that is not asked.
    """
    try:
        answers = load_lists(path)
    except CourseError as error:
        raise click.UsageError(str(error)) from None
    for question in answers:
        if question not in session.questions:
            raise click.UsageError(f"{path.name} answers `{question}`, which this sitting does not ask")
    said = {one: _answered(session, one, answers.get(one, []), path) for one in session.questions}
    session.finish()
    summary = session.summary()
    if form == "json":
        click.echo(json.dumps(_document(session, said), indent=2, ensure_ascii=False))
    else:
        for question, replies in said.items():
            click.echo(question)
            for reply in replies:
                print_lines(screen.reply_lines(reply, width()))
        print_lines(screen.summary_lines(session.sheet, summary, width()))
    return 0 if summary.silent or summary.passed else FAILED


def _answered(session: Session, question: str, answers: list[str], path: Path) -> list[Reply]:
    replies = []
    for answer in answers:
        item = session.item(question)
        if item.done:
            break
        try:
            replies.append(session.answer(item, answer))
        except Unreadable as error:
            raise click.UsageError(
                f"{path.name}: the answer to `{question}` cannot be read: {error}"
            ) from None
    return replies


def _document(session: Session, said: dict[str, list[Reply]]) -> dict[str, object]:
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


def _reply(reply: Reply) -> dict[str, object]:
    marked, earned = reply.mark, reply.earning
    return {
        "score": marked.score if marked else None,
        "arithmetic": marked.arithmetic if marked else "",
        "feedback": list(marked.feedback) if marked else [],
        "credits": earned.credits if earned else None,
        "balance_grew_by": reply.cents / 100,
    }
