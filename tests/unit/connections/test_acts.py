"""Laws of the acts on connections that need neither side: what they change, what they leave, and what they note."""

from typing import Any

import pytest
from django.test import Client as Browser

from fairlead.campaignmonitor.clients import ClientDetails
from fairlead.domain.setting import BadSetting
from fairlead.features.connections import acts, connecting, credentials, forgetting, records, rules
from fairlead.features.connections.connecting import FoundOrg, OtherAccount, OtherOrg
from fairlead.features.connections.credentials import AccountGrant, AccountKey, OrgApp
from fairlead.features.connections.models import Client, State
from fairlead.jobs import api, schedules
from fairlead.jobs.models import Job, Schedule
from fairlead.store import setting_rows
from fairlead.store.ledger_models import Digest as DigestRow
from fairlead.store.ledger_models import ScopeState
from fairlead.store.models import AuditEntry, CampaignActivity, Org, Secret, SettingRow
from fairlead.store.orgs import default_org

pytestmark = pytest.mark.django_db(transaction=True)
A, B, C = ("a" * 32, "b" * 32, "c" * 32)
ORG, OTHER_ORG = "00D5e0000000001EAA", "00D5e0000000002EAA"
USER, OTHER_USER = "0055e000000001AAAQ", "0055e000000002AAAQ"


@pytest.fixture
def org() -> Org:
    return default_org()


def details(*ids: str) -> list[ClientDetails]:
    return [ClientDetails(each, f"Client {each[0]}", "Australia", "(GMT+10:00) Brisbane") for each in ids]


def connect(org: Org, *ids: str, chosen: tuple[str, ...] = (), key: str = "key") -> None:
    connecting.store_campaign_monitor(org, "https://api.example.com", AccountKey(key), details(*ids), chosen, "ada")


def connect_org(org: Org, org_id: str = ORG, user: str = USER) -> None:
    found = FoundOrg("https://one.example.com", org_id, "60.0", user)
    connecting.store_salesforce(org, "https://login.example.com", OrgApp("id", "secret"), found, "ada")


def selected(org: Org) -> dict[str, tuple[bool, str]]:
    return {each.client_id: (each.selected, each.state) for each in Client.objects.filter(org=org)}


def job(org: Org, state: str, kind: str = "primary_sync", **args: str) -> Job:
    return Job.objects.create(org=org, kind=kind, key=args.get("client", ""), state=state, args=args, attempt=1)


def scope(org: Org, kind: str, client: str, of: str = "") -> ScopeState:
    return ScopeState.objects.create(org=org, kind=kind, client=client, list=of, cursor="2026-03-04T05:06:07")


def test_connecting_again_keeps_the_selection_and_replaces_the_key(org: Org) -> None:
    connect(org, A, B, chosen=(A,))
    connect(org, A, B, C, key="newer")
    assert selected(org) == {A: (True, "connected"), B: (False, "connected"), C: (False, "connected")}
    assert credentials.account(org) == AccountKey("newer")
    assert [entry.what for entry in AuditEntry.objects.order_by("id")] == ["connect", "reconnect"]


def test_a_vanished_client_keeps_its_place_in_the_selection_and_is_not_synced(org: Org) -> None:
    connect(org, A, B)
    connect(org, A)
    assert selected(org)[B] == (True, "disconnected")
    assert [each.client_id for each in records.clients_to_sync(org)] == [A]
    connect(org, A, B)
    assert {each.client_id for each in records.clients_to_sync(org)} == {A, B}


def test_another_account_is_refused_and_nothing_changes(org: Org) -> None:
    connect(org, A, B, chosen=(A,))
    before = selected(org)
    with pytest.raises(OtherAccount) as refused:
        connect(org, C, key="of another")
    assert "fairlead disconnect campaign-monitor" in refused.value.step
    assert (selected(org), credentials.account(org)) == (before, AccountKey("key"))


