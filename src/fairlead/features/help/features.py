"""Which page of the documentation is about which room, so that every feature has one; and where a page of help leads back."""

from typing import Final

PAGES: Final[dict[str, tuple[str, str]]] = {
    "moving_in": ("howto", "move-in"),
    "account": ("howto", "your-account"),
    "home": ("howto", "see-how-things-stand"),
    "setup": ("tutorials", "first-real-sync"),
    "connections": ("howto", "look-after-connections"),
    "primary_sync": ("howto", "run-the-sync"),
    "members": ("howto", "lists-and-members"),
    "campaigns": ("howto", "campaigns-and-tracking"),
    "tracking_history": ("howto", "campaigns-and-tracking"),
    "storage": ("howto", "keep-storage-small"),
    "salesforce_campaigns": ("howto", "salesforce-campaigns"),
    "record_creation": ("howto", "new-contacts-and-leads"),
    "suppression": ("howto", "suppression-lists"),
    "field_mappings": ("howto", "map-fields"),
    "sms": ("howto", "text-messages"),
    "subscriber_rules": ("howto", "subscriber-rules"),
    "import_wizard": ("howto", "import-people"),
    "opt_status": ("howto", "opt-status"),
    "transactional_email": ("howto", "transactional-email"),
    "job_list": ("howto", "jobs"),
    "people": ("howto", "find-a-person"),
    "webhooks": ("howto", "webhooks"),
    "org_changes": ("howto", "changes-in-salesforce"),
    "departures": ("explanation", "deletes-merges-conversions"),
    "flow_requests": ("howto", "ask-from-flows"),
    "general_options": ("howto", "change-options"),
    "billing": ("howto", "billing"),
    "help": ("howto", "use-the-help"),
    "permissions": ("howto", "give-access"),
    "maintenance": ("howto", "when-something-goes-wrong"),
}
"""Room → folder and name of its page."""
