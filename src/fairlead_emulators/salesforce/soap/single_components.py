"""Components one by one: createMetadata, updateMetadata, upsertMetadata, deleteMetadata, readMetadata."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element, tostring
from xml.sax.saxutils import escape

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata import store
from fairlead_emulators.salesforce.metadata.changing import carry_out
from fairlead_emulators.salesforce.metadata.contents import Component, Package
from fairlead_emulators.salesforce.metadata.kinds import BY_TYPE, PARENTS, TAGS, TYPES
from fairlead_emulators.salesforce.metadata.manifest import Manifest
from fairlead_emulators.salesforce.metadata.markup import child_text, children, document, named, parse, tag_of
from fairlead_emulators.salesforce.metadata.results import DeployResult
from fairlead_emulators.salesforce.metadata.retrieval import compose
from fairlead_emulators.salesforce.soap.door import Call, Work
from fairlead_emulators.salesforce.soap.envelope import NIL, XSI_TYPE, Raw, SoapFault, Typed
from fairlead_emulators.salesforce.state.org import Org

fact("crud_metadata")
fact("crud_metadata_duplicate")

MAX_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class _Given:
    """One component as a client sent it."""

    type: str
    full_name: str
    element: Element


@dataclass(frozen=True, slots=True)
class SingleComponents:
    """The calls on one org."""

    org: Org

    def calls(self) -> dict[str, Work]:
        """The calls by name."""
        return {
            "createMetadata": self.create,
            "updateMetadata": self.update,
            "upsertMetadata": self.upsert,
            "deleteMetadata": self.delete,
            "readMetadata": self.read,
        }

    def create(self, call: Call) -> list[Any]:
        """SaveResult of each."""
        return [self._created(one) for one in _given(call)]

    def _created(self, one: _Given) -> dict[str, Any]:
        if self._exists(one.type, one.full_name):
            code = "DUPLICATE_DEVELOPER_NAME"
            message = f"The name '{one.full_name}' is already used by another {one.type}"
            return _result(one.full_name, [(code, message)])
        return _result(one.full_name, self._applied(one))

    def update(self, call: Call) -> list[Any]:
        """SaveResult of each."""
        return [self._updated(one) for one in _given(call)]

    def _updated(self, one: _Given) -> dict[str, Any]:
        if not self._exists(one.type, one.full_name):
            problem = ("INVALID_CROSS_REFERENCE_KEY", f"no {one.type} named {one.full_name} found")
            return _result(one.full_name, [problem])
        return _result(one.full_name, self._applied(one))

    def upsert(self, call: Call) -> list[Any]:
        """UpsertResult of each."""
        results = []
        for one in _given(call):
            new = not self._exists(one.type, one.full_name)
            result = _result(one.full_name, self._applied(one))
            results.append({"created": new and result["success"], **result})
        return results

    def delete(self, call: Call) -> list[Any]:
        """DeleteResult of each."""
        kind, names = _named(call)
        results = []
        for name in names:
            package = Package([], early={"destructiveChanges.xml": Manifest({kind: [name]})})
            done = carry_out(self.org, package)
            problems = [("INVALID_CROSS_REFERENCE_KEY", str(f.problem)) for f in done.failures]
            if not done.removed and not problems:
                problems = [("INVALID_CROSS_REFERENCE_KEY", f"no {kind} named {name} found")]
            results.append(_result(name, problems))
        return results

    def read(self, call: Call) -> list[Any]:
        """ReadResult: each component's XML, or an empty element for one that is not there."""
        kind, names = _named(call)
        return [{"records": [self._record(kind, name) for name in names]}]

    def _record(self, kind: str, name: str) -> Any:
        with self.org.storage.lock:
            connection = self.org.storage.connection
            parts = store.find(connection, kind, name)
            if kind == "CustomObject":
                tags = BY_TYPE[kind].children.values()
                inside = name.lower() + "."
                whole = store.deployed(connection)
                parts += [p for p in whole if p.type in tags and p.full_name.lower().startswith(inside)]
        if not parts or not parts[0].xml:
            return NIL
        root = compose(parts) if kind == "CustomObject" else parse(parts[0].content).root
        content = "".join(_plain(each) for each in root if tag_of(each) != "fullName")
        shown = parts[0].full_name.partition(".")[0] if kind == "CustomObject" else parts[0].full_name
        return Typed(kind, Raw(f"<fullName>{escape(shown)}</fullName>{content}"))

    def _exists(self, kind: str, full_name: str) -> bool:
        with self.org.storage.lock:
            schema = self.org.storage.whole
            sobject = schema.object(full_name.partition(".")[0])
            if kind == "CustomObject":
                return sobject is not None
            if kind == "CustomField" and sobject is not None:
                return sobject.field(full_name.partition(".")[2]) is not None
            return bool(store.find(self.org.storage.connection, kind, full_name))

    def _applied(self, one: _Given) -> list[tuple[str, str]]:
        """Applies a component on its own; why it was refused."""
        problems: list[tuple[str, str]] = []
        done: DeployResult = carry_out(self.org, _package(one))
        for failure in done.failures:
            missing = "Required field is missing" in str(failure.problem) or "non-empty" in str(failure.problem)
            problems.append(
                ("REQUIRED_FIELD_MISSING" if missing else "FIELD_INTEGRITY_EXCEPTION", str(failure.problem))
            )
        return problems


