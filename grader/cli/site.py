"""``grader site``: the course as a website that any host of static files can serve."""

from pathlib import Path

import click

from grader.cli import BROKEN, stop
from grader.course import Course, NoCourse, open_course
from grader.site.build import Leaking, build_site


@click.command("site")
@click.argument("handout", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("target", metavar="DEST", type=click.Path(path_type=Path))
@click.option(
    "--runtime",
    default="cdn",
    metavar="cdn|npm|DIR",
    show_default=True,
    help="Where browsers get Python from: Pyodide's network, this site by way of npm, or a folder of yours.",
)
def command(handout: Path, target: Path, runtime: str) -> None:
    """Write a finished hand-out as a website into DEST.

    Lessons and questions can be read without a script, from any host and below any path. DEST is a new or an
    empty folder, or one that this command has written before; then only its own files are replaced.

    Run it in the full course, or name that with --course: its solutions, hidden checks and keys are then
    looked for in every page, and if one is found, nothing is written, and this exits with 3.
    """
    full = _full_course(handout)
    try:
        built = build_site(open_course(handout), target, full, runtime)
    except Leaking as leaking:
        click.echo("\n".join(leaking.leaks), err=True)
        stop("nothing was written: the website would tell answers", BROKEN)
    pages = sum(name.endswith(".html") for name in built.files)
    size = sum(built.files.values()) / 1e6
    see = f"python -m http.server -d {target} shows it"
    click.echo(f"{target}: {pages} pages, {len(built.files)} files, {size:.1f} MB; {see}")
    if full:
        click.echo(f"looked for {built.looked_for} lines of solutions and hidden checks, and found none")
    else:
        told = "the full course is not here, so no answer was looked for; name it with --course"
        click.echo(f"grader: {told}", err=True)


def _full_course(handout: Path) -> Course | None:
    """Return the full course, if the working directory or ``--course`` has one beside the hand-out."""
    try:
        found = open_course(click.get_current_context().obj)
    except NoCourse:
        if click.get_current_context().obj:
            raise
        return None
    return None if found.handout or found.root == handout.resolve() else found
