"""Rows of `Report` and `Dashboard`: they follow what the org has; each keeps its id."""

from fairlead_emulators.salesforce.analytics.definitions import dashboards, definitions
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.tables.mirror import mirror

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
    mirror(org, "Report", reports)
    mirror(org, "Dashboard", shown)
