"""Takes SQL text apart into tokens, as a server does, without understanding it.

What a server may or may not execute, the content of ``/*! … */``, is taken apart like everything else, so that
nothing hides there; where two servers could see different tokens in it, the text is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from airflow_mydump.engine.errors import DumpError

TokenKind = Literal["word", "name", "string", "number", "symbol", "conditional"]
"""``name`` is a quoted identifier; ``conditional`` marks the begin of ``/*! … */``."""

_ESCAPED, _UNESCAPED = r"'(?:[^'\\]|\\.|'')*'", r"'(?:[^']|'')*'"
_DOUBLE_ESCAPED, _DOUBLE_UNESCAPED = (text.replace("'", '"') for text in (_ESCAPED, _UNESCAPED))
_PATTERN = r"""
(?:
  (?P<remark>(?:--(?=[\s\x00-\x1f]|\Z)|\#)[^\n]*|/\*(?!!|M!)(?:(?!\*/).)*\*/)
| (?P<open>/\*M?!\d*)
| (?P<close>\*/)
| (?P<string>{strings})
| (?P<name>{names})
| (?P<number>0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?![\w$])|\.\d+(?:[eE][+-]?\d+)?)
| (?P<word>[\w$\u0080-\uffff\U00010000-\U0010ffff]+)
| (?P<symbol>@@|:=|(?!/\*)[^'"`\s])
)\s*
"""
_BACKTICKS = "`(?:[^`]|``)*`"


def _scanner(escapes: bool, ansi: bool) -> re.Pattern[str]:
    single = _ESCAPED if escapes else _UNESCAPED
    double = _DOUBLE_ESCAPED if escapes else _DOUBLE_UNESCAPED
    strings = single if ansi else f"{single}|{double}"
    # In the quotes of a name, no backslash escapes.
    names = f"{_BACKTICKS}|{_DOUBLE_UNESCAPED}" if ansi else _BACKTICKS
    return re.compile(_PATTERN.format(strings=strings, names=names), re.VERBOSE | re.DOTALL)


_SCANNERS = {(escapes, ansi): _scanner(escapes, ansi) for escapes in (True, False) for ansi in (True, False)}


_KINDS: dict[str, TokenKind] = {
    "word": "word", "name": "name", "string": "string", "number": "number", "symbol": "symbol", "open": "conditional",
}  # fmt: skip


class Token(NamedTuple):
    """A token and where it begins. ``text`` is the upper-case text of a word and the text as it stands of others."""

    kind: TokenKind
    text: str
    start: int
    end: int

    @property
    def identifier(self) -> str:
        """The name that a quoted identifier stands for."""
        quote = self.text[0]
        return self.text[1:-1].replace(quote * 2, quote)


def tokens_of(text: str, sql_mode: str = "", remarks: bool = True) -> Iterator[Token]:
    """The tokens of a text that a session with this sql_mode would be sent; remarks and blanks are left out.

    Raises DumpError where the text has no tokens, ends within one, hides something in nested comments, or has a
    remark though ``remarks`` is false.
    """
    mode = sql_mode.upper()
    scanner = _SCANNERS["NO_BACKSLASH_ESCAPES" not in mode, "ANSI" in mode]
    position, conditional = len(text) - len(text.lstrip()), False
    for found in scanner.finditer(text, position):
        kind = found.lastgroup
        if kind is None or found.start() != position:
            break
        token, start, position = found[kind], position, found.end()
        if conditional and (kind in ("open", "remark") or (kind in ("string", "name") and "*/" in token)):
            raise DumpError("the text nests comments, so that servers would not agree on what it says")
        if kind in ("open", "close"):
            if (kind == "close") != conditional:
                raise DumpError("the text ends a comment that did not begin")
            conditional = kind == "open"
        if kind in _KINDS:
            yield Token(_KINDS[kind], token.upper() if kind == "word" else token, start, found.end(kind))
        elif kind == "remark" and not remarks:
            raise DumpError("the text has a comment where a definition has none")
    if position < len(text):
        raise DumpError(f"the text cannot be read from its {position + 1}. character on")
    if conditional:
        raise DumpError("the text ends within a comment")


_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}


def string_value(text: str) -> str:
    """What a quoted string stands for in a session where backslash escapes."""
    quote, inner = text[0], text[1:-1]
    pattern = re.compile(rf"\\(.)|{quote}{quote}", re.DOTALL)
    return pattern.sub(lambda found: _ESCAPES.get(found[1], found[1]) if found[1] is not None else quote, inner)
