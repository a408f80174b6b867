"""The Salesforce client's further doors against the emulated org: composite, views, reports, people, ways in."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from fairlead.salesforce import AccessToken, ClientCredentials, Salesforce, connect, names
from fairlead.salesforce.composite import Subrequest
from fairlead.salesforce.errors import RequestWrong, SessionRefused, SetupRefused, Unavailable
from fairlead.salesforce.limits import Budget, BudgetSpent
from fairlead.salesforce.login import JwtBearer, RefreshToken
from fairlead.salesforce.polling import Polling
from fairlead.salesforce.transport import Call, Patience
from fairlead.salesforce.web_login import App, Pending, address, redeem
from tests.conformance.emulated import CLIENT, add_list, org_of, served

HASTE = {"patience": Patience(attempts=4, first=0.01, longest=0.05), "pace": Polling(0.02, 0.2)}
BACK = "http://127.0.0.1:1/back"
CONTACTS = 4_500
MEMBERS = 2_300


@pytest.fixture(scope="module")
def sides() -> Iterator[Any]:
    spec = {"contacts": [{"first": 1, "count": CONTACTS}], "leads": [{"first": 5_000, "count": 20}]}
    with served(salesforce=spec) as emulators:
        asyncio.run(lay(emulators))
        yield emulators


async def lay(emulators: Any) -> None:
    """One list with active members, half of them linked to contacts."""
    async with org_of(emulators) as sf:
        await add_list(sf, "list-1")
        contacts = [r["Id"] async for page in sf.query("SELECT Id FROM Contact ORDER BY Id LIMIT 100") for r in page]
        rows = [
            {
                names.MEMBER_KEY: f"m{n:04}",
                "List__r": {names.LIST_KEY: "list-1"},
                "Email__c": f"m{n}@example.com",
                "State__c": "Active" if n % 10 else "Unsubscribed",
                "Joined_Date__c": f"2026-01-{1 + n % 28:02}T10:00:00Z",
                **({"Contact__c": contacts[n]} if n < 100 else {}),
            }
            for n in range(MEMBERS)
        ]
        results = await sf.collections.upsert(names.MEMBER, names.MEMBER_KEY, rows)
        assert all(r.success for r in results), next(r for r in results if not r.success)


@pytest.fixture
async def sf(sides: Any) -> AsyncIterator[Salesforce]:
    async with org_of(sides) as sf:
        yield sf
    sides.post("salesforce", "/_control/faults", [])
    sides.post(
        "salesforce",
        "/_control/settings",
        {"rotate_refresh_tokens": False, "send_custom_notifications": True, "hourly_sync_report_runs": 500},
    )


def settings(sides: Any, **values: Any) -> None:
    sides.post("salesforce", "/_control/settings", values)


def pair(key: str, **child: Any) -> list[Subrequest]:
    """A list, and a member that hangs on it by reference."""
    return [
        Subrequest("POST", f"/sobjects/{names.LIST}", "list", {"Name": "L", names.LIST_KEY: key, "Client__r": {names.CLIENT_KEY: CLIENT}}),
        Subrequest("POST", f"/sobjects/{names.MEMBER}", "member", {names.MEMBER_KEY: key, "List__c": "@{list.id}", "Email__c": "x@example.com", **child}),
    ]  # fmt: skip


async def test_subrequests_may_lean_on_each_other_and_all_or_none_leaves_nothing(sf):
    """The member hangs on the list of the same call; with a bad member neither stays."""
    done = await sf.composite.run(pair("composite-1"), all_or_none=True)
    assert [outcome.error for outcome in done] == [None, None]
    first, second = await sf.composite.run(pair("composite-2", State__c="Nonsense"), all_or_none=True)
    assert (first.error.code, second.error.code) == ("PROCESSING_HALTED", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    assert await sf.records.find(names.LIST, names.LIST_KEY, "composite-2") is None
    assert await sf.records.find(names.MEMBER, names.MEMBER_KEY, "composite-1") is not None


async def test_each_graph_is_whole_or_nothing(sf):
    """Of many graphs the bad ones alone are undone; each says which of its requests was wrong."""
    graphs = {f"graph-{n}": pair(f"graph-{n}", **({"Email__c": "none"} if n == 3 else {})) for n in range(10)}
    told = await sf.composite.graphs(graphs)
    assert [name for name, graph in told.items() if not graph.successful] == ["graph-3"]
    assert [outcome.error.code for outcome in told["graph-3"].outcomes] == [
        "PROCESSING_HALTED",
        "INVALID_EMAIL_ADDRESS",
    ]
    assert [n for n in range(10) if await sf.records.find(names.LIST, names.LIST_KEY, f"graph-{n}") is None] == [3]


async def test_a_call_of_too_many_requests_is_refused_before_it_is_sent(sf):
    before = sf.budget.used
    with pytest.raises(RequestWrong):
        await sf.composite.run([Subrequest("GET", "/limits", f"r{n}") for n in range(26)])
    assert sf.budget.used == before


async def test_our_list_views_show_what_their_queries_give(sf):
    """By pages as shown, and all of them by the view's own SOQL."""
    views = {view.developer_name: view for view in await sf.list_views.all(names.MEMBER)}
    assert {"All", "Active", "Unsubscribed", "Not_Linked"} <= views.keys()
    shown = [row async for page in sf.list_views.results(names.MEMBER, views["Active"].id) for row in page]
    records = [row async for page in sf.list_views.records(names.MEMBER, views["Active"].id) for row in page]
    expected = await sf.count(f"SELECT COUNT() FROM {names.MEMBER} WHERE State__c = 'Active'")
    assert len(shown) == len(records) == expected > 2_000
    assert {row["Id"] for row in shown} == {row["Id"] for row in records}
    assert {row["List__r.Name"] for row in shown} <= {"List", "L"}


