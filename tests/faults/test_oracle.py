"""The oracle itself: an org written by hand from the account's API is right, and each planted difference is found.

It is written the plainest way there is, apart from the flow and from the oracle, so that neither is proven by itself.
"""

import base64
import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fairlead_emulators.seeds import LONDON, NEW_YORK
from tests.faults.installation import Installation
from tests.faults.year import Year
from tests.oracle.check import ALL, ROLLUPS, TRACKING, Events, check
from tests.oracle.reading import CM, SF
from tests.oracle.tolerance import Tolerance

pytestmark = pytest.mark.slow

ZONES = {"London": ZoneInfo("Europe/London"), "New York": ZoneInfo("America/New_York")}
KINDS = {
    "recipients": "Sent", "opens": "Opened", "clicks": "Clicked", "bounces": "Bounced", "unsubscribes": "Unsubscribed",
    "spam": "Spam complaint",
}  # fmt: skip
REST = [
    "CM_List__c.counters", "CM_Client__c.figures", "CM_Campaign__c", "CM_Journey__c", "CM_Journey_Email__c",
    "CM_Suppression__c", "CM_Tracking__c", "CM_Member__c.details",
]  # fmt: skip
PERIODS = {"Today": "Today", "Yesterday": "Yesterday", "ThisWeek": "This_Week", "ThisMonth": "This_Month"}
PERIODS |= {"ThisYear": "This_Year"}


def _client(name: str, zone: str, first: int) -> dict[str, Any]:
    return {
        "name": name,
        "country": "United Kingdom",
        "time_zone": zone,
        "lists": [
            {"title": "Newsletter", "people": [[first, 40]]},
            {"title": "Others", "people": [[first + 35, 12]], "unsubscribe_setting": "OnlyThisList"},
        ],
        "campaigns": [
            {"name": "May", "lists": ["Newsletter"], "sent_days_ago": 200, "tags": ["Old"]},
            {"name": "News", "lists": ["Newsletter"], "sent_days_ago": 20, "tags": ["B", "A"]},
            {"name": "Secret", "lists": ["Others"], "sent_days_ago": 9, "hidden": True},
            {"name": "Autumn", "lists": ["Newsletter", "Others"], "sent_days_ago": 60.1},
            {"name": "To come", "lists": ["Others"], "scheduled_in_days": 50},
        ],
        "journeys": [
            {
                "name": "Welcome",
                "list": "Newsletter",
                "history_days": 900,
                "emails": [{"name": "Hello"}, {"name": "Bye"}],
            }
        ],
    }


SEED = {
    CM: {"clients": [_client("London", LONDON, 0), _client("New York", NEW_YORK, 20)]},
    SF: {
        "contacts": [{"first": 0, "count": 20, "second": False}, {"first": 0, "count": 5, "second": True}],
        "leads": [
            {"first": 15, "count": 20, "second": False},
            {"first": 40, "count": 3, "second": False, "contact_of": 2},
        ],
    },
}