def test_another_org_is_refused_and_nothing_changes(org: Org) -> None:
    connect_org(org)
    with pytest.raises(OtherOrg) as refused:
        connect_org(org, OTHER_ORG)
    assert "fairlead disconnect salesforce" in refused.value.step
    crm = records.salesforce_org(org)
    assert crm is not None
    assert (crm.org_id_18, crm.user_id) == (ORG, USER)


def test_another_user_of_the_org_is_a_move_of_the_sync_user(org: Org) -> None:
    connect_org(org)
    connect_org(org, user=OTHER_USER)
    crm, entry = records.salesforce_org(org), AuditEntry.objects.order_by("id").last()
    assert crm is not None and entry is not None
    assert (crm.user_id, crm.username) == (OTHER_USER, "")
    assert (entry.what, entry.before["user"], entry.after["user"]) == ("move sync user", USER, OTHER_USER)


def test_what_was_written_to_a_former_org_is_forgotten_with_the_next(org: Org) -> None:
    """Else the cursors would say that the new org has what it never saw; settings stay, owners name users of the former."""
    connect_org(org)
    scope(org, "members", A, "l" * 32)
    SettingRow.objects.create(org=org, name=rules.OWNER.name, subject=A, value=USER)
    SettingRow.objects.create(org=org, name="members.something", subject=A, value=1)
    acts.disconnect(org, ["salesforce"], "ada")
    connect_org(org)
    assert ScopeState.objects.count() == 1
    acts.disconnect(org, ["salesforce"], "ada")
    connect_org(org, OTHER_ORG)
    assert ScopeState.objects.count() == 0
    assert [row.name for row in SettingRow.objects.all()] == ["members.something"]


def test_selecting_pauses_the_others_and_notes_ids(org: Org) -> None:
    connect(org, A, B, C)
    acts.select(org, [B], "ada")
    assert [each.client_id for each in records.clients_to_sync(org)] == [B]
    entry = AuditEntry.objects.order_by("id").last()
    assert entry is not None
    assert (entry.before, entry.after) == ([A, B, C], [B])
    acts.resume(org, C, "ada")
    acts.pause(org, B, "ada")
    assert [each.client_id for each in records.clients_to_sync(org)] == [C]


def test_an_unknown_client_changes_nothing(org: Org) -> None:
    connect(org, A, B)
    with pytest.raises(records.UnknownClient):
        acts.select(org, [A, C], "ada")
    assert {each.client_id for each in records.clients_to_sync(org)} == {A, B}


def test_a_client_gone_from_the_account_cannot_be_selected(org: Org) -> None:
    connect(org, A, B)
    connect(org, A)
    with pytest.raises(acts.GoneFromAccount):
        acts.resume(org, B, "ada")


def test_a_removal_needs_the_name(org: Org) -> None:
    connect(org, A)
    with pytest.raises(acts.OtherName):
        acts.remove(org, A, "Client b", "ada")
    assert Job.objects.count() == 0
    assert [each.client_id for each in records.clients_to_sync(org)] == [A]


def test_a_removal_stops_runs_that_write_the_client_and_is_asked_for_once(org: Org) -> None:
    connect(org, A, B)
    everything, of_it = job(org, "running"), job(org, "queued", "statistics", client=A)
    of_other = job(org, "running", "statistics", client=B)
    asked = acts.remove(org, A, " Client a ", "ada")
    assert acts.remove(org, A, "Client a", "ada").pk == asked.pk
    for each in (everything, of_it, of_other):
        each.refresh_from_db()
    assert (everything.cancel_requested, of_it.state, of_other.cancel_requested) == (True, "cancelled", False)
    assert [each.client_id for each in records.clients_to_sync(org)] == [B]
    with pytest.raises(acts.StillRemoved):
        acts.resume(org, A, "ada")


