"""Two admins on the same page: the second is told what the first has changed, and nothing is overwritten silently."""

from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import get_resolver

from fairlead.domain import tracking_settings
from fairlead.features.connections import acts, rules
from fairlead.features.connections.models import CampaignMonitorAccount
from fairlead.features.connections.models import Client as Synced
from fairlead.features.primary_sync.rules import KIND
from fairlead.jobs import schedules
from fairlead.jobs.models import Schedule
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.store.setting_rows import ChangedMeanwhile
from fairlead.ui import stale
from tests.unit.web.test_addresses import _patterns

OWNER, OTHER = "005000000000001AAA", "005000000000002AAA"


class Form(HTMLParser):
    """What a browser would send of the form that goes to `action`, untouched; blank: the form without an action."""

    def __init__(self, page: str, action: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self._action, self._inside, self._select = action, False, ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = given.get("method") == "post" and (given.get("action") or "") == self._action
        elif not self._inside:
            return
        elif tag == "select":
            self._select = given.get("name") or ""
        elif tag == "option" and "selected" in given and given.get("value") is not None:
            self.fields.append((self._select, given["value"] or ""))
        elif tag == "input" and given.get("name"):
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.fields.append((str(given["name"]), given.get("value") or "on"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    def sent(self, **changes: Any) -> str:
        """With these fields as somebody has changed them."""
        query = QueryDict(mutable=True)
        for name, value in self.fields:
            if name != "csrfmiddlewaretoken":
                query.appendlist(name, value)
        for name, value in changes.items():
            query.setlist(name, value if isinstance(value, list) else [value])
        return query.urlencode()


@dataclass(frozen=True)
class Case:
    """`page` has the form that goes to `action`; `first` is what the first admin does; `second` what the second wants."""

    page: str
    action: str
    first: Callable[[Org], Any]
    second: dict[str, Any]
    now: Callable[[Org], Any]


def selected(org: Org) -> list[str]:
    return sorted(Synced.objects.filter(org=org, selected=True).values_list("client_id", flat=True))


def frequency(org: Org) -> str:
    return str(Schedule.objects.get(org=org, kind=KIND).frequency)


CASES = {
    "connections_select": Case(
        "/connections/clients/", "", lambda org: acts.select(org, ["c2"], "first"), {"client": ["c1", "c2"]}, selected
    ),
    "connections_owner": Case(
        "/connections/clients/c1/owner/",
        "",
        lambda org: setting_rows.put(org, rules.OWNER, OWNER, "first", subject="c1"),
        {"user": OTHER},
        lambda org: setting_rows.value(org, rules.OWNER, "c1"),
    ),
    "sync_frequency": Case(
        "/sync/",
        "/sync/frequency/",
        lambda org: schedules.set_frequency(org, KIND, "daily", "first"),
        {"frequency": "weekly", "timezone": "UTC"},
        frequency,
    ),
    "storage": Case(
        "/storage/",
        "/storage/",
        lambda org: setting_rows.put(org, tracking_settings.DAYS_TO_KEEP, 30, "first"),
        {"days": "60"},
        lambda org: setting_rows.value(org, tracking_settings.DAYS_TO_KEEP),
    ),
}
SETTINGS = (
    "room_settings",
    "subject_settings",
    "list_options",
    "limits",
    "notifications",
    "set_up_what",
    "set_up_clients",
    "help_model",
)
"""Forms made of settings, as in tests/unit/web/test_settings_pages.py, and the clients lent to set-up: what holds for one holds for all."""
VERSIONED = ("mapping", "rule", "import_source", "import_columns", "import_refresh", "transactional_mapping", "org")
"""Forms that bear the version they were drawn from; tested with their rooms."""
ACTS = frozenset(
    # each does one thing that its words say, whatever was there before: there is nothing to overwrite
    "sync_now sync_off sync_full sync_cancel job_cancel job_retry records_retry webhooks_repair prevent_member_sync "
    "salesforce_campaigns_link salesforce_campaigns_unlink salesforce_campaigns_refresh connections_campaign_monitor "
    "connections_salesforce connections_disconnect connections_remove connections_resume connections_pause "
    "layouts_change message_retry message_resolve notifications_test connections_hand-over connections_disconnect_client list_new user_security_preview user_security_save "
    "set_up_install_start set_up_sync_start set_up_cancel set_up_campaign_monitor set_up_salesforce "
    "opt_status_run opt_status_consent opt_status_review mappings_in_step mapping_undo mapping_address mapping_copy rule_new rule_run "
    "rule_switch rule_delete import_new import_start import_cancel import_delete org_changes_run org_changes_cancel "
    "org_changes_confirm_sandbox orgs moving_in_apply moving_in_decide "
    "person_lists billing_count billing_portal billing_send billing_subscribe "
    "transactional_again transactional_clone transactional_delete transactional_new transactional_refresh "
    "transactional_send transactional_test "
    # one's own
    "sign_in sign_in_link sign_out account account_zone session_end access_again org_switch "
    # the name is typed, and must be the one that it has
    "org_remove "
    # questions
    "help_ask people person_activity campaign_recipients list_members list_segment opt_status_history".split()
)


@pytest.fixture
def clients(org: Org) -> Org:
    account = CampaignMonitorAccount.objects.create(org=org, base_url="https://api.example.com")
    for number in (1, 2):
        Synced.objects.create(
            org=org, account=account, client_id=f"c{number}", name=f"Client {number}", selected=number == 1
        )
    return org


@pytest.mark.parametrize("name", CASES)
def test_a_stale_form_is_told(name: str, admin: Client, clients: Org) -> None:
    """What the first has done stands; the second reads that it was changed meanwhile, and may then do it again."""
    case = CASES[name]
    form = Form(admin.get(case.page).text, case.action)
    assert form.fields, "the form is not on the page"
    case.first(clients)
    kept = case.now(clients)
    kind = "application/x-www-form-urlencoded"
    answer = admin.post(case.action or case.page, form.sent(**case.second), content_type=kind, follow=True)
    assert "meanwhile" in answer.text
    assert case.now(clients) == kept


@pytest.mark.parametrize("name", [name for name in CASES if name != "connections_owner"])
def test_a_form_that_is_not_stale_is_saved(name: str, admin: Client, clients: Org) -> None:
    """The same form, when nobody was quicker."""
    case = CASES[name]
    if name == "sync_frequency":
        case.first(clients)
    form = Form(admin.get(case.page).text, case.action)
    before = None if name == "sync_frequency" else case.now(clients)
    kind = "application/x-www-form-urlencoded"
    answer = admin.post(case.action or case.page, form.sent(**case.second), content_type=kind, follow=True)
    assert "meanwhile" not in answer.text
    assert case.now(clients) != before


def test_a_program_that_saw_nothing_is_not_held_back() -> None:
    """Without a mark there is nothing to compare; with an old one somebody is told."""
    stale.check(QueryDict(""), stale.mark("now"), "Owner")
    stale.check(QueryDict(f"seen={stale.mark('now')}"), stale.mark("now"), "Owner")
    with pytest.raises(ChangedMeanwhile, match="“Owner” was changed by ann meanwhile"):
        stale.check(QueryDict(f"seen={stale.mark('then')}"), stale.mark("now"), "Owner", "ann")


def test_every_form_is_a_case_or_overwrites_nothing() -> None:
    """A new address that takes forms is put into the table above, or among those that cannot overwrite."""
    from tests.unit.web.test_addresses import EVERYTHING

    takes = {name for name, (_, stranger, methods) in EVERYTHING.items() if "POST" in methods and stranger != 401}
    names = {pattern.name for pattern in _patterns(get_resolver().url_patterns)}
    assert takes <= names
    assert takes - {*CASES, *SETTINGS, *VERSIONED, *ACTS, "list_edit"} == set()
