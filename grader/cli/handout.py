"""``grader verify``, ``handout``, ``site`` and ``init``: a course that is checked, and as students get it."""

import contextlib
import json
import os
import shlex
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import click

from grader import __version__, cli
from grader.authoring import handout, leaks, mutants as mutation, quiz_lint, verify as checking
from grader.course import COURSE_FILE, Assignment, Course, NoCourse, is_stub, open_course, people_of
from grader.course.course import make_secret, read_secret
from grader.quiz import files
from grader.reports import Line, tables

PUBLISHED = False
"""Whether a release of ours is on PyPI. Until then anybody could own that name, and students get a wheel."""
RUN = "uvx rnn-grader" if PUBLISHED else "uvx --from WHEEL rnn-grader"
PACKED = Path(cli.__file__).parents[2] / handout.PACKAGE  # where a wheel has put the students' edition


@click.command("handout")
@click.argument("target", metavar="DEST", type=click.Path(path_type=Path))
@cli.assignment_option
@cli.exercises_option(help="Hand out these only, and no assignment")
@cli.several_option("--quiz", "quizzes", metavar="NAME", help="Hand out these quizzes only")
@click.option("--zip", "archive", is_flag=True, help="Write DEST.zip as well.")
@click.option("--quizzes-only", is_flag=True, help="Write only quizzes, into the folder of a hand-out.")
@click.option("--gradescope", is_flag=True, help="Write another thing: the zip that Gradescope grades with.")
@click.option("--wheel", is_flag=True, help="Write another thing: what students install, a wheel in DEST.")
@cli.pass_course
def hand_out(
    course: Course,
    target: Path,
    assignment: str,
    exercises: tuple[str, ...],
    quizzes: tuple[str, ...],
    archive: bool,
    quizzes_only: bool,
    gradescope: bool,
    wheel: bool,
) -> None:
    """Build the students' edition, without solutions and keys.

    With --assignment, or if there is only one, what goes out and what counts is what course.yaml says of it.
    Without it, it is the exercises and quizzes that you name, or all.

    Visible checks run there on answers that are recorded now, so no solution is needed. Practice quizzes go
    out with their answers; of the others only what a learner may see goes out, and options get ids that say
    nothing, made with GRADER_SECRET or .grader/secret. The finished folder is looked through: if anything in
    it tells an answer, or names somebody of the class, nothing is written, and this exits with 3.
    With --gradescope, DEST is a zip with the course, the grader and two scripts: upload it as the autograder
    of an assignment. It holds solutions and hidden checks, as Gradescope needs them; students do not see it.

    With --wheel, DEST is a folder for one file, which holds the program and the students' edition: whoever
    installs it writes a course folder with rnn-grader init DIR.
    """
    target = Path(*target.parts) if target.name else target.resolve()
    named = exercises or quizzes
    other = sum((archive, quizzes_only, gradescope, wheel))  # each of them writes something else
    if other > 1 or (gradescope and quizzes) or (quizzes_only and exercises):
        raise click.UsageError("these options do not go together; see grader handout --help")
    if assignment and named:
        raise click.UsageError("--assignment says itself what goes out; leave --exercise and --quiz out")
    lone = len(course.assignments) == 1 and not named
    chosen = course.assignment(assignment) if assignment or lone else None
    if chosen:
        exercises, quizzes = chosen.exercises, chosen.quizzes
    try:
        handout.require_full(course)
        if gradescope:
            packed = course.exercises(exercises)
            handout.write_gradescope_archive(course, packed, target, chosen)
            credits = cli.counted(sum(exercise.file.credits for exercise in packed), "credit")
            count = cli.counted(len(packed), "exercise")
            click.echo(f"{target}: {count} with {credits}; set the assignment to as many")
            return
        quizzes = tuple(files.find_quiz_path(course, name).stem for name in quizzes)
        if quizzes_only:
            known, secret = files.all_quizzes(course), secret_of(course)
            for quiz in handout.hand_out_quizzes(known, target, secret, quizzes, people_of(course)):
                click.echo(f"{quiz.id:<26}{quiz.file.mode:<10} {_quiz_row(quiz)}")
            return
        parts: dict[str, Any] = {"exercises": exercises, "quizzes": quizzes, "assignment": chosen}
        parts["on_progress"] = lambda name: click.echo(f"recording {name}", err=True)
        if wheel:
            built, target = handout.write_wheel(course, target, secret_of(course), **parts)
        else:
            built = handout.build_handout(course, target, secret_of(course), archive=archive, **parts)
    except leaks.Leaking as leaking:
        click.echo("\n".join(leaking.args), err=True)
        told = "nothing was written: what would be handed out tells answers, or names of the class"
        cli.stop(told, cli.BROKEN)
    _tell(built, chosen, f"{target} and {target.name}.zip" if archive else str(target))
    if named:
        told = "course.yaml says nothing of this hand-out; write it there under `assignments`"
        click.echo(f"grader: {told}, and `grader grade --assignment ID` grades what went out", err=True)


