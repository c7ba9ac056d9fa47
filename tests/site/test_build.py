"""The website: what is written, what is refused, and that no answer and no script of others gets in."""

from __future__ import annotations

import functools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from grader.authoring.leaks import Leaking
from grader.course import CannotDo, Course, open_course, zipped
from grader.site import build, shipped
from grader.site.build import MARKER, build_site
from tests.helpers import Run, edit

LESSON = "exercises/exercise-1/lesson.md"
QUIZ = "quizzes/every-type.yaml"
PLANTED = (
    "\n<script>alert(1)</script> <img src=x onerror=alert(1)> [a](javascript:alert(1)) "
    '[b](data:text/html,x) <a href="javascript:alert(1)">c</a> ![d](https://example.org/e.svg)\n'
)


class Page(HTMLParser):
    """The tags of a page, and what they point to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.policy = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        held = dict(attrs)
        self.handlers += [name for name in held if name.startswith("on") or name == "style"]
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "data")]
        self.anchors.add(held.get("id") or "")
        if held.get("http-equiv") == "Content-Security-Policy":
            self.policy = held["content"] or ""


@functools.cache
def packed_once(files: tuple[tuple[str, bytes], ...]) -> bytes:
    return zipped(dict(files))


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pack what is the same once: the program, again and again, would take longer than all else."""
    for module in (build, shipped):
        monkeypatch.setattr(module, "zipped", lambda files: packed_once(tuple(files.items())))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- what is written ----------------------------------------------------------------------------------


def test_there_is_a_page_for_each_lesson_and_quiz(written: Path) -> None:
    names = {path.name for path in written.glob("*.html")}
    assert names == {"index.html", "exercise-1.html", "quiz-every-type.html"}
    start = (written / "index.html").read_text(encoding="utf-8")
    assert "A tiny course" in start
    assert "5 credits" in start


def test_every_link_is_relative_and_leads_somewhere(written: Path) -> None:
    for path in written.glob("*.html"):
        page = Page(path)
        for link in page.links:
            name, _, anchor = link.partition("#")
            if link.startswith(("https://", "data:,")):
                continue
            assert not re.match("[a-z]+:|/", link), f"{path.name} has {link}"
            assert not name or (written / name).is_file(), f"{path.name} links to {name}"
            assert anchor in page.anchors or not anchor or name, f"{path.name} has no {anchor}"


def test_questions_can_be_read_and_tell_no_answer(written: Path) -> None:
    page = (written / "quiz-every-type.html").read_text(encoding="utf-8")
    assert page.count('<li><p class="quiet">') == 9
    for shown in ("the trace of", "<math", "dh_next", "scales the old cell state", "has the direct gradient"):
        assert shown in page
    for kept in ("forget gate", "A trace can be 0", "Bound a single step", "reshape", "Pascanu"):
        assert kept not in page
    assert "${" not in page


def test_the_same_hand_out_gives_the_same_bytes(handed_out: Course, written: Path, tmp_path: Path) -> None:
    build_site(handed_out, tmp_path / "again")
    assert files(tmp_path / "again") == files(written)


# --- what must not run --------------------------------------------------------------------------------


@pytest.mark.usefixtures("quickly")
def test_no_page_has_a_script_of_anybody_else(home: Course, tmp_path: Path) -> None:
    for name in (LESSON, "course.yaml"):
        path = home.root / name
        path.write_text(path.read_text(encoding="utf-8") + PLANTED.replace(":", " ") * (name[0] == "c"))
    (home.root / LESSON).write_text(f"# <script>x</script>\n{PLANTED}", encoding="utf-8")
    edit(home.root / "course.yaml", PLANTED.replace(":", " "), "")
    edit(home.root / "course.yaml", "title: A tiny course", "title: 'A <script>alert(1)</script> course'")
    edit(home.root / QUIZ, "What does this print?", "<script>alert(1)</script> <b onclick=x>?</b>")
    edit(home.root / QUIZ, "the trace of", "[x](javascript:alert(1)) <svg onload=alert(1)>")

    build_site(open_course(home.root), tmp_path / "out")
    for path in (tmp_path / "out").glob("*.html"):
        page = Page(path)
        assert page.handlers == []
        assert not {"iframe", "object", "embed", "base", "form", "svg"} & set(page.tags)
        assert all(not link.startswith(("javascript", "data:text")) for link in page.links)
        assert "unsafe-inline" not in page.policy
        assert "default-src 'none'" in page.policy
        for script in re.findall(r"<script([^>]*)>(.*?)</script>", path.read_text("utf-8"), re.DOTALL):
            assert re.fullmatch(r' type="module" src="scripts/(quiz|start|exercise|wide)\.js"', script[0])
            assert script[1] == ""


