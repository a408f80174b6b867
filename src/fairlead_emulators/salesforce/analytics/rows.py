"""Rows of `Report` and `Dashboard`: they follow what the org has; each keeps its id."""

from collections.abc import Mapping
from typing import Any

from fairlead_emulators.salesforce.analytics.definitions import dashboards, definitions
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("report_rows")


def follow(org: Org) -> None:
    """Makes the rows those of the org's reports and dashboards."""
    reports = {
        name: {
            "Name": each.title[:40],
            "Description": each.description or None,
            "FolderName": each.folder,
            "Format": each.format.capitalize(),
        }
        for name, each in definitions(org).items()
    }
    shown = {
        name: {"Title": title[:80], "Description": description or None, "FolderName": folder}
        for name, (title, description, folder) in dashboards(org).items()
    }
    _mirror(org, "Report", reports)
    _mirror(org, "Dashboard", shown)


def _mirror(org: Org, sobject: str, wanted: Mapping[str, dict[str, Any]]) -> None:
    table, target = quoted(sobject), org.storage.schema.objects[sobject.lower()]
    with org.storage.transaction() as connection:
        known = dict(connection.execute(f"SELECT DeveloperName, Id FROM {table} WHERE IsDeleted = 0").fetchall())
        gone = [(known[name],) for name in known.keys() - wanted.keys()]
        connection.executemany(f"DELETE FROM {table} WHERE Id = ?", gone)
        for name in known.keys() & wanted.keys():
            sets = ", ".join(f"{quoted(column)} = ?" for column in wanted[name])
            connection.execute(f"UPDATE {table} SET {sets} WHERE Id = ?", (*wanted[name].values(), known[name]))
        new = [{"DeveloperName": name} | row for name, row in wanted.items() if name not in known]
        if new:
            writes.write(org, "insert", from_json(org.storage.schema, target, new), seeding=True)
        org.storage.recount(sobject)
