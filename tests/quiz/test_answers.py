"""Every type of question: what can be typed, what is refused, and what each answer is worth."""

from __future__ import annotations

import json
import math
import os

import pytest
from hypothesis import example, given, settings, strategies as st

from grader.quiz.formula import evaluate_number
from grader.quiz.questions.base import Marked, Unreadable, parse
from tests.quiz.helpers import numbers, question, runner, sample, variant_of

LONG = os.environ.get("GRADER_LONG") == "1"
TYPES = [one.id for one in sample().file.questions]


def marked(question_id: str, text: str) -> Marked:
    variant = variant_of(question(question_id))
    return question(question_id).mark(variant.names, parse(variant, text), runner)


def by_ids(question_id: str, *ids: str) -> Marked:
    return marked(question_id, numbers(variant_of(question(question_id)), *ids))


def refused(question_id: str, text: str) -> str:
    with pytest.raises(Unreadable) as caught:
        parse(variant_of(question(question_id)), text)
    assert 10 < len(str(caught.value)) < 2000
    return str(caught.value)


# --- what holds for all types ---


@pytest.mark.parametrize("question_id", TYPES)
@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_the_solution_is_right_in_every_variant(question_id: str, attempt: int) -> None:
    one = question(question_id)
    variant = variant_of(one, attempt)
    text = one.right_answer(variant)
    if one.type == "shape":
        text = text.partition(" = ")[0]
    assert one.mark(variant.names, parse(variant, text), runner).right


@pytest.mark.parametrize("question_id", TYPES)
@pytest.mark.parametrize("text", ["", "   ", "\t", "\u3000", "x" * 10_240, "1 " * 5000, "9" * 2001])
def test_blanks_and_floods_are_refused(question_id: str, text: str) -> None:
    refused(question_id, text)


@pytest.mark.parametrize("question_id", TYPES)
@pytest.mark.parametrize("text", ["1\x00", "1\x1b[2J", "1\ud800", "1\n2", "1\r"])
def test_what_nobody_can_see_is_refused(question_id: str, text: str) -> None:
    if text.strip() != "1":
        refused(question_id, text)


@pytest.mark.parametrize("question_id", [one for one in TYPES if one not in ("missing-gate", "square")])
@pytest.mark.parametrize("text", ["?!", "no idea", "[", "()()", "1;DROP", "∞", "None", "-1e", "=", "😀"])
def test_garbage_is_refused(question_id: str, text: str) -> None:
    refused(question_id, text)


PIECES = [
    "1",
    "2",
    "9",
    "a",
    "b",
    " ",
    ",",
    ".",
    "-",
    "(",
    ")",
    "x",
    "*",
    "/",
    "e",
    "٣",
    "½",
    "⁻",
    "²",
    ":",
    "\x00",
]
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(), max_size=30),  # surrogates as well
    st.lists(st.sampled_from(PIECES), max_size=15).map("".join),
    st.lists(st.integers(0, 12).map(str), max_size=8).map(" ".join),
)


@settings(max_examples=150 if LONG else 30, deadline=None)
@pytest.mark.parametrize("question_id", TYPES)
@given(text=TEXTS)
@example(text="9" * 1999)
@example(text="⒛" * 1999)
@example(text="﷽" * 200)
@example(text="[" * 1999)
@example(text="1" + "-1" * 900)
@example(text="4: " + "x" * 1900)
@example(text="{" * 40 + "}" * 40)
def test_anything_typed_is_marked_or_refused_in_a_sentence(question_id: str, text: str) -> None:
    try:
        got = marked(question_id, text)
    except Unreadable:
        refused(question_id, text)
    else:
        assert 0 <= got.share <= 1
        assert got.arithmetic
        json.dumps([got.share, got.arithmetic, got.feedback])


# --- single and multiple choice ---


def test_single_choice() -> None:
    assert by_ids("bound", "smax").share == 1
    partly = by_ids("bound", "rho")
    assert (partly.share, partly.arithmetic) == (0.25, "partly right: 0.25")
    assert "normal matrices" in partly.feedback[0]
    wrong = by_ids("bound", "trace")
    assert (wrong.share, wrong.arithmetic, len(wrong.feedback)) == (0, "not right", 1)


@pytest.mark.parametrize("text", ["2", "b", "B", " 2. ", "２", "②", "٢", "2)"])
def test_a_choice_is_its_number_in_any_digits(text: str) -> None:
    variant = variant_of(question("bound"))
    if text == "2)":
        refused("bound", text)
    else:
        assert parse(variant, text) == variant.options[1].id


@pytest.mark.parametrize("text", ["0", "4", "1 2", "-", "1.5", "1e-3", "inf", "2²", "d", "ab", "1111"])
def test_what_is_no_single_choice(text: str) -> None:
    assert "1 to 3" in refused("bound", text) or "twice" in refused("bound", text)


