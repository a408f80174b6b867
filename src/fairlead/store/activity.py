"""Adds to the roll-ups of activity. Call inside the transaction that moves the cursor of the events that are counted.

Rows are sorted by who they are of, so that two transactions never wait for each other in a circle.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from fairlead.domain.activity import RANK, Activity
from fairlead.store.activity_models import CampaignActivity, MemberActivity

CampaignRow = tuple[bytes, str, str, int, int, int]
"""An address's keyed hash, its contact and lead, the number of events, the first and the last in seconds since 1970."""

_ADD_MEMBERS: Final = """
INSERT INTO store_memberactivity AS old (org_id, member, sent, opened, clicked, bounced, last_at, written)
SELECT %s, substring(%s::bytea FROM 32 * place::int - 31 FOR 32), s, o, c, b, to_timestamp(at), false
FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::bigint[]) WITH ORDINALITY AS new (s, o, c, b, at, place)
ON CONFLICT (org_id, member) DO UPDATE SET
    sent = old.sent + excluded.sent, opened = old.opened + excluded.opened, clicked = old.clicked + excluded.clicked,
    bounced = old.bounced + excluded.bounced, last_at = greatest(old.last_at, excluded.last_at), written = false
"""


def _rank(column: str) -> str:
    """The rank of an activity, in SQL; that of none is below all."""
    whens = " ".join(f"WHEN '{activity.value}' THEN {rank}" for activity, rank in RANK.items())
    return f"(CASE {column} {whens} ELSE -1 END)"


def _if(condition: str, name: str) -> str:
    return f"{name} = CASE WHEN {condition} THEN excluded.{name} ELSE old.{name} END"


_EARLIER: Final = (
    "excluded.first_at IS NOT NULL AND (old.first_at IS NULL OR excluded.first_at < old.first_at OR "
    f"(excluded.first_at = old.first_at AND {_rank('excluded.first_activity')} < {_rank('old.first_activity')}))"
)
_LATER: Final = (
    "old.last_at IS NULL OR excluded.last_at > old.last_at OR "
    f"(excluded.last_at = old.last_at AND {_rank('excluded.last_activity')} > {_rank('old.last_activity')})"
)
_ADD_CAMPAIGN: Final = f"""
INSERT INTO store_campaignactivity AS old
    (org_id, campaign, address, contact, lead, opens, clicks, first_activity, first_at, last_activity, last_at, written)
SELECT %s, %s, address, contact, lead, opens, clicks, %s, to_timestamp(first_at), %s, to_timestamp(last_at), false
FROM unnest(%s::bytea[], %s::text[], %s::text[], %s::int[], %s::int[], %s::bigint[], %s::bigint[])
    AS new (address, contact, lead, opens, clicks, first_at, last_at)
ON CONFLICT (org_id, campaign, address) DO UPDATE SET
    contact = CASE WHEN excluded.contact <> '' THEN excluded.contact ELSE old.contact END,
    lead = CASE WHEN excluded.lead <> '' THEN excluded.lead ELSE old.lead END,
    opens = old.opens + excluded.opens, clicks = old.clicks + excluded.clicks,
    {_if(_EARLIER, "first_activity")}, {_if(_EARLIER, "first_at")},
    {_if(_LATER, "last_activity")}, {_if(_LATER, "last_at")},
    written = false
"""


COUNTED: Final = (Activity.SENT, Activity.OPENED, Activity.CLICKED, Activity.BOUNCED)
"""Activities of which members have a number."""


def add_to_members(org_id: int, members: bytes, counts: Sequence[Sequence[int]], lasts: Sequence[int]) -> None:
    """Add events to the totals of members: `members` are their keyed hashes, 32 bytes each, in ascending order, each once;
    `counts` how many events of each of `COUNTED` they had, `lasts` the moments of their last in seconds since 1970.

    One text a column, since a value of its own for each cost more than all the rest.
    """
    if lasts:
        with connection.cursor() as cursor:
            cursor.execute(_ADD_MEMBERS, [org_id, members, *map(_array, counts), _array(lasts)])


def _array(numbers: Sequence[int]) -> str:
    return f"{{{','.join(map(str, numbers))}}}"


def add_to_campaign(org_id: int, campaign: str, activity: Activity, rows: Sequence[CampaignRow]) -> None:
    """Add events of one activity to what addresses did with a campaign; each address at most once in `rows`."""
    if not rows:
        return
    addresses, contacts, leads, counts, firsts, lasts = _columns(rows)
    nothing = [0] * len(rows)
    opens = counts if activity is Activity.OPENED else nothing
    clicks = counts if activity is Activity.CLICKED else nothing
    sent = activity is Activity.SENT  # being sent to is no first activity
    first = ["" if sent else activity.value, activity.value]
    moments = [[None] * len(rows) if sent else firsts, lasts]
    values: list[Any] = [org_id, campaign, *first, addresses, contacts, leads, opens, clicks, *moments]
    with connection.cursor() as cursor:
        cursor.execute(_ADD_CAMPAIGN, values)


def begin_campaign_anew(org_id: int, campaign: str, activity: Activity) -> None:
    """Before all events of an activity are counted again: take its number back. Moments need not be: they stay true."""
    column = {Activity.OPENED: "opens", Activity.CLICKED: "clicks"}.get(activity)
    if column:
        CampaignActivity.objects.filter(org_id=org_id, campaign=campaign).update(**{column: 0})


def reset(org_id: int) -> None:
    """Forget all roll-ups: a full sync reads and counts everything anew."""
    MemberActivity.objects.filter(org_id=org_id).delete()
    CampaignActivity.objects.filter(org_id=org_id).delete()


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*sorted(rows, key=lambda row: row[0]), strict=True)]
