"""What people do about opt status: ask for a run, record a consent, answer a review, look at a history. Plain Django."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from asgiref.sync import async_to_sync
from django.db import transaction

from fairlead.domain.address import MAX_SALESFORCE_EMAIL, normal
from fairlead.domain.consent import Basis, Evidence, Opt, Review, Shadow, Side
from fairlead.domain.consent_book import Answer, Entry, ReviewAnswered, ToReview
from fairlead.domain.failure import FixThisRecord
from fairlead.features.opt_status import records, rules
from fairlead.features.opt_status.org_side import OrgSide
from fairlead.jobs import api as jobs
from fairlead.jobs.models import Job
from fairlead.store import audit, consent_pages
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.models import Org
from fairlead.sync import known, sides
from fairlead.sync.stage import ClientScope

RECORDED: Final = (
    Basis.WRITTEN,
    Basis.SPOKEN,
    Basis.SUBSCRIBE_FORM,
    Basis.PREFERENCE_CENTRE,
    Basis.CONFIRMED_OPT_IN,
)
"""On what basis somebody may record a consent."""
CLOCKS: Final = timedelta(minutes=5)
"""So far a moment may lie ahead: clocks differ."""


class NoAddress(FixThisRecord):
    """What was given is no e-mail address."""

    code = "FL-450"
    next_step = "Give the address as it stands on the contact or lead."

    def __init__(self) -> None:
        super().__init__("That is no e-mail address.")


class NobodyHasIt(FixThisRecord):
    """A consent was recorded of an address that no contact and no lead has."""

    code = "FL-451"
    next_step = "Add the address to a contact or lead first, or let the person subscribe by a form."

    def __init__(self) -> None:
        super().__init__("No contact or lead has this address, so a consent could not be recorded of it.")


class BadConsent(FixThisRecord):
    """A consent without a source, from the future, or on a basis that does not count."""

    code = "FL-452"
    next_step = "Give a basis, where the consent was given, and when: a day that is past."

    def __init__(self, what: str) -> None:
        super().__init__(f"The consent cannot be recorded: {what}.")


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of an address for one client."""

    client: ClientScope
    shadow: Shadow | None
    entries: Sequence[Entry]
    consents: Sequence[Evidence] = ()


@dataclass(frozen=True, slots=True)
class Open:
    """A review with its client, and both histories as they were decided from."""

    client: ClientScope
    review: ToReview
    entries: Sequence[Entry] = field(default=())


def clients(org: Org) -> list[ClientScope]:
    """The clients that are synced; none where the house is not wired."""
    try:
        return [each.scope for each in known.clients(org.pk) if each.selected]
    except sides.NotProvided:
        return []


def ask(org: Org, by: str, **wanted: Any) -> Job:
    """Ask for a run. Raises NoSuchClient."""
    client = str(wanted.get("client", ""))
    if client and client not in {each.id for each in clients(org)}:
        raise rules.NoSuchClient(client)
    return jobs.ask(org, rules.KIND, args={name: value for name, value in wanted.items() if value}, by=by)


def consent_of(basis: str, source: str, at: datetime, user: str) -> Evidence:
    """A consent as it was told. Raises BadConsent, or SourceNamesSomebody."""
    if basis not in {each.value for each in RECORDED}:
        raise BadConsent(f"{basis!r} is no basis")
    if not source.strip():
        raise BadConsent("nothing says where it was given")
    if at.tzinfo is None or at > datetime.now(UTC) + CLOCKS:
        raise BadConsent("its moment is not in the past")
    return Evidence(side=Side.SALESFORCE, basis=Basis(basis), source=source.strip()[:200], at=at, user=user[:64])


def record_consent(org: Org, address: str, consent: Evidence, by: str) -> Job:
    """Let a consent be carried out: the tick is cleared and the address brought back, one careful step after another.

    Nothing happens if somebody opted out later than that. Raises a Failure.
    """
    wanted = normal(address)
    if "@" not in wanted or " " in wanted or len(wanted) > MAX_SALESFORCE_EMAIL:
        raise NoAddress
    if not _has_record(org.pk, wanted):
        raise NobodyHasIt
    with transaction.atomic():
        for client in clients(org):
            records.put_waiting(org.pk, client.id, wanted, consent)
        audit.record(org, by, "record consent", consent.basis.value)
        return jobs.ask(org, rules.KIND, args={"waiting": True}, by=by)


@async_to_sync
async def _has_record(org_id: int, address: str) -> bool:
    async with sides.salesforce(org_id) as crm:
        return bool(await OrgSide(crm, _nothing).boxes([address]))


async def _nothing() -> None:
    """A look at one address is not cancelled."""


def book_of(org: Org) -> PostgresConsentBook:
    """What is remembered, for a page or a command."""
    return PostgresConsentBook(org.pk, lambda: None)


def open_reviews(org: Org) -> list[Open]:
    """All that waits for a person, the oldest first."""
    scopes = {client.id: client for client in clients(org)}
    waiting = [(scopes[client], one) for client, one in consent_pages.open_reviews(org.pk) if client in scopes]
    entries = consent_pages.histories(org.pk, {one.address for _, one in waiting}) if waiting else {}
    return [Open(client, one, entries.get((client.id, one.address), ())) for client, one in waiting]


def counts(org: Org) -> Mapping[str, Mapping[Opt, int]]:
    """How many addresses of each client are agreed in and out."""
    found = consent_pages.counts(org.pk)
    return {client.id: found.get(client.id) or dict.fromkeys(Opt, 0) for client in clients(org)}


def find_review(org: Org, number: int) -> Open:
    """An open review. Raises ReviewAnswered."""
    found = next((one for one in open_reviews(org) if one.review.id == number), None)
    if found is None:
        raise ReviewAnswered(number)
    return found


def stays_out(org: Org, number: int, by: str, user: str) -> Job | None:
    """A person decided that the address stays out. A tick that was cleared is set again. Raises ReviewAnswered."""
    one = find_review(org, number)
    with transaction.atomic():
        _answered(org, one, Answer.STAYS_OUT, user)
        if one.review.reason is not Review.CLEARED_TICK_BOX:
            return None
        records.put_waiting(org.pk, one.client.id, one.review.clear, restores=True)
        return jobs.ask(org, rules.KIND, args={"waiting": True}, by=by)


def consented(org: Org, number: int, consent: Evidence, by: str) -> Job:
    """A person recorded a consent for an address under review. Raises ReviewAnswered, or as `record_consent` does."""
    one = find_review(org, number)
    with transaction.atomic():
        _answered(org, one, Answer.CONSENT_RECORDED, consent.user)
        return record_consent(org, one.review.clear, consent, by)


def _answered(org: Org, one: Open, answer: Answer, user: str) -> None:
    answering = async_to_sync(book_of(org).answer)
    answering(one.client.id, one.review.id, answer, by=user[:64], at=datetime.now(UTC))


def history(org: Org, address: str) -> list[Known]:
    """What is remembered of an address, client by client; those that know nothing of it are left out."""
    key, book = records.address_key(address), book_of(org)
    found = []
    for client in clients(org):
        shadow = async_to_sync(book.shadows)(client.id, [key]).get(key)
        entries = async_to_sync(book.history)(client.id, key)
        consents = async_to_sync(book.evidence)(client.id, [key]).get(key, ())
        if shadow is not None or entries or consents:
            found.append(Known(client, shadow, entries, consents))
    return found
