"""Answers that campaigns and e-mails of journeys share: pages of rows, and counters."""

from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

from fairlead_emulators.campaignmonitor.api import Answer, Call
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.paging import asked, envelope
from fairlead_emulators.campaignmonitor.tracking.kept import (
    BOUNCE,
    CLICK,
    OPEN,
    RECIPIENT,
    SPAM,
    UNSUBSCRIBE,
)
from fairlead_emulators.campaignmonitor.tracking.pages import Reports

REPORTS: Final = {
    "recipients": RECIPIENT,
    "opens": OPEN,
    "clicks": CLICK,
    "bounces": BOUNCE,
    "unsubscribes": UNSUBSCRIBE,
    "spam": SPAM,
}
NOT_SENT: Final = 0
"""The number of no mail: what was not sent has no rows."""


@fact("tracking-paging")
def campaign_page(call: Call, mail: int, kind: int, where: ZoneInfo) -> Answer:
    """A page of a campaign's rows. `mail`: the mail's n. Raises Refusal 5, 800–803."""
    if kind == RECIPIENT:
        ask, since = asked(call.query, ("email", "list"), "email"), None
    else:
        ask, since = asked(call.query, ("date", "email", "list"), "date"), call.since(where)
    results, count, total = call.service.own(Reports).page(mail, kind, ask, since, where, lists=True)
    return Answer(200, envelope(ask, results, count, total))


def journey_page(call: Call, mail: int, kind: int, where: ZoneInfo) -> Answer:
    """A page of the rows of a journey's e-mail. Raises Refusal 5, 800, 801, 803."""
    query = {name: value for name, value in call.query.items() if name != "orderfield"}
    ask, since = asked(query, ("date",), "date"), call.since(where)
    results, count, total = call.service.own(Reports).page(mail, kind, ask, since, where, lists=False)
    named = "SentDate" if kind == RECIPIENT else "Date"
    return Answer(200, envelope(replace(ask, order=named, direction=ask.direction.upper()), results, count, total))
