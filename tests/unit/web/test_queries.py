"""No page asks the database more often because there is more in it."""

from typing import Any

import pytest
from bench import crowd
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fairlead.features.maintenance.models import Message
from fairlead.jobs.models import Job
from fairlead.store.models import Org
from tests.unit.web.test_addresses import EVERYTHING

PAGES = [name for name, (_, stranger, methods) in EVERYTHING.items() if stranger in (200, 302) and "GET" in methods]
FEW, MANY = 3, 30
OF_A_ROW = {"/lists/x/": "/lists/list1/", "/lists/unknown/": "/lists/list1/", "/clients/x/": "/clients/client1/"}
"""Places of the table of addresses that name nothing, and what to put there."""


def queries(client: Client, path: str) -> tuple[int, Any]:
    client.get(path)  # what is kept for the whole session is asked for once
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(path)
        if answer.streaming:
            list(answer.streaming_content if not answer.is_async else [])
    return len(asked), answer.status_code


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_as_often_for_30_rows_as_for_3(name: str, admin: Client, org: Org) -> None:
    """Lists, clients, jobs, messages, webhooks and chosen settings grow tenfold; the number of queries stays."""
    crowd.fill(org, clients=FEW, lists=FEW, jobs=FEW, messages=FEW)
    path = EVERYTHING[name][0]
    for of_nothing, row in OF_A_ROW.items():
        path = path.replace(of_nothing, row)
    first = Message.objects.order_by("pk")[0].pk if "/messages/" in path else Job.objects.order_by("pk")[0].pk
    path = path.replace("/1/", f"/{first}/")
    few = queries(admin, path)
    crowd.fill(org, clients=MANY - FEW, lists=MANY - FEW, jobs=MANY - FEW, messages=MANY - FEW)
    assert queries(admin, path) == few
