"""What a mapping does for one subscriber and its contact or lead: what is written to which side, what is agreed. Pure."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NamedTuple

from fairlead.domain.address import normal
from fairlead.domain.field_values import DoesNotFit
from fairlead.domain.mapping import (
    CONSENT_TO_SEND_SMS,
    CONSENT_TO_TRACK,
    MOBILE,
    NAME,
    Fitted,
    Line,
)
from fairlead.domain.mapping_merge import Act, Seen, decide
from fairlead.domain.mapping_values import SEVERAL, Phone, org_text, shown_text, to_list, to_org, wire_text

DIGEST: Final = 8
"""Bytes of a digest of one value."""
LINE_ID: Final = 4
ADDRESS: Final = bytes(LINE_ID)
"""Stands where a line's id stands, for the address itself."""

EMAIL: Final = "Email"
OPTED_OUT: Final = "HasOptedOutOfEmail"
UNFIT: Final = "VALUE_DOES_NOT_FIT"
CLEAR: Final = "\x00"
CONSENTS: Final = frozenset({CONSENT_TO_TRACK, CONSENT_TO_SEND_SMS})
READY_OUT: Final = frozenset({"Active"})
READY_IN: Final = frozenset({"Active", "Unconfirmed", "Unsubscribed", "Bounced"})

Digest = Callable[[str], bytes]


class Entry(NamedTuple):
    """Digests of a line's values: as Salesforce gave it, as the member showed it, as it was last written to the list."""

    org: bytes
    shown: bytes
    written: bytes


@dataclass(frozen=True, slots=True)
class Pair:
    """A subscriber as its member shows it, and its contact or lead as it is now. In memory only.

    `joined`, and `modified` of the member, are as Salesforce gives times.
    """

    key: str = field(repr=False)
    list: str
    address: str = field(repr=False)
    state: str
    object: str
    record: str
    values: Mapping[str, Any] = field(repr=False)
    name: str = field(default="", repr=False)
    mobile: str = field(default="", repr=False)
    consent_to_track: str = ""
    consent_to_send_sms: str = ""
    custom_fields: str = field(default="", repr=False)
    member: str = ""
    client: str = ""
    joined: str = ""
    modified: str = ""

    def shown(self, one: Fitted) -> str:
        """What the member shows of a line's field of the list, in the form in which values are compared."""
        own = {
            NAME: self.name,
            MOBILE: self.mobile,
            CONSENT_TO_TRACK: self.consent_to_track,
            CONSENT_TO_SEND_SMS: self.consent_to_send_sms,
        }
        text = own.get(one.line.target)
        if text is None:
            text = custom_value(self.custom_fields, {one.target.name, one.target.key.strip("[]")})
        return shown_text(one.target, text)


@dataclass(frozen=True, slots=True)
class Written:
    """One value that is written: of which line, to which side, and what stood there before. In memory only."""

    line: Line
    act: Act
    before: str = field(repr=False)
    after: str = field(repr=False)


@dataclass(slots=True)
class Planned:
    """What is due for one pair: `cells` by field of the list, `fields` of the record, what to remember once it is done."""

    pair: Pair
    cells: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    agreed: dict[bytes, Entry] = field(default_factory=dict)
    writes: list[Written] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    owed: bool = False


def line_id(line: Line) -> bytes:
    """Four bytes that stand for a line as long as it maps the same fields."""
    return hashlib.blake2b(line.key.encode(), digest_size=LINE_ID).digest()


def custom_value(text: str, labels: Collection[str]) -> str:
    """A custom field's value from the lines `Name: value` of a member."""
    starts = tuple(f"{label}: ".lower() for label in labels)
    found = [line.partition(": ")[2].strip() for line in text.split("\n") if line.lower().startswith(starts)]
    return SEVERAL.join(found)


def plan(
    lines: Sequence[Fitted], pair: Pair, known: Mapping[bytes, Entry], digest: Digest, phone: Phone, way: Act
) -> Planned:
    """What one way has to do for a pair: `way` is the side that is written. What is due the other way is left to it."""
    planned = Planned(pair)
    for one in lines:
        if one.line.object != pair.object:
            continue
        try:
            _line(planned, one, known.get(line_id(one.line)), digest, phone, way)
        except DoesNotFit as wrong:
            if _concerns(one, way):
                planned.refused.append(f"{one.line.told}: {wrong}")
    return planned


