"""Where people come from: the port, and what stands behind it in an org. Rows are read a page at a time, as columns of texts.

Fakes (`memory.py`) and these obey one suite, `tests/conformance/test_import_sources.py`.
"""

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final, Protocol

from fairlead.domain.failure import FixTheSettings
from fairlead.features.import_wizard import reading
from fairlead.features.import_wizard.reading import Page, column_of, text_of
from fairlead.features.import_wizard.rules.columns import Column
from fairlead.features.import_wizard.rules.words import SourceKind
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import SalesforceError, SessionRefused, Unavailable
from fairlead.salesforce.query import in_clause, quote
from fairlead.salesforce.reports import Cell
from fairlead.sync.failures import salesforce_failures

DOING: Final = "read the source of an import"


class BadQuery(FixTheSettings):
    """The org does not understand the query of an import. `row` and `column` count from 1; 0 where it names no place."""

    code = "FL-471"

    def __init__(self, text: str, row: int = 0, column: int = 0) -> None:
        self.row, self.column = row, column
        where = f" at row {row}, column {column}" if row else ""
        super().__init__(
            f"Salesforce does not understand the query{where}: {text}",
            next_step="Correct it there; Developer Console or another query editor of the org helps to try it.",
        )


class ReportTooLarge(FixTheSettings):
    """A report that has more than its first rows, and no column by which the others could be read."""

    code = "FL-472"
    next_step = (
        "Add a column with the Id of the contact or lead to the report, so that each row has a value of its own; or "
        "import a list view, a campaign or a query instead."
    )

    def __init__(self) -> None:
        super().__init__("The report has more than 2,000 rows and no column with an Id.")


class GroupedReport(FixTheSettings):
    """A report whose rows stand in groups."""

    code = "FL-473"
    next_step = "Remove its groupings in Salesforce, or save a copy without them and import that."

    def __init__(self) -> None:
        super().__init__("The report is grouped: an import reads rows of a tabular report.")


class NoSuchSource(FixTheSettings):
    """What the import is to read is not there, or is hidden from the sync user."""

    code = "FL-474"
    next_step = "Choose the source again, or give the sync user access to it in Salesforce."

    def __init__(self, kind: str, which: str) -> None:
        super().__init__(f"Salesforce shows no {kind} {which!r}.")


class ImportSource(Protocol):
    """Rows of people. All calls raise a Failure; what is wrong with one row raises nothing here."""

    async def columns(self) -> Sequence[Column]:
        """What a row can have."""
        ...

    def pages(self, wanted: Sequence[str]) -> AsyncIterator[Page]:
        """All rows, a page at a time: for each wanted column, in that order, the texts of the page's rows; blank for nothing.

        It ends only when everything was read. A column that is not there raises NoSuchColumn.
        """
        ...


class NoSuchColumn(FixTheSettings):
    """A column of the import is no longer in its source."""

    code = "FL-475"
    next_step = "Open the columns of the import, and choose anew."

    def __init__(self, missing: Collection[str]) -> None:
        super().__init__(f"The source has no column {', '.join(sorted(missing))} any more.")


def object_of(soql: str) -> str:
    """The object that a query reads, as far as can be told from its text; blank else."""
    without_children = re.sub(r"\([^()]*\)", "", soql)
    found = re.search(r"\bFROM\s+(\w+)", without_children, re.IGNORECASE)
    return found[1] if found else ""


def _id_label(object: str, path: str) -> str:
    """What the Id of a contact or lead is called, so that it is known for one; the path itself else."""
    return f"{object.capitalize()} ID" if path == "Id" and object.lower() in ("contact", "lead") else path


