"""What people choose about lists, members and matching. Pure: the pages, commands and references are made from it."""

import re
from typing import Final

from fairlead.domain.setting import Choice, Flag, Number, Of, Several, Text, Values
from fairlead.sync.match import MOST_FIELDS, MatchRules

MODIFIED: Final = "modified"
OLDEST: Final = "oldest"

PREVENT_SYNC: Final = Flag(
    name="members.prevent_sync",
    title="Prevent member sync",
    help="Keep this list's members out of Salesforce to save storage; the list and its figures stay. The next sync deletes "
    "the member records that are there. Switched off, the next sync reads the whole list anew.",
    default=False,
    of=Of.LIST,
)
FULL_READ_DAYS: Final = Number(
    name="members.full_read_days",
    title="Read each list whole at least every",
    help="Changed names and custom fields move no date in Campaign Monitor, so only a reading of the whole list finds them. "
    "Each list has an hour of its own, and only what differs is written. 0 leaves it to the full sync.",
    default=7,
    unit="days",
    most=365,
)
DETAILS_HOURS: Final = Number(
    name="members.details_hours",
    title="Read each list's settings every",
    help="Opt-in, unsubscribe setting and pages cost a call for each list. "
    "New and renamed lists, and a full sync, read them at once.",
    default=24,
    unit="hours",
    least=1,
    most=24 * 30,
)
CONTACT_FIELDS: Final = Several(
    name="members.match_contact_fields",
    title="Match contacts by",
    help="API names of the contact's e-mail fields in the order in which they count: an earlier field beats a later one. "
    "Person accounts are matched through their contact. A change re-matches everything in the next sync.",
    default=("Email",),
)
LEAD_FIELDS: Final = Several(
    name="members.match_lead_fields",
    title="Match leads by",
    help="API names of the lead's e-mail fields in the order in which they count: an earlier field beats a later one. "
    "A change re-matches everything in the next sync.",
    default=("Email",),
)
TIE: Final = Choice(
    name="members.match_tie",
    title="Of several records with one address, take",
    help="Which contact or lead is linked when several have the address in the same field. “Ambiguous addresses” lists them. "
    "A change re-matches everything in the next sync.",
    default=MODIFIED,
    choices=((MODIFIED, "the most recently modified"), (OLDEST, "the oldest")),
)
ID_FIELD: Final = Text(
    name="members.salesforce_id_field",
    title="Custom field with the Salesforce Id",
    help="Name of the custom field in Campaign Monitor that holds the Id of a contact or lead, such as “Salesforce ID”. "
    "The Id counts before any address. Blank: match by address only.",
    default="",
    most=100,
)

SETTINGS: Final = (PREVENT_SYNC, FULL_READ_DAYS, DETAILS_HOURS, CONTACT_FIELDS, LEAD_FIELDS, TIE, ID_FIELD)


def match_rules(settings: Values) -> MatchRules:
    """The rules of matching as chosen; an object without a field is matched by its standard Email."""
    return MatchRules(
        contact_fields=_fields(settings.of(CONTACT_FIELDS)),
        lead_fields=_fields(settings.of(LEAD_FIELDS)),
        oldest=settings.of(TIE) == OLDEST,
        by_id=bool(settings.of(ID_FIELD)),
        id_field=settings.of(ID_FIELD).strip().strip("[]").lower(),
    )


def _fields(chosen: tuple[str, ...]) -> tuple[str, ...]:
    """Only what can be a field's name may come into a query; the stage of matching tells of the others."""
    names = tuple(name for name in chosen if re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII))
    return names[:MOST_FIELDS] or ("Email",)
