"""Messages as they are kept: one for each recipient of a send."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, Final

from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Client, Store
from fairlead_emulators.campaignmonitor.transactional.outcome import PENDING, outcome
from fairlead_emulators.campaignmonitor.transactional.smart import guid, wire_time

TABLES: Final = """
CREATE TABLE IF NOT EXISTS tx_messages (
    n INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, client TEXT NOT NULL, smart TEXT NOT NULL, grouped TEXT NOT NULL,
    sent REAL NOT NULL, recipient TEXT NOT NULL, sender TEXT NOT NULL, subject TEXT NOT NULL, content TEXT NOT NULL,
    outcome TEXT NOT NULL, settled REAL NOT NULL, opens TEXT NOT NULL, clicks TEXT NOT NULL,
    first_open REAL, first_click REAL, track_opens INTEGER NOT NULL, track_clicks INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS tx_by_client ON tx_messages (client, n);
"""


@dataclass(frozen=True)
class Letter:
    """What is sent. `smart`: an id, or empty for a classic e-mail; `group`: empty for none.

    `content` is the part `Message` of a message's details, but for sender and subject.
    """

    client: str
    sender: str
    subject: str
    content: Mapping[str, Any]
    smart: str = ""
    group: str = ""


@dataclass(frozen=True)
class Message:
    """One message to one recipient; times in unix seconds."""

    n: int
    id: str
    recipient: str
    sent: float
    letter: Letter
    outcome: str
    settled: float
    opens: tuple[float, ...]
    clicks: tuple[float, ...]
    track_opens: bool
    track_clicks: bool

    @property
    def address(self) -> str:
        """The recipient's address without the name."""
        return address_in(self.recipient)

    def status(self, now: float) -> str:
        """Accepted until it has settled."""
        return self.outcome if now >= self.settled else PENDING


def address_in(recipient: str) -> str:
    """`Ada <ada@example.com>` → `ada@example.com`."""
    return parseaddr(recipient)[1]


def put(store: Store, letter: Letter, recipient: str, sent: float, *, opens: bool, clicks: bool) -> str:
    """Sends one message; returns its id. `opens`, `clicks`: whether these are tracked."""
    number = store.db.execute("SELECT coalesce(max(n), 0) + 1 FROM tx_messages").fetchone()[0]
    identity = guid("message", letter.client, number, recipient)
    fate = outcome(identity, address_in(recipient), sent, opens=opens, clicks=clicks)
    row = (
        number, identity, letter.client, letter.smart, letter.group, sent, recipient, letter.sender, letter.subject,
        json.dumps(letter.content), fate.status, fate.settled, json.dumps(fate.opens), json.dumps(fate.clicks),
        fate.opens[0] if fate.opens else None, fate.clicks[0] if fate.clicks else None, opens, clicks,
    )  # fmt: skip
    with store.transaction():
        store.db.execute(f"INSERT INTO tx_messages VALUES (?{', ?' * (len(row) - 1)})", row)
    return identity


def read(store: Store, where: str, values: Sequence[object], order: str = "n DESC", count: int = -1) -> list[Message]:
    """Messages by a condition in SQL; -1: all of them."""
    found = store.db.execute(f"SELECT * FROM tx_messages WHERE {where} ORDER BY {order} LIMIT ?", [*values, count])
    return [_message(each) for each in found]


def _message(row: tuple[Any, ...]) -> Message:
    n, identity, client, smart, group, sent, recipient, sender, subject, content = row[:10]
    letter = Letter(client, sender, subject, json.loads(content), smart, group)
    fate, settled, opens, clicks, _, _, track_opens, track_clicks = row[10:]
    times = tuple(json.loads(opens)), tuple(json.loads(clicks))
    return Message(n, identity, recipient, sent, letter, fate, settled, *times, bool(track_opens), bool(track_clicks))


@fact("tx-resend")
def can_be_resent(message: Message, now: float, kept_days: float) -> bool:
    """Whether the content is still there."""
    return now - message.sent <= kept_days * 86_400


def shown(message: Message, client: Client, now: float, kept_days: float) -> dict[str, Any]:
    """A message as a row of the list."""
    row: dict[str, Any] = {
        "MessageID": message.id,
        "Status": message.status(now),
        "SentAt": wire_time(message.sent, client),
        "Recipient": message.recipient,
        "From": message.letter.sender,
        "Subject": message.letter.subject,
        "TotalOpens": sum(each <= now for each in message.opens),
        "TotalClicks": sum(each <= now for each in message.clicks),
        "CanBeResent": can_be_resent(message, now, kept_days),
    }
    if message.letter.smart:
        row["SmartEmailID"] = message.letter.smart
    if message.letter.group:
        row["Group"] = message.letter.group
    return row