class Writer:
    """Reads the account's API and writes the org by hand."""

    def __init__(self, year: Year) -> None:
        self.year, self.sides = year, year.sides
        emulators = year.fairlead.emulators
        assert emulators is not None
        self._url = emulators.url(CM)
        self._key = base64.b64encode(f"{emulators.line[CM]['api_key']}:x".encode()).decode()
        self.ids = {
            (name, row[key]): row["Id"]
            for name, key in (("CM_Client__c", "Client_Id__c"), ("CM_List__c", "List_Id__c"))
            for row in self.sides.records(name, "Id", key)
        }
        self.newest = self._newest()

    def get(self, path: str) -> Any:
        joined = "&" if "?" in path else "?"
        request = urllib.request.Request(
            f"{self._url}/api/v3.3/{path.replace('?', '.json?') if joined == '&' else path + '.json'}{joined}pagesize=1000",
            headers={"Authorization": f"Basic {self._key}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def _newest(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {"Contact__c": {}, "Lead__c": {}}
        contacts = sorted(
            self.sides.records("Contact", "Id", "Email", "LastModifiedDate"), key=lambda row: row["LastModifiedDate"]
        )
        for row in self.sides.records("Lead", "Id", "Email", "IsConverted", "ConvertedContactId"):
            if row["Email"]:
                side, to = ("Contact__c", row["ConvertedContactId"]) if row["IsConverted"] else ("Lead__c", row["Id"])
                found[side][row["Email"].lower()] = to
        found["Contact__c"] |= {row["Email"].lower(): row["Id"] for row in contacts if row["Email"]}
        return found

    def make(self, name: str, key: str = "", **fields: Any) -> str:
        made = self.sides.post(SF, "act", {"act": "create", "object": name, "fields": fields})
        self.ids[name, key] = made["id"]
        return str(made["id"])

    def edit(self, name: str, identity: str, **fields: Any) -> None:
        self.sides.post(SF, "act", {"act": "edit", "object": name, "id": identity, "fields": fields})

    def linked(self, address: str) -> dict[str, str]:
        return {side: ids[address.lower()] for side, ids in self.newest.items() if address.lower() in ids}

    def write(self) -> None:
        for client in self.get("clients"):
            identity, where = client["ClientID"], ZONES[client["Name"]]
            for each in self.get(f"clients/{identity}/lists"):
                self._counters(each["ListID"])
            self._suppressions(identity, where)
            for each in self.get(f"clients/{identity}/campaigns")["Results"]:
                self._campaign(identity, each, where)
            for each in self.get(f"clients/{identity}/journeys"):
                self._journey(each, where)
        self._details()

    def _counters(self, on: str) -> None:
        told, fields = self.get(f"lists/{on}/stats"), {}
        for total, prefix, name in (
            ("TotalActiveSubscribers", "NewActiveSubscribers", "New_Active"),
            ("TotalUnsubscribes", "Unsubscribes", "Unsubscribed"),
            ("TotalDeleted", "Deleted", "Deleted"),
            ("TotalBounces", "Bounces", "Bounced"),
        ):
            fields[f"Total_{name.removeprefix('New_')}__c"] = told[total]
            fields |= {f"{name}_{suffix}__c": told[prefix + period] for period, suffix in PERIODS.items()}
        self.edit("CM_List__c", self.ids["CM_List__c", on], **fields)

    def _suppressions(self, client: str, where: ZoneInfo) -> None:
        rows = self.get(f"clients/{client}/suppressionlist")["Results"]
        self.edit("CM_Client__c", self.ids["CM_Client__c", client], Total_Suppressed__c=len(rows))
        for row in rows:
            address = row["EmailAddress"]
            self.make(
                "CM_Suppression__c",
                address.lower(),
                Suppression_Key__c=f"{client}:{address.lower()}",
                Client__c=self.ids["CM_Client__c", client],
                Email__c=address,
                Suppressed_Date__c=_utc(row["Date"], where),
                Reason__c=row["SuppressionReason"].capitalize(),
                **self.linked(address),
            )

    def _campaign(self, client: str, row: dict[str, Any], where: ZoneInfo) -> None:
        identity, told = row["CampaignID"], self.get(f"campaigns/{row['CampaignID']}/summary")
        sent = _utc(row["SentDate"], where)
        self.make(
            "CM_Campaign__c", identity, Campaign_Id__c=identity, Name=row["Name"], Sent_Date__c=sent,
            Client__c=self.ids["CM_Client__c", client], Subject__c=row["Subject"], From_Name__c=row["FromName"],
            From_Email__c=row["FromEmail"], Reply_To__c=row["ReplyTo"], Tags__c=", ".join(row["Tags"]),
            Recipients__c=told["Recipients"], Opens__c=told["TotalOpened"], Unique_Opens__c=told["UniqueOpened"],
            Clicks__c=told["Clicks"], Bounces__c=told["Bounced"], Unsubscribes__c=told["Unsubscribed"],
            Spam_Complaints__c=told["SpamComplaints"], Forwards__c=told["Forwards"], Likes__c=told["Likes"],
            Mentions__c=told["Mentions"], Web_Version__c=told["WebVersionURL"],
            Text_Version__c=told["WebVersionTextURL"], Worldview__c=told["WorldviewURL"],
        )  # fmt: skip
        for what, kind in KINDS.items():
            for each in self.get(f"campaigns/{identity}/{what}")["Results"]:
                date = sent if what == "recipients" else _utc(each["Date"], where)
                self._event("Campaign", identity, kind, each, date)

    def _journey(self, row: dict[str, Any], where: ZoneInfo) -> None:
        told = self.get(f"journeys/{row['JourneyID']}")
        on = self.make(
            "CM_Journey__c", row["JourneyID"], Journey_Id__c=row["JourneyID"], Name=row["Name"], Status__c=row["Status"],
            List__c=self.ids["CM_List__c", row["ListID"]], Trigger_Type__c=told["TriggerType"],
        )  # fmt: skip
        for each in told["Emails"]:
            self.make(
                "CM_Journey_Email__c", each["EmailID"], Email_Id__c=each["EmailID"], Name=each["Name"], Journey__c=on,
                Sent__c=each["Sent"], Opens__c=each["Opened"], Unique_Opens__c=each["UniqueOpened"],
                Clicks__c=each["Clicked"], Bounces__c=each["Bounced"], Unsubscribes__c=each["Unsubscribed"],
            )  # fmt: skip
            for what, kind in KINDS.items():
                if what != "spam":
                    for event in self.get(f"journeys/email/{each['EmailID']}/{what}")["Results"]:
                        date = _utc(event.get("SentDate") or event["Date"], where)
                        self._event("Journey", each["EmailID"], kind, event, date)

    def _event(self, kind: str, of: str, activity: str, row: dict[str, Any], date: str) -> None:
        if (datetime.fromisoformat(date) - self.year.now()).days < -180:
            return
        parent = "CM_Campaign__c" if kind == "Campaign" else "CM_Journey_Email__c"
        further = {
            name: row[said]
            for name, said in (("Bounce_Type__c", "BounceType"), ("URL_Clicked__c", "URL"))
            if said in row
        }
        further[parent.replace("CM_", "")] = self.ids[parent, of]
        key = f"{len(self.ids)}"
        self.make(
            TRACKING, key, Tracking_Key__c=key, Activity__c=activity, Activity_Date__c=date, Email_Type__c=kind,
            Email__c=row["EmailAddress"], **further, **self.linked(row["EmailAddress"]),
        )  # fmt: skip

    def _details(self) -> None:
        by_key = {row["Member_Key__c"]: row["Id"] for row in self.sides.records("CM_Member__c", "Id", "Member_Key__c")}
        for row in self.sides.lines(CM, "subscribers"):
            fields = {"Consent_To_Track__c": "Yes", "Mobile_Number__c": row["mobile"] or None}
            fields["Consent_To_Send_SMS__c"] = ("Yes" if row["sms"] else "No") if row["mobile"] else None
            self.edit("CM_Member__c", by_key[f"{row['list']}:{row['email'].lower()}"], **fields)


def _utc(text: str, where: ZoneInfo) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=where).astimezone(UTC).isoformat(timespec="milliseconds")


SYNCED = ("clients", "lists", "match", "members")
BY_HAND = tuple(name for name in ALL if name != ROLLUPS)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writer]:
    """An installation whose lists and members are synced, and the rest of its org written by hand."""
    with Installation(tmp_path_factory.mktemp("oracle") / "home", SEED) as fairlead:
        year = Year(fairlead)
        fairlead.start_worker()
        fairlead.sync(*(word for name in SYNCED for word in ("--stage", name)))
        writer = Writer(year)
        writer.write()
        yield writer


