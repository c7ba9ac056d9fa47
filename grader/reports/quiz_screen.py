"""A sitting -> lines for a terminal: plain text, one thing a line, no cursor moved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.quiz.credits import which_sittings_count
from grader.quiz.edition import PublicQuiz
from grader.quiz.questions.base import LETTERS, Question
from grader.quiz.session import Item, Reply, Session, Summary
from grader.quiz.variants import fill
from grader.reports.quiz_prose import NO_BREAK, plain, prose_lines
from grader.reports.text import Line, Style, ends, wrapped
from grader.sandbox.text import clean, shorten

BAR = 20
SHOWN = 200  # characters of an answer
COMMANDS = {
    "h": "a hint, for what it costs",
    "s": "skip, as Enter does",
    "f": "flag the question, to come back to it",
    "b": "back to the question before",
    "l": "list all questions; l 5 goes to question 5",
    "q": "leave; all your answers are kept",
    "?": "this help",
}
MODES = {
    "practice": "You are told at once what was right. Every attempt has numbers of its own.",
    "graded": "Your answers are graded later. You can change them until you finish.",
    "review": "What you missed, with new numbers. It earns nothing and costs nothing.",
}
EXERCISE = re.compile(r"exercise-\d+")
ENOUGH = 3  # answers of one certainty, before it is compared with the truth
HOW_SURE = "How sure are you? 1 guessing, 2 fairly, 3 certain"


def intro_lines(session: Session, width: int = 80) -> Iterator[Line]:
    """Lay out what is to come, or how far it has come already."""
    public, count = session.sheet.public, len(session.questions)
    possible = sum(session.sheet.face(one).credits for one in session.questions)
    yield Line("", "detail")
    yield Line(public.title[:width], "heading")
    facts = [f"{count} question{'s' if count != 1 else ''}", f"{possible} credits"]
    if session.sitting.mode != "review":
        facts.append(f"pass mark {public.pass_mark:.0%}")
    yield from wrapped(" · ".join(facts), "detail", width, "  ")
    mode = "review" if session.sitting.mode == "review" else public.mode
    yield from wrapped(MODES[mode], "detail", width, "  ")
    if mode == "graded":
        yield from wrapped(_which_count(session), "note", width, "  ")
    if session.regraded:
        change = f"{session.regraded / 100:+.2f}"
        yield from wrapped(f"The key has changed since you were here: {change} credits.", "note", width, "  ")
    if session.resumed:
        yield from wrapped("Going on where you left; --restart begins anew.", "note", width, "  ")
    yield from wrapped("? shows what can be typed; q leaves and keeps everything.", "note", width, "  ")


def _which_count(session: Session) -> str:
    """Say which sittings of a graded quiz count, and whether this is one of them."""
    rule, number = which_sittings_count(session.sheet), session.sitting.number
    which = f"{rule[0].upper()}{rule[1:]}; this is sitting {number}"
    return f"{which}{'.' if number <= session.sheet.public.sittings else ': it is kept, and earns nothing.'}"


def question_lines(session: Session, item: Item, width: int = 80, columns: int = BAR) -> Iterator[Line]:
    """Lay out a question with what can be done about it.

    Args:
        width: columns of the terminal.
        columns: of the bar; 0 leaves it out.
    """
    face = item.variant.public
    number, count = session.questions.index(face.id) + 1, len(session.questions)
    yield Line("", "detail")
    yield Line(ends(session.sheet.public.title, f"question {number} of {count}", width), "heading")
    facts = " · ".join(fact.replace(" ", NO_BREAK) for fact in _facts(session, item))
    bar = _bar(number - 1, count, columns)
    for line in wrapped(f"{bar}{'  ' * bool(bar)}{facts}", "note", width, ""):
        yield Line(line.text.replace(NO_BREAK, " "), line.style)
    yield Line("", "detail")
    yield from prose_lines(item.variant.prompt, "detail", width, indent="")
    yield from _body(item, width)
    yield Line("", "detail")
    for hint in item.hints:
        yield from prose_lines(f"hint: {hint}", "skipped", width, indent="  ")
    yield from _asks(session, item, width)


def _body(item: Item, width: int) -> Iterator[Line]:
    """Lay out code and options."""
    face = item.variant.public
    if face.code:
        yield Line("", "detail")
    numbered = Question.kinds[face.type].shows_line_numbers
    for place, line in enumerate(face.code.rstrip().splitlines(), 1):
        yield Line(f"  {f'{place:>2} ' if numbered else '  '}{line}", "code")
    if face.lefts or item.variant.options:
        yield Line("", "detail")
    for place, left in enumerate(face.lefts, 1):
        yield from _option(str(place), left.text, width)
    for place, option in enumerate(item.variant.options):
        name = LETTERS[place] if face.lefts else str(place + 1)
        yield from _option(name, fill(option.text, item.variant.names), width)


def _asks(session: Session, item: Item, width: int) -> Iterator[Line]:
    if item.done:
        yield from wrapped(f"your answer: {clean(item.given, SHOWN)}", "detail", width, indent="  ")
    elif item.answered and session.silent:
        yield from wrapped(
            f"your answer: {clean(item.given, SHOWN)}; type another one, or Enter", "note", width, "  "
        )
    else:
        text = Question.kinds[item.variant.public.type].asks + ("; Enter skips" if not item.answered else "")
        yield from wrapped(text, "note", width, indent="  ")


def _facts(session: Session, item: Item) -> Iterator[str]:
    face = item.variant.public
    if not session.silent and session.sitting.mode != "review":
        yield f"{session.cents() / 100:.2f} earned"
    yield face.topic
    yield f"{face.credits} credit{'s' if face.credits != 1 else ''}"
    if item.tries > 1 and not item.done:
        yield f"attempt {item.attempt} of {item.tries}"
    if item.flagged:
        yield "flagged"
    if item.next_hint is not None:
        yield f"h: {f'hint -{item.next_hint:.2f}' if item.next_hint else 'free hint'}"


def _option(name: str, text: str, width: int) -> Iterator[Line]:
    first, *rest = list(prose_lines(text, "detail", width, indent=" " * 6)) or [Line("", "detail")]
    yield Line(f"  {name:>2}  {first.text.strip()}", first.style)
    yield from rest


def _bar(done: int, count: int, columns: int) -> str:
    full = round(columns * done / max(1, count))
    return "█" * full + "░" * (columns - full)


def reply_lines(reply: Reply, width: int = 80) -> Iterator[Line]:
    """Lay out what is said to an answer, with the arithmetic of what it earned."""
    marked = reply.mark
    if marked is None:
        yield Line("  stored; you can change it until you finish", "note")
        return
    style: Style = "passed" if marked.right else "skipped" if marked.share else "failed"
    sign = "✓" if marked.right else "…" if marked.share else "✗"
    yield from wrapped(f"{sign} {marked.arithmetic}", style, width, indent="  ")
    for text in marked.feedback:
        yield from prose_lines(text, "detail", width)
    if counted := reply.counted:
        gained = f"your balance {counted.cents / 100:+.2f}{f' ({counted.note})' if counted.note else ''}"
        yield from wrapped(f"credits: {counted.arithmetic}; {gained}", "note", width)
    if not reply.item.done:
        yield Line("    try again" + (", with new numbers" if reply.item.variant.params else ""), "note")
        return
    if not marked.right and reply.solution:
        accepted = f" ({marked.accepted})" if marked.accepted else ""
        yield from wrapped(f"right is: {reply.solution}{_chosen(reply)}{accepted}", "detail", width)
    yield from prose_lines(reply.explain, "detail", width)
    yield from wrapped(f"source: {reply.source}", "note", width)


def _chosen(reply: Reply) -> str:
    """Return the words of a right choice, which its number does not say."""
    variant = reply.item.variant
    if variant.public.type != "single" or not reply.solution.isdecimal():
        return ""
    return f", {plain(fill(variant.options[int(reply.solution) - 1].text, variant.names))}"


def help_lines(item: Item, width: int = 80) -> Iterator[Line]:
    """Lay out what can be typed."""
    yield from wrapped(Question.kinds[item.variant.public.type].asks, "detail", width, indent="  ")
    for letter, word in COMMANDS.items():
        yield Line(f"    {letter}  {word}", "detail")
    yield from wrapped("an answer that is one of these letters: put = before it, as in =h", "detail", width)


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
        text = plain(item.variant.prompt.replace("```", " "))
        room = width - 10 - len(flag)
        yield Line(f"  {mark} {number:>3}  {shorten(text, room)}{flag}", style)


def summary_lines(sheet: PublicQuiz, summary: Summary, width: int = 80) -> Iterator[Line]:
    """Lay out how a sitting went."""
    yield Line("", "detail")
    count = sum(row.questions for row in summary.rows)
    if summary.silent:
        answered = sum(row.answered for row in summary.rows)
        yield Line(ends(sheet.public.title, f"{answered} of {count} answered", width), "heading")
        yield from wrapped("Your answers are stored; whoever has the key grades them.", "detail", width, "  ")
    elif summary.mode == "review":
        yield Line(ends(sheet.public.title, f"{summary.right} of {count} right at once", width), "heading")
    else:
        yield from _credits(sheet, summary, width)
    yield from _certainty(summary, width)
    if summary.open:
        yield from wrapped(f"without an answer: {', '.join(summary.open)}", "note", width, indent="  ")
    if summary.flagged:
        yield from wrapped(f"flagged: {', '.join(summary.flagged)}", "note", width, indent="  ")
    for topic, sources in summary.read:
        yield from _read(topic, sources, width)


def _credits(sheet: PublicQuiz, summary: Summary, width: int) -> Iterator[Line]:
    total = sum(row.possible for row in summary.rows) / 100
    verdict = f"{summary.cents / 100:.2f} of {total:g} credits, {summary.share:.0%}"
    yield Line(ends(sheet.public.title, verdict, width), "heading")
    for row in summary.rows:
        share = row.cents / max(1, row.possible)
        style: Style = "passed" if share >= summary.pass_mark else "failed" if row.answered else "note"
        sign = {"passed": "✓", "failed": "✗"}.get(style, "·")
        right = f"{row.cents / 100:.2f} of {row.possible / 100:g}"
        yield Line(ends(f"  {sign} {row.topic}", right, width), style)
    word = "passed" if summary.passed else "below the pass mark"
    yield Line(f"  {word} ({summary.pass_mark:.0%})", "passed" if summary.passed else "failed")


def _read(topic: str, sources: tuple[str, ...], width: int) -> Iterator[Line]:
    """Say where to read on in a weak topic; a lesson of the course is a command away."""
    yield from wrapped(f"read on {topic}: {'; '.join(sources)}", "note", width, indent="  ")
    for exercise in dict.fromkeys(EXERCISE.findall(" ".join(sources))):
        yield Line(f"    grader show {exercise}", "note")


def _certainty(summary: Summary, width: int) -> Iterator[Line]:
    """Say how well certainty and truth went together."""
    if not summary.certainty:
        return
    expected = {1: 1 / 3, 2: 2 / 3, 3: 0.95}
    told = []
    for level, word in ((1, "guessing"), (2, "fairly sure"), (3, "certain")):
        rights = [right for given, right in summary.certainty if given == level]
        if rights:
            told.append(f"{word}: {sum(rights)} of {len(rights)} right")
    yield from wrapped(f"how sure you were · {' · '.join(told)}", "detail", width, "  ")
    brier = sum((expected[level] - right) ** 2 for level, right in summary.certainty) / len(summary.certainty)
    scale = "0 is perfect, 0.25 what a coin gets"
    yield from wrapped(f"Brier score {brier:.2f} ({scale}){_advice(summary)}", "note", width, "  ")


def _advice(summary: Summary) -> str:
    """Return what a learner could make of it, once there are enough answers."""
    certain = [right for level, right in summary.certainty if level == 3]
    guessed = [right for level, right in summary.certainty if level == 1]
    if len(certain) >= ENOUGH and sum(certain) < 0.8 * len(certain):
        return "; you are surer than you are right: look twice before you say certain"
    if len(guessed) >= ENOUGH and sum(guessed) > 0.66 * len(guessed):
        return "; you know more than you trust yourself to"
    return ""


@dataclass(frozen=True)
class MenuRow:
    """One quiz of the menu.

    Args:
        cents: earned, in hundredths of a credit.
        credits: there are.
        state: one word.
    """

    quiz: str
    title: str
    topics: tuple[str, ...]
    questions: int
    cents: int
    credits: int
    state: str


def menu_lines(rows: list[MenuRow], due: int, width: int = 80) -> Iterator[Line]:
    """Lay out the quizzes of a course.

    Args:
        due: how many missed questions are due for review.
    """
    if not rows:
        yield Line("this course has no quizzes yet", "detail")
        return
    yield Line(ends("    quiz", f"{'questions':>10}{'credits':>18}{'':>12}", width).rstrip(), "heading")
    for number, row in enumerate(rows, 1):
        style: Style = (
            "passed" if row.cents >= 100 * row.credits else "skipped" if row.cents or row.state else "detail"
        )
        earned = f"{row.cents / 100:.2f} of {row.credits}"
        yield Line(
            ends(
                f"{number:>2}  {row.quiz}", f"{row.questions:>10}{earned:>18}  {row.state:<10}", width
            ).rstrip(),
            style,
        )
        topics = ", ".join(row.topics)
        text = f"    {row.title}: {topics}"
        yield Line(shorten(text, width), "note")
    earned_all, possible = sum(row.cents for row in rows) / 100, sum(row.credits for row in rows)
    yield Line(f"{earned_all:.2f} of {possible} credits", "heading")
    if due:
        word = "question is" if due == 1 else "questions are"
        yield Line(f"{due} missed {word} due: grader quiz --review", "note")
