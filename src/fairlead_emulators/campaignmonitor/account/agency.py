"""Calls that only agencies may make."""

from fairlead_emulators.campaignmonitor.api import Call
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact


@fact("agency-only")
def need_agency(call: Call) -> None:
    """Raises Refusal 60 with a client's key, 403 when the account is no agency."""
    call.need_account()
    if call.service.store.meta("agency") == "no":
        raise Refusal(403)