# --- what is refused ----------------------------------------------------------------------------------


def test_the_full_course_is_refused(run: Run, tiny_copy: Course) -> None:
    ran = run("site", ".", "../out")
    assert ran.code == 2
    assert "is the full course, with solutions and keys; build the students' edition first" in ran.err
    assert not (tiny_copy.root.parent / "out").exists()


@pytest.mark.parametrize(
    "name", ["solutions/exercise-1/doubling.py", "exercises/exercise-1/misconceptions.yaml", "a/hidden.py"]
)
def test_a_hand_out_with_something_of_the_instructors_is_refused(
    home: Course, tmp_path: Path, name: str
) -> None:
    (home.root / name).parent.mkdir(parents=True, exist_ok=True)
    (home.root / name).write_text("x", encoding="utf-8")
    with pytest.raises(CannotDo, match=r"is no clean hand-out \(.*; build it anew"):
        build_site(home, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_graded_quiz_with_its_key_is_refused(home: Course, tmp_path: Path) -> None:
    edit(home.root / QUIZ, "confidence: optional", "mode: graded")
    with pytest.raises(CannotDo, match=r"every-type.yaml: is graded, and holds its key"):
        build_site(home, tmp_path / "out")


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize("name", [LESSON, "exercises/exercise-1/check_doubling.py"])
def test_a_planted_line_of_a_solution_is_found(home: Course, tiny: Course, tmp_path: Path, name: str) -> None:
    path = home.root / name
    line = "    stretched = factor * double(x)"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n```python\n{line}\n```\n", encoding="utf-8")
    with pytest.raises(Leaking) as raised:
        build_site(home, tmp_path / "out", tiny)
    assert any("a line of the solution of exercise-1" in leak for leak in raised.value.args)
    assert (name != LESSON) or any(leak.startswith("exercise-1.html") for leak in raised.value.args)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("quickly")
def test_only_a_folder_of_its_own_is_written_to(home: Course, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(CannotDo, match=r"holds thesis.txt and is no website of this program"):
        build_site(home, target)
    (target / "thesis.txt").unlink()
    build_site(home, target)
    (target / "CNAME").write_text("example.org", encoding="utf-8")
    (target / "old.html").write_text("", encoding="utf-8")
    listed = (target / MARKER).read_text(encoding="utf-8")
    outside = tmp_path / "outside.html"
    outside.write_text("", encoding="utf-8")
    (target / MARKER).write_text(f"{listed}old.html\n../outside.html\n{outside}\n", encoding="utf-8")
    build_site(home, target)
    assert outside.exists()
    assert (target / "CNAME").read_text(encoding="utf-8") == "example.org"
    assert not (target / "old.html").exists()
    assert (target / MARKER).read_text(encoding="utf-8") == listed


@pytest.mark.usefixtures("quickly")
def test_what_somebody_else_has_put_there_stays(home: Course, tmp_path: Path) -> None:
    build_site(home, tmp_path / "out")
    listed = (tmp_path / "out" / MARKER).read_text(encoding="utf-8")
    (tmp_path / "out" / MARKER).write_text(listed.replace("index.html\n", ""), encoding="utf-8")
    with pytest.raises(CannotDo, match=r"index.html is there and was not written by this program"):
        build_site(home, tmp_path / "out")
    for target in (home.root / "site", home.root, tmp_path):
        with pytest.raises(CannotDo, match="lies in the hand-out, or around it"):
            build_site(home, target)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CannotDo, match="is a file; name a folder"):
        build_site(home, tmp_path / "file")


# --- the command --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quickly")
def test_the_command_looks_for_answers_where_the_full_course_is(
    run: Run, handed_out: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = str(tmp_path / "out")
    ran = run("site", str(handed_out.root), target)
    assert (ran.code, ran.err) == (0, "")
    assert re.search(
        r"3 pages, \d+ files, [\d.]+ MB; python -m http.server -d .* shows it\nlooked for \d+ lines", ran.out
    )
    monkeypatch.chdir(tmp_path)
    ran = run("site", str(handed_out.root), target)
    assert ran.code == 0
    assert ran.err == (
        "grader: the full course is not here, so no answer was looked for; name it with --course\n"
    )


@pytest.mark.usefixtures("quickly")
def test_a_leak_exits_with_3_and_writes_nothing(run: Run, home: Course, tmp_path: Path) -> None:
    edit(home.root / LESSON, "#", "# stretched = factor * double(x)\n\n#")
    ran = run("site", str(home.root), str(tmp_path / "out"))
    assert ran.code == 3
    assert "exercise-1.html" in ran.err
    assert "nothing was written: the website would tell answers" in ran.err
    assert not (tmp_path / "out").exists()
