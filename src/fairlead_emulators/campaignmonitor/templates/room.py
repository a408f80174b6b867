"""E-mail templates, as a room."""

from collections.abc import Mapping
from typing import Final

from starlette.routing import Route

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.rooms import Laying, Room
from fairlead_emulators.campaignmonitor.templates.endpoints import ENDPOINTS
from fairlead_emulators.campaignmonitor.templates.kept import TABLES, add, remove
from fairlead_emulators.campaignmonitor.ties import Ties


def _lay(laying: Laying) -> Mapping[str, int]:
    """A client's `templates: [{name, html_url?}]`."""
    listed = laying.spec.get("templates", ())
    for each in listed:
        add(laying.service.store, laying.client, each["name"], each.get("html_url", "https://www.example.com/"), "")
    return {"templates": len(listed)} if listed else {}


def _routes(service: Service) -> list[Route]:
    """None; but from here on a deleted client takes its templates along."""
    service.own(Ties).client_gone.append(lambda client: remove(service.store, "client = ?", client.id))
    return []


ROOM: Final = Room(endpoints=ENDPOINTS, tables=TABLES, lay=_lay, routes=_routes)
