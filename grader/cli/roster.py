"""``grader roster``: show whose submissions are by the list of a class, before anything is graded."""

import sys
from collections import Counter, defaultdict
from pathlib import Path

import click

from grader import cli
from grader.classroom.collect import find_submissions
from grader.classroom.roster import identify_by, late_policy, match, missing, missing_note, read_roster
from grader.reports.text import Line, wrapped
from grader.sandbox.text import one_line


@click.command("roster")
@click.argument("what", metavar="check", type=click.Choice(["check"]))
@click.argument("submissions", type=click.Path(exists=True, path_type=Path))
@cli.roster_option
@cli.assignment_option
@cli.exercises_option("Look for these only, and for no assignment")
@cli.pass_course
def command(
    course: cli.Course,
    what: str,
    submissions: Path,
    roster: Path | None,
    assignment: str,
    exercises: tuple[str, ...],
) -> None:
    """Show whose SUBMISSIONS are by the class's list, before anything is graded.

    Of each is told what says so: the platform, the name of its file, or what it claims. Then come those that
    match nobody, students with several, and students with none. Exits with 1 if something has to be decided.
    """
    listed = read_roster(course, roster)
    if listed is None:
        raise click.UsageError("there is no list of the class; give it with --roster, or as class/roster.csv")
    part = cli.chosen_part(course, assignment, exercises)
    ids = part.exercises if part else exercises
    found = find_submissions(submissions, course.exercises(ids) if ids or not part else [])
    extensions = late_policy(course, part, listed).extensions
    groups = bool(part and part.groups)
    identities = identify_by(listed, found, extensions, {}, groups=groups)
    of_student, lines = defaultdict[tuple[str, ...], list[str]](list), list[Line]()
    says = Counter[str]()
    for handed in found:
        who, whose = match(handed, listed, groups=groups), identities[handed.key]
        name = one_line(handed.key, 60)
        if not whose.set_aside:
            of_student[whose.people].append(name)
            says[who.by] += 1
            lines += wrapped(f"{name}: {who.student}, by {who.by}", "detail", cli.width(), indent="  ")
        notes = [note.text for note in whose.notes if note.decide]
        lines += [
            line for text in notes for line in wrapped(f"{name}: {text}", "error", cli.width(), indent="  ")
        ]
    count = f"{len(listed.students)} students in {listed.sheet.name}, {len(found)} submissions"
    by = ", ".join(f"{number} by {what}" for what, number in says.most_common())
    cli.print_lines([Line(f"{count}; matched: {by or 'none'}", "heading"), *lines])
    several = {people: names for people, names in of_student.items() if len(names) > 1}
    for names in several.values():
        click.echo(f"several of one student, of which --count decides: {', '.join(names)}")
    if absent := missing(listed, (name for people in of_student for name in people)):
        click.echo(missing_note(absent).text)
    sys.exit(cli.FAILED if any(note.decide for whose in identities.values() for note in whose.notes) else 0)
