"""Endpoints of custom fields."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint, created
from fairlead_emulators.campaignmonitor.audience.fields import (
    Field,
    Pairs,
    add_field,
    change_field,
    drop_field,
    field_of,
    fields_of,
    set_options,
)
from fairlead_emulators.campaignmonitor.audience.rows import rewrite
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.countries import STATES, countries
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.segments.following import field_gone, field_renamed
from fairlead_emulators.campaignmonitor.store import SubscriberList


@fact("custom-field-options")
def _options(field: Field) -> list[str]:
    if field.type == "Country":
        return countries()
    return list(STATES if field.type == "USState" else field.options)


def _shown(field: Field) -> dict[str, Any]:
    return {
        "FieldName": field.name,
        "Key": field.key,
        "DataType": field.type,
        "FieldOptions": _options(field),
        "VisibleInPreferenceCenter": field.visible,
    }


def _all(call: Call, identity: str) -> Any:
    return [_shown(each) for each in fields_of(call.service.store, call.list(identity).n)]


class _New(msgspec.Struct):
    fieldname: str | None = ""
    datatype: str | None = ""
    options: Sequence[str] | None = ()
    visibleinpreferencecenter: bool | None = True


@fact("most-custom-fields")
def _need_room(call: Call, of: SubscriberList) -> None:
    most = int(call.service.switches.number("most_custom_fields"))
    if most and len(fields_of(call.service.store, of.n)) >= most:
        raise Refusal(260)


def _create(call: Call, identity: str) -> Answer:
    of = call.list(identity)
    new = call.read(_New, "customfield")
    _need_room(call, of)
    visible = new.visibleinpreferencecenter is not False
    key = add_field(call.service.store, of.n, new.fieldname or "", new.datatype or "", new.options or (), visible)
    return created(key)


class _Changed(msgspec.Struct):
    fieldname: str | None = None
    visibleinpreferencecenter: bool | None = None


@fact("custom-field-rename")
def _change(call: Call, identity: str, key: str) -> Any:
    on, store = call.list(identity), call.service.store
    posted = call.read(_Changed, "customfield")
    fields, old = fields_of(store, on.n), field_of(store, on.n, key)
    name = old.name if posted.fieldname is None else posted.fieldname
    visible = old.visible if posted.visibleinpreferencecenter is None else posted.visibleinpreferencecenter
    with store.transaction():
        new = change_field(store, on.n, old, name, visible)
        if new.name != old.name:
            _rewrite(call, on, old, lambda pairs: _renamed(pairs, old.name, new.name))
            field_renamed(store, on, fields, old, new)
    return new.key


def _renamed(pairs: Pairs, old: str, new: str) -> Pairs:
    return tuple((new if name == old else name, value) for name, value in pairs)


def _rewrite(call: Call, on: SubscriberList, of: Field, change: Callable[[Pairs], Pairs]) -> None:
    rewrite(call.service.store, on.n, call.client_of(on).zone, change, holding=of.name)


class _NewOptions(msgspec.Struct):
    keepexistingoptions: bool | None = True
    options: Sequence[str] | None = ()


@fact("custom-field-new-options")
def _change_options(call: Call, identity: str, key: str) -> None:
    on, store = call.list(identity), call.service.store
    posted = call.read(_NewOptions, "customfield")
    of = field_of(store, on.n, key)
    kept = () if posted.keepexistingoptions is False else of.options
    options = dict.fromkeys([*kept, *(each for each in posted.options or () if each.strip())])
    with store.transaction():
        set_options(store, on.n, of, list(options))
        if not set(of.options) <= set(options):
            _rewrite(call, on, of, lambda pairs: tuple(p for p in pairs if p[0] != of.name or p[1] in options))


@fact("custom-field-delete")
def _delete(call: Call, identity: str, key: str) -> None:
    on, store = call.list(identity), call.service.store
    fields, of = fields_of(store, on.n), field_of(store, on.n, key)
    with store.transaction():
        field_gone(store, on, fields, of)
        drop_field(store, on.n, of)
        _rewrite(call, on, of, lambda pairs: tuple(each for each in pairs if each[0] != of.name))


FIELDS: Final = [
    Endpoint("GET", "lists/{id}/customfields", _all, "ManageLists"),
    Endpoint("POST", "lists/{id}/customfields", _create, "ManageLists"),
    Endpoint("PUT", "lists/{id}/customfields/{key}", _change, "ManageLists"),
    Endpoint("DELETE", "lists/{id}/customfields/{key}", _delete, "ManageLists"),
    Endpoint("PUT", "lists/{id}/customfields/{key}/options", _change_options, "ManageLists"),
]
