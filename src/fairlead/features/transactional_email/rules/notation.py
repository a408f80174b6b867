"""A mapping as JSON, there and back: what commands print and take, and what is kept, sealed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fairlead.domain.criteria import Criterion
from fairlead.features.transactional_email.rules.failures import AttachmentsRefused, BadMapping
from fairlead.features.transactional_email.rules.words import Draft, Listing, Recipient, Variable, Wrong


def as_json(draft: Draft) -> dict[str, Any]:
    """A mapping as commands print and take it."""
    plain = ("id", "version", "smart", "object", "name", "description", "list", "track", "zone", "task", "message")
    return {name: getattr(draft, name) for name in plain} | {
        "variables": [_variable(one) for one in draft.variables],
        "listings": [_listing(one) for one in draft.listings],
        "recipients": [{"kind": one.kind, "source": one.source, "value": one.value} for one in draft.recipients],
    }


def _variable(one: Variable) -> dict[str, str]:
    return {"name": one.name, "field": one.field, "format": one.format, "otherwise": one.otherwise}


def _listing(one: Listing) -> dict[str, Any]:
    plain = ("name", "relationship", "logic", "sort", "descending", "limit")
    return {name: getattr(one, name) for name in plain} | {
        "columns": [_variable(column) for column in one.columns],
        "criteria": [{"field": c.field, "operator": c.operator, "value": c.value} for c in one.criteria],
    }


_TEXTS: Final = ("id", "smart", "object", "name", "description", "list", "track", "zone")
_FLAGS: Final = ("task", "message")
_PARTS: Final = ("variables", "listings", "recipients")


def draft_from(told: Mapping[str, Any]) -> Draft:
    """A mapping from JSON as `as_json` gives it. Raises BadMapping for what is none at all, AttachmentsRefused."""
    if "attachments" in {str(name).lower() for name in told}:
        raise AttachmentsRefused
    unknown = sorted(set(map(str, told)) - {*_TEXTS, *_FLAGS, *_PARTS, "version"})
    if unknown:
        raise BadMapping([Wrong("", f"a mapping has no “{unknown[0][:40]}”")])
    texts: dict[str, Any] = {name: str(told[name]).strip() for name in _TEXTS if told.get(name) is not None}
    flags: dict[str, Any] = {name: bool(told[name]) for name in _FLAGS if name in told}
    version = told.get("version")
    return Draft(
        **texts,
        **flags,
        variables=tuple(_variable_from(one) for one in _rows(told, "variables")),
        listings=tuple(_listing_from(one) for one in _rows(told, "listings")),
        recipients=tuple(
            Recipient(*_words(one, "recipients", ("kind", "source", "value"))) for one in _rows(told, "recipients")
        ),
        version=version if isinstance(version, int) else None,
    )


def _rows(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = told.get(name) or []
    if not isinstance(rows, list) or not all(isinstance(one, Mapping) for one in rows):
        raise BadMapping([Wrong(name, "it is a list of objects")])
    return rows


def _words(one: Mapping[str, Any], where: str, names: Sequence[str]) -> list[str]:
    unknown = sorted(set(map(str, one)) - set(names))
    if unknown:
        raise BadMapping([Wrong(where, f"there is no “{unknown[0][:40]}”; there are {', '.join(names)}")])
    return [str(one.get(name) or "").strip() for name in names]


def _variable_from(one: Mapping[str, Any]) -> Variable:
    return Variable(*_words(one, "variables", ("name", "field", "format", "otherwise")))


def _listing_from(one: Mapping[str, Any]) -> Listing:
    texts = ("name", "relationship", "logic", "sort")
    plain = {name: value for name, value in one.items() if name in texts}
    rest = {name: one[name] for name in one if name not in {*texts, "descending", "limit", "columns", "criteria"}}
    _words(rest, "listings", (*texts, "descending", "limit", "columns", "criteria"))
    name, relationship, logic, sort = _words(plain, "listings", texts)
    criteria = [_words(row, "criteria", ("field", "operator", "value")) for row in _rows(one, "criteria")]
    limit = one.get("limit", 20)
    return Listing(
        name,
        relationship,
        tuple(_variable_from(row) for row in _rows(one, "columns")),
        tuple(Criterion(*row) for row in criteria),
        logic,
        sort,
        bool(one.get("descending")),
        limit if isinstance(limit, int) else -1,
    )
