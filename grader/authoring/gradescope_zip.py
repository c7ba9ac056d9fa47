"""Builds what Gradescope wants of a course: one archive that sets itself up and grades one submission."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from grader.authoring.handout import project_text, write_program, write_zip
from grader.course import COURSE_FILE, Course, Exercise

SETUP = """\
#!/usr/bin/env bash
# Runs once, when the archive is uploaded: installs the grader into an environment of its own.
set -euo pipefail
here="${AUTOGRADER:-/autograder}/source"
python3 -m venv "$here/.venv" || {
    apt-get update && apt-get install -y --no-install-recommends python3-venv
    python3 -m venv "$here/.venv"
}
"$here/.venv/bin/python" -m pip install --quiet "$here"
"""
RUN = """\
#!/usr/bin/env bash
# Runs for each submission, and leaves results.json whatever happens.
set -uo pipefail
root="${{AUTOGRADER:-/autograder}}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grader() {{ "$root/source/.venv/bin/grader" --course "$root/source/course" "$@"; }}
mkdir -p "$root/results"
grader grade "$root/submission" -o "$work" --no-quizzes --confinement best --jobs 1{exercises}
# 1 says that this cannot be graded, and the results say why.
[ $? -le 1 ] && grader export "$work" gradescope -o "$root/results/results.json" ||
    cat > "$root/results/results.json" <<'END'
{{"score": 0, "output": "The grader could not run. This is not your fault; tell your instructor."}}
END
"""
SIDES = ("exercises", "solutions")
PROGRAM_BITS = 0o755


def build_gradescope_zip(course: Course, exercises: list[Exercise], target: Path) -> None:
    """Write the archive; the same course gives the same bytes.

    Args:
        exercises: to be graded.
        target: the zip, which is replaced if it is there.

    Raises:
        OSError: it cannot be written.
    """
    with tempfile.TemporaryDirectory() as beside:
        folder = Path(beside, "source")
        write_program(folder)
        (folder / "pyproject.toml").write_text(project_text(), encoding="utf-8")
        for part in SIDES:
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(course.root / part, folder / "course" / part, ignore=ignored)
        shutil.copyfile(course.root / COURSE_FILE, folder / "course" / COURSE_FILE)
        ids = "".join(f" --exercise {one.id}" for one in exercises)
        for name, text in (("setup.sh", SETUP), ("run_autograder", RUN.format(exercises=ids))):
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
            (folder / name).chmod(PROGRAM_BITS)
        write_zip(folder, Path(beside, "zip"), top=folder)
        shutil.copyfile(Path(beside, "zip"), target)
