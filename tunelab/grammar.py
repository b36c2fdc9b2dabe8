"""What a newer Python can read and the one that grades can't: learners may have 3.12 or 3.13, grading runs 3.11."""

from __future__ import annotations

import ast
import io
import sys
import tokenize

from tunelab.notebook import without_magics

GRADED_WITH = (3, 11)
"""The Python with which submissions are graded."""
_F_STRING = "an f-string, line {}, holds within its braces its own kind of quotes, a backslash, a comment or a new line"


def too_new(source: str) -> str:
    """What in a cell only a newer Python than the grading one can read, as a sentence; empty when there is nothing, or when this Python can't read it either.

    Args:
        source: of a cell, with IPython's additions or without.
    """
    if sys.version_info[:2] <= GRADED_WITH:
        return ""
    try:
        plain = without_magics(source)
        ast.parse(plain)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    found = _newer_statement(plain) or _newer_f_string(plain)
    if not found:
        return ""
    graded, here = (".".join(map(str, version[:2])) for version in (GRADED_WITH, sys.version_info))
    return f"Grading runs Python {graded}, this is {here}. In {graded} the cell is a syntax error and earns nothing: {found}."


def _newer_statement(source: str) -> str:
    """Statements such as `type X = …` and `def f[T](…)`."""
    try:
        ast.parse(source, feature_version=GRADED_WITH)
    except SyntaxError as error:
        return f"{error.msg}, line {error.lineno}".replace("Type parameter lists are", "`[T]` after a name is").replace(
            "Type statement is", "`type X = …` is"
        )
    return ""


def _newer_f_string(source: str) -> str:
    """F-strings whose braces hold their own quotes, a backslash, a comment or, between single quotes, a new line (PEP 701)."""
    open_quotes: list[str] = []
    braces: list[int] = []
    start, middle, end = (getattr(tokenize, f"FSTRING_{part}", None) for part in ("START", "MIDDLE", "END"))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        inside = bool(braces and braces[-1])
        quotes = token.string.lstrip("rRbBuUfF") if token.type in (tokenize.STRING, start) else ""
        if inside and (
            any(other in quotes for other in open_quotes)
            or (token.type == tokenize.STRING and "\\" in token.string)
            or token.type == tokenize.COMMENT
            or (token.type in (tokenize.NL, tokenize.NEWLINE) and len(open_quotes[-1]) == 1)
        ):
            return _F_STRING.format(token.start[0])
        if token.type == middle and any(other in token.string or "\\" in token.string for other in open_quotes[:-1]):
            return _F_STRING.format(token.start[0])
        if token.type == start:
            open_quotes.append(quotes)
            braces.append(0)
        elif token.type == end:
            open_quotes.pop()
            braces.pop()
        elif braces and token.type == tokenize.OP and token.string in "{}":
            braces[-1] += 1 if token.string == "{" else -1
    return ""
