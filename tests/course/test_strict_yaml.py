"""Every fault in a course's YAML is one sentence with file, line, column and cure; nothing else escapes."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from grader.course.course import CourseFile, ExerciseFile, Misconception
from grader.course.strict_yaml import MAX_BYTES, CourseError, load

ROOT = Path(__file__).parents[2]
BOUNDED = settings(
    max_examples=300 if os.environ.get("GRADER_LONG") == "1" else 30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Inner:
    """A nested mapping."""

    seconds: float


@dataclass(frozen=True)
class Sample:
    """One field of every kind that a course's files use."""

    title: str
    count: int = 0
    ratio: float = 0.0
    flag: bool = False
    mode: Literal["full", "none"] = "full"
    items: tuple[str, ...] = ()
    hints: Mapping[str, tuple[str, ...]] = ()  # type: ignore[assignment]
    inner: Inner = Inner(1.0)
    with_: str = ""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sample.yaml"


def read(path: Path, text: str | bytes) -> Sample:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(path, Sample)


def fault(path: Path, text: str | bytes, place: str = "") -> str:
    """Return the sentence about a faulty file; it must begin with file and place and be one line."""
    with pytest.raises(CourseError) as caught:
        read(path, text)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}:{place and place + ': '}")
    assert "\n" not in sentence
    return sentence


# --- what is read -------------------------------------------------------------------------------------


def test_every_kind_is_read(path: Path) -> None:
    text = """\
title: "Quoted: text"
count: -12
ratio: 2
flag: true
mode: none
items:
  - one
  - 'two'
  - |
    three
hints:
  f: [a, b]
inner:
  seconds: 1e-3
with: x
"""
    found = read(path, text)
    assert found.title == "Quoted: text"
    assert (found.count, found.ratio, found.flag, found.mode) == (-12, 2.0, True, "none")
    assert found.items == ("one", "two", "three\n")
    assert found.hints == {"f": ("a", "b")}
    assert found.inner == Inner(0.001)
    assert found.with_ == "x"


@pytest.mark.parametrize("number", ["1e-3", "0.001", ".001", "1.0e-3", "1E-3"])
def test_a_number_may_be_spelt_in_every_way_a_person_would(path: Path, number: str) -> None:
    assert read(path, f"title: t\nratio: {number}\n").ratio == 0.001


def test_a_byte_order_mark_is_accepted(path: Path) -> None:
    assert read(path, b"\xef\xbb\xbftitle: t\n").title == "t"


def test_windows_line_ends_are_accepted(path: Path) -> None:
    assert read(path, b"title: t\r\ncount: 3\r\n").count == 3


def test_letters_beyond_ascii_are_read(path: Path) -> None:
    assert read(path, "title: Übung ∂ 循环\n").title == "Übung ∂ 循环"


def test_mappings_cannot_be_changed_afterwards(path: Path) -> None:
    hints: Any = read(path, "title: t\nhints:\n  f: [a]\n").hints
    with pytest.raises(TypeError):
        hints["g"] = ()


def test_a_list_of_mappings_is_read(path: Path) -> None:
    path.write_text("- id: a\n  replace: b\n  with: ''\n  says: d\n")
    assert load(path, tuple[Misconception, ...]) == (Misconception("a", "b", "", "d"),)


# --- faults, one each ---------------------------------------------------------------------------------


def test_a_key_that_stands_twice(path: Path) -> None:
    sentence = fault(path, "title: a\ncount: 1\ntitle: b\n", "3:1")
    assert "`title` stands here a second time (first in line 1); keep one" in sentence


def test_a_key_that_stands_twice_in_a_mapping(path: Path) -> None:
    assert "`f` stands here a second time" in fault(path, "title: a\nhints:\n  f: [a]\n  f: [b]\n", "4:3")


def test_an_unknown_key_with_a_near_one(path: Path) -> None:
    assert "unknown key `titel`; did you mean `title`?" in fault(path, "title: a\ntitel: b\n", "2:1")


def test_an_unknown_key_with_no_near_one(path: Path) -> None:
    sentence = fault(path, "title: a\nzzz: b\n", "2:1")
    assert "unknown key `zzz`; known are `title`, `count`" in sentence
    assert "`with`" in sentence


def test_an_unknown_key_of_an_inner_mapping(path: Path) -> None:
    assert "did you mean `seconds`?" in fault(path, "title: a\ninner:\n  second: 1\n", "3:3")


def test_a_missing_key(path: Path) -> None:
    assert "the key `title` is missing from the file; add it" in fault(path, "count: 1\n", "1:1")


def test_a_missing_key_of_an_inner_mapping(path: Path) -> None:
    assert "the key `seconds` is missing from `inner`; add it" in fault(path, "title: a\ninner: {}\n", "2:8")


