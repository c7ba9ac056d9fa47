"""The grades of a class -> an HTML page for the instructor: credits, checks that fail, students."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, groupby
from statistics import median

from grader.classroom.grades import (
    CheckRate,
    ClassGrades,
    Failure,
    Grade,
    Item,
    check_rates,
    frequent_failures,
)
from grader.reports.exports import adjustment_text
from grader.reports.html_page import cell, meter, page, prose, section, strip, table, text
from grader.reports.text import amount

MOST_BINS = 12
WIDTH, HEIGHT, FLOOR = 720, 220, 175  # of the drawing, and where its columns stand; px


def class_page(grades: ClassGrades) -> str:
    """Return the page; it shows hidden checks and is not for students."""
    parts = [_distribution(grades), _rates(grades), _failures(grades), _students(grades)]
    title = grades.title or "Class"
    return page(f"{title}: the class", _header(grades), "\n".join(part for part in parts if part))


def _graded(grades: ClassGrades) -> list[int]:
    """Return the credits of those that could be graded, in hundredths, lowest first."""
    return sorted(one.cents for one in grades.grades if one.exercises or one.quizzes)


def _header(grades: ClassGrades) -> str:
    graded = _graded(grades)
    problems = sum(bool(one.problem) for one in grades.grades)
    figures = [(str(len(grades.grades)), "submissions"), (amount(grades.possible_cents), "credits to earn")]
    if graded:
        figures.append((amount(round(median(graded))), "median"))
    if problems:
        figures.append((str(problems), "with a problem"))
    list_ = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for value, name in figures)
    over = '<p class="over">The class</p>'
    return f'<div>{over}<h1>{text(grades.title or "Class")}</h1></div>\n<dl class="figures">{list_}</dl>'


# --- how credits lie -----------------------------------------------------------------------------------


def _distribution(grades: ClassGrades) -> str:
    graded, possible = _graded(grades), grades.possible_cents
    if not graded or not possible:
        return ""
    middle = round(median(graded))
    half = f"Half of those graded earned at least {amount(middle)} of {amount(possible)} credits"
    words = f"{half}; the lowest {amount(graded[0])}, the highest {amount(graded[-1])}."
    caption = f"<figcaption>{words} The mark below the line is the median.</figcaption>"
    return section("How credits lie", f"<figure>{_histogram(graded, possible, middle)}{caption}</figure>")


def _histogram(graded: list[int], possible: int, middle: int) -> str:
    step = next(one for one in _round_steps() if one * MOST_BINS >= possible)
    bins = -(-possible // step)
    counts = [0] * bins
    for cents in graded:
        counts[min(bins - 1, cents // step)] += 1
    width, scale = WIDTH / bins, (FLOOR - 30) / max(counts)
    parts = [_column(number * width, width, times, times * scale) for number, times in enumerate(counts)]
    for number in range(0, bins + 1, 2):
        x = min(max(number * width, 18), WIDTH - 18)
        parts.append(f'<text x="{x:.0f}" y="{HEIGHT - 6}">{amount(number * step)}</text>')
    x = min(middle / (bins * step), 1.0) * WIDTH
    parts.append(f'<path class="median" d="M{x:.0f} {FLOOR + 3}l7 10h-14z"/>')
    told = "; ".join(
        f"{amount(number * step)} to {amount((number + 1) * step)}: {times}"
        for number, times in enumerate(counts)
    )
    return (
        f'<svg class="histogram" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="lie-t lie-d">'
        f'<title id="lie-t">Submissions by credits</title><desc id="lie-d">{told}</desc>'
        f'<line x1="0" x2="{WIDTH}" y1="{FLOOR}" y2="{FLOOR}"/>{"".join(parts)}</svg>'
    )


def _round_steps() -> Iterator[int]:
    """Count up in round numbers of hundredths: 10, 20, 50, 100, 200, 500 and so on."""
    return (round_one * 10**power for power in count(1) for round_one in (1, 2, 5))


def _column(x: float, width: float, times: int, height: float) -> str:
    if not times:
        return ""
    top = FLOOR - height
    bar = f'<rect x="{x + 3:.1f}" y="{top:.1f}" width="{width - 6:.1f}" height="{height:.1f}" rx="2"/>'
    return f'{bar}<text class="count" x="{x + width / 2:.1f}" y="{top - 7:.1f}">{times}</text>'


# --- checks --------------------------------------------------------------------------------------------


def _rates(grades: ClassGrades) -> str:
    rates = check_rates(grades)
    if not rates:
        return ""
    titles = {item.id: item.title for item in grades.items}
    bodies = []
    for exercise, checks in groupby(rates, key=lambda one: one.exercise):
        name = f'<span class="id">{text(exercise)}</span> {text(titles.get(exercise, ""))}'
        head = f'<tr><th class="group" scope="rowgroup" colspan="4">{name}</th></tr>'
        bodies.append(f"<tbody>{head}{''.join(map(_rate, checks))}</tbody>")
    heads = [("check", ""), ("share", "bar"), ("passed", "n"), ("ran on", "n")]
    caption = "Submissions that passed each check, of those that it ran on"
    return section("How checks went", table(caption, heads, "".join(bodies)))


def _rate(one: CheckRate) -> str:
    hidden = ' <span class="tag">hidden</span>' if one.hidden else ""
    drawn = meter(one.passed / one.ran) if one.ran else ""
    counts = cell(str(one.passed), "n") + cell(str(one.ran), "n")
    return f'<tr><th scope="row">{text(one.title)}{hidden}</th>{cell(drawn, "bar")}{counts}</tr>'


def _failures(grades: ClassGrades) -> str:
    found = frequent_failures(grades)
    if not found:
        return ""
    caption = "How many submissions were told what, by the first failed check of each function"
    heads = [("times", "n"), ("exercise", ""), ("what it said", "")]
    body = f"<tbody>{''.join(map(_failure, found))}</tbody>"
    return section("What failed most often", table(caption, heads, body))


def _failure(one: Failure) -> str:
    name = f'<th scope="row" class="name">{text(one.exercise)}</th>'
    return f"<tr>{cell(str(one.times), 'n')}{name}{cell(prose(one.says))}</tr>"


# --- students ------------------------------------------------------------------------------------------


def _students(grades: ClassGrades) -> str:
    heads = [("student", ""), ("parts", "bar"), ("earned", "n"), ("adjusted", "n")]
    rows = "".join(_student(one, grades.items) for one in grades.grades)
    parts = ", ".join(item.id for item in grades.items)
    caption = f"Credits of {amount(grades.possible_cents)} before and after adjustments; parts: {text(parts)}"
    return section("Who earned what", table(caption, heads, f"<tbody>{rows}</tbody>"))


def _student(grade: Grade, items: tuple[Item, ...]) -> str:
    graded = bool(grade.exercises or grade.quizzes)
    amounts = [amount(grade.raw_cents), amount(grade.cents)] if graded else ["–", "–"]
    name = f'{text(grade.name)} <span class="quiet">{text(grade.learner_id)}</span>'
    cells = cell(_parts(grade, items) if graded else "", "bar") + "".join(cell(one, "n") for one in amounts)
    return f'<tr><th scope="row" class="who">{name}</th>{cells}</tr>{_remarks(grade)}'


def _remarks(grade: Grade) -> str:
    """Return a row of its own, so that a narrow screen has room for it."""
    notes = f'<p class="note bad">{text(grade.problem)}</p>' * bool(grade.problem)
    notes += "".join(f'<p class="note">{text(adjustment_text(one))}</p>' for one in grade.adjustments)
    about = f'<span class="away">About {text(grade.name)}: </span>'
    return f'<tr class="more"><td colspan="4">{about}{notes}</td></tr>' if notes else ""


def _parts(grade: Grade, items: tuple[Item, ...]) -> str:
    earned = [(item, item.earned_cents(grade)) for item in items]
    shares = [(cents or 0) / item.possible_cents if item.possible_cents else 0.0 for item, cents in earned]
    told = [
        f"{item.id} {'not graded' if cents is None else f'{amount(cents)} of {amount(item.possible_cents)}'}"
        for item, cents in earned
    ]
    return f'{strip(shares)}<span class="away">{text("; ".join(told))}</span>'
