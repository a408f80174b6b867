"""Endpoints of single subscribers, and the import."""

from collections import Counter
from dataclasses import replace
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint, created
from fairlead_emulators.campaignmonitor.audience.fields import Sent
from fairlead_emulators.campaignmonitor.audience.life import Entry, check_address
from fairlead_emulators.campaignmonitor.audience.rows import shown
from fairlead_emulators.campaignmonitor.codes import Refusal, unreadable
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import SubscriberList
from fairlead_emulators.campaignmonitor.subscribers.queue import Queue, too_often
from fairlead_emulators.campaignmonitor.tracking.history import history

LARGEST_IMPORT: Final = 1000
_CONSENTS: Final = {"yes": "Yes", "no": "No", "unchanged": "Unchanged"}
_WITH_CONSENT: Final = ("3.2", "3.3")


class _Value(msgspec.Struct):
    key: str
    value: str | int | float | bool | None = ""
    clear: bool | None = False


class _Subscriber(msgspec.Struct):
    emailaddress: str = ""
    name: str | None = None
    mobilenumber: str | None = None
    customfields: list[_Value] | None = None
    resubscribe: bool | None = False
    consenttotrack: str | None = None
    consenttosendsms: str | None = None
    restartsubscriptionbasedautoresponders: bool | None = False

    def entry(self, call: Call) -> Entry:
        """What it says, in our words. Raises Refusal 400, or 215 and 222 where the account is set so."""
        values = self.customfields or []
        return Entry(
            address=self.emailaddress,
            name=self.name,
            sent=[Sent(each.key, "" if each.value is None else str(each.value), bool(each.clear)) for each in values],
            mobile=self.mobilenumber,
            sms=None if self.consenttosendsms is None else _consent(call, self.consenttosendsms, 222) == "Yes",
            consent=_consent(call, self.consenttotrack, 215),
            restart=bool(self.restartsubscriptionbasedautoresponders),
        )


@fact("consent-values")
def _consent(call: Call, text: str | None, code: int) -> str | None:
    if text is None or text == "":
        return None
    if text.lower() not in _CONSENTS:
        coded = call.service.switches.word("consent_unknown") == "code"
        raise Refusal(code) if coded else unreadable("subscriber")
    return _CONSENTS[text.lower()]


@fact("consent-required")
def _need_consent(call: Call, entry: Entry) -> None:
    if call.version in _WITH_CONSENT and entry.consent is None:
        raise Refusal(int(call.service.switches.number("consent_missing_code")))


def _add(call: Call, identity: str) -> Answer:
    to = call.list(identity)
    posted = call.read(_Subscriber, "subscriber")
    entry = posted.entry(call)
    queue = call.service.own(Queue)
    address = entry.address.strip()
    if call.service.faults.take("added_too_often", email=address):
        raise too_often()
    _need_consent(call, entry)
    queue.count(to, address)
    queue.add(to, entry, resubscribe=bool(posted.resubscribe))
    return created(address)


def _update(call: Call, identity: str) -> None:
    of = call.list(identity)
    entry = call.read(_Subscriber, "subscriber").entry(call)
    call.service.life.update(of, call.query.get("email", ""), entry)


class _Import(msgspec.Struct):
    subscribers: list[_Subscriber] | None = None
    resubscribe: bool | None = False
    queuesubscriptionbasedautoresponders: bool | None = False
    restartsubscriptionbasedautoresponders: bool | None = False


@fact("import")
def _import(call: Call, identity: str) -> Answer:
    to = call.list(identity)
    posted = call.read(_Import, "subscribers")
    batch = posted.subscribers or []
    if not batch:
        raise Refusal(212)
    if len(batch) > LARGEST_IMPORT:
        raise Refusal(209)
    entries = [_entry_of(call, each, posted) for each in batch]
    with call.service.store.transaction():
        result = _imported(call, to, entries, resubscribe=bool(posted.resubscribe))
    if result["FailureDetails"]:
        raise Refusal(210, data=result)
    return Answer(201, msgspec.json.encode(result))


@fact("import-automation")
def _entry_of(call: Call, row: _Subscriber, posted: _Import) -> Entry:
    return replace(
        row.entry(call),
        restart=bool(posted.restartsubscriptionbasedautoresponders),
        quiet=not posted.queuesubscriptionbasedautoresponders,
    )


@fact("import-rows")
def _imported(call: Call, to: SubscriberList, entries: list[Entry], *, resubscribe: bool) -> dict[str, Any]:
    failures: list[dict[str, Any]] = []
    times = Counter(each.address.strip().lower() for each in entries)
    new: set[str] = set()
    existing: set[str] = set()
    for entry in entries:
        key = entry.address.strip().lower()
        try:
            fault = call.service.faults.take("import_failure", email=entry.address)
            if fault:
                raise Refusal(int(fault.data.get("code", 500)))
            _need_consent(call, entry)
            fresh = call.service.life.add(to, entry, resubscribe=resubscribe)
        except Refusal as refusal:
            failures.append({"EmailAddress": entry.address, "Code": refusal.code, "Message": refusal.message})
        else:
            (new if fresh else existing).add(key)
    return {
        "FailureDetails": failures,
        "TotalUniqueEmailsSubmitted": len(times),
        "TotalExistingSubscribers": len(existing - new),
        "TotalNewSubscribers": len(new),
        "DuplicateEmailsInSubmission": [key for key, count in times.items() if count > 1],
    }


def _details(call: Call, identity: str) -> Any:
    of = call.list(identity)
    found = call.service.store.subscriber(of.n, check_address(call.query.get("email", "")))
    if found is None:
        raise Refusal(203)
    row = shown(found, call.client_of(of).zone)
    if call.flag("includetrackingpreference"):
        row["ConsentToTrack"] = call.service.life.consent(of.client, found.address)
    if found.mobile:
        row["ConsentToSendSms"] = "Yes" if found.sms else "No"
    return row


def _history(call: Call, identity: str) -> Any:
    of = call.list(identity)
    found = call.service.store.subscriber(of.n, check_address(call.query.get("email", "")))
    if found is None:
        raise Refusal(203)
    return history(call.service, of, found.address, call.client_of(of).zone)


def _unsubscribe(call: Call, identity: str) -> None:
    of = call.list(identity)
    call.service.life.unsubscribe(of, call.read(_Subscriber, "subscriber").emailaddress)


def _delete(call: Call, identity: str) -> None:
    call.service.life.delete(call.list(identity), call.query.get("email", ""))


ENDPOINTS: Final = [
    Endpoint("POST", "subscribers/{list}", _add, "ImportSubscribers"),
    Endpoint("PUT", "subscribers/{list}", _update, "ImportSubscribers"),
    Endpoint("POST", "subscribers/{list}/import", _import, "ImportSubscribers"),
    Endpoint("GET", "subscribers/{list}", _details, "ImportSubscribers"),
    Endpoint("GET", "subscribers/{list}/history", _history, "ImportSubscribers"),
    Endpoint("POST", "subscribers/{list}/unsubscribe", _unsubscribe, "ImportSubscribers"),
    Endpoint("DELETE", "subscribers/{list}", _delete, "ImportSubscribers"),
]
