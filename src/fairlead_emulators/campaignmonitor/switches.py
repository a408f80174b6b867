"""Settings of what nobody has verified: the emulated account can behave either way, so that clients handle both."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.campaignmonitor.store import Store

Value = bool | float | str


@dataclass(frozen=True)
class Switch:
    """One setting. Without `choices`: yes or no, or a number from 0, as the default is. `fact`: its entry."""

    default: Value
    text: str
    fact: str
    choices: tuple[Value, ...] = ()

    def problem(self, value: object) -> str | None:
        """What is wrong with a value, as the end of a sentence; None when nothing is."""
        if self.choices:
            known = any(value == each and type(value) is type(each) for each in self.choices)
            return None if known else f"use one of {list(self.choices)}"
        if isinstance(self.default, bool):
            return None if isinstance(value, bool) else "use true or false"
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            return "use a number from 0 on"
        return None


SWITCHES: Final[Mapping[str, Switch]] = {
    "add_delay_seconds": Switch(
        0, "Emulated seconds until a single add becomes visible; an import is visible at once.", "add-queued"
    ),
    "add_limit": Switch(
        20, "How often one address may be added to a list within `add_limit_seconds`; 0: any number.", "add-throttled"
    ),
    "add_limit_seconds": Switch(60, "Emulated seconds over which adds of one address are counted.", "add-throttled"),
    "billing_without_people": Switch(
        "allowed",
        "Letting a client pay that has no people: allowed, or refused with 173.",
        "billing-without-people",
        ("allowed", "refused"),
    ),
    "campaign_sending": Switch(
        "allowed",
        "Whether campaigns are sent, or what is missing.",
        "campaign-plan",
        ("allowed", "tests_used_up", "not_approved", "no_payment_details", "payment_failed", "plan_failed"),
    ),
    "complaint_state": Switch(
        "Unsubscribed", "What a spam complaint makes of a subscriber.", "complaint", ("Unsubscribed", "Deleted")
    ),
    "consent_unknown": Switch(
        "unreadable",
        "Answer to a consent value that is not known: an unreadable body, or the codes 215 and 222.",
        "consent-values",
        ("unreadable", "code"),
    ),
    "consent_missing_code": Switch(214, "Code for a consent that is missing.", "consent-required", (214, 213)),
    "date_boundary": Switch(
        "on_or_after", "What `date` lets through, at minute precision.", "date-filter", ("on_or_after", "after")
    ),
    "engagement_rules": Switch(
        "allowed",
        "Whether segments may have engagement rules, or the plan lacks them (286).",
        "segment-engagement-plan",
        ("allowed", "not_in_plan"),
    ),
    "lists_for_unknown_email": Switch(
        "empty",
        "listsforemail for an address on no list: empty, or refused with 203.",
        "lists-for-email",
        ("empty", "refused"),
    ),
    "long_values": Switch(
        "refused", "Custom values over 250 characters: refused with 810, or cut.", "long-values", ("refused", "cut")
    ),
    "most_custom_fields": Switch(0, "Custom fields that a list may have (260); 0: any number.", "most-custom-fields"),
    "most_segments": Switch(0, "Segments that the account may have (283); 0: any number.", "most-segments"),
    "never_listed_suppressed": Switch(
        "added",
        "Adding a suppressed address that never was on the list: added, or refused with 204.",
        "add-suppressed",
        ("added", "refused"),
    ),
    "oauth_code_seconds": Switch(600, "Emulated seconds for which a code may be exchanged.", "oauth-code"),
    "oauth_error_status": Switch(400, "HTTP status of the token endpoint's errors.", "token-error-status", (400, 200)),
    "refused_add_updates": Switch(False, "Whether an add refused with 204 to 208 changes the fields.", "add-refused"),
    "segment_busy_code": Switch(
        278, "Code while the members of a segment cannot be read.", "segment-being-calculated", (278, 287)
    ),
    "segment_seconds": Switch(
        0,
        "Emulated seconds after a change of a segment or its list before members can be read.",
        "segment-being-calculated",
    ),
    "soft_bounce_limit": Switch(3, "Soft bounces without activity in between that make Bounced.", "soft-bounces"),
    "soft_bounces_suppress": Switch(False, "Whether soft bounces lead to the suppression list.", "soft-bounces-list"),
    "summary_clicks": Switch(
        "events", "What Clicks in a campaign's summary counts.", "tracking-summary", ("events", "people")
    ),
    "tag_counts": Switch(
        "number", "Whether NumberOfCampaigns of tags is a number or text.", "campaign-tag-counts", ("number", "text")
    ),
    "transactional_kept_days": Switch(30, "Days for which a message can be sent again.", "tx-resend"),
    "transactional_limit": Switch(600, "Transactional calls of one key within the span; 0: any.", "tx-rate-limit"),
    "transactional_limit_seconds": Switch(60, "Emulated seconds of that span.", "tx-rate-limit"),
    "transactional_sending": Switch(
        "allowed",
        "Whether transactional e-mails are sent, or what is missing.",
        "tx-plan",
        ("allowed", "not_in_plan", "stopped", "domain_not_set_up", "domain_not_authenticated"),
    ),
    "transactional_sent_status": Switch(
        "Accepted", "Status of a message that was just sent.", "tx-send-status", ("Accepted", "Received")
    ),
    "unknown_list_status": Switch(401, "HTTP status of code 101.", "unknown-list-status", (401, 400)),
    "unknown_places": Switch(
        "zero", "Degrees of places that are not known: 0, or an empty text.", "tracking-places", ("zero", "blank")
    ),
    "unsubscribe_again": Switch(
        "refused",
        "Unsubscribing an address that is Unsubscribed: refused with 203, or accepted.",
        "unsubscribe-again",
        ("refused", "accepted"),
    ),
    "webhook_failing_days": Switch(7, "Days of errors after which a webhook is deactivated.", "webhook-deactivation"),
    "webhook_hosts": Switch("local", "Whereto webhooks are posted.", "webhook-local", ("local", "any")),
    "webhook_retry_seconds": Switch(60, "Emulated seconds before the first retry; doubled each time.", "webhook-retry"),
    "webhook_retry_longest_seconds": Switch(21_600, "The longest wait between two tries.", "webhook-retry"),
    "webhook_timeout_seconds": Switch(5, "Real seconds that an endpoint has for its answer.", "webhook-retry"),
    "webhook_unknown_code": Switch(604, "Code for a webhook id that is not known.", "webhook-ids", (604, 699)),
}


class Switches:
    """The settings of one account; kept with its data."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # Asked for in every write: kept in memory beside the store.
        self._values: dict[str, Value] = {
            name: json.loads(value) for name, value in store.db.execute("SELECT name, value FROM settings")
        }

    def _get(self, name: str) -> Value:
        return self._values.get(name, SWITCHES[name].default)

    def on(self, name: str) -> bool:
        """A yes-or-no setting."""
        return bool(self._get(name))

    def number(self, name: str) -> float:
        """A number."""
        return float(self._get(name))

    def word(self, name: str) -> str:
        """A choice."""
        return str(self._get(name))

    def set(self, posted: Mapping[str, Any]) -> None:
        """Changes settings, all or none. Raises ValueError naming the setting that is wrong."""
        _check(posted)
        self._values |= posted
        self.keep()

    def lay(self, posted: Mapping[str, Any]) -> None:
        """Back to the defaults, but for these. Raises ValueError as `set`, before anything is changed."""
        _check(posted)
        self._values = dict(posted)

    def keep(self) -> None:
        """Writes the settings to the store."""
        with self._store.transaction():
            self._store.db.execute("DELETE FROM settings")
            self._store.db.executemany(
                "INSERT INTO settings VALUES (?, ?)", [(name, json.dumps(each)) for name, each in self._values.items()]
            )

    def as_json(self) -> dict[str, Any]:
        """`{name: {value, default, choices, text}}`."""
        return {
            name: {"value": self._get(name), "default": each.default, "choices": list(each.choices), "text": each.text}
            for name, each in SWITCHES.items()
        }


def _check(posted: Mapping[str, Any]) -> None:
    unknown = sorted(set(posted) - set(SWITCHES))
    if unknown:
        raise ValueError(f"settings {unknown} are not known: use {sorted(SWITCHES)}")
    for name, value in posted.items():
        problem = SWITCHES[name].problem(value)
        if problem:
            raise ValueError(f"setting {name} is {value!r}: {problem}")