def test_a_stopped_removal_lets_the_client_be_selected_again(org: Org) -> None:
    connect(org, A)
    asked = acts.remove(org, A, "Client a", "ada")
    assert Client.objects.get().standing == "Being removed"
    api.cancel(asked.pk, "ada")
    acts.resume(org, A, "ada")
    assert [each.client_id for each in records.clients_to_sync(org)] == [A]


def test_forgetting_a_client_takes_what_is_its_own_and_nothing_else(org: Org) -> None:
    """Settings of it and of its lists, cursors and what hangs on them, roll-ups of its campaigns."""
    connect(org, A, B)
    members = scope(org, "members", A, "l" * 32)
    scope(org, "clients", A), scope(org, "clients", B), scope(org, "members", B, "m" * 32)
    DigestRow.objects.create(scope=members, key=b"k" * 32, content=b"c" * 16, day="2026-03-04")
    for subject in (A, "l" * 32, "n" * 32, B, "m" * 32, ""):
        SettingRow.objects.create(org=org, name="x.y", subject=subject, value=1)
    for campaign in ("n" * 32, "o" * 32):
        CampaignActivity.objects.create(org=org, campaign=campaign, address=b"a" * 32)
    told = forgetting.of_client(org, A, {"n" * 32})
    assert forgetting.forget_client(org, A, {"n" * 32}) == told == forgetting.Kept(3, 2)
    assert sorted(SettingRow.objects.values_list("subject", flat=True)) == ["", B, "m" * 32]
    assert set(ScopeState.objects.values_list("client", flat=True)) == {B}
    assert list(CampaignActivity.objects.values_list("campaign", flat=True)) == ["o" * 32]
    assert DigestRow.objects.count() == 0


def test_disconnecting_stops_and_forgets_credentials_only(org: Org) -> None:
    connect(org, A, B, chosen=(A,))
    connect_org(org)
    schedules.set_frequency(org, "primary_sync", "hourly", "ada")
    scope(org, "members", A, "l" * 32)
    waiting, running = job(org, "holding"), job(org, "running")
    assert acts.disconnect(org, ["campaign_monitor"], "ada") == {"jobs": 2, "schedules": 1}
    waiting.refresh_from_db(), running.refresh_from_db()
    assert (waiting.state, running.cancel_requested) == ("cancelled", True)
    assert Schedule.objects.get().frequency == "never"
    assert [secret.name for secret in Secret.objects.all()] == ["salesforce"]
    assert ScopeState.objects.count() == 1
    connect(org, A, B)
    assert selected(org) == {A: (True, "connected"), B: (False, "connected")}


def test_a_side_that_is_none_is_refused_before_anything(org: Org) -> None:
    connect(org, A)
    with pytest.raises(BadSetting):
        acts.disconnect(org, ["campaign_monitor", "moon"], "ada")
    assert Secret.objects.count() == 1


def test_a_renewal_under_way_puts_no_credentials_back(org: Org) -> None:
    connect(org, A)
    acts.disconnect(org, ["campaign_monitor"], "ada")
    assert not credentials.renew(org, credentials.CAMPAIGN_MONITOR, AccountGrant("access", "refresh"))
    assert Secret.objects.count() == 0


def test_a_reset_ends_running_jobs_here_and_now(org: Org) -> None:
    """Their worker may be dead: nobody is waited for."""
    connect(org, A)
    connect_org(org)
    running = job(org, "running")
    acts.reset(org, "ada")
    running.refresh_from_db()
    assert running.state == "cancelled"
    assert Secret.objects.count() == 0
    assert "reset connections" in set(AuditEntry.objects.values_list("what", flat=True))


def test_a_client_disconnected_by_hand_is_not_brought_back_by_notes_of_a_late_run(org: Org) -> None:
    connect(org, A, B)
    acts.disconnect_client(org, A, "ada")
    records.note_synced(org, [A, B])
    assert selected(org)[A] == (False, State.DISCONNECTED)
    acts.resume(org, A, "ada")
    assert selected(org)[A] == (True, State.CONNECTED)


