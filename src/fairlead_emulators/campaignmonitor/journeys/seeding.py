"""Journeys as seeds lay them, with what they sent before the day."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.journeys.kept import Journey, emails, made_of
from fairlead_emulators.campaignmonitor.rooms import Laying, days
from fairlead_emulators.campaignmonitor.store import STATES, SubscriberList
from fairlead_emulators.campaignmonitor.tracking.kept import BOUNCE, SPAM, UNSUBSCRIBE, Row, Tracking
from fairlead_emulators.campaignmonitor.tracking.past import Got, Past

_DAY_S: Final = 86_400.0
_ACTIVE: Final = STATES.index("Active")


def lay(laying: Laying) -> Mapping[str, int]:
    """A client's `journeys: [{name, list, status?, emails, history_days?}]`, see `made_of`.

    With `history_days` who joined the list within so many days before the day has got its e-mails.
    """
    service, counts = laying.service, Counter[str]()
    lists = {each.title: each for each in service.store.lists(laying.client.id)}
    for said in laying.spec.get("journeys", ()):
        made = made_of(service, lists, said)
        counts["journeys"] += 1
        if said.get("history_days"):
            on = lists[said["list"]]
            rows = _past(laying, made, on, days(said, "history_days"), _left_already(laying, on))
            counts["tracked"] += service.own(Tracking).load(rows)
    return counts


def _left_already(laying: Laying, on: SubscriberList) -> set[str]:
    found = laying.service.store.db.execute(
        "SELECT DISTINCT p.key FROM tracked t CROSS JOIN tracked_people p ON p.n = t.person"
        " WHERE p.list = ? AND t.kind IN (?, ?, ?)",
        (on.n, BOUNCE, UNSUBSCRIBE, SPAM),
    )
    return {key for (key,) in found}


@fact("journey-seeded")
def _past(laying: Laying, of: Journey, on: SubscriberList, days: float, left_already: set[str]) -> Iterator[list[Row]]:
    store, past = laying.service.store, Past(laying.service, laying.start)
    who = store.db.execute(
        "SELECT address, state, state_at, joined_at FROM subscribers WHERE list = ? AND joined_at >= ? ORDER BY key",
        (on.n, laying.start - days * _DAY_S),
    ).fetchall()
    store.db.executemany(
        "INSERT INTO journey_runs VALUES (?, ?, 0, NULL, NULL)", [(of.n, address.lower()) for address, *_ in who]
    )
    got: dict[int, list[Got]] = {}
    parts = emails(store, "journey = ?", of.n)
    for address, state, state_at, joined_at in who:
        left = None if state == _ACTIVE else state_at
        end, at = min(laying.start, laying.start if left is None else left), joined_at
        for part in parts:
            at += part.delay
            if at >= end:
                break
            got.setdefault(part.n, []).append(Got(address, state, left, at, leaves=False))
        else:
            _may_leave(got, [part.n for part in parts][-1:], address, left_already)
    for part in parts:
        mail = laying.service.own(Tracking).mail(part.id)
        assert mail is not None, "an e-mail always has its mail"
        yield from past.rows(mail, on, got.get(part.n, ()))


def _may_leave(got: dict[int, list[Got]], last: list[int], address: str, left_already: set[str]) -> None:
    """Who got the last e-mail, and did not leave by a campaign, may have left by it."""
    if last and address.lower() not in left_already:
        got[last[0]][-1] = got[last[0]][-1]._replace(leaves=True)
