"""What single events are read by and noted in: a reading, what is noted of it, and the book that keeps the notes."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from fairlead.domain.records import Scope
from fairlead.domain.tracking_plan import Known, Plan, start_of
from fairlead.sync.convert_tracking import Events, Mail, ToUtc
from fairlead.sync.ports import SourcePage

KEY_BYTES: Final = 16

FORGET_ALL: Final = "9999"
"""Later than every minute."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Of new events of a scope, by column: what is counted for members, what for the Salesforce campaign, what is remembered.

    Hashes only. Moments are in UTC (`2026-01-31T12:00:00.000Z`), `minutes` of the client's wall clock. In one reading each
    event is noted once.
    """

    members: list[bytes]
    at: list[str]
    addresses: list[bytes]
    contacts: list[str]
    leads: list[str]
    linked_at: list[str]
    keys: list[bytes]
    minutes: list[str]
    flagged: list[bool]


@dataclass(frozen=True, slots=True)
class Settled:
    """How a scope's reading ended. `keep_from` (a minute of the client's wall clock; blank: the beginning, or `FORGET_ALL`):
    events from then on stay remembered one by one. `link_anew`: all of its events are counted for the Salesforce campaign,
    in place of earlier ones. `suspicious`: how many more of its events look like a machine's.
    """

    known: Known
    keep_from: str
    link_anew: bool
    suspicious: int = 0


class Book(Protocol):
    """What is remembered of single events, and the counts made of them."""

    async def begin(self, scope: Scope) -> None:
        """A reading begins: forget what one that never ended had noted."""
        ...

    async def known(self, scope: Scope, keys: Sequence[bytes]) -> Mapping[bytes, bool]:
        """Of these keys those remembered by an earlier reading, and whether each was flagged as suspicious."""
        ...

    async def note(self, scope: Scope, noted: Noted) -> None:
        """Note events for the end of the reading, each once."""
        ...

    def settle(self, ended: Mapping[Scope, Settled]) -> None:
        """Count what readings noted that have ended. Called inside the transaction that moves their cursors."""
        ...


Pages = Callable[[datetime | None], AsyncGenerator[SourcePage[Any], None]]
Suspect = Callable[[Events], list[bool]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One kind of events of one e-mail to be read. `name` is what people call the e-mail; `counter` what it tells of events.

    `pages` reads from a minute of the client's wall clock on; `to_utc` turns a column of it into UTC; `lists` are ids of
    the lists that the org has; `drop_all`: no event is to be remembered singly when the reading has ended.
    """

    scope: Scope
    kind: str
    mail: Mail
    name: str
    counter: int
    known: Known | None
    plan: Plan
    pages: Pages
    to_utc: ToUtc
    lists: Collection[str]
    suspect: Suspect
    full_run: int = 0
    drop_all: bool = False

    @property
    def expected(self) -> int:
        """Events to come, about."""
        if self.plan.since is None or self.known is None:
            return self.counter
        return max(self.counter - self.known.events, 1)

    @property
    def people(self) -> int:
        """How many different people at least are to be matched, about: each recipient of a campaign comes once."""
        if self.kind != "recipients" or self.mail.journey:
            return 0
        sent = self.mail.sent[:16]
        matched = self.plan.writes(sent, known=False) or self.plan.links(sent, known=False)
        return self.expected if matched else 0

    def keep_from(self, newest: str) -> str:
        """The minute from which on events are remembered one by one; `FORGET_ALL` for none. It only grows with `newest`."""
        if self.drop_all:
            return FORGET_ALL
        return start_of(self.kind if not self.mail.journey else "", newest)
