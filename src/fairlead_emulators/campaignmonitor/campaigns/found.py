"""The campaign that a call is about."""

from fairlead_emulators.campaignmonitor.api import Call
from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.campaigns.kept import Campaign, campaign
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact

fact("campaign-web-versions")


@fact("campaign-unknown")
@fact("campaign-hidden")
def found(call: Call, identity: str) -> Campaign:
    """A campaign that the caller may see. Raises Refusal 301."""
    of = campaign(call.service.store, identity)
    if of is None or of.hidden or call.caller.client not in (None, of.client):
        raise Refusal(301)
    return of


def web_version(of: Campaign) -> str:
    """Where it can be read in a browser; the text version is below it."""
    return f"https://preview.example.com/t/r-{derived('web version', of.id, length=16).upper()}"