def test_an_org_written_by_hand_is_right_in_all_objects(written: Writer) -> None:
    """Everything that the account's API tells is what the oracle wants, and each object has something to compare."""
    report = check(written.sides, objects=BY_HAND)
    assert report.ok, report.text()
    assert report.tolerated == 0
    assert {name for name, each in report.verdicts.items() if not each.compared} == set()


@pytest.mark.parametrize("name", REST)
def test_a_wrong_field_of_any_object_is_found(written: Writer, name: str) -> None:
    """One field of one record is changed: the oracle names that object and no other, and is content again afterwards."""
    fields = {
        "CM_List__c.counters": {"Bounced_Today__c": 77}, "CM_Client__c.figures": {"Total_Suppressed__c": 9_999},
        "CM_Campaign__c": {"Tags__c": "Wrong"}, "CM_Journey__c": {"Status__c": "Paused"},
        "CM_Journey_Email__c": {"Opens__c": 9_999}, "CM_Suppression__c": {"Reason__c": "Reason unavailable"},
        "CM_Tracking__c": {"Activity_Date__c": "2026-11-11T11:11:00.000Z"},
        "CM_Member__c.details": {"Mobile_Number__c": "+12025550199"},
    }[name]  # fmt: skip
    sobject = name.partition(".")[0]
    record = next(iter(written.sides.records(sobject, "Id", *fields)))
    written.edit(sobject, record["Id"], **fields)
    report = check(written.sides, objects=BY_HAND)
    assert {key for key, each in report.verdicts.items() if not each.ok} == {name}
    assert "@" not in report.text()
    written.edit(sobject, record["Id"], **{key: record[key] for key in fields})
    assert check(written.sides, objects=BY_HAND).ok