def test_multiple_choice_shows_its_arithmetic() -> None:
    assert by_ids("squashed", "f", "i", "o").share == 1
    some = by_ids("squashed", "f", "g")
    assert some.share == 0
    assert some.arithmetic == "1 of 3 right, 1 of 2 wrong ones ticked: 1/3 - 1/2 = 0.00"
    assert by_ids("squashed", "i", "o").feedback == (question("squashed").choices[0].feedback,)
    assert by_ids("squashed", "f", "i", "o", "c").share == pytest.approx(0.5)
    assert by_ids("squashed", "f", "i", "o", "g", "c").share == 0


@pytest.mark.parametrize("text", ["1,3", "1;3", "1, 3", "3 1", "1 3.", "１　３"])
def test_several_choices_are_read_however_they_are_parted(text: str) -> None:
    variant = variant_of(question("squashed"))
    assert parse(variant, text) == {variant.options[0].id, variant.options[2].id}


@pytest.mark.parametrize("text", ["1-3", "1 1", "6", "0 1", "1 two", "13"])
def test_what_is_no_set_of_choices(text: str) -> None:
    refused("squashed", text)


# --- numbers ---


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        (",5", 0.5),
        (".5", 0.5),
        ("0,123", 0.123),
        ("-0,123", -0.123),
        ("1e-3", 1e-3),
        ("1,5e-3", 1.5e-3),
        ("1E3", 1000.0),
        ("2·10^-7", 2e-7),
        ("2 x 10^-7", 2e-7),
        ("2*10**3", 2000.0),
        ("2·10⁻⁷", 2e-7),
        ("10⁻³", 1e-3),
        ("2³", 8.0),
        ("½", 0.5),
        ("1/3", 1 / 3),
        ("1⁄3", 1 / 3),
        ("-1", -1.0),
        ("−1", -1.0),
        ("+7", 7.0),
        ("007", 7.0),
        ("12,345.6", 12345.6),
        ("1,234,567", 1234567.0),
        ("1.234.567,8", 1234567.8),
        ("1 234 567", 1234567.0),
        ("50%", 0.5),
        ("١٢٫٥", 12.5),
        ("１２．５", 12.5),
        ("६", 6.0),
        ("log(0.5)/log(0.9)", math.log(0.5) / math.log(0.9)),
        ("2^10", 1024.0),
        ("2*pi", 2 * math.pi),
    ],
)
def test_numbers(text: str, number: float) -> None:
    assert parse(variant_of(question("half-life")), text) == pytest.approx(number, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    ["1,234", "inf", "-inf", "nan", "infinity", "1e999", "9**9**9", "1½", "1 2", "1..2", "--", "1,2,3", "[1]",
     "True", "1 if 1 else 2 if", "1j", "'1'", "x", "2x", "1/0", "%", "1,23,456"],
)  # fmt: skip
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(variant_of(question("half-life")), text)
    assert ("could mean 1234 or 1.234" in str(caught.value)) == (text == "1,234")


def test_a_number_is_right_within_its_tolerance_and_a_known_mistake_is_named() -> None:
    variant = variant_of(question("half-life"))
    f = evaluate_number("f", variant.names)
    key = math.log(0.5) / math.log(f)
    for text in (
        f"{key:.2f}",
        f"{key + 0.019}",
        f"{key - 0.019}",
        f"log(0.5)/log({f})",
        f"{key:.2f}".replace(".", ","),
    ):
        assert marked("half-life", text).right, text
    near = marked("half-life", f"{key + 0.021}")
    assert (near.share, near.feedback) == (0, ())
    assert near.accepted == f"accepted is {key - 0.02:.6g} to {key + 0.02:.6g}"
    linear = marked("half-life", f"0.5/(1 - {f})")
    assert (linear.share, linear.arithmetic) == (0.2, "partly right: 0.2")
    assert "linear" in linear.feedback[0]
    assert marked("half-life", f"0.5/{f}").feedback == (question("half-life").mistakes[1].feedback,)


# --- shapes ---


@pytest.mark.parametrize(
    "text",
    ["(256, 74)", "256, 74", "[256, 74]", "256x74", "256 x 74", "256×74", "(4*H, D+H)",
     "(4H, H + D)", "4·H, D+H", "(4*H, 10+H)", "٢٥٦, ٧٤", "(256,74,)", "(2*H + 2*H, D + H)"],
)  # fmt: skip
def test_shapes_in_numbers_or_symbols(text: str) -> None:
    assert marked("all-gates", text).right == (text != "(4*H, 10+H)"), text


def test_wrong_shapes() -> None:
    turned = marked("all-gates", "(D + H, 4*H)")
    assert (turned.share, turned.feedback) == (0.5, (question("all-gates").mistakes[0].feedback,))
    assert marked("all-gates", "(64, 74)").feedback == (question("all-gates").mistakes[1].feedback,)
    assert marked("all-gates", "(256,)").feedback == ("Your shape has 1 axis; count them again.",)
    assert marked("all-gates", "()").share == 0
    assert marked("all-gates", "(4*D + 216, 74)").share == 0  # right for these sizes only