def _tell(built: handout.Built, assignment: Assignment | None, written: str) -> None:
    """Say what went out where and, of an assignment, what counts."""
    for name, file in built.exercises.items():
        click.echo(f"{name:<26}{file.credits:>3} credits visible, {file.more_credits:>2} more when graded")
    for quiz in built.quizzes:
        counts = f", counts {quiz.credits} credits" if assignment else ""
        click.echo(f"{quiz.id:<26}{_quiz_row(quiz)}{counts}")
    credits = sum(file.credits for file in built.exercises.values())
    counts = f"{cli.counted(len(built.exercises), 'exercise')} with {cli.counted(credits, 'visible credit')}"
    looked = f"{cli.counted(built.lines, 'line')} looked through, and no answer in them"
    click.echo(f"{written}: {counts}, {cli.counted(len(built.quizzes), 'quiz', 'zes')}; {looked}")
    if assignment:
        of_exercises = sum(file.credits + file.more_credits for file in built.exercises.values())
        total = of_exercises + sum(quiz.credits for quiz in built.quizzes)
        due = f", due {assignment.deadline}" if assignment.deadline else ""
        click.echo(f"{assignment.id} ({assignment.title}) counts {cli.counted(total, 'credit')}{due}")


def secret_of(course: Course) -> bytes:
    """Read the course's secret, which is made at its first use."""
    if make_secret(course):
        path = course.secret_path.relative_to(course.root)
        click.echo(f"made a secret in {path}; keep it: grading needs it, and nobody else should have it")
    return read_secret(course)


def _quiz_row(quiz: files.Quiz) -> str:
    what = "answers included" if quiz.file.mode == "practice" else "without its key"
    return f"{cli.counted(len(quiz.file.questions), 'question'):>13}, {what}"


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--from", "old", metavar="OLD", type=cli.FOLDER, help="Take along your work in this course folder."
)
@click.pass_obj
def init(course: str | None, folder: Path, old: Path | None) -> None:
    """Write a course folder to learn in: exercises, quizzes, and settings for an editor.

    DIR is new or empty; nothing is ever written over. With --from, your files, credits and answers of an
    earlier edition come along; they stay where they were as well.
    """
    if (folder / COURSE_FILE).is_file():
        mine, ours = (
            [path.read_bytes() for path in sorted(root.glob("recorded/*/*.bin"))] for root in (folder, PACKED)
        )
        if mine == ours:
            cli.stop(f"{folder} is this course already; go there and type `grader`")
        cure = f"name a new folder and add `--from {shlex.quote(str(folder))}`, and your work comes along"
        cli.stop(f"{folder} holds another edition of a course, and stays as it is; {cure}")
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        cli.stop(f"{folder} is not empty; name a folder that is new or empty")
    before = open_course(old) if old else None
    with tempfile.TemporaryDirectory() as beside:
        packed = PACKED if PACKED.is_dir() else _build(course, Path(beside, handout.PACKAGE))
        ignored = shutil.ignore_patterns("__init__.py", "__pycache__")
        try:
            shutil.copytree(packed, folder, ignore=ignored, copy_function=shutil.copyfile, dirs_exist_ok=True)
            (folder / "requirements.txt").write_text(f"{_requirement(folder)}\n", encoding="utf-8")
            if before:
                made, known = open_course(folder), before.exercise_ids()
                for exercise in (exercise for exercise in made.exercises() if exercise.id in known):
                    written = before.root / exercise.stub_path.relative_to(made.root)
                    if written.is_file() and not is_stub(before[exercise.id], written.read_bytes()):
                        shutil.copyfile(written, exercise.stub_path)
                if before.state_folder.is_dir():
                    shutil.copytree(before.state_folder, made.state_folder)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)  # all that is in it is ours
            cli.stop(f"{folder} cannot be written: {error.strerror or error}; name another folder")
    _tell_next(folder)


