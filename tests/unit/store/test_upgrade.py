"""From the first tables to those of now, one migration after another, with a row in each table that is as old as the table."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from fairlead.store import boot

NAME = "upgraded"
THEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
OTHERS = frozenset({"procrastinate", "auth", "contenttypes", "sessions"})
"""Rows of theirs are not ours to make."""
PAGES = ("/", "/sync/", "/jobs/", "/lists/", "/campaigns/", "/general/", "/connections/", "/maintenance/", "/settings/")


@pytest.fixture(scope="module")
def empty(django_db_setup: None, django_db_blocker: Any, database_server: str) -> Iterator[None]:
    """A database of its own without a single table, in the place of the tests' database."""
    with psycopg.connect(database_server, autocommit=True) as server:
        server.execute(f"drop database if exists {NAME} with (force)")
        server.execute(f"create database {NAME}")
    with django_db_blocker.unblock():
        connection.close()
        usual, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], NAME
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = usual


@pytest.fixture(scope="module")
def made(empty: None) -> list[str]:
    """All migrations, each with rows in the tables that those before it made; labels of the models that got a row."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    executor.recorder.ensure_schema()
    state = executor._create_project_state()
    filled = []
    for migration, _ in plan:
        state = executor.apply_migration(state, migration)
        new = [one.name for one in migration.operations if isinstance(one, migrations.CreateModel)]
        if new and migration.app_label not in OTHERS:
            for name in new:
                model = state.apps.get_model(migration.app_label, name)
                model.objects.create(**values(model))
                filled.append(model._meta.label)
    return filled


def values(model: type[models.Model]) -> dict[str, Any]:
    """Something for each column that must have something."""
    found = {}
    for field in model._meta.concrete_fields:
        counted = field.primary_key and not field.is_relation
        if counted or field.has_default() or (field.null and not field.is_relation):
            continue
        found[field.name] = value(field)
    return found


def value(field: Any) -> Any:
    """One that fits, of the kind that the field says."""
    if field.is_relation:
        rows = field.related_model._base_manager
        return rows.order_by("pk").first() or rows.create(**values(field.related_model))
    if field.choices:
        return field.flatchoices[0][0]
    kinds: list[tuple[type, Any]] = [
        (models.DateTimeField, THEN),
        (models.DateField, date(2026, 3, 4)),
        (models.BooleanField, False),
        (models.BinaryField, b"x" * 32),
        (models.JSONField, {}),
        (models.URLField, "https://example.com"),
        (models.IntegerField, 1),
        (models.FloatField, 1.0),
    ]
    text = "" if field.blank else "x"
    return next((fits for kind, fits in kinds if isinstance(field, kind)), text)


def test_every_row_of_ours_is_still_there_and_can_be_read(made: list[str]) -> None:
    """No migration loses what an older version wrote, and the tables are those of the models of now."""
    assert len(made) > 30
    there = {model._meta.label: list(model._base_manager.all()) for model in apps.get_models()}
    assert {label for label in made if label in there and not there[label]} == set()
    dropped = ["tracking_history.SeenEvent"]  # what it held is in RememberedEvents
    assert [label for label in made if label not in there] == dropped


def test_nothing_is_left_to_migrate_and_the_start_finds_it_so(made: list[str]) -> None:
    """`fairlead migrate` has nothing to do, and models and migrations say the same."""
    boot.migrate()
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_served_over_what_an_older_version_wrote(made: list[str], path: str) -> None:
    """As after an upgrade: the same org, its settings and jobs."""
    person, _ = User.objects.get_or_create(username="admin", is_superuser=True)
    browser = Client()
    browser.force_login(person)
    assert browser.get(path).status_code == 200
