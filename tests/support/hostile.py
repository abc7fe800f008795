"""Text as an enemy, or an odd program, would write it; and what must be true of everything that is shown."""

import unicodedata

ESCAPES = (
    "\x1b[2J\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]52;c;ZXZpbA==\x1b\\",
    "\x9b31mC1",
    "back\x08\x08\x08space\x7f",
    "over\rwritten",
    "two\nlines\u2028three\x85four",
)
DIRECTIONS = (
    "photo\u202egnp.exe",
    "\u2066isolated\u2069 \u202a\u202b\u202c\u202d",
    "\u200e\u200f\u061cmarks",
)
INVISIBLE = (
    "zero\u200bwidth\u200c\u200d\u2060\ufeff",
    "soft\u00adhyphen",
    "tag\U000e0041\U000e007f",
    "filler\u3164\u115f",
    "vs\ufe0f\U000e0100",
    "private\ue000 unassigned\u0378 not\ufffe",
)
MARKUP = (
    "[bold red]X[/bold red]",
    "[/]",
    "[link=http://evil.example]y[/link]",
    "[@click=app.quit]quit[/]",
    "[not closed",
    "\\[escaped]",
    "$primary",
)
MARKDOWN = (
    "|cell|",
    "`code`",
    "<script>alert(1)</script>",
    "![x](http://evil.example/x.png)",
    "http://evil.example www.evil.example",
    "# head",
    "$\\frac{1}{0}$",
    "&lt;",
    "~~x~~ *x* _x_",
)
FORMULAS = ("=cmd|' /C calc'!A0", "@SUM(1+1)", "+1+1", "-2+3", '=HYPERLINK("http://evil.example")')
FORMATS = ("%s %d %n", "{0} {x!r} {}", "../../etc/passwd", "..\\..\\win", "'; DROP TABLE run; --")
ODD = ("e\u0301\u0302\u0303\u0304" * 20, "漢字かな", "👩\u200d🔬", "x" * 3000, " ", "")

CORPUS = (*ESCAPES, *DIRECTIONS, *INVISIBLE, *MARKUP, *MARKDOWN, *FORMULAS, *FORMATS, *ODD)
ALL_IN_ONE = " ".join((*ESCAPES[:4], DIRECTIONS[0], INVISIBLE[0], MARKUP[0], MARKUP[3], MARKDOWN[2]))

_FORBIDDEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")


def hidden_in(text: str) -> list[str]:
    """The characters of shown text that are not plain, but for line ends."""
    return [f"{ord(each):04x}" for each in text if each != "\n" and unicodedata.category(each) in _FORBIDDEN]


def file_names(suffix: str = "") -> list[str]:
    """The corpus as names that a file system takes, each another one."""
    names = (text.replace("/", "∕")[:60].strip() + suffix for text in CORPUS)
    return [name for name in dict.fromkeys(names) if name.strip(" .") and not name.startswith(".")]


EVIL = "\x1b[31mred\x1b[0m \u202eevil\nnext"
"""A note that would colour the terminal, turn its words and break its line."""
SHOWN = "\\x1b[31mred\\x1b[0m \\u202eevil next"
"""The same as the command line prints it."""
