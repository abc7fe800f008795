"""Text from outside, escaped for LaTeX."""

import re

from engine.analysis.markdown import printable

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}", "−": r"$-$", "–": "--", "…": r"\ldots{}",
    "×": r"$\times$", "±": r"$\pm$", "→": r"$\rightarrow$", "≥": r"$\geq$", "≤": r"$\leq$", "·": r"$\cdot$",
    "⁹": r"\textsuperscript{9}", "≈": r"$\approx$", "σ": r"$\sigma$", "κ": r"$\kappa$", "β": r"$\beta$",
    "γ": r"$\gamma$", "τ": r"$\tau$", "√": r"$\surd$", "Σ": r"$\Sigma$",
    "[": "{[}", "]": "{]}", "*": "{*}",  # at the beginning of a row they would be an option of the \\ before it
}  # fmt: skip
_LIGATURE = re.compile(r"(?<=[-'?!])(?=[-'`])")
LAST_OF_LATIN = 0x17F
"""Letters beyond are not in LaTeX's usual fonts: they become ?."""
_LACKING = frozenset(map(chr, (0x126, 0x127, 0x138, 0x13F, 0x140, 0x149, 0x166, 0x167, 0x17F)))
"""Letters before that which they lack too."""
REMARK = "% A character that pdflatex's usual fonts lack is written as ?: report.html and report.md have it."


def escaped(words: str) -> str:
    """Escape text so that LaTeX shows it as it is; a letter that its usual fonts lack becomes ?."""
    start, end = (" " if words[:1] == " " else ""), (" " if words[-1:] == " " and words.strip() else "")
    shown = _LIGATURE.sub("\0", printable(words, 4_000))
    letters = (
        "{}" if letter == "\0" else _SPECIAL.get(letter) or (letter if _is_in_fonts(letter) else "?")
        for letter in shown
    )
    return f"{start}{''.join(letters)}{end}"


def _is_in_fonts(letter: str) -> bool:
    return ord(letter) <= LAST_OF_LATIN and letter not in _LACKING
