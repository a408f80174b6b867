"""What becomes of a campaign: laws of rows, counters, states and pages."""

import json
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.campaignmonitor.audience.entries import Entry
from fairlead_emulators.campaignmonitor.tracking.fate import fate, seeded
from fairlead_emulators.campaignmonitor.tracking.kept import BOUNCE, CLICK, OPEN, SPAM, UNSUBSCRIBE
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import spec
from tests.unit.emulators.campaignmonitor.conftest import NOON, SPEC, assert_refused
from tests.unit.emulators.campaignmonitor.mailing import ROWS, Mailing
from tests.unit.emulators.campaignmonitor.receiver import receiving

MONTHS = {"days": 61}


@pytest.fixture
def mailing(account):
    return Mailing(account)


@pytest.fixture
def crowd(mailing):
    """A campaign to 600 people, of whom some are sure to bounce and to complain."""
    mailing.fill("Wide", 600)
    mailing.fill("Wide", 6, "bounce")
    mailing.fill("Wide", 6, "soft")
    mailing.fill("Wide", 6, "spam")
    return mailing.sent("Wide")


def everything(mailing, campaign):
    return {what: mailing.rows(campaign, what) for what in ROWS}


def assert_counters_are_rows(mailing, campaign):
    rows, summary = everything(mailing, campaign), mailing.get(campaign, "summary")
    assert summary["Recipients"] == len(rows["recipients"])
    assert summary["TotalOpened"] == len(rows["opens"])
    assert summary["UniqueOpened"] == len({each["EmailAddress"] for each in rows["opens"]})
    assert summary["Clicks"] == len(rows["clicks"])
    assert summary["Bounced"] == len(rows["bounces"])
    assert summary["Unsubscribed"] == len(rows["unsubscribes"])
    assert summary["SpamComplaints"] == len(rows["spam"])
    usage = mailing.get(campaign, "emailclientusage")
    assert sum(each["Subscribers"] for each in usage) == summary["UniqueOpened"]
    assert not usage or abs(sum(each["Percentage"] for each in usage) - 100) < 0.1
    return rows


def test_counters_are_the_numbers_of_rows_at_any_time(mailing, crowd):
    seen = [len(assert_counters_are_rows(mailing, crowd)["opens"])]
    for span in ({"hours": 1}, {"days": 1}, MONTHS):
        mailing.wait(**span)
        seen.append(len(assert_counters_are_rows(mailing, crowd)["opens"]))
    assert seen[0] == 0 < seen[1] < seen[2] < seen[3]


def test_clicks_may_be_set_to_count_people(mailing, crowd):
    mailing.wait(**MONTHS)
    mailing.call("POST", "/_control/settings", {"summary_clicks": "people"})
    people = {each["EmailAddress"] for each in mailing.rows(crowd, "clicks")}
    assert mailing.get(crowd, "summary")["Clicks"] == len(people) < len(mailing.rows(crowd, "clicks"))


def test_nothing_happens_before_its_time(mailing, crowd):
    """A date can lie half a minute ahead: it is rounded."""
    sent = mailing.of_client("campaigns").json["Results"][0]["SentDate"]
    for _ in range(4):
        mailing.wait(hours=5)
        now = mailing.account.emulator.clock.now().astimezone(tz(mailing)).replace(tzinfo=None)
        for what in ROWS[1:]:
            dates = [each["Date"] for each in mailing.rows(crowd, what)]
            assert all(sent <= each <= str(now + timedelta(seconds=30)) for each in dates)


def tz(mailing):
    return mailing.account.emulator.store.client(mailing.account.clients["South"]).zone


def test_who_bounces_does_nothing_else_and_who_clicks_has_opened(mailing, crowd):
    mailing.wait(**MONTHS)
    rows = everything(mailing, crowd)
    by = {what: {each["EmailAddress"] for each in found} for what, found in rows.items()}
    assert not by["bounces"] & (by["opens"] | by["clicks"] | by["unsubscribes"] | by["spam"])
    assert by["clicks"] | by["unsubscribes"] | by["spam"] <= by["opens"]
    assert all(each <= by["recipients"] for each in by.values())
    assert all(by.values()), "each of them happened"
    assert max(Counter(json.dumps(each) for each in rows["clicks"]).values()) > 1, "equal rows are legal"


