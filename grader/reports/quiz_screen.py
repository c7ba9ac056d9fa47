"""A sitting -> lines for a terminal: plain text, one thing a line, no cursor moved."""

import re
from collections.abc import Iterable, Iterator, Mapping
from string import ascii_lowercase as LETTERS

from grader.course import render
from grader.quiz import CountedAnswer, Question, Quiz, fill
from grader.quiz.session import Item, Reply, Session, Summary
from grader.reports.text import INDENT, Line, Style, ends, wrapped
from grader.sandbox.text import clean, counted, shorten

BAR = 20
ROOMY = 60  # columns; with fewer, a list says credits only
SHOWN = 200  # characters of an answer
COMMANDS = {
    "h": "a hint, for what it costs",
    "s": "skip, as Enter does; you are asked again at the end",
    "f": "flag the question, to come back to it",
    "p": "the question before",
    "l": "list all questions; l 5 goes to question 5",
    "q": "leave; all your answers are kept",
    "?": "this help",
}
MODES = {
    "practice": "You are told at once what was right. Every attempt has numbers of its own.",
    "graded": "Your answers are graded later. You can change them until you finish.",
    "review": "What you missed, with new numbers. It earns nothing and costs nothing.",
}
EXERCISE = r"exercise-\d+"
SIGNS: Mapping[str, str] = {"passed": "✓", "skipped": "…", "failed": "✗", "note": "·"}
CERTAINTY = {1: "guessing", 2: "fairly sure", 3: "certain"}
MIN_ANSWERS = 3  # of one certainty, before it is compared with the truth
HOW_SURE = "How sure are you? 1 guessing, 2 fairly, 3 certain"
WHY_SURE = "How sure you are earns nothing; at the end you see whether you are right as often."
FENCED = re.compile(r"^ *```[^\n]*\n(.*?)^ *```[^\n]*$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`[^`\n]+`)")
EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])(.+?)(?<=[^\s*])\1(?![\w*])")
ITEM = re.compile(r"(?:[-*+]|\d{1,2}[.)])\s+")
NO_BREAK = "\u00a0"  # holds a piece of code together until the line is broken


def prose_lines(markdown: str, style: Style, width: int, indent: str = INDENT) -> Iterator[Line]:
    """Break Markdown into lines: signs for mathematics, code as it is and two further in, no stars."""
    for number, block in enumerate(FENCED.split(markdown)):
        if number % 2:
            yield from (Line(f"{indent}  {line}", "code") for line in block.rstrip().splitlines())
            continue
        texts = [""]  # what stands for itself: paragraphs, items of lists, rows of tables
        for line in block.splitlines():
            if not line.strip() or ITEM.match(line.lstrip()) or line.lstrip().startswith("|"):
                texts.append("")
            texts[-1] = f"{texts[-1]} {line.strip()}".strip()
        for text in filter(None, texts):
            item = ITEM.match(text)
            bullet = item[0] if item else ""
            inner = indent + " " * len(bullet)
            whole = CODE.sub(lambda code: code[0].replace(" ", NO_BREAK), plain(text[len(bullet) :]))
            start = indent + bullet
            for broken in wrapped(whole, style, width, inner):
                yield Line(start + broken.text[len(inner) :].replace(NO_BREAK, " "), style)
                start = inner


def plain(markdown: str) -> str:
    """Return Markdown in one line, without stars, its mathematics in plain signs; code stays as it is."""
    pieces = CODE.split(render(" ".join(markdown.split())))
    pieces[::2] = [EMPHASIS.sub(r"\2", piece) for piece in pieces[::2]]
    return "".join(pieces)


def intro_lines(session: Session, width: int = 80) -> Iterator[Line]:
    """Lay out what is to come, or how far it has come already."""
    public = session.sheet.public
    possible = sum(session.sheet.faces[question].credits for question in session.questions)
    mode = "review" if session.sitting.mode == "review" else public.mode
    facts = [counted(len(session.questions), "question"), f"{possible} credits"]
    if mode != "review":
        facts.append(f"pass mark {public.pass_mark:.0%}")
    yield Line("", "detail")
    yield Line(public.title[:width], "heading")
    yield from wrapped(" · ".join(facts), "detail", width, "  ")
    yield from wrapped(MODES[mode], "detail", width, "  ")
    for note in (*intro_notes(session), "? shows what can be typed; q leaves and keeps everything."):
        yield from wrapped(note, "note", width, "  ")


def intro_notes(session: Session) -> list[str]:
    """Return what else there is to say before the first question."""
    public, notes = session.sheet.public, []
    if public.mode == "graded" and session.sitting.mode != "review":
        rule, number = public.which_count, session.sitting.number
        counts = "." if number <= public.sittings else ": it is kept, and earns nothing."
        notes.append(f"{rule[0].upper()}{rule[1:]}; this is sitting {number}{counts}")
    if session.regraded:
        notes.append(f"The key has changed since you were here: {session.regraded / 100:+.2f} credits.")
    if session.resumed:
        notes.append("Going on where you left; --restart begins anew.")
    if public.confidence != "off":
        notes.append(WHY_SURE)
    return notes


