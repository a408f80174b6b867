"""What `fairlead demo --once` does after the first sync: sync again, change 1 %, sync, and check every record."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from fairlead.cli import demo_check, follow
from fairlead.cli.demo_check import Mailings, Truth
from fairlead.cli.demo_emulators import Emulators
from fairlead.cli.edge import Exit

if TYPE_CHECKING:
    from fairlead.jobs.models import Job

SHARE: Final = 0.01
"""Part of the subscribers that changes before the third sync."""
READ_AT_MOST: Final = 3.0
"""Rows that the third sync may read for each one that changed: the overlap of a day reads some again."""

Sync = Callable[[], "Job"]
Say = Callable[[str], None]


def read_truth(emulators: Emulators) -> Truth:
    """Everything both sides hold, past the imitated APIs."""

    def records(name: str) -> list[dict[str, Any]]:
        return list(emulators.get("salesforce", f"/_control/records?object={name}"))

    state = next(emulators.get("campaign_monitor", "/_control/state"))
    lists = [each["id"] for client in state["clients"] for each in client["lists"]]
    return Truth(
        subscribers=[
            row for each in lists for row in emulators.get("campaign_monitor", f"/_control/subscribers?list={each}")
        ],
        clients=state["clients"],
        contacts=records("Contact"),
        leads=records("Lead"),
        client_records=records("CM_Client__c"),
        list_records=records("CM_List__c"),
        members=records("CM_Member__c"),
    )


def read_mailings(emulators: Emulators) -> Mailings:
    """Campaigns, journeys and their events on both sides, past the imitated APIs."""

    def records(name: str, *fields: str) -> list[dict[str, Any]]:
        return list(emulators.get("salesforce", f"/_control/records?object={name}&fields={','.join(fields)}"))

    def account(path: str) -> Iterator[dict[str, Any]]:
        return emulators.get("campaign_monitor", f"/_control/truth/{path}")

    return Mailings(
        campaigns=list(account("campaigns")),
        journeys=list(account("journeys")),
        events=Counter(
            (row["of"], row["kind"])
            for row in account("events")
            if len(row["EmailAddress"]) <= demo_check.LONGEST_EMAIL
        ),
        campaign_records=records("CM_Campaign__c", "Id", "Campaign_Id__c", *demo_check.FIGURES),
        email_records=records("CM_Journey_Email__c", "Id", "Email_Id__c"),
        event_records=records("CM_Tracking__c", "Campaign__c", "Journey_Email__c", "Activity__c"),
    )


def go_on(emulators: Emulators, sync: Sync, say: Say, told: dict[str, Any]) -> Exit:
    """Carry it through; the exit code. `told` takes what was found, for JSON."""
    wrong: list[str] = []
    first = read_truth(emulators)
    _compare("After the first sync", first, say, wrong, told)
    mailings = read_mailings(emulators)
    differing = demo_check.check_mailings(mailings)
    wrong += differing
    told["mailings"] = {"campaigns": len(mailings.campaign_records), "events": len(mailings.event_records)}
    say(
        f"{len(mailings.campaign_records):,} campaigns with their figures and {len(mailings.event_records):,} events "
        f"checked. {'Differences:' if differing else 'All right.'}"
    )
    say("A second sync, with nothing changed:")
    second = sync()
    told["second"] = {"state": second.state, "counts": second.counts, "seconds": follow.seconds(second)}
    wrong += _nothing_written(second, first, read_truth(emulators))
    posted = emulators.post("campaign_monitor", "/_control/act_many", {"share": SHARE, "do": "mixed", "seed": 1})
    middle = read_truth(emulators)
    changed = demo_check.changed(first.subscribers, middle.subscribers)
    say(
        f"{posted['changed']:,} subscribers did something in Campaign Monitor; {len(changed):,} rows changed by it. A third sync:"
    )
    third = sync()
    told["third"] = {
        "state": third.state,
        "counts": third.counts,
        "changed": len(changed),
        "seconds": follow.seconds(third),
    }
    wrong += _work_for(changed, third, middle, read_truth(emulators))
    _compare("After the third sync", read_truth(emulators), say, wrong, told)
    told["wrong"] = wrong
    for text in wrong:
        say(f"  wrong: {text}")
    say("Everything is as it must be." if not wrong else f"{len(wrong)} things are not as they must be.")
    return Exit.FAILED if wrong else Exit.DONE


def _compare(when: str, truth: Truth, say: Say, wrong: list[str], told: dict[str, Any]) -> None:
    verdict = demo_check.check(truth)
    told[when.lower()] = {
        name: getattr(verdict, name) for name in ("members", "refused", "contact", "lead", "both", "unlinked")
    }
    say(
        f"{when}: {len(truth.subscribers):,} subscribers, {verdict.members:,} members checked: linked to a contact "
        f"{verdict.contact:,}, a lead {verdict.lead:,}, both {verdict.both:,}, unlinked {verdict.unlinked:,}; "
        f"{verdict.refused:,} cannot be members. {'All right.' if verdict.ok else 'Differences:'}"
    )
    wrong += [f"{when}: {text}" for text in verdict.wrong]


def _stamps(truth: Truth) -> dict[str, str]:
    """When each member was last written, by key."""
    return {row["Member_Key__c"]: row["SystemModstamp"] for row in truth.members}


def _nothing_written(job: "Job", before: Truth, after: Truth) -> list[str]:
    wrong = [] if job.state == "done" else [f"the second sync ended as {job.state}: {job.reason}"]
    names = ("written", "deleted", "clients_written", "lists_written", "lists_deleted")
    wrong += [f"the second sync counts {job.counts[name]:,} {name}" for name in names if job.counts.get(name)]
    for kind in ("client_records", "list_records", "members"):
        if getattr(before, kind) != getattr(after, kind):
            wrong.append(f"the second sync changed {kind} in the org")
    return wrong


def _work_for(changed: set[str], job: "Job", before: Truth, after: Truth) -> list[str]:
    """The third sync wrote the members that had changed, and no other."""
    wrong = [] if job.state == "done" else [f"the third sync ended as {job.state}: {job.reason}"]
    was, now = _stamps(before), _stamps(after)
    written = {key for key in now if was.get(key) != now[key]}
    if written - changed:
        wrong.append(f"the third sync wrote {len(written - changed):,} members that had not changed")
    if changed - written:
        wrong.append(f"the third sync did not write {len(changed - written):,} members that had changed")
    if not changed:
        wrong.append("nothing changed before the third sync: it proves nothing")
    recent = job.counts.get("read", 0)
    if recent > READ_AT_MOST * len(changed) + 0.02 * len(before.subscribers):
        wrong.append(f"the third sync read {recent:,} rows for {len(changed):,} changes")
    return wrong