@pytest.mark.parametrize(
    ("value", "cure"),
    [
        ("no", "'no'"),
        ("Yes", "'Yes'"),
        ("on", "'on'"),
        ("true", "'true'"),
        ("null", "'null'"),
        ("~", "'~'"),
        ("12", "'12'"),
        ("1.5", "'1.5'"),
        ("1:30", "'1:30'"),
        ("2026-01-01", "'2026-01-01'"),
        ("0x1F", "'0x1F'"),
        ("=", "'='"),
    ],
)
def test_text_that_yaml_reads_otherwise(path: Path, value: str, cure: str) -> None:
    sentence = fault(path, f"title: {value}\n", "1:8")
    assert f"`title` should be text, but YAML reads `{value}` otherwise; put it in quotes: {cure}" in sentence
    assert read(path, f"title: {cure}\n").title == value


def test_text_of_a_number_with_an_exponent_is_text(path: Path) -> None:
    """YAML 1.1 does not see a number in it, and neither would an author who wants text."""
    assert read(path, "title: 1e-3\n").title == "1e-3"


def test_a_key_without_a_value(path: Path) -> None:
    assert "give it a value" in fault(path, "title:\n", "1:7")


def test_a_key_that_is_no_text(path: Path) -> None:
    assert "a key should be text" in fault(path, "title: a\nno: b\n", "2:1")
    assert "a key should be text" in fault(path, "title: a\n? [x]\n: b\n", "2:3")


@pytest.mark.parametrize(
    "value", ["abc", "'1'", "1.5", "1e3", "1:30", "0x1F", "0b1", "1_000", "no", "[1]", "{a: 1}", "٣"]
)
def test_what_is_no_whole_number(path: Path, value: str) -> None:
    assert "`count` should be a whole number, but is" in fault(path, f"title: a\ncount: {value}\n", "2:8")


@pytest.mark.parametrize(
    "value", ["abc", "'1'", ".nan", ".inf", "nan", "1:30", "1_0.0", "2026-01-01", "[1]", "yes", "e5"]
)
def test_what_is_no_number(path: Path, value: str) -> None:
    assert "`ratio` should be a number, but is" in fault(path, f"title: a\nratio: {value}\n", "2:8")


@pytest.mark.parametrize("value", ["no", "yes", "True", "1", "'true'", "on", "[true]"])
def test_what_is_neither_true_nor_false(path: Path, value: str) -> None:
    assert "`flag` should be true or false, but is" in fault(path, f"title: a\nflag: {value}\n", "2:7")


@pytest.mark.parametrize("value", ["all", "FULL", "[full]", "no"])
def test_what_is_not_one_of_the_words(path: Path, value: str) -> None:
    assert "`mode` should be one of full, none, but is" in fault(path, f"title: a\nmode: {value}\n", "2:7")


@pytest.mark.parametrize("value", ["one", "{a: b}", "'- a'"])
def test_what_is_no_list(path: Path, value: str) -> None:
    assert "`items` should be a list of `- item` lines, but is" in fault(
        path, f"title: a\nitems: {value}\n", "2:8"
    )


def test_an_item_of_a_list_that_is_no_text(path: Path) -> None:
    assert "an item of `items` should be text" in fault(path, "title: a\nitems:\n  - b\n  - no\n", "4:5")


@pytest.mark.parametrize("value", ["one", "[a]", "5"])
def test_what_is_no_mapping(path: Path, value: str) -> None:
    for key, column in (("hints", 8), ("inner", 8)):
        sentence = fault(path, f"title: a\n{key}: {value}\n", f"2:{column}")
        assert f"`{key}` should be `key: value` lines, but is" in sentence


@pytest.mark.parametrize("text", ["- a\n", "just text\n", "5\n", "--- []\n"])
def test_a_file_that_is_no_mapping(path: Path, text: str) -> None:
    assert "the file should be `key: value` lines, but is" in fault(
        path, text, "1:5" if text[0:3] == "---" else "1:1"
    )


def test_a_whole_number_too_long_for_python(path: Path) -> None:
    assert "`count`" in fault(path, f"title: a\ncount: {'9' * 5000}\n", "2:8")


def test_a_number_too_large_to_be_finite(path: Path) -> None:
    """It would be infinite: a limit that never ends."""
    assert "`ratio`" in fault(path, "title: a\nratio: 1e999\n", "2:8")


def test_an_alias(path: Path) -> None:
    text = "title: &t a\nitems:\n  - *t\n"
    assert "is an alias of something above; write it out" in fault(path, text)


