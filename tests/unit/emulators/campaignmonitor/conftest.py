"""An account with one agency, two clients and a few lists, served over HTTP."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from fairlead_emulators.campaignmonitor.app import CampaignMonitorEmulator, create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import LONDON, SYDNEY
from fairlead_emulators.server import serving
from tests.unit.emulators.http import Caller, basic

NOON = datetime(2026, 7, 15, 12, 0, 10, tzinfo=UTC)  # 22:00 in Sydney, 13:00 in London

SPEC = {
    "seed": 1,
    "clients": [
        {
            "name": "South",
            "country": "Australia",
            "time_zone": SYDNEY,
            "lists": [
                {
                    "title": "Wide",
                    "custom_fields": [
                        {"name": "Shoe size", "type": "Number"},
                        {"name": "Website", "type": "Text"},
                        {"name": "Born", "type": "Date"},
                        {"name": "Likes", "type": "MultiSelectMany", "options": ["tea", "coffee", "milk"]},
                        {"name": "Colour", "type": "MultiSelectOne", "options": ["red", "blue"]},
                    ],
                },
                {"title": "Wide too"},
                {"title": "Only here", "unsubscribe_setting": "OnlyThisList"},
                {"title": "Confirmed", "confirmed_opt_in": True},
            ],
        },
        {
            "name": "North",
            "country": "United Kingdom",
            "time_zone": LONDON,
            "lists": [{"title": "Crowd", "people": [[0, 120]]}],
        },
    ],
}


@dataclass(frozen=True)
class Account:
    """The emulator, a caller with the account's key, and ids by name."""

    emulator: CampaignMonitorEmulator
    call: Caller
    clients: dict[str, str]
    lists: dict[str, str]

    def caller(self, authorization):
        return Caller(self.call.url, authorization)

    def add(self, title, email, **body):
        posted = {"EmailAddress": email, "ConsentToTrack": "Yes", **body}
        return self.call("POST", f"/api/v3.3/subscribers/{self.lists[title]}.json", posted)

    def get(self, title, email, **query):
        return self.call("GET", f"/api/v3.3/subscribers/{self.lists[title]}.json", email=email, **query)

    def state(self, title, email):
        return self.get(title, email).json["State"]

    def unsubscribe(self, title, email):
        return self.call("POST", f"/api/v3.3/subscribers/{self.lists[title]}/unsubscribe.json", {"EmailAddress": email})

    def members(self, title, state, **query):
        return self.call("GET", f"/api/v3.3/lists/{self.lists[title]}/{state}.json", **query)

    def act(self, title, email, do, **more):
        return self.call("POST", "/_control/act", {"list": title, "email": email, "do": do, **more})

    def suppressed(self, client):
        reply = self.call("GET", f"/api/v3.3/clients/{self.clients[client]}/suppressionlist.json")
        return {each["EmailAddress"]: each["SuppressionReason"] for each in reply.json["Results"]}


@pytest.fixture(scope="module")
def served():
    emulator = create(Clock())
    with serving(emulator.app) as url:
        yield emulator, url


@pytest.fixture
def account(served):
    emulator, url = served
    emulator.clock.set(NOON)
    emulator.seed(SPEC)
    emulator.faults.clear()
    emulator.requests.clear()
    return Account(
        emulator,
        Caller(url, basic(emulator.ready()["api_key"])),
        {each.name: each.id for each in emulator.store.clients()},
        {each.title: each.id for each in emulator.store.lists()},
    )


def assert_refused(reply, status, code):
    """The reply is an error envelope with this status and code."""
    assert (reply.status, reply.json["Code"]) == (status, code), reply.body
    assert reply.json["Message"]
