"""Endpoints of the people of a client."""

from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.account.persons import (
    add_person,
    change_person,
    check_free,
    contact_of,
    make_contact,
    person_of,
    persons_of,
    remove_person,
)
from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact

HIGHEST_ACCESS: Final = 1023
_SHORTEST_PASSWORD: Final = 6
_GUESSED_FIRST: Final = ("password", "passw0rd", "123456", "1234567", "12345678", "qwerty", "letmein", "abc123")


class _Person(msgspec.Struct):
    emailaddress: str | None = ""
    name: str | None = ""
    accesslevel: int | None = 0
    password: str | None = ""

    @fact("person-checks")
    def checked(self, call: Call, but: int = 0) -> tuple[str, str, int]:
        """Address, name and access level. Raises Refusal 1, 150, 153, 174, 175, 701."""
        address = check_free(call.service.store, self.emailaddress or "", but)
        name, access, password = (self.name or "").strip(), self.accesslevel or 0, self.password or ""
        if not name:
            raise Refusal(701)
        if not 0 <= access <= HIGHEST_ACCESS:
            raise Refusal(153)
        if password and len(password) < _SHORTEST_PASSWORD:
            raise Refusal(175)
        if password and (password.lower() in _GUESSED_FIRST or len(set(password)) == 1):
            raise Refusal(174)
        return address, name, access


@fact("person-invited")
def _add(call: Call, identity: str) -> Answer:
    client = call.client(identity)
    posted = call.read(_Person, "person")
    address, name, access = posted.checked(call)
    add_person(call.service.store, client.id, address, name, access, active=bool(posted.password))
    return Answer(201, msgspec.json.encode({"EmailAddress": address}))


def _read(call: Call, identity: str) -> Any:
    """One with `email`, all without."""
    client, store = call.client(identity), call.service.store
    if "email" in call.query:
        return person_of(store, client.id, call.query["email"]).shown()
    return [each.shown() for each in persons_of(store, client.id)]


def _change(call: Call, identity: str) -> Any:
    client, store = call.client(identity), call.service.store
    old = person_of(store, client.id, call.query.get("email", ""))
    address, name, access = call.read(_Person, "person").checked(call, but=old.n)
    change_person(store, old, address, name, access)
    return {"EmailAddress": address}


def _remove(call: Call, identity: str) -> None:
    client, store = call.client(identity), call.service.store
    remove_person(store, person_of(store, client.id, call.query.get("email", "")))


def _contact(call: Call, identity: str) -> Any:
    return {"EmailAddress": contact_of(call.service.store, call.client(identity).id)}


def _make_contact(call: Call, identity: str) -> Any:
    client = call.client(identity)
    return {"EmailAddress": make_contact(call.service.store, client.id, call.query.get("email", ""))}


PEOPLE: Final = [
    Endpoint("POST", "clients/{id}/people", _add, "AdministerPersons"),
    Endpoint("GET", "clients/{id}/people", _read, "AdministerPersons"),
    Endpoint("PUT", "clients/{id}/people", _change, "AdministerPersons"),
    Endpoint("DELETE", "clients/{id}/people", _remove, "AdministerPersons"),
    Endpoint("GET", "clients/{id}/primarycontact", _contact, "AdministerPersons"),
    Endpoint("PUT", "clients/{id}/primarycontact", _make_contact, "AdministerPersons"),
]