def question_lines(session: Session, item: Item, width: int = 80, columns: int = BAR) -> Iterator[Line]:
    """Lay out a question with what can be done about it; a bar of no columns is left out."""
    face = item.variant.public
    number, count = session.questions.index(face.id) + 1, len(session.questions)
    yield Line("", "detail")
    yield Line(ends(session.sheet.public.title, f"question {number} of {count}", width), "heading")
    done = round(columns * (number - 1) / max(1, count))
    bar = f"{'█' * done}{'░' * (columns - done)}  " if columns else ""
    counts = not session.silent and session.sitting.mode != "review"
    facts = [f"{session.cents() / 100:.2f} earned"] if counts else []
    facts += [face.topic, counted(face.credits, "credit")]
    facts += [f"attempt {item.attempt} of {item.tries}"] if item.tries > 1 and not item.done else []
    facts += ["flagged"] if item.flagged else []
    if item.next_hint is not None:
        facts.append(f"h: {f'hint -{item.next_hint:.2f}' if item.next_hint else 'free hint'}")
    whole = " · ".join(fact.replace(" ", NO_BREAK) for fact in facts)
    for line in wrapped(f"{bar}{whole}", "note", width, ""):
        yield Line(line.text.replace(NO_BREAK, " "), line.style)
    yield Line("", "detail")
    yield from prose_lines(item.variant.prompt, "detail", width, indent="")
    yield from _body(item, width)
    yield Line("", "detail")
    for hint in item.hints:
        yield from prose_lines(f"hint: {hint}", "skipped", width, indent="  ")
    given = f"your answer: {clean(item.given, SHOWN)}"
    if item.done:
        yield from wrapped(given, "detail", width, "  ")
    elif item.answered and session.silent:
        yield from wrapped(f"{given}; type another one, or Enter", "note", width, "  ")
    else:
        yield from wrapped(f"{Question.kinds[face.type].asks}; Enter skips", "note", width, "  ")


def _body(item: Item, width: int) -> Iterator[Line]:
    """Lay out code and options."""
    variant, face = item.variant, item.variant.public
    if face.code:
        yield Line("", "detail")
    numbered = Question.kinds[face.type].answered_in == "code"
    for number, line in enumerate(face.code.rstrip().splitlines(), 1):
        yield Line(f"  {f'{number:>2} ' if numbered else '  '}{line}", "code")
    options = [(str(number), left.text) for number, left in enumerate(face.lefts, 1)]
    for number, option in enumerate(variant.options):
        name = LETTERS[number] if face.lefts else str(number + 1)
        options.append((name, fill(option.text, variant.names)))
    if options:
        yield Line("", "detail")
    for name, text in options:
        first, *rest = [*prose_lines(text, "detail", width, indent=" " * 6)] or [Line("", "detail")]
        yield Line(f"  {name:>2}  {first.text.strip()}", first.style)
        yield from rest


def reply_lines(reply: Reply, width: int = 80) -> Iterator[Line]:
    """Lay out what is said to an answer, with the arithmetic of what it earned."""
    marked = reply.mark
    if marked is None:
        yield Line("  stored; you can change it until you finish", "note")
        return
    style: Style = "passed" if marked.right else "skipped" if marked.share else "failed"
    yield from wrapped(f"{SIGNS[style]} {marked.arithmetic}", style, width, indent="  ")
    for text in marked.feedback:
        yield from prose_lines(text, "detail", width)
    if reply.counted:
        yield from wrapped(credits_line(reply.counted), "note", width)
    if not reply.item.done:
        yield Line("    try again" + (", with new numbers" if reply.item.variant.params else ""), "note")
        return
    if solution := solution_line(reply):
        yield from wrapped(solution, "detail", width)
    yield from prose_lines(reply.explain, "detail", width)
    yield from wrapped(f"source: {reply.source}", "note", width)


def credits_line(counted: CountedAnswer) -> str:
    """Say what an answer earned, with the arithmetic."""
    gained = f"your balance {counted.cents / 100:+.2f}{f' ({counted.note})' if counted.note else ''}"
    return f"credits: {counted.arithmetic}; {gained}"


def solution_line(reply: Reply) -> str:
    """Say what would have been right; nothing if the answer was, or if nobody knows."""
    if reply.mark is None or reply.mark.right or not reply.solution:
        return ""
    accepted = f" ({reply.mark.accepted})" if reply.mark.accepted else ""
    variant, words = reply.item.variant, ""
    if variant.public.type == "single":  # its number does not say what it is
        words = f", {plain(fill(variant.options[int(reply.solution) - 1].text, variant.names))}"
    return f"right is: {reply.solution}{words}{accepted}"


def help_lines(item: Item, width: int = 80) -> Iterator[Line]:
    """Lay out what can be typed."""
    yield from wrapped(Question.kinds[item.variant.public.type].asks, "detail", width, indent="  ")
    for letter, word in COMMANDS.items():
        yield Line(f"    {letter}  {word}", "detail")
    yield from wrapped("an answer that is one of these letters: put = before it, as in =h", "detail", width)


