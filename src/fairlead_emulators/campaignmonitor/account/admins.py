"""Endpoints of the account's administrators, and sessions for others to begin."""

from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.account.persons import (
    ADMINISTRATORS,
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
from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.urls import valid

_CHROMES: Final = ("all", "tabs", "none")


class _Administrator(msgspec.Struct):
    emailaddress: str | None = ""
    name: str | None = ""

    def checked(self, call: Call, but: int = 0) -> tuple[str, str]:
        """Address and name. Raises Refusal 1, 150, 751."""
        address = check_free(call.service.store, self.emailaddress or "", but)
        name = (self.name or "").strip()
        if not name:
            raise Refusal(751)
        return address, name


def _add(call: Call) -> Answer:
    call.need_account()
    address, name = call.read(_Administrator, "administrator").checked(call)
    add_person(call.service.store, ADMINISTRATORS, address, name)
    return Answer(201, msgspec.json.encode({"EmailAddress": address}))


def _read(call: Call) -> Any:
    """One with `email`, all without."""
    call.need_account()
    store = call.service.store
    if "email" in call.query:
        return person_of(store, ADMINISTRATORS, call.query["email"]).shown()
    return [each.shown() for each in persons_of(store, ADMINISTRATORS)]


def _change(call: Call) -> Any:
    call.need_account()
    old = person_of(call.service.store, ADMINISTRATORS, call.query.get("email", ""))
    address, name = call.read(_Administrator, "administrator").checked(call, but=old.n)
    change_person(call.service.store, old, address, name, 0)
    return {"EmailAddress": address}


def _remove(call: Call) -> None:
    call.need_account()
    store = call.service.store
    remove_person(store, person_of(store, ADMINISTRATORS, call.query.get("email", "")))


def _contact(call: Call) -> Any:
    call.need_account()
    return {"EmailAddress": contact_of(call.service.store, ADMINISTRATORS)}


def _make_contact(call: Call) -> Any:
    call.need_account()
    return {"EmailAddress": make_contact(call.service.store, ADMINISTRATORS, call.query.get("email", ""))}


class _Session(msgspec.Struct):
    email: str | None = ""
    chrome: str | None = ""
    url: str | None = ""
    integratorid: str | None = ""
    clientid: str | None = ""


@fact("external-session")
def _session(call: Call) -> Any:
    call.need_account()
    asked = call.read(_Session, "session")
    client = call.client(asked.clientid) if asked.clientid else None
    store, address, url = call.service.store, (asked.email or "").strip(), (asked.url or "").strip()
    members = persons_of(store, ADMINISTRATORS) + (persons_of(store, client.id) if client else [])
    if address.lower() not in {each.address.lower() for each in members}:
        raise Refusal(5001)
    known = msgspec.json.decode(store.meta("integrators") or "[]")
    integrator = (asked.integratorid or "").strip()
    if not integrator or (known and integrator not in known):
        raise Refusal(5002)
    if (asked.chrome or "").strip().lower() not in _CHROMES:
        raise Refusal(5003)
    if not url.startswith("/") and not valid(url):
        raise Refusal(5004)
    names = [derived(part, address, integrator, call.service.clock.now(), length=8) for part in ("session", "door")]
    return {
        "SessionUrl": f"https://external.example.com/cd/create/{names[0].upper()}/{names[1].upper()}"
        f"?url={derived('url', url, length=8).upper()}"
    }


ADMINS: Final = [
    Endpoint("POST", "admins", _add, "AdministerAccount"),
    Endpoint("GET", "admins", _read, "AdministerAccount"),
    Endpoint("PUT", "admins", _change, "AdministerAccount"),
    Endpoint("DELETE", "admins", _remove, "AdministerAccount"),
    Endpoint("GET", "primarycontact", _contact, "AdministerAccount"),
    Endpoint("PUT", "primarycontact", _make_contact, "AdministerAccount"),
    Endpoint("PUT", "externalsession", _session, "AdministerAccount"),
]
