"""`grader verify --quizzes` sees every fault that an author can plant; the sound quizzes have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.authoring.quiz_lint import lint_file
from grader.course import Course, CourseError
from grader.quiz.files import load_quiz
from tests.conftest import HERE

SOUND = (HERE / "fixtures/course/quizzes/every-type.yaml").read_text(encoding="utf-8")
MORE_SINGLES = "".join(
    f"""
  - id: more-{number}
    type: single
    topic: history
    prompt: 'Question {number}?'
    choices:
      - id: a
        text: 'a right answer that is rather long {number}'
        correct: true
      - id: b
        text: 'a wrong one of some length {number}'
        feedback: 'no'
      - id: c
        text: 'another of some length {number}'
        feedback: 'no'
    explain: 'because'
    source: 'chapter'
"""
    for number in range(4)
)


def linted(folder: Path, *edits: tuple[str, str]) -> tuple[str, ...]:
    text = SOUND
    for old, new in edits:
        assert text.count(old) >= 1, f"{old!r} is not in the sound quiz"
        text = text.replace(old, new, 1)
    path = folder / "every-type.yaml"
    path.write_text(text, encoding="utf-8")
    return lint_file(path, variants=200).faults


def test_the_sound_quiz_has_no_fault(tmp_path: Path) -> None:
    assert linted(tmp_path) == ()


# A row is planted at once: none of its faults hides another.
FAULTS = [
    [
        ("0.5/f'", "log(0.5)/log(f) + 0.001'", "that comes within the tolerance of the key"),
        ("['D + H', '4 * H']", "['4*H', 'H + D']", "has a mistake that is right"),
        ("match: 'output gate'", "match: 'forgot gate'", "for a slip in"),
        ("answer: '(4, 4)'", "answer: '(4,)'", "has code that prints '(4, 4)', not '(4,)'"),
        (
            "combine(np.zeros((4, 1)), np.arange(3.0))",
            "len((1, 2))",
            "has code that passes its tests unmended",
        ),
        (
            "\n        feedback: 'A trace can be 0 while the matrix is as large as you like.'",
            "",
            "without feedback",
        ),
        ("text: 'the trace of $W_{hh}$'", "text: 'all of the above'", "which tests reading"),
        (
            "text: 'the largest singular value of $W_{hh}$'",
            "text: 'the largest singular value of $W_{hh}$, since the norm of a product is never above it'",
            "stands out by its length",
        ),
        ("\\tilde{c}_t$'", "\\widebar{c}_t$'", "`\\widebar` is not known"),
        ("A gate on the cell stays at ${f}", "A gate on the cell stays at ${= 2*f}", "before the answer"),
        (
            "cost: 0.25",
            "cost: 1.0\n      - text: 'more'\n        cost: 0.5",
            "cost more than the question earns",
        ),
        (
            "A gate on the cell",
            "A forget gate on the cell",
            "prints “forget gate”, the answer of `missing-gate`",
        ),
    ],
    [
        ("0.5/f'", "0.5/(1 - f) + 0.001'", "that an earlier one answers for in 100% of all draws"),
        ("value: '(4, 1)'", "value: '(4,4)'", "has a mistake '(4,4)' that is right"),
        ("h = np.zeros((4, 1))", "h = np.zeros((4, 1), no_such=1)", "has code that does not run to its end"),
        ("column = x.reshape(-1, 1)'", "column = x.no_such()'", "has a solution that does not get through"),
        ("A gate on the cell stays at ${f}", "A gate on the cell stays at ${g}", "names no parameter"),
    ],
    [("uniform: [0.85, 0.95]", "uniform: [1.0, 1.0001]\n        round: 0", "cannot be drawn")],
    [("version: 1", "version: one", "`version` should be a whole number, but is `one`")],
    [("topic: gates", "topic: Gates!", "`topic` should be words-with-hyphens")],
    [("correct: true", "corect: true", "unknown key `corect`; did you mean `correct`?")],
    [("type: shape", "type: shapes", "there is no type `shapes`; did you mean `shape`?")],
    [("after: [dh]", "after: [dz2]", "comes after `dz2`, which is no step before it")],
    [("line: 4\n", "line: 40\n", "`line` should be 1 to 5, but is 40")],
    [("quiz: every-type", "quiz: some-type", "is named differently than its `quiz: some-type`")],
]


@pytest.mark.parametrize("faults", FAULTS, ids=lambda row: row[0][2][:30].strip())
def test_a_planted_fault_is_named(tmp_path: Path, faults: list[tuple[str, str, str]]) -> None:
    named = linted(tmp_path, *((old, new) for old, new, _ in faults))
    assert [said for *_, said in faults if not any(said in fault for fault in named)] == [], named
    assert all("every-type.yaml" in fault for fault in named)


def test_cues_over_the_whole_quiz_are_named(tmp_path: Path) -> None:
    faults = linted(tmp_path, ("\n  - id: squashed", MORE_SINGLES + "\n  - id: squashed"))
    assert any("the longest choice is right in" in fault for fault in faults)
    assert any("choice 1 is right in 4 of 5 single choices" in fault for fault in faults)
    short = MORE_SINGLES.replace("a right answer that is rather long", "a right one")
    faults = linted(tmp_path, ("\n  - id: squashed", short + "\n  - id: squashed"))
    assert any("the shortest choice is right in" in fault for fault in faults)


GIVING = """
  - id: asked
    type: {kind}
    topic: gates
    credits: 1
    prompt: 'What is it?'
{key}
    explain: 'So it is.'
    source: 'lesson'
  - id: printing
    type: text
    topic: gates
    credits: 1
    prompt: '{prompt}'
    accept: ['carousel']
    explain: '{explain}'
    source: 'lesson'
