"""Clients, lists with their 24 counters, campaigns, journeys and their e-mails: what their records must say."""

import re
from typing import Final

from tests.oracle.comparing import Fields, compare
from tests.oracle.moments import first_showing, minute_of
from tests.oracle.reading import CM, Row
from tests.oracle.report import Verdict
from tests.oracle.world import LONGEST_NAME, World

_LONGEST_TEXT: Final = 255
_OPT_IN: Final = {False: "Single opt-in", True: "Confirmed opt-in"}
_SETTING: Final = {"AllClientLists": "All client lists", "OnlyThisList": "Only this list"}
_PERIODS: Final = {
    "Today": "Today", "Yesterday": "Yesterday", "ThisWeek": "This_Week", "ThisMonth": "This_Month",
    "ThisYear": "This_Year",
}  # fmt: skip
# The API's prefix → the field's.
_COUNTED: Final = {
    "NewActiveSubscribers": "New_Active", "Unsubscribes": "Unsubscribed", "Deleted": "Deleted", "Bounces": "Bounced"
}  # fmt: skip
_TOTALS: Final = {
    "TotalActiveSubscribers": "Total_Active__c",
    "TotalUnsubscribes": "Total_Unsubscribed__c",
    "TotalDeleted": "Total_Deleted__c",
    "TotalBounces": "Total_Bounced__c",
}
COUNTERS: Final = {
    **_TOTALS,
    **{api + period: f"{name}_{suffix}__c" for api, name in _COUNTED.items() for period, suffix in _PERIODS.items()},
}
"""Counter as the API names it → field of CM_List__c."""
ASKED_ALWAYS_MINUTES: Final = 180 * 24 * 60
"""Summaries of campaigns that are older are asked for once a day."""
_SUMMED: Final = ("Recipients__c", "Opens__c", "Unique_Opens__c", "Clicks__c", "Bounces__c", "Unsubscribes__c",
    "Spam_Complaints__c")  # fmt: skip


def clients(world: World) -> Verdict:
    verdict = Verdict()
    wanted: dict[str, Fields] = {
        identity: {"Name": client["name"][:LONGEST_NAME], "Time_Zone__c": client["time_zone"]}
        for identity, client in world.clients.items()
    }
    got = world.sides.records("CM_Client__c", "Client_Id__c", "Name", "Time_Zone__c")
    compare(verdict, wanted, ((row["Client_Id__c"], row) for row in got))
    return verdict


def client_figures(world: World) -> Verdict:
    """How many addresses each client's suppression list has."""
    verdict = Verdict()
    wanted: dict[str, Fields] = {identity: {"Total_Suppressed__c": 0} for identity in world.clients}
    for row in world.sides.lines(CM, "truth/suppressions"):
        wanted[row["client"]]["Total_Suppressed__c"] += 1
    got = world.sides.records("CM_Client__c", "Client_Id__c", "Total_Suppressed__c")
    compare(verdict, wanted, ((row["Client_Id__c"], row) for row in got))
    return verdict


def lists(world: World) -> Verdict:
    verdict = Verdict()
    wanted: dict[str, Fields] = {
        identity: {
            "Name": row["title"][:LONGEST_NAME],
            "client": row["client"],
            "Opt_In__c": _OPT_IN[row["confirmed_opt_in"]],
            "Unsubscribe_Setting__c": _SETTING[row["unsubscribe_setting"]],
            "Unsubscribe_Page__c": row["unsubscribe_page"][:_LONGEST_TEXT],
            "Confirmation_Success_Page__c": row["success_page"][:_LONGEST_TEXT],
        }
        for identity, row in world.lists.items()
    }
    fields = [name for name in next(iter(wanted.values()), {}) if name != "client"]
    got = world.sides.records("CM_List__c", "List_Id__c", "Client__c", *fields)
    compare(verdict, wanted, ((row["List_Id__c"], _with_client(world, row)) for row in got), _list_gone(world))
    return verdict


def counters(world: World) -> Verdict:
    verdict = Verdict()
    wanted: dict[str, Fields] = {
        identity: {COUNTERS[name]: count for name, count in row["statistics"].items()}
        for identity, row in world.lists.items()
    }
    got = world.sides.records("CM_List__c", "List_Id__c", *COUNTERS.values())
    compare(verdict, wanted, ((row["List_Id__c"], row) for row in got), _list_gone(world))
    return verdict


def _list_gone(world: World):  # type: ignore[no-untyped-def]
    return lambda key, _row: "a list that is gone" if key in world.tolerance.lists_gone else ""


def _with_client(world: World, row: Row) -> Row:
    return row | {"client": world.client_of_record.get(row["Client__c"])}


