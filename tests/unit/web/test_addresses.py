"""Laws of all addresses together: who may open them, by which method, and what every answer carries."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from fairlead.features.import_wizard.models import Import, ImportRun
from fairlead.features.maintenance import notes
from fairlead.features.maintenance.models import Message
from fairlead.features.maintenance.rules import Of, Seen
from fairlead.features.subscriber_rules.models import Rule
from fairlead.features.transactional_email import keeping
from fairlead.features.transactional_email.models import SmartEmail, SmartMapping
from fairlead.features.transactional_email.rules import compiling
from fairlead.features.transactional_email.rules.words import Draft, Recipient
from fairlead.jobs.models import Job
from fairlead.store import known
from fairlead.store.models import Org, Secret

# name → path, what a stranger gets, methods that are allowed
EVERYTHING: dict[str, tuple[str, int, str]] = {
    "home": ("/", 302, "GET"),
    "home_org": ("/glance/org/", 302, "GET"),
    "home_charts": ("/glance/charts/", 302, "GET"),
    "general_options": ("/general/", 302, "GET"),
    "mappings": ("/mappings/", 302, "GET"),
    "mappings_in_step": ("/mappings/in-step/", 302, "POST"),
    "mapping_changes": ("/mappings/changes/", 302, "GET"),
    "mapping_undo": ("/mappings/changes/1/undo/", 302, "GET POST"),
    "mapping_addresses": ("/mappings/addresses/", 302, "GET"),
    "mapping_address": ("/mappings/addresses/1/", 302, "POST"),
    "mapping": ("/mappings/abc/", 302, "GET POST"),
    "mapping_copy": ("/mappings/abc/copy/", 302, "GET POST"),
    "sms": ("/sms/", 302, "GET"),
    "billing": ("/billing/", 302, "GET"),
    "billing_bills": ("/billing/bills/", 302, "GET"),
    "billing_subscribe": ("/billing/subscribe/", 302, "POST"),
    "billing_portal": ("/billing/portal/", 302, "POST"),
    "billing_count": ("/billing/count/", 302, "POST"),
    "billing_send": ("/billing/invoices/in_1/send/", 302, "POST"),
    "billing_stripe": ("/billing/stripe/", 404, ""),
    "help": ("/help/", 302, "GET"),
    "help_page": ("/help/howto/webhooks/", 302, "GET"),
    "help_search": ("/help/search/", 302, "GET"),
    "help_ask": ("/help/ask/", 302, "GET POST"),
    "help_model": ("/help/model/", 302, "GET POST"),
    "help_options": ("/help/options/", 302, "GET"),
    "help_option": ("/help/options/webhooks.use/", 302, "GET"),
    "sign_in": ("/sign-in/", 200, "GET POST"),
    "sign_in_salesforce": ("/sign-in/salesforce/", 409, "GET"),  # no org is connected
    "sign_in_salesforce_callback": ("/sign-in/salesforce/callback/", 403, "GET"),  # nobody has begun
    "sign_in_link": ("/sign-in/MQ/wrong/", 410, "GET POST"),
    "sign_out": ("/sign-out/", 302, "POST"),
    "account": ("/account/", 302, "GET POST"),
    "account_zone": ("/account/zone/", 302, "POST"),
    "sessions": ("/account/sessions/", 302, "GET"),
    "session_end": ("/account/sessions/1/end/", 302, "POST"),
    "access_again": ("/account/role/", 302, "POST"),
    "user_security": ("/user-security/", 302, "GET"),
    "user_security_preview": ("/user-security/preview/", 302, "POST"),
    "user_security_save": ("/user-security/save/", 302, "POST"),
    "api_access": ("/api/v1/access", 401, "GET POST"),
    "orgs": ("/orgs/", 302, "GET POST"),
    "org": ("/orgs/1/", 302, "GET POST"),
    "org_remove": ("/orgs/1/remove/", 302, "POST"),
    "org_switch": ("/orgs/1/switch/", 302, "POST"),
    "healthz": ("/healthz", 200, "GET"),
    "readyz": ("/readyz", 200, "GET"),
    "metrics": ("/metrics", 200, "GET"),
    "sync_settings": ("/sync/", 302, "GET"),
    "sync_frequency": ("/sync/frequency/", 302, "POST"),
    "sync_now": ("/sync/now/", 302, "POST"),
    "sync_off": ("/sync/off/", 302, "POST"),
    "sync_full": ("/sync/full/", 302, "GET POST"),
    "sync_run": ("/sync/run/", 302, "GET"),
    "sync_existing": ("/sync/full/existing/", 302, "GET"),
    "settings": ("/settings/", 302, "GET"),
    "room_settings": ("/settings/primary_sync/", 302, "GET POST"),
    "subject_settings": ("/settings/primary_sync/abc/", 302, "GET POST"),
    "api_sync": ("/api/v1/sync", 401, "GET POST"),
    "api_settings": ("/api/v1/settings", 401, "GET"),
    "api_setting": ("/api/v1/settings/primary_sync.sweep_share", 401, "GET PUT DELETE"),
    "org_changes": ("/changes/", 302, "GET"),
    "org_changes_run": ("/changes/run/", 302, "POST"),
    "org_changes_last": ("/changes/last/", 302, "GET"),
    "org_changes_cancel": ("/changes/cancel/", 302, "POST"),
    "org_changes_confirm_sandbox": ("/changes/confirm-sandbox/", 302, "POST"),
    "api_changes": ("/api/v1/changes", 401, "GET POST"),
    "api_requests": ("/api/v1/requests", 401, "POST"),
    "api_requests_openapi": ("/api/v1/requests/openapi.json", 200, "GET"),
    "api_request": ("/api/v1/requests/r1", 401, "GET"),
    "sync_cancel": ("/sync/cancel/", 302, "POST"),
    "connections": ("/connections/", 302, "GET"),
    "connections_select": ("/connections/clients/", 302, "GET POST"),
    "connections_sync_user": ("/connections/sync-user/", 302, "GET"),
    "connections_sync_user_name": ("/connections/sync-user/name/", 302, "GET"),
    "connections_campaign_monitor": ("/connections/campaign-monitor/", 302, "GET POST"),
    "connections_salesforce": ("/connections/salesforce/", 302, "GET POST"),
    "connections_account_callback": ("/connections/campaign-monitor/callback/", 302, "GET"),
    "connections_client_counts": ("/connections/clients/x/counts/", 302, "GET"),
    "connections_callback": ("/connections/salesforce/callback/", 302, "GET"),
    "connections_disconnect": ("/connections/disconnect/salesforce/", 302, "GET POST"),
    "connections_owner": ("/connections/clients/x/owner/", 302, "GET POST"),
    "connections_remove": ("/connections/clients/x/remove/", 302, "GET POST"),
    "connections_resume": ("/connections/clients/x/resume/", 302, "POST"),
    "connections_pause": ("/connections/clients/x/pause/", 302, "POST"),
    "connections_hand-over": ("/connections/clients/x/hand-over/", 302, "POST"),
    "connections_disconnect_client": ("/connections/clients/x/disconnect/", 302, "POST"),
    "api_connections": ("/api/v1/connections", 401, "GET"),
    "api_campaign_monitor": ("/api/v1/connections/campaign-monitor", 401, "POST"),
    "api_salesforce": ("/api/v1/connections/salesforce", 401, "POST"),
    "api_disconnect": ("/api/v1/connections/disconnect", 401, "POST"),
    "api_reset": ("/api/v1/connections/reset", 401, "POST"),
    "api_sync_user": ("/api/v1/sync-user", 401, "GET"),
    "api_users": ("/api/v1/users", 401, "GET"),
    "api_clients": ("/api/v1/clients", 401, "GET"),
    "api_select": ("/api/v1/clients/select", 401, "POST"),
    "api_resume": ("/api/v1/clients/x/resume", 401, "POST"),
    "api_pause": ("/api/v1/clients/x/pause", 401, "POST"),
    "api_disconnect_client": ("/api/v1/clients/x/disconnect", 401, "POST"),
    "api_removal": ("/api/v1/clients/x/removal", 401, "GET POST"),
    "api_owner": ("/api/v1/clients/x/owner", 401, "POST"),
    "api_hand_over": ("/api/v1/clients/x/hand-over", 401, "POST"),
    "lists": ("/lists/", 302, "GET"),
    "lists_csv": ("/lists.csv", 302, "GET"),
    "list_new": ("/lists/new/", 302, "GET POST"),
    "list": ("/lists/unknown/", 302, "GET"),
    "list_edit": ("/lists/unknown/edit/", 302, "GET POST"),
    "list_statistics": ("/lists/unknown/statistics/", 302, "GET"),
    "list_members": ("/lists/unknown/people/", 302, "GET POST"),
    "list_members_csv": ("/lists/unknown/people.csv", 302, "GET"),
    "list_segments": ("/lists/unknown/segments/", 302, "GET"),
    "list_segment": ("/lists/unknown/segments/x/", 302, "GET"),
    "list_options": ("/lists/unknown/options/", 302, "GET POST"),
    "ambiguous_addresses": ("/lists/ambiguous/", 302, "GET"),
    "ambiguous_addresses_csv": ("/lists/ambiguous.csv", 302, "GET"),
    "prevent_member_sync": ("/lists/unknown/members/", 302, "GET POST"),
    "imports": ("/imports/", 302, "GET"),
    "import_new": ("/imports/new/", 302, "GET POST"),
    "import": ("/imports/1/", 302, "GET"),
    "import_source": ("/imports/1/source/", 302, "GET POST"),
    "import_columns": ("/imports/1/columns/", 302, "GET POST"),
    "import_refresh": ("/imports/1/refresh/", 302, "GET POST"),
    "import_preview": ("/imports/1/preview/", 302, "GET"),
    "import_start": ("/imports/1/start/", 302, "POST"),
    "import_cancel": ("/imports/1/cancel/", 302, "POST"),
    "import_delete": ("/imports/1/delete/", 302, "GET POST"),
    "import_status": ("/imports/1/status/", 302, "GET"),
    "import_rows": ("/imports/1/runs/1/", 302, "GET"),
    "opt_status": ("/opt-status/", 302, "GET"),
    "opt_status_run": ("/opt-status/run/", 302, "POST"),
    "opt_status_reviews": ("/opt-status/review/", 302, "GET"),
    "opt_status_review": ("/opt-status/review/1/", 302, "GET POST"),
    "opt_status_consent": ("/opt-status/consent/", 302, "GET POST"),
    "opt_status_history": ("/opt-status/history/", 302, "GET POST"),
    "opt_status_report": ("/opt-status/report/", 302, "GET"),
    "opt_status_report_csv": ("/opt-status/report.csv", 302, "GET"),
    "storage": ("/storage/", 302, "GET POST"),
    "storage_estimate": ("/storage/estimate/", 302, "GET"),
    "campaigns": ("/campaigns/", 302, "GET"),
    "suspicious": ("/campaigns/suspicious/", 302, "GET"),
    "campaign": ("/campaigns/x/", 302, "GET"),
    "campaigns_csv": ("/campaigns.csv", 302, "GET"),
    "campaign_recipients": ("/campaigns/x/recipients/", 302, "GET POST"),
    "people": ("/people/", 302, "GET POST"),
    "person": ("/people/1/", 302, "GET"),
    "person_activity": ("/people/activity/", 302, "POST"),
    "person_lists": ("/people/lists/", 302, "POST"),
    "go": ("/go/abc", 302, "GET"),
    "api_person_activity": ("/api/v1/people/003000000000001AAA/activity", 401, "GET"),
    "api_person_memberships": ("/api/v1/people/003000000000001AAA/memberships", 401, "GET POST"),
    "webhook": ("/hooks/wrong", 404, ""),
    "webhooks_repair": ("/webhooks/repair/", 302, "POST"),
    "jobs": ("/jobs/", 302, "GET"),
    "job": ("/jobs/1/", 302, "GET"),
    "job_run": ("/jobs/1/run/", 302, "GET"),
    "job_cancel": ("/jobs/1/cancel/", 302, "POST"),
    "salesforce_campaigns": ("/salesforce-campaigns/", 302, "GET"),
    "salesforce_campaigns_link": ("/salesforce-campaigns/link/", 302, "GET POST"),
    "salesforce_campaigns_unlink": ("/salesforce-campaigns/unlink/", 302, "POST"),
    "salesforce_campaigns_refresh": ("/salesforce-campaigns/refresh/", 302, "POST"),
    "salesforce_campaigns_preview": ("/salesforce-campaigns/preview/", 302, "GET"),
    "salesforce_campaigns_statuses": ("/salesforce-campaigns/statuses/", 302, "GET"),
    "salesforce_campaigns_averages": ("/salesforce-campaigns/averages/", 302, "GET"),
    "salesforce_campaigns_compare": ("/salesforce-campaigns/0123456789abcdef/", 302, "GET"),
    "job_retry": ("/jobs/1/retry/", 302, "POST"),
    "set_up": ("/setup/", 302, "GET"),
    "set_up_salesforce": ("/setup/salesforce/", 302, "GET POST"),
    "set_up_check": ("/setup/check/", 302, "GET"),
    "set_up_findings": ("/setup/check/findings/", 302, "GET"),
    "set_up_install": ("/setup/install/", 302, "GET"),
    "set_up_install_run": ("/setup/install/run/", 302, "GET"),
    "set_up_install_start": ("/setup/install/start/", 302, "POST"),
    "set_up_package": ("/setup/install/package.zip", 302, "GET"),
    "set_up_campaign_monitor": ("/setup/campaign-monitor/", 302, "GET POST"),
    "set_up_clients": ("/setup/clients/", 302, "GET POST"),
    "set_up_what": ("/setup/what/", 302, "GET POST"),
    "set_up_estimate": ("/setup/what/estimate/", 302, "GET"),
    "set_up_sync": ("/setup/sync/", 302, "GET"),
    "set_up_sync_run": ("/setup/sync/run/", 302, "GET"),
    "set_up_sync_start": ("/setup/sync/start/", 302, "POST"),
    "set_up_cancel": ("/setup/cancel/", 302, "POST"),
    "set_up_ready": ("/setup/ready/", 302, "GET"),
    "set_up_counts": ("/setup/ready/counts/", 302, "GET"),
    "maintenance": ("/maintenance/", 302, "GET"),
    "messages_csv": ("/maintenance/messages.csv", 302, "GET"),
    "message": ("/maintenance/messages/9/", 302, "GET"),
    "message_resolve": ("/maintenance/messages/9/resolve/", 302, "POST"),
    "message_retry": ("/maintenance/messages/9/retry/", 302, "POST"),
    "audit": ("/maintenance/audit/", 302, "GET"),
    "audit_csv": ("/maintenance/audit.csv", 302, "GET"),
    "layouts": ("/maintenance/layouts/", 302, "GET"),
    "layouts_now": ("/maintenance/layouts/now/", 302, "GET"),
    "layouts_preview": ("/maintenance/layouts/preview/", 302, "GET"),
    "layouts_change": ("/maintenance/layouts/change/", 302, "POST"),
    "limits": ("/maintenance/limits/", 302, "GET POST"),
    "notifications": ("/maintenance/notifications/", 302, "GET POST"),
    "notifications_test": ("/maintenance/notifications/test/", 302, "POST"),
    "workers": ("/maintenance/workers/", 302, "GET"),
    "api_messages": ("/api/v1/messages", 401, "GET"),
    "api_message": ("/api/v1/messages/9", 401, "GET"),
    "api_message_resolve": ("/api/v1/messages/9/resolve", 401, "POST"),
    "api_message_retry": ("/api/v1/messages/9/retry", 401, "POST"),
    "api_audit": ("/api/v1/audit", 401, "GET"),
    "help_codes": ("/help/codes/", 302, "GET"),
    "help_code": ("/help/codes/FL-211/", 302, "GET"),
    "rules": ("/rules/", 302, "GET"),
    "rule_new": ("/rules/new/", 302, "GET POST"),
    "rule": ("/rules/8/", 302, "GET POST"),
    "rule_preview": ("/rules/8/preview/", 302, "GET"),
    "rule_preview_csv": ("/rules/8/preview.csv", 302, "GET"),
    "rule_run": ("/rules/8/run/", 302, "POST"),
    "rule_switch": ("/rules/8/switch/", 302, "POST"),
    "rule_delete": ("/rules/8/delete/", 302, "GET POST"),
    "transactional": ("/transactional/", 302, "GET"),
    "transactional_refresh": ("/transactional/refresh/", 302, "POST"),
    "transactional_new": ("/transactional/new/", 302, "GET POST"),
    "transactional_again": ("/transactional/queue/1/again/", 302, "POST"),
    "transactional_mapping": ("/transactional/abc7/", 302, "GET POST"),
    "transactional_clone": ("/transactional/abc7/clone/", 302, "POST"),
    "transactional_delete": ("/transactional/abc7/delete/", 302, "GET POST"),
    "transactional_test": ("/transactional/abc7/test/", 302, "GET POST"),
    "transactional_send": ("/transactional/abc7/send/", 302, "POST"),
    "moving_in": ("/moving-in/", 302, "GET"),
    "moving_in_found": ("/moving-in/found/", 302, "GET"),
    "moving_in_run": ("/moving-in/run/", 302, "GET"),
    "moving_in_report": ("/moving-in/report.csv", 302, "GET"),
    "moving_in_apply": ("/moving-in/apply/", 302, "POST"),
    "moving_in_decide": ("/moving-in/decide/", 302, "POST"),
    "records": ("/records/", 302, "GET"),
    "records_retry": ("/records/retry/", 302, "POST"),
}
BOTH = ("GET", "POST")


def _patterns(found: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for each in found:
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns)
        else:
            yield each


def test_every_address_is_in_the_table() -> None:
    """A new page is listed above, with who may open it, before it may be merged."""
    assert {pattern.name for pattern in _patterns(get_resolver().url_patterns)} == set(EVERYTHING)


def noted() -> Message:
    """A message about a job that is gone."""
    return notes.note(Org.objects.get(), Seen(Of("primary_sync"), "FL-211", "It failed.", "Connect again."))


def ruled() -> Rule:
    """A subscriber rule."""
    return Rule.objects.create(
        org=Org.objects.get(), client="c1", list="abc", list_name="News", name="Rule", does="add", object="Contact"
    )


def mapped() -> SmartMapping:
    """A mapping of a smart e-mail."""
    org = Org.objects.get()
    smart = SmartEmail(org=org, smart_id="s1", client="c1", name="Order", status="Active", seen_at=timezone.now())
    smart.save()
    plan = compiling.Plan("Contact", (compiling.Column("Email", "email"),))
    draft = Draft("s1", "Contact", "Order", recipients=(Recipient("To", "field", "Email"),))
    row = keeping.save(org, draft, plan, "tests")
    SmartMapping.objects.filter(pk=row.pk).update(uid="abc7")
    Secret.objects.filter(org=org, name=f"smart_email_mapping.{row.uid}").update(name="smart_email_mapping.abc7")
    return row


@pytest.mark.django_db
@pytest.mark.parametrize("name", EVERYTHING)
def test_a_stranger_is_sent_to_the_sign_in(name: str) -> None:
    """Whoever is not signed in sees the way in and the health, whatever the method, and nothing else; programs are told."""
    path, expected, allowed = EVERYTHING[name]
    for method in BOTH if expected in (302, 401) else ["GET"]:
        answer = Client().generic(method, path)
        assert answer.status_code == expected
        if expected == 302:
            assert answer["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("name", [name for name, row in EVERYTHING.items() if row[1] == 302])
def test_pages_refuse_to_act_and_acts_refuse_to_be_looked_at(name: str, admin: Client, job: Callable[..., Job]) -> None:
    """A link, a preview or a reload never changes anything: what acts is POST only, what shows is GET only."""
    path, _, allowed = EVERYTHING[name]
    number = Org.objects.get().pk if name in ("org", "org_remove", "org_switch") else job().pk
    path = path.replace("/1/", f"/{number}/")
    if name.startswith("import"):
        owner = Import.objects.create(
            pk=number, org=Org.objects.get(), name="People", client="c1", list_id="abc", kind="soql"
        )
        ImportRun.objects.create(owner=owner, job=number)
    if name.startswith("message"):
        path = path.replace("/9/", f"/{noted().pk}/")
    known.note(Org.objects.get().pk, "c1", "Client", [("abc", "News")])
    if name.startswith("rule"):
        path = path.replace("/8/", f"/{ruled().pk}/")
    if name.startswith("transactional"):
        mapped()
    for method in BOTH:
        status = admin.generic(method, path).status_code
        assert (status == 405) == (method not in allowed.split()), (method, status)
        assert status <= 400 or status == 405  # 400: a form without its fields


@pytest.mark.parametrize("name", [name for name, row in EVERYTHING.items() if "POST" in row[2].split()])
def test_what_acts_wants_a_token_of_our_own_pages(name: str, person: object, job: Callable[..., Job]) -> None:
    """A form on somebody else's page cannot act in an admin's name: without the token it is refused, in words."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    answer = browser.post(EVERYTHING[name][0].replace("/1/", f"/{job().pk}/"))
    assert answer.status_code == 403
    if name.startswith("api_"):
        assert "CSRF token as X-CSRFToken" in answer.json()["error"]["next_step"]
        return
    assert "Not allowed" in answer.text
    assert "load the page again" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/sync/",
        "/sync/full/",
        "/lists/",
        "/lists/ambiguous/",
        "/jobs/",
        "/help/",
        "/general/",
        "/account/",
        "/sign-in/",
        "/nowhere/",
    ],
)
def test_every_page_forbids_what_is_not_ours(path: str, admin: Client) -> None:
    """The content security policy stands on every page, lets in nothing inline, and no page holds anything inline."""
    answer = admin.get(path)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert " style=" not in answer.text
    assert "<style" not in answer.text
    assert " onclick=" not in answer.text


def test_what_is_not_there_says_so_and_shows_the_way_back(admin: Client) -> None:
    """An address of nothing, and a job that is gone, get a page of ours with a link home."""
    for path in ("/nowhere/", "/jobs/999999/", "/jobs/999999/run/"):
        answer = admin.get(path)
        assert answer.status_code == 404
        assert "Not found" in answer.text
        assert 'href="/"' in answer.text


def test_acts_on_a_job_that_is_gone_change_nothing(admin: Client) -> None:
    """Cancel and retry of what was deleted meanwhile answer as any address of nothing."""
    assert admin.post("/jobs/999999/cancel/").status_code == 404
    assert admin.post("/jobs/999999/retry/").status_code == 404
    assert Job.objects.count() == 0