def owed(lines: Sequence[Fitted], pair: Pair, known: Mapping[bytes, Entry], digest: Digest, phone: Phone) -> bool:
    """Whether the list shows something else of a field that Salesforce owns, since both agreed: it goes back there.

    What was never agreed on is left to a run over everything, which a person asks for.
    """
    if pair.state not in READY_OUT:
        return False
    settled = [one for one in lines if one.line.direction.outward and line_id(one.line) in known]
    return bool(plan(settled, pair, known, digest, phone, Act.TO_CAMPAIGN_MONITOR).cells)


def _concerns(one: Fitted, way: Act) -> bool:
    return one.line.direction.outward if way is Act.TO_CAMPAIGN_MONITOR else one.line.direction.inward


def _line(planned: Planned, one: Fitted, entry: Entry | None, digest: Digest, phone: Phone, way: Act) -> None:
    pair, line = planned.pair, one.line
    value = pair.values.get(line.source)
    raw, shown = org_text(value), pair.shown(one)
    outward = line.direction.outward
    org = to_list(one, value, phone) if outward else raw
    listed = shown if outward else shown or line.default
    believed = _believed(entry, digest(shown))
    seen = Seen(
        equal=digest(org) == believed if outward else raw == _as_org(one, listed),
        org_blank=not org,
        list_blank=believed == digest("") if outward else not listed,
        first=entry is None,
        org_changed=entry is not None and digest(raw) != entry.org,
        list_changed=entry is not None and digest(shown) not in entry[1:],
    )
    act = decide(line, seen)
    if act is Act.NOTHING:
        settled = entry.written if entry is not None and believed == entry.written else digest(shown)
        planned.agreed[line_id(line)] = Entry(digest(raw), digest(shown), settled)
    elif act is not way:
        return
    elif act is Act.TO_CAMPAIGN_MONITOR:
        if org or line.target not in CONSENTS:
            planned.cells[line.target] = wire_text(one.target, org) if org else CLEAR
            planned.writes.append(Written(line, act, shown, org))
        planned.agreed[line_id(line)] = Entry(digest(raw), digest(shown), digest(org))
    else:
        after = to_org(one.source, one.target.data_type, listed)
        planned.fields[one.source.name] = after
        planned.writes.append(Written(line, act, raw, org_text(after)))
        planned.agreed[line_id(line)] = Entry(digest(org_text(after)), digest(shown), digest(shown))


def _believed(entry: Entry | None, shown: bytes) -> bytes:
    """What the list has: the member shows a value that we wrote only after the list was read again."""
    stale = entry is not None and shown == entry.shown != entry.written
    return entry.written if stale and entry is not None else shown


def _as_org(one: Fitted, listed: str) -> str:
    try:
        return org_text(to_org(one.source, one.target.data_type, listed))
    except DoesNotFit:
        return "\x00"  # like nothing that the org has: the writing then says why it does not fit


class Moved(Enum):
    """What became of the address that a subscriber and its record shared."""

    AGREED = "agreed"
    IN_SALESFORCE = "in_salesforce"
    IN_CAMPAIGN_MONITOR = "in_campaign_monitor"
    ON_BOTH = "on_both"


def address_of(pair: Pair) -> str:
    """The record's address in its normal form; blank for none."""
    return normal(org_text(pair.values.get(EMAIL)))


def address_entry(pair: Pair, digest: Digest) -> Entry:
    """What to remember of both addresses as they are now."""
    listed = digest(normal(pair.address))
    return Entry(digest(address_of(pair)), listed, listed)


def moved(pair: Pair, entry: Entry | None, digest: Digest) -> Moved:
    """Which side changed an address that both had. What was never shared is nobody's change: they are linked otherwise."""
    org, listed = address_of(pair), normal(pair.address)
    if entry is None or entry.org != entry.shown or not org or org == listed:
        return Moved.AGREED
    in_org, in_list = digest(org) != entry.org, digest(listed) != entry.shown
    if in_org and in_list:
        return Moved.ON_BOTH
    if in_org:
        return Moved.IN_SALESFORCE
    return Moved.IN_CAMPAIGN_MONITOR if in_list else Moved.AGREED


def restored(one: Fitted, text: str) -> Any:
    """An old value of a record, from its text. What was read from a field fits it."""
    if one.source.type == "multipicklist":
        text = text.replace(SEVERAL, ";")
    return to_org(one.source, one.target.data_type, text)
