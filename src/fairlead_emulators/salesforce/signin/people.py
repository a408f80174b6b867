"""Who signs in: the users of the org, as identity and userinfo tell them."""

from dataclasses import dataclass

from fairlead_emulators.salesforce.state.org import Org


@dataclass(frozen=True, slots=True)
class Who:
    """An active user."""

    user_id: str
    username: str
    first_name: str
    last_name: str
    email: str
    alias: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


def _row(org: Org, where: str, value: str) -> Who | None:
    asked = "SELECT Id, Username, coalesce(FirstName, ''), LastName, Email, Alias FROM User"
    with org.storage.lock:
        row = org.storage.connection.execute(
            f"{asked} WHERE {where} = ? AND IsActive = 1 AND IsDeleted = 0", (value,)
        ).fetchone()
    return None if row is None else Who(*row)


def by_id(org: Org, user_id: str) -> Who | None:
    """The active user with that id of 18 characters; None when there is none."""
    return _row(org, "Id", user_id)


def find(org: Org, username: str) -> Who | None:
    """The active user of that name, in any case; None when there is none."""
    return _row(org, "Username", username)


def named(org: Org, username: str) -> Who | None:
    """The active user of that name, or the admin when none is named; None for an unknown name."""
    return find(org, username) if username else admin(org)


def admin(org: Org) -> Who:
    """The admin of the org, whatever has become of the row."""
    me = org.identity
    return by_id(org, me.user_id) or Who(me.user_id, me.username, "Ada", "Admin", "admin@example.com", "admin")
