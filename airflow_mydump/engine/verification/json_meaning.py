"""What a JSON text says, whoever printed it: the same for two texts only if they are one value, to the last digit.

Blanks, the order of members and the way a character or number is written do not count. A number is its exact decimal
value, so that one that a server rounded is another; a member that occurs twice, of which servers keep different ones,
is kept twice.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def json_meaning(text: bytes) -> bytes:
    """The value's one form; a text that is no JSON is its own."""
    try:
        # Lone surrogates, which JSON may have and UTF-8 may not, are kept apart by surrogatepass.
        value = json.loads(
            text.decode(),
            object_pairs_hook=_Members,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_refuse,
        )
        return _form(value).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return b"?" + text


class _Members(list[tuple[str, Any]]):
    """The members of an object, as they came."""


class _Number(str):
    """A number's exact value, in one form."""


def _refuse(word: str) -> None:
    raise ValueError(word)


def _number(text: str) -> _Number:
    value = Decimal(text)
    if not value:
        return _Number("0")
    sign, digits, exponent = value.as_tuple()
    written = "".join(map(str, digits)).rstrip("0")
    assert isinstance(exponent, int), "JSON has no infinite numbers"
    return _Number(f"{'-' if sign else ''}{written}e{exponent + len(digits) - len(written)}")


def _form(value: Any) -> str:
    if isinstance(value, _Number):
        return value
    if isinstance(value, _Members):
        members = sorted(f"{json.dumps(name, ensure_ascii=False)}:{_form(member)}" for name, member in value)
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_form, value))}]"
    return json.dumps(value, ensure_ascii=False)
