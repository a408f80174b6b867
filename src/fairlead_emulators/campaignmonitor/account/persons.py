"""Who may sign in: administrators of the account, and people of its clients."""

from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.campaignmonitor.audience.life import check_address
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Store
from fairlead_emulators.campaignmonitor.ties import next_number

TABLES: Final = """
CREATE TABLE IF NOT EXISTS persons (
    n INTEGER PRIMARY KEY, client TEXT NOT NULL, key TEXT NOT NULL UNIQUE, address TEXT NOT NULL, name TEXT NOT NULL,
    access INTEGER NOT NULL, active INTEGER NOT NULL, main INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS persons_by_client ON persons (client, n);
"""
ADMINISTRATORS: Final = ""
"""Stands in place of a client's id."""
_COLUMNS: Final = "n, client, address, name, access, active, main"


@dataclass(frozen=True)
class Person:
    """One person. `client`: id, or ADMINISTRATORS; `active`: whether the invitation was accepted."""

    n: int
    client: str
    address: str
    name: str
    access: int
    active: bool
    main: bool

    def shown(self) -> dict[str, Any]:
        """As the API shows it; administrators have no access level."""
        row = {"EmailAddress": self.address, "Name": self.name, "Status": self.status}
        return row if self.client == ADMINISTRATORS else {**row, "AccessLevel": self.access}

    @property
    @fact("invitations")
    def status(self) -> str:
        """Whether the invitation was accepted."""
        return "Active" if self.active else "Waiting to Accept the Invitation"


def _persons(store: Store, where: str, *values: object) -> list[Person]:
    found = store.db.execute(f"SELECT {_COLUMNS} FROM persons WHERE {where} ORDER BY n", values)
    return [Person(*row[:-2], *map(bool, row[-2:])) for row in found]


def persons_of(store: Store, client: str) -> list[Person]:
    """The people of a client, or the administrators, in the order they were added."""
    return _persons(store, "client = ?", client)


def person_of(store: Store, client: str, address: str) -> Person:
    """One of them by address. Raises Refusal 702, or 752 for administrators."""
    found = _persons(store, "client = ? AND key = ?", client, address.strip().lower())
    if not found:
        raise Refusal(752 if client == ADMINISTRATORS else 702)
    return found[0]


def invited(store: Store) -> list[Person]:
    """Who has not accepted the invitation."""
    return _persons(store, "active = 0")


def accept(store: Store, address: str) -> None:
    """Somebody accepts the invitation. Raises LookupError when nobody of that address is invited."""
    with store.transaction():
        done = store.db.execute("UPDATE persons SET active = 1 WHERE key = ? AND active = 0", (address.lower(),))
    if not done.rowcount:
        raise LookupError(f"nobody of the address {address} is invited: see /_control/invitations")


@fact("addresses-of-persons")
def check_free(store: Store, address: str, but: int = 0) -> str:
    """The address, stripped. `but`: n of who may have it. Raises Refusal 1, 150."""
    address = check_address(address)
    if _persons(store, "key = ? AND n <> ?", address.lower(), but):
        raise Refusal(150)
    return address


def add_person(store: Store, client: str, address: str, name: str, access: int = 0, *, active: bool = False) -> None:
    """Adds a person whose address is free."""
    with store.transaction():
        store.db.execute(
            f"INSERT INTO persons ({_COLUMNS}, key) VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
            (next_number(store, "persons"), client, address, name, access, int(active), address.lower()),
        )


def change_person(store: Store, old: Person, address: str, name: str, access: int) -> None:
    """Gives a person another address, name, access level."""
    with store.transaction():
        store.db.execute(
            "UPDATE persons SET key = ?, address = ?, name = ?, access = ? WHERE n = ?",
            (address.lower(), address, name, access, old.n),
        )


def remove_person(store: Store, gone: Person) -> None:
    """Deletes a person. Raises Refusal 703, or 753 for administrators, for the last one."""
    if len(persons_of(store, gone.client)) == 1:
        raise Refusal(753 if gone.client == ADMINISTRATORS else 703)
    with store.transaction():
        store.db.execute("DELETE FROM persons WHERE n = ?", (gone.n,))


@fact("primary-contact")
def contact_of(store: Store, client: str) -> str:
    """The primary contact's address: whoever was made it, else who was added first; "" without anybody."""
    found = persons_of(store, client)
    chosen = [each for each in found if each.main] or found
    return chosen[0].address if chosen else ""


def make_contact(store: Store, client: str, address: str) -> str:
    """Makes somebody the primary contact; returns the address. Raises Refusal 702, 704; 752, 754."""
    chosen = person_of(store, client, address)
    if not chosen.active:
        raise Refusal(754 if client == ADMINISTRATORS else 704)
    with store.transaction():
        store.db.execute("UPDATE persons SET main = (n = ?) WHERE client = ?", (chosen.n, client))
    return chosen.address
