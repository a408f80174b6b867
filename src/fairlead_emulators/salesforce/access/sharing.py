"""Which records a user may read or change: by the object's sharing model and by who owns the record."""

from fairlead_emulators.salesforce.access.rights import MODIFY_ALL, VIEW_ALL, Rights
from fairlead_emulators.salesforce.access.view import FOLLOWS
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.acting import own_row
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("sharing_by_owner")


def condition(org: Org, rights: Rights, sobject: SObject, alias: str, *, editing: bool) -> str:
    """SQL that holds for the records of the table with that alias which the user may read, or change; "" for all."""
    own = own_row(sobject, alias, everything=rights.everything)
    if own:
        return own
    name = FOLLOWS.get(sobject.name.lower(), sobject.name.lower())
    has = rights.objects.get(name, set())
    if rights.everything or MODIFY_ALL in has or (not editing and VIEW_ALL in has):
        return ""
    master = next((f for f in sobject.fields.values() if f.cascade_delete), None)
    if master is not None:
        return _by_master(org, rights, sobject, alias, editing=editing)
    model = str(org.settings.get("sharing", {}).get(sobject.name, sobject.sharing_model)).lower()
    open_to_all = {"readwrite", "readwritetransfer", "fullaccess"} | (set() if editing else {"read"})
    if model in open_to_all or sobject.field("OwnerId") is None:
        return ""
    return f"{alias}.OwnerId = '{rights.user_id}'"


def _by_master(org: Org, rights: Rights, sobject: SObject, alias: str, *, editing: bool) -> str:
    """Details are seen with their masters: with all of them that they have."""
    parts = []
    for place, field in enumerate(f for f in sobject.fields.values() if f.cascade_delete):
        parent = org.storage.whole.object(field.reference_to[0])
        inner = f"{alias}m{place}"
        asked = condition(org, rights, parent, inner, editing=editing and place == 0) if parent else ""
        if asked and parent:
            column = f"{alias}.{quoted(field.name)}"
            table = quoted(parent.name)
            parts.append(f"({column} IS NULL OR {column} IN (SELECT {inner}.Id FROM {table} AS {inner} WHERE {asked}))")
    return " AND ".join(parts)
