r"""Mathematics between dollar signs: as plain text that reads well in a terminal, and as MathML for pages.

A small part of LaTeX is known: what GitHub renders from the same source. ``$h_{t-1}$`` becomes hₜ₋₁; what
has no sign of its own stays readable: ``$\sigma_{\max}$`` becomes σ_max. A display, between lines of ``$$``,
may have several rows, aligned by ``\begin{aligned}``.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator

FENCE = re.compile(r"(^```.*?^```[^\n]*$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"\$\$(.+?)\$\$|\$(?![\s{])([^$\n]+?)(?<!\s)\$(?!\d)", re.DOTALL)
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}^_]|\s+|.", re.DOTALL)
BLOCK = re.compile(r"^\$\$[ \t]*\n(.+?)\n\$\$[ \t]*$", re.MULTILINE | re.DOTALL)
SPECIAL = re.compile(r"[\\`*_\[\]<>|~#]")
WRITTEN = """
alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν
xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ
Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω
cdot · times × odot ⊙ otimes ⊗ oplus ⊕ circ ∘ ast * pm ± le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ ll ≪ gg ≫
approx ≈ sim ~ equiv ≡ propto ∝ to → rightarrow → leftarrow ← mapsto ↦ Rightarrow ⇒ in ∈ subset ⊂ cup ∪
cap ∩ forall ∀ neg ¬ infty ∞ partial ∂ nabla ∇ sum Σ prod Π int ∫ ldots … dots … cdots ⋯ prime ′ top ᵀ
mid | dots … vert | Vert ‖ lVert ‖ rVert ‖ | ‖ langle ⟨ rangle ⟩ ell ℓ { { } } % % _ _ $ $ & & # #
""".split()
SIGNS = dict(zip(WRITTEN[::2], WRITTEN[1::2], strict=True))
SIGNS |= dict.fromkeys(["left", "right", "displaystyle", "!"], "")
SIGNS |= dict.fromkeys([",", ";", ":", " ", "quad", "qquad"], " ")
WORDS = "tanh sinh cosh exp log ln max min sin cos argmax argmin det dim lim sup".split()
SIGNS |= dict(zip(WORDS, WORDS, strict=True))
FONTS = "mathrm text textbf textit mathbf mathit mathsf mathcal operatorname boldsymbol texttt".split()
ACCENTS = {"tilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "vec": "\u20d7", "dot": "\u0307"}
ACCENTS |= {"widetilde": "\u0303", "widehat": "\u0302", "overline": "\u0304"}
BLACKBOARD = {"R": "ℝ", "N": "ℕ", "Z": "ℤ", "E": "𝔼", "C": "ℂ", "P": "ℙ"}
UP = "0⁰1¹2²3³4⁴5⁵6⁶7⁷8⁸9⁹+⁺-⁻=⁼(⁽)⁾aᵃbᵇcᶜdᵈeᵉfᶠgᵍhʰiⁱjʲkᵏlˡmᵐnⁿoᵒpᵖrʳsˢtᵗuᵘvᵛwʷxˣyʸzᶻTᵀᵀᵀ′′**HᴴNᴺDᴰKᴷβᵝγᵞδᵟ"
DOWN = "0₀1₁2₂3₃4₄5₅6₆7₇8₈9₉+₊-₋=₌(₍)₎aₐeₑhₕiᵢjⱼkₖlₗmₘnₙoₒpₚrᵣsₛtₜuᵤvᵥxₓβᵦγᵧρᵨφᵩχᵪ"
RAISED, LOWERED = (dict(zip(pairs[::2], pairs[1::2], strict=True)) for pairs in (UP, DOWN))
"""By sign, the small one that says the same."""


class MathError(ValueError):
    """A formula uses something that is not known here; the sentence names it."""


def render(markdown: str, *, strict: bool = False, escaped: bool = False) -> str:
    """Return Markdown with the mathematics outside its code written in plain signs; its displays become text.

    Args:
        strict: refuse by a MathError, rather than leave as it is, what is not known or cannot become MathML.
        escaped: whether the signs are to stay what they are for whoever renders the Markdown next.
    """

    def sign(found: re.Match[str]) -> str:
        formula = found[1] or found[2]
        try:
            text = plain(formula)
            if strict:
                mathml(formula)
        except MathError:
            if strict:
                raise
            return found[0]
        if BLOCK.fullmatch(found[0]):
            return f"```text\n{text}\n```"
        return SPECIAL.sub(r"\\\g<0>", text) if escaped else text

    for pattern in (BLOCK, SPAN):
        pieces = FENCE.split(markdown)
        pieces[::2] = [pattern.sub(sign, piece) for piece in pieces[::2]]
        markdown = "".join(pieces)
    return markdown


def mathml(formula: str, *, display: bool = False) -> str:
    """Return one formula, without its dollar signs, as a MathML element; or MathError."""
    from latex2mathml.converter import convert  # which only pages and `verify` wait for

    try:
        made = convert(formula.replace("{aligned}", "{align*}"), display="block" if display else "inline")
    except Exception as error:  # the library's own have no class in common
        why = type(error).__name__
        raise MathError(f"`{formula}` cannot become MathML ({why}); write it otherwise") from None
    if unknown := re.search(r"\\\w+", made):
        raise MathError(f"`{unknown[0]}` cannot become MathML; write it otherwise")
    return made.replace(' style="true"', "")  # which means nothing, and no page's policy lets through


def plain(formula: str) -> str:
    """Return one formula, without its dollar signs, in plain signs; MathError names what is not known."""
    text = _sequence(iter(TOKEN.findall(formula)), closing="")
    return text.strip("\n") if "\n" in text else _tidy(text)


def _tidy(text: str) -> str:
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
        # Small signs where all have one: not words, nor a raised T that would look transposed.
        text, table = _argument(tokens).strip(), LOWERED if token == "_" else RAISED
        word = re.search("[a-z]{3}", text) if token == "_" else len(text) > 1 and "T" in text
        if text and all(sign in table for sign in text) and not word:
            return "".join(table[sign] for sign in text)
        return f"{token}{text}" if re.fullmatch(r"\w*|.", text) else f"{token}({text})"
    if not token.startswith("\\"):
        return " " if token.isspace() else token
    name = token[1:]
    if name == "begin":
        return _environment(_argument(tokens), tokens)
    if name in SIGNS:
        return SIGNS[name]
    if name in FONTS:
        return _argument(tokens)
    if name in ACCENTS:
        return _argument(tokens) + ACCENTS[name]
    if name in ("frac", "dfrac", "tfrac"):
        return f"{_bracketed(_tidy(_argument(tokens)))}/{_bracketed(_tidy(_argument(tokens)))}"
    if name == "sqrt":
        return f"√{_bracketed(_argument(tokens))}"
    if name == "mathbb":
        letter = _argument(tokens)
        return BLACKBOARD.get(letter, letter)
    raise MathError(f"`\\{name}` is not known; write it otherwise")


def _environment(name: str, tokens: Iterator[str]) -> str:
    """Write a matrix in one line, ``[1 2; 3 4]``, and aligned rows one below the other."""
    if name not in ("aligned", "bmatrix"):
        raise MathError(f"`\\begin{{{name}}}` is not known; there are aligned and bmatrix")
    rows = [[""]]
    for token in tokens:
        if token == r"\end":
            break
        if token == "&":
            rows[-1].append("")
        elif token == r"\\":
            rows.append([""])
        else:
            rows[-1][-1] += _one(token, tokens)
    else:
        raise MathError(f"`\\begin{{{name}}}` is never ended")
    _argument(tokens)  # the name again
    table = [[_tidy(cell) for cell in row] for row in rows]
    if name == "bmatrix":
        return f"[{'; '.join(' '.join(row) for row in table)}]"
    sizes = [[sum(not unicodedata.combining(sign) for sign in cell) for cell in row] for row in table]
    widths = [max(column) for column in itertools.zip_longest(*sizes, fillvalue=0)]
    lines = []
    for row, own in zip(table, sizes, strict=True):  # of two cells the first goes right, the second left
        rooms = [" " * (width - size) for width, size in zip(widths, own, strict=False)]
        cells = [
            f"{cell}{room}" if number % 2 else f"{'  ' if number else ''}{room}{cell}"
            for number, (cell, room) in enumerate(zip(row, rooms, strict=True))
        ]
        lines.append(" ".join(cells).rstrip())
    return "\n".join(lines)


def _bracketed(text: str) -> str:
    """Put brackets around what would fall apart beside a slash or under a root."""
    simple = re.fullmatch(r"[^\s+/·×=,-]+|\([^()]*\)|‖[^‖]*‖[^\s+/·×=,-]*", text)
    return text if simple else f"({text})"
