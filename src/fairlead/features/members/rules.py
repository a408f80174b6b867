"""What the members room decides: which lists are due, what a link count is, which failure to tell."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from fairlead.domain.failure import Failure, FixTheSettings, RefusedByGuard, the_one_to_act_on

OPT_IN: Final = {False: "Single opt-in", True: "Confirmed opt-in"}
UNSUBSCRIBE: Final = {"AllClientLists": "All client lists", "OnlyThisList": "Only this list"}
MAX_NAME: Final = 80
MAX_URL: Final = 255
TOLD: Final = 3
"""Lists that are named in a message; the others are counted."""
AN_HOUR: Final = timedelta(hours=1)
"""Between two runs: what falls due in between is read by the one before."""
_STATES: Final = ("new_active", "unsubscribed", "deleted", "bounced")
_SPANS: Final = ("today", "yesterday", "this_week", "this_month", "this_year")
COUNTERS: Final = tuple(
    name for state in _STATES for name in (state.removeprefix("new_"), *(f"{state}_{span}" for span in _SPANS))
)
"""Campaign Monitor's 24 counters of a list, in the order of the fields of CM_List__c."""


SPANS: Final = {
    "today": "Today",
    "yesterday": "Yesterday",
    "this_week": "This week",
    "this_month": "This month",
    "this_year": "This year",
}
"""Spans of Campaign Monitor's counters, as people read them."""


class NothingSelected(FixTheSettings):
    """The run was asked for a client or list that is not among those synced."""

    code = "FL-317"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"No {what} with the id that was asked for is synced.",
            next_step="`fairlead status` lists what is; `fairlead connect campaign-monitor` selects clients.",
        )


def linked(contacts: Sequence[str], leads: Sequence[str]) -> dict[str, int]:
    """How many members are linked to a contact only, a lead only, both, or neither."""
    both = sum(1 for contact, lead in zip(contacts, leads, strict=True) if contact and lead)
    contact_only = sum(1 for contact in contacts if contact) - both
    lead_only = sum(1 for lead in leads if lead) - both
    return {
        "linked_contact": contact_only,
        "linked_lead": lead_only,
        "linked_both": both,
        "unlinked": len(contacts) - both - contact_only - lead_only,
    }


class Counters(Protocol):
    """How many subscribers a list has, by state, as far as Campaign Monitor counts them."""

    @property
    def active(self) -> int: ...
    @property
    def unsubscribed(self) -> int: ...
    @property
    def deleted(self) -> int: ...
    @property
    def bounced(self) -> int: ...


def subscribers(counters: Counters) -> int:
    """All subscribers that the counters know of; the unconfirmed are not counted there."""
    return counters.active + counters.unsubscribed + counters.deleted + counters.bounced


def unsubscribe_setting(value: str) -> str:
    """Campaign Monitor's word as the picklist has it; blank for a word that is not known."""
    return UNSUBSCRIBE.get(value, "")


def the_one_to_tell(failures: Sequence[Failure], lists: int) -> Failure:
    """Of the failures of several lists the one that a person must act on; see `the_one_to_act_on`."""
    return the_one_to_act_on(failures, "lists", lists)


def share(text: str) -> float:
    """A number from 0 to below 1 that depends on the text alone: it spreads what is due over the hours."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) / 2**64


def next_whole(list_id: str, last: datetime, days: int) -> datetime | None:
    """When a list is to be read whole again: within `days` of the last time, at an hour of its own; None for never.

    Lists that were read in one hour are spread over the day before (half the time, if that is less), each time anew.
    """
    if not days:
        return None
    span = timedelta(days=days)
    return last + span - min(timedelta(days=1), span / 2) * share(f"{list_id} {last.isoformat()}") - AN_HOUR


def first_whole(list_id: str, now: datetime, days: int) -> datetime:
    """A moment to count from where the last whole reading of a list is not known: all of them are not due at once."""
    return now - timedelta(days=days) * share(list_id)


def details_due(list_id: str, last: datetime | None, now: datetime, hours: int) -> bool:
    """Whether a list's settings are to be read again: within `hours` of the last time, at a moment of its own."""
    if last is None:
        return True
    span = timedelta(hours=hours)
    return now >= last + span - span / 2 * share(f"{list_id} {last.isoformat()}")


