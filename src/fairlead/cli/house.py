"""Opens the house for a command: settings, database, Django, runners."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairlead.settings import Settings
    from fairlead.store.models import Org

chosen: dict[str, str] = {"org": ""}
"""The org that `--org` names, for this process."""
WHO = "command line"
"""Who asked, as the audit tells it."""


def settings() -> "Settings":
    """The deployment settings. Raises BadSetting."""
    from fairlead.settings import load

    return load(os.environ)


def open_house(*, log_level: str = "WARNING") -> "Settings":
    """Start the embedded database if there is no other, bring tables up to date, register what jobs run.

    Lines of log go to standard error. Raises BadSetting, PostgresFailed or Django's OperationalError.
    """
    from fairlead.store import boot, logs

    found = settings()
    logs.configure(form=found.log_format, level=log_level, stream=sys.stderr)
    boot.prepare(found.home, embedded=not found.database_url, make_key=not found.secret_keys)
    from fairlead import wiring  # its models need Django to be ready

    wiring.register_runners()
    if chosen["org"]:
        from fairlead.store import orgs

        orgs.choose(orgs.find(chosen["org"]))
    return found


def org() -> "Org":
    """The org that the command is about. Raises WhichOrg where there are several and none was chosen, NoSuchOrg."""
    from fairlead.store import orgs

    return orgs.the_only()
