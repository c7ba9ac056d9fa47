"""A sitting -> lines for a terminal: plain text, one thing a line, no cursor moved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from grader.mathtext import render
from grader.quiz.session import Item, Reply, Session, Summary
from grader.quiz.sheet import Sheet
from grader.quiz.solutions import LETTERS
from grader.quiz.variants import fill
from grader.report.lines import Line, Style, ends, wrapped

BAR = 24
FENCE = "```"
ASKS = {
    "single": "type the number of your choice",
    "multiple": "type the numbers of all that are right, such as: 1 3",
    "numeric": "type a number; 0.5, 1e-3, 1/3 and log(2)/3 are all fine",
    "shape": "type a shape, such as (3, 5) or (D + H, 4*H); a single axis is (5,)",
    "order": "type the numbers in order, such as: 3 1 2; leave out what does not belong",
    "match": "type pairs, such as: 1b 2a",
    "text": "type a word or two",
    "output": "type what it prints",
    "fix": "type the number of the faulty line, a colon and the line as it should be",
}
COMMANDS = {
    "h": "hint",
    "s": "skip",
    "f": "flag",
    "b": "back",
    "l": "list",
    "q": "quit",
    "?": "help",
}
CERTAINTY = "How sure are you? 1 guessing, 2 fairly, 3 certain"
PAYOFF = "right earns 1/3, 2/3 or all of the credits; wrong costs 0, 2/3 or 2 times the credits"


def question_lines(session: Session, item: Item, width: int = 80) -> Iterator[Line]:
    """Lay out a question with what can be done about it.

    Args:
        width: columns of the terminal.
    """
    sheet, face = session.sheet, item.variant.face
    number, count = session.questions.index(face.id) + 1, len(session.questions)
    yield Line("", "detail")
    yield Line(
        ends(f"{sheet.public.title}  {bar(number - 1, count)}", f"question {number} of {count}", width),
        "heading",
    )
    yield Line(" · ".join(_facts(item)), "note")
    yield Line("", "detail")
    yield from _text(item.variant.prompt, "detail", width, indent="")
    if face.code:
        yield Line("", "detail")
        numbered = face.type == "fix"
        for place, line in enumerate(face.code.rstrip().splitlines(), 1):
            yield Line(f"  {f'{place:>2} ' if numbered else '  '}{line}", "code")
    if face.lefts or item.variant.options:
        yield Line("", "detail")
    for place, left in enumerate(face.lefts, 1):
        yield from _option(str(place), left.text, width)
    for place, option in enumerate(item.variant.options):
        name = LETTERS[place] if face.lefts else str(place + 1)
        yield from _option(name, fill(option.text, item.variant.names), width)
    yield Line("", "detail")
    for hint in item.hints:
        yield from _text(f"hint: {hint}", "skipped", width, indent="  ")
    yield from wrapped(
        ASKS[face.type] + ("; Enter skips" if not item.answered else ""), "note", width, indent="  "
    )


def _facts(item: Item) -> Iterator[str]:
    face = item.variant.face
    yield f"{face.topic}"
    yield f"{face.credits} credit{'s' if face.credits != 1 else ''}"
    if item.tries:
        yield f"attempt {min(item.attempt, item.tries)} of {item.tries}"
    elif item.answered:
        yield "answered; you can change it"
    if item.flagged:
        yield "flagged"
    if item.next_hint is not None:
        cost = f"costs {item.next_hint:.2f}" if item.next_hint else "free"
        yield f"h: a hint ({cost})"


def _option(name: str, text: str, width: int) -> Iterator[Line]:
    first, *rest = list(_text(text, "detail", width, indent=" " * 6)) or [Line("", "detail")]
    yield Line(f"  {name:>2}  {first.text.strip()}", first.style)
    yield from rest


def _text(markdown: str, style: Style, width: int, indent: str = "    ") -> Iterator[Line]:
    """Break Markdown into lines: mathematics in plain signs, emphasis without its stars, code as it is."""
    for number, block in enumerate(markdown.split(FENCE)):
        if number % 2:
            for line in block.partition("\n")[2].rstrip().splitlines():
                yield Line(f"{indent}  {line}", "code")
            continue
        for paragraph in re.split(r"\n\s*\n", block.strip("\n")):
            text = " ".join(paragraph.split())
            yield from wrapped(
                re.sub(r"\*{1,2}(\S(?:[^*]*\S)?)\*{1,2}", r"\1", render(text)), style, width, indent
            )


def bar(done: int, count: int) -> str:
    """Draw how far a sitting has come."""
    full = round(BAR * done / max(1, count))
    return "█" * full + "░" * (BAR - full)


def reply_lines(reply: Reply, width: int = 80) -> Iterator[Line]:
    """Lay out what is said to an answer, with the arithmetic of what it earned."""
    marked = reply.mark
    if marked is None:
        yield Line("  stored; you can change it until you finish", "note")
        return
    style: Style = "passed" if marked.right else "skipped" if marked.score else "failed"
    sign = "✓" if marked.right else "…" if marked.score else "✗"
    yield from wrapped(f"{sign} {marked.arithmetic}", style, width, indent="  ")
    for text in marked.feedback:
        yield from _text(text, "detail", width)
    if reply.earning:
        gained = f"+{reply.cents / 100:.2f}" if reply.cents >= 0 else f"{reply.cents / 100:.2f}"
        yield from wrapped(
            f"credits: {reply.earning.arithmetic}; your balance {gained}", "note", width, "    "
        )
    if not reply.item.done:
        yield Line("    try again" + (", with new numbers" if reply.item.variant.params else ""), "note")
        return
    if not marked.right and reply.solution:
        yield from wrapped(f"right is: {reply.solution}", "detail", width)
    if marked.accepted:
        yield from wrapped(marked.accepted, "note", width)
    yield from _text(reply.explain, "detail", width)
    yield from wrapped(f"source: {reply.source}", "note", width)


def help_lines(item: Item, width: int = 80) -> Iterator[Line]:
    """Lay out what can be typed."""
    yield from wrapped(ASKS[item.variant.face.type], "detail", width, indent="  ")
    for letter, word in COMMANDS.items():
        yield Line(f"    {letter}  {word}", "detail")
    yield Line("    a number after l, as in `l 5`, goes to that question", "detail")
    yield Line("    an answer that is one of these letters: put = before it, as in `=h`", "detail")


def list_lines(session: Session, items: Iterable[Item], width: int = 80) -> Iterator[Line]:
    """Lay out the questions of a sitting with their state."""
    for number, item in enumerate(items, 1):
        style: Style = "note"
        mark = "·"
        if item.answered:
            known = item.score is not None
            style = "passed" if known and (item.score or 0) >= 1 else "skipped" if not item.done else "failed"
            mark = {"passed": "✓", "skipped": "…", "failed": "✗"}[style] if known else "•"
        flag = "  flagged" if item.flagged else ""
        text = " ".join(render(item.variant.prompt).split())
        room = width - 10 - len(flag)
        yield Line(
            f"  {mark} {number:>3}  {text if len(text) <= room else text[: room - 1] + '…'}{flag}", style
        )


def summary_lines(sheet: Sheet, summary: Summary, width: int = 80) -> Iterator[Line]:
    """Lay out how a sitting went."""
    yield Line("", "detail")
    if summary.silent:
        answered = sum(row.answered for row in summary.rows)
        count = sum(row.questions for row in summary.rows)
        yield Line(ends(sheet.public.title, f"{answered} of {count} answered", width), "heading")
        yield from wrapped(
            "Your answers are stored; they are graded by whoever has the key.", "detail", width, "  "
        )
        return
    total = sum(row.possible for row in summary.rows) / 100
    verdict = f"{summary.cents / 100:.2f} of {total:g} credits, {summary.share:.0%}"
    yield Line(ends(sheet.public.title, verdict, width), "heading")
    for row in summary.rows:
        share = row.cents / max(1, row.possible)
        style: Style = "passed" if share >= summary.pass_mark else "failed" if row.answered else "note"
        right = f"{row.cents / 100:.2f} of {row.possible / 100:g}"
        yield Line(ends(f"  {row.topic}", right, width), style)
    word = "passed" if summary.passed else "below the pass mark"
    yield Line(f"  {word} (pass mark {summary.pass_mark:.0%})", "passed" if summary.passed else "failed")
    yield from _certainty(summary, width)
    if summary.open:
        yield from wrapped(f"without an answer: {', '.join(summary.open)}", "note", width, indent="  ")
    if summary.flagged:
        yield from wrapped(f"flagged: {', '.join(summary.flagged)}", "note", width, indent="  ")


def _certainty(summary: Summary, width: int) -> Iterator[Line]:
    """Say how well certainty and truth went together."""
    if not summary.certainty:
        return
    expected = {1: 1 / 3, 2: 2 / 3, 3: 0.95}
    for level, word in ((1, "guessing"), (2, "fairly sure"), (3, "certain")):
        rights = [right for given, right in summary.certainty if given == level]
        if rights:
            yield Line(f"  {word}: {sum(rights)} of {len(rights)} right", "detail")
    brier = sum((expected[level] - right) ** 2 for level, right in summary.certainty) / len(summary.certainty)
    yield from wrapped(
        f"calibration (Brier score): {brier:.2f}; 0 is perfect, 0.25 is what a coin gets", "note", width, "  "
    )


Row = tuple[str, str, int, int, int, str]
"""Quiz id, title, questions, cents earned, credits there are, and a word on its state."""


def menu_lines(rows: list[Row], due: int | None, width: int = 80) -> Iterator[Line]:
    """Lay out the quizzes of a course.

    Args:
        due: how many missed questions are due for review; None if nobody can know.
    """
    if not rows:
        yield Line("this course has no quizzes yet", "detail")
        return
    yield Line(f"{'quiz':<24}{'questions':>10}{'credits':>16}", "heading")
    for quiz_id, title, questions, cents, credits, state in rows:
        done = cents >= 100 * credits
        style: Style = "passed" if done else "skipped" if cents or state else "note"
        yield Line(
            f"{quiz_id:<24}{questions:>10}{f'{cents / 100:.2f} of {credits}':>16}  {state}".rstrip(), style
        )
        yield from wrapped(title, "detail", width, indent="  ")
    earned, possible = sum(row[3] for row in rows) / 100, sum(row[4] for row in rows)
    yield Line(f"{earned:.2f} of {possible} credits", "heading")
    if due:
        word = "question is" if due == 1 else "questions are"
        yield Line(f"{due} missed {word} due: grader quiz --review", "note")