async def test_a_view_past_4000_rows_is_read_by_its_query(sf):
    """Shown rows end at 4,000 with a refusal that says so; the records all come."""
    (view,) = [v for v in await sf.list_views.all("Contact") if v.developer_name == "AllContacts"]
    with pytest.raises(RequestWrong, match="4,000"):
        _ = [page async for page in sf.list_views.results("Contact", view.id)]
    assert sum([len(page) async for page in sf.list_views.records("Contact", view.id)]) == CONTACTS


async def test_every_report_of_ours_runs_and_its_totals_are_the_records(sf):
    """Each of the ten is listed, described and run; counts agree with SOQL."""
    reports = {report.name: report.id for report in await sf.reports.all()}
    for name, report_id in reports.items():
        assert (await sf.reports.describe(report_id))["name"] == name
        await sf.reports.run(report_id)
    result = await sf.reports.run(reports["Active Members Not Matched"])
    active = await sf.count(
        f"SELECT COUNT() FROM {names.MEMBER} WHERE State__c = 'Active' AND Contact__c = null AND Lead__c = null"
    )
    assert len(result.rows) == min(active, 2_000)
    assert result.all_data == (active <= 2_000)
    on_no_list = await sf.reports.run(reports["Contacts Not on a List"])
    assert len(on_no_list.rows) == 2_000
    leads = await sf.reports.run(reports["Leads Not on a List"])
    assert len(leads.rows) == 20
    assert len(reports) >= 10


async def test_a_report_past_2000_rows_gives_each_row_once(sf):
    """4,500 contacts come in three runs, in order of the key, none twice."""
    reports = {report.name: report.id for report in await sf.reports.all()}
    pages = [page async for page in sf.reports.all_rows(reports["All Contacts"], "CONTACT_ID")]
    ids = [row[0].value for page in pages for row in page]
    assert len(pages) == 3
    assert len(ids) == len(set(ids)) == CONTACTS
    with pytest.raises(RequestWrong, match="no column"):
        _ = [page async for page in sf.reports.all_rows(reports["All Contacts"], "PHONE1")]


