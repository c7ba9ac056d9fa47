"""Formulas become plain signs: all that the course's own use, and what is refused."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from grader.course.mathtext import MathError, mathml, plain, render

ROOT = Path(__file__).parents[2]
FORMULAS = [
    (r"h_{t-1}", "hₜ₋₁"),
    (r"h_t = \tanh(W_{xh} x_t + W_{hh} h_{t-1} + b_h)", "hₜ = tanh(Wₓₕ xₜ + Wₕₕ hₜ₋₁ + bₕ)"),
    (r"c_t = f \odot c_{t-1} + i \odot \tilde{c}_t", "cₜ = f ⊙ cₜ₋₁ + i ⊙ c̃ₜ"),
    (r"\tilde{c}_t", "c̃ₜ"),
    (r"\partial h / \partial c", "∂h / ∂c"),
    (r"\frac{\partial L}{\partial W}", "∂L/∂W"),
    (r"W_{hh}^\top", "Wₕₕᵀ"),
    (r"W, W^2, W^3, \ldots", "W, W², W³, …"),
    (r"\frac{\lambda}{2} w^2", "λ/2 w²"),
    (r"\beta_1 = 0.9", "β₁ = 0.9"),
    (r"\sigma(x) = \frac{1}{1 + \exp(-x)}", "σ(x) = 1/(1 + exp(-x))"),
    (r"h_T = \sum_t W_{hh}^{T-t} W_{xh} x_t", "h_T = Σₜ Wₕₕ^(T-t) Wₓₕ xₜ"),
    # what authors may use beyond that
    (r"\sigma_{\max}", "σ_max"),
    (r"\sqrt{H}", "√H"),
    (r"\sqrt{a + b}", "√(a + b)"),
    (r"\frac{a + b}{c \cdot d}", "(a + b)/(c · d)"),
    (r"\frac12", "1/2"),
    (r"\dfrac{\|x\|}{2}", "‖x‖/2"),
    (r"\mathrm{softmax}(z)", "softmax(z)"),
    (r"\mathbf{x} \in \mathbb{R}^{D \times N}", "x ∈ ℝ^(D × N)"),
    (r"\mathbb{X}", "X"),
    (r"\hat{y}, \bar{y}, \vec{y}, \dot{y}", "y\u0302, y\u0304, y\u20d7, y\u0307"),
    (r"\left( a \right)", "( a )"),
    (r"a\,b\;c\quad d\!e", "a b c de"),
    (r"x^{T}", "xᵀ"),
    (r"x^{T-1}", "x^(T-1)"),
    (r"x^n", "xⁿ"),
    (r"x_{in}", "xᵢₙ"),
    (r"x_{max}", "x_max"),
    (r"x_{a,b}", "x_(a,b)"),
    (r"x_ {i}", "xᵢ"),
    (r"\{1, 2\} \% \_ \$ \& \#", "{1, 2} % _ $ & #"),
    (r"a \le b \neq c \to \infty", "a ≤ b ≠ c → ∞"),
    (r"\log p, \argmax_k p, \det W", "log p, argmaxₖ p, det W"),
    (r"{a}{b}", "ab"),
    (r"a   b", "a b"),
    (r"α", "α"),
    (r"", ""),
    (r"\begin{bmatrix} 0.5 & 1 \\ -1 & 3 \end{bmatrix} \odot \hat{v}", "[0.5 1; -1 3] ⊙ v\u0302"),
    (
        r"\begin{aligned} \hat{v} &= 1 && \text{an accent takes no room} \\ a_{t-1} &= 22 && \text{so}"
        r" \end{aligned}",
        "   v\u0302 = 1     an accent takes no room\naₜ₋₁ = 22    so",
    ),
]


@pytest.mark.parametrize(("formula", "text"), FORMULAS)
def test_a_formula_becomes_plain_signs(formula: str, text: str) -> None:
    assert plain(formula) == text


@pytest.mark.parametrize("formula", [formula for formula, _ in FORMULAS if formula])
def test_a_formula_becomes_mathml(formula: str) -> None:
    written = mathml(formula, display=True)
    ElementTree.fromstring(written)
    assert "\\" not in written


@pytest.mark.parametrize("formula", ["a_1_2", r"\unknown"])
def test_what_no_page_could_show_is_refused(formula: str) -> None:
    with pytest.raises(MathError, match="cannot become MathML"):
        mathml(formula)
    assert render("It is $a_1_2$.") == "It is a₁₂."
    with pytest.raises(MathError, match="cannot become MathML"):
        render("It is $a_1_2$.", strict=True)


def test_every_command_of_the_course_stands_in_the_table() -> None:
    known = set(re.findall(r"\\[A-Za-z]+|\\.", " ".join(formula for formula, _ in FORMULAS)))
    paths = [*ROOT.glob("exercises/*/lesson.md"), *ROOT.glob("quizzes/*.yaml")]
    assert len(paths) > 12
    for path in paths:
        outside_code = re.sub(r"(?ms)^```.*?^```|`[^`\n]+`", "", path.read_text(encoding="utf-8"))
        for formula in re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", outside_code):
            used = set(re.findall(r"\\[A-Za-z]+", "".join(formula)))
            assert used <= known, f"{path.name}: no line of the table has {used - known}"


@pytest.mark.parametrize(
    ("formula", "problem"),
    [
        (r"\unknown{x}", r"`\unknown` is not known; write it otherwise"),
        (r"\begin{matrix}", r"`\begin{matrix}` is not known; there are aligned and bmatrix"),
        (r"\begin{aligned} a", r"`\begin{aligned}` is never ended"),
        (r"b {a", "a brace is never closed"),
        (r"\frac{a", "a brace is never closed"),
        (r"a}", "a closing brace has no opening one"),
        (r"b {a}}", "a closing brace has no opening one"),
        (r"x^", "something is missing at the end of a formula"),
        (r"x_ ", "something is missing at the end of a formula"),
        (r"\frac{a}", "something is missing at the end of a formula"),
        (r"\sqrt", "something is missing at the end of a formula"),
    ],
)
def test_a_fault_is_one_sentence(formula: str, problem: str) -> None:
    with pytest.raises(MathError, match=re.escape(problem)):
        plain(formula)
    text = f"Take ${formula.strip()}$ here."
    assert render(text) == text
    with pytest.raises(MathError, match=re.escape(problem)):
        render(text, strict=True)


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("Is $h_t$ new?", "Is hₜ new?"),
        ("$$h_t = x_t$$", "hₜ = xₜ"),
        ("$$\na_1\n+ b\n$$", "```text\na₁ + b\n```"),
        ("So\n$$a_1\n+ b$$", "So\na₁ + b"),
        ("a $5 note and a $7 note", "a $5 note and a $7 note"),
        ("it costs $5", "it costs $5"),
        ("`$h_t$` stays", "`$h_t$` stays"),
        ("```\n$h_t$\n```\n$h_t$", "```\n$h_t$\n```\nhₜ"),
        ("$a$ and $b_1$", "a and b₁"),
    ],
)
def test_only_mathematics_outside_code_is_written_anew(markdown: str, text: str) -> None:
    assert render(markdown) == text


def test_signs_can_be_kept_from_whoever_renders_the_markdown_next() -> None:
    assert render("$a * b_{max}$", escaped=True) == r"a \* b\_max"
    assert render("$a * b_{max}$") == "a * b_max"
