"""Two orgs in one installation: rows of every kind in the other one, all with one number and one hidden word."""

from datetime import UTC, datetime
from typing import Any, Final

from django.apps import apps
from django.db import models

from fairlead.store.models import Org

NUMBER: Final = 424242
"""The number of each row of the other org, in every table."""
KEY: Final = "0therid"
"""What stands in its columns of ids: of lists, clients, campaigns, records."""
HIDDEN: Final = "zz-hidden"
"""What stands in all its other columns of text."""
NOW: Final = datetime.now(UTC)
"""Not long ago: what is old is forgotten for the whole installation."""
IDS: Final = frozenset(
    {"list", "list_id", "client", "client_id", "campaign", "campaign_id", "subject", "request_id", "key"}
)

OF_AN_ORG: Final = {
    "store.Digest": "scope__org",
    "store.BulkFlight": "scope__org",
    "setup.RefusedComponent": "job__org",
    "tracking_history.NotedEvents": "scope__org",
    "tracking_history.RememberedEvents": "scope__org",
    "salesforce_campaigns.Link": "scope__org",
    "subscriber_rules.PastRun": "rule__org",
    "import_wizard.ImportRun": "owner__org",
    "import_wizard.KnownAddress": "owner__org",
    "import_wizard.RefusedRow": "run__owner__org",
    "webhooks.Delivery": "endpoint__org",
}
"""Models without an org of their own, and the way to it."""
OF_THE_INSTALLATION: Final = frozenset(
    {"store.Org", "ui.SignInFailure", "account.Preference", "help.Edition", "help.Passage"}
)
"""Models of nobody's org: orgs themselves, wrong passwords by keyed hash, the time zone that a person likes to read, and
the passages of the documentation that came with the program."""
OTHERS: Final = frozenset({"auth", "contenttypes", "sessions", "procrastinate"})
"""Apps that are not ours. People are of no org; what they may see, and their sessions, are (`ui.Standing`, `ui.Visit`)."""


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label not in OTHERS]


def way_to_org(model: type[models.Model]) -> str | None:
    """How a model's org is reached, None where it has none."""
    if "org" in {field.name for field in model._meta.concrete_fields}:
        return "org"
    return OF_AN_ORG.get(model._meta.label)


def filled(org: Org) -> None:
    """A row of each kind in this org."""
    for model in ours():
        if model is not Org and model._meta.label not in OF_THE_INSTALLATION:
            _row(model, org)


def _row(model: type[models.Model], org: Org) -> Any:
    if model is Org:
        return org
    there = model._base_manager.filter(pk=NUMBER).first()
    if there is not None:
        return there
    return model._base_manager.create(pk=NUMBER, **{
        field.name: _value(field, org)
        for field in model._meta.concrete_fields
        if not field.primary_key and (not field.null or field.is_relation) and not _defaulted(field)
    })  # fmt: skip


def _defaulted(field: Any) -> bool:
    return field.has_default() and not isinstance(field, models.CharField | models.TextField)


def _value(field: Any, org: Org) -> Any:
    if field.is_relation:
        return _row(field.related_model, org)
    if field.choices:
        return field.flatchoices[0][0]
    kinds: list[tuple[type, Any]] = [
        (models.DateTimeField, NOW),
        (models.DateField, NOW.date()),
        (models.BooleanField, False),
        (models.BinaryField, b"x" * 32),
        (models.JSONField, {}),
        (models.URLField, f"https://{HIDDEN}.example.com"),
        (models.IntegerField, 1),
        (models.FloatField, 1.0),
    ]
    text = KEY if field.name in IDS else HIDDEN
    found = next((fits for kind, fits in kinds if isinstance(field, kind)), text)
    return found[: field.max_length] if isinstance(found, str) and field.max_length else found


def contents(org: Org) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of an org, by model."""
    found = {}
    for model in ours():
        way = way_to_org(model)
        if way is not None:
            rows = model._base_manager.filter(**{way: org}).order_by("pk")
            found[model._meta.label] = [
                tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows.values_list()
            ]
    return found
