"""The fewest calls with which any client could have learnt of an hour's changes and written them, by what the APIs offer.

Campaign Monitor says by itself of nothing that it changed, so everything that can change is asked for once:

- the clients: 1; of each client its lists, its sent campaigns (1,000 a page) and its journeys: 1 each, and one page of
  its suppression list, whose total and newest entries tell what changed;
- each list: 1 for its settings, 1 for its counters, which move with every state but Unconfirmed, so 1 more for a list
  with confirmed opt-in; then a page of 1,000 for each state of the list that has changed;
- each sent campaign younger than the days kept, and each journey: 1 for its counters; then a page of 1,000 for each kind
  of event that a mail got.

Salesforce: 2 queries for those whose contacts or leads changed, 2 for campaigns that people linked by hand on either side,
2 for each 300 addresses that were read, and for each object with changed rows one call for 200 of them, or 5 for a bulk job
if that is fewer. Signing in is not counted, nor is what it takes to know whose totals changed.

It is a lower bound, not a plan: a client that trusts the counters of a list misses those who leave and come back within
a day, so that Fairlead reads all five states of every list; and each client's and list's rows are written by calls of their own.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tests.oracle.check import RELINKED, ROLLUPS, TRACKING
from tests.oracle.reading import CM, Sides
from tests.oracle.report import Report

PAGE = 1_000
COLLECTION = 200
BULK = 5
ASKED_FOR = 300
MINUTES_A_DAY = 1_440


@dataclass(frozen=True)
class Least:
    """Calls on either side, and the rows that changed, by object."""

    account: int
    org: int
    rows: Mapping[str, int]


def _up(rows: int, of: int) -> int:
    return -(-rows // of)


def changed_rows(before: Report, after: Report) -> dict[str, int]:
    """How many records must be written or removed since the check before, by object; events by their number."""
    found = {}
    for name, each in after.verdicts.items():
        old = before.verdicts[name].prints if name in before.verdicts else {}
        new = each.prints
        changed = sum(1 for key, told in new.items() if old.get(key) != told)
        found[name] = changed + each.fresh.total() if name == TRACKING else changed
    return found


def least(sides: Sides, before: Report, after: Report, objects: Collection[str], *, now: int, days_kept: int) -> Least:
    """For the hour between two checks. `now`: unix minutes."""
    rows = changed_rows(before, after)
    return Least(_account(sides, after, objects, now - days_kept * MINUTES_A_DAY), _org(after, objects, rows), rows)


def _account(sides: Sides, after: Report, objects: Collection[str], first_minute: int) -> int:
    lists = list(sides.lines(CM, "truth/lists"))
    clients = len(sides.one(CM, "state")["clients"])
    calls = 1 + clients + len(lists)
    fresh = {name: each.fresh for name, each in after.verdicts.items()}
    members = fresh.get("CM_Member__c", fresh.get("CM_Member__c.details", {}))
    if members or "CM_Member__c" in objects or "CM_List__c.counters" in objects:
        calls += len(lists) + sum(1 for each in lists if each["confirmed_opt_in"])
        calls += sum(_up(count, PAGE) for group, count in members.items() if not group.endswith(":Unconfirmed"))
    if "CM_Suppression__c" in objects:
        calls += clients
    if "CM_Campaign__c" in objects or TRACKING in objects:
        sent = [row for row in sides.lines(CM, "truth/campaigns") if row["status"] == "sent" and not row["hidden"]]
        calls += clients + sum(1 for row in sent if row["sent_minute"] >= first_minute)
    if "CM_Journey__c" in objects or TRACKING in objects:
        calls += clients + sum(1 for _ in sides.lines(CM, "truth/journeys"))
    return calls + sum(_up(count, PAGE) for count in fresh.get(TRACKING, {}).values())


def _org(after: Report, objects: Collection[str], rows: Mapping[str, int]) -> int:
    by_object: dict[str, int] = {}
    for name, count in rows.items():
        plain = name.partition(".")[0]
        by_object[plain] = max(by_object.get(plain, 0), count)
    calls = sum(min(_up(count, COLLECTION), BULK) for count in by_object.values())
    people = sum(by_object.get(name, 0) for name in ("CM_Member__c", "CM_Suppression__c", TRACKING))
    return calls + 2 * _up(people, ASKED_FOR) + 2 * sum(name in objects for name in (RELINKED, ROLLUPS))
