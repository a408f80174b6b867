"""A list view as SOQL and columns."""

from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.listviews.views import SCOPES, View, views
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.tables.columns import Column, NoColumn, column
from fairlead_emulators.salesforce.tables.filters import BadFilter, combined, condition

fact("list_view_describe")
fact("list_view_recent")

_HIDDEN: Final = ("Id", "CreatedDate", "LastModifiedDate", "SystemModstamp")
_MOST_RECENT: Final = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """What a view shows: visible columns, conditions, order."""

    view: View
    sobject: SObject
    columns: tuple[Column, ...]
    where: str

    @property
    def hidden(self) -> list[str]:
        """Fields that every answer has beside the columns."""
        visible = {each.shown for each in self.columns}
        return [name for name in _HIDDEN if name not in visible and self.sobject.field(name)]

    @property
    def query(self) -> str:
        """The SOQL that gives all the view's records."""
        asked = ", ".join([*(each.shown for each in self.columns), *self.hidden])
        where = f" WHERE {self.where}" if self.where else ""
        if self.view.scope == "Recent":
            return f"SELECT {asked} FROM {self.sobject.name}{where} ORDER BY LastModifiedDate DESC LIMIT {_MOST_RECENT}"
        first = self.columns[0].shown
        return f"SELECT {asked} FROM {self.sobject.name}{where} ORDER BY {first} ASC NULLS FIRST, Id ASC NULLS FIRST"


def soql_of(org: Org, record_id: str) -> str:
    """The SOQL of the view with that id, of whichever object. Raises ApiError 404."""
    with org.storage.lock:
        row = org.storage.connection.execute(
            "SELECT SobjectType, DeveloperName FROM ListView WHERE Id = ? AND IsDeleted = 0", (record_id,)
        ).fetchone()
    view = views(org).get((row[0].lower(), row[1].lower())) if row else None
    if view is None:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return shown(org, view).query


def shown(org: Org, view: View) -> Shown:
    """The view resolved against the describe model. Raises ApiError 400 when it names what is not there."""
    schema = org.storage.schema
    sobject = schema.objects[view.sobject.lower()]
    try:
        columns = {each.shown: each for each in (column(schema, sobject, name) for name in view.columns)}
        conditions = [condition(column(schema, sobject, name), op, value) for name, op, value in view.filters]
        where = combined(conditions, view.logic)
    except NoColumn as error:
        message = f"The list view {view.name} has a column or filter that is not available: {error}"
        raise ApiError(400, "INVALID_FIELD", message) from None
    except BadFilter as error:
        raise ApiError(400, "INVALID_FILTER_VALUE", str(error)) from None
    if view.scope == "Mine" and sobject.field("OwnerId"):
        mine = f"OwnerId = '{org.acting_user()}'"
        where = f"{mine} AND {where}" if where else mine
    return Shown(view, sobject, tuple(columns.values()), where)


def describe(view: Shown, record_id: str) -> dict[str, Any]:
    """The answer of `/listviews/{id}/describe`."""
    ordered = view.columns[0].shown
    recent = view.view.scope == "Recent"
    order = [
        {"fieldNameOrPath": name, "nullsPosition": "first", "sortDirection": "ascending"} for name in (ordered, "Id")
    ]
    if recent:
        order = [{"fieldNameOrPath": "LastModifiedDate", "nullsPosition": "last", "sortDirection": "descending"}]
    return {
        "id": record_id,
        "sobjectType": view.sobject.name,
        "query": view.query,
        "columns": columns(view),
        "orderBy": order,
        "scope": SCOPES[view.view.scope],
        "scopeEntityId": None,
        "relatedEntityId": None,
        "whereCondition": _conditions(view),
    }


def _conditions(view: Shown) -> dict[str, Any]:
    each = [{"field": name, "operator": op, "values": [value]} for name, op, value in view.view.filters]
    return each[0] if len(each) == 1 else {"conditions": each, "conjunction": "and"}


def columns(view: Shown) -> list[dict[str, Any]]:
    """The columns, hidden ones last."""
    first = view.columns[0].shown
    found = [
        _column(each.shown, each.field.label, each.shown_field.type, sorts=each.shown == first) for each in view.columns
    ]
    for name in view.hidden:
        field = view.sobject.fields[name.lower()]
        found.append(_column(name, field.label, field.type, hidden=True))
    return found


def _column(path: str, label: str, kind: str, *, hidden: bool = False, sorts: bool = False) -> dict[str, Any]:
    return {
        "ascendingLabel": "A-Z",
        "descendingLabel": "Z-A",
        "fieldNameOrPath": path,
        "hidden": hidden,
        "label": label,
        "searchable": not hidden and kind in ("string", "email", "phone"),
        "selectListItem": path,
        "sortDirection": "ascending" if sorts else None,
        "sortIndex": 0 if sorts else None,
        "sortable": kind not in ("textarea", "multipicklist"),
        "type": kind,
    }
