"""What was earned and what is still to earn: the overview of a course, and the statement of a learner.

The overview is for a terminal; the statement also comes as JSON and CSV.
"""

import itertools
import json
import re
import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from grader import __version__
from grader.checks.report import Report
from grader.course import Exercise
from grader.progress import ANONYMOUS, Learner, Standing
from grader.reports.text import Line, csv_text, decimal, ends, mark_of, wrapped
from grader.sandbox.text import clean, shorten

STRETCH = " (stretch)"  # behind the title of an exercise that is beyond the course
SCHEMA = "rnn-grader/credits/1"
COLUMNS = "learner_id learner kind id title topic earned possible to_earn".split()
LAST = "999"  # chapter of a topic that names none
MIN_COLUMN = 47  # columns of code that are worth standing beside others
BAR = 20  # columns of how far one is
ROOMY = 60  # columns; with fewer, what is left to earn gives way to titles


def overview_lines(
    title: str, rows: list[Standing], width: int = 80, learner: Learner = ANONYMOUS
) -> list[Line]:
    """Lay out a title with the learner's name, a table of exercises, the sum of credits and the next step."""
    heading = title if learner == ANONYMOUS else f"{title} · {learner.name}"
    lines = [Line(shorten(heading, width), "heading"), Line("", "detail")]
    column = max((len(row.exercise) for row in rows), default=0)
    for row in rows:
        right = f"{'–' if row.earned is None else row.earned:>3} of {row.credits:>2}"
        label = f"{row.exercise:<{column}}  {row.title}{STRETCH * row.stretch}"
        mark, style = mark_of(row.credits, row.earned)
        lines.append(Line(ends(f"  {mark} {label}", right, width), style))
    lines.append(Line("", "detail"))
    if changed := ", ".join(row.exercise for row in rows if row.changed):
        told = f"Worth other credits since you checked: {changed}. `grader check --all` counts anew."
        lines += wrapped(told, "note", width, "")
    return [*lines, *wrapped(f"{total(rows)} · {next_step(rows)}", "heading", width, "")]


def total(rows: Iterable[Standing]) -> str:
    """Return what was earned of all that there is; exercises beyond the course are counted apart."""
    earned, credits = Counter[bool](), Counter[bool]()
    for row in rows:
        earned[row.stretch] += row.earned or 0
        credits[row.stretch] += row.credits
    beyond = f" and {earned[True]} of {credits[True]} stretch" if credits[True] else ""
    return f"{earned[False]} of {credits[False]} credits{beyond}"


def next_step(rows: Iterable[Standing]) -> str:
    """Return the command that leads on."""
    row = next((row for row in rows if not row.done), None)
    if row is None:
        return "every exercise is done"
    return f"next: grader {'show' if row.earned is None else 'check'} {row.exercise}"


def done_lines(reports: list[Report], rows: list[Standing], width: int = 80) -> Iterator[Line]:
    """Say after checks which exercises are done, what was earned in all, and what comes next."""
    yield Line("", "detail")
    done = [report.exercise for report in reports if report.passed]
    counted = f"{done[0]} is" if len(reports) == 1 else f"{len(done)} of {len(reports)} exercises are"
    in_all = f" · in all {total(rows)} · {next_step(rows)}" if rows else ""
    yield from wrapped(f"{counted} done{in_all}", "heading", width, "")


def screen_heading(exercise: str, rows: Sequence[Standing], width: int = 80) -> Line:
    """Return a line over the learner's screen: the exercise, and how much of the course is done."""
    share = sum(row.done for row in rows) / max(1, len(rows))
    bar = f"{'█' * round(share * BAR)}{'░' * (BAR - round(share * BAR))}" if width >= ROOMY else ""
    return Line(ends(f"{exercise} · {total(rows)}", bar, width), "note")


def celebration_lines(done: Exercise, rows: Sequence[Standing], solution: str, width: int) -> Iterator[Line]:
    """Say that an exercise is done, what may be looked at now, such as the solution, and what leads on."""
    yield Line("", "detail")
    told = f"{done.id} is done: {done.file.credits} credits, in all {total(rows)}."
    yield from wrapped(told, "heading", width, "  ")
    if solution:
        yield from wrapped(f"s shows the course's beside yours: {solution}", "detail", width, "  ")
    if done.file.what_if:
        yield from wrapped(f"What if: {done.file.what_if}", "detail", width, "  ")
    leads = "Every exercise is done." if all(row.done for row in rows) else "n goes on."
    yield Line(f"  {leads}", "heading")


