"""What the room of permissions decides: the role that permission sets give, what a change would do, and what to warn of."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from fairlead.domain.role import Role
from fairlead.domain.words import noop

SETS: Final = {
    Role.FULL: "Fairlead_Full_Access",
    Role.STANDARD: "Fairlead_Standard_Access",
    Role.LIMITED: "Fairlead_Limited_Access",
    Role.GUEST: "Fairlead_Guest_Access",
}
"""The permission set of each role, by its API name."""
ROLES: Final = {name: role for role, name in SETS.items()}
AT_ONCE: Final = 200
"""How many users one change may be for."""
HELP: Final = {
    Role.FULL: noop("Everything, this admin among it."),
    Role.STANDARD: noop(
        "Lists, campaigns, people and one's own jobs; no settings, maintenance, security, billing. The usual choice."
    ),
    Role.LIMITED: noop(
        "Fairlead works for what these users do in Salesforce. Here they see the page of people; lists are managed "
        "only with the custom permission Manage Memberships."
    ),
    Role.GUEST: noop("For the guest user of a site: nothing of this admin."),
    Role.NONE: noop("The permission set is taken away. Rules and flow actions no longer run for what these users do."),
}
NO_LEADS: Final = noop("The licence has no leads and campaigns: what touches them fails for this user (F85).")
NO_SIGN_IN: Final = (
    "An integration user cannot sign in to pages, and its licence alone does not allow the permission sets: it is no sync "
    "user (F87)."
)


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the org as the page shows it. Names are shown, never kept."""

    id: str
    name: str
    username: str
    profile: str = ""
    licence: str = ""
    administers: bool = False
    sets: tuple[str, ...] = ()
    active: bool = True

    @property
    def role(self) -> Role:
        """The role now."""
        return role_of(self.sets, administers=self.administers) if self.active else Role.NONE

    @property
    def warning(self) -> str:
        """What the licence stands in the way of; blank for nothing."""
        licence = self.licence.lower()
        if "integration" in licence:
            return NO_SIGN_IN
        return NO_LEADS if "platform" in licence or "lightning" in licence else ""


@dataclass(frozen=True, slots=True)
class Change:
    """What a choice would do for one user."""

    person: Person
    assign: str
    unassign: tuple[str, ...]
    after: Role

    @property
    def effect(self) -> str:
        """In a word: gains, loses, changes, stays."""
        before = self.person.role
        if not self.assign and not self.unassign:
            return noop("stays")
        if before == self.after:
            return noop("keeps the role")
        if before is Role.NONE:
            return noop("gains access")
        return (
            noop("loses access")
            if self.after is Role.NONE
            else noop("gets more")
            if self.after > before
            else noop("gets less")
        )

    @property
    def remark(self) -> str:
        """What people are to know of this change."""
        if not self.assign and self.after is Role.FULL and self.unassign:
            return noop("A system administrator has Full Access without any set; it ends with the profile.")
        return self.person.warning if self.assign else ""


def role_of(sets: Collection[str], *, administers: bool) -> Role:
    """The highest role of the sets that are held. `administers`: the profile may customize the application and modify all data.

    Without any set such a system administrator has Full Access, as after the installation (F72); others have none.
    """
    held = [ROLES[name] for name in sets if name in ROLES]
    return max(held) if held else Role.FULL if administers else Role.NONE


def change(person: Person, wanted: Role) -> Change:
    """What has to be assigned and taken away so that the user holds exactly the set of this role."""
    name = SETS.get(wanted, "")
    others = tuple(sorted(held for held in person.sets if held in ROLES and held != name))
    after = wanted if name else role_of((), administers=person.administers)
    return Change(person, "" if name in person.sets else name, others, after)


def lost(changes: Iterable[Change]) -> list[Change]:
    """Those who would have no access afterwards."""
    return [each for each in changes if each.effect == "loses access"]


def why_refused(text: str) -> str:
    """What to do about a refusal of an assignment, from Salesforce's words; blank where they say it all."""
    if "user license" in text.lower():
        return (
            "The user's licence does not allow this set. Give the user another licence, or assign the permission set "
            "licence that the set needs first; then try again."
        )
    if "insufficient" in text.lower():
        return noop("The sync user needs the system permission Assign Permission Sets.")
    return ""


def wanted_role(word: str) -> Role | None:
    """The role that a word means: full, standard, limited, guest, none; None for any other word."""
    return next((role for role in Role if role.word == word.strip().lower()), None)
