"""What people's pages look like, from deployed metadata: layouts, compact layouts, tabs, apps."""

from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.access.record_types import MASTER, infos
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.package import Component, deployed
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call

fact("layouts_minimal")
fact("quick_actions_listed")
fact("approval_layouts")


def routes(api: Api) -> list[Route]:
    """The routes of this file."""
    one = DATA + "/sobjects/{sobject}/describe"
    return [
        Route(one + "/layouts", api(layouts), methods=["GET"]),
        Route(one + "/layouts/{record_type}", api(layouts), methods=["GET"]),
        Route(one + "/compactLayouts", api(compact), methods=["GET"]),
        Route(one + "/approvalLayouts", api(approval), methods=["GET"]),
        Route(DATA + "/quickActions", api(global_actions), methods=["GET"]),
        Route(DATA + "/sobjects/{sobject}/quickActions", api(actions_of), methods=["GET"]),
        Route(DATA + "/tabs", api(tabs), methods=["GET"]),
        Route(DATA + "/theme", api(theme), methods=["GET"]),
        Route(DATA + "/appMenu/AppSwitcher", api(apps), methods=["GET"]),
    ]


def _components(call: Call, kind: str) -> list[Component]:
    with call.org.storage.lock:
        return [each for each in deployed(call.org.storage.connection) if each.type == kind]


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if child.tag.rpartition("}")[2] == name]


def _text(element: Element, name: str) -> str:
    return next(((child.text or "").strip() for child in _children(element, name)), "")


def layouts(call: Call) -> Response:
    """`GET …/sobjects/X/describe/layouts`."""
    sobject = call.sobject()
    mine = [each for each in _components(call, "Layout") if each.full_name.partition("-")[0] == sobject.name]
    sections = _sections(sobject, fromstring(mine[0].xml)) if mine else [_plain(sobject)]
    layout: dict[str, Any] = {
        "id": None,
        "buttonLayoutSection": {"detailButtons": []},
        "detailLayoutSections": sections,
        "editLayoutSections": sections,
        "multirowEditLayoutSections": [],
        "quickActionList": {"quickActionListItems": []},
        "relatedContent": None,
        "relatedLists": _related(sobject, fromstring(mine[0].xml)) if mine else [],
    }
    mappings = [each | {"layoutId": None} for each in infos(call.org, sobject.name, call.root)]
    if "record_type" in call.path:
        if to18(call.path["record_type"]) not in {each["recordTypeId"] for each in mappings}:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return JSONResponse(layout)
    several = sum(each["available"] and not each["master"] for each in mappings) > 1
    return JSONResponse({"layouts": [layout], "recordTypeMappings": mappings, "recordTypeSelectorRequired": [several]})


def _sections(sobject: SObject, root: Element) -> list[dict[str, Any]]:
    return [
        _section(
            _text(each, "label"),
            len(_children(each, "layoutColumns")),
            [
                _item(sobject, _text(item, "field"), _text(item, "behavior"))
                for column in _children(each, "layoutColumns")
                for item in _children(column, "layoutItems")
                if sobject.field(_text(item, "field"))
            ],
        )
        for each in _children(root, "layoutSections")
    ]


def _plain(sobject: SObject) -> dict[str, Any]:
    names = [f.name for f in sobject.fields.values() if f.createable]
    return _section("Information", 1, [_item(sobject, name, "") for name in names])


def _section(heading: str, columns: int, items: list[dict[str, Any]]) -> dict[str, Any]:
    rows = [{"layoutItems": [item], "numItems": 1} for item in items]
    return {
        "columns": columns,
        "heading": heading,
        "layoutRows": rows,
        "rows": len(rows),
        "useCollapsibleSection": False,
        "useHeading": bool(heading),
    }


