"""The app of the connected org, through which people may sign in to Fairlead."""

from fairlead.features.connections import credentials, records
from fairlead.features.connections.credentials import OrgStatement
from fairlead.features.connections.models import State
from fairlead.salesforce import web_login
from fairlead.store.models import Org


def door(org: Org) -> tuple[web_login.App, str] | None:
    """The app, without an address to come back to, and the id of the connected org; None where no org is connected.

    Raises CannotOpenSecret, UnknownCredentials.
    """
    known = records.salesforce_org(org)
    if known is None or known.state == State.DISCONNECTED or not known.org_id_18:
        return None
    kept = credentials.salesforce(org)
    if kept is None:
        return None
    secret = None if isinstance(kept, OrgStatement) else kept.client_secret
    return web_login.App(known.login_url, kept.client_id, secret, ""), known.org_id_18