def test_states_follow_what_happened(mailing, crowd):
    mailing.wait(**MONTHS)
    rows, account = everything(mailing, crowd), mailing.account
    hard = {each["EmailAddress"]: each["Date"] for each in rows["bounces"] if each["BounceType"] == "Hard"}
    out = {each["EmailAddress"]: each["Date"] for what in ("unsubscribes", "spam") for each in rows[what]}
    for state, expected in (("bounced", hard), ("unsubscribed", out)):
        found = account.members("Wide", state).json["Results"]
        assert {each["EmailAddress"]: each["Date"] for each in found} == expected
    assert set(account.suppressed("South")) == {*hard, *out}
    assert {"bounce1@example.com"} <= set(hard)
    assert {"spam1@example.com"} <= set(out)


def test_an_opt_out_holds_for_the_lists_that_it_holds_for(mailing):
    account = mailing.account
    for title in ("Wide", "Wide too", "Only here"):
        for name in ("wide", "only"):
            account.add(title, f"{name}@example.com")
    wide = mailing.sent("Wide")
    only = mailing.sent("Only here", Name="Two")
    account.act("Wide", "wide@example.com", "unsubscribe", campaign=wide)
    account.act("Only here", "only@example.com", "unsubscribe", campaign=only)

    def states(email):
        return [account.state(title, email) for title in ("Wide", "Wide too", "Only here")]

    assert states("wide@example.com") == ["Unsubscribed", "Unsubscribed", "Active"]
    assert states("only@example.com") == ["Active", "Active", "Unsubscribed"]
    assert list(account.suppressed("South")) == ["wide@example.com"]
    assert [each["EmailAddress"] for each in mailing.rows(wide, "unsubscribes")] == ["wide@example.com"]


def test_webhooks_tell_of_what_recipients_do(mailing):
    mailing.fill("Wide", 2, "bounce")
    with receiving() as receiver:
        body = {"Events": ["Deactivate"], "Url": receiver.url, "PayloadFormat": "json"}
        mailing.call("POST", f"/api/v3.3/lists/{mailing.account.lists['Wide']}/webhooks.json", body)
        campaign = mailing.sent("Wide")
        mailing.wait(hours=1)
        rows = mailing.rows(campaign, "bounces")
        mailing.call("POST", "/_control/webhooks/deliver")
        told = receiver.events
    assert {each["EmailAddress"]: each["Date"] for each in told} == {
        each["EmailAddress"]: each["Date"] for each in rows
    }
    assert len(rows) == 2
    assert {each["State"] for each in told} == {"Bounced"}


@pytest.mark.parametrize(
    ("do", "what", "state"),
    [
        ("open", "opens", "Active"),
        ("click", "clicks", "Active"),
        ("bounce", "bounces", "Bounced"),
        ("soft_bounce", "bounces", "Active"),
        ("unsubscribe", "unsubscribes", "Unsubscribed"),
        ("complain", "spam", "Unsubscribed"),
    ],
)
def test_one_subscriber_does_one_thing_with_a_campaign(mailing, do, what, state):
    mailing.account.add("Wide", "A@example.com")
    campaign = mailing.sent("Wide")
    mailing.sent("Wide", Name="newer")
    reply = mailing.account.act(
        "Wide", "a@example.com", do, campaign=campaign, ip="203.0.113.9", at="2026-07-15T12:30:00+00:00"
    )
    assert (reply.status, reply.json.get("state")) == (200, state), reply.body
    (row,) = mailing.rows(campaign, what)
    assert (row["EmailAddress"], row["Date"]) == ("A@example.com", "2026-07-15 22:30:00")
    assert row.get("IPAddress", "203.0.113.9") == "203.0.113.9"
    (shown,) = [each for each in history(mailing, "a@example.com") if each["ID"] == campaign]
    assert (shown["Type"], shown["Name"], len(shown["Actions"])) == ("Campaign", "One", 1)
    assert_counters_are_rows(mailing, campaign)


def history(mailing, email, title="Wide"):
    path = f"/api/v3.3/subscribers/{mailing.account.lists[title]}/history.json"
    return mailing.call("GET", path, email=email).json


def test_an_act_without_a_campaign_is_with_the_newest_one(mailing):
    mailing.account.add("Wide", "a@example.com")
    older, newer = mailing.sent("Wide"), mailing.sent("Wide", Name="Two")
    mailing.account.act("Wide", "a@example.com", "click")
    assert (len(mailing.rows(older, "clicks")), len(mailing.rows(newer, "clicks"))) == (0, 1)
    mailing.account.act("Wide", "a@example.com", "unsubscribe")
    assert mailing.rows(newer, "unsubscribes") == [], "one that names no campaign came from elsewhere"


