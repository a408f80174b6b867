"""What the facts of a person mean: for each list, whether the person is there, why, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from fairlead.domain.address import MAX_SALESFORCE_EMAIL
from fairlead.features.people.facts import Facts, Matching, OnList, Person, Syncs
from fairlead.sync.match import SHORT_ID, MatchBuilder, short_id


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
    contact, lead = winners(facts.people, facts.matching, facts.address, one.named_id)
    linked = [("contact", one.member.contact, contact), ("lead", one.member.lead, lead)]
    parts = [_link(kind, recorded, now) for kind, recorded, now in linked if recorded or now.id]
    return " ".join(parts) or f"Linked to nobody: {_nobody(facts)} {_made(one)}"


def _link(kind: str, recorded: str, now: Winner) -> str:
    if recorded == now.id:
        return f"Linked to the {kind} {recorded}: {now.why}."
    if not recorded:
        return f"Not linked to the {kind} {now.id} yet, which the rules choose now: {now.why}."
    if not now.id:
        return f"Linked to the {kind} {recorded}, which does not have the address any more."
    return f"Linked to the {kind} {recorded}; the rules choose {now.id} now: {now.why}."


def _nobody(facts: Facts) -> str:
    """Why no record has the address, as the matching rules look for it."""
    elsewhere = [each for each in facts.people if not each.converted]
    if not elsewhere:
        return "no contact and no lead has the address; perhaps the record has another one."
    first = elsewhere[0]
    setting = "Match leads by" if first.kind == "Lead" else "Match contacts by"
    return (
        f"the {first.kind.lower()} {first.id} has the address in {first.field}, which is not matched by; "
        f"“{setting}” in the settings of lists says by which."
    )


def _made(one: OnList) -> str:
    """Whether a contact or lead is made for somebody without one, and why not."""
    if not one.creates:
        return "None is created: the list's rule for new contacts and leads is “Do nothing”."
    if one.not_created is not None:
        refusal = one.not_created
        again = "It is tried again." if refusal.again else "It is tried again when the member or the rule changes."
        return f"The list's rule asks for a {one.creates}, which Salesforce refused ({refusal.code}): {refusal.reason} {again}"
    if one.state != "Active":
        return f"The list's rule creates a {one.creates} for active subscribers only."
    return f"The next sync creates a {one.creates}: the list's rule says so."


def winners(people: Sequence[Person], matching: Matching, address: str, named_id: str = "") -> tuple[Winner, Winner]:
    """The contact and the lead that the matching rules choose: by the sync's own index, and why in words."""
    index = MatchBuilder(matching.rules)
    for each in people:
        date = each.created if matching.oldest_wins else each.modified
        if each.kind == "Lead":
            became = (str(each.converted).lower(), each.became)
            index.leads([(each.id, date, *became, *_columns(each, matching.lead_fields, address))])
        else:
            index.contacts([(each.id, date, *_columns(each, matching.contact_fields, address))])
    (contact,), (lead,) = index.build().match([address], [named_id])
    contacts = [each for each in people if each.kind != "Lead"]
    leads = [each for each in people if each.kind == "Lead" and not each.converted]
    by_lead = Winner(contact, "a lead with the address was converted to it")
    of_contacts = _why(contact, contacts, matching.contact_fields, matching, named_id) if contact else Winner("", "")
    return of_contacts or by_lead, _why(lead, leads, matching.lead_fields, matching, named_id) or Winner("", "")


def _columns(person: Person, fields: Sequence[str], address: str) -> list[str]:
    return [address if person.field == name else "" for name in fields]


def _why(
    chosen: str, people: Sequence[Person], fields: Sequence[str], matching: Matching, named_id: str
) -> Winner | None:
    """What made the difference; None where none of these people was chosen."""
    person = next((each for each in people if each.id == chosen), None)
    if person is None:
        return None
    if named_id and short_id(named_id) == person.id[:SHORT_ID]:
        return Winner(chosen, "the subscriber names its id")
    able = [each for each in people if each.field in fields]
    rivals = [each for each in able if each.field == person.field and each.id != chosen]
    if rivals:
        how = "oldest" if matching.oldest_wins else "most recently modified"
        return Winner(chosen, f"of {len(rivals) + 1} with the address in {person.field} the {how}")
    if len(able) > 1:
        return Winner(chosen, f"{person.field} counts before the other address fields")
    return Winner(chosen, f"the only one with the address in {person.field}")