class SoqlSource:
    """The records that a query gives."""

    def __init__(self, org: Salesforce, soql: str, *, bulk_from: int = reading.BULK_FROM) -> None:
        self._org = org
        self._bulk_from = bulk_from
        self._soql = soql.strip().rstrip(";")
        self._columns: Sequence[Column] | None = None

    async def columns(self) -> Sequence[Column]:
        """The query's columns, once the org has understood it. Raises BadQuery, and Failures as all sources do."""
        if self._columns is None:
            self._columns = await self._understood()
        return self._columns

    async def _understood(self) -> Sequence[Column]:
        try:
            await self._org.explain(self._soql)
            found = await self._org.columns(self._soql)
        except (Unavailable, SessionRefused):
            raise
        except SalesforceError as error:
            row, column = error.position or (0, 0)
            raise BadQuery(error.text, row, column) from error
        of = object_of(self._soql)
        return [Column(one.path, _id_label(of, one.path), one.type.lower()) for one in found]

    async def pages(self, wanted: Sequence[str]) -> AsyncIterator[Page]:
        """The records' texts."""
        there = await self.columns()
        _all_there(wanted, [one.name for one in there])
        found = reading.pages(self._org, self._soql, there, wanted, bulk_from=self._bulk_from)
        async with aclosing(found) as pages:
            async for page in pages:
                yield page


class CampaignSource:
    """The members of a Salesforce campaign, all or those with chosen statuses."""

    def __init__(self, org: Salesforce, campaign: str, statuses: Collection[str] = ()) -> None:
        self._org = org
        self._campaign = campaign
        self._statuses = tuple(statuses)

    async def columns(self) -> Sequence[Column]:
        """The fields of campaign members that the sync user may see, the important ones first."""
        await self._check()
        described = await self._org.describe("CampaignMember")
        own = [Column(one.name, one.label, one.type) for one in described.fields if one.type not in _NOT_TEXT]
        return sorted(own, key=lambda one: _FIRST.index(one.name) if one.name in _FIRST else len(_FIRST))

    async def pages(self, wanted: Sequence[str]) -> AsyncIterator[Page]:
        """The members' texts."""
        there = {one.name: one for one in await self.columns()}
        _all_there(wanted, there)
        where = f"CampaignId = {quote(self._campaign)}"
        if self._statuses:
            where += f" AND Status IN {in_clause(self._statuses)}"
        chosen = list(dict.fromkeys(("Id", *wanted)))
        soql = f"SELECT {', '.join(chosen)} FROM CampaignMember WHERE {where}"
        columns = [there.get(name, Column(name)) for name in chosen]
        async with aclosing(reading.pages(self._org, soql, columns, wanted)) as pages:
            async for page in pages:
                yield page

    async def _check(self) -> None:
        soql = f"SELECT Id FROM Campaign WHERE Id = {quote(self._campaign)}"
        if not self._campaign.isalnum() or not [row async for page in self._org.query(soql) for row in page]:
            raise NoSuchSource("campaign", self._campaign)


_FIRST: Final = ("Email", "FirstName", "LastName", "Name", "Status", "ContactId", "LeadId", "MobilePhone")
_NOT_TEXT: Final = ("address", "location", "base64", "complexvalue")


class ListViewSource:
    """What a list view shows, however many rows it has: its own query is run, as it is at that moment."""

    def __init__(self, org: Salesforce, object: str, view: str) -> None:
        self._org = org
        self._object = object
        self._view = view

    async def columns(self) -> Sequence[Column]:
        """The columns that the view shows, and the Id."""
        info = await self._org.list_views.describe(self._object, self._view)
        shown = [Column(one.path, one.label, one.type) for one in info.columns if not (one.hidden and one.path != "Id")]
        return [*(one for one in shown if one.name != "Id"), Column("Id", _id_label(self._object, "Id"), "id")]

    async def pages(self, wanted: Sequence[str]) -> AsyncIterator[Page]:
        """The rows' texts."""
        _all_there(wanted, [one.name for one in await self.columns()])
        async for page in self._org.list_views.records(self._object, self._view):
            yield [column_of(page, path) for path in wanted]


