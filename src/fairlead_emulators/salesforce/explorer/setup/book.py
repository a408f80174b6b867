"""The settings of the org that the Settings page explains."""

from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.salesforce.events.allocations import DELIVERIES
from fairlead_emulators.salesforce.events.log import SELECTED
from fairlead_emulators.salesforce.records.conversion import CONVERTED_STATUSES
from fairlead_emulators.salesforce.state.limits import DAILY_API_REQUESTS, DATA_STORAGE_MB


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `kind`: whole (a number), switch (yes or no), refuse (on is "refuse"), names (a line each),
    text (several lines), lists (JSON: names to lists of names), texts (JSON: names to texts), json (any).
    """

    name: str
    label: str
    kind: str
    default: Any
    help: str


BOOK: Final = (
    Setting(
        "daily_api_requests",
        "API calls a day",
        "whole",
        DAILY_API_REQUESTS,
        "API calls allowed in 24 hours. Past it every call is refused with REQUEST_LIMIT_EXCEEDED.",
    ),
    Setting(
        "data_storage_mb",
        "Data storage, MB",
        "whole",
        DATA_STORAGE_MB,
        "Data storage in MB. Most records take 2 KB. Past it new records are refused with STORAGE_LIMIT_EXCEEDED.",
    ),
    Setting(
        "change_events",
        "Change events of",
        "names",
        list(SELECTED),
        "API names of the objects whose changes are told as change events, one a line.",
    ),
    Setting(
        "events_need_rights",
        "Events need rights",
        "switch",
        True,
        "Who subscribes to events has to be able to read the object, and gets the fields that it may read.",
    ),
    Setting(
        "rotate_refresh_tokens",
        "Rotate refresh tokens",
        "switch",
        False,
        "Each refresh gives a new refresh token, and the old one is void.",
    ),
    Setting(
        "jwt_certificate",
        "Certificate of the connected app",
        "text",
        "",
        "PEM certificate of the connected app. With it an app signs in by a signed statement (JWT bearer).",
    ),
    Setting(
        "jwt_seconds",
        "Lifetime of a signed statement, seconds",
        "whole",
        None,
        "How far ahead, in seconds, the expiry of a signed statement may lie. Empty: any.",
    ),
    Setting(
        "jwt_users",
        "Users let in by a signed statement",
        "names",
        [],
        "User names that the admin lets in beforehand, one a line. Empty: every active user.",
    ),
    Setting(
        "converted_lead_statuses",
        "Statuses of converted leads",
        "names",
        list(CONVERTED_STATUSES),
        "What a lead's status may become when it is converted, one a line; the first is taken where none is chosen.",
    ),
    Setting(
        "lead_field_mapping",
        "Lead fields kept on conversion",
        "texts",
        {},
        'Which further lead field fills which contact field, as JSON: {"Region__c": "Region__c"}.',
    ),
    Setting(
        "merge_tells_children",
        "Merges tell of moved records",
        "switch",
        False,
        "Records that move to the winner of a merge are told as change events, too.",
    ),
    Setting(
        "unknown_member_status",
        "Refuse unknown member statuses",
        "refuse",
        "",
        "A campaign member's status that its campaign does not have is refused, instead of replaced by the default.",
    ),
    Setting(
        "tracked_fields",
        "Tracked fields",
        "lists",
        {},
        'Fields whose changes are kept as history, beside those deployed so: {"Contact": ["Email", "HasOptedOutOfEmail"]}.',
    ),
    Setting(
        "duplicate_rules",
        "Duplicate rules",
        "lists",
        {},
        'Fields that must not all be as in another record, else DUPLICATES_DETECTED: {"Contact": ["Email"]}.',
    ),
    Setting(
        "sharing",
        "Sharing models",
        "texts",
        {},
        'Who sees whose records, by object: {"Contact": "Private"}. Also Read and ReadWrite.',
    ),
    Setting(
        "api_enabled",
        "API enabled",
        "switch",
        True,
        "Off: the org has no API, and every call is refused with API_DISABLED_FOR_ORG.",
    ),
    Setting(
        "person_accounts",
        "Person accounts",
        "switch",
        False,
        "Accounts may be people. As in Salesforce, this cannot be turned off again; a reset does.",
    ),
    Setting(
        "campaign_member_accounts",
        "Accounts as campaign members",
        "switch",
        False,
        "An account may be a member of a campaign, by AccountId.",
    ),
    Setting(
        "campaign_member_statuses_createable",
        "Member statuses through the API",
        "switch",
        True,
        "Statuses of campaign members can be created, changed and deleted by programs.",
    ),
    Setting(
        "redirect_uris",
        "Callback addresses of the app",
        "names",
        [],
        "Where the app may return to after a sign-in in the browser, one a line. Empty: anywhere.",
    ),
    Setting(
        "username_password_flow",
        "Username-password flow",
        "switch",
        False,
        "Apps may sign in by username and password. Off in new orgs.",
    ),
    Setting(
        "soap_login_password",
        "Password for login()",
        "text",
        "",
        "Turns SOAP login() on below version 65 for the admin with this password. Empty: off, as in new orgs.",
    ),
    Setting(
        "soql_everything",
        "All of SOQL",
        "switch",
        True,
        "Off: TYPEOF, WITH DATA CATEGORY and DISTANCE() are refused with MALFORMED_QUERY.",
    ),
    Setting(
        "event_deliveries",
        "Event deliveries a day",
        "whole",
        DELIVERIES,
        "Events handed out in 24 hours. Past it subscriptions end with RESOURCE_EXHAUSTED.",
    ),
    Setting(
        "event_channels",
        "Event channels",
        "lists",
        {},
        'Custom channels and the objects whose changes they carry: {"People__chn": ["Contact", "Lead"]}.',
    ),
    Setting(
        "send_custom_notifications",
        "Custom notifications",
        "switch",
        True,
        "Off: the user may not send custom notifications.",
    ),
)
