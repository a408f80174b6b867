"""Which fields go together by their names. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from fairlead.domain.mapping import MOBILE, NAME, OBJECTS, Described, Line, ListField, OrgField
from fairlead.domain.mapping_values import TAKES, fits_outward

_ALWAYS: Final = {"name": NAME, "mobilephone": MOBILE}
_LIKE: Final[dict[str, tuple[str, ...]]] = {
    "city": ("mailingcity",),
    "country": ("mailingcountry",),
    "state": ("mailingstate",),
    "postcode": ("mailingpostalcode", "postalcode"),
    "birthday": ("birthdate",),
    "company": ("company",),
}
_MAPPABLE: Final = frozenset(kind for kinds in TAKES.values() for kind in kinds)


def sources(info: Described) -> list[tuple[str, str]]:
    """Fields that can be mapped, by label: (name, label)."""
    found = [(field.name, field.label or field.name) for field in info.fields if field.type in _MAPPABLE]
    return sorted(found, key=lambda pair: pair[1].lower())


def lines(described: Mapping[str, Described], fields: Sequence[ListField], there: Sequence[Line]) -> list[Line]:
    """Lines to Campaign Monitor whose fields are called alike and fit; what is mapped already is left out."""
    taken = {(line.object, line.target.lower()) for line in there}
    found: list[Line] = []
    for name in OBJECTS:
        for field in described[name].fields if name in described else ():
            own = _ALWAYS.get(field.name.lower())
            if own and (name, own.lower()) not in taken:
                found.append(Line(name, field.name, own))
                taken.add((name, own.lower()))
        for target in fields:
            source = _named_like(target, described[name].fields) if name in described else None
            if source is not None and (name, target.key.lower()) not in taken:
                found.append(Line(name, source.name, target.key))
                taken.add((name, target.key.lower()))
    return found


def _named_like(target: ListField, fields: Sequence[OrgField]) -> OrgField | None:
    wanted = {_bare(target.name), *_LIKE.get(_bare(target.name), ())}
    fitting = [field for field in fields if fits_outward(field, target)]
    return next((field for field in fitting if wanted & {_bare(field.name), _bare(field.label)}), None)


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower().removesuffix("__c"))
