"""What must hold of a campaign that is made."""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Call
from fairlead_emulators.campaignmonitor.audience.entries import check_address
from fairlead_emulators.campaignmonitor.audience.fields import fields_of
from fairlead_emulators.campaignmonitor.campaigns.content import USUAL_LINKS, links_of
from fairlead_emulators.campaignmonitor.campaigns.kept import Campaign, campaigns
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.segments.kept import segment
from fairlead_emulators.campaignmonitor.store import Client
from fairlead_emulators.campaignmonitor.templates.kept import template
from fairlead_emulators.campaignmonitor.urls import valid

_TAG: Final = re.compile(r"\[([^\[\],]*)(?:,\s*fallback\s*=([^\]]*))?\]", re.IGNORECASE)
_PERSONAL: Final = ("email", "firstname", "lastname", "fullname")


class Asked(msgspec.Struct):
    """What a call says of a new campaign."""

    name: str | None = None
    subject: str | None = None
    fromname: str | None = None
    fromemail: str | None = None
    replyto: str | None = None
    htmlurl: str | None = None
    texturl: str | None = None
    listids: list[str] | None = None
    segmentids: list[str] | None = None
    inlinecss: bool | None = True
    templateid: str | None = None
    templatecontent: dict[str, Any] | None = None


def checked(call: Call, client: Client, asked: Asked, *, from_template: bool) -> Campaign:
    """The campaign, not yet kept. Raises Refusal 303–326, 4001 and those of `links_of`."""
    name, subject = (asked.name or "").strip(), (asked.subject or "").strip()
    if not name:
        raise Refusal(319)
    _check_name(call, client, name)
    if not subject:
        raise Refusal(304)
    lists, segments = _recipients(call, client, asked)
    allowed = [*_PERSONAL, *_fields(call, lists, segments)]
    from_name, from_email, reply_to = _senders(asked, allowed)
    if from_template:
        page, identity, links = _template(call, client, asked)
    else:
        page, identity = _page(asked), ""
        links = links_of(call.service.store, page)
    now = call.service.clock.now().timestamp()
    return Campaign(
        0, "", client.id, name, subject, from_name, from_email, reply_to, page, (asked.texturl or "").strip(),
        identity, lists, segments, (), links, created=now,
    )  # fmt: skip


@fact("campaign-names")
def _check_name(call: Call, client: Client, name: str) -> None:
    others = campaigns(call.service.store, "client = ? AND NOT hidden", client.id)
    if any(each.name.casefold() == name.casefold() for each in others):
        raise Refusal(303)


@fact("campaign-sender")
def _senders(asked: Asked, allowed: Sequence[str]) -> tuple[str, str, str]:
    from_name, from_email = (asked.fromname or "").strip(), (asked.fromemail or "").strip()
    reply_to = (asked.replyto or "").strip()
    if not from_name:
        raise Refusal(305)
    _check_tags(from_name, allowed, forbidden=322, bare=None)
    _check_sender(from_email, allowed, (307, 323, 324))
    if not reply_to:
        raise Refusal(308)
    _check_sender(reply_to, allowed, (309, 325, 326))
    return from_name, from_email, reply_to


def _check_sender(address: str, allowed: Sequence[str], codes: tuple[int, int, int]) -> None:
    malformed, bare, forbidden = codes
    _check_tags(address, allowed, forbidden=forbidden, bare=bare)
    check_address(_TAG.sub(lambda tag: (tag[2] or "").strip(), address), code=malformed)


def _check_tags(text: str, allowed: Sequence[str], *, forbidden: int, bare: int | None) -> None:
    for name, fallback in _TAG.findall(text):
        if name.strip().lower() not in allowed:
            raise Refusal(forbidden)
        if bare is not None and not fallback.strip():
            raise Refusal(bare)


def _recipients(call: Call, client: Client, asked: Asked) -> tuple[tuple[str, ...], tuple[str, ...]]:
    lists = tuple(dict.fromkeys(each.strip().lower() for each in asked.listids or ()))
    segments = tuple(dict.fromkeys(each.strip().lower() for each in asked.segmentids or ()))
    if not lists and not segments:
        raise Refusal(315)
    own = {each.id: each.n for each in call.service.store.lists(client.id)}
    if any(each not in own for each in lists):
        raise Refusal(313)
    for each in segments:
        found = segment(call.service.store, each)
        if found is None or found.list not in own.values():
            raise Refusal(314)
    return lists, segments


def _fields(call: Call, lists: Sequence[str], segments: Sequence[str]) -> list[str]:
    store = call.service.store
    numbers = {each.n for each in store.lists() if each.id in lists}
    numbers |= {found.list for each in segments if (found := segment(store, each))}
    return [field.key.strip("[]") for n in sorted(numbers) for field in fields_of(store, n)]


def _page(asked: Asked) -> str:
    page, text = (asked.htmlurl or "").strip(), (asked.texturl or "").strip()
    if not page or not valid(page):
        raise Refusal(310)
    if text and not valid(text):
        raise Refusal(312)
    return page


@fact("campaign-template")
def _template(call: Call, client: Client, asked: Asked) -> tuple[str, str, tuple[str, ...]]:
    found = template(call.service.store, (asked.templateid or "").strip())
    if found is None or found.client != client.id:
        raise Refusal(4001)
    if asked.templatecontent is None:
        raise Refusal(320)
    links: list[str] = []
    for where, part in _parts(asked.templatecontent):
        address, href = part.get("content"), part.get("href")
        if where == "images" and address is not None and not (isinstance(address, str) and valid(address)):
            raise Refusal(321)
        if isinstance(href, str) and valid(href):
            links.append(href)
    return found.page, found.id, tuple(dict.fromkeys(links)) or USUAL_LINKS


def _parts(content: Any, where: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every editable part with the name of what it stands in, however deep: repeaters hold further ones."""
    found: list[tuple[str, dict[str, Any]]] = []
    waiting = [(where, content)]
    while waiting:
        name, each = waiting.pop()
        if isinstance(each, dict):
            found.append((name, each))
            waiting += each.items()
        elif isinstance(each, list):
            waiting += [(name, one) for one in each]
    return found