async def test_a_report_runs_in_the_background_with_a_filter_of_its_own(sf):
    reports = {report.name: report.id for report in await sf.reports.all()}
    some = {"reportFilters": [{"column": "LAST_NAME", "operator": "startsWith", "value": "S"}]}
    at_once = await sf.reports.run(reports["All Contacts"], some)
    later = await sf.reports.run_in_background(reports["All Contacts"], some)
    assert later.rows == at_once.rows
    assert at_once.rows


async def test_a_failed_run_and_a_spent_hour_are_told_apart(sf, sides):
    """A failed run is a matter of the report; too many runs are a matter of time."""
    report = next(r.id for r in await sf.reports.all() if r.name == "All Leads")
    sides.post("salesforce", "/_control/faults", [{"fault": "job_failed", "match": {"kind": "report"}, "times": 1}])
    with pytest.raises(RequestWrong, match="failed"):
        await sf.reports.run_in_background(report)
    settings(sides, hourly_sync_report_runs=1)
    with pytest.raises(Unavailable, match="Wait an hour"):
        for _ in range(2):
            await sf.reports.run(report)
    assert (await sf.limits())["HourlySyncReportRuns"].remaining == 0


async def test_a_notification_reaches_the_inbox_and_a_refused_one_says_what_to_do(sf, sides):
    me = (await sf.identity()).user_id
    kind = await sf.notifications.type_id("Fairlead_Notice")
    await sf.notifications.send(kind, [me], "Sync failed", "Look at the log.", me)
    (note,) = next(iter(sides.get("salesforce", "/_control/notifications")))
    assert (note["type"], note["title"], note["recipientId"]) == ("Fairlead_Notice", "Sync failed", me)
    settings(sides, send_custom_notifications=False)
    with pytest.raises(SetupRefused, match="Send Custom Notifications"):
        await sf.notifications.send(kind, [me], "T", "B", me)
    with pytest.raises(SetupRefused, match="no notification type"):
        await sf.notifications.type_id("Nothing")


async def test_a_permission_set_is_assigned_once_and_taken_away(sf):
    me = (await sf.identity()).user_id
    found = {each.name: each.id for each in await sf.permission_sets.all()}
    chosen = next(found[name] for name in found if name.startswith("Fairlead"))
    assert [await sf.permission_sets.assign(chosen, me) for _ in range(2)] == [True, False]
    assert [await sf.permission_sets.unassign(chosen, me) for _ in range(2)] == [True, False]


async def test_each_of_our_flows_can_be_invoked(sf):
    """They are listed as actions, and each publishes its request."""
    path = f"{sf.transport.data}/actions/custom/flow"
    listed = await sf.transport.json(path, dict[str, list[dict[str, Any]]], door="flows")
    found = [each["name"] for each in listed["actions"] if each["name"].startswith("Fairlead_")]
    assert len(found) == 6
    for name in found:
        body = {"inputs": [{"recordId": "0035e0000000001AAA", "requestId": name}]}
        answer = await sf.transport.request("POST", f"{path}/{name}", door="flow", json=body)
        assert answer.decode(list[dict[str, Any]])[0]["isSuccess"]


async def test_the_identity_survives_an_ended_session(sides):
    """The identity door refuses in words of its own; the session is renewed all the same."""
    calls: list[Call] = []
    line = sides.line["salesforce"]
    login = ClientCredentials(line["url"], line["client_id"], line["client_secret"])
    async with connect(login, on_call=calls.append, **HASTE) as sf:
        await sf.limits()
        sides.post("salesforce", "/_control/faults", [{"fault": "expired_session", "times": 1}])
        assert (await sf.identity()).username == line["username"]
    assert 403 in [call.status for call in calls]
    async with connect(AccessToken(line["url"], "00D!none"), **HASTE) as sf:
        with pytest.raises(SessionRefused):
            await sf.identity()


