"""What subscribers do in an hour, and what is done to them. Each act costs the same however many subscribers there are."""

import random
from collections.abc import Callable
from typing import Any, Final

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.audience.entries import Entry
from fairlead_emulators.campaignmonitor.audience.fields import Sent, fields_of
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.living.told import Happened
from fairlead_emulators.campaignmonitor.store import STATES, Subscriber, SubscriberList
from fairlead_emulators.campaignmonitor.tracking.acts import ACTS
from fairlead_emulators.campaignmonitor.tracking.kept import RECIPIENT
from fairlead_emulators.people import person

_TRIES: Final = 30
_STRANGERS: Final = range(1_000_000_000, 2_000_000_000)
_KNOWN: Final = 150_000
"""Persons of whom half of those who join are taken: seeds lay them in the org, too."""
_SOMEWHERE: Final = "203.0.113.7"
_WORDS: Final = ("Tea & biscuits", "naïve – 東京", "two\nlines", 'a "quoted" one', "plain", "🚀")


class People:
    """The acts of single subscribers: `do[name]()` carries one out and returns whether there was one to do it."""

    def __init__(self, service: Service, draw: random.Random, happened: Happened) -> None:
        self._service, self._life, self._db = service, service.life, service.store.db
        self._draw = draw
        self._happened = happened
        self.do: Final[dict[str, Callable[[], bool]]] = {
            "join": self._join,
            "subscribe": lambda: self._moved(("Unsubscribed", "Deleted", "Bounced"), self._again),
            "confirm": lambda: self._moved(("Unconfirmed",), lambda on, of: self._life.confirm(on, of.address)),
            "unsubscribe": lambda: self._moved(("Active",), lambda on, of: self._life.unsubscribe(on, of.address)),
            "delete": lambda: self._moved(STATES[:4], lambda on, of: self._life.delete(on, of.address)),
            "bounce": lambda: self._moved(("Active",), lambda on, of: self._life.bounce(on, of.address)),
            "complain": lambda: self._moved(("Active",), lambda on, of: self._life.complain(on, of.address)),
            "change_name": lambda: self._moved(STATES, self._rename),
            "change_field": lambda: self._moved(STATES, self._change_field),
            "change_address": lambda: self._moved(STATES, self._change_address),
            "open": lambda: self._late("open"),
            "click": lambda: self._late("click"),
            "suppress": self._suppress,
            "unsuppress": self._unsuppress,
        }

    def stranger(self) -> int:
        """A person who may be on no list yet."""
        return self._draw.randrange(_KNOWN) if self._draw.random() < 0.5 else self._draw.choice(_STRANGERS)

    def join(self, on: SubscriberList, n: int) -> None:
        """Person `n` joins a list."""
        who = person(n)
        old = self._service.store.subscriber(on.n, who.email)
        self._life.add(on, Entry(who.email, who.name, ip=_SOMEWHERE), resubscribe=True)
        if old is not None and old.state == "Active":
            self._happened.dateless.append([on.id, who.email])

    def _join(self) -> bool:
        self.join(self._draw.choice(self._service.store.lists()), self.stranger())
        return True

    def _somebody(self, states: tuple[str, ...]) -> tuple[SubscriberList, Subscriber] | None:
        (last,) = self._db.execute("SELECT max(n) FROM subscribers").fetchone()
        lists = {each.n: each for each in self._service.store.lists()}
        for _ in range(_TRIES if last else 0):
            found = self._db.execute(
                "SELECT list, address, state FROM subscribers WHERE n >= ? ORDER BY n LIMIT 1",
                (self._draw.randint(1, last),),
            ).fetchone()
            if STATES[found[2]] in states:
                of = self._service.store.subscriber(found[0], found[1])
                assert of is not None, "it was just read"
                return lists[found[0]], of
        return None

    def _moved(self, states: tuple[str, ...], act: Callable[[SubscriberList, Subscriber], object]) -> bool:
        found = self._somebody(states)
        if found is not None:
            act(*found)
        return found is not None

    def _again(self, on: SubscriberList, of: Subscriber) -> None:
        self._life.add(on, Entry(of.address, ip=_SOMEWHERE), resubscribe=True)

    def _dateless(self, on: SubscriberList, of: Subscriber, entry: Entry) -> None:
        self._life.update(on, of.address, entry)
        self._happened.dateless.append([on.id, of.address])

    def _rename(self, on: SubscriberList, of: Subscriber) -> None:
        self._dateless(on, of, Entry("", person(self._draw.randrange(_KNOWN)).name))

    def _change_field(self, on: SubscriberList, of: Subscriber) -> None:
        texts = [each for each in fields_of(self._service.store, on.n) if each.type == "Text"]
        if not texts:
            self._rename(on, of)
            return
        sent = Sent(self._draw.choice(texts).key, f"{self._draw.choice(_WORDS)} {self._draw.randrange(100)}")
        self._dateless(on, of, Entry("", sent=[sent]))

    def _change_address(self, on: SubscriberList, of: Subscriber) -> None:
        new = person(self._draw.choice(_STRANGERS)).email
        self._life.update(on, of.address, Entry(new))
        self._happened.renamed.append([on.id, of.address, new])

    def _late(self, do: str) -> bool:
        """Somebody opens or clicks a mail got long ago."""
        (last,) = self._db.execute("SELECT max(n) FROM tracked").fetchone()
        for _ in range(_TRIES if last else 0):
            found = self._db.execute(
                "SELECT t.kind, m.id, m.type, p.key, p.list FROM tracked t JOIN mails m ON m.n = t.mail"
                " JOIN tracked_people p ON p.n = t.person WHERE t.n >= ? ORDER BY t.n LIMIT 1",
                (self._draw.randint(1, last),),
            ).fetchone()
            if found and found[0] == RECIPIENT and self._did(do, *found[1:]):
                return True
        return False

    def _did(self, do: str, mail: str, kind: str, key: str, list_n: int) -> bool:
        on = next((each for each in self._service.store.lists() if each.n == list_n), None)
        if on is None:
            return False
        said: dict[str, Any] = {"email": key, "campaign": mail}
        try:
            ACTS[do](self._service, on, said)
        except (LookupError, ValueError, Refusal):  # it does not agree to be tracked, or the mail has no link
            return False
        if kind == "Campaign":
            self._happened.late.append(mail)
        return True

    def _suppress(self) -> bool:
        client = self._draw.choice(self._service.store.clients())
        found = self._somebody(("Active",)) if self._draw.random() < 0.7 else None
        self._life.suppress(client.id, found[1].address if found else person(self.stranger()).email)
        return True

    def _unsuppress(self) -> bool:
        client = self._draw.choice(self._service.store.clients())
        found = self._db.execute(
            "SELECT address FROM suppressions WHERE client = ? AND key >= ? ORDER BY key LIMIT 1",
            (client.id, person(self._draw.randrange(_KNOWN)).email.lower()),
        ).fetchone()
        if found is None:
            return False
        self._life.unsuppress(client.id, found[0])
        self._happened.unsuppressed.append([client.id, found[0]])
        return True
