"""Numbers for whoever watches: counters and gauges that all processes share, because any of them may be asked.

A row is a number with its labels. Labels are words of ours (a kind of job, a side, an outcome) and an org's number: never
anything of a person, nor a name that somebody has typed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from fairlead.store.models import Measure

ADD = """
insert into store_measure (org_id, name, labels, value, at) values (%s, %s, %s, %s, %s)
on conflict (org_id, name, labels) do update set value = store_measure.value + excluded.value, at = excluded.at
"""
SET = """
insert into store_measure (org_id, name, labels, value, at) values (%s, %s, %s, %s, %s)
on conflict (org_id, name, labels) do update set value = excluded.value, at = excluded.at
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One number: of which org (its id), under which name, with which labels."""

    org: int
    name: str
    labels: Mapping[str, str]
    value: float


def add(org_id: int, name: str, amount: float, **labels: str) -> None:
    """Count further."""
    _write(ADD, org_id, name, amount, labels)


def put(org_id: int, name: str, value: float, **labels: str) -> None:
    """Say how much it is now."""
    _write(SET, org_id, name, value, labels)


def every() -> list[Measured]:
    """All numbers of all orgs; some dozens a kind of job."""
    rows = Measure.objects.order_by("org_id", "name", "labels").values_list("org_id", "name", "labels", "value")
    return [Measured(org, name, json.loads(labels), value) for org, name, labels, value in rows]


def _write(statement: str, org_id: int, name: str, value: float, labels: Mapping[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [org_id, name, json.dumps(labels, sort_keys=True), value, timezone.now()])
