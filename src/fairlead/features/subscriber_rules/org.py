"""What the rules ask of Salesforce: descriptions, which records a condition is true of, members by key. Few calls.

Conditions are asked five queries a call (composite), each with as many ids as an address holds.
"""

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from fairlead.domain.criteria import Criterion, both
from fairlead.domain.failure import Failure, FixTheSettings
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.composite import Subrequest
from fairlead.salesforce.describe import ObjectInfo
from fairlead.salesforce.percent import percent
from fairlead.salesforce.query import split_in
from fairlead.sync import described as paths
from fairlead.sync.failures import salesforce_failures

QUERIES_A_CALL: Final = 5
"""Of the subrequests of one composite call at most so many are queries."""

BAD_REQUEST: Final = 400

COLUMNS: Final = ("Id", "Email", "Name", "HasOptedOutOfEmail")


class RuleDoesNotFit(FixTheSettings):
    """Salesforce does not understand a rule's criteria any more: a field was deleted, hidden or changed since."""

    code = "FL-465"
    next_step = "Open the rule and save it again: what does not fit is told there. Or disable it."

    def __init__(self, name: str, told: str) -> None:
        super().__init__(f"The rule “{name}” does not fit Salesforce any more: {told}")


@dataclass(frozen=True, slots=True)
class Person:
    """A contact or lead as a rule needs it. In memory only."""

    id: str
    address: str = field(repr=False)
    name: str = field(repr=False)
    ticked: bool = False


def person(row: Mapping[str, Any]) -> Person:
    """From a record as a query gives it."""
    return Person(
        str(row["Id"]), str(row.get("Email") or ""), str(row.get("Name") or ""), bool(row.get("HasOptedOutOfEmail"))
    )


async def described(crm: Salesforce, object: str, criteria: Iterable[Criterion] = ()) -> dict[str, ObjectInfo]:
    """The object, and those of its parents that the criteria look into, by name in lower case. Raises a Failure."""
    return await paths.described(crm, object, [one.field for one in criteria])


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition, and the ids of the records that it is asked of."""

    where: str
    ids: Sequence[str]


async def satisfying(crm: Salesforce, object: str, asked: Sequence[Asked]) -> list[set[str] | Failure]:
    """For each, the ids that it is true of; or why Salesforce did not understand it. Raises a Failure for other reasons.

    The same condition over the same ids is asked once; a blank one is true of all and not asked.
    """
    found: list[set[str] | Failure] = [set(one.ids) if not one.where else set() for one in asked]
    same: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for i, one in enumerate(asked):
        if one.where and one.ids:
            same.setdefault((one.where, tuple(one.ids)), []).append(i)
    queries = [
        (soql, places)
        for (where, ids), places in same.items()
        for soql in split_in(f"SELECT Id FROM {object} WHERE Id IN", ids, f"AND ({where})")
    ]
    answers = await together(crm, [soql for soql, _ in queries], "ask which records satisfy the rules")
    for (_, places), answer in zip(queries, answers, strict=True):
        for i in places:
            held = found[i]
            if isinstance(answer, Failure):
                found[i] = answer
            elif isinstance(held, set):
                held.update(row["Id"] for row in answer)
    return found


async def together(crm: Salesforce, queries: Sequence[str], doing: str) -> list[list[dict[str, Any]] | Failure]:
    """The rows of each query, of at most 2,000; or a RuleDoesNotFit where Salesforce does not understand it. Few calls.

    Raises a Failure for other reasons.
    """
    found: list[list[dict[str, Any]] | Failure] = []
    for first in range(0, len(queries), QUERIES_A_CALL):
        requests = [
            Subrequest("GET", f"/query?q={percent(soql)}", f"q{number}")
            for number, soql in enumerate(queries[first : first + QUERIES_A_CALL])
        ]
        with salesforce_failures(doing):
            for outcome in await crm.composite.run(requests):
                error = outcome.error
                if error is not None and error.status != BAD_REQUEST:
                    raise error
                found.append(outcome.body["records"] if error is None else _refused(error.text))
    return found


def _refused(text: str) -> Failure:
    """Salesforce's own words show the query, which may hold a value: only their last line tells what is wrong."""
    return RuleDoesNotFit("", text.strip().splitlines()[-1] if text.strip() else "it was refused.")


async def members(crm: Salesforce, keys: Sequence[str]) -> dict[str, str]:
    """The state of each of these members that is in Salesforce, by key. Raises a Failure."""
    before = f"SELECT {names.MEMBER_KEY}, State__c FROM {names.MEMBER} WHERE {names.MEMBER_KEY} IN"
    found: dict[str, str] = {}
    for rows in await together(crm, list(split_in(before, keys)), "read members"):
        if isinstance(rows, Failure):
            raise rows
        found.update((row[names.MEMBER_KEY].lower(), row["State__c"] or "") for row in rows)
    return found


async def people(crm: Salesforce, object: str, where: str, after: str = "") -> AsyncGenerator[list[Person], None]:
    """All records that satisfy a condition, in the order of their ids, from the one `after` on; pages of 2,000 at most.

    Raises a Failure.
    """
    beyond = f"Id > '{after}'" if after.isalnum() else ""
    condition = both(where, beyond)
    soql = f"SELECT {', '.join(COLUMNS)} FROM {object}{' WHERE ' if condition else ''}{condition} ORDER BY Id"
    with salesforce_failures("read the records that satisfy a rule"):
        async with aclosing(crm.query(soql)) as pages:  # type: ignore[type-var]
            async for page in pages:
                yield [person(row) for row in page]


async def count(crm: Salesforce, object: str, *conditions: str) -> int:
    """How many records satisfy all of these. Raises a Failure."""
    condition = both(*conditions)
    with salesforce_failures("count the records that satisfy rules"):
        return await crm.count(f"SELECT COUNT() FROM {object}{' WHERE ' if condition else ''}{condition}")


async def on_the_list(crm: Salesforce, list_id: str) -> int:
    """How many active and unconfirmed members a list has in Salesforce. Raises a Failure."""
    where = f"List__r.{names.LIST_KEY} = '{list_id}' AND State__c IN ('Active', 'Unconfirmed')"
    with salesforce_failures("count the members of a list"):
        return await crm.count(f"SELECT COUNT() FROM {names.MEMBER} WHERE {where}")


def by_id(people_: Iterable[Person], wanted: Collection[str]) -> list[Person]:
    """Those whose id is among these, in order."""
    return [one for one in people_ if one.id in wanted]
