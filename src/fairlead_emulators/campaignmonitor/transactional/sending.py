"""Sending smart and classic e-mails, and what is refused."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from typing import Any, Final

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint
from fairlead_emulators.campaignmonitor.audience.entries import Entry, check_address
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import SubscriberList
from fairlead_emulators.campaignmonitor.transactional.limit import metered
from fairlead_emulators.campaignmonitor.transactional.messages import accepted
from fairlead_emulators.campaignmonitor.transactional.outbox import Letter, address_in, put
from fairlead_emulators.campaignmonitor.transactional.smart import client_of, one

MOST_RECIPIENTS: Final = 25
LARGEST_DATA: Final = 100 * 1024
LONGEST_ADDRESS: Final = 250
_PROGRAMS: Final = (".bat", ".cmd", ".com", ".exe", ".js", ".msi", ".scr", ".vbs")
_CONSENTS: Final = ("yes", "no", "unchanged")
_REFUSED_SENDING: Final = {
    "not_in_plan": 980,
    "stopped": 990,
    "domain_not_set_up": 993,
    "domain_not_authenticated": 994,
}


@fact("tx-plan")
def _check_allowed(call: Call) -> None:
    code = _REFUSED_SENDING.get(call.service.switches.word("transactional_sending"))
    if code:
        raise Refusal(code)


def _body(call: Call) -> Mapping[str, Any]:
    if not isinstance(call.body, dict):
        raise Refusal(995)
    return call.body


def _raw(call: Call) -> Mapping[str, Any]:
    """The body with the names of its data as they were sent, by lower-case names at the top."""
    sent = json.loads(call.raw_body.decode("utf-8-sig", "replace") or "{}")
    return {name.lower(): value for name, value in sent.items()}


def _addresses(body: Mapping[str, Any], name: str) -> list[str]:
    said = body.get(name)
    several = said if isinstance(said, list) else [said]
    return [str(each).strip() for each in several if each is not None and str(each).strip()]


@fact("tx-send")
def _recipients(body: Mapping[str, Any]) -> dict[str, list[str]]:
    """`{To, CC, BCC}`. Raises Refusal 1, 952–954."""
    found = {name: _addresses(body, name.lower()) for name in ("To", "CC", "BCC")}
    everybody = [each for some in found.values() for each in some]
    if not everybody:
        raise Refusal(952)
    if len(everybody) > MOST_RECIPIENTS:
        raise Refusal(954)
    for each in everybody:
        if len(each) > LONGEST_ADDRESS:
            raise Refusal(953)
        check_address(address_in(each))
    return found


def _data(raw: Mapping[str, Any]) -> dict[str, Any]:
    data = raw.get("data")
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise Refusal(991)
    if len(json.dumps(data, ensure_ascii=False).encode()) > LARGEST_DATA:
        raise Refusal(996)
    return data


@fact("tx-attachments")
def _attachments(body: Mapping[str, Any]) -> list[dict[str, str]]:
    """Names and types. Raises Refusal 981–984."""
    found = []
    for each in body.get("attachments") or ():
        said = each if isinstance(each, dict) else {}
        name, kind = str(said.get("name") or ""), str(said.get("type") or "")
        if not name:
            raise Refusal(981)
        if not kind:
            raise Refusal(982)
        if name.lower().endswith(_PROGRAMS):
            raise Refusal(983)
        try:
            base64.b64decode(str(said.get("content") or ""), validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(984) from None
        found.append({"Name": name, "Type": kind})
    return found


def _consent(body: Mapping[str, Any]) -> str:
    said = str(body.get("consenttotrack") or "").lower()
    if said not in _CONSENTS:
        raise Refusal(974)
    return said.capitalize()


def _flag(body: Mapping[str, Any], name: str, code: int, *, unsaid: bool = True) -> bool:
    said = body.get(name)
    if said is not None and not isinstance(said, bool):
        raise Refusal(code)
    return unsaid if said is None else said


@fact("tx-draft")
def _send_smart(call: Call, identity: str) -> Answer:
    smart = one(call, identity)
    _check_allowed(call)
    if not smart.active:
        raise Refusal(926)
    body = _body(call)
    consent, to = _consent(body), _recipients(body)
    content = {
        **to,
        "Attachments": _attachments(body),
        "Body": {"Html": smart.html, "Text": smart.text},
        "Data": _data(_raw(call)),
    }
    on = call.list(smart.list) if _flag(body, "addrecipientstolist", 973, unsaid=False) and smart.list else None
    letter = Letter(smart.client, smart.sender, smart.subject, content, smart=smart.id)
    return _sent(call, letter, to, on, consent)


def _sender(body: Mapping[str, Any]) -> str:
    sender = str(body.get("from") or "").strip()
    if len(sender) > LONGEST_ADDRESS:
        raise Refusal(958)
    check_address(address_in(sender), code=957)
    reply = str(body.get("replyto") or "").strip()
    if len(reply) > LONGEST_ADDRESS:
        raise Refusal(956)
    if reply:
        check_address(address_in(reply), code=955)
    return sender


def _send_classic(call: Call) -> Answer:
    client, body = client_of(call), _body(call)
    _check_allowed(call)
    consent, to, sender = _consent(body), _recipients(body), _sender(body)
    html, text = str(body.get("html") or ""), str(body.get("text") or "")
    if not html and not text:
        raise Refusal(960)
    subject = str(body.get("subject") or "").strip()
    if not subject:
        raise Refusal(304)
    _flag(body, "inlinecss", 972)
    tracked = (_flag(body, "trackopens", 971), _flag(body, "trackclicks", 970))
    content = {**to, "Attachments": _attachments(body), "Body": {"Html": html, "Text": text}, "Data": {}}
    letter = Letter(client.id, sender, subject, content, group=str(body.get("group") or "").strip())
    return _sent(call, letter, to, _list(call, body, client.id), consent, tracked)


def _list(call: Call, body: Mapping[str, Any], client: str) -> SubscriberList | None:
    said = body.get("addrecipientstolist")
    if not said:
        return None
    found = call.service.store.list(said) if isinstance(said, str) else None
    if found is None or found.client != client:
        raise Refusal(973)
    return found


def _sent(
    call: Call,
    letter: Letter,
    to: Mapping[str, Sequence[str]],
    on: SubscriberList | None,
    consent: str,
    tracked: tuple[bool, bool] = (True, True),
) -> Answer:
    """One message for each recipient; tracked where that is wanted and the recipient agrees."""
    service, now = call.service, call.service.clock.now().timestamp()
    sent = []
    with service.store.transaction():
        for recipient in (each for some in to.values() for each in some):
            if on is not None:
                _join(call, on, recipient, consent)
            known = service.life.consent(letter.client, address_in(recipient))
            agreed = (known if consent == "Unchanged" else consent) != "No"
            opens, clicks = tracked[0] and agreed, tracked[1] and agreed
            identity = put(service.store, letter, recipient, now, opens=opens, clicks=clicks)
            sent.append((identity, recipient))
    return accepted(call, sent)


@fact("tx-list")
def _join(call: Call, on: SubscriberList, recipient: str, consent: str) -> None:
    name, address = parseaddr(recipient)
    try:
        call.service.life.check_add(on, Entry(address, name or None), resubscribe=False)
    except Refusal:
        return
    call.service.life.add(on, Entry(address, name or None, consent=consent), resubscribe=False)


ENDPOINTS: Final = [
    Endpoint("POST", "transactional/smartemail/{smart}/send", _send_smart, "SendTransactional", metered),
    Endpoint("POST", "transactional/classicemail/send", _send_classic, "SendTransactional", metered),
]
