"""What a query may do with a field: describe tells it, and SOQL holds to it."""

from typing import Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field

LONG_FROM: Final = 255
_COMPOUNDS: Final = frozenset({"location", "address"})
_UNSORTED: Final = _COMPOUNDS | {"multipicklist"}
_UNGROUPED: Final = _UNSORTED | {"datetime", "double", "currency", "percent"}
_UNCOUNTED: Final = _UNSORTED | {"boolean"}

fact("text_area_uses")


def is_long(field: Field) -> bool:
    """A text area of more than 255 characters, which queries only read."""
    return field.type == "textarea" and field.length > LONG_FROM


def filterable(field: Field) -> bool:
    """Whether it may stand in WHERE."""
    return not is_long(field) and field.type not in _COMPOUNDS


def sortable(field: Field) -> bool:
    """Whether it may stand in ORDER BY."""
    return not is_long(field) and field.type not in _UNSORTED


def groupable(field: Field) -> bool:
    """Whether it may stand in GROUP BY."""
    return not is_long(field) and field.type not in _UNGROUPED


def aggregatable(field: Field) -> bool:
    """Whether it may be counted, or its least and greatest value taken."""
    return not is_long(field) and field.type not in _UNCOUNTED
