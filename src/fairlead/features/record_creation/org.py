"""The making of contacts and leads on a Salesforce org.

Two hundred records a call, also where there are thousands: each call's records are linked before the next call, so that
whatever is killed, at most two hundred records wait to be found and linked. A bulk job would leave thousands.
"""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any, Final

from fairlead.domain.records import RowFailure
from fairlead.features.record_creation.ports import Link, Made
from fairlead.features.record_creation.rules import Candidate
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.collections import RowResult
from fairlead.salesforce.describe import ObjectInfo
from fairlead.salesforce.error_codes import WRITTEN_IN_THE_ORG, next_step_of
from fairlead.salesforce.query import split_in
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.org_sink import sentences, without_values

_COLUMNS: Final = "Id, List__r.List_Id__c, Member_Key__c, Email__c, Full_Name__c, Custom_Fields__c, SystemModstamp"
_STOPS: Final = frozenset(
    {
        "STORAGE_LIMIT_EXCEEDED",
        "LIMIT_EXCEEDED",
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INVALID_FIELD",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "INVALID_TYPE",
    }
)
"""Refusals that no other record of the rule would escape."""

_GONE: Final = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"})

_SIMILAR: Final = (
    "A duplicate rule of the org finds a similar record. Merge or correct the duplicates, or choose “Save all the same” "
    "under record_creation.duplicates."
)


class OrgPeople:
    """Members without contact and lead of one org, and the records that are made for them."""

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce

    async def describe(self, object: str) -> ObjectInfo:
        """The object as the integration user sees it. Raises a Failure."""
        with salesforce_failures(f"read the description of {object}"):
            return await self._salesforce.describe(object)

    async def unlinked(self, lists: Sequence[str], since: datetime | None) -> AsyncGenerator[Sequence[Candidate], None]:
        """Pages of at most 2,000 members. Raises a Failure."""
        before = (
            f"SELECT {_COLUMNS} FROM {names.MEMBER} WHERE State__c = 'Active' AND Contact__c = null AND Lead__c = null "
            f"AND List__r.{names.LIST_KEY} IN"
        )
        after = f"AND SystemModstamp >= {since:%Y-%m-%dT%H:%M:%SZ}" if since is not None else ""
        with salesforce_failures("read the members without contact and lead"):
            for soql in split_in(before, lists, after):
                async for page in self._salesforce.query(soql):
                    yield [_candidate(row) for row in page if row["Email__c"]]

    async def create(self, object: str, records: Sequence[dict[str, Any]], *, allow_duplicates: bool) -> Sequence[Made]:
        """One call for at most 200 records. Raises a Failure; the call may then have been carried out."""
        with salesforce_failures(f"create {object} records"):
            results = await self._salesforce.collections.insert(object, records, allow_duplicates=allow_duplicates)
        return [_made(result, record) for result, record in zip(results, records, strict=True)]

    async def link(self, links: Sequence[Link]) -> Sequence[RowFailure | None]:
        """Point members to their records, 200 a call. Raises a Failure."""
        ids = (("Contact__c", "contact"), ("Lead__c", "lead"))
        records = [
            {"Id": link.member, **{field: getattr(link, of) for field, of in ids if getattr(link, of)}}
            for link in links
        ]
        # by id and not by key: an upsert would bring back a member that was deleted meanwhile
        with salesforce_failures("link members to new contacts and leads"):
            results = await self._salesforce.collections.update(names.MEMBER, records)
        return [
            None if result.success or result.code in _GONE else _made(result, record).failure
            for result, record in zip(results, records, strict=True)
        ]


def _candidate(row: dict[str, Any]) -> Candidate:
    return Candidate(
        row["Id"],
        row["List__r"]["List_Id__c"],
        row["Member_Key__c"],
        row["Email__c"],
        row["Full_Name__c"] or "",
        row["Custom_Fields__c"] or "",
        row["SystemModstamp"][:19],
    )


def _made(result: RowResult, record: dict[str, Any]) -> Made:
    if result.success:
        return Made(result.id or "")
    return Made("", RowFailure("", result.code, _reason(result, record), result.retryable, result.code in _STOPS))


def _reason(result: RowResult, record: dict[str, Any]) -> str:
    """Why, and what next, without a value of the record."""
    if result.code == "DUPLICATES_DETECTED":
        return _SIMILAR
    cells = [str(value) for value in record.values()]
    message = without_values(result.message, cells) if result.code in WRITTEN_IN_THE_ORG else result.message
    return sentences(message, next_step_of(result.code))