def campaigns(world: World) -> Verdict:
    """The sent campaigns that the account lists, with the counters of their summaries."""
    verdict = Verdict()
    wanted: dict[str, Fields] = {}
    for row in world.sides.lines(CM, "truth/campaigns"):
        if row["status"] == "sent" and not row["hidden"]:
            wanted[row["id"]] = _campaign(world, row)
    fields = [name for name in next(iter(wanted.values()), {}) if name not in ("client", "tags")]
    got = world.sides.records("CM_Campaign__c", "Campaign_Id__c", "Client__c", "Tags__c", *fields)
    old = world.now - ASKED_ALWAYS_MINUTES
    compare(
        verdict,
        wanted,
        (
            (key, _as_of_today(world, verdict, row, wanted.get(key, {}), old=old))
            for row in got
            for key in (row["Campaign_Id__c"],)
        ),
        lambda key, _row: "a campaign that is gone" if key in world.tolerance.campaigns_gone else "",
    )
    return verdict


def _campaign(world: World, row: Row) -> Fields:
    counts = row["counts"]
    return {
        "Name": row["name"][:LONGEST_NAME],
        "client": row["client"],
        "Subject__c": row["subject"][:_LONGEST_TEXT],
        "From_Name__c": row["from_name"],
        "From_Email__c": row["from_email"],
        "Reply_To__c": row["reply_to"],
        "Sent_Date__c": first_showing(row["sent_minute"], world.zones[row["client"]]),
        "tags": " ".join(sorted(row["tags"])),
        "Recipients__c": row["recipients"],
        "Opens__c": counts["opens"],
        "Unique_Opens__c": counts["openers"],
        "Clicks__c": counts["clicks"],
        "Bounces__c": counts["bounces"],
        "Unsubscribes__c": counts["unsubscribes"],
        "Spam_Complaints__c": counts["complaints"],
        "Forwards__c": 0,
        "Likes__c": 0,
        "Mentions__c": 0,
        "Web_Version__c": row["web_version"],
        "Text_Version__c": row["text_version"],
        "Worldview__c": row["worldview"],
    }


def _as_of_today(world: World, verdict: Verdict, row: Row, want: Fields, *, old: int) -> Row:
    """The record; with the counters of now where it is an old campaign's and has what was true at a check of the last day."""
    found = _told_alike(world, row)
    if not want or want["Sent_Date__c"] >= old:
        return found
    true = tuple(want[name] for name in _SUMMED)
    was_true = world.tolerance.true_lately(row["Campaign_Id__c"], true, world.now)
    held = tuple(found[name] for name in _SUMMED)
    if held != true and held in was_true:
        verdict.tolerated["figures of an old campaign"] += 1
        found |= dict(zip(_SUMMED, true, strict=True))
    return found


def _told_alike(world: World, row: Row) -> Row:
    """The record as `_campaign` tells one: tags in order, whatever parts them."""
    tags = sorted(each.strip() for each in re.split("[,;\n]", row["Tags__c"] or "") if each.strip())
    found = _with_client(world, row) | {"tags": " ".join(tags)}
    if row["Sent_Date__c"]:
        zone = world.zones.get(str(found["client"]), "UTC")
        found["Sent_Date__c"] = first_showing(minute_of(row["Sent_Date__c"]), zone)
    return found


def journeys(world: World) -> Verdict:
    verdict = Verdict()
    wanted: dict[str, Fields] = {
        row["id"]: {
            "Name": row["name"][:LONGEST_NAME],
            "list": row["list"],
            "Status__c": row["status"],
            "Trigger_Type__c": row["trigger"],
        }
        for row in world.sides.lines(CM, "truth/journeys")
    }
    got = world.sides.records("CM_Journey__c", "Journey_Id__c", "Name", "List__c", "Status__c", "Trigger_Type__c")
    rows = ((row["Journey_Id__c"], row | {"list": world.list_of_record.get(row["List__c"])}) for row in got)
    compare(
        verdict,
        wanted,
        rows,
        lambda _key, row: (
            "a journey of a list that is gone" if row["list"] in {None, *world.tolerance.lists_gone} else ""
        ),
    )
    return verdict


def journey_emails(world: World) -> Verdict:
    verdict = Verdict()
    wanted: dict[str, Fields] = {}
    for of in world.sides.lines(CM, "truth/journeys"):
        for row in of["emails"]:
            counts = row["counts"]
            wanted[row["id"]] = {
                "Name": row["name"][:LONGEST_NAME],
                "journey": of["id"],
                "Sent__c": counts["sent"],
                "Opens__c": counts["opens"],
                "Unique_Opens__c": counts["openers"],
                "Clicks__c": counts["clicks"],
                "Bounces__c": counts["bounces"],
                "Unsubscribes__c": counts["unsubscribes"],
            }
    parents = list(world.sides.records("CM_Journey__c", "Id", "Journey_Id__c", "List__c"))
    ids = {row["Id"]: row["Journey_Id__c"] for row in parents}
    gone = {None, *world.tolerance.lists_gone}
    lost = {row["Journey_Id__c"] for row in parents if world.list_of_record.get(row["List__c"]) in gone}
    fields = [name for name in next(iter(wanted.values()), {}) if name != "journey"]
    got = world.sides.records("CM_Journey_Email__c", "Email_Id__c", "Journey__c", *fields)
    compare(
        verdict,
        wanted,
        ((row["Email_Id__c"], row | {"journey": ids.get(row["Journey__c"])}) for row in got),
        lambda _key, row: "an e-mail of a list that is gone" if row["journey"] in {None, *lost} else "",
    )
    return verdict