def left_out(lists: Sequence[tuple[str, str]]) -> str:
    """Lists that could not be read, with their reasons, as a message; the first few are named."""
    told = "; ".join(f"“{name}” was left out: {reason}" for name, reason in lists[:TOLD])
    more = len(lists) - TOLD
    return f"{told}; and {more} more." if more > 0 else told


def figure_texts(stats: object, unconfirmed: int | None, *, prevented: bool, synced: datetime | None) -> list[str]:
    """A list's counters as texts, in the order of the fields of a list's figures."""
    counters = [str(getattr(stats, name)) for name in COUNTERS]
    last = "" if synced is None else f"{synced:%Y-%m-%dT%H:%M:%SZ}"
    return [*counters, "" if unconfirmed is None else str(unconfirmed), str(prevented).lower(), last]


def given_id(text: str, name: str) -> str:
    """What a member has in the custom field `name` (with or without brackets, whatever the case); blank for none.

    `text` are its custom fields as the record holds them: a line `Name: value` each.
    """
    label = name.strip().strip("[]").lower() + ": "
    return next((line[len(label) :] for line in text.splitlines() if line[: len(label)].lower() == label), "")


def has_field(fields: Iterable[tuple[str, str]], name: str) -> bool:
    """Whether one of a list's custom fields, (name, key) each, is the one that is meant (with or without brackets)."""
    wanted = name.strip().strip("[]").lower()
    return any(wanted in {title.lower(), key.strip("[]").lower()} for title, key in fields)


def no_id_field(name: str, lists: Sequence[str], setting: str) -> str:
    """Lists without the custom field that is to give Ids, as a message; the first few are named."""
    if not lists:
        return ""
    told = ", ".join(f"“{one}”" for one in lists[:TOLD])
    more = f" and {len(lists) - TOLD} more" if len(lists) > TOLD else ""
    step = f"Correct “{setting}” in the settings of lists, or add the field in Campaign Monitor."
    return f"No custom field “{name}” on {told}{more}: people there are matched by address only. {step}"


def totals(counters: Counters) -> dict[str, int]:
    """Subscribers by state, as far as counters tell."""
    names = ("active", "unsubscribed", "bounced", "deleted")
    return {name: getattr(counters, name) for name in names}


class PreventionTooLarge(RefusedByGuard):
    """“Prevent member sync” was switched on for a list with many members: deleting them is not done unasked."""

    code = "FL-380"
    next_step = (
        "If that is right, run `fairlead sync --allow-large-changes` once; else switch “prevent member sync” off again."
    )

    def __init__(self, name: str, held: int) -> None:
        super().__init__(f"“Prevent member sync” of the list “{name}” would delete {held:,} members from Salesforce.")


PREVENTED_AT_MOST: Final = 10_000
"""Members of a list that are deleted without asking when “prevent member sync” is switched on."""


def check_prevented(name: str, held: int, *, allowed: bool) -> None:
    """Refuse to delete the members of a list where there are many. Raises PreventionTooLarge."""
    if held > PREVENTED_AT_MOST and not allowed:
        raise PreventionTooLarge(name, held)


class MatchFieldMissing(FixTheSettings):
    """A field that people are to be matched by is not in the org, or hidden from the integration user."""

    code = "FL-381"

    def __init__(self, name: str, field: str) -> None:
        super().__init__(
            f"{name} has no field “{field}” to match by, or hides it from the integration user.",
            next_step="Correct “Match contacts by” or “Match leads by” in the settings of lists, or let the user see it.",
        )


class NoAddressField(FixTheSettings):
    """A field that people are to be matched by does not hold an e-mail address."""

    code = "FL-382"

    def __init__(self, name: str, field: str, kind: str) -> None:
        super().__init__(
            f"{name}.{field} is a field of the type {kind}: people are matched by e-mail fields only.",
            next_step="Choose fields of the type Email in “Match contacts by” and “Match leads by”.",
        )


