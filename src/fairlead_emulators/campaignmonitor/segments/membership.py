"""Who is in a segment now: worked out when asked, and remembered until something changes."""

from dataclasses import dataclass, field
from typing import Any

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.audience.entries import Change
from fairlead_emulators.campaignmonitor.audience.fields import fields_of
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.paging import Asked
from fairlead_emulators.campaignmonitor.segments.activity import Port
from fairlead_emulators.campaignmonitor.segments.clauses import subject_of
from fairlead_emulators.campaignmonitor.segments.kept import Segment, segment
from fairlead_emulators.campaignmonitor.segments.matching import COLUMNS, Matcher, Who
from fairlead_emulators.campaignmonitor.store import STATES, SubscriberList

_ACTIVE = STATES.index("Active")
_MOST_REMEMBERED = 20
_OF_ACTIVITY = {"campaign", "location", "engagement"}
_ORDERS = {"email": ("key",), "date": ("minute", "key"), "name": ("name", "key")}


@dataclass
class _Found:
    """Members by address, as a set, and in the orders that were asked for."""

    state: object
    members: list[int]
    chosen: frozenset[int]
    ordered: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)


class Membership:
    """The members of one account's segments."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._found: dict[int, _Found] = {}
        self._changed: dict[int, float] = {}
        service.life.watch(self._note)

    def _note(self, change: Change) -> None:
        self._changed[change.on.n] = self._service.clock.now().timestamp()

    def _list(self, of: Segment) -> SubscriberList:
        return next(each for each in self._service.store.lists() if each.n == of.list)

    def members(self, of: Segment) -> list[int]:
        """Its subscribers' `n`, by address."""
        return self._of(of).members

    def ordered(self, of: Segment, ask: Asked, since: int | None) -> list[int]:
        """Its subscribers' `n` in the order asked for, all pages. `since`: unix minutes of the state date."""
        found = self._of(of)
        wanted = (ask.order, ask.direction, since)
        if wanted not in found.ordered:
            columns = ", ".join(f"{column} {ask.direction}" for column in _ORDERS[ask.order])
            rows = self._service.store.db.execute(
                f"SELECT n FROM subscribers WHERE list = ? AND state = ? AND minute >= ? ORDER BY {columns}",
                (of.list, _ACTIVE, -(2**62) if since is None else since),
            )
            found.ordered[wanted] = [n for (n,) in rows if n in found.chosen]
        return found.ordered[wanted]

    def _of(self, of: Segment) -> _Found:
        store, now = self._service.store, self._service.clock.now()
        on = self._list(of)
        client = store.client(on.client)
        assert client is not None, "a list always has its client"
        fields, activity = fields_of(store, on.n), self._service.own(Port).activity
        kinds = {subject.kind for group in of.groups for rule in group if (subject := subject_of(rule.type, fields))}
        seen = activity.version() if kinds & _OF_ACTIVITY else None
        state = (store.version(on.n), of.groups, fields, client.time_zone, seen, now.date())
        known = self._found.get(of.n)
        if known is None or known.state != state:
            picks = Matcher(on, fields, client.zone, activity, now.timestamp()).picks(of.groups)
            rows = store.db.execute(
                f"SELECT {COLUMNS} FROM subscribers WHERE list = ? AND state = ? ORDER BY key", (on.n, _ACTIVE)
            )
            members = [who.n for row in rows if picks(who := Who(row))]
            if len(self._found) >= _MOST_REMEMBERED:
                self._found.clear()
            known = self._found[of.n] = _Found(state, members, frozenset(members))
        return known

    @fact("segment-being-calculated")
    def need_ready(self, of: Segment) -> None:
        """Raises Refusal 278 or 287 for a time after the segment or its list changed, where the account is set so."""
        seconds = self._service.switches.number("segment_seconds")
        passed = self._service.clock.now().timestamp() - max(of.changed, self._changed.get(of.list, of.changed))
        if 0 <= passed < seconds:
            raise Refusal(int(self._service.switches.number("segment_busy_code")))


def members(service: Service, segment_id: str) -> list[int]:
    """The `n` of the active subscribers in a segment, by address. Raises Refusal 271."""
    found = segment(service.store, segment_id)
    if found is None:
        raise Refusal(271)
    return service.own(Membership).members(found)
