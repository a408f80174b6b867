"""A data folder with a PostgreSQL of its own, connected to the replay server: what Fairlead's runs are measured on."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from fairlead.store.models import Org

KEY = "a-key-for-benches-only-0123456789-abcdef"


@dataclass(frozen=True)
class Ready:
    """A data folder whose server runs. `environment` is what a process needs to use it."""

    home: Path
    environment: dict[str, str]

    def database_cpu_s(self) -> float:
        """Processor seconds of the server and all it has started, so far."""
        from fairlead.store import postgres

        pid = int((postgres.place(self.home).data / "postmaster.pid").read_text().split()[0])
        server = psutil.Process(pid)
        used = server.cpu_times()
        total = used.user + used.system + used.children_user + used.children_system
        for child in server.children(recursive=True):
            try:
                of_child = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += of_child.user + of_child.system
        return float(total)


@contextmanager
def installation(url: str) -> Iterator[Ready]:
    """Its server lives as long as this process wants it."""
    from fairlead.store import postgres

    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
        home = Path(folder) / "home"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FAIRLEAD_", "DJANGO_"))}
        environment = {**kept, "FAIRLEAD_HOME": str(home), "FAIRLEAD_SECRET_KEY": KEY}
        try:
            postgres.ensure_server(home)
            subprocess.run([sys.executable, "-m", "bench.installation", url], env=environment, check=True)
            yield Ready(home, environment)
        finally:
            postgres.destroy(home)


def prepare(url: str) -> None:
    """Tables, and both sides connected."""
    from fairlead import settings
    from fairlead.store import boot

    boot.prepare(settings.load(os.environ).home, embedded=True)
    connect(url)


def connect(url: str, org: "Org | None" = None) -> None:
    """Both sides of an org, with credentials that the replay server takes; Django is set up."""
    from bench.synthetic import CLIENT, TIME_ZONE
    from fairlead.features.connections import credentials
    from fairlead.features.connections.models import CampaignMonitorAccount, Client, SalesforceOrg
    from fairlead.store.orgs import default_org

    org = org or default_org()
    account = CampaignMonitorAccount.objects.create(org=org, base_url=url)
    Client.objects.create(org=org, account=account, client_id=CLIENT, name="Bench", time_zone=TIME_ZONE)
    SalesforceOrg.objects.create(org=org, login_url=url)
    credentials.put(org, credentials.CAMPAIGN_MONITOR, credentials.AccountKey("replay"))
    credentials.put(org, credentials.SALESFORCE, credentials.OrgApp("replay", "replay"))


if __name__ == "__main__":
    prepare(sys.argv[1])
