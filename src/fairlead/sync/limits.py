"""Internal limits (F63): how much a run does at once. The defaults are right for nearly everybody; a run reads them once."""

from typing import Any, Final

from fairlead.domain.setting import Number, Setting

SMALL_DOOR: Final = Number(
    name="maintenance.small_door",
    title="Rows that are written singly",
    help="Up to so many changed rows of a scope are written 200 a call; more go by a bulk job. Lower it where triggers or "
    "flows of the org run into limits of one transaction (F63), raise it where few API calls for bulk jobs are left.",
    default=2_000,
    unit="rows",
    most=10_000,
)
JOB_MEGABYTES: Final = Number(
    name="maintenance.job_megabytes",
    title="Size of a bulk job",
    help="A bulk job takes at most so much text; what is more goes into the next. Salesforce takes 100 MB.",
    default=100,
    unit="MB",
    least=1,
    most=100,
)
LISTS_AT_ONCE: Final = Number(
    name="maintenance.lists_at_once",
    title="Lists read at once",
    help="How many lists are read side by side: one alone leaves the wire idle between its five states. Lower it where "
    "Campaign Monitor or Salesforce answers that it is too busy, or where members of two lists lock one another's contacts.",
    default=4,
    unit="lists",
    least=1,
    most=16,
)
MAILS_AT_ONCE: Final = Number(
    name="maintenance.mails_at_once",
    title="E-mails read at once",
    help="Of how many campaigns and journey e-mails the events are read side by side.",
    default=3,
    unit="e-mails",
    least=1,
    most=12,
)
SETTINGS: Final[tuple[Setting[Any], ...]] = (SMALL_DOOR, JOB_MEGABYTES, LISTS_AT_ONCE, MAILS_AT_ONCE)
