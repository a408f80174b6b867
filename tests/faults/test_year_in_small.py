"""A year of life of an account, in small: synced, then hour by hour, and at each hour the org is what an oracle says."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.installation import Installation
from tests.faults.year import OBJECTS, Year
from tests.oracle.check import INSTALLED, check
from tests.oracle.reading import CM, SF
from tests.oracle.tolerance import Tolerance

HOURS = 3
AT_LEAST = {
    "CM_Suppression__c": 300, "CM_Campaign__c": 6, "CM_Journey_Email__c": 10, "CM_Tracking__c": 1_500,
    "CM_Member__c.totals": 1_900, "Campaign": 1, "CampaignMember": 100,
}  # fmt: skip
PEOPLE = ("CM_Client__c", "CM_List__c", "CM_Member__c")
EVERY_KIND = [
    "join", "subscribe", "confirm", "unsubscribe", "delete", "bounce", "complain", "change_name", "change_field",
    "change_address", "open", "click", "suppress", "unsuppress", "campaign_sent", "campaign_hidden", "campaign_deleted",
    "campaign_tagged", "list_created", "list_renamed", "list_deleted",
]  # fmt: skip


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    """The small year with its first sync done."""
    with Installation(tmp_path_factory.mktemp("year") / "home", "year-small") as fairlead:
        running = Year(fairlead)
        fairlead.start_worker()
        first = running.first()
        assert first.ok, first.told
        assert first.report["CM_Member__c.details"]["compared"] > 1_900
        for name, rows in AT_LEAST.items():
            assert first.report[name]["compared"] >= rows, f"hardly any {name}: it proves little"
        yield running


def test_at_every_hour_the_org_is_what_the_oracle_says(year: Year) -> None:
    """After each hour and its sync, every record of every installed object is as the emulators' own state demands."""
    wrong, changed = [], 0
    for hour in year.hours(HOURS):
        changed += hour.changed
        if not hour.ok:
            wrong.append(f"hour {hour.number}: {hour.told}")
    assert not wrong, "\n".join(wrong)
    assert changed > HOURS, "hardly anything happened: it proves nothing"


def test_an_hour_in_which_everything_happens_is_followed(year: Year) -> None:
    """Each kind of act once, also those that are seldom: lists and campaigns that come, are renamed, and go."""
    account = year.sides.post(CM, "live", {"seed": "all", "only": EVERY_KIND})
    year.tolerance.absorb(account, year.sides.post(SF, "live", {"seed": "all"}))
    assert len(account["by"].keys() - {"nothing"}) > len(EVERY_KIND) - 4
    assert account["lists_gone"] and account["campaigns_gone"]
    year.fairlead.sync()
    report = check(year.sides, year.tolerance, objects=INSTALLED)
    assert report.ok, report.text()


def test_a_sync_after_which_nothing_happened_writes_nothing(year: Year) -> None:
    """Of two syncs with nothing but a minute between them the second writes no record of the installed objects."""
    year.fairlead.sync()
    year.sides.post(CM, "clock", {"advance_seconds": 60})
    after = year.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    year.fairlead.sync()
    written = [row for name in OBJECTS for row in year.sides.records(name, "Id", since=after)]
    assert written == []


def test_the_oracle_sees_what_is_wrong_missing_and_extra(year: Year) -> None:
    """Planted differences are found and counted, and nobody's address stands in the report."""
    year.fairlead.sync()
    assert check(year.sides, year.tolerance, objects=PEOPLE).ok
    members = list(year.sides.records("CM_Member__c", "Id", "Email__c", "State__c", "Member_Key__c", "List__c"))
    fresh = [
        row for row in members
        if tuple(row["Member_Key__c"].split(":", 1)) not in year.tolerance.renamed_on | year.tolerance.dateless
        and row["Member_Key__c"].split(":")[0] not in year.tolerance.lists_gone
    ]  # fmt: skip
    changed, gone, *_ = fresh
    lists = next(iter(year.sides.records("CM_List__c", "Id", "Name", "List_Id__c")))
    _act(year, act="edit", object="CM_Member__c", id=changed["Id"], fields={"State__c": _other(changed["State__c"])})
    _act(year, act="delete", object="CM_Member__c", id=gone["Id"])
    added = {"Member_Key__c": f"{lists['List_Id__c']}:nobody@example.com", "Email__c": "nobody@example.com"}
    added |= {"State__c": "Active", "List__c": lists["Id"]}
    made = _act(year, act="create", object="CM_Member__c", fields=added)
    try:
        report = check(year.sides, year.tolerance, objects=PEOPLE)
        found = report.verdicts["CM_Member__c"]
        assert (found.wrong, found.missing, found.extra) == (1, 1, 1)
        assert found.by_field == {"State__c": 1}
        assert not any("@" in line for line in report.text().splitlines())
        assert "wrong" in report.text()
    finally:
        _act(year, act="edit", object="CM_Member__c", id=changed["Id"], fields={"State__c": changed["State__c"]})
        _act(year, act="undelete", object="CM_Member__c", id=gone["Id"])
        _act(year, act="delete", object="CM_Member__c", id=made["id"])
    assert check(year.sides, year.tolerance, objects=PEOPLE).ok


def test_what_the_tolerance_forgives_is_wrong_without_it(year: Year) -> None:
    """Edits that move no date and addresses that were changed are differences, and are counted as known ones only."""
    edits = {"seed": "edits", "only": ["change_name", "change_address"]}
    year.tolerance.absorb(year.sides.post(CM, "live", edits), {"addresses": []})
    assert year.tolerance.dateless and year.tolerance.renamed_on
    year.fairlead.sync()
    with_it = check(year.sides, year.tolerance, objects=PEOPLE)
    without = check(year.sides, Tolerance(), objects=PEOPLE)
    assert with_it.ok and with_it.tolerated > 0
    assert not without.ok


def _act(year: Year, **act: Any) -> Any:
    return year.sides.post(SF, "act", act)


def _other(state: str) -> str:
    return "Bounced" if state == "Active" else "Active"
