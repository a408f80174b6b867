"""What command lines list by the Tooling API is empty here, and not refused."""

import pytest

LOGS = "SELECT Id, Application, DurationMilliseconds, Location, LogUser.Name FROM ApexLog ORDER BY StartTime DESC"
PACKAGES = """SELECT Id, SubscriberPackage.NamespacePrefix, SubscriberPackage.Name, SubscriberPackageVersion.MajorVersion,
    SubscriberPackageVersion.IsManaged FROM InstalledSubscriberPackage ORDER BY SubscriberPackageId"""


@pytest.mark.parametrize("query", [LOGS, PACKAGES])
def test_logs_and_installed_packages_are_listed(bare, query):
    answer = bare.ask("GET", "/tooling/query", params={"q": query})
    assert (answer.status_code, answer.json()["records"]) == (200, [])
