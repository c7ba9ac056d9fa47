r"""Mathematics between dollar signs, as plain text that reads well in a terminal.

A small part of LaTeX is known: what GitHub renders from the same source. ``$h_{t-1}$`` becomes hₜ₋₁, and what
has no sign of its own stays readable: ``$\sigma_{\max}$`` becomes σ_max.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

FENCE = re.compile(r"(^```.*?^```[^\n]*$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"\$\$(.+?)\$\$|\$(?![\s{])([^$\n]+?)(?<!\s)\$(?!\d)", re.DOTALL)
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}^_]|\s+|.", re.DOTALL)
SPECIAL = re.compile(r"[\\`*_\[\]<>|~#]")
GREEK = dict(
    zip(
        "alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma "
        "tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega".split(),
        "αβγδεεζηθικλμνξπρστυφφχψωΓΔΘΛΞΠΣΦΨΩ",
        strict=True,
    )
)
WRITTEN = """
cdot · times × odot ⊙ otimes ⊗ oplus ⊕ circ ∘ ast * pm ± le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ ll ≪ gg ≫
approx ≈ sim ~ equiv ≡ propto ∝ to → rightarrow → leftarrow ← mapsto ↦ Rightarrow ⇒ in ∈ subset ⊂ cup ∪
cap ∩ forall ∀ neg ¬ infty ∞ partial ∂ nabla ∇ sum Σ prod Π int ∫ ldots … dots … cdots ⋯ prime ′ top ᵀ
mid | vert | Vert ‖ lVert ‖ rVert ‖ | ‖ langle ⟨ rangle ⟩ ell ℓ { { } } % % _ _ $ $ & & # #
""".split()
SIGNS = {**GREEK, **dict(zip(WRITTEN[::2], WRITTEN[1::2], strict=True))}
SIGNS |= dict.fromkeys(["left", "right", "displaystyle", "!"], "")
SIGNS |= dict.fromkeys([",", ";", ":", " ", "quad", "qquad"], " ")
WORDS = frozenset(
    "tanh sinh cosh exp log ln max min sin cos arg argmax det diag tr softmax dim lim sup".split()
)
FONTS = frozenset(
    "mathrm text textbf textit mathbf mathit mathsf mathcal operatorname boldsymbol texttt".split()
)
ACCENTS = {"tilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "vec": "\u20d7", "dot": "\u0307"}
ACCENTS |= {"widetilde": "\u0303", "widehat": "\u0302", "overline": "\u0304"}
BLACKBOARD = {"R": "ℝ", "N": "ℕ", "Z": "ℤ", "E": "𝔼", "C": "ℂ", "P": "ℙ"}
LOWERED = dict(
    zip("0123456789+-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True)
)
RAISED = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyzTᵀ′*HNDKβγδ",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀᵀ′*ᴴᴺᴰᴷᵝᵞᵟ",
        strict=True,
    )
)


class MathError(ValueError):
    """A formula uses something that is not known here; the sentence names it."""


def render(markdown: str, *, strict: bool = False, escaped: bool = False) -> str:
    """Return Markdown with the mathematics outside its code written in plain signs.

    Args:
        strict: whether to refuse what is not known, rather than leave it as it is.
        escaped: whether the signs are to stay what they are for whoever renders the Markdown next.

    Raises:
        MathError: only if strict.
    """

    def span(found: re.Match[str]) -> str:
        try:
            text = plain(found[1] or found[2])
            return SPECIAL.sub(r"\\\g<0>", text) if escaped else text
        except MathError:
            if strict:
                raise
            return found[0]

    pieces = FENCE.split(markdown)
    pieces[::2] = [SPAN.sub(span, piece) for piece in pieces[::2]]
    return "".join(pieces)


def plain(formula: str) -> str:
    """Return one formula, without its dollar signs, in plain signs.

    Raises:
        MathError: it uses an unknown command, or its braces do not match.
    """
    text = _sequence(iter(TOKEN.findall(formula)), closing="")
    return re.sub(r"∂ +", "∂", re.sub(r" {2,}", " ", text)).strip()


def _sequence(tokens: Iterator[str], closing: str) -> str:
    parts: list[str] = []
    for token in tokens:
        if token == closing:
            return "".join(parts)
        if token == "}":
            raise MathError("a closing brace has no opening one")
        parts.append(_one(token, tokens))
    if closing:
        raise MathError("a brace is never closed")
    return "".join(parts)


def _argument(tokens: Iterator[str]) -> str:
    """Return what a command, ``^`` or ``_`` applies to: a group, or the next sign."""
    for token in tokens:
        if not token.isspace():
            return _one(token, tokens)
    raise MathError("something is missing at the end of a formula")


def _one(token: str, tokens: Iterator[str]) -> str:
    if token == "{":
        return _sequence(tokens, "}")
    if token in "^_":
        return _script(token, _argument(tokens).strip())
    if not token.startswith("\\"):
        return " " if token.isspace() else token
    name = token[1:]
    if name in SIGNS:
        return SIGNS[name]
    if name in WORDS:
        return name
    if name in FONTS:
        return _argument(tokens)
    if name in ACCENTS:
        return _argument(tokens) + ACCENTS[name]
    if name in ("frac", "dfrac", "tfrac"):
        return f"{_bracketed(_argument(tokens))}/{_bracketed(_argument(tokens))}"
    if name == "sqrt":
        return f"√{_bracketed(_argument(tokens))}"
    if name == "mathbb":
        letter = _argument(tokens)
        return BLACKBOARD.get(letter, letter)
    raise MathError(f"`\\{name}` is not known; write it otherwise")


def _script(mark: str, text: str) -> str:
    """Write in small signs where all have one: not words, nor a raised T that would look transposed."""
    table = LOWERED if mark == "_" else RAISED
    word = re.search("[a-z]{3}", text) if mark == "_" else len(text) > 1 and "T" in text
    if text and all(sign in table for sign in text) and not word:
        return "".join(table[sign] for sign in text)
    return f"{mark}{text}" if re.fullmatch(r"\w*|.", text) else f"{mark}({text})"


def _bracketed(text: str) -> str:
    """Put brackets around what would fall apart beside a slash or under a root."""
    simple = re.fullmatch(r"[^\s+/·×=,-]+|\([^()]*\)|‖[^‖]*‖[^\s+/·×=,-]*", text)
    return text if simple else f"({text})"