@pytest.mark.parametrize(
    "text", ["(256, -74)", "(256, 7.5)", "1e-3", "inf", "(K, 4)", "64²", "(,)", "H.real", "x"]
)
def test_what_is_no_shape(text: str) -> None:
    refused("all-gates", text)


# --- orders and matches ---


def test_orders() -> None:
    assert by_ids("back", "dh", "dz", "dWhh", "next").right
    assert by_ids("back", "dh", "dz", "next", "dWhh").right
    missing = by_ids("back", "dh", "dz", "next")
    assert missing.share == 0.75
    late = by_ids("back", "dz", "dh", "dWhh", "next")
    assert late.share == 0.5
    assert late.arithmetic.endswith("(4 - 2)/4 = 0.50")
    fooled = by_ids("back", "dh", "dz", "dWhh", "untransposed")
    assert (fooled.share, fooled.feedback) == (0.5, (question("back").distractors[0].feedback,))


@pytest.mark.parametrize("text", ["3-1-2", "3 > 1 > 2", "3,1,2", "3→1→2", "3 1 2"])
def test_an_order_is_read_however_it_is_parted(text: str) -> None:
    variant = variant_of(question("back"))
    assert parse(variant, text) == tuple(variant.options[place].id for place in (2, 0, 1))


def test_matches() -> None:
    variant = variant_of(question("roles"))
    place = {option.id: "abcd"[number] for number, option in enumerate(variant.options)}
    right = [place[f"right-{number}"] for number in range(3)]
    pairs = [f"{number}{letter}" for number, letter in enumerate(right, 1)]
    for text in (" ".join(pairs), ",".join(pairs), "".join(pairs), " ".join(right), " ".join(reversed(pairs)),
                 " ".join(pairs).upper(), " ".join(f"{one[0]}-{one[1]}" for one in pairs)):  # fmt: skip
        assert marked("roles", text).right, text
    swapped = marked("roles", f"1{right[1]} 2{right[0]} 3{right[2]}")
    assert swapped.share == pytest.approx((1 / 3 - 1 / 4) / (3 / 4))
    assert swapped.feedback == (question("roles").mistakes[0].feedback,)
    assert marked("roles", "1a 2a 3a").share == pytest.approx((1 / 3 - 1 / 4) / (3 / 4), abs=0.12)
    assert marked("roles", pairs[0]).arithmetic.startswith("1 of 3 pairs right, chance would give 1/4")


@pytest.mark.parametrize("text", ["1e", "4a", "1a 1b", "a b", "1", "aa", "0a", "1 a b"])
def test_what_is_no_match(text: str) -> None:
    assert "1b 2a" in refused("roles", text)


# --- words, output, code ---


@pytest.mark.parametrize(
    "text", ["forget gate", "Forget", "the FORGET-gate", "forgte gate", "forgett", "fórget", "keep gate"]
)
def test_words(text: str) -> None:
    assert marked("missing-gate", text).right


def test_wrong_words() -> None:
    assert marked("missing-gate", "The output gate!").feedback == (
        question("missing-gate").reject[0].feedback,
    )
    for text in ("input gate", "forgive gate", "frgt", "forget gates gate", "?", "1e-3", "0,5"):
        assert marked("missing-gate", text) == Marked(0.0, "not right"), text


@pytest.mark.parametrize("text", ["(4, 4)", "(4,4)", " ( 4 , 4 ) ", "(４, ４)"])
def test_output(text: str) -> None:
    assert marked("square", text).right


def test_wrong_output() -> None:
    assert marked("square", "(4, 1)").feedback == (question("square").mistakes[0].feedback,)
    for text in ("[4, 4]", "4 4", "(4, 4, 4)", "44", "inf", "'\\d'", "(4, 4"):
        assert marked("square", text).share == 0, text


def test_mended_lines() -> None:
    for text in ("4: column = x.reshape(-1, 1)", "4 column = x[:, None]",
                 "line 4:     column = x.reshape((-1, 1))", "٤: column = x[:, None]",
                 "5: return np.vstack((h, column.reshape(-1, 1)))"):  # fmt: skip
        assert marked("stack", text).right, text
    near = marked("stack", "4: column = x.T")
    assert (near.share, near.arithmetic) == (0.3, "the right line, but it does not pass the tests yet: 0.3")
    other = marked("stack", "5: return np.hstack((h, column))")
    assert (other.share, other.feedback) == (0, (question("stack").mistakes[0].feedback,))
    assert parse(variant_of(question("stack")), "4: y = 1") == (4, "    y = 1")


@pytest.mark.parametrize("text", ["column = x", "4", "4:", "4:  ", "99: x", "0: x", "four: x", "1e-3", "inf"])
def test_what_is_no_mended_line(text: str) -> None:
    assert "1 to 5" in refused("stack", text)