def test_an_act_that_cannot_be_says_why(mailing):
    mailing.account.add("Wide", "a@example.com")
    campaign = mailing.sent("Wide")
    mailing.account.add("Wide", "late@example.com")
    mailing.account.add("Wide", "no@example.com", ConsentToTrack="No")
    shy = mailing.sent("Wide", Name="Two")
    for email, do, more, said in (
        ("late@example.com", "open", {"campaign": campaign}, "got no campaign"),
        ("a@example.com", "click", {"campaign": campaign, "url": "https://x.example.com"}, "has no link"),
        ("a@example.com", "open", {"campaign": campaign, "ip": "x"}, "x"),
        ("no@example.com", "open", {"campaign": shy}, "agree to be tracked"),
    ):
        reply = mailing.account.act("Wide", email, do, **more)
        assert (reply.status, said in reply.json["error"]) == (400, True), reply.body
    mailing.account.act("Wide", "a@example.com", "unsubscribe", campaign=campaign)
    again = mailing.account.act("Wide", "a@example.com", "unsubscribe", campaign=campaign)
    assert (again.status, "203" in again.json["error"]) == (400, True)
    assert len(mailing.rows(campaign, "unsubscribes")) == 1


def test_nobody_is_tracked_who_did_not_agree(mailing, crowd):
    on = mailing.account.emulator.store.lists()[0]
    for n in range(600):
        mailing.account.emulator.life.update(on, f"p{n}@example.com", Entry("", consent="No"))
    mailing.wait(**MONTHS)
    assert {each["EmailAddress"][:4] for what in ("opens", "clicks") for each in mailing.rows(crowd, what)} == {"spam"}


def test_rows_and_history_follow_a_changed_address(mailing):
    mailing.account.add("Wide", "a@example.com")
    campaign = mailing.sent("Wide")
    mailing.account.act("Wide", "a@example.com", "open", campaign=campaign)
    mailing.account.act("Wide", "a@example.com", "change_address", new_email="New@example.com")
    for what in ("recipients", "opens"):
        assert [each["EmailAddress"] for each in mailing.rows(campaign, what)] == ["New@example.com"]
    assert len(history(mailing, "new@example.com")[0]["Actions"]) == 1


def test_history_is_newest_first_and_shows_sixty_actions(mailing):
    mailing.account.add("Wide", "a@example.com")
    mailing.sent("Wide")
    for minute in range(70):
        at = (NOON + timedelta(minutes=minute)).isoformat()
        mailing.account.act("Wide", "a@example.com", "open", at=at)
    mailing.wait(hours=2)
    mailing.sent("Wide", Name="Two")
    newest, oldest = history(mailing, "a@example.com")
    assert (newest["Name"], newest["Actions"], oldest["Name"]) == ("Two", [], "One")
    dates = [each["Date"] for each in oldest["Actions"]]
    assert len(dates) == 60
    assert dates == sorted(dates, reverse=True)
    assert dates[0] == "2026-07-15 23:09:00"


def test_soft_bounces_count_towards_the_limit_and_an_open_starts_anew(mailing):
    mailing.account.add("Wide", "a@example.com")
    mailing.sent("Wide")
    states = []
    for do in ("soft_bounce", "soft_bounce", "open", "soft_bounce", "soft_bounce", "soft_bounce"):
        states.append(mailing.account.act("Wide", "a@example.com", do, campaign="One").json["state"])
    assert states == ["Active"] * 5 + ["Bounced"]