def test_an_alias_is_named_where_it_stands(path: Path) -> None:
    """The place to mend is the alias, not the value that it repeats."""
    fault(path, "title: &t a\nitems:\n  - *t\n", "3:5")


def test_an_alias_of_a_key(path: Path) -> None:
    assert "alias" in fault(path, "title: a\nhints:\n  &k f: [a]\n  g: [*k]\n")


def test_an_alias_without_an_anchor(path: Path) -> None:
    assert "`*t` is an alias" in fault(path, "title: *t\n", "1:8")


def test_an_endless_alias(path: Path) -> None:
    assert "alias" in fault(path, "title: a\nitems: &i\n  - *i\n")


@pytest.mark.parametrize(
    "tag", ["!!python/object:os.system", "!!python/name:os.system", "!x", "!!int", "!!binary", "!<tag:x>"]
)
def test_a_tag(path: Path, tag: str) -> None:
    sentence = fault(path, f"title: {tag} abc\n", "1:8")
    assert "is not used here; remove it" in sentence


@pytest.mark.parametrize(
    "line", ["count: !!int 5", "items: !!python/tuple [a]", "inner: !!python/object:os.x {seconds: 1}"]
)
def test_a_tag_on_what_is_not_text(path: Path, line: str) -> None:
    """A tag asks for something that a course cannot have; to pass over it would be to guess."""
    assert "tag" in fault(path, f"title: a\n{line}\n", "2:" + str(line.index(" ") + 2))


def test_a_tag_is_said_to_be_one(path: Path) -> None:
    """Quotes do not mend it: the tag has to go."""
    assert "!!str" not in fault(path, "title: !x abc\n", "1:8")
    assert "tag" in fault(path, "title: !x abc\n", "1:8")


def test_a_tab_for_indentation(path: Path) -> None:
    sentence = fault(path, "title: a\nitems:\n\t- b\n", "3:1")
    assert "is not YAML" in sentence
    assert "tab" in sentence or "\\t" in sentence or "cannot start any token" in sentence


def test_a_bracket_that_is_not_closed(path: Path) -> None:
    assert "is not YAML" in fault(path, "title: a\nitems: [b\n", "3:1")


def test_a_colon_inside_plain_text(path: Path) -> None:
    assert "mend this line" in fault(path, "title: a\nwith: b: c\n", "2:8")


def test_two_documents(path: Path) -> None:
    assert "document" in fault(path, "title: a\n---\ntitle: b\n", "2:1")


def test_bytes_that_are_not_utf8(path: Path) -> None:
    assert "is not UTF-8; save it in that encoding" in fault(
        path, "count: 1\ntitle: caf\xe9\n".encode("latin-1"), "2"
    )


def test_utf16(path: Path) -> None:
    assert "UTF-8" in fault(path, "title: a\n".encode("utf-16"), "1")


@pytest.mark.parametrize("text", [b"", b"\n\n", b"# only a comment\n", b"\xef\xbb\xbf", b"---\n...\n"])
def test_an_empty_file(path: Path, text: bytes) -> None:
    with pytest.raises(CourseError) as caught:
        read(path, text)
    assert "empty" in str(caught.value) or "should be `key: value` lines" in str(caught.value)


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\ufffe"])
def test_a_control_character(path: Path, character: str) -> None:
    sentence = fault(path, f"title: a{character}b\n")
    assert "is not YAML" in sentence
    assert character not in sentence


def test_a_file_that_is_too_large(path: Path) -> None:
    assert "larger than 1 MiB; split it" in fault(path, b"#" * (MAX_BYTES + 1))
    assert read(path, b"title: a\n#" + b"x" * (MAX_BYTES - 10)).title == "a"


def test_a_missing_file(path: Path) -> None:
    with pytest.raises(CourseError, match="is missing"):
        load(path, Sample)


def test_a_folder_instead_of_a_file(path: Path) -> None:
    path.mkdir()
    with pytest.raises(CourseError, match="cannot be read"):
        load(path, Sample)


@pytest.mark.parametrize(
    "text",
    [
        "title: " + "[" * 5000,
        "title: " + "{a: " * 5000,
        "title: " + "[" * 900 + "]" * 900,
        "- " * 5000,
        "title: " + "[" * 5000 + "]" * 5000,
    ],
    ids=["lists", "mappings", "closed", "dashes", "deep"],
)
def test_a_nested_bomb(path: Path, text: str) -> None:
    sentence = fault(path, text)
    assert len(sentence) < 500


