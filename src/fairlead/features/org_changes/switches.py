"""The switches as banners: each says what does not happen while it is on, on every page."""

from collections.abc import Sequence
from typing import Any, Final

from fairlead.domain.outward_settings import (
    ACCOUNT_TRIGGER,
    BULK_CHANGES,
    PAUSED,
    SINGLE_CHANGES,
    TRIGGER_JOURNEYS,
)
from fairlead.domain.setting import Setting
from fairlead.features.org_changes import rules, sandbox
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.ui.banners import Banner

ENTRY: Final = "org_changes"
LINK: Final = "Open the switches"

SAYS: Final[tuple[tuple[Setting[Any], str], ...]] = (
    (PAUSED, "Everything to Campaign Monitor is paused. Opt-outs are written all the same."),
    (TRIGGER_JOURNEYS, "Adding subscribers does not start journeys that begin with joining a list."),
    (ACCOUNT_TRIGGER, "Changes of accounts are not followed."),
    (SINGLE_CHANGES, "Single changes in Salesforce wait: rules, mappings and Email Opt Out do not follow them."),
    (BULK_CHANGES, "Bulk changes in Salesforce are left out: rules, mappings and Email Opt Out do not follow them."),
)


def banners(org: Org) -> Sequence[Banner]:
    """One for each switch that is not as it is by default, and one while a sandbox is held."""
    used_by = sandbox.held(org)
    held = [Banner(str(rules.SandboxHeld(used_by)), ENTRY, "Look at it", "error")] if used_by else []
    values = setting_rows.kept(org, [setting for setting, _ in SAYS])
    return [
        *held,
        *(Banner(text, ENTRY, LINK) for setting, text in SAYS if values[setting.name].value != setting.default),
    ]
