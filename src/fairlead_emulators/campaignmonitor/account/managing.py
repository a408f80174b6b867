"""Endpoints that make, show, change, copy and delete clients."""

from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.account.agency import need_agency
from fairlead_emulators.campaignmonitor.account.billing import billing_of
from fairlead_emulators.campaignmonitor.account.clients import add_client
from fairlead_emulators.campaignmonitor.account.persons import change_person, check_free, persons_of
from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint, created
from fairlead_emulators.campaignmonitor.audience.fields import add_field, fields_of
from fairlead_emulators.campaignmonitor.audience.rows import rewrite
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.countries import countries
from fairlead_emulators.campaignmonitor.dates import zone
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.lists.changing import remove
from fairlead_emulators.campaignmonitor.lists.endpoints import add_list
from fairlead_emulators.campaignmonitor.segments import kept as segments
from fairlead_emulators.campaignmonitor.store import Client, Store
from fairlead_emulators.campaignmonitor.templates import kept as templates
from fairlead_emulators.campaignmonitor.ties import Ties

_NEW_CLIENTS, _WITHIN_S = 5, 1800
_OF_A_CLIENT: Final = ("persons", "billing", "sending_domains", "told_events", "suppressions", "consents")


@fact("client-details")
def _details(call: Call, identity: str) -> Any:
    client, store = call.client(identity), call.service.store
    people = persons_of(store, client.id)
    basics = {"ClientID": client.id, "CompanyName": client.name, "Country": client.country}
    details: dict[str, Any] = {"ApiKey": client.api_key, "BasicDetails": {**basics, "TimeZone": client.time_zone}}
    if len(people) == 1:
        (person,) = people
        details["BasicDetails"] |= {"ContactName": person.name, "EmailAddress": person.address}
        details["AccessDetails"] = {"Username": f"user-{client.id[:6]}", "AccessLevel": person.access}
    return {**details, "BillingDetails": billing_of(store, client)}


class _Basics(msgspec.Struct):
    companyname: str | None = ""
    country: str | None = ""
    timezone: str | None = ""
    contactname: str | None = ""
    emailaddress: str | None = ""

    def checked(self) -> tuple[str, str, str]:
        """Name, country, time zone. Raises Refusal 152, 154, 157."""
        if not (self.companyname or "").strip():
            raise Refusal(154)
        if self.country not in countries():
            raise Refusal(157)
        zone(self.timezone or "")
        return (self.companyname or "").strip(), self.country, self.timezone or ""


def _now(call: Call) -> float:
    return call.service.clock.now().timestamp()


def _need_patience(call: Call) -> None:
    # Clients that a seed laid carry the time 0: they do not count as made just now.
    recent = call.service.store.db.execute("SELECT count(*) FROM clients WHERE created > ?", (_now(call) - _WITHIN_S,))
    if recent.fetchone()[0] >= _NEW_CLIENTS:
        raise Refusal(172)


def _create(call: Call) -> Answer:
    need_agency(call)
    basics = call.read(_Basics, "client").checked()
    _need_patience(call)
    return created(add_client(call.service.store, *basics, _now(call)))


@fact("set-basics")
def _set_basics(call: Call, identity: str) -> None:
    client, store = call.client(identity), call.service.store
    posted = call.read(_Basics, "client")
    name, country, time_zone = posted.checked()
    with store.transaction():
        if posted.contactname or posted.emailaddress:
            _set_contact(store, client, posted.contactname or "", posted.emailaddress or "")
        store.db.execute(
            "UPDATE clients SET name = ?, country = ?, time_zone = ? WHERE id = ?",
            (name, country, time_zone, client.id),
        )
        if time_zone != client.time_zone:
            for each in store.lists(client.id):
                rewrite(store, each.n, zone(time_zone))


def _set_contact(store: Store, client: Client, name: str, address: str) -> None:
    people = persons_of(store, client.id)
    if len(people) != 1:
        raise Refusal(110)
    (person,) = people
    address = check_free(store, address, but=person.n) if address else person.address
    change_person(store, person, address, name.strip() or person.name, person.access)


class _Copy(msgspec.Struct):
    companyname: str | None = ""


@fact("client-copy")
def _copy(call: Call, identity: str) -> Answer:
    need_agency(call)
    client, store = call.client(identity), call.service.store
    name = (call.read(_Copy, "client").companyname or f"{client.name} (copy)").strip()
    if not name:
        raise Refusal(154)
    _need_patience(call)
    with store.transaction():
        made = call.client(add_client(store, name, client.country, client.time_zone, _now(call)))
        for each in templates.templates(store, "client = ?", client.id):
            templates.add(store, made, each.name, each.page, each.archive)
        _copy_lists(call, client, made)
    return created(made.id)


def _copy_lists(call: Call, client: Client, made: Client) -> None:
    store = call.service.store
    for old in store.lists(client.id):
        pages = (old.unsubscribe_page, old.success_page)
        identity = add_list(
            store, made.id, old.title, old.unsubscribe_setting, confirmed=old.confirmed_opt_in, pages=pages
        )
        new = call.list(identity)
        for field in fields_of(store, old.n):
            add_field(store, new.n, field.name, field.type, field.options, field.visible)
        for each in segments.segments(store, "list = ?", old.n):
            segments.add(store, new, each.title, each.groups, _now(call), built_in=each.built_in)


@fact("client-delete")
def _delete(call: Call, identity: str) -> None:
    need_agency(call)
    client, store = call.client(identity), call.service.store
    with store.transaction():
        for each in store.lists(client.id):
            remove(call.service, each)
        for gone in call.service.own(Ties).client_gone:
            gone(client)
        for table in _OF_A_CLIENT:
            store.db.execute(f"DELETE FROM {table} WHERE client = ?", (client.id,))
        store.db.execute("DELETE FROM clients WHERE id = ?", (client.id,))


MANAGING: Final = [
    Endpoint("POST", "clients", _create, "AdministerAccount"),
    Endpoint("GET", "clients/{id}", _details, "AdministerAccount"),
    Endpoint("PUT", "clients/{id}/setbasics", _set_basics, "AdministerAccount"),
    Endpoint("POST", "clients/{id}/copy", _copy, "AdministerAccount"),
    Endpoint("DELETE", "clients/{id}", _delete, "AdministerAccount"),
]