async def allowed(
    http: aiohttp.ClientSession, app: App, pending: Pending, *, press: str = "allow", **more: Any
) -> dict[str, str]:
    """What the browser comes back with after a person pressed a button."""
    async with http.post(address(app, pending, **more), data={"answer": press}, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


async def test_a_person_lets_the_app_in_and_every_rotated_token_is_kept(sides):
    """Challenge and verifier fit; each renewal brings the next token, which is stored."""
    settings(sides, rotate_refresh_tokens=True)
    line = sides.line["salesforce"]
    app, pending = App(line["url"], line["client_id"], line["client_secret"], BACK), Pending()
    stored: list[str] = []

    async def store(token: str) -> None:
        stored.append(token)

    async with aiohttp.ClientSession() as http:
        granted = await redeem(http, app, pending, await allowed(http, app, pending))
    login = RefreshToken(app.login_url, app.client_id, app.client_secret, granted.refresh_token, store)
    async with connect(login, **HASTE) as sf:
        sides.post("salesforce", "/_control/expire_sessions", {})
        assert (await sf.limits())["DailyApiRequests"].maximum
    assert len(stored) == len({*stored, granted.refresh_token}) - 1 == 2
    with pytest.raises(SessionRefused):
        async with connect(RefreshToken(app.login_url, app.client_id, app.client_secret, stored[0], store), **HASTE):
            pass


async def test_what_goes_wrong_on_the_screen_says_what_to_do(sides):
    line = sides.line["salesforce"]
    app, pending = App(line["url"], line["client_id"], line["client_secret"], BACK), Pending()
    async with aiohttp.ClientSession() as http:
        with pytest.raises(SessionRefused, match="denied"):
            await redeem(http, app, pending, await allowed(http, app, pending, press="deny"))
        with pytest.raises(SetupRefused, match="refresh_token"):
            await redeem(http, app, pending, await allowed(http, app, pending, scopes=("api",)))
        with pytest.raises(SetupRefused, match="scopes"):
            await redeem(http, app, pending, await allowed(http, app, pending, scopes=("api", "everything")))
        with pytest.raises(RequestWrong):
            await redeem(http, app, Pending(), await allowed(http, app, pending))
        code = await allowed(http, app, pending)
        with pytest.raises(RequestWrong):
            await redeem(http, app, Pending(state=pending.state), code)
        with pytest.raises(SessionRefused):
            await redeem(http, app, pending, code)


async def test_a_signed_statement_signs_in(sides):
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.com")])
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + dt.timedelta(days=9))
    settings(sides, jwt_certificate=made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    line = sides.line["salesforce"]
    async with connect(JwtBearer(line["url"], line["client_id"], line["username"], pem), **HASTE) as sf:
        assert (await sf.identity()).username == line["username"]
    with pytest.raises(SessionRefused):
        async with connect(JwtBearer(line["url"], line["client_id"], "nobody@example.com", pem), **HASTE):
            pass


async def test_the_meter_stops_us_before_the_org_does(sides):
    """With a share of its limit used up we go slower, then refuse ourselves; reading the limits still works."""
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    line = sides.line["salesforce"]
    login = ClientCredentials(line["url"], line["client_id"], line["client_secret"])
    async with connect(login, budget=Budget(0.5, sleep=note), **HASTE) as sf:
        used = (await sf.limits())["DailyApiRequests"].used
        settings(sides, daily_api_requests=2 * (used + 3))
        try:
            with pytest.raises(BudgetSpent, match="this service stops at"):
                for _ in range(10):
                    await sf.describe("Contact")
            assert waits
            assert (await sf.limits())["DailyApiRequests"].remaining > 0
        finally:
            settings(sides, daily_api_requests=115_000)
