"""Segments of lists, as a room."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from starlette.routing import Route

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.rooms import Laying, Room
from fairlead_emulators.campaignmonitor.segments.endpoints import ENDPOINTS
from fairlead_emulators.campaignmonitor.segments.kept import TABLES, Rule, add, remove, segments
from fairlead_emulators.campaignmonitor.segments.membership import Membership
from fairlead_emulators.campaignmonitor.store import SubscriberList
from fairlead_emulators.campaignmonitor.ties import Ties


def _lay(laying: Laying) -> Mapping[str, int]:
    """A list's `segments: [{title, groups: [[{type, clause}, …], …], built_in?}]`; the rules are not checked."""
    store, made = laying.service.store, Counter[str]()
    for on, listed in zip(store.lists(laying.client.id), laying.spec.get("lists", ()), strict=False):
        for each in listed.get("segments", ()):
            groups = [[Rule(rule["type"], rule["clause"]) for rule in group] for group in each.get("groups", ())]
            add(store, on, each["title"], groups, laying.start, built_in=bool(each.get("built_in")))
            made["segments"] += 1
    return made


def _routes(service: Service) -> list[Route]:
    """None; but from here on changes of lists are seen."""
    service.own(Membership)

    def gone(on: SubscriberList) -> None:
        for each in segments(service.store, "list = ?", on.n):
            remove(service.store, each)

    service.own(Ties).list_gone.append(gone)
    return []


ROOM: Final = Room(endpoints=ENDPOINTS, tables=TABLES, lay=_lay, routes=_routes)
