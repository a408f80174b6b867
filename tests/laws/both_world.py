"""Both directions at once: people of one list on both sides, mapped fields, opt status, and the real jobs over all of it."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from asgiref.sync import async_to_sync
from django.db import transaction

from fairlead.domain import mapping
from fairlead.domain.consent import Basis, Evidence, Side
from fairlead.features.field_mappings import kept
from fairlead.features.opt_status import records
from fairlead.features.opt_status import rules as opt_status
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.consent_models import OptDecision, OptShadow
from fairlead.wiring.run_opt_status import run_opt_status
from tests.faults import reacting
from tests.faults import whole as wholes
from tests.faults.whole import CM, SF, ZONE, Told, Whole

FIELDS: Final = {
    "City": ("MailingCity", "both", "salesforce"),
    "Unit": ("Department", "both", "campaign_monitor"),
    "Rank": ("Title", "to_campaign_monitor", "salesforce"),
    "Hobby": ("Description", "to_salesforce", "campaign_monitor"),
}
"""By custom field: the contact's field, the direction, and whose value stays."""
SEED: Final = {
    CM: {"clients": [{"name": "One", "country": "Australia", "time_zone": ZONE, "lists": [
        {"title": "News", "unsubscribe_setting": "OnlyThisList", "confirmed_opt_in": False,
         "custom_fields": [{"name": name, "type": "Text"} for name in FIELDS]}]}]},
    SF: {"contacts": []},
}  # fmt: skip
PEOPLE: Final = 4
A_SECOND: Final = 1.1
"""Both sides tell moments by the second: what one person says twice is said a second apart."""
NUMBERS = itertools.count(1)


@dataclass
class Field:
    """One field of one person: what each side was last given since both agreed, and whether a run came in between."""

    agreed: str = ""
    given: dict[str, str] = field(default_factory=dict)
    parted: bool = False


@dataclass
class Person:
    """`asked` is what the person said last, out of their own mouth; `at` when."""

    address: str
    contact: str
    lead: str
    asked: str = "in"
    at: float = 0.0
    fields: dict[str, Field] = field(default_factory=lambda: {name: Field() for name in FIELDS})


