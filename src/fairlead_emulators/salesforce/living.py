"""An hour in the life of the org: people edit contacts and leads by hand. It costs what it changes."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from fairlead_emulators.people import Person, person
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.model.ids import make_id
from fairlead_emulators.salesforce.records import conversion, merging, writes
from fairlead_emulators.salesforce.records.outcome import Refused
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

_SHARE: Final = 0.0005
_FEWEST: Final = 6
_MOST_HOURS: Final = 24 * 366
_PEOPLE_AT_LEAST: Final = 1_000
_PEOPLE_EACH: Final = 4
"""Persons from whom new records are drawn, for each contact there is: about as many as seeds put on lists."""
_TRIES: Final = 20
_WEIGHTS: Final = {
    "contact_created": 6, "lead_created": 4, "address_changed": 5, "address_cleared": 1, "title_changed": 6,
    "contact_deleted": 2, "lead_deleted": 1, "contacts_merged": 2, "lead_converted": 2,
}  # fmt: skip


def live(org: Org, said: Mapping[str, Any]) -> dict[str, Any]:
    """Lets people do what they do in `{hours?: 1, seed?, share?}`; the clock is left to the other emulator.

    `share`: of the contacts, how many are concerned in an hour. Returns `{changed, by, addresses, merged}`: what was done,
    every address, in lower case, whose contacts or leads are no longer what they were, and of each merge the losing
    address and the one that was kept, where they differ. Raises ValueError.
    """
    hours, share = float(said.get("hours", 1)), float(said.get("share", _SHARE))
    if not 0 < hours <= _MOST_HOURS or not 0 <= share <= 1:
        raise ValueError(f"hours is {hours} and share {share}: use up to {_MOST_HOURS} hours, and a share of 0 to 1")
    draw = random.Random(f"{said.get('seed', 1)}:org")
    count = org.storage.count(org.storage.whole.objects["contact"])
    wanted = max(round(_FEWEST * hours), round(count * share * hours))
    hand = _Hand(org, draw, max(_PEOPLE_AT_LEAST, _PEOPLE_EACH * count))
    for name in draw.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=wanted):
        hand.do(name)
    return {
        "changed": hand.by.total(),
        "by": dict(sorted(hand.by.items())),
        "addresses": sorted(each for each in hand.addresses if each),
        "merged": hand.merged,
    }


class _Hand:
    """Somebody at the keyboard."""

    def __init__(self, org: Org, draw: random.Random, people: int) -> None:
        self._org, self._draw, self._people = org, draw, people
        self.by: Counter[str] = Counter()
        self.addresses: set[str] = set()
        self.merged: list[tuple[str, str]] = []
        self._acts: dict[str, Callable[[], bool]] = {
            "contact_created": lambda: self._create("Contact"),
            "lead_created": lambda: self._create("Lead"),
            "address_changed": lambda: self._edit(lambda: self._somebody().email),
            "address_cleared": lambda: self._edit(lambda: None),
            "title_changed": self._retitle,
            "contact_deleted": lambda: self._delete("Contact"),
            "lead_deleted": lambda: self._delete("Lead"),
            "contacts_merged": self._merge,
            "lead_converted": self._convert,
        }

    def do(self, name: str) -> None:
        """Carries out one act, and notes it. What the org refuses leaves no trace."""
        try:
            with self._org.storage.savepoint():
                done = self._acts[name]()
        except Refused:
            done = False
        self.by[name if done else "nothing"] += 1

    def _somebody(self) -> Person:
        while len((who := person(self._draw.randrange(self._people))).email) > 80:
            pass
        return who

    def _pick(self, sobject: str, condition: str = "") -> tuple[str, str] | None:
        """The id and the address of some record."""
        prefix = self._org.storage.whole.objects[sobject.lower()].key_prefix
        row = self._org.storage.connection.execute(
            "SELECT next FROM emulator_serials WHERE prefix = ?", (prefix,)
        ).fetchone()
        for _ in range(_TRIES if row else 0):
            found = self._org.storage.connection.execute(
                f"SELECT Id, Email FROM {quoted(sobject)} WHERE Id >= ? AND IsDeleted = 0 {condition} ORDER BY Id LIMIT 1",
                (make_id(str(prefix), self._draw.randrange(row[0])),),
            ).fetchone()
            if found:
                return found[0], (found[1] or "").lower()
        return None

    def _write(self, operation: str, sobject: str, record: dict[str, Any]) -> None:
        schema = self._org.storage.whole
        done = writes.write(self._org, operation, from_json(schema, schema.objects[sobject.lower()], [record]))
        if done.errors:
            raise Refused(done.errors[0])

    def _create(self, sobject: str) -> bool:
        who = self._somebody()
        record = {"FirstName": who.first[:40], "LastName": who.last[:80], "Email": who.email}
        self._write("insert", sobject, record | ({"Company": "Acme, Inc."} if sobject == "Lead" else {}))
        self.addresses.add(who.email.lower())
        return True

    def _edit(self, address: Callable[[], str | None]) -> bool:
        sobject = self._draw.choice(("Contact", "Contact", "Lead"))
        found = self._pick(sobject, "AND IsConverted = 0" if sobject == "Lead" else "")
        if found is None:
            return False
        new = address()
        self._write("update", sobject, {"Id": found[0], "Email": new})
        self.addresses |= {found[1], (new or "").lower()}
        return True

    def _retitle(self) -> bool:
        found = self._pick("Contact")
        if found is None:
            return False
        self._write("update", "Contact", {"Id": found[0], "Title": f"Manager {self._draw.randrange(1_000)}"})
        self.addresses.add(found[1])
        return True

    def _delete(self, sobject: str) -> bool:
        found = self._pick(sobject)
        if found is None:
            return False
        done = writes.delete(self._org, self._org.storage.whole.objects[sobject.lower()], [found[0]])
        if done.errors:
            raise Refused(done.errors[0])
        self.addresses.add(found[1])
        return True

    def _merge(self) -> bool:
        winner, loser = self._pick("Contact"), self._pick("Contact")
        if winner is None or loser is None or winner[0] == loser[0]:
            return False
        merging.merge(self._org, self._org.storage.whole.objects["contact"], winner[0], [loser[0]])
        self.addresses |= {winner[1], loser[1]}
        if winner[1] and loser[1] and winner[1] != loser[1]:
            self.merged.append((loser[1], winner[1]))
        return True

    def _convert(self) -> bool:
        found = self._pick("Lead", "AND IsConverted = 0")
        if found is None:
            return False
        conversion.convert(self._org, found[0])
        self.addresses.add(found[1])
        return True
