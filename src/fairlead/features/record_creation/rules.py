"""What is decided about new contacts and leads: whether a list's rule can work, and what a subscriber's record holds. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from fairlead.domain.failure import FixTheSettings, RefusedByGuard
from fairlead.domain.field_values import DoesNotFit, Field, fillable, value_of
from fairlead.domain.setting import Line, Values
from fairlead.features.record_creation import names, settings

OBJECTS: Final = {settings.CONTACT: "Contact", settings.LEAD: "Lead"}
OURS: Final = frozenset({"email", "firstname", "lastname", "name", "recordtypeid", "ownerid"})
"""Fields that Fairlead fills by itself."""

PREVIEW: Final = "`fairlead records preview --list ID` says what would be created"


class WrongRule(FixTheSettings):
    """A list's rule for new contacts or leads cannot work in this org."""

    code = "FL-435"
    next_step = f"Correct the list's settings under record_creation; {PREVIEW} and what is still wrong."

    def __init__(self, object: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"No {object.lower()}s can be created: {'; '.join(problems)}.")


class TooManyNew(RefusedByGuard):
    """More contacts and leads would be created than one run may create unasked."""

    code = "FL-505"
    next_step = f"{PREVIEW}. If that is right, run `fairlead sync --allow-large-changes` once."

    def __init__(self, most: int) -> None:
        super().__init__(f"More than {most:,} contacts and leads would be created in one run; none was.")


class RecordType(Protocol):
    @property
    def developer_name(self) -> str: ...
    @property
    def record_type_id(self) -> str: ...
    @property
    def active(self) -> bool: ...
    @property
    def available(self) -> bool: ...


class Described(Protocol):
    """An object as the org describes it to the integration user."""

    @property
    def createable(self) -> bool: ...
    @property
    def fields(self) -> Sequence[Field]: ...
    @property
    def record_types(self) -> Sequence[RecordType]: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """An active member of a list without contact and lead. `modified` is when the org last saw a change of it (UTC, ISO)."""

    id: str
    list: str
    key: str
    address: str
    full_name: str
    custom_fields: str = ""
    modified: str = "2000-01-01T00:00:00"


@dataclass(frozen=True, slots=True)
class Rule:
    """What was chosen for a list."""

    object: str
    record_type: str
    values: tuple[Line, ...]
    last_name: str
    allow_duplicates: bool

    @property
    def fingerprint(self) -> str:
        """Equal where nothing was changed that could let a refused record pass."""
        lines = sorted([sorted(line.items()) for line in self.values])
        return json.dumps([self.object, self.record_type, lines, self.last_name, self.allow_duplicates])


@dataclass(frozen=True, slots=True)
class Filling:
    """One field of new records, and where its value comes from: the custom field, or the text where that is blank.

    `labels` are the words by which members' custom fields may name it: the field's name and its key.
    """

    field: Field
    custom_field: str
    text: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A rule that was held against the org."""

    object: str
    fillings: tuple[Filling, ...]
    record_type_id: str
    last_name: str
    allow_duplicates: bool

    @property
    def needs_custom_fields(self) -> bool:
        """Whether a value comes from a custom field of the list."""
        return any(filling.custom_field for filling in self.fillings)

    @property
    def link_field(self) -> str:
        """The member's field that points to the new record."""
        return f"{self.object}__c"


def rule_of(values: Values, list_id: str) -> Rule | None:
    """The list's rule; None where nothing is to be made. Raises BadSetting."""
    chosen = OBJECTS.get(values.of(settings.RULE, list_id))
    if chosen is None:
        return None
    return Rule(
        chosen,
        values.of(settings.RECORD_TYPE, list_id),
        values.of(settings.VALUES, list_id),
        values.of(settings.LAST_NAME),
        values.of(settings.DUPLICATES) == settings.SAVE,
    )


def explain(values: Values, list_id: str, *, state: str, linked: bool) -> str:
    """Why a member has, or will have, a contact or lead made for it, or why not: a sentence that names the setting."""
    rule = rule_of(values, list_id)
    if linked:
        return "A contact or lead matches, so none is created."
    if rule is None:
        return f"None is created: “{settings.RULE.title}” is “Do nothing” for this list."
    if state != "Active":
        return f"None is created: the subscriber is {state}, and only active ones get a {rule.object.lower()}."
    return f"The next sync creates a {rule.object.lower()}: “{settings.RULE.title}” says so for this list."


