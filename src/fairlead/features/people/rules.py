"""What the facts of a person mean: for each list, whether the person is there, why, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from fairlead.domain.address import MAX_SALESFORCE_EMAIL
from fairlead.features.people.facts import Facts, Matching, OnList, Person, Syncs


class Reason(StrEnum):
    """What decides for one list, in the order in which it is asked."""

    ACCOUNT_UNREACHABLE = "account unreachable"
    ORG_UNREACHABLE = "org unreachable"
    THERE = "there"
    BEHIND = "behind"
    LEFT_BEHIND = "left behind"
    NOT_ON_THE_LIST = "not on the list"
    CLIENT_NOT_SYNCED = "client not synced"
    LIST_PREVENTED = "list prevented"
    ADDRESS_TOO_LONG = "address too long"
    REFUSED = "refused"
    RUNNING = "running"
    LAST_RUN_FAILED = "last run failed"
    NOT_READ_YET = "not read yet"
    CHANGED_SINCE = "changed since"
    DELETED_IN_THE_ORG = "deleted in the org"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one list. `there` is None where nobody can say; `link` says which record and why."""

    list: str
    name: str
    there: bool | None
    reason: Reason
    text: str
    next_step: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Winner:
    """The record that the matching rules choose of one kind, blank for none, and why."""

    id: str
    why: str


def verdicts(facts: Facts) -> list[Verdict]:
    """One for each list that the address is, was or should be on, those with something to do first."""
    found = [verdict(one, facts) for one in facts.lists]
    return sorted(found, key=lambda each: (each.there is True, each.name.lower(), each.list))


def verdict(one: OnList, facts: Facts) -> Verdict:
    """Whether the person is there as a member of this list, why, and what to do next."""
    reason = decide(one, facts)
    text, step = _words(reason, one, facts)
    there = None if reason in _UNKNOWN else reason in _PRESENT
    link = link_of(one, facts) if there else ""
    return Verdict(one.id, one.name, there, reason, text, step, link)


_UNKNOWN = frozenset({Reason.ACCOUNT_UNREACHABLE, Reason.ORG_UNREACHABLE})
_PRESENT = frozenset({Reason.THERE, Reason.BEHIND, Reason.LEFT_BEHIND})


def decide(one: OnList, facts: Facts) -> Reason:
    """The first reason that applies."""
    if facts.org_problem:
        return Reason.ORG_UNREACHABLE
    if facts.account_problem:
        return Reason.ACCOUNT_UNREACHABLE
    if one.member is not None and not one.member.deleted:
        return _of_what_is_there(one.member.state, one.state)
    return _before_a_run(one, facts) or _of_the_runs(one, facts.syncs)


def _of_what_is_there(recorded: str, state: str) -> Reason:
    if not state:
        return Reason.LEFT_BEHIND
    return Reason.THERE if recorded == state else Reason.BEHIND


def _before_a_run(one: OnList, facts: Facts) -> Reason | None:
    """What keeps a person out whatever runs."""
    if not one.state:
        return Reason.NOT_ON_THE_LIST
    if not one.selected:
        return Reason.CLIENT_NOT_SYNCED
    if one.prevented:
        return Reason.LIST_PREVENTED
    if len(facts.address) > MAX_SALESFORCE_EMAIL:
        return Reason.ADDRESS_TOO_LONG
    return Reason.REFUSED if one.refusal is not None else None


def _of_the_runs(one: OnList, syncs: Syncs) -> Reason:
    if syncs.running:
        return Reason.RUNNING
    missed = not one.cursor or one.since[:16] >= one.cursor[:16].replace("T", " ")
    if missed and syncs.last_state == "failed":
        return Reason.LAST_RUN_FAILED
    if not one.cursor:
        return Reason.NOT_READ_YET
    if missed:
        return Reason.CHANGED_SINCE
    return Reason.DELETED_IN_THE_ORG if one.member is not None else Reason.LOST