@pytest.mark.parametrize(
    "text", ["'[' * 200_000", "'{a: ' * 100_000", "'- ' * 200_000", "'[' * 200_000 + ']' * 200_000"]
)
def test_a_nested_bomb_as_large_as_a_file_may_be(path: Path, text: str) -> None:
    """In a process of its own, since it may take the interpreter with it."""
    program = f"""
import pathlib
from grader.course.course import CourseFile
from grader.course.strict_yaml import CourseError, load
path = pathlib.Path({str(path)!r})
path.write_text({text})
try:
    load(path, CourseFile)
except CourseError as error:
    print("a sentence of", len(str(error)), "characters")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, f"exit status {done.returncode}: {done.stderr[-500:]}"
    assert done.stdout.startswith("a sentence of")


@pytest.mark.parametrize("line", ["count: {}", "title: !!int {}", "{}: x", "mode: {}", "items: {}"])
def test_a_sentence_stays_short_however_long_the_value(path: Path, line: str) -> None:
    text = f"title: a\n{line.format('1x' * 400)}\n"
    assert len(fault(path, text).removeprefix(str(path))) < 500


def test_a_bomb_of_aliases(path: Path) -> None:
    lines = ["title: a", "items: &a0 [x]"]
    lines += [f"k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    fault(path, "\n".join(lines))


def test_a_rule_of_the_dataclass_has_a_place(path: Path) -> None:
    path.write_text("title: a\nchapter: b\nmodule: not-a-name\nfunctions: [f]\ncredits: 1\nhints: {}\n")
    with pytest.raises(CourseError) as caught:
        load(path, ExerciseFile)
    assert str(caught.value).startswith(f"{path}:1:1: ")
    assert "`module` should be a Python name without `.py`, but is `not-a-name`" in str(caught.value)


def test_limits_have_a_rule(path: Path) -> None:
    text = (
        "title: a\nchapter: b\nmodule: m\nfunctions: [f]\ncredits: 1\nhints: {}\nlimits:\n  call_seconds: 0\n"
    )
    path.write_text(text)
    with pytest.raises(CourseError) as caught:
        load(path, ExerciseFile)
    assert str(caught.value).startswith(f"{path}:8:3: ")


def test_a_path_below_the_working_directory_is_shown_short(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    with pytest.raises(CourseError) as caught:
        read(path, "title: no\n")
    assert str(caught.value).startswith("sample.yaml:1:8: ")


# --- anything -----------------------------------------------------------------------------------------

PIECES = [
    *("title", "count", "items", "hints", "inner", "with", "seconds", "zzz"),
    *(": ", ":", "- ", "\n", "\n  ", "\n    ", "\t", " ", ",", "#", "?", "|\n", ">\n", "---\n", "...\n"),
    *("[", "]", "{", "}", "'", '"', "&a ", "*a", "!!python/object:os.system", "!x ", "%YAML 1.2\n", "<<"),
    *("no", "true", "1e-3", "1:30", "2026-01-01", "null", "~", "0x1F", "\\x", "\ufeff", "\u2028", "é", "\0"),
]


def try_reading(path: Path, text: str | bytes) -> Sample | None:
    """Read what may be faulty; a fault must be one line."""
    try:
        return read(path, text)
    except CourseError as error:
        sentence = str(error)
    assert "\n" not in sentence
    return None


@BOUNDED
@given(st.binary(max_size=200))
@example(b"\xff")
@example(b"title: \xed\xa0\x80")
def test_random_bytes_give_course_errors_alone(tmp_path: Path, data: bytes) -> None:
    try_reading(tmp_path / "sample.yaml", data)


@BOUNDED
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@example("title: !!float abc")
@example("count: " + "9" * 5000 + "\ntitle: a")
@example('title: a\n"\\ud800": b')
@example("title: a\n<<: {count: 1}")
def test_random_yaml_gives_course_errors_alone(tmp_path: Path, text: str) -> None:
    for start in ("", "title: a\n"):
        found = try_reading(tmp_path / "sample.yaml", start + text)
        if found is not None:
            assert isinstance(found.title, str)
            assert isinstance(found.count, int)
            assert isinstance(found.items, tuple)


def test_what_was_read_can_go_to_another_process(tmp_path: Path) -> None:
    path = tmp_path / "course.yaml"
    path.write_text("title: A course\nlate:\n  extensions: {ada: 1.5}\n", encoding="utf-8")
    read = load(path, CourseFile)
    assert pickle.loads(pickle.dumps(read)) == read
    assert read.late.extensions == {"ada": 1.5}


def test_a_key_that_is_gone_is_told_from_one_that_never_was(tmp_path: Path) -> None:
    path = tmp_path / "course.yaml"
    path.write_text("title: A course\naccommodations: {ada: 1.5}\n", encoding="utf-8")
    with pytest.raises(CourseError, match=r"course\.yaml:2:1: `accommodations` gave .* delete it"):
        load(path, CourseFile)