class ReportSource:
    """The rows of a tabular report of any size. `key` is a column whose values differ in every row; blank: its Id."""

    def __init__(self, org: Salesforce, report: str, key: str = "") -> None:
        self._org = org
        self._report = report
        self._key = key

    async def columns(self) -> Sequence[Column]:
        """The columns that the report shows. Raises GroupedReport."""
        described = await self._org.reports.describe(self._report)
        if described.get("reportFormat", "TABULAR") != "TABULAR":
            raise GroupedReport
        found = await self._org.reports.columns(self._report)
        return [Column(name, one.label, one.data_type.lower()) for name, one in found.items()]

    async def pages(self, wanted: Sequence[str]) -> AsyncIterator[Page]:
        """The rows' texts. Raises ReportTooLarge."""
        columns = await self.columns()
        order = [one.name for one in columns]
        _all_there(wanted, order)
        kinds = {one.name: one.type for one in columns}
        places = [(order.index(name), kinds[name]) for name in wanted]
        key = self._key or key_of(columns)
        if not key:
            result = await self._org.reports.run(self._report)
            if not result.all_data:
                raise ReportTooLarge
            yield [[cell_text(row[at], kind) for row in result.rows] for at, kind in places]
            return
        async for rows in self._org.reports.all_rows(self._report, key):
            yield [[cell_text(row[at], kind) for row in rows] for at, kind in places]


def key_of(columns: Sequence[Column]) -> str:
    """The column by which a report is read page by page: an Id, that of the person rather than of what they belong to."""
    ids = [one for one in columns if one.type == "id" or one.name.upper().endswith("_ID")]
    ranked = sorted(ids, key=lambda one: _KEYS.index(one.name) if one.name in _KEYS else len(_KEYS))
    return ranked[0].name if ranked else ""


_KEYS: Final = ("MEMBER_ID", "CAMPAIGN_MEMBER_ID", "CONTACT_ID", "LEAD_ID", "CUST_ID")
_AS_KEPT: Final = frozenset({"id", "date", "datetime", "int", "double", "boolean", "percent"})


def cell_text(cell: Cell, kind: str) -> str:
    """A cell as text: as kept where programs read it better, as shown else."""
    if cell.value is None:
        return ""
    if kind == "currency" and isinstance(cell.value, Mapping):
        return text_of(cell.value.get("amount"))
    if kind in _AS_KEPT or isinstance(cell.value, bool):
        return text_of(cell.value)
    return text_of(cell.label if cell.label is not None else cell.value)


def _all_there(wanted: Sequence[str], there: Collection[str]) -> None:
    missing = set(wanted) - set(there)
    if missing:
        raise NoSuchColumn(missing)


class Told:
    """A source whose errors of the client are told as Failures."""

    def __init__(self, inner: ImportSource) -> None:
        self._inner = inner

    async def columns(self) -> Sequence[Column]:
        """As the inner source."""
        with salesforce_failures(DOING):
            return await self._inner.columns()

    async def pages(self, wanted: Sequence[str]) -> AsyncIterator[Page]:
        """As the inner source."""
        with salesforce_failures(DOING):
            pages: Any = self._inner.pages(wanted)
            async with aclosing(pages):
                async for page in pages:
                    yield page


def source_of(org: Salesforce, kind: str, param: Mapping[str, Any]) -> ImportSource:
    """The source that an import names. `param` is as `models.Import.source` keeps it."""
    which = str(param.get("id", ""))
    made: ImportSource
    if kind == SourceKind.CAMPAIGN:
        made = CampaignSource(org, which, tuple(param.get("statuses", ())))
    elif kind == SourceKind.REPORT:
        made = ReportSource(org, which, str(param.get("key", "")))
    elif kind == SourceKind.LIST_VIEW:
        made = ListViewSource(org, str(param.get("object", "")), which)
    else:
        made = SoqlSource(org, str(param.get("soql", "")))
    return Told(made)