def _words(reason: Reason, one: OnList, facts: Facts) -> tuple[str, str]:
    """The sentence and the next step."""
    again = f"Press Sync now, or run `fairlead sync --list {one.id}`."
    anew = f"Run `fairlead sync --list {one.id} --full`: it writes every member of the list anew."
    match reason:
        case Reason.ORG_UNREACHABLE:
            return f"Nobody can say: {facts.org_problem}", ""
        case Reason.ACCOUNT_UNREACHABLE:
            return f"Nobody can say: {facts.account_problem}", ""
        case Reason.THERE:
            return f"Is there, as {one.state}.", ""
        case Reason.BEHIND:
            recorded = one.member.state if one.member else ""
            text = (
                f"Is there, as {recorded or 'a member without a state'}; in Campaign Monitor it is {one.state} by now."
            )
            return text, _next_run(facts.syncs)
        case Reason.LEFT_BEHIND:
            text = "Is there, although the address is no longer on the list: it was changed, or taken off for good."
            return text, "The next full sync removes the record."
        case Reason.NOT_ON_THE_LIST:
            return "Is not there because the address is not on the list in Campaign Monitor.", (
                "If it should be, add it to the list there; look for another spelling of the address."
            )
        case Reason.CLIENT_NOT_SYNCED:
            return f"Is not there because the client “{one.client_name}” is not synced.", (
                "Select the client: `fairlead connect campaign-monitor`."
            )
        case Reason.LIST_PREVENTED:
            return "Is not there because the members of this list are not synced: a setting prevents it.", (
                "Take the list out of “Prevent member sync” in the settings of members."
            )
        case Reason.ADDRESS_TOO_LONG:
            size = f"{len(facts.address)} characters; Salesforce takes {MAX_SALESFORCE_EMAIL}"
            step = "Shorten the address in Campaign Monitor, or live without this record."
            return f"Is not there because the address has {size}.", step
        case Reason.REFUSED:
            return _refused(one)
        case Reason.RUNNING:
            return "Is not there yet: a sync is under way.", "Ask again when it has ended."
        case Reason.LAST_RUN_FAILED:
            stages = f" ({', '.join(facts.syncs.failed_stages)})" if facts.syncs.failed_stages else ""
            text = (
                f"Is not there because the last sync, job {facts.syncs.last}, failed{stages}: {facts.syncs.last_reason}"
            )
            return text.strip(), f"Put that right. {again}"
        case Reason.NOT_READ_YET:
            return "Is not there because the list was never read.", f"{_next_run(facts.syncs)} {again}"
        case Reason.CHANGED_SINCE:
            return f"Is not there yet: it came to the list after the last reading ({one.cursor[:16]}).", (
                f"{_next_run(facts.syncs)} {again}"
            )
        case Reason.DELETED_IN_THE_ORG:
            return "Is not there because the record was deleted in Salesforce; it is in the recycle bin.", anew
        case _:  # lost
            return "Is not there, although it was read and not refused: the record was deleted in Salesforce.", anew


def _refused(one: OnList) -> tuple[str, str]:
    refusal = one.refusal
    assert refusal is not None
    times = "once" if refusal.attempts == 1 else f"{refusal.attempts} times"
    text = f"Is not there because Salesforce refused the record, {times} ({refusal.code}): {refusal.reason}"
    return text, "The next sync offers it again." if refusal.again else "It is offered again when it changes."


def _next_run(syncs: Syncs) -> str:
    return f"The next sync is due at {syncs.next_run}." if syncs.next_run else "No sync is scheduled."


def link_of(one: OnList, facts: Facts) -> str:
    """Which contact and lead the member is linked to, and whether the rules choose the same now."""
    assert one.member is not None
    contact, lead = winners(facts.people, facts.matching, one.named_id)
    linked = [("contact", one.member.contact, contact), ("lead", one.member.lead, lead)]
    parts = [_link(kind, recorded, now) for kind, recorded, now in linked if recorded or now.id]
    return " ".join(parts) or "Linked to nobody: no contact and no lead has the address."


def _link(kind: str, recorded: str, now: Winner) -> str:
    if recorded == now.id:
        return f"Linked to the {kind} {recorded}: {now.why}."
    if not recorded:
        return f"Not linked to the {kind} {now.id} yet, which the rules choose now: {now.why}."
    if not now.id:
        return f"Linked to the {kind} {recorded}, which does not have the address any more."
    return f"Linked to the {kind} {recorded}; the rules choose {now.id} now: {now.why}."


def winners(people: Sequence[Person], matching: Matching, named_id: str = "") -> tuple[Winner, Winner]:
    """The contact and the lead that the matching rules choose."""
    contacts = [each for each in people if each.kind != "Lead"]
    leads = [each for each in people if each.kind == "Lead" and not each.converted]
    contact = _winner(contacts, matching.contact_fields, named_id, oldest=matching.oldest_wins)
    if not contact.id:
        became = [each for each in people if each.converted and each.became]
        by_lead = _winner(became, matching.lead_fields, "", oldest=matching.oldest_wins)
        of = next((each.became for each in became if each.id == by_lead.id), "")
        contact = Winner(of, "a lead with the address was converted to it") if of else contact
    return contact, _winner(leads, matching.lead_fields, named_id, oldest=matching.oldest_wins)


def _winner(people: Sequence[Person], fields: Sequence[str], named_id: str, *, oldest: bool) -> Winner:
    named = [each for each in people if named_id and each.id[:15] == named_id[:15]]
    if named:
        return Winner(named[0].id, "the subscriber names its id")
    places = {name: place for place, name in enumerate(fields)}
    able = [each for each in people if each.field in places]
    if not able:
        return Winner("", "")
    best = min(places[each.field] for each in able)
    of_field = [each for each in able if places[each.field] == best]
    ordered = sorted(of_field, key=lambda each: each.id)
    ordered.sort(key=lambda each: each.modified, reverse=not oldest)
    name = fields[best]
    if len(ordered) > 1:
        how = "longest not modified" if oldest else "most recently modified"
        return Winner(ordered[0].id, f"of {len(ordered)} with the address in {name} the {how}")
    if len(able) > 1:
        return Winner(ordered[0].id, f"{name} counts before the other address fields")
    return Winner(ordered[0].id, f"the only one with the address in {name}")
