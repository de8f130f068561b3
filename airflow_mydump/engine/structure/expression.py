"""Expressions as they are compared: by what they compute, however a server prints it.

MySQL puts every operation in parentheses and a character set before every text, MariaDB does neither; both have
names of their own for some functions. An expression is read by the servers' rules of precedence and written down as a
tree; two that give the same tree are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from airflow_mydump.engine.ddl.sql_lexer import string_value
from airflow_mydump.engine.errors import DefinitionError
from airflow_mydump.engine.identifier import literal
from airflow_mydump.engine.structure.token_cursor import TokenCursor

_ALIASES = {
    "ucase": "upper", "lcase": "lower", "octet_length": "length", "substring": "substr", "mid": "substr",
    "character_length": "char_length", "current_timestamp": "now", "localtime": "now", "localtimestamp": "now",
    "current_date": "curdate", "current_time": "curtime", "ceil": "ceiling", "pow": "power", "dayofmonth": "day",
}  # fmt: skip
"""Functions that the servers print under one of two names."""

_WITHOUT_ARGUMENTS = frozenset({"now", "curdate", "curtime", "utc_timestamp", "utc_date", "utc_time"})
_COMPARISONS = frozenset({"=", "<=>", ">=", ">", "<=", "<", "<>", "!="})
_BINARY = ({"|"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "DIV", "%", "MOD"}, {"^"})
"""Operators of equal rank, the weakest first."""


@dataclass(frozen=True)
class Expression:
    """An expression: its meaning, which is compared, and its text, which is not."""

    meaning: str
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text


def read_expression(text: str) -> Expression:
    """The expression that a server prints so. One that cannot be read is equal to the same tokens only.

    Raises DefinitionError if the text has no tokens.
    """
    try:
        reader = _Reader(TokenCursor(text))
        return Expression(reader.whole(), text)
    except DefinitionError:
        return Expression(" ".join(_plain(TokenCursor(text))), text)


def without_character_sets(text: str) -> str:
    """The text of an expression with its texts in plain quotes, and without ``_utf8mb4`` before them, which says no
    more than the session does. Raises DefinitionError if the text has no tokens."""
    cursor, parts, begun = TokenCursor(text), [], 0
    while not cursor.ended:
        token = cursor.take()
        if token.text == "_UTF8MB4" and cursor.next.kind == "string":
            parts.append(text[begun : token.start])
            token = cursor.take()
            parts.append(literal(string_value(token.text)))
            begun = token.end
    return "".join([*parts, text[begun:]])


def _plain(cursor: TokenCursor) -> list[str]:
    texts = []
    while not cursor.ended:
        texts.append(cursor.take().text)
    return texts


class _Reader:
    """Reads one expression by descending through the ranks of the operators."""

    def __init__(self, cursor: TokenCursor) -> None:
        self._cursor = cursor

    def whole(self) -> str:
        tree = self._or()
        if not self._cursor.ended:
            raise DefinitionError(f"the expression goes on with {self._cursor.next.text!r}")
        return tree

    def _or(self) -> str:
        return self._chain("or", self._xor, ("OR",))

    def _xor(self) -> str:
        return self._chain("xor", self._and, ("XOR",))

    def _and(self) -> str:
        return self._chain("and", self._not, ("AND",), ("&", "&"))

    def _chain(self, name: str, operand: Callable[[], str], *operators: tuple[str, ...]) -> str:
        """One node for a row of equal operators, however they were grouped."""
        parts = [operand()]
        while any(self._cursor.accept(*operator) for operator in operators):
            parts.append(operand())
        if len(parts) == 1:
            return parts[0]
        opening = f"({name} "
        flat = [part[len(opening) : -1] if part.startswith(opening) else part for part in parts]
        return f"{opening}{' '.join(flat)})"

    def _not(self) -> str:
        if self._cursor.accept("NOT") or self._cursor.accept("!"):
            return f"(not {self._not()})"
        return self._predicate()

    def _predicate(self) -> str:
        left = self._binary(0)
        while True:
            if operator := self._comparison():
                left = f"({'<>' if operator == '!=' else operator} {left} {self._binary(0)})"
            elif self._cursor.accept("IS"):
                left = self._is(left)
            else:
                negated = self._cursor.sees("NOT") and self._cursor.accept("NOT")
                found = self._named_predicate(left)
                if not found:
                    if negated:
                        raise DefinitionError("it has NOT behind a value")
                    return left
                left = f"(not {found})" if negated else found

    def _comparison(self) -> str:
        # The lexer's symbols have one character.
        for operator in ("<=>", ">=", "<=", "<>", "!=", "=", ">", "<"):
            if self._cursor.sees(*operator) and not (operator in "<>" and self._cursor.sees(operator, operator)):
                self._cursor.accept(*operator)
                return operator
        return ""

    def _is(self, left: str) -> str:
        negated = self._cursor.accept("NOT")
        word = self._cursor.take().text.lower()
        if left.startswith("(<> 0 ") and word in ("true", "false"):
            left = left[len("(<> 0 ") : -1]  # MySQL's form of a number as a truth value
        tree = f"(is-{word} {left})"
        return f"(not {tree})" if negated else tree

    def _named_predicate(self, left: str) -> str:
        cursor = self._cursor
        if cursor.accept("BETWEEN"):
            low = self._binary(0)
            cursor.expect("AND")
            return f"(between {left} {low} {self._binary(0)})"
        if cursor.accept("IN"):
            cursor.expect("(")
            return f"(in {left} {' '.join(self._arguments())})"
        if cursor.accept("LIKE"):
            pattern = self._binary(0)
            return f"(like {left} {pattern}{f' {self._binary(0)}' if cursor.accept('ESCAPE') else ''})"
        if cursor.accept("REGEXP") or cursor.accept("RLIKE"):
            return f"(regexp_like {left} {self._binary(0)})"
        return ""

    def _binary(self, rank: int) -> str:
        if rank == len(_BINARY):
            return self._unary()
        left = self._binary(rank + 1)
        while operator := self._operator(rank):
            left = f"({operator} {left} {self._binary(rank + 1)})"
        return left

    def _operator(self, rank: int) -> str:
        for operator in _BINARY[rank]:
            parts = (operator,) if operator.isalpha() else tuple(operator)
            if self._cursor.sees(*parts) and not (operator == "&" and self._cursor.sees("&", "&")):
                self._cursor.accept(*parts)
                return {"MOD": "%", "DIV": "div"}.get(operator, operator)
        return ""

    def _unary(self) -> str:
        if self._cursor.accept("-"):
            value = self._unary()
            return value[1:] if value.startswith("-") else f"-{value}" if value[0].isdigit() else f"(- {value})"
        if self._cursor.accept("+"):
            return self._unary()
        if self._cursor.accept("~"):
            return f"(~ {self._unary()})"
        if self._cursor.accept("BINARY"):
            return f"(binary {self._unary()})"
        value = self._primary()
        while self._cursor.accept("COLLATE"):
            value = f"(collate {value} {self._cursor.name().lower()})"
        return value

    def _primary(self) -> str:
        token = self._cursor.take()
        if token.kind == "string":
            return literal(string_value(token.text))
        if token.kind == "number":
            return token.text
        if token.kind == "name":
            return self._qualified(f"`{token.identifier.lower()}`")
        if token.text == "(" and token.kind == "symbol":
            inner = self._arguments()
            return inner[0] if len(inner) == 1 else f"(row {' '.join(inner)})"
        if token.kind != "word":
            raise DefinitionError(f"it has {token.text!r} where a value was expected")
        return self._word(token.text.lower())

    def _qualified(self, name: str) -> str:
        if self._cursor.sees("("):
            self._cursor.take()
            return self._function(name)
        while self._cursor.accept("."):
            name += f".`{self._cursor.name().lower()}`"
        return name

    def _word(self, word: str) -> str:
        cursor = self._cursor
        if cursor.next.kind == "string":
            value = self._primary()
            if word in ("b", "x", "date", "time", "timestamp", "_binary"):
                return f"{word}{value}"
            if word.startswith("_") or word == "n":
                return value  # the character set that the text came in
            raise DefinitionError(f"it has a text behind {word}")
        if word == "case":
            return self._case()
        if word == "interval":
            amount = self._or()
            return f"(interval {amount} {cursor.take().text.lower()})"
        if cursor.accept("("):
            return self._function(word)
        name = _ALIASES.get(word, word)
        return f"({name})" if name in _WITHOUT_ARGUMENTS else name

    def _function(self, word: str) -> str:
        name = _ALIASES.get(word, word)
        arguments = self._arguments()
        if name == "isnull" and len(arguments) == 1:
            return f"(is-null {arguments[0]})"
        return f"({' '.join([name, *arguments])})"

    def _arguments(self) -> list[str]:
        """What is between parentheses, the first of which is behind: values, and words such as FROM between them."""
        found: list[str] = []
        while not self._cursor.accept(")"):
            if self._cursor.accept(","):
                continue
            if self._cursor.accept("AS"):
                found.append(self._type())
            elif self._cursor.next.text in ("USING", "FROM", "FOR", "BOTH", "LEADING", "TRAILING", "DISTINCT"):
                found.append(self._cursor.take().text.lower())
            else:
                found.append(self._or())
        return found

    def _type(self) -> str:
        """The type in a CAST, whose parenthesis stays open."""
        texts = []
        while not self._cursor.sees(")"):
            token = self._cursor.take()
            texts.append(token.text.lower())
            if token.text == "(":
                while not self._cursor.sees(")"):
                    texts.append(self._cursor.take().text.lower())
                texts.append(self._cursor.take().text)
        return f"<{' '.join(texts)}>"

    def _case(self) -> str:
        cursor, parts = self._cursor, ["case"]
        if not cursor.sees("WHEN"):
            parts.append(self._or())
        while cursor.accept("WHEN"):
            condition = self._or()
            cursor.expect("THEN")
            parts.append(f"(when {condition} {self._or()})")
        if cursor.accept("ELSE"):
            parts.append(f"(else {self._or()})")
        cursor.expect("END")
        return f"({' '.join(parts)})"