@pytest.mark.parametrize("name", ["CM_Campaign__c", "CM_Journey_Email__c", "CM_Suppression__c", "CM_Tracking__c"])
def test_a_record_that_is_missing_is_found(written: Writer, name: str) -> None:
    """One record is deleted: it is missing, and it alone where nothing hangs on it."""
    record = next(iter(written.sides.records(name, "Id")))["Id"]
    written.sides.post(SF, "act", {"act": "delete", "object": name, "id": record})
    verdict = check(written.sides, objects=[name]).verdicts[name]
    assert (verdict.missing, verdict.extra, verdict.wrong) == (1, 0, 0)
    written.sides.post(SF, "act", {"act": "undelete", "object": name, "id": record})
    assert check(written.sides, objects=[name]).ok


def test_new_events_are_found_without_reading_the_old_ones(written: Writer) -> None:
    """An open that came after the last check is missing until the org has it; and too many when it has it twice."""
    events = Events()
    check(written.sides, objects=[TRACKING], events=events)
    sent = next(row for row in written.sides.lines(CM, "truth/campaigns") if row["name"] == "News")
    got = next(
        row for row in written.sides.lines(CM, "truth/events") if (row["of"], row["kind"]) == (sent["id"], "Sent")
    )
    written.sides.post(CM, "clock", {"advance_seconds": 600})
    act = {"list": got["list"], "email": got["EmailAddress"], "do": "open", "campaign": sent["id"]}
    written.sides.post(CM, "act", act)
    stamp = written.year.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def found() -> tuple[int, int]:
        fresh = Events(events.newest)
        verdict = check(written.sides, objects=[TRACKING], events=fresh, news_since=stamp).verdicts[TRACKING]
        assert verdict.compared == 1
        return verdict.missing, verdict.extra

    assert found() == (1, 0)
    row = {"EmailAddress": got["EmailAddress"]}
    date = datetime.fromtimestamp(int(written.year.now().timestamp() + 30) // 60 * 60, UTC).isoformat()
    written._event("Campaign", sent["id"], "Opened", row, date)
    assert found() == (0, 0)
    written._event("Campaign", sent["id"], "Opened", row, date)
    assert found() == (0, 1)
    whole = check(written.sides, objects=[TRACKING]).verdicts[TRACKING]
    assert (whole.missing, whole.extra) == (0, 1)
    newest = max(record["Id"] for record in written.sides.records(TRACKING, "Id"))
    written.sides.post(SF, "act", {"act": "delete", "object": TRACKING, "id": newest})


def test_a_late_event_of_an_old_campaign_may_be_missing_for_a_day(written: Writer) -> None:
    """Old campaigns are asked for once a day: until then a late open is known as such, and missing after it."""
    sent = next(row for row in written.sides.lines(CM, "truth/campaigns") if row["name"] == "May")
    got = next(
        row for row in written.sides.lines(CM, "truth/events") if (row["of"], row["kind"]) == (sent["id"], "Sent")
    )
    act = {"list": got["list"], "email": got["EmailAddress"], "do": "open", "campaign": sent["id"]}
    written.sides.post(CM, "act", act)
    verdict = check(written.sides, objects=[TRACKING]).verdicts[TRACKING]
    assert (verdict.ok, dict(verdict.tolerated)) == (True, {"a late event of an old campaign": 1})
    strict = check(written.sides, Tolerance(old_events_minutes=-1), objects=[TRACKING]).verdicts[TRACKING]
    assert strict.missing == 1


def test_events_of_somebody_with_a_new_address_are_those_of_the_old_one(written: Writer) -> None:
    """The account tells old events by the new address; the org keeps them by the old: known, so no difference."""
    got = next(row for row in written.sides.lines(CM, "truth/events") if row["kind"] == "Clicked")
    act = {"list": got["list"], "email": got["EmailAddress"], "do": "change_address", "new_email": "new@example.org"}
    written.sides.post(CM, "act", act)
    assert not check(written.sides, objects=[TRACKING]).ok
    known = Tolerance()
    known.absorb(
        {
            "dateless": [],
            "renamed": [[got["list"], got["EmailAddress"], "new@example.org"]],
            "campaigns_gone": [],
            "lists_gone": [],
            "unsuppressed": [],
        },
        {"addresses": []},
    )
    report = check(written.sides, known, objects=[TRACKING, "CM_Member__c"])
    assert report.ok, report.text()


def test_an_object_that_is_not_known_is_refused(written: Writer) -> None:
    """A misspelt object would otherwise be a check of nothing."""
    with pytest.raises(LookupError, match="CM_Nothing__c"):
        check(written.sides, objects=["CM_Nothing__c"])


def test_an_edit_is_forgiven_to_whom_it_was_done_also_after_a_merge() -> None:
    """The edit is told of the address of then; the record follows the merge, and is as it was before the edit."""
    nothing: dict[str, list[str]] = {"campaigns_gone": [], "lists_gone": [], "unsuppressed": [], "renamed": []}
    known = Tolerance()
    known.absorb(
        {"dateless": [["news", "Old@example.com"]], **nothing},
        {"addresses": [], "merged": [["old@example.com", "new@example.com"]]},
    )
    assert known.edited("news", "new@example.com")
    assert known.edited("news", "old@example.com")
    assert not known.edited("offers", "new@example.com")
    assert not known.edited("news", "other@example.com")


def test_who_became_another_on_each_of_two_lists_is_one_person() -> None:
    """Events name an address and no list: those of the old one and of both new ones are the same person's."""
    known = Tolerance()
    quiet = {"dateless": [], "campaigns_gone": [], "lists_gone": [], "unsuppressed": []}
    for on, new in (("one", "b@example.com"), ("two", "c@example.com")):
        known.absorb(quiet | {"renamed": [(on, "A@example.com", new)]}, {"addresses": [], "merged": []})
    assert len({known.person(f"{letter}@example.com") for letter in "abc"}) == 1
    assert known.person("d@example.com") == "d@example.com"


def test_who_had_an_address_that_is_too_long_is_known_by_the_new_one() -> None:
    """Events of the old address were refused; the account tells them by the new one."""
    known = Tolerance()
    quiet = {"dateless": [], "campaigns_gone": [], "lists_gone": [], "unsuppressed": []}
    known.absorb(quiet | {"renamed": [("one", f"{'x' * 80}@example.com", "b@example.com")]}, {"addresses": []})
    assert known.was_longer("b@example.com", 80)
    assert not known.was_longer("c@example.com", 80)