@dataclass
class BothWorld:
    """One list, and the runs of both ways over it."""

    whole: Whole
    news: str = ""
    client: str = ""
    people: list[Person] = field(default_factory=list)

    def begin(self) -> None:
        """The mapping is kept, both sides are read, and opt status has its baseline."""
        (self.news,) = self.whole.lists().values()
        (self.client,) = self.whole.clients().values()
        lines = [
            {
                "object": "Contact",
                "source": source,
                "target": name,
                "direction": way,
                "owner": owner,
                "clear_blank": True,
            }
            for name, (source, way, owner) in FIELDS.items()
        ]
        kept.save(self.whole.org, self.news, mapping.read(lines), "tests")
        assert self.whole.sync().failure is None
        assert self.opt_status(baseline=True, allow_large_changes=True).failure is None
        assert self.changes().failure is None

    def fresh(self) -> None:
        """Four people who are known to both sides, half of them a lead, too; others stay behind in quiet."""
        self.people = []
        for number in range(PEOPLE):
            address = f"both{next(NUMBERS)}@example.com"
            contact = self._create("Contact", address)
            lead = self._create("Lead", address, Company="Firm") if number % 2 else ""
            self.whole.subscribe(self.news, address)
            self.people.append(Person(address, contact, lead, at=time.monotonic()))
        self.settle()

    def _create(self, kind: str, address: str, **more: str) -> str:
        told = self.whole.act(act="create", object=kind, fields={"LastName": "Both", "Email": address, **more})
        return str(told["id"])

    # ---- runs

    def sync(self, **wanted: Any) -> Told:
        return self._parted(lambda: self.whole.sync(**wanted))

    def changes(self, **wanted: Any) -> Told:
        return self._parted(lambda: reacting.changes(self.whole, **wanted))

    def opt_status(self, *, dies_at: int = 0, **wanted: Any) -> Told:
        return self._parted(lambda: self.whole.work(opt_status.KIND, run_opt_status, wanted, dies_at))

    def _parted(self, run: Callable[[], Told]) -> Told:
        for person in self.people:
            for each in person.fields.values():
                each.parted |= bool(each.given)
        return run()

    def settle(self) -> None:
        """Undisturbed runs of both ways, which must end well.

        Names and custom fields move no date: the list is read whole, and first, as what nobody has seen yet is no conflict.
        """
        for run in (lambda: self.sync(full=True), self.changes, lambda: self.sync(full=True), self.changes):
            told = run()
            assert told.failure is None, told.failure

    def writes(self) -> list[str]:
        """Calls that changed anything on either side in one more run of each way."""
        self.whole.forget_requests()
        assert self.changes().failure is None
        assert self.sync().failure is None
        assert self.opt_status(sweep=True).failure is None
        made = [one for side in (CM, SF) for one in self.whole.requests(side)["requests"]]
        quiet = ("oauth2", "jobs/query", "_control")
        return [
            f"{one['method']} {one['path']}"
            for one in made
            if one["method"] != "GET" and not any(word in one["path"] for word in quiet)
        ]

    # ---- what people do

    def edit_contact(self, person: Person, name: str, value: str) -> None:
        source = FIELDS[name][0]
        self.whole.act(act="edit", object="Contact", id=person.contact, fields={source: value or None})
        self._given(person.fields[name], SF, value)

    def edit_subscriber(self, person: Person, name: str, value: str) -> None:
        one = {"Key": name, "Value": value} if value else {"Key": name, "Value": "", "Clear": True}
        body = {"EmailAddress": person.address, "Name": "", "CustomFields": [one], "ConsentToTrack": "Unchanged"}
        path = f"/api/v3.3/subscribers/{self.news}.json?email={quote(person.address)}"
        self.whole._api("PUT", path, body)
        self._given(person.fields[name], CM, value)

    @staticmethod
    def _given(of: Field, side: str, value: str) -> None:
        if of.given.get(side, of.agreed) != value:
            of.given[side] = value

    def _says(self, person: Person, what: str) -> None:
        person.asked, person.at = what, time.monotonic()

    def _apart(self, person: Person) -> None:
        time.sleep(max(0.0, person.at + A_SECOND - time.monotonic()))

    def tick(self, person: Person, *, lead: bool = False) -> None:
        """Somebody ticks Email Opt Out for the person; it counts where the box was clear."""
        self._apart(person)
        record = person.lead if lead and person.lead else person.contact
        clear = not self.boxes(person)[record]
        self._box(record, ticked=True)
        if clear:
            self._says(person, "out")

    def clear(self, person: Person) -> None:
        """Somebody clears it; nobody said so."""
        self._apart(person)
        self._box(person.contact, ticked=False)

    def _box(self, record: str, *, ticked: bool) -> None:
        kind = "Contact" if record.startswith("003") else "Lead"
        self.whole.act(act="edit", object=kind, id=record, fields={"HasOptedOutOfEmail": ticked})

    def leave(self, person: Person) -> None:
        """The link in a mail: it counts for whom is mailed."""
        self._apart(person)
        if self.active(person):
            self.whole.api("POST", f"subscribers/{self.news}/unsubscribe", {"EmailAddress": person.address})
            self._says(person, "out")

    def bring_back(self, person: Person) -> None:
        """An import of somebody's with the dangerous flag; nobody said so."""
        self._apart(person)
        self.whole.subscribe(self.news, person.address)

    def consent(self, person: Person) -> None:
        """*Record consent* in Fairlead."""
        self._apart(person)
        given = Evidence(side=Side.SALESFORCE, basis=Basis.WRITTEN, source="paper", at=datetime.now(UTC), user="1")
        with transaction.atomic():
            records.put_waiting(self.whole.org.pk, self.client, person.address, given)
        self._says(person, "in")

    def form(self, person: Person) -> None:
        """The person subscribes through a form, which a webhook tells."""
        self._apart(person)
        self.whole.subscribe(self.news, person.address)
        now = datetime.now(UTC)
        given = Evidence(side=Side.CAMPAIGN_MONITOR, basis=Basis.SUBSCRIBE_FORM, source="form", at=now)
        book = PostgresConsentBook(self.whole.org.pk, lambda: None)
        async_to_sync(book.record)(self.client, records.address_key(person.address), given)
        self._says(person, "in")

    # ---- what is

    def subscriber(self, person: Person) -> dict[str, Any]:
        path = f"/api/v3.3/subscribers/{self.news}.json?email={quote(person.address)}"
        return dict(self.whole._api("GET", path, None))

    def active(self, person: Person) -> bool:
        return bool(self.subscriber(person)["State"] == "Active")

    def boxes(self, person: Person) -> dict[str, bool]:
        """Ticks by record id."""
        found = {}
        for kind in ("Contact", "Lead"):
            for row in self.whole.rows(kind, "Id", "HasOptedOutOfEmail"):
                if row["Id"] in (person.contact, person.lead):
                    found[row["Id"]] = bool(row["HasOptedOutOfEmail"])
        return found

    def values(self, person: Person) -> dict[str, tuple[str, str]]:
        """By custom field: what the contact and the subscriber have."""
        (row,) = [
            one for one in self.whole.rows("Contact", "Id", *(source for source, *_ in FIELDS.values()))
            if one["Id"] == person.contact
        ]  # fmt: skip
        custom = {one["Key"].strip("[]"): one["Value"] for one in self.subscriber(person)["CustomFields"]}
        return {name: (row[source] or "", custom.get(name) or "") for name, (source, *_) in FIELDS.items()}


@contextmanager
def world_of(blocker: Any) -> Iterator[BothWorld]:
    """A world for the tests of a module. Its tables are open, with commits."""
    with wholes.open_database(blocker), wholes.served(SEED) as whole:
        names = ["HasOptedOutOfEmail"]
        whole.emulators.post(SF, "/_control/settings", {"tracked_fields": {"Contact": names, "Lead": names}})
        world = BothWorld(whole)
        world.begin()
        yield world
        for model in (OptDecision, OptShadow):  # they hold consents fast
            model.objects.filter(org=whole.org).delete()