def _plain(element: Element) -> str:
    """An element without the prefixes that a writer would give its namespace."""
    copy = deepcopy(element)
    for each in copy.iter():
        each.tag = tag_of(each)
    return tostring(copy, encoding="unicode")


def _result(full_name: str, problems: list[tuple[str, str]]) -> dict[str, Any]:
    errors = [{"message": message, "statusCode": code} for code, message in problems]
    return {"errors": errors, "fullName": full_name, "success": not errors}


def _given(call: Call) -> list[_Given]:
    found = []
    for element in children(call.asked.body, "metadata"):
        written = element.get(XSI_TYPE, "").rpartition(":")[2]
        kind = TYPES.get(written.lower())
        if kind is None:
            raise SoapFault("INVALID_TYPE", f"Unknown type:{written}")
        holder = PARENTS.get(kind) or BY_TYPE[kind]
        if holder.meta_file or holder.bundle:
            raise SoapFault("INVALID_TYPE", f"{kind} is not supported by this call; deploy it in a package")
        full_name = child_text(element, "fullName")
        if not full_name:
            raise SoapFault("REQUIRED_FIELD_MISSING", "Required field is missing: fullName")
        found.append(_Given(kind, full_name, element))
    if len(found) > MAX_AT_ONCE:
        raise SoapFault("LIMIT_EXCEEDED", f"At most {MAX_AT_ONCE} components are taken in a call")
    return found


def _named(call: Call) -> tuple[str, list[str]]:
    written = child_text(call.asked.body, "type")
    kind = TYPES.get(written.lower())
    if kind is None:
        raise SoapFault("INVALID_TYPE", f"Unknown type:{written}")
    names = [(each.text or "").strip() for each in children(call.asked.body, "fullNames")]
    if len(names) > MAX_AT_ONCE:
        raise SoapFault("LIMIT_EXCEEDED", f"At most {MAX_AT_ONCE} components are named in a call")
    return kind, names


def _package(one: _Given) -> Package:
    """A package of the component alone."""
    content = _in_namespace(one.element)
    parent = PARENTS.get(one.type)
    if parent is None:
        content.tag = named(one.type)
        content[:] = [each for each in content if tag_of(each) != "fullName"]
        path, name = BY_TYPE[one.type].path(one.full_name), one.full_name
    else:
        whole, dot, short = one.full_name.partition(".")
        name = whole if dot else parent.type
        content.tag = named(TAGS[one.type])
        for each in content:
            if tag_of(each) == "fullName":
                each.text = short if dot else whole
        holder = Element(named(parent.type))
        holder.append(content)
        content, path = holder, parent.path(name)
    holder_type = parent.type if parent else one.type
    file = Component(holder_type, name, path, document(content).encode())
    return Package([file], Manifest({one.type: [one.full_name]}))


def _in_namespace(element: Element) -> Element:
    """A copy in the namespace of metadata, without attributes of SOAP."""
    copy = Element(named(tag_of(element)))
    copy.text = element.text
    for each in element:
        made = _in_namespace(each)
        copy.append(made)
    return copy