def check_address_fields(name: str, fields: Sequence[str], types: Mapping[str, str]) -> None:
    """Whether an object has these fields, of the type e-mail; `types` are its fields' types by name in lower case.

    Raises MatchFieldMissing or NoAddressField.
    """
    for field in fields:
        kind = types.get(field.lower())
        if kind is None:
            raise MatchFieldMissing(name, field)
        if kind != "email":
            raise NoAddressField(name, field, kind)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that an address may be linked to. Dates are UTC; `rank` is that of the field that holds the address."""

    kind: str
    id: str
    name: str
    field: str
    rank: int
    modified: str
    created: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate, whether it is the one that is linked, and why it is or is not."""

    candidate: Candidate
    wins: bool
    why: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """An address of several records of one object (`kind`), the one that is linked first."""

    address: str
    kind: str
    candidates: tuple[Judged, ...]


def judge(candidates: Sequence[Candidate], *, oldest: bool) -> tuple[Judged, ...]:
    """Each record once, in the order in which it counts: field, then date, then Id; the first one is linked."""

    def date(candidate: Candidate) -> str:
        return candidate.created if oldest else candidate.modified

    by_date = sorted(sorted(candidates, key=lambda one: one.id), key=date, reverse=not oldest)
    once: dict[str, Candidate] = {}
    for candidate in sorted(by_date, key=lambda one: -one.rank):
        once.setdefault(candidate.id, candidate)
    first, *others = once.values()
    judged = [Judged(first, wins=True, why=_why(first, others[0], oldest=oldest) if others else "")]
    return (*judged, *(Judged(other, wins=False, why=_why_not(first, other, oldest=oldest)) for other in others))


def _why(first: Candidate, second: Candidate, *, oldest: bool) -> str:
    if first.rank != second.rank:
        return f"Its address stands in {first.field}, which counts before {second.field}."
    if oldest:
        return "It is the oldest." if first.created != second.created else "As old as others; its Id is the lowest."
    if first.modified != second.modified:
        return "It was modified last."
    return "Modified in the same moment as others; its Id is the lowest."


def _why_not(first: Candidate, other: Candidate, *, oldest: bool) -> str:
    if first.rank != other.rank:
        return f"Its address stands in {other.field}, which counts after {first.field}."
    if oldest:
        return "Another one is older." if first.created != other.created else "As old; another Id is lower."
    return (
        "Another one was modified later." if first.modified != other.modified else "Same moment; another Id is lower."
    )


def masked(address: str) -> str:
    """An address that tells little: the first letter and the domain."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}…@{domain}"


@dataclass(frozen=True, slots=True)
class Change:
    """A setting of a list that is about to change, in people's words."""

    title: str
    before: str
    after: str


SETTINGS_OF_A_LIST: Final = {
    "title": "Name",
    "confirmed_opt_in": "Opt-in",
    "unsubscribe_setting": "Who unsubscribes leaves",
    "unsubscribe_page": "Page after unsubscribing",
    "confirmation_success_page": "Page after confirming",
}
"""Campaign Monitor's settings of a list, as people read them."""


def list_words(name: str, value: object) -> str:
    """A setting of a list in people's words."""
    if name == "confirmed_opt_in":
        return OPT_IN[bool(value)]
    if name == "unsubscribe_setting":
        return unsubscribe_setting(str(value)) or str(value)
    return str(value) or "Campaign Monitor's own"


def list_changes(before: Mapping[str, object], after: Mapping[str, object]) -> list[Change]:
    """What differs between two sets of a list's settings, in the order in which pages show them."""
    return [
        Change(title, list_words(name, before[name]), list_words(name, after[name]))
        for name, title in SETTINGS_OF_A_LIST.items()
        if before[name] != after[name]
    ]


class ClientUnknown(FixTheSettings):
    """A page asked for a client that is not synced."""

    code = "FL-270"

    def __init__(self) -> None:
        super().__init__(
            "The client that was chosen for the new list is not synced.",
            next_step="Choose one of the clients in the list, or select the client in Connections first.",
        )
