"""What the official client's samples hold is read by our client, value by value; what is left out is named here.

The samples are not part of this project: `FAIRLEAD_TEST_SAMPLES` names their folder, and without it the checks
are skipped.
"""

import json
from inspect import isasyncgen

import msgspec
import pytest

from fairlead.campaignmonitor import CampaignMonitor
from tests.conformance.test_campaign_monitor_samples import SAMPLES
from tests.unit.campaignmonitor.server import CLIENT, raw, serve

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="FAIRLEAD_TEST_SAMPLES names no folder")

ID = "a58ee1d3039b8bec838e6d1482a8a965"
PAGED = {"$.ResultsOrderedBy", "$.OrderDirection", "$.PageSize", "$.RecordsOnThisPage"}
PLACE = {"$.Opens[].Geolocation.Latitude", "$.Opens[].Geolocation.Longitude", "$.Opens[].MailClient"}
PLACE |= {"$.Clicks[].Geolocation.Latitude", "$.Clicks[].Geolocation.Longitude"}
EMAIL = "ada@example.com"


def of(group, method, *arguments):
    def call(account: CampaignMonitor):
        return getattr(getattr(account, group), method)(*arguments)

    return call


READ = {
    "campaigns": of("campaigns", "sent", CLIENT),
    "scheduled_campaigns": of("campaigns", "scheduled", CLIENT),
    "drafts": of("campaigns", "drafts", CLIENT),
    "tags": of("campaigns", "tags", CLIENT),
    "campaign_summary": of("campaigns", "summary", ID),
    "email_client_usage": of("campaigns", "email_client_usage", ID),
    "campaign_listsandsegments": of("campaigns", "lists_and_segments", ID),
    **{
        f"campaign_{kind}": of("tracking", kind, ID)
        for kind in ("recipients", "opens", "clicks", "bounces", "unsubscribes", "spam")
    },
    **{
        f"journey_email_{kind}_{how}_params": of("journey_tracking", kind, ID)
        for kind in ("recipients", "opens", "clicks", "bounces", "unsubscribes")
        for how in ("no", "with")
    },
    "client_journeys": of("journeys", "of_client", CLIENT),
    "journey_summary": of("journeys", "details", ID),
    "segments": of("segments", "of_client", CLIENT),
    "segment_details": of("segments", "details", ID),
    "segment_subscribers": of("segments", "active", ID),
    "segment_subscribers_with_tracking_preference": of("segments", "active", ID),
    "suppressionlist": of("suppression", "suppressed", CLIENT),
    "listsforemail": of("suppression", "lists_for_email", CLIENT, EMAIL),
    "people": of("people", "of_client", CLIENT),
    "person_details": of("people", "person", CLIENT, EMAIL),
    "administrators": of("people", "administrators"),
    "admin_details": of("people", "administrator", EMAIL),
    "tx_smartemails": of("transactional", "smart_emails"),
    "tx_smartemail_details": of("transactional", "smart_email", ID),
    "tx_classicemail_groups": of("transactional", "classic_groups"),
    "tx_statistics_classic": of("transactional", "statistics"),
    "tx_statistics_smart": of("transactional", "statistics"),
    "tx_messages": of("messages", "listed"),
    "tx_messages_classic": of("messages", "listed"),
    "tx_messages_smart": of("messages", "listed"),
    "tx_message_details": of("messages", "details", ID),
    "tx_message_details_with_statistics": of("messages", "details", ID),
    "tx_send_single": lambda account: account.transactional.send_smart(ID, [EMAIL], consent_to_track="Yes"),
    "tx_send_multiple": of("messages", "resend", ID),
    "list_stats": lambda account: account.list_stats(ID),
}
LEFT_OUT = {
    "tx_statistics_classic": {"$.Query"},
    "tx_statistics_smart": {"$.Query"},
    "tx_message_details_with_statistics": PLACE,
}


def differences(sample, got, where="$"):
    """Where the sample has something that was not read, or was read as something else."""
    if isinstance(sample, dict):
        missing = {f"{where}.{key}" for key in sample if key not in got}
        return missing.union(*(differences(sample[key], got[key], f"{where}.{key}") for key in sample if key in got))
    if isinstance(sample, list):
        same = len(sample) == len(got)
        return (
            set().union(*(differences(*pair, f"{where}[]") for pair in zip(sample, got, strict=True)))
            if same
            else {where}
        )
    return set() if sample == got else {where}


async def first(found):
    if not isasyncgen(found):
        return await found
    page = await anext(found)
    await found.aclose()
    return page


@pytest.mark.parametrize("name", READ)
async def test_everything_in_a_sample_is_read_but_what_is_named_here(name):
    """A field under a wrong name would be blank for ever, and no error would tell."""
    body = (SAMPLES / f"{name}.json").read_bytes()
    # One page of what is said to be more: the others would be the same again.
    sample = json.loads(body)
    paged = isinstance(sample, dict) and "Results" in sample
    if paged:
        body = json.dumps(sample := sample | {"NumberOfPages": 1}).encode()
    async with serve(raw(body)) as fake, fake.connect() as account:
        got = msgspec.to_builtins(await first(READ[name](account)))
    assert differences(sample, got) == (PAGED if paged else LEFT_OUT.get(name, set()))