def plan(rule: Rule, info: Described) -> Plan:
    """The rule held against the object's description. Raises WrongRule with everything that is wrong."""
    problems = [] if info.createable else [f"the integration user may not create {rule.object} records"]
    fields = {field.name.lower(): field for field in info.fields}
    record_type_id = ""
    if rule.record_type:
        record_type_id, problem = _record_type(rule, info)
        problems += problem
    fillings: list[Filling] = []
    for line in rule.values:
        wrong = _problem_of(line, rule.object, fields.get(str(line["field"]).lower()))
        if wrong:
            problems.append(wrong)
        else:
            text = str(line["default"] if line["custom_field"] else line["value"])
            fillings.append(Filling(fields[str(line["field"]).lower()], str(line["custom_field"]), text))
    problems += _missing(info.fields, {str(line["field"]).lower() for line in rule.values}, fillings)
    if problems:
        raise WrongRule(rule.object, problems)
    return Plan(rule.object, tuple(fillings), record_type_id, rule.last_name, rule.allow_duplicates)


def resolved(plan: Plan, custom_fields: Sequence[tuple[str, str]]) -> Plan:
    """The plan held against the list's custom fields, (name, key) each. Raises WrongRule where one is not there."""
    labels: dict[str, tuple[str, ...]] = {}
    for name, key in custom_fields:
        for word in (name, key.strip("[]")):
            labels.setdefault(word.lower(), (name, key.strip("[]")))
    missing = [one.custom_field for one in plan.fillings if _word(one) and _word(one) not in labels]
    if missing:
        raise WrongRule(plan.object, [f"the list has no custom field “{name}”" for name in missing])
    fillings = tuple(replace(one, labels=labels[_word(one)]) if _word(one) else one for one in plan.fillings)
    return replace(plan, fillings=fillings)


def _word(filling: Filling) -> str:
    return filling.custom_field.strip("[]").lower()


def _record_type(rule: Rule, info: Described) -> tuple[str, list[str]]:
    for one in info.record_types:
        if one.developer_name.lower() == rule.record_type.lower():
            if not one.active:
                return "", [f"the record type {rule.record_type} is not active"]
            if not one.available:
                return "", [f"the integration user may not give the record type {rule.record_type}"]
            return one.record_type_id, []
    return "", [f"{rule.object} has no record type {rule.record_type}"]


def _problem_of(line: Line, object: str, field: Field | None) -> str:
    name = line["field"]
    if str(name).lower() in OURS:
        return f"{name} is filled by Fairlead itself"
    if field is None:
        return f"{object} has no field {name}, or hides it from the integration user"
    if not field.createable or not fillable(field):
        return f"{name} cannot be filled in a new {object.lower()}"
    if bool(line["value"]) == bool(line["custom_field"]):
        return f"{name} needs either a fixed value or a custom field"
    for text in (line["value"], line["default"] if line["custom_field"] else ""):
        try:
            value_of(field, str(text)) if text else None
        except DoesNotFit as wrong:
            return f"the value for {name} does not fit: {wrong}"
    return ""


def _missing(fields: Sequence[Field], named: set[str], fillings: Sequence[Filling]) -> list[str]:
    """Required fields that would be without a value, always or for some subscribers."""
    required = {field.name.lower(): field.name for field in fields if _is_required(field)}
    without = [name for lower, name in required.items() if lower not in named | OURS]
    problems = [f"the required field {name} has no value" for name in without]
    return problems + [
        f"the required field {filling.field.name} needs a default for subscribers whose custom field is blank"
        for filling in fillings
        if filling.field.name.lower() in required and not filling.text
    ]


def _is_required(field: Field) -> bool:
    return field.createable and not field.nillable and not field.defaulted_on_create and field.type != "boolean"


def record_of(plan: Plan, candidate: Candidate) -> dict[str, Any]:
    """The new record's fields; blank ones are left out. Raises DoesNotFit naming the field, never the value."""
    first, last = names.split(candidate.full_name, plan.last_name)
    record: dict[str, Any] = {"LastName": last, "Email": candidate.address}
    if first:
        record["FirstName"] = first
    if plan.record_type_id:
        record["RecordTypeId"] = plan.record_type_id
    for filling in plan.fillings:
        text = custom_value(candidate.custom_fields, filling.labels) or filling.text
        if text:
            try:
                record[filling.field.name] = value_of(filling.field, text)
            except DoesNotFit as wrong:
                told = f"the custom field “{filling.custom_field}” does not fit {filling.field.name}: {wrong}"
                raise DoesNotFit(told) from None
    return record


def custom_value(custom_fields: str, labels: Sequence[str]) -> str:
    """A custom field's value from the lines `Name: value` of a member; several values are joined by semicolons."""
    starts = tuple(f"{label}: ".lower() for label in labels)
    found: list[str] = []
    for line in custom_fields.split("\n") if starts else ():
        start = next((start for start in starts if line.lower().startswith(start)), "")
        if start:
            found.append(line[len(start) :].strip())
    return ";".join(found)


def content(plan: Plan, record: Mapping[str, Any]) -> str:
    """What a refusal was a refusal of."""
    return json.dumps([plan.object, plan.allow_duplicates, sorted(record.items())])
