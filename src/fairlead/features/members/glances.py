"""What the room lends to the first page: members by state, and lists that are gone."""

from typing import Any, Final

from django.db.models import Count, IntegerField, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from fairlead.features.members.models import ListReading
from fairlead.store.orgs import default_org

STATES: Final = ("active", "unsubscribed", "bounced", "deleted")


def members(request: HttpRequest) -> SafeString:
    """Subscribers of all lists by state, as Campaign Monitor last told them: one query."""
    told: dict[str, Any] = {state: Sum(Cast(KeyTextTransform(state, "figures"), IntegerField())) for state in STATES}
    sums = ListReading.objects.filter(org=default_org(), gone_at__isnull=True).aggregate(
        lists=Count("pk"), unconfirmed=Sum("unconfirmed"), **told
    )
    if not sums["lists"]:
        return SafeString("")
    states = [(state.title(), sums[state] or 0) for state in (STATES[0], "unconfirmed", *STATES[1:])]
    context = {"lists": sums["lists"], "states": states}
    return SafeString(render_to_string("members/home.html", context, request))


def problems(request: HttpRequest) -> SafeString:
    """A line where lists are gone in Campaign Monitor and still in Salesforce."""
    gone = ListReading.objects.filter(org=default_org(), gone_at__isnull=False).count()
    if not gone:
        return SafeString("")
    lists = "One list is" if gone == 1 else f"{gone:,} lists are"
    return format_html(
        '<li>{} gone in Campaign Monitor; a full sync removes what Salesforce holds of it. <a href="{}">Show</a></li>',
        lists,
        f"{reverse('lists')}?members=gone",
    )
