"""Hours in the life of an account: the clock moves from one event to the next, and the same seed brings the same.

What an hour brings grows with the number of subscribers; what it costs grows with what it brings.
"""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.living.people import People
from fairlead_emulators.campaignmonitor.living.things import Things
from fairlead_emulators.campaignmonitor.living.told import Happened
from fairlead_emulators.campaignmonitor.tracking.agenda import Agenda

_HOUR_S: Final = 3_600
_MOST_HOURS: Final = 24 * 366
_SHARE: Final = 0.0005
"""Of the subscribers, how many do something in an hour."""
_FEWEST: Final = 12
_OFTEN: Final = {
    "join": 24, "subscribe": 4, "confirm": 4, "unsubscribe": 12, "delete": 4, "bounce": 3, "complain": 1,
    "change_name": 8, "change_field": 12, "change_address": 3, "open": 14, "click": 8, "suppress": 2, "unsuppress": 1,
}  # fmt: skip
_SELDOM: Final = {
    "campaign_sent": 0.1, "campaign_hidden": 0.03, "campaign_deleted": 0.03, "campaign_tagged": 0.1,
    "list_created": 0.05, "list_renamed": 0.05, "list_deleted": 0.03,
}  # fmt: skip


def live(service: Service, said: Mapping[str, Any]) -> dict[str, Any]:
    """Lets `{hours?: 1, seed?, share?, only?: [kinds]}` pass: a mix of acts, and all that comes due by the clock.

    `share`: of the subscribers, how many do something in an hour; `only`: nothing but these kinds happens, each at
    least once an hour. Returns what happened, as `Happened.as_json`, and `now`. Raises ValueError for what cannot be.
    """
    hours, share = float(said.get("hours", 1)), float(said.get("share", _SHARE))
    if not 0 < hours <= _MOST_HOURS:
        raise ValueError(f"hours is {hours}: use more than 0 and at most {_MOST_HOURS}")
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}: use 0 to 1")
    clock, agenda, happened = service.clock, service.own(Agenda), Happened()
    agenda.tick()  # what was due before happens before
    start = clock.now()
    draw = random.Random(f"{said.get('seed', 1)}")
    people = People(service, draw, happened)
    acts = people.do | Things(service, draw, happened, people).do
    for after, name in _plan(service, draw, hours, share, said.get("only")):
        if name not in acts:
            raise ValueError(f"nothing is called {name!r}: use some of {sorted(acts)}")
        clock.set(max(start + timedelta(seconds=after), clock.now()))
        agenda.tick()
        try:
            with service.store.transaction():
                done = acts[name]()
        except Refusal:  # such as an address that is on the list already
            done = False
        happened.by[name if done else "nothing"] += 1
    clock.set(max(start + timedelta(seconds=hours * _HOUR_S), clock.now()))
    agenda.tick()
    return {"now": clock.now().isoformat(), **happened.as_json()}


def _plan(service: Service, draw: random.Random, hours: float, share: float, only: Any) -> list[tuple[float, str]]:
    """What happens when: seconds after the start, and the name of an act."""
    (last,) = service.store.db.execute("SELECT max(n) FROM subscribers").fetchone()
    count = max(round(_FEWEST * hours), round((last or 0) * share * hours))
    names = list(only) if only else list(_OFTEN)
    weights = None if only else list(_OFTEN.values())
    chosen = draw.choices(names, weights, k=count)
    if only:
        chosen = [*names, *chosen[len(names) :]]
    else:
        chosen += [
            name for name, chance in _SELDOM.items() for _ in range(int(hours + 0.999)) if draw.random() < chance
        ]
    return sorted((draw.uniform(1, hours * _HOUR_S - 1), name) for name in chosen)
