"""Endpoints of e-mail templates."""

from dataclasses import replace
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint, created
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Client
from fairlead_emulators.campaignmonitor.templates.kept import Template, add, keep, remove, template, templates
from fairlead_emulators.campaignmonitor.urls import valid

_LONGEST_NAME: Final = 100


class _Template(msgspec.Struct):
    name: str | None = ""
    htmlpageurl: str | None = ""
    zipfileurl: str | None = ""

    @fact("template-checks")
    def checked(self) -> tuple[str, str, str]:
        """Name and addresses. Raises Refusal 4002–4006."""
        name, page, archive = (self.name or "").strip(), self.htmlpageurl or "", self.zipfileurl or ""
        if not name:
            raise Refusal(4002)
        if len(name) > _LONGEST_NAME or not name.isprintable():
            raise Refusal(4003)
        if not page.strip():
            raise Refusal(4004)
        if not valid(page.strip()):
            raise Refusal(4005)
        if archive.strip() and not valid(archive.strip()):
            raise Refusal(4006)
        return name, page.strip(), archive.strip()


def _found(call: Call, identity: str) -> Template:
    of = template(call.service.store, identity)
    if of is None or call.caller.client not in (None, of.client):
        raise Refusal(4001)
    return of


def _create(call: Call, identity: str) -> Answer:
    client = call.client(identity)
    return created(add(call.service.store, client, *call.read(_Template, "template").checked()))


def _details(call: Call, identity: str) -> Any:
    return _found(call, identity).shown()


def _update(call: Call, identity: str) -> None:
    of = _found(call, identity)
    name, page, archive = call.read(_Template, "template").checked()
    keep(call.service.store, replace(of, name=name, page=page, archive=archive))


def _delete(call: Call, identity: str) -> None:
    remove(call.service.store, "n = ?", _found(call, identity).n)


def _of_client(call: Call, identity: str) -> Any:
    return [each.shown() for each in templates(call.service.store, "client = ?", call.client(identity).id)]


class _Copy(msgspec.Struct):
    name: str | None = None
    destinationclientid: str | None = None
    clientid: str | None = None


@fact("template-copy")
def _copy(call: Call, identity: str) -> Answer:
    of = _found(call, identity)
    posted = call.read(_Copy, "template")
    to = _destination(call, posted.destinationclientid or posted.clientid or of.client)
    name, *_ = _Template(posted.name or f"{of.name} (copy)"[:_LONGEST_NAME], of.page, of.archive).checked()
    return created(add(call.service.store, to, name, of.page, of.archive))


def _destination(call: Call, identity: str) -> Client:
    try:
        return call.client(identity)
    except Refusal:
        raise Refusal(125) from None


ENDPOINTS: Final = [
    Endpoint("POST", "templates/{client}", _create, "ManageTemplates"),
    Endpoint("GET", "templates/{id}", _details, "ManageTemplates"),
    Endpoint("PUT", "templates/{id}", _update, "ManageTemplates"),
    Endpoint("DELETE", "templates/{id}", _delete, "ManageTemplates"),
    Endpoint("POST", "templates/{id}/copy", _copy, "ManageTemplates"),
    Endpoint("GET", "clients/{id}/templates", _of_client, "ManageTemplates"),
]