"""
KEY = "    answer: {value: '0.366', atol: 0.001}"
CHOICES = """    choices:
      - {id: a, text: 'the old cell is halved at every step', correct: true}
      - {id: b, text: 'the old cell is kept in every step', feedback: 'No.'}
      - {id: c, text: 'the old cell is doubled in every step', feedback: 'No.'}
"""


@pytest.mark.parametrize(
    ("kind", "key", "prompt", "explain", "said"),
    [
        ("numeric", KEY, "With 0.366 left, what turns?", "It turns.", "prints 0.366"),
        ("numeric", KEY, "With 2 gates, what turns?", "It turns.", ""),
        (
            "single",
            CHOICES,
            "What turns?",
            "The old cell is halved at every step, as it turns.",
            "prints “the old",
        ),
        ("single", CHOICES, "What turns?", "The old cell is halved.", ""),
    ],
)
def test_a_question_that_gives_another_away_is_named(
    tmp_path: Path, kind: str, key: str, prompt: str, explain: str, said: str
) -> None:
    added = GIVING.format(kind=kind, key=key, prompt=prompt, explain=explain)
    faults = linted(tmp_path, ("\n  - id: squashed", added + "\n  - id: squashed"))
    assert [said in fault and "the answer of `asked`" in fault for fault in faults] == [True] * bool(said), (
        faults
    )


def test_a_question_asked_twice_is_named(tmp_path: Path) -> None:
    start, end = SOUND.index("  - id: missing-gate"), SOUND.index("  - id: square")
    again = SOUND[start:end].replace("missing-gate", "missing-gate-again")
    faults = linted(tmp_path, ("  - id: square\n", again + "  - id: square\n"))
    assert any("2 questions ask the same" in fault for fault in faults)


def test_places_are_exact(tmp_path: Path) -> None:
    path = tmp_path / "every-type.yaml"
    path.write_text(SOUND.replace("credits: 2", "credits: 20", 1), encoding="utf-8")
    with pytest.raises(CourseError) as caught:
        load_quiz(path)
    assert (caught.value.line, caught.value.column) == (7, 5)


def test_the_real_quizzes_are_many_and_cover_all_types(course: Course) -> None:
    quizzes = [load_quiz(path) for path in sorted((course.root / "quizzes").glob("*.yaml"))]
    questions = [question for quiz in quizzes for question in quiz.file.questions]
    kinds = [question.type for question in questions]
    drawn = [question for question in questions if question.public().params]
    assert len(quizzes) >= 8
    assert len(questions) >= 190
    assert len(drawn) >= 60
    assert sum(kinds.count(kind) for kind in ("output", "shape", "fix")) >= 25
    assert min(kinds.count(kind) for kind in set(kinds)) >= 5
    assert len(set(kinds)) == 9  # numeric questions are of two types: plain, and drawn anew
    assert sum(one.type == "numeric" and not one.public().params for one in questions) >= 5