@pytest.fixture
def browser(org: Org, django_user_model: Any) -> Browser:
    browser = Browser()
    browser.force_login(django_user_model.objects.create_superuser("ada"))
    return browser


def post(browser: Browser, path: str, body: object) -> tuple[int, dict[str, Any]]:
    answer = browser.post(f"/api/v1/{path}", body, content_type="application/json")
    return answer.status_code, answer.json()


def test_the_api_does_what_the_pages_do(browser: Browser, org: Org) -> None:
    connect(org, A, B)
    assert post(browser, "clients/select", {"clients": [A]})[0] == 200
    assert post(browser, f"clients/{A}/pause", {})[1]["clients"][0]["standing"] == "Paused"
    assert post(browser, f"clients/{A}/resume", {})[1]["clients"][0]["standing"] == "Connected"
    assert post(browser, f"clients/{C}/resume", {})[0] == 404
    status, told = post(browser, f"clients/{A}/removal", {"name": "wrong"})
    assert (status, told["error"]["code"]) == (409, "FL-570")
    status, told = post(browser, f"clients/{A}/removal", {"name": "Client a"})
    assert (status, told["job"]["kind"]) == (200, "remove_client")
    assert post(browser, f"clients/{B}/disconnect", {})[1]["clients"][1]["standing"] == "Disconnected"
    assert post(browser, f"clients/{B}/hand-over", {})[1]["job"]["kind"] == "hand_over"
    assert post(browser, "connections/disconnect", {"sides": ["campaign_monitor"]})[1]["jobs"] == 2
    assert post(browser, "connections/reset", {})[1]["ok"] is True
    assert browser.get("/api/v1/connections").json()["campaign_monitor"]["state"] == "disconnected"
    assert set(AuditEntry.objects.exclude(who="ada").values_list("what", flat=True)) == set()


@pytest.mark.parametrize("body", ["[]", "{", '{"clients": "a"}'])
def test_the_api_tells_what_a_body_must_be(browser: Browser, body: str) -> None:
    status, told = post(browser, "clients/select", body)
    assert (status, told["error"]["code"]) == (422, "FL-377")
    assert "clients" in told["error"]["next_step"]


def test_the_api_says_what_is_not_connected(browser: Browser) -> None:
    answer = browser.get("/api/v1/sync-user")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "FL-302")


def test_pages_without_any_connection_say_what_to_do(browser: Browser) -> None:
    page = browser.get("/connections/").text
    for words in ("No account is connected yet.", "No org is connected yet.", "No client is known yet."):
        assert words in page
    assert "The org could not be asked." in browser.get("/connections/sync-user/").text
    assert "No client is known yet." in browser.get("/connections/clients/").text


def test_a_callback_that_nobody_began_is_told_so(browser: Browser) -> None:
    answer = browser.get("/connections/salesforce/callback/?code=x&state=y", follow=True)
    assert "No sign-in to Salesforce is under way in this browser." in answer.text


def test_pressing_acts_on_the_pages(browser: Browser, org: Org) -> None:
    connect(org, A, B)
    connect_org(org)
    assert "Paused" in browser.post(f"/connections/clients/{A}/pause/", follow=True).text
    browser.post("/connections/clients/", {"client": [A]})
    assert [each.client_id for each in records.clients_to_sync(org)] == [A]
    assert "There is no client" in browser.post(f"/connections/clients/{C}/resume/", follow=True).text
    assert "What will happen" in browser.get("/connections/disconnect/salesforce/").text
    browser.post("/connections/disconnect/salesforce/")
    assert [secret.name for secret in Secret.objects.all()] == ["campaign_monitor"]


def test_an_owner_is_chosen_for_each_client(org: Org) -> None:
    setting_rows.put(org, rules.OWNER, USER[:15], "ada", subject=A)
    assert setting_rows.values(org).of(rules.OWNER, A) == USER
    assert setting_rows.values(org).of(rules.OWNER, B) == ""
