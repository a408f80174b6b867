"""What several checks need: clients with their zones, lists, and which record stands for which of them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fairlead_emulators.campaignmonitor.dates import zone
from tests.oracle.links import Links, links
from tests.oracle.reading import CM, Row, Sides
from tests.oracle.tolerance import Tolerance

LONGEST_EMAIL = 80
LONGEST_NAME = 80


@dataclass
class World:
    """Read once a check. `now`: unix minutes of the account's clock; `zones`: tz names by client id.

    `since`: the minute of the check before, 0 for none.
    """

    sides: Sides
    tolerance: Tolerance
    days_kept: int = 180
    relinks: bool = False
    since: int = 0
    now: int = 0
    clients: dict[str, Row] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    lists: dict[str, Row] = field(default_factory=dict)
    client_of_record: dict[str, str] = field(default_factory=dict)
    list_of_record: dict[str, str] = field(default_factory=dict)
    _links: Links | None = None

    @property
    def links(self) -> Links:
        """Read when first asked for."""
        if self._links is None:
            self._links = links(self.sides)
        return self._links

    @property
    def first_minute(self) -> int:
        """From when on events are kept."""
        return self.now - self.days_kept * 24 * 60


def read(sides: Sides, tolerance: Tolerance, **options: Any) -> World:
    """The world as it is now."""
    world = World(sides, tolerance, **options)
    world.now = int(datetime.fromisoformat(sides.one(CM, "clock")["now"]).timestamp() // 60)
    for client in sides.one(CM, "state")["clients"]:
        world.clients[client["id"]] = client
        world.zones[client["id"]] = zone(client["time_zone"]).key
    world.lists = {row["id"]: row for row in sides.lines(CM, "truth/lists")}
    world.client_of_record = {
        row["Id"]: row["Client_Id__c"] for row in sides.records("CM_Client__c", "Id", "Client_Id__c")
    }
    world.list_of_record = {row["Id"]: row["List_Id__c"] for row in sides.records("CM_List__c", "Id", "List_Id__c")}
    return world