def _build(course: str | None, target: Path) -> Path:
    """Build the students' edition where none is installed: in a clone, whose full course is at hand."""
    clone = PACKED.parent
    try:
        full = open_course(course or (clone if (clone / COURSE_FILE).is_file() else None))
        click.echo("building the students' edition, which takes a minute or two", err=True)
        handout.build_handout(full, target, secret_of(full), program=False)
    except NoCourse:
        cli.stop(f"this installation carries no course; `{RUN} init DIR` writes one, or go to a clone")
    except leaks.Leaking as leaking:
        cli.stop(f"nothing was written: the course would tell answers: {leaking.args[0]}", cli.BROKEN)
    return target


def _requirement(folder: Path) -> str:
    """Return what pip installs this program by; a wheel comes along, so that the folder is enough."""
    origin = json.loads(metadata.distribution("rnn-grader").read_text("direct_url.json") or "{}")
    url = origin.get("url", "")
    wheel = Path(url2pathname(urlsplit(url).path)) if url.startswith("file:") else Path()
    if wheel.suffix == ".whl" and wheel.is_file():
        shutil.copyfile(wheel, folder / wheel.name)
        return f"./{wheel.name}"
    return f"rnn-grader @ {url}" if url else f"rnn-grader=={__version__}"


def _tell_next(folder: Path) -> None:
    """Say what to type next; and let an editor use the Python that has this program."""
    commands = [f"cd {shlex.quote(str(folder))}"] if folder.resolve() != Path.cwd() else []
    if "UV" in os.environ:  # uvx runs this, and what it installed is out of reach
        activate = r".venv\Scripts\activate" if os.name == "nt" else ". .venv/bin/activate"
        commands += ["uv venv", "uv pip install -r requirements.txt", activate, "grader"]
    else:
        settings = folder / ".vscode" / "settings.json"
        text, python = settings.read_text(encoding="utf-8"), json.dumps(sys.executable)[1:-1]
        settings.write_text(text.replace("${workspaceFolder}/.venv/bin/python", python), encoding="utf-8")
        commands += ["grader" if shutil.which("grader") else str(Path(sys.executable).with_name("grader"))]
    click.echo(f"{folder} is ready. What to type next:\n")
    click.echo("".join(f"    {command}\n" for command in commands), nl=False)


