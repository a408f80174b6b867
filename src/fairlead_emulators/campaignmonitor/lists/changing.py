"""Endpoints that change and delete lists."""

from typing import Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Call, Endpoint, Service
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import STATES, SubscriberList
from fairlead_emulators.campaignmonitor.ties import Ties
from fairlead_emulators.campaignmonitor.webhooks.hooks import delete, hooks

SETTINGS: Final = ("AllClientLists", "OnlyThisList")


def check_title(call: Call, client: str, title: str, but: int = 0) -> str:
    """The title, stripped. `but`: n of the list that may have it. Raises Refusal 250, 251."""
    title = title.strip()
    if not title:
        raise Refusal(251)
    others = [each for each in call.service.store.lists(client) if each.n != but]
    if any(each.title.lower() == title.lower() for each in others):
        raise Refusal(250)
    return title


def check_setting(setting: str) -> str:
    """The setting as it is spelled. Raises Refusal 261."""
    for each in SETTINGS:
        if setting.strip().lower() == each.lower():
            return each
    raise Refusal(261)


class _Changed(msgspec.Struct):
    title: str | None = None
    unsubscribepage: str | None = None
    unsubscribesetting: str | None = None
    confirmedoptin: bool | None = None
    confirmationsuccesspage: str | None = None
    addunsubscribestosupplist: bool | None = False
    scrubactivewithsupplist: bool | None = False


@fact("list-update")
def _update(call: Call, identity: str) -> None:
    of, store = call.list(identity), call.service.store
    posted = call.read(_Changed, "list")
    title = of.title if posted.title is None else check_title(call, of.client, posted.title, but=of.n)
    setting = check_setting(posted.unsubscribesetting or of.unsubscribe_setting)
    page = of.unsubscribe_page if posted.unsubscribepage is None else posted.unsubscribepage
    success = of.success_page if posted.confirmationsuccesspage is None else posted.confirmationsuccesspage
    confirmed = of.confirmed_opt_in if posted.confirmedoptin is None else posted.confirmedoptin
    with store.transaction():
        store.db.execute(
            "UPDATE lists SET title = ?, unsubscribe_page = ?, unsubscribe_setting = ?, confirmed_opt_in = ?,"
            " success_page = ? WHERE n = ?",
            (title, page, setting, int(confirmed), success, of.n),
        )
        changed = call.list(of.id)
        if changed.client_wide:
            _follow(call.service, changed, add=posted.addunsubscribestosupplist, scrub=posted.scrubactivewithsupplist)


@fact("list-update-suppressions")
def _follow(service: Service, of: SubscriberList, *, add: bool | None, scrub: bool | None) -> None:
    if add:
        for (address,) in _addresses(service, of, "Unsubscribed"):
            service.life.suppress(of.client, address)
    if scrub:
        for (address,) in _addresses(service, of, "Active"):
            found = service.store.subscriber(of.n, address)
            if found is not None and service.life.suppressed(of.client, address):
                service.life.opt_out_here(of, found)


def _addresses(service: Service, of: SubscriberList, state: str) -> list[tuple[str]]:
    return service.store.db.execute(
        "SELECT address FROM subscribers WHERE list = ? AND state = ? ORDER BY key", (of.n, STATES.index(state))
    ).fetchall()


def _delete(call: Call, identity: str) -> None:
    of = call.list(identity)
    if call.service.own(Ties).used_by_draft(of.id):
        raise Refusal(252)
    remove(call.service, of)


@fact("list-delete")
def remove(service: Service, of: SubscriberList) -> None:
    """Deletes a list with everything on it."""
    store = service.store
    with store.transaction():
        for each in hooks(store, "list = ?", of.n):
            delete(store, each)
        for gone in service.own(Ties).list_gone:
            gone(of)
        for table in ("subscribers", "custom_fields", "soft_bounces"):
            store.db.execute(f"DELETE FROM {table} WHERE list = ?", (of.n,))
        store.db.execute("DELETE FROM lists WHERE n = ?", (of.n,))
    store.touch(of.n)


CHANGING: Final = [
    Endpoint("PUT", "lists/{id}", _update, "ManageLists"),
    Endpoint("DELETE", "lists/{id}", _delete, "ManageLists"),
]
