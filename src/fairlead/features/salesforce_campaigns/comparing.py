"""A campaign beside the average of its industry: what a page or a panel draws (F45)."""

from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fairlead.domain.failure import Failure
from fairlead.domain.rates import Rates
from fairlead.features.salesforce_campaigns import acts, benchmarks
from fairlead.features.salesforce_campaigns.settings import INDUSTRY
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.sync import sides

SCALE = 60.0
"""Percent at the right end of a bar, unless a rate is greater."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A pair of bars: percent of the campaign (None: nothing was delivered) and of the industry, and their widths (percent)."""

    title: str
    own: float | None
    average: float
    own_width: float
    average_width: float

    @property
    def words(self) -> str:
        """The comparison as a sentence, for who does not see the bars."""
        if self.own is None:
            return f"{self.title}: nothing was delivered; the average is {self.average:.1f} percent."
        return f"{self.title}: {self.own:.1f} percent; the average is {self.average:.1f} percent."


def bars(rates: Rates, industry: benchmarks.Industry) -> list[Bar]:
    """Opened and clicked, on one scale."""
    pairs = (("Opened", rates.open, industry.open), ("Clicked", rates.click, industry.click))
    scale = max(SCALE, *(own or 0.0 for _, own, _ in pairs))
    return [Bar(title, own, average, 100 * (own or 0) / scale, 100 * average / scale) for title, own, average in pairs]


def context(org: Org, campaign: str) -> dict[str, Any]:
    """What the template draws of a sent campaign. A failure of the org is shown, not raised."""
    industry = benchmarks.of(setting_rows.value(org, INDUSTRY))
    told: dict[str, Any] = {"industry": industry, "source": benchmarks.source(), "caution": benchmarks.CAUTION}
    if industry is None:
        return told
    try:
        sent, rates = async_to_sync(_read)(org.pk, campaign)
    except Failure as failure:
        return {**told, "problem": str(failure)}
    return {**told, "sent": sent, "bars": bars(rates, industry)}


async def _read(org_id: int, campaign: str) -> tuple[Any, Rates]:
    async with sides.salesforce(org_id) as crm:
        return await acts.campaign_rates(crm, campaign)


def panel(request: HttpRequest) -> SafeString:
    """The panel for a campaign's page, whose address holds the campaign's id as `campaign_id`."""
    match = request.resolver_match
    campaign = str(match.kwargs.get("campaign_id", "")) if match else ""
    if not campaign:
        return SafeString("")
    return SafeString(
        render_to_string("salesforce_campaigns/_benchmark.html", context(default_org(), campaign), request)
    )