@click.command("site")
@click.argument("handed_out", metavar="HANDOUT", type=cli.FOLDER)
@click.argument("target", metavar="DEST", type=click.Path(path_type=Path))
@click.option(
    "--runtime",
    default="cdn",
    metavar="cdn|npm|DIR",
    show_default=True,
    help="Where browsers get Python from: Pyodide's network, this site by way of npm, or a folder of yours.",
)
def site(handed_out: Path, target: Path, runtime: str) -> None:
    """Write a finished hand-out as a website into DEST.

    Lessons and questions can be read without a script, from any host and below any path. DEST is a new or an
    empty folder, or one that this command has written before; then only its own files are replaced.

    Run it in the full course, or name that with --course: its solutions, hidden checks and keys are then
    looked for in every page, and if one is found, nothing is written, and this exits with 3.
    """
    from grader.site import build  # which the other two do without

    full = None  # the full course, if the working directory or ``--course`` has one beside the hand-out
    named = click.get_current_context().obj
    with contextlib.nullcontext() if named else contextlib.suppress(NoCourse):
        found = open_course(named)
        full = None if found.handout or found.root == handed_out.resolve() else found
    try:
        built = build.build_site(open_course(handed_out), target, full, runtime)
    except leaks.Leaking as leaking:
        click.echo("\n".join(leaking.args), err=True)
        cli.stop("nothing was written: the website would tell answers", cli.BROKEN)
    pages = sum(name.endswith(".html") for name in built.files)
    size = sum(built.files.values()) / 1e6
    see = f"python -m http.server -d {target} shows it"
    click.echo(f"{target}: {pages} pages, {len(built.files)} files, {size:.1f} MB; {see}")
    if full:
        click.echo(f"looked for {built.looked_for} lines of solutions and hidden checks, and found none")
    else:
        told = "the full course is not here, so no answer was looked for; name it with --course"
        click.echo(f"grader: {told}", err=True)


@click.command("verify")
@click.argument("names", metavar="[EXERCISE]...", nargs=-1)
@cli.exercises_option(help="Verify these, as if they were named without it")
@cli.seed_option(help="Seed of the random inputs.", default=checking.SEED, show_default=True)
@click.option("--jobs", type=click.IntRange(0), default=0, help="Processes; default: one a processor.")
@click.option(
    "--mutants", is_flag=True, help="Test the checks: each small change to a solution must lose a credit."
)
@click.option("--diagnose", is_flag=True, help="Show which known mistakes are recognised, and as what.")
@click.option("--quizzes", is_flag=True, help="Lint quizzes only: all, or those named instead of exercises.")
@cli.pass_course
def verify_course(
    course: Course,
    /,
    names: tuple[str, ...],
    exercises: tuple[str, ...],
    mutants: bool,
    diagnose: bool,
    quizzes: bool,
    **how: int,
) -> None:
    """Let the course check itself: all of it, or the exercises named.

    The solution must earn all credits, the stub none; every known misconception must lose some, every
    accepted variant none; without names, every quiz is linted as well. Exits with 3 on any fault.

    To lint a quiz is to recompute every key, draw 2,000 variants of each question with parameters, run the
    code, and look for cues.
    """
    if course.handout:
        cli.stop(f"{course.root} is a hand-out, which has nothing to verify; go to the full course")
    if mutants + diagnose + quizzes > 1:
        raise click.UsageError("--mutants, --diagnose and --quizzes look at different things; choose one")
    faulty, names = False, (*names, *exercises)
    lints = quizzes or not (mutants or diagnose or names or not files.quiz_paths(course))
    if mutants:
        trials = mutation.try_mutants(course, names, **how)
        cli.print_lines(tables.findings_lines("mutants", trials, cli.width()))
        faulty = any(trial.faults for trial in trials)
    elif diagnose:
        cli.print_lines([tables.CONFUSION_HEADING])
        for confusion in checking.confusions(course, names, **how):
            cli.print_lines(tables.confusion_lines(confusion, cli.width()))
            faulty = faulty or bool(confusion.misnamed)
    elif not quizzes:
        results = checking.verify(course, names, **how)
        cli.print_lines(tables.findings_lines("exercises", results, cli.width()))
        faulty = any(findings.faults for findings in results)
        cli.print_lines([Line("", "detail")] * lints)
    if lints:
        named = tuple(files.find_quiz_path(course, name).stem for name in names)
        variants = quiz_lint.VARIANTS if quizzes else quiz_lint.FEW_VARIANTS
        linted = quiz_lint.lint_course(course, named, variants=variants)
        cli.print_lines(tables.findings_lines("quizzes", linted, cli.width()))
        faulty = faulty or any(findings.faults for findings in linted)
    sys.exit(cli.BROKEN if faulty else 0)