ORDERS = {
    "date": lambda row: row["Date"],
    "email": lambda row: row["EmailAddress"].lower(),
    "list": lambda row: row["ListID"],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("what", ["opens", "clicks"])
def test_pages_are_complete_and_in_order(mailing, crowd, what, order, direction):
    mailing.fill("Only here", 150, "q")
    campaign = mailing.sent("Wide", "Only here", Name="Two")
    mailing.wait(**MONTHS)
    query = {"orderfield": order, "orderdirection": direction}
    whole = mailing.get(campaign, what, **query)
    assert (whole["ResultsOrderedBy"], whole["OrderDirection"]) == (order, direction)
    keys = [ORDERS[order](row) for row in whole["Results"]]
    assert keys == sorted(keys, reverse=direction == "desc")
    read = []
    for page in range(1, 500):
        found = mailing.get(campaign, what, page=page, pagesize=37, **query)
        assert found["TotalNumberOfRecords"] == len(whole["Results"])
        assert found["RecordsOnThisPage"] == len(found["Results"])
        if not found["Results"]:
            assert page == found["NumberOfPages"] + 1
            break
        read += found["Results"]
    assert read == whole["Results"]


def test_date_lets_through_what_happened_on_or_after_it_to_the_minute(mailing, crowd):
    mailing.wait(days=2)
    rows = mailing.rows(crowd, "opens")
    middle = rows[len(rows) // 2]["Date"]
    assert mailing.rows(crowd, "opens", date=middle[:16]) == [each for each in rows if each["Date"] >= middle]
    mailing.call("POST", "/_control/settings", {"date_boundary": "after"})
    assert mailing.rows(crowd, "opens", date=middle[:16]) == [each for each in rows if each["Date"] > middle]


@pytest.mark.parametrize(
    ("code", "what", "query"),
    [
        (5, "opens", {"date": "yesterday"}),
        (800, "clicks", {"page": "0"}),
        (801, "bounces", {"pagesize": "9"}),
        (801, "spam", {"pagesize": "1001"}),
        (802, "unsubscribes", {"orderfield": "name"}),
        (802, "recipients", {"orderfield": "date"}),
        (803, "recipients", {"orderdirection": "up"}),
    ],
)
def test_wrong_questions_about_rows_have_their_code(mailing, code, what, query):
    mailing.account.add("Wide", "a@example.com")
    campaign = mailing.sent("Wide")
    assert_refused(mailing.call("GET", f"/api/v3.3/campaigns/{campaign}/{what}.json", **query), 400, code)


def test_a_draft_has_no_rows(mailing):
    mailing.account.add("Wide", "a@example.com")
    assert everything(mailing, mailing.draft("Wide")) == dict.fromkeys(ROWS, [])


def rows_of_a_year(seed):
    clock = Clock()
    clock.set(NOON)
    emulator = create(clock)
    emulator.seed({**spec("small", "campaign_monitor"), "seed": seed})
    client = emulator.store.clients()[0].id
    sent = json.loads(emulator.look(f"/api/v3.3/clients/{client}/campaigns.json", "").body)["Results"]
    clock.advance(timedelta(days=90).total_seconds())
    return [
        emulator.look(f"/api/v3.3/campaigns/{each['CampaignID']}/{what}.json", "").body
        for each in sent
        for what in ROWS
    ], emulator


def test_the_same_seed_tells_the_same_and_another_one_another_thing():
    first, emulator = rows_of_a_year(1)
    assert first == rows_of_a_year(1)[0]
    assert first != rows_of_a_year(2)[0]
    before = emulator.store.counts()
    emulator.seed(spec("small", "campaign_monitor"))
    assert emulator.store.counts()[1] != before[1], "the scheduled campaign moved some states"


def test_seeded_campaigns_change_no_state_and_agree_with_the_states():
    emulator = create(Clock())
    emulator.clock.set(NOON)
    told = spec("small", "campaign_monitor")
    bare = {**told, "clients": [{k: v for k, v in told["clients"][0].items() if k not in ("campaigns", "journeys")}]}
    table = "SELECT list, key, state, state_at, joined_at, fields FROM subscribers ORDER BY list, key"
    emulator.seed(bare)
    without = emulator.store.db.execute(table).fetchall()
    emulator.seed(told)
    assert emulator.store.db.execute(table).fetchall() == without
    emulator.clock.advance(timedelta(days=40).total_seconds())
    emulator.tick()
    assert emulator.store.db.execute(table).fetchall() == without, "nor do late opens and clicks"
    states = {(on, key): (state, state_at) for on, key, state, state_at, *_ in without}
    found = emulator.store.db.execute(
        "SELECT p.list, p.key, t.kind, t.minute, x.text FROM tracked t JOIN tracked_people p ON p.n = t.person"
        " LEFT JOIN tracked_texts x ON x.n = t.what WHERE t.kind IN (?, ?, ?)",
        (BOUNCE, UNSUBSCRIBE, SPAM),
    ).fetchall()
    left = [each for each in found if "Soft" not in (each[4] or "")]
    assert len(left) == len({(on, key) for on, key, *_ in left}), "nobody leaves twice"
    for on, key, kind, minute, _ in left:
        state, at = states[on, key]
        assert (state, int((at + 30) // 60)) == (3 if kind == BOUNCE else 2, minute)
    assert {kind for _, _, kind, _, _ in left} >= {BOUNCE, UNSUBSCRIBE}


def test_all_is_kept_in_the_data_folder(tmp_path):
    clock = Clock()
    clock.set(NOON)
    emulator = create(clock, tmp_path)
    emulator.seed({**SPEC, "clients": [{**SPEC["clients"][1], "campaigns": [SENT]}]})
    path = f"/api/v3.3/clients/{emulator.store.clients()[0].id}/campaigns.json"
    campaign = json.loads(emulator.look(path, "").body)["Results"][0]["CampaignID"]
    clock.advance(3600)
    read = {what: emulator.look(f"/api/v3.3/campaigns/{campaign}/{what}.json", "").body for what in ("summary", *ROWS)}
    emulator.store.db.close()
    again = create(clock, tmp_path)
    assert read == {what: again.look(f"/api/v3.3/campaigns/{campaign}/{what}.json", "").body for what in read}


SENT = {"name": "Sent", "lists": ["Crowd"], "sent_days_ago": 2}


def test_the_spec_says_how_often_a_campaign_was_sent():
    emulator = create(Clock())
    emulator.clock.set(NOON)
    counts = emulator.seed(
        {**SPEC, "clients": [{**SPEC["clients"][1], "campaigns": [{**SENT, "times": 3, "every_days": 5}]}]}
    )
    assert counts["tracked"] == emulator.store.db.execute("SELECT count(*) FROM tracked").fetchone()[0]
    path = f"/api/v3.3/clients/{emulator.store.clients()[0].id}/campaigns.json"
    sent = json.loads(emulator.look(path, "").body)["Results"]
    assert [(each["Name"], each["SentDate"][:10]) for each in sent] == [
        ("Sent 3", "2026-07-13"), ("Sent 2", "2026-07-08"), ("Sent 1", "2026-07-03"),
    ]  # fmt: skip
    assert counts["campaigns"] == 3
    with pytest.raises(LookupError, match="Nothing"):
        emulator.seed({**SPEC, "clients": [{**SPEC["clients"][1], "campaigns": [{**SENT, "lists": ["Nothing"]}]}]})


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20), st.text(max_size=40), st.integers(0, 5))
def test_fate_is_settled_and_in_order(salt, key, links):
    steps = fate(seeded(salt), key, links)
    assert steps == fate(seeded(salt), key, links)
    times = [after for _, after, _, _ in steps]
    assert times == sorted(times)
    assert all(0 < each <= 61 * 86_400 for each in times)
    kinds = [kind for kind, *_ in steps]
    assert not kinds or kinds[0] in (OPEN, BOUNCE)
    assert BOUNCE not in kinds or len(kinds) == 1
    assert all(what < links for kind, _, _, what in steps if kind == CLICK)
    assert sum(kind in (UNSUBSCRIBE, SPAM) for kind in kinds) <= 1


def test_a_clock_that_jumps_tells_the_same_as_one_that_walks():
    def told(steps):
        clock = Clock()
        clock.set(NOON)
        emulator = create(clock)
        north = {**SPEC["clients"][1], "campaigns": [{"name": "A", "lists": ["Crowd"], "scheduled_in_days": 1}]}
        emulator.seed({**SPEC, "clients": [north]})
        for _ in range(steps):
            clock.advance(timedelta(days=70).total_seconds() / steps)
            emulator.tick()
        table = "SELECT p.key, t.kind, t.minute FROM tracked t JOIN tracked_people p ON p.n = t.person ORDER BY 1, 2, 3"
        return emulator.store.db.execute(table).fetchall(), emulator.store.counts()

    assert told(1) == told(60)


@pytest.mark.parametrize(("setting", "degrees"), [("zero", 0.0), ("blank", "")])
def test_what_is_not_known_of_a_place_is_empty(mailing, setting, degrees):
    mailing.call("POST", "/_control/settings", {"unknown_places": setting})
    mailing.account.add("Wide", "a@example.com")
    campaign = mailing.sent("Wide")
    for ip in ("10.1.2.3", "192.0.2.1"):
        mailing.account.act("Wide", "a@example.com", "open", ip=ip)
    unknown, known = sorted(mailing.rows(campaign, "opens"), key=lambda each: each["IPAddress"])
    assert (unknown["Latitude"], unknown["City"], unknown["CountryName"]) == (degrees, "", "")
    assert known["CountryName"]
    assert isinstance(known["Latitude"], float)
