"""What the opt status room declares."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from fairlead.features.opt_status import records
from fairlead.features.opt_status.rules import SETTINGS
from fairlead.store.orgs import default_org
from fairlead.ui.rooms import Room, Verb


def problems(request: HttpRequest) -> SafeString:
    """A line for each client whose last run was refused, and one where somebody waits for a person."""
    org = default_org()
    refused = format_html_join(
        "",
        '<li>Opt status of {}: {} <a href="{}">Show</a></li>',
        ((one.name, one.problem, reverse("opt_status")) for one in records.readings(org.pk) if one.problem),
    )
    waiting = records.open_reviews(org.pk)
    if not waiting:
        return refused
    who = "One address waits" if waiting == 1 else f"{waiting:,} addresses wait"
    line = '<li>{} for a person to look at the opt status. <a href="{}">Review</a></li>'
    return refused + format_html(line, who, reverse("opt_status_reviews"))


ROOM = Room(
    name="opt_status",
    title="Opt status",
    icon="email",
    entry="opt_status",
    place=43,
    urls="fairlead.features.opt_status.urls",
    verbs=(Verb("look"), Verb("run"), Verb("review"), Verb("record consent")),
    settings=SETTINGS,
    panels={"problems": problems},
)
