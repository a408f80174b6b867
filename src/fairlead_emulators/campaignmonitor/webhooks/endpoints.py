"""Endpoints of webhooks."""

from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint, Later, created
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import SubscriberList
from fairlead_emulators.campaignmonitor.webhooks import hooks
from fairlead_emulators.campaignmonitor.webhooks.delivery import Deliveries
from fairlead_emulators.campaignmonitor.webhooks.events import example


class _New(msgspec.Struct):
    events: list[str] | None = None
    url: str | None = ""
    payloadformat: str | None = ""


def _create(call: Call, identity: str) -> Answer:
    on, new = call.list(identity), call.read(_New, "webhook")
    url, form = (new.url or "").strip(), new.payloadformat or ""
    return created(hooks.create(call.service.store, on, url, new.events or [], form))


def _list(call: Call, identity: str) -> list[dict[str, Any]]:
    return [each.shown() for each in hooks.hooks(call.service.store, "list = ?", call.list(identity).n)]


@fact("webhook-ids")
def _hook(call: Call, on: SubscriberList, webhook: str) -> hooks.Hook:
    found = hooks.hooks(call.service.store, "list = ? AND id = ?", on.n, webhook.lower())
    if not found:
        raise Refusal(int(call.service.switches.number("webhook_unknown_code")))
    return found[0]


def _delete(call: Call, identity: str, webhook: str) -> None:
    hooks.delete(call.service.store, _hook(call, call.list(identity), webhook))


def _activate(call: Call, identity: str, webhook: str) -> None:
    hooks.switch(call.service.store, _hook(call, call.list(identity), webhook), active=True)


def _deactivate(call: Call, identity: str, webhook: str) -> None:
    hooks.switch(call.service.store, _hook(call, call.list(identity), webhook), active=False)


def _test(call: Call, identity: str, webhook: str) -> Later:
    on = call.list(identity)
    of = _hook(call, on, webhook)
    now, zone = call.service.clock.now().timestamp(), call.client_of(on).zone

    async def work() -> None:
        events = [example(kind, now, zone) for kind in of.events]
        reply = await call.service.own(Deliveries).test(of, on.id, events)
        if not reply.ok:
            raise Refusal(610, data=reply.details())

    return Later(work)


ENDPOINTS: Final = [
    Endpoint("POST", "lists/{id}/webhooks", _create, "ManageLists"),
    Endpoint("GET", "lists/{id}/webhooks", _list, "ManageLists"),
    Endpoint("DELETE", "lists/{id}/webhooks/{webhook}", _delete, "ManageLists"),
    Endpoint("GET", "lists/{id}/webhooks/{webhook}/test", _test, "ManageLists"),
    Endpoint("PUT", "lists/{id}/webhooks/{webhook}/activate", _activate, "ManageLists"),
    Endpoint("PUT", "lists/{id}/webhooks/{webhook}/deactivate", _deactivate, "ManageLists"),
]
