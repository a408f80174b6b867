"""Open and click rates of a campaign, as averages by industry count them: of what was delivered, each person once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rates:
    """Percent of the delivered mails whose receivers opened, and clicked; None where nothing was delivered."""

    open: float | None
    click: float | None


def rates(recipients: float, bounced: float, unique_opens: float, clicks: float) -> Rates:
    """The rates of a campaign; more openings than deliveries, as late bounces make them, count as all."""
    delivered = recipients - bounced
    if delivered <= 0:
        return Rates(None, None)
    return Rates(min(100.0, 100 * unique_opens / delivered), min(100.0, 100 * clicks / delivered))
