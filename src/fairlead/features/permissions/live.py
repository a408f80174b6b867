"""Questions to the org from pages, commands and the API: plain calls that raise Failures only."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, TypeVar

from asgiref.sync import async_to_sync

from fairlead.domain.failure import FixTheSettings, WaitAndRetry
from fairlead.domain.role import MANAGE_MEMBERSHIPS, Role
from fairlead.features.permissions import org as in_org
from fairlead.features.permissions import rules
from fairlead.features.permissions.org import Found, Outcome, Wanted
from fairlead.features.permissions.rules import Change, Person
from fairlead.salesforce.client import Salesforce
from fairlead.store import audit
from fairlead.store.models import Org
from fairlead.sync import sides
from fairlead.ui import standing, visits
from fairlead.ui.standing import Reading

T = TypeVar("T")
PATIENCE_S: Final = 20
"""How long somebody who clicks waits for the org to tell a role."""


class SlowOrg(WaitAndRetry):
    """The org did not tell a role in time."""

    code = "FL-240"
    next_step = "Try again in a minute."

    def __init__(self) -> None:
        super().__init__(f"Salesforce did not answer within {PATIENCE_S} seconds.")


class NoSuchUser(FixTheSettings):
    """Somebody was named who is no active user of the org."""

    code = "FL-241"
    next_step = "`fairlead users list` shows those there are; use user names or ids."

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"The org has no active user {', '.join(names)}.")


class TooMany(FixTheSettings):
    """A change for more users than one change may be for."""

    code = "FL-242"
    next_step = f"Choose at most {rules.AT_ONCE} users at a time."

    def __init__(self, count: int) -> None:
        super().__init__(f"{count:,} users were chosen.")


def reading(org: Org, user_id: str) -> Reading:
    """The role of one user, as `ui.standing` asks for it; no role for one who is gone or inactive."""

    async def read(crm: Salesforce) -> Reading:
        person = (await in_org.people(crm, [user_id])).get(user_id)
        if person is None:
            return Reading(Role.NONE)
        own = await in_org.permissions(crm, user_id) if person.role is Role.LIMITED else ()
        every = (MANAGE_MEMBERSHIPS,) if person.role >= Role.STANDARD else own
        return Reading(person.role, every, person.name)

    return _ask(org, read, PATIENCE_S)


def search(org: Org, wanted: Wanted) -> Found:
    """A page of active users."""
    return _ask(org, lambda crm: in_org.search(crm, wanted))


def people(org: Org, ids: Collection[str]) -> dict[str, Person]:
    """These users, by id."""
    return _ask(org, lambda crm: in_org.people(crm, ids))


def plan(org: Org, ids: Collection[str], wanted: Role) -> list[Change]:
    """What giving these users this role would do; nothing is changed. Raises TooMany, NoSuchUser."""
    return [rules.change(person, wanted) for person in _known(org, ids)]


def save(org: Org, ids: Collection[str], wanted: Role, by: str) -> list[Outcome]:
    """Give these users this role, in the org and here: sessions of those who lost access end. Raises TooMany, NoSuchUser.

    Each change leaves an entry in the audit, with the user's id.
    """
    changes = plan(org, ids, wanted)
    outcomes = _ask(org, lambda crm: in_org.carry_out(crm, changes))
    for outcome in outcomes:
        _note(org, outcome, by)
    return outcomes


def plan_named(org: Org, names: Sequence[str], wanted: Role) -> list[Change]:
    """As `plan`, for user names or ids. Raises TooMany, NoSuchUser."""
    return plan(org, _ids(org, names), wanted)


def save_named(org: Org, names: Sequence[str], wanted: Role, by: str) -> list[Outcome]:
    """As `save`, for user names or ids. Raises TooMany, NoSuchUser."""
    return save(org, _ids(org, names), wanted, by)


def _ids(org: Org, names: Sequence[str]) -> list[str]:
    if len(set(names)) > rules.AT_ONCE:
        raise TooMany(len(set(names)))
    found = _ask(org, lambda crm: in_org.named(crm, names))
    told = {each.username.lower() for each in found} | {each.id for each in found} | {each.id[:15] for each in found}
    missing = [name for name in names if name.lower() not in told and name not in told]
    if missing:
        raise NoSuchUser(missing)
    return [each.id for each in found]


def _known(org: Org, ids: Collection[str]) -> list[Person]:
    if len(set(ids)) > rules.AT_ONCE:
        raise TooMany(len(set(ids)))
    found = people(org, ids)
    missing = sorted(set(ids) - set(found))
    if missing:
        raise NoSuchUser(missing)
    return sorted(found.values(), key=lambda person: (person.name.lower(), person.id))


def _note(org: Org, outcome: Outcome, by: str) -> None:
    person, before = outcome.change.person, outcome.change.person.role
    if before != outcome.after or (not outcome.problem and outcome.change.effect != "stays"):
        sets = [*([outcome.change.assign] if outcome.change.assign else [])]
        after = {"role": outcome.after.label, "assigned": sets, "taken": list(outcome.change.unassign)}
        audit.record(org, by, "change access", person.id, before={"role": before.label}, after=after)
    if standing.is_known(org, person.id):
        own = (MANAGE_MEMBERSHIPS,) if outcome.after >= Role.STANDARD else ()
        limited = outcome.after is Role.LIMITED
        standing.note(org, person.id, reading(org, person.id) if limited else Reading(outcome.after, own))
    if outcome.after is Role.NONE:
        visits.end_of(org, person.id, visits.Ending.TAKEN)


def _ask(org: Org, question: Callable[[Salesforce], Awaitable[T]], seconds: float = 300) -> T:
    async def work() -> T:
        async with asyncio.timeout(seconds), sides.salesforce(org.pk) as crm:
            return await question(crm)

    try:
        return async_to_sync(work)()
    except TimeoutError:
        raise SlowOrg from None
