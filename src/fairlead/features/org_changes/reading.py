"""Reading changed records: those of all reactions in one reading, pages of the query or, for many, a bulk query."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from fairlead.features.org_changes import rules
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.describe import FieldInfo, ObjectInfo
from fairlead.salesforce.query import fits
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.outward import ACCOUNT, ALWAYS_READ, CONTACT, LEAD

BULK_FROM: Final = 10_000
"""Records from which on a bulk query is cheaper: it costs some five calls, a page of a query one for 2,000 records."""
A_PAGE: Final = 2_000

EXTRA: Final[Mapping[str, tuple[str, ...]]] = {
    CONTACT: (rules.DELETED, rules.MASTER, rules.EMAIL, rules.PARENT_STAMP),
    LEAD: (rules.DELETED, rules.MASTER, rules.EMAIL),
    ACCOUNT: (rules.DELETED, rules.MASTER),
}
"""Read whatever reactions ask for: to tell what is gone, and what became of it."""

Page = list[dict[str, Any]]


@dataclass(slots=True)
class Part:
    """Records to read: what follows the fields of the query, whether deleted ones are among them, and about how many."""

    after: str
    all_rows: bool = False
    count: int = 0


class Reads(Protocol):
    """Reads changed records: `Reader` those of an org, a fake those of a law."""

    async def missing(self, object: str, paths: Collection[str]) -> set[str]: ...
    async def parts(self, object: str, window: rules.Window, *, by_account: bool) -> list[Part]: ...
    def pages(self, object: str, paths: Collection[str], parts: Sequence[Part]) -> AsyncGenerator[Page, None]: ...


@dataclass(slots=True)
class Reader:
    """Reads one org. What is described once is kept for the run."""

    salesforce: Salesforce
    _described: dict[str, ObjectInfo] = field(default_factory=dict)

    async def missing(self, object: str, paths: Collection[str]) -> set[str]:
        """Those of these paths that the org does not show. Raises a Failure."""
        return {path for path in paths if await self._field(object, path) is None}

    async def parts(self, object: str, window: rules.Window, *, by_account: bool) -> list[Part]:
        """What there is to read in a window, counted: one call, and one for contacts of changed accounts. Raises a Failure."""
        parts = [Part(f"FROM {object}{window.own()}", all_rows=window.since is not None)]
        if by_account and object == CONTACT and window.since is not None:
            parts.append(Part(f"FROM {object}{window.by_account()}"))
        with salesforce_failures(f"count changes of {object}"):
            for part in parts:
                part.count = await self.salesforce.count(f"SELECT COUNT() {part.after}", all_rows=part.all_rows)
        return [part for part in parts if part.count]

    async def pages(self, object: str, paths: Collection[str], parts: Sequence[Part]) -> AsyncGenerator[Page, None]:
        """Records of these parts with these fields, some at a time. Raises a Failure."""
        columns = sorted({*ALWAYS_READ, *EXTRA[object], *paths})
        for part in parts:
            soql = f"SELECT {', '.join(columns)} {part.after}"
            small = part.count < BULK_FROM and fits(soql)
            door = self._few(soql, columns, part) if small else self._bulk(object, soql, columns, part)
            with salesforce_failures(f"read changes of {object}"):
                async with aclosing(door) as pages:
                    async for page in pages:
                        yield page

    async def _few(self, soql: str, columns: Sequence[str], part: Part) -> AsyncGenerator[Page, None]:
        asked = self.salesforce.query_all(soql) if part.all_rows else self.salesforce.query(soql)
        async for page in asked:
            yield [rules.flat(record, columns) for record in page]

    async def _bulk(self, object: str, soql: str, columns: Sequence[str], part: Part) -> AsyncGenerator[Page, None]:
        kinds = {name: found.type for name in columns if (found := await self._field(object, name)) is not None}
        async with self.salesforce.bulk_query.finished(soql, all_rows=part.all_rows) as job:
            async for records in self.salesforce.bulk_query.rows(job):
                for start in range(0, len(records), A_PAGE):
                    yield [
                        {name: rules.typed(text, kinds.get(name, "")) for name, text in zip(columns, one, strict=True)}
                        for one in records[start : start + A_PAGE]
                    ]

    async def _field(self, object: str, path: str) -> FieldInfo | None:
        """The field at the end of a path; None where the path leads nowhere."""
        *parents, name = path.split(".")
        info = await self._object(object)
        for parent in parents:
            link = next((each for each in info.fields if each.relationship_name == parent), None)
            if link is None or not link.reference_to:
                return None
            info = await self._object(link.reference_to[0])
        return info.field(name)

    async def _object(self, name: str) -> ObjectInfo:
        if name not in self._described:
            with salesforce_failures(f"describe {name}"):
                self._described[name] = await self.salesforce.describe(name)
        return self._described[name]
