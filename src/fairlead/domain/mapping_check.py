"""What a mapping may not be, found before it is saved: each problem names the fields of its line. Pure."""

from collections.abc import Mapping, Sequence

from fairlead.domain.field_values import DoesNotFit
from fairlead.domain.mapping import (
    KEPT_APART,
    LONGEST_VALUE,
    ONLY_OUT,
    Described,
    Direction,
    Fitted,
    Line,
    ListField,
    WrongMapping,
    duplicates,
    field_of,
    target_of,
)
from fairlead.domain.mapping_values import TAKES, Phone, fits_inward, fits_outward, list_text, to_org


def fit(
    lines: Sequence[Line], described: Mapping[str, Described], fields: Sequence[ListField], phone: Phone
) -> list[Fitted]:
    """The lines with their fields. Raises WrongMapping with everything that is wrong."""
    problems = duplicates(lines)
    fitted: list[Fitted] = []
    for line in lines:
        source = field_of(line.source, line.object, described)
        target = target_of(line, fields)
        if source is None:
            problems.append(f"{line.object} has no field {line.source}, or hides it from the integration user")
        if target is None:
            problems.append(f"the list has no field {line.target.strip('[]')}")
        if source is None or target is None:
            continue
        fitted.append(Fitted(line, source, target))
        problems += _problems(fitted[-1], phone)
    if problems:
        raise WrongMapping(problems)
    return fitted


def working(
    lines: Sequence[Line], described: Mapping[str, Described], fields: Sequence[ListField], phone: Phone
) -> tuple[list[Fitted], list[str]]:
    """The lines that can work now, and what is wrong with the others: a side may have changed since they were saved."""
    good: list[Fitted] = []
    problems: list[str] = []
    for line in lines:
        if line.direction is Direction.NONE:
            continue
        try:
            good += fit([line], described, fields, phone)
        except WrongMapping as wrong:
            problems += wrong.problems
    return good, problems


def remarks(fitted: Sequence[Fitted]) -> list[str]:
    """What may surprise: values that are cut off from going, one by one."""
    return [
        f"{one.line.told}: texts longer than {LONGEST_VALUE} characters are refused, row by row"
        for one in fitted
        if one.line.direction.outward and one.target.data_type == "Text" and one.source.length > LONGEST_VALUE
    ]


def _problems(one: Fitted, phone: Phone) -> list[str]:
    line = one.line
    found: list[str] = []
    if one.target.data_type not in TAKES:
        return [f"{line.target.strip('[]')} is of the kind {one.target.data_type}, which no field can be mapped to"]
    if line.direction.outward and not fits_outward(one.source, one.target):
        found.append(f"{line.told}: a field of the type {one.source.type} cannot fill one of {one.target.data_type}")
    if line.direction.inward:
        found += _inward(one)
    if line.default:
        found += _default(one, phone)
    return found


def _inward(one: Fitted) -> list[str]:
    line, source = one.line, one.source
    name = f"{line.object}.{line.source}"
    if line.target in ONLY_OUT:
        return [f"{line.target} only goes to Campaign Monitor"]
    if "." in line.source:
        return [f"{name} belongs to another record: its values only go to Campaign Monitor"]
    if source.name.lower() in KEPT_APART:
        return [f"{name} is not written by mappings"]
    if source.calculated:
        return [f"{name} is a formula: its values only go to Campaign Monitor"]
    if not source.updateable:
        return [f"{name} cannot be written by the integration user"]
    if not fits_inward(one.target, source):
        return [f"{line.told}: values of {one.target.data_type} cannot fill a field of the type {source.type}"]
    return []


def _default(one: Fitted, phone: Phone) -> list[str]:
    line = one.line
    try:
        if line.direction.outward:
            list_text(one.target, line.default, phone)
        else:
            to_org(one.source, one.target.data_type, line.default)
    except DoesNotFit as wrong:
        return [f"{line.told}: the default does not fit: {wrong}"]
    return []
