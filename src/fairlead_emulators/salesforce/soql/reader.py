"""A cursor over the tokens of a query."""

from typing import NoReturn

from fairlead_emulators.salesforce.soql.tokens import Token, unexpected


class Reader:
    """Takes tokens one by one; what does not fit is refused where it stands."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _peek(self, ahead: int) -> Token:
        """A later token; the end, beyond it."""
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def _advance(self) -> Token:
        token = self._next
        if token.kind != "end":
            self._at += 1
        return token

    def _take(self, *words: str) -> bool:
        """Consume these words or signs if they come next, all of them."""
        for offset, word in enumerate(words):
            token = self._peek(offset)
            if (token.word or token.text) != word or token.kind == "string":
                return False
        self._at += len(words)
        return True

    def _need(self, *words: str) -> None:
        for word in words:
            if not self._take(word):
                self._refuse()

    def _name(self) -> str:
        if self._next.kind != "name":
            self._refuse()
        return self._advance().text

    def _refuse(self) -> NoReturn:
        """Refuses the next token."""
        raise unexpected(self._next.text, self._next.at)

    def expect_end(self) -> None:
        """Refuse what is left over."""
        if self._next.kind != "end":
            self._refuse()
