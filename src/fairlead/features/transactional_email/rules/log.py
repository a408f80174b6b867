"""Messages of Campaign Monitor's log: which belong to a send whose answer was lost, and what became of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final

from fairlead.domain.address import normal

SLACK: Final = timedelta(hours=25)
"""How far back the log is read behind the moment of a send: clocks and offsets may differ."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """A send that Campaign Monitor may have: its token, its recipients (normal forms), when it was sent."""

    id: int
    token: str
    recipients: frozenset[str] = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Logged:
    """A message of the log. `token` is None where the log does not show the values of the message."""

    id: str
    recipient: str = field(repr=False)
    token: str | None = None


def recipient(text: str) -> str:
    """`Ada <ada@example.com>` as the normal form of the address."""
    return normal(parseaddr(text)[1] or text)


def may_be(recipients: Collection[str], unclear: Sequence[Unclear]) -> bool:
    """Whether a message to one of these may be that of an unclear send."""
    return any(not one.recipients.isdisjoint(recipients) for one in unclear)


def belongings(unclear: Sequence[Unclear], logged: Sequence[Logged]) -> Mapping[int, tuple[Logged, ...]]:
    """The messages of each send, by its number; those without any were not sent as far as the log tells.

    A message whose token is shown belongs to the send of that token and to no other. One without belongs to the first
    send to its recipient: rather is a send taken for done than done twice.
    """
    by_token = {one.token: one.id for one in unclear}
    found: dict[int, list[Logged]] = {}
    for message in logged:
        owner = by_token.get(message.token) if message.token is not None else _first(unclear, message, found)
        if owner is not None:
            found.setdefault(owner, []).append(message)
    return {owner: tuple(messages) for owner, messages in found.items()}


def _first(unclear: Sequence[Unclear], message: Logged, found: Mapping[int, Sequence[Logged]]) -> int | None:
    wanted = normal(message.recipient)
    for one in unclear:
        taken = {normal(each.recipient) for each in found.get(one.id, ())}
        if wanted in one.recipients and wanted not in taken:
            return one.id
    return None


def beyond(sent: str, earliest: datetime) -> bool:
    """Whether a message (ISO 8601 with an offset) is older than anything that is looked for."""
    try:
        at = datetime.fromisoformat(sent)
    except ValueError:
        return False
    return at.tzinfo is not None and at < earliest - SLACK


def status(told: str, opens: int, clicks: int) -> str:
    """What became of a message, in one word: Sent, Delivered, Opened, Clicked, Bounced or Spam."""
    word = told.strip().capitalize()
    if word in ("Bounced", "Spam"):
        return word
    if clicks:
        return "Clicked"
    if opens:
        return "Opened"
    return "Sent" if word in ("Accepted", "Received", "Sent", "") else word


FINAL: Final = frozenset({"Bounced", "Spam", "Clicked"})
"""Nothing more is to be learnt of such a message."""
