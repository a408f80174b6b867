"""General options, and what else there is. Where the package keeps its options is not documented, so a person looks (2.8)."""

from collections.abc import Iterator
from typing import Final

from fairlead.features.moving_in.rules import words
from fairlead.features.moving_in.rules.words import PREFIX, Item, Kind, Old, Verdict, text

OPTIONS: Final = (
    ("Import frequency", "the schedule of the page Sync settings"),
    ("Trigger journeys when adding subscribers", "outward.trigger_journeys"),
    ("Account trigger", "outward.account_trigger"),
    ("Disable triggers, individual and bulk", "outward.single_changes and outward.bulk_changes"),
    ("Unsubscribe when Email Opt Out is ticked", "opt_status.opt_out_from_salesforce"),
    ("Tick Email Opt Out when unsubscribed in all lists", "opt_status.opt_out_from_campaign_monitor"),
    ("Block adding people whose Email Opt Out is ticked", "opt_status.block_adding_opted_out"),
    ("Set to Deleted when the contact or lead is deleted", "departures.on_delete"),
    ("Delete on empty email", "departures.on_empty"),
    ("Suppression list sync", "suppression.sync"),
    ("Tracking history: days to keep", "tracking_history.days_to_keep"),
    ("Tracking types", "tracking_history.types"),
    ("Create Salesforce campaigns", "salesforce_campaigns.auto_create"),
    ("Update the linked Salesforce campaign", "salesforce_campaigns.update_statistics"),
    ("Campaign filter: start date and tags", "salesforce_campaigns.start_date and salesforce_campaigns.tags"),
    ("Campaign member status refresh", "salesforce_campaigns.status_refresh"),
    ("Map statuses", "salesforce_campaigns.status_map"),
    ("SMS: country of national numbers", "sms.country"),
)
"""Options of the older package, and where Fairlead has the same."""

_COUNTED: Final = (
    (
        words.MEMBER,
        "Subscriber list members",
        "Fairlead reads members from Campaign Monitor and keeps records of its own.",
    ),
    (
        "Campaign_Activity__c",
        "Email tracking history",
        "Fairlead reads the events from Campaign Monitor anew, as far back as you choose. Export these if you need older ones.",
    ),
    ("Suppression__c", "Suppressions", "Fairlead reads the suppression list from Campaign Monitor."),
    ("Journey__c", "Journeys", "Fairlead reads journeys from Campaign Monitor."),
    ("Journey_Email__c", "Journey e-mails", "Fairlead reads journeys from Campaign Monitor."),
)
_QUEUE: Final = "Queue_Item__c"
_ELSEWHERE: Final = (
    (
        "flows",
        Verdict.DECIDE,
        "Flows, Apex and Process Builder",
        "What calls the older package's actions must call Fairlead's: publish the event CM_Request__e instead.",
    ),
    (
        "permissions",
        Verdict.DECIDE,
        "Permission sets",
        "Give your users Fairlead's permission sets on the page User security; those of the older package give nothing here.",
    ),
    (
        "layouts",
        Verdict.DECIDE,
        "Page layouts",
        "Add Fairlead's related lists, buttons and fields on the page Maintenance; take the older package's off by hand.",
    ),
    (
        "reports",
        Verdict.NOTHING,
        "Reports and dashboards",
        "Fairlead brings reports over its own objects; those over the older package's stay as they are.",
    ),
    (
        "logins",
        Verdict.NOTHING,
        "Campaign Monitor logins of users",
        "Fairlead has no tab that signs people in to Campaign Monitor, so the field on users is not needed.",
    ),
)


def options(old: Old) -> Iterator[Item]:
    """Every option that Fairlead has, too, for a person to look at and choose; then what is kept and not known."""
    for title, setting in OPTIONS:
        reason = f"It cannot be read for certain. See what is chosen there, and choose it here: {setting}."
        yield Item(f"option:{title.lower()}", Kind.OPTION, Verdict.DECIDE, title, reason)
    for row in old.of(words.SETTINGS):
        shown = sorted(name for name in row if name.endswith("__c") and text(row, name))
        if shown:
            reason = f"Filled fields that nothing is known of: {', '.join(shown)}. See whether you need what they say."
            yield Item("option:unknown", Kind.OPTION, Verdict.DECIDE, "Settings record", reason)
            return


def others(old: Old) -> Iterator[Item]:
    """What has no counterpart because Fairlead has it from elsewhere, and what a person must change."""
    for name, title, reason in _COUNTED:
        if old.counts.get(name):
            yield Item(f"other:{name}", Kind.OTHER, Verdict.NOTHING, f"{title}: {old.counts[name]:,}", reason)
    if old.counts.get(_QUEUE):
        reason = "E-mails that wait there: let the older package send them before you let Fairlead decide."
        yield Item(f"other:{_QUEUE}", Kind.OTHER, Verdict.DECIDE, f"Queue items: {old.counts[_QUEUE]:,}", reason)
    for key, verdict, title, reason in _ELSEWHERE:
        yield Item(f"other:{key}", Kind.OTHER, verdict, title, reason)
    for name in old.unreadable:
        reason = (
            f"The sync user may not read {PREFIX}{name}: give it the older package's permission set, then look again."
        )
        yield Item(f"unreadable:{name}", Kind.OTHER, Verdict.DECIDE, f"{PREFIX}{name}", reason)
    if old.unseen:
        reason = (
            f"The org does not show these fields, and what they would say is missing here: {', '.join(old.unseen)}."
        )
        yield Item("unseen", Kind.OTHER, Verdict.DECIDE, "Fields that are not there", reason)
