"""How a report is laid out: order, credits, what is said once, what is left out, and maps of arrays."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from typing import Any

import pytest

from grader.authoring.verify import solution_source
from grader.checks.collection import load_suite
from grader.checks.report import Located, Mismatch, Outcome, Report
from grader.checks.run import check_many
from grader.checks.source import Source
from grader.course import Course
from grader.reports.text import (
    MAP_WIDTH,
    MESSAGE_LINES,
    Line,
    array_map,
    decimal,
    ends,
    outcome_text,
    report_lines,
    unconfined,
    wrapped,
)
from grader.sandbox import REQUIRED
from grader.sandbox.pool import WorkerPool
from grader.sandbox.text import one_line, shorten

LONG = os.environ.get("GRADER_LONG") == "1"


def outcome(check: str, status: Any = "passed", function: str = "f", **fields: Any) -> Outcome:
    return Outcome(check, f"Title of {check}.", function, status, 2, **fields)


def laid_out(
    *outcomes: Outcome,
    width: int = 80,
    verbose: bool = False,
    file: str = "",
    seeded: bool = True,
    **fields: Any,
) -> list[str]:
    report = Report("exercise-1", "Doubling", outcomes, seed=7, **fields)
    lines = report_lines(report, width, verbose=verbose, file=file, seeded=seeded)
    return [line.text for line in lines]


def test_a_passed_report_folds_its_checks_by_function() -> None:
    assert laid_out(outcome("a"), outcome("b"), outcome("c", function="g"), width=60) == [
        f"{'exercise-1  Doubling':<45} 6 of 6 credits",
        f"{'  ✓ 2 checks of f':<56} 4/4",
        f"{'  ✓ 1 check of g':<56} 2/2",
    ]


def test_the_check_to_mend_first_is_the_last_and_the_others_are_folded() -> None:
    failed = outcome("a", "failed", message="`h` should be (3, 4)", diagnosis="A mistake.")
    other = outcome("d", "failed", message="`x` is off")
    unwritten = outcome("e", "failed", "early", message="`early` is not written yet.")
    passed = [outcome("b", function="g"), outcome("c")]
    assert laid_out(unwritten, failed, *passed, other) == [
        f"{'exercise-1  Doubling':<64} 4 of 10 credits",
        f"{'  ✓ 2 checks':<76} 4/4",
        f"{'  ✗ early is not written yet':<76} 0/2",
        f"{'  ✗ 1 more check of f: Title of d.':<76} 0/2",
        f"{'  ✗ Title of a.':<76} 0/2",
        "    `h` should be (3, 4)",
        "    This looks familiar: A mistake.",
        "  next: grader hint exercise-1 (or grader debug, grader show)",
        "  same inputs again: add --seed 7",
    ]
    assert laid_out(failed, seeded=False)[-1].startswith("  next:")


def test_every_check_can_be_asked_for_with_all_that_it_says() -> None:
    many = [outcome(str(number), "failed", message="m\n" * 9 + f"end {number}") for number in range(9)]
    lines = laid_out(outcome("a"), *many, verbose=True)
    assert [line for line in lines if "Title of a" in line]
    assert sum(line.startswith("    end") for line in lines) == 9


def test_what_several_checks_would_each_say_is_said_once() -> None:
    lines = laid_out(outcome("a", "failed", message="no"), outcome("b", "failed", message="no"))
    assert lines[1].startswith("  ✗ 2 checks of f")
    assert lines[1].endswith("0/4")
    assert lines.count("    no") == 1


def test_checks_that_fail_for_one_value_are_one_paragraph() -> None:
    place = Located(3, "f.py:3", "dz = dh", "`dz` is the first", shared="use `dz`")
    first = outcome("a", "failed", message="`dx` is off", located=place)
    other = outcome("b", "failed", message="`dh` is off", gist="`dh` is not right.")
    raising = outcome("c", "failed", message="`f` raises ValueError: no")
    elsewhere = outcome("d", "failed", "g", message="`y` is off")
    lines = laid_out(first, other, raising, elsewhere)
    told = "  ✗ 2 checks of f fail; all of them use `dz`: Title of a., Title of b."
    assert f"{told:<76} 0/4" in lines
    assert f"{'  ✗ 1 more check of f: Title of c.':<76} 0/2" in lines
    assert f"{'  ✗ 1 check of g: Title of d.':<76} 0/2" in lines
    assert "    `dh` is off" not in lines


def test_checks_that_stop_at_one_line_are_one_paragraph() -> None:
    place = Located(3, "f.py:3", "dz = dh @ x", "`dh` is (H, N)", shared="stop at line 3")
    first = outcome("a", "failed", message="`f` raises ValueError: (5,2)", located=place)
    other = outcome("b", "failed", message="`f` raises ValueError: (5,1)\n  f.py, line 3, in f: dz = dh @ x")
    lines = laid_out(first, other, outcome("c", "failed", message="`x` is off"))
    told = "  ✗ 2 checks of f fail; all of them stop at line 3: Title of a.,"
    assert any(line.startswith(told) for line in lines)


def test_where_nothing_is_known_the_title_or_the_message_is_what_to_read() -> None:
    def bold(*outcomes: Outcome) -> list[str]:
        lines = report_lines(Report("exercise-1", "Doubling", outcomes))
        return [line.text.strip() for line in lines if line.style == "diagnosis"]

    failed = outcome("a", "failed", message="`f` raises NameError: x")
    assert bold(failed) == ["`f` raises NameError: x"]
    said = "`f` passes other checks; what is asked here beyond them stands in the title."
    assert bold(failed, outcome("b")) == [said]
    assert bold(failed, outcome("b", function="g")) == ["`f` raises NameError: x"]
    assert bold(outcome("a", "failed", message="`f` is not written yet.")) == []
    assert bold(outcome("a", "error", message="it broke")) == []


@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_of_a_verdict_is_wider_than_the_terminal(verbose: bool) -> None:
    long = " ".join(["`dparams.Wxh`", "exercises/exercise-5/bptt.py:46:"] * 9)
    place = Located(46, "exercises/exercise-5/bptt.py:46", "da = " + "x" * 90, long, long, shared="use `da`")
    mismatch = Mismatch("dxs", ("T", "D", "N"), (3, 9, 3), "x" * 41 + "." * 40)
    outcomes = (
        outcome("a", "failed", message=long, diagnosis=long, located=place, wrong=mismatch, output="y" * 300),
        outcome("b" * 80, "failed", message="`dh` is off"),
        outcome("c" * 80, "skipped", message=long),
        outcome("d" * 80),
    )
    report = Report("exercise-5", "A title " * 9, outcomes, notes=(long,), seed=2**32 - 1)
    for width in range(30, 201):
        lines = report_lines(report, width, verbose=verbose, file="exercises/exercise-5/bptt.py")
        assert max(len(line.text) for line in lines) <= width


def test_checks_that_wait_are_counted() -> None:
    waiting = [outcome(name, "skipped", message="waits for a") for name in "bc"]
    lines = laid_out(outcome("a", "failed", message="no"), *waiting)
    assert lines[1].startswith("  – 2 more checks wait for those that fail")
    assert not any("waits for a" in line for line in lines)


def test_checks_that_wait_for_earlier_exercises_name_them() -> None:
    waiting = [
        outcome(name, "skipped", message=f"waits for exercise-{name}: `f` does not pass") for name in "82"
    ]
    lines = laid_out(outcome("a", "failed", message="no"), *waiting)
    assert lines[1].startswith("  – 2 more checks wait for exercise-2 and exercise-8")


def test_checks_that_wait_for_another_exercise_say_so_themselves() -> None:
    lines = laid_out(outcome("a"), outcome("b", "skipped", message="waits for exercise-1"))
    assert "    waits for exercise-1" in lines


def test_places_are_such_as_an_editor_opens() -> None:
    text = "`f` raises NameError: x\n  double.py, line 12, in f: x"
    lines = laid_out(outcome("a", "failed", message=text), file="exercises/exercise-1/double.py")
    assert "      exercises/exercise-1/double.py:12, in f: x" in lines


def of_the_course(course: Course) -> Iterator[tuple[str, str, list[str]]]:
    """Return misconceptions of the real course, with the titles of the exercise's checks.

    They are those of each exercise of which most is said, unless it is all of them.
    """
    for exercise in course.exercises():
        titles = []
        for path in (exercise.visible_checks, exercise.hidden_checks):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and node.name.startswith("check_"):
                    titles.append(" ".join((ast.get_docstring(node) or "").split("\n\n")[0].split()))
        most = sorted(exercise.misconceptions(), key=lambda mistake: len(mistake.says), reverse=True)
        for mistake in most[: None if LONG else 5]:
            yield f"{exercise.id} {mistake.id}", mistake.says, titles


def test_no_verdict_is_longer_than_a_screen_and_the_diagnosis_is_at_its_end(course: Course) -> None:
    """Of a misconception, at its worst: all checks fail, with long messages, a map and prints."""
    mismatch = Mismatch("dxs", ("T", "D", "N"), (3, 9, 3), "x" * 41 + "." * 40)
    for name, says, titles in of_the_course(course):
        outcomes = [
            Outcome(
                f"check_{number}", title, "train", "failed", 1, f"{number} word" * 99, diagnosis=says,
                wrong=mismatch, output="printed\n" * 9,
            )
            for number, title in enumerate(titles)
        ]  # fmt: skip
        report = Report("exercise-12", "Title", tuple(outcomes), notes=("note " * 40,), seed=2**32 - 1)
        assert_on_a_screen(report_lines(report), name)


def assert_on_a_screen(lines: list[Line], name: str) -> None:
    told = [number for number, line in enumerate(lines) if line.style == "diagnosis"]
    assert len(lines) <= 20, name
    assert told, name
    assert told[0] >= len(lines) - 12, name
    assert not any("more lines" in lines[number].text for number in told), name


@pytest.mark.slow
def test_no_verdict_on_a_real_mistake_is_longer_than_a_screen(course: Course, pool: WorkerPool) -> None:
    for exercise in course.exercises()[:: 1 if LONG else 5]:
        solution = exercise.solution_path.read_text(encoding="utf-8")
        mistakes = exercise.misconceptions()[:: 1 if LONG else 40]
        texts = [solution.replace(mistake.replace, mistake.with_) for mistake in mistakes]
        used = tuple(map(solution_source, exercise.used))
        sources = [Source(exercise.stub_path.name, text.encode(), used=used) for text in texts]
        suite = load_suite(exercise, 1).remembering()
        for mistake, report in zip(mistakes, check_many(suite, sources, pool), strict=True):
            lines = report_lines(report.for_student(exercise.file.feedback))
            assert_on_a_screen(lines, f"{exercise.id} {mistake.id}")


def test_an_error_is_called_the_courses() -> None:
    lines = laid_out(outcome("a", "error", message="it broke"))
    assert "    This is a fault of the course, not of your code: it broke" in lines
    assert outcome_text(outcome("a", "error", message="it broke")).startswith("This is a fault of the course")


def test_long_messages_and_long_prints_are_cut() -> None:
    printed = "\n".join(f"line {number}" for number in range(20))
    lines = laid_out(outcome("a", "failed", message="\n".join("m" * 30), output=printed))
    assert lines.count("    m") == MESSAGE_LINES
    assert "    | … 14 lines left out …" in lines
    assert "  your code printed in a:" in lines


def test_what_a_hidden_check_made_the_code_print_is_not_shown() -> None:
    lines = laid_out(outcome("a", "failed", message="no", output="hushed", hidden=True))
    assert not any("hushed" in line for line in lines)


def test_a_missing_layer_is_told_where_code_ran() -> None:
    assert not unconfined(REQUIRED)
    assert "without" in unconfined(())[0]
    assert any("not fully confined" in line for line in laid_out(outcome("a"), source_sha256="0" * 64))
    assert not any("not fully confined" in line for line in laid_out(outcome("a")))


def test_no_line_is_wider_than_asked_for() -> None:
    mismatch = Mismatch("dxs", ("T", "D", "N"), (3, 2, 3), "......" + "xxxxxx" + "..x..x")
    failed = outcome(
        "a" * 90, "failed", message="word " * 60, output="p" * 200, wrong=mismatch, diagnosis="d " * 80
    )
    for width in (30, 40, 60, 80, 100, 200):
        lines = laid_out(failed, width=width, notes=("note " * 50,))
        assert max(map(len, lines)) <= width


def test_a_wrapped_line_gives_no_orders_and_keeps_its_indent() -> None:
    assert [line.text for line in wrapped("  a b\nc", "detail", 20)] == ["      a b", "    c"]
    assert list(wrapped("words ::error", "note", 8, indent="")) == [
        Line("words", "note"),
        Line(": :error", "note"),
    ]


def test_the_left_end_gives_way() -> None:
    assert ends("left", "right", 12) == "left   right"
    assert ends("a long left", "right", 12) == "a lon… right"
    assert shorten("text", 4) == "text"


def test_the_map_shows_where_and_says_which() -> None:
    mismatch = Mismatch("dxs", ("T", "D", "N"), (3, 2, 3), "......" + "xxxxxx" + "..x..x")
    lines = array_map(outcome("a", "failed", wrong=mismatch))
    assert lines == [
        "dxs (T, D, N): x marks what is wrong, only in time steps 1 to 2",
        "···  xxx  ··x",
        "···  xxx  ··x",
    ]


def test_a_map_that_does_not_fit_is_left_to_the_words() -> None:
    wide = Mismatch("h", ("H", "N"), (2, 70), "x" * 70 + "." * 70)
    assert array_map(outcome("a", "failed", wrong=wide), MAP_WIDTH) == [
        "h (H, N): x marks what is wrong, only in unit 0"
    ]


def test_an_array_that_is_wrong_everywhere_needs_no_map() -> None:
    assert not array_map(outcome("a", "failed", wrong=Mismatch("h", (), (2, 2), "xxxx")))


def test_axes_without_names_are_numbered() -> None:
    some = Mismatch("h", (), (4, 2), "x." + "x." + ".." + "x.")
    assert array_map(outcome("a", "failed", wrong=some))[0] == (
        "h: x marks what is wrong, only in axis 0, places 0 to 1, 3 and axis 1, place 0"
    )


def test_amounts_are_exact_and_texts_are_one_line() -> None:
    assert [decimal(cents) for cents in (150, -5, 0)] == ["1.50", "-0.05", "0.00"]
    assert one_line("a\n b\x1b") == "a b\\x1b"
