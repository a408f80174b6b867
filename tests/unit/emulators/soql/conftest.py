"""A small org in memory: Parent__c and Child__c with known rows, queried without HTTP."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fairlead_emulators.salesforce import soql
from fairlead_emulators.salesforce.metadata import package as metadata
from fairlead_emulators.salesforce.model.ids import make_ids
from fairlead_emulators.salesforce.state.storage import Storage
from tests.unit.emulators.salesforce.conftest import SCHEMA, zipped

NOW = datetime(2026, 3, 15, 13, 30, tzinfo=UTC)
"""A Sunday."""


class Table:
    """The org's rows, and the way to ask for them."""

    def __init__(self, files: dict[str, str] = SCHEMA) -> None:
        self.storage = Storage(None)
        with self.storage.transaction() as connection:
            result = metadata.apply(metadata.read_package(zipped(files)), self.storage.schema, connection)
            assert not result.failures
            self.storage.schema_changed()
        self.serial = 0

    def add(self, sobject: str, **values) -> str:
        """A row; its id."""
        self.serial += 1
        (record_id,) = make_ids(self.storage.schema.object(sobject).key_prefix, self.serial, 1)
        row = {"Id": record_id, "IsDeleted": 0} | values
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        self.storage.connection.execute(f'INSERT INTO "{sobject}" ({names}) VALUES ({marks})', list(row.values()))
        return record_id

    def compiled(self, text, zone="UTC", deleted=False):
        context = soql.Context(NOW, ZoneInfo(zone), deleted)
        return soql.compile_query(soql.parse(text), self.storage.schema, context)

    def ask(self, text, **context) -> list[dict]:
        return self.answer(text, **context)[0]

    def answer(self, text, **context) -> tuple[list[dict], int]:
        return soql.run(self.storage.connection, self.compiled(text, **context), "60.0")

    def notes(self, where: str, **context) -> list:
        """`Note__c` of the children that match, in order of insertion."""
        return [r["Note__c"] for r in self.ask(f"SELECT Note__c FROM Child__c WHERE {where} ORDER BY Id", **context)]

    def plan(self, text) -> str:
        compiled = self.compiled(text)
        rows = self.storage.connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", compiled.params)
        return " / ".join(row[3] for row in rows)


@pytest.fixture
def table():
    made = Table()
    yield made
    made.storage.close()
