"""What subscribers do by themselves: one of them on request, or a share of them for a test."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.audience.life import Entry
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.dates import moment
from fairlead_emulators.campaignmonitor.store import STATES, SubscriberList
from fairlead_emulators.people import person

# Changes that move a subscriber's state date, by the state it is in: what a later read by date can see.
_MIXED: Final = {
    "Active": ("unsubscribe", "bounce", "delete", "unsubscribe"),
    "Unconfirmed": ("confirm", "delete"),
    "Unsubscribed": ("subscribe", "delete"),
    "Bounced": ("subscribe", "unsubscribe"),
    "Deleted": ("subscribe",),
}
_SOMEWHERE: Final = "203.0.113.7"  # an address kept for documentation
# Persons that no named seed holds.
_STRANGERS: Final = range(1_000_000_000, 2_000_000_000)


@dataclass(frozen=True)
class Act:
    """One thing that one subscriber does. `at`: unix seconds, None for now."""

    address: str
    do: str
    at: float | None = None
    name: str = ""
    new_email: str = ""
    ip: str = ""


RoomAct = Callable[[Service, SubscriberList, Mapping[str, Any]], None]


class Changes:
    """Carries out acts on one account."""

    def __init__(self, service: Service, lent: Mapping[str, RoomAct]) -> None:
        """`lent`: further acts by name, which rooms know how to carry out."""
        self._service = service
        self._lent = lent
        self._store = service.store
        self._life = life = service.life
        self._acts: dict[str, Callable[[SubscriberList, Act], object]] = {
            "subscribe": lambda on, act: life.add(
                on, Entry(act.address, act.name or None, ip=act.ip or _SOMEWHERE), resubscribe=True, at=act.at
            ),
            "confirm": lambda on, act: life.confirm(on, act.address, at=act.at),
            "unsubscribe": lambda on, act: life.unsubscribe(on, act.address, at=act.at),
            "soft_bounce": lambda on, act: life.soft_bounce(on, act.address, at=act.at),
            "complain": lambda on, act: life.complain(on, act.address, at=act.at),
            "bounce": lambda on, act: life.bounce(on, act.address, at=act.at),
            "delete": lambda on, act: life.delete(on, act.address, at=act.at),
            "change_name": lambda on, act: life.update(
                on, act.address, Entry("", act.name or f"{act.address.partition('@')[0]} renamed")
            ),
            "change_address": lambda on, act: life.update(on, act.address, Entry(act.new_email)),
        }

    def list(self, identity: str) -> SubscriberList:
        """A list by its id or title. Raises LookupError."""
        named = [each for each in self._store.lists() if identity in (each.id, each.title)]
        if len(named) != 1:
            raise LookupError(f"{len(named)} lists are called {identity!r}: give the id of one")
        return named[0]

    def act(self, posted: Mapping[str, Any]) -> dict[str, Any]:
        """Carries out `{list, email, do, at?, name?, new_email?, ip?, campaign?}`; returns the subscriber after it.

        Raises LookupError for an unknown list or act, ValueError when the subscriber cannot do it.
        """
        on = self.list(str(posted.get("list", "")))
        if posted.get("do") in self._lent and (posted["do"] not in self._acts or posted.get("campaign")):
            return self._lent_act(on, posted)
        said = posted.get("at")
        act = Act(
            address=str(posted.get("email", "")),
            do=str(posted.get("do", "")),
            at=None if said is None else moment(str(said)),
            name=str(posted.get("name", "")),
            new_email=str(posted.get("new_email", "")),
            ip=str(posted.get("ip", "")),
        )
        self._carry_out(on, act)
        return self._shown(on, act.new_email or act.address)

    def _lent_act(self, on: SubscriberList, posted: Mapping[str, Any]) -> dict[str, Any]:
        with _explained(str(posted["do"])):
            self._lent[posted["do"]](self._service, on, posted)
        return self._shown(on, str(posted.get("email", "")))

    def _shown(self, on: SubscriberList, address: str) -> dict[str, Any]:
        found = self._store.subscriber(on.n, address)
        if found is None:
            raise LookupError(f"the list {on.title!r} has no subscriber of that address")
        return {"list": on.id, "email": found.address, "name": found.name, "state": found.state}

    def _carry_out(self, on: SubscriberList, act: Act) -> None:
        if act.do not in self._acts:
            raise LookupError(f"a subscriber cannot {act.do!r}: use one of {sorted({*self._acts, *self._lent})}")
        with _explained(act.do):
            self._acts[act.do](on, act)

    def act_many(self, posted: Mapping[str, Any]) -> dict[str, Any]:
        """Changes a share of the subscribers: `{list?, share, do, seed?}`, `do` an act, "mixed" or "join".

        "mixed" picks acts that move the state date, by the state each subscriber is in. "join" adds as many new
        people as the share is of those on the list. Returns `{changed, by}`; with unsubscribes that hold for all
        lists of a client, further rows may have changed beside these.
        """
        share, do = float(posted.get("share", 0.01)), str(posted.get("do", "mixed"))
        if not 0 < share <= 1:
            raise ValueError(f"share is {share}: use more than 0 and at most 1")
        lists = [self.list(str(posted["list"]))] if posted.get("list") else self._store.lists()
        draw = random.Random(f"{posted.get('seed', 1)}")
        by: Counter[str] = Counter()
        with self._store.transaction():
            for on in lists:
                self._some_of(on, share, do, draw, by)
        return {"changed": by.total(), "by": dict(sorted(by.items()))}

    def _some_of(self, on: SubscriberList, share: float, do: str, draw: random.Random, by: Counter[str]) -> None:
        if do == "join":
            self._join(on, share, draw, by)
            return
        people = self._store.db.execute(
            "SELECT address, state FROM subscribers WHERE list = ? ORDER BY key", (on.n,)
        ).fetchall()
        if do not in ("mixed", "change_name", "subscribe"):
            people = [each for each in people if do in _MIXED[STATES[each[1]]]]
        for address, _ in draw.sample(people, min(len(people), round(share * len(people)))):
            now = self._store.subscriber(on.n, address)
            assert now is not None, "it was just read"
            # An earlier act of this call may have unsubscribed it everywhere: look again.
            chosen = draw.choice(_MIXED[now.state]) if do == "mixed" else do
            self._carry_out(on, Act(address, chosen))
            by[chosen] += 1

    def _join(self, on: SubscriberList, share: float, draw: random.Random, by: Counter[str]) -> None:
        count = self._store.db.execute("SELECT count(*) FROM subscribers WHERE list = ?", (on.n,)).fetchone()[0]
        for n in draw.sample(_STRANGERS, round(share * count)):
            who = person(n)
            self._life.add(on, Entry(who.email, who.name, ip=_SOMEWHERE), resubscribe=True)
            by["join"] += 1


@contextmanager
def _explained(do: str) -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        raise ValueError(f"{do} is refused with code {refusal.code}: {refusal.message}") from refusal