def beside_lines(own: str, solution: str, stub: str, width: int = 80) -> Iterator[Line]:
    """Lay out the course's code beside a learner's, function by function, without what the stub gives.

    Where there is no room for two columns, one stands below the other.
    """
    given, half = frozenset(stub.splitlines()), width // 2 - 3
    mine, room = _functions(own, given), half if half >= MIN_COLUMN else width - 4
    for name, theirs in _functions(solution, given).items():
        left, right = (
            [part for line in lines for part in textwrap.wrap(line, room, subsequent_indent=" " * 8)]
            for lines in (mine.get(name, []), theirs)
        )
        pairs = itertools.zip_longest(left, right, fillvalue="")
        rows = [f"  {one:<{room}} | {other}" for one, other in pairs]
        if room != half:
            indented = ([f"    {line}" for line in lines] for lines in (left, right))
            rows = ["  yours", *next(indented), "  the course's", *next(indented)]
        yield Line(f"{name}:"[:width], "heading")
        yield from (Line(row.rstrip(), "code") for row in rows)


def _functions(text: str, given: frozenset[str]) -> dict[str, list[str]]:
    """Return by name the lines of a file's functions, but for those that were given; it is never parsed."""
    found = {}
    for block in re.split(r"^(?=def |class )", clean(text), flags=re.MULTILINE):
        lines = [line for line in block.splitlines() if line.strip() and line not in given]
        if lines and (name := re.match(r"def (\w+)", block)):
            found[name[1]] = textwrap.dedent("\n".join(lines)).splitlines()
    return found


# --- the statement ------------------------------------------------------------------------------------


class Row(NamedTuple):
    """One line of account: an exercise, or one topic of a quiz. Amounts are in hundredths of a credit."""

    kind: Literal["exercise", "quiz"]
    id: str
    title: str
    topic: str
    earned_cents: int
    possible_cents: int

    @property
    def to_earn_cents(self) -> int:
        """What is still to earn."""
        return max(0, self.possible_cents - self.earned_cents)


def statement_lines(
    learner: Learner, rows: list[Row], width: int = 80, stretch: Collection[str] = ()
) -> list[Line]:
    """Lay out what a learner earned by exercise, quiz and topic, and what is left to earn."""
    whole = all(row.earned_cents % 100 == 0 and row.possible_cents % 100 == 0 for row in rows)

    def amount(cents: int) -> str:
        return str(cents // 100) if whole else decimal(cents)

    column = max((len(row.id) for row in rows), default=0)
    sections: dict[str, dict[str, tuple[int, int]]] = {"exercises": {}, "quizzes": {}, "topics": {}}
    for row in rows:
        named = "exercises" if row.kind == "exercise" else "quizzes"
        title = f"{row.id:<{column}}  {row.title}{STRETCH * (row.id in stretch)}"
        for heading, label in ((named, title), ("topics", row.topic)):
            earned, possible = sections[heading].get(label, (0, 0))
            sections[heading][label] = earned + row.earned_cents, possible + row.possible_cents
    sections["topics"].pop("", None)
    topics = sorted(sections["topics"].items(), key=lambda of: int((re.match(r"\d+", of[0]) or [LAST])[0]))
    sections["topics"] = dict(topics)
    sums = [entry for section in sections.values() for entry in section.values()]
    size = max((len(amount(max(entry))) for entry in sums), default=0)
    lines = [Line(shorten(f"Credits of {learner.name} (id {learner.id})", width), "heading")]
    for heading, section in sections.items():
        if not section:
            continue
        lines += [Line("", "detail"), Line(heading, "heading")]
        for label, (earned, possible) in section.items():
            right = f"{amount(earned):>{size}} of {amount(possible):>{size}}"
            if width >= ROOMY:
                left = possible - earned
                right += f"  {amount(left):>{size}} to earn" if left > 0 else " " * (size + 10)
            mark, style = mark_of(possible, earned or None)
            lines.append(Line(ends(f"  {mark} {label}", right, width), style))
    earned, possible = sum(row.earned_cents for row in rows), sum(row.possible_cents for row in rows)
    to_earn = sum(row.to_earn_cents for row in rows)
    beyond = sum(row.possible_cents for row in rows if row.id in stretch)
    counted = f", {amount(beyond)} of them stretch" if beyond else ""
    closing = f"{amount(earned)} of {amount(possible)} credits{counted} · {amount(to_earn)} to earn"
    return [*lines, Line("", "detail"), *wrapped(closing, "heading", width, indent="")]


def statement_to_json(learner: Learner, rows: list[Row]) -> str:
    """Return one JSON document, in the form that statement_schema.json describes."""
    document = {
        "schema": SCHEMA,
        "grader_version": __version__,
        "learner": {"id": learner.id, "name": learner.name},
        "earned_cents": sum(row.earned_cents for row in rows),
        "possible_cents": sum(row.possible_cents for row in rows),
        "rows": [row._asdict() for row in rows],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def statement_to_csv(learner: Learner, rows: list[Row]) -> str:
    """Return a table with a heading; amounts are in credits, and no text in it starts a formula."""
    who = (learner.id, learner.name)
    return csv_text(COLUMNS, ([*who, *row, row.to_earn_cents] for row in rows))
