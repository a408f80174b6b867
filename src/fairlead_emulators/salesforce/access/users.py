"""Works in the name of a user, with the user's rights."""

from collections.abc import Iterator
from contextlib import contextmanager

from fairlead_emulators.salesforce.access import sharing
from fairlead_emulators.salesforce.access.rights import Rights, permission_sets, rights_of
from fairlead_emulators.salesforce.access.view import seen_schema
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.acting import Acting, acting
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.state.org import Org

fact("api_enabled")
fact("deploying_needs_the_right")


@contextmanager
def acting_as(org: Org, user_id: str) -> Iterator[None]:
    """Everything inside is done by that user: "" or the admin's id, or a user's. Raises ApiError when it may not."""
    if org.settings.get("api_enabled") is False:
        raise ApiError(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
    rights = Rights("", everything=True) if user_id in ("", org.identity.user_id) else rights_of(org, user_id)
    if not rights.api:
        raise ApiError(403, "API_CURRENTLY_DISABLED", "API is disabled for this User")
    token = acting.set(_acting(org, rights) if rights.user_id else None)
    try:
        yield
    finally:
        acting.reset(token)


def _acting(org: Org, rights: Rights) -> Acting:
    def sees(sobject: SObject, alias: str) -> str:
        return sharing.condition(org, rights, sobject, alias, editing=False)

    def edits(sobject: SObject, alias: str) -> str:
        return sharing.condition(org, rights, sobject, alias, editing=True)

    whole = org.storage.whole
    schema = whole if rights.everything else seen_schema(whole, rights)
    return Acting(rights.user_id, schema, sees, edits, rights.everything)


def check_path(path: str) -> None:
    """Raises ApiError for what only an admin may ask: deployments and the tooling of developers."""
    user = acting.get()
    if user is None or user.everything:
        return
    if path.split("/")[4:5] in (["metadata"], ["tooling"]) or path.startswith("/services/Soap/m/"):
        raise ApiError(403, "INSUFFICIENT_ACCESS", "insufficient access rights: Modify Metadata is needed")


def has_custom_permission(org: Org, user_id: str, name: str) -> bool:
    """Whether a deployed permission set of the user grants that custom permission; the admin has all."""
    if user_id in ("", org.identity.user_id):
        return True
    granted = {
        str(k).lower(): {str(n).lower() for n in v} for k, v in (org.storage.meta("custom_permissions") or {}).items()
    }
    with org.storage.lock:
        connection = org.storage.connection
        row = connection.execute("SELECT ProfileId FROM User WHERE Id = ?", (user_id,)).fetchone()
        sets = permission_sets(connection, user_id, row[0]) if row else []
        marks = ", ".join("?" * len(sets))
        names = connection.execute(f"SELECT Name FROM PermissionSet WHERE Id IN ({marks})", sets).fetchall()
    return any(name.lower() in granted.get(each[0].lower(), ()) for each in names)