def _item(sobject: SObject, name: str, behavior: str) -> dict[str, Any]:
    field = sobject.fields[name.lower()]
    return {
        "editableForNew": field.createable and behavior != "Readonly",
        "editableForUpdate": field.updateable and behavior != "Readonly",
        "label": field.label,
        "layoutComponents": [{"displayLines": 1, "tabOrder": 0, "type": "Field", "value": field.name}],
        "placeholder": False,
        "required": behavior == "Required" or field.required,
    }


def _related(sobject: SObject, root: Element) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for each in _children(root, "relatedLists"):
        child, _, field = _text(each, "relatedList").partition(".")
        relation = next((r for r in sobject.child_relationships if (r.child_object, r.field) == (child, field)), None)
        if relation is not None:
            found.append({"field": field, "name": relation.name, "sobject": child, "columns": [], "limitRows": 5})
    return found


def compact(call: Call) -> Response:
    """`GET …/sobjects/X/describe/compactLayouts`."""
    sobject = call.sobject()
    name = sobject.field(sobject.name_field)
    items = [_item(sobject, name.name, "")] if name else []
    layout = {
        "actions": [],
        "fieldItems": items,
        "id": None,
        "imageItems": [],
        "label": "System Default",
        "name": "SYSTEM",
        "objectType": sobject.name,
    }
    mapping = {
        "available": True,
        "compactLayoutId": None,
        "compactLayoutName": "SYSTEM",
        "recordTypeId": MASTER,
        "recordTypeName": "Master",
    }
    body = {"compactLayouts": [layout], "defaultCompactLayoutId": None, "recordTypeCompactLayoutMappings": [mapping]}
    return JSONResponse(body)


def approval(call: Call) -> Response:
    """`GET …/sobjects/X/describe/approvalLayouts`: the org has no approval processes."""
    call.sobject()
    return JSONResponse({"approvalLayouts": []})


def global_actions(call: Call) -> Response:
    """`GET …/quickActions`: those that belong to no object."""
    return JSONResponse(_quick_actions(call, ""))


def actions_of(call: Call) -> Response:
    """`GET …/sobjects/X/quickActions`: the object's own, then the global ones."""
    return JSONResponse([*_quick_actions(call, call.sobject().name), *_quick_actions(call, "")])


def _quick_actions(call: Call, owner: str) -> list[dict[str, Any]]:
    found = []
    for each in _components(call, "QuickAction"):
        of, _, name = each.full_name.rpartition(".")
        if of.lower() == owner.lower():
            below = f"/sobjects/{of}/quickActions" if of else "/quickActions"
            root, url = fromstring(each.xml), f"{call.root}{below}/{name}"
            told = {"label": _text(root, "label") or name, "name": each.full_name, "type": _text(root, "type")}
            found.append(told | {"urls": {"quickAction": url, "describe": f"{url}/describe"}})
    return found


def tabs(call: Call) -> Response:
    """`GET …/tabs`."""
    found: list[dict[str, Any]] = []
    for each in _components(call, "CustomTab"):
        sobject = call.org.storage.schema.object(each.full_name)
        if sobject is None and call.org.storage.whole.object(each.full_name):
            continue  # a tab of an object that the user may not see
        label = sobject.label_plural if sobject else _text(fromstring(each.xml), "label") or each.full_name
        found.append(
            {
                "colors": [],
                "custom": True,
                "icons": [],
                "label": label,
                "name": each.full_name,
                "sobjectName": sobject.name if sobject else None,
                "url": f"/{sobject.key_prefix}/o" if sobject else "",
            }
        )
    return JSONResponse(found)


def theme(_call: Call) -> Response:
    """`GET …/theme`."""
    return JSONResponse({"themeItems": []})


def apps(call: Call) -> Response:
    """`GET …/appMenu/AppSwitcher`."""
    items = []
    for each in _components(call, "CustomApplication"):
        label = _text(fromstring(each.xml), "label") or each.full_name
        items.append({"available": True, "content": None, "label": label, "name": each.full_name, "type": "Tabset"})
    return JSONResponse({"appMenuItems": items})
