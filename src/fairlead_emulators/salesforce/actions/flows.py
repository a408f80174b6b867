"""Deployed autolaunched flows: what they take, and running them as far as they only create records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.package import deployed
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.state.org import Org

fact("flow_inputs")
fact("flow_elements")

_PYTHON: Final[dict[str, tuple[type, ...]]] = {
    "String": (str,),
    "Boolean": (bool,),
    "Number": (int, float),
    "Currency": (int, float),
    "Date": (str,),
    "DateTime": (str,),
}
_LITERALS: Final = ("stringValue", "numberValue", "booleanValue", "dateValue", "dateTimeValue")
MAX_STEPS: Final = 100


@dataclass(frozen=True, slots=True)
class Variable:
    """An input or output of a flow."""

    name: str
    type: str
    description: str
    collection: bool
    input: bool
    output: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """One active autolaunched flow."""

    name: str
    label: str
    description: str
    root: Element

    @property
    def variables(self) -> list[Variable]:
        """What goes in and comes out."""
        return [
            Variable(
                _text(each, "name"),
                _text(each, "dataType"),
                _text(each, "description"),
                *(_text(each, flag) == "true" for flag in ("isCollection", "isInput", "isOutput")),
            )
            for each in _children(self.root, "variables")
        ]


class Failed(Exception):
    """The flow did not reach its end."""

    def __init__(self, error: RowError) -> None:
        super().__init__(error.message)
        self.error = error


def flows(org: Org) -> dict[str, Flow]:
    """The active autolaunched flows by API name."""
    with org.storage.lock:
        components = [c for c in deployed(org.storage.connection) if c.type == "Flow"]
    found = {}
    for component in components:
        root = fromstring(component.xml)
        if _text(root, "processType") == "AutoLaunchedFlow" and _text(root, "status") == "Active":
            name = component.full_name
            found[name] = Flow(name, _text(root, "label") or name, _text(root, "description"), root)
    return found


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if child.tag.rpartition("}")[2] == name]


def _text(element: Element, name: str) -> str:
    return next(((child.text or "").strip() for child in _children(element, name)), "")


def invoke(org: Org, flow: Flow, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Runs the flow in one transaction; its outputs. Raises Failed."""
    values = _inputs(flow, asked)
    try:
        with org.storage.savepoint():
            step = _next(_children(flow.root, "start"))
            for _ in range(MAX_STEPS):
                if not step:
                    break
                step = _carry_out(org, flow, step, values)
            else:
                raise Failed(RowError("LIMIT_EXCEEDED", f"The flow {flow.name} took more than {MAX_STEPS} steps"))
    except Failed as failed:
        message = f"The flow {flow.name} failed to run: {failed.error.message}"
        raise Failed(RowError(failed.error.code, message, failed.error.fields)) from None
    return {each.name: values.get(each.name) for each in flow.variables if each.output}


def _inputs(flow: Flow, asked: Mapping[str, Any]) -> dict[str, Any]:
    known = {each.name: each for each in flow.variables if each.input}
    values: dict[str, Any] = {}
    for name, value in asked.items():
        if name not in known:
            raise Failed(RowError("INVALID_INPUT", f"The flow {flow.name} has no input variable {name}", (name,)))
        variable = known[name]
        wanted = _PYTHON.get(variable.type, (object,))
        items = value if variable.collection else [value]
        if not isinstance(items, list) or not all(each is None or isinstance(each, wanted) for each in items):
            message = f"The input variable {name} of the flow {flow.name} must be of type {variable.type}"
            raise Failed(RowError("INVALID_INPUT", message, (name,)))
        values[name] = value
    return values


def _next(elements: list[Element]) -> str:
    """The step that the element's connector leads to; empty at the end."""
    return next((_text(link, "targetReference") for each in elements for link in _children(each, "connector")), "")


def _carry_out(org: Org, flow: Flow, step: str, values: dict[str, Any]) -> str:
    for element in flow.root:
        if _text(element, "name") == step and _children(element, "locationX"):
            kind = element.tag.rpartition("}")[2]
            if kind != "recordCreates":
                raise Failed(RowError("FUNCTIONALITY_NOT_ENABLED", f"This org runs no flow elements of kind {kind}"))
            _create(org, element, values)
            return _next([element])
    raise Failed(RowError("INVALID_INPUT", f"The element {step} does not exist"))


def _create(org: Org, element: Element, values: dict[str, Any]) -> None:
    sobject = org.storage.schema.object(_text(element, "object"))
    if sobject is None:
        raise Failed(RowError("INVALID_TYPE", f"The object {_text(element, 'object')} is not there"))
    record = {_text(each, "field"): _value(each, values) for each in _children(element, "inputAssignments")}
    record = {name: value for name, value in record.items() if value is not None}
    written = writes.write(org, "insert", from_json(org.storage.schema, sobject, [record]))
    if written.errors:
        raise Failed(written.errors[0])
    told = _text(element, "assignRecordIdToReference") or _text(element, "name")
    values[told] = written.ids[0]


def _value(assignment: Element, values: Mapping[str, Any]) -> Any:
    for holder in _children(assignment, "value"):
        for part in holder:
            kind, text = part.tag.rpartition("}")[2], (part.text or "").strip()
            if kind == "elementReference":
                return values.get(text)
            if kind == "booleanValue":
                return text == "true"
            if kind == "numberValue":
                return float(text)
            if kind in _LITERALS:
                return text
    return None
