"""A place in the tokens of a definition, from which a reader takes what it knows."""

from __future__ import annotations

from airflow_mydump.engine.ddl.sql_lexer import Token, tokens_of
from airflow_mydump.engine.errors import DefinitionError, DumpError

_NOTHING = Token("symbol", "", 0, 0)


class TokenCursor:
    """Reads a text from its first token to its last. The marks of ``/*! … */`` are skipped: their content counts.

    Raises DefinitionError if the text has no tokens, or none is left where one is taken.
    """

    def __init__(self, text: str, sql_mode: str = "") -> None:
        try:
            self._tokens = [token for token in tokens_of(text, sql_mode) if token.kind != "conditional"]
        except DumpError as error:
            raise DefinitionError(str(error)) from None
        self._text = text
        self._at = 0

    @property
    def ended(self) -> bool:
        """Whether no token is left."""
        return self._at >= len(self._tokens)

    @property
    def next(self) -> Token:
        """The next token, which stays; an empty symbol at the end."""
        return _NOTHING if self.ended else self._tokens[self._at]

    @property
    def after_next(self) -> Token:
        """The token behind the next; an empty symbol if there is none."""
        return self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else _NOTHING

    def take(self) -> Token:
        """The next token, which is left behind."""
        if self.ended:
            raise DefinitionError("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def sees(self, *texts: str) -> bool:
        """Whether words or symbols come next; words in upper case."""
        found = self._tokens[self._at : self._at + len(texts)]
        return len(found) == len(texts) and all(
            token.kind in ("word", "symbol") and token.text == text for token, text in zip(found, texts, strict=True)
        )

    def accept(self, *texts: str) -> bool:
        """Leave these words or symbols behind, if they come next."""
        if not self.sees(*texts):
            return False
        self._at += len(texts)
        return True

    def expect(self, text: str) -> None:
        """Leave this word or symbol behind. Raises DefinitionError if something else comes."""
        if not self.accept(text):
            raise DefinitionError(f"it has {self.next.text!r} where {text} was expected")

    def name(self) -> str:
        """The identifier that comes next, quoted or not."""
        token = self.take()
        return token.identifier if token.kind == "name" else self._text[token.start : token.end]

    def group(self) -> str:
        """The text between the parenthesis that comes next and the one that closes it."""
        start = self.take()
        if start.text != "(" or start.kind != "symbol":
            raise DefinitionError(f"it has {start.text!r} where a parenthesis was expected")
        depth, end = 1, start
        while depth:
            end = self.take()
            if end.kind == "symbol":
                depth += (end.text == "(") - (end.text == ")")
        return self._text[start.end : end.start].strip()

    def until(self, *words: str) -> str:
        """The text up to one of these words, which stays, or to the end; at least one token. Parentheses are kept
        whole."""
        begin, depth = self._at, 0
        while not self.ended:
            token = self.next
            if depth == 0 and self._at > begin and token.kind == "word" and token.text in words:
                break
            depth += (token.text == "(") - (token.text == ")") if token.kind == "symbol" else 0
            self._at += 1
        if self._at == begin:
            raise DefinitionError("it ends too early")
        return self._text[self._tokens[begin].start : self._tokens[self._at - 1].end]

    def rest(self) -> str:
        """The text from the next token on."""
        start = self.next.start if not self.ended else len(self._text)
        self._at = len(self._tokens)
        return self._text[start:].strip()