def list_lines(items: Iterable[Item], width: int = 80) -> Iterator[Line]:
    """Lay out the questions of a sitting with their state."""
    for number, item in enumerate(items, 1):
        style: Style = "note"
        if item.answered:
            right = item.score is not None and item.score >= 1
            style = "passed" if right else "failed" if item.done else "skipped"
        sign = "•" if item.answered and item.score is None else SIGNS[style]
        flag = "  flagged" if item.flagged else ""
        text = shorten(plain(item.variant.prompt.replace("```", " ")), width - 10 - len(flag))
        yield Line(f"  {sign} {number:>3}  {text}{flag}", style)


def summary_lines(session: Session, summary: Summary, width: int = 80) -> Iterator[Line]:
    """Lay out how a sitting went, and what to read."""
    sheet, order = session.sheet, session.questions
    yield Line("", "detail")
    count = sum(row.questions for row in summary.rows)
    if summary.silent:
        answered = sum(row.answered for row in summary.rows)
        yield Line(ends(sheet.public.title, f"{answered} of {count} answered", width), "heading")
        yield from wrapped("Your answers are stored; whoever has the key grades them.", "detail", width, "  ")
    elif session.sitting.mode == "review":
        yield Line(ends(sheet.public.title, f"{summary.right} of {count} right at once", width), "heading")
    else:
        total = sum(row.possible for row in summary.rows) / 100
        verdict = f"{summary.cents / 100:.2f} of {total:g} credits, {summary.share:.0%}"
        yield Line(ends(sheet.public.title, verdict, width), "heading")
        for row in summary.rows:
            share = row.cents / max(1, row.possible)
            style: Style = "passed" if share >= summary.pass_mark else "failed" if row.answered else "note"
            earned = f"{row.cents / 100:.2f} of {row.possible / 100:g}"
            yield Line(ends(f"  {SIGNS[style]} {row.topic}", earned, width), style)
        word = "passed" if summary.passed else "below the pass mark"
        yield Line(f"  {word} ({summary.pass_mark:.0%})", "passed" if summary.passed else "failed")
    yield from _certainty(summary, width)
    for what, questions in (("without an answer", summary.open), ("flagged", summary.flagged)):
        if questions:
            named = (f"question {order.index(name) + 1} ({sheet.faces[name].topic})" for name in questions)
            yield from wrapped(f"{what}: {', '.join(named)}", "note", width, indent="  ")
    for topic, sources in summary.read:  # a lesson of the course is a command away
        yield from wrapped(f"read on {topic}: {'; '.join(sources)}", "note", width, indent="  ")
        for exercise in dict.fromkeys(re.findall(EXERCISE, " ".join(sources))):
            yield Line(f"    grader show {exercise}", "note")


def _certainty(summary: Summary, width: int) -> Iterator[Line]:
    """Say how well certainty and truth went together, and what a learner could make of it."""
    if not summary.certainty:
        return
    rights = {level: [right for given, right in summary.certainty if given == level] for level in CERTAINTY}
    told = [f"{CERTAINTY[level]}: {sum(got)} of {len(got)} right" for level, got in rights.items() if got]
    yield from wrapped(f"how sure you were · {' · '.join(told)}", "detail", width, "  ")
    if len(rights[3]) >= MIN_ANSWERS and sum(rights[3]) < 0.8 * len(rights[3]):
        yield Line("  you are surer than you are right: look twice before you say certain"[:width], "note")
    elif len(rights[1]) >= MIN_ANSWERS and sum(rights[1]) > 0.66 * len(rights[1]):
        yield Line("  you know more than you trust yourself to"[:width], "note")


def menu_lines(rows: list[tuple[Quiz, int, str]], due: int, width: int = 80) -> Iterator[Line]:
    """Lay out the quizzes of a course with what each earned, in cents, and its state; and what is due."""
    if not rows:
        yield Line("this course has no quizzes yet", "detail")
        return
    roomy = width >= ROOMY
    heading = f"{'questions':>10}{'credits':>18}{'':>12}" if roomy else "credits"
    yield Line(ends("    quiz", heading, width).rstrip(), "heading")
    for number, (quiz, cents, state) in enumerate(rows, 1):
        started = bool(cents or state)
        style: Style = "passed" if cents >= 100 * quiz.credits else "skipped" if started else "detail"
        right = f"{cents / 100:.2f} of {quiz.credits}"
        right = f"{quiz.asked:>10}{right:>18}  {state:<10}" if roomy else right
        yield Line(ends(f"{number:>2}  {quiz.id}", right, width).rstrip(), style)
        yield Line(shorten(f"    {quiz.public.title}: {', '.join(quiz.topics)}", width), "note")
    earned, possible = sum(cents for _, cents, _ in rows) / 100, sum(quiz.credits for quiz, _, _ in rows)
    yield Line(f"{earned:.2f} of {possible} credits", "heading")
    if due:
        word = "question is" if due == 1 else "questions are"
        yield Line(f"{due} missed {word} due: grader quiz --review", "note")
