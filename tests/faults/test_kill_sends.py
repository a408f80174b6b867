"""Thousands of sends while workers die, limits strike and answers are lost: each recipient has one message."""

import asyncio
import json
import os
import random
import time
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from fairlead.store import postgres
from tests.conformance import emulated
from tests.faults.installation import Installation, wait_until

SEED = {
    "campaign_monitor": {
        "clients": [
            {
                "name": "Sends",
                "country": "Australia",
                "time_zone": "(GMT+10:00) Canberra, Melbourne, Sydney",
                "lists": [{"title": "News"}],
                "smart_emails": [{"name": "Hello", "text": "Hello [first_name]"}],
            }
        ]
    }
}
SEND = {"path": "/send"}
LEFT = "SELECT count(*) FROM transactional_email_send WHERE state NOT IN ('done', 'refused')"
ENDED = "SELECT state, count(*) FROM transactional_email_send GROUP BY state"
MESSAGES = "SELECT message_id FROM transactional_email_sentmessage"


def log(fairlead: Installation) -> list[str]:
    """The recipients of all messages in the account's log."""

    async def read() -> list[str]:
        async with emulated.account_of(fairlead.emulators) as account:
            (client,) = await account.clients()
            return [one.recipient async for page in account.messages.every(client.client_id) for one in page]

    return asyncio.run(read())


def keep(fairlead: Installation, mapping: str, records: list[str]) -> None:
    """Requests as `queue.take` keeps them: by a hash that nobody else has."""
    rows = [(os.urandom(32), mapping, record) for record in records]
    with psycopg.connect(postgres.database_url(fairlead.home)) as database, database.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO transactional_email_send (org_id, id_hash, mapping, record_id, state, attempts, support_code,"
            " reason, asked_by, asked_at) SELECT min(id), %s, %s, %s, 'waiting', 0, '', '', 'tests', now() FROM store_org",
            rows,
        )


@pytest.mark.slow
@pytest.mark.timeout(5_400)
@pytest.mark.parametrize(("sends", "kills"), [(400, 4), (10_000, 25)])
def test_each_recipient_has_one_message_whatever_happens(tmp_path: Path, sends: int, kills: int) -> None:
    """`kill -9`, 429 by the limit's headers, 502 and lost answers: messages, tasks and items of the queue agree."""
    moments = random.Random(20260309)
    seed = {**SEED, "salesforce": {"contacts": [{"first": 0, "count": sends, "second": False}]}}
    with Installation(tmp_path / "home", seed) as fairlead:
        assert fairlead.emulators is not None
        fairlead.emulators.post(
            "campaign_monitor", "/_control/settings", {"transactional_limit": 600, "transactional_limit_seconds": 5}
        )
        fairlead.run("settings", "set", "transactional_email.settle_minutes", "0")
        fairlead.start_worker()
        fairlead.run("transactional", "refresh")
        (smart,) = fairlead.run("transactional", "list")["smart_emails"]
        told = tmp_path / "mapping.json"
        told.write_text(
            json.dumps(
                {
                    "smart": smart["id"],
                    "object": "Contact",
                    "name": "Hello",
                    "variables": [{"name": "first_name", "field": "FirstName"}],
                    "recipients": [{"kind": "To", "source": "field", "value": "Email"}],
                }
            )
        )
        mapping = fairlead.run("transactional", "map", "set", str(told))["mapping"]["id"]
        people = list(fairlead.emulators.get("salesforce", "/_control/records?object=Contact&fields=Id,Email"))
        assert len(people) == sends
        mailed = {one["Email"] for one in people if one["Email"]}
        fairlead.fault("campaign_monitor", fault="lost_answer", match=SEND, every=37, times=None)
        fairlead.fault("campaign_monitor", fault="status", status=502, match=SEND, every=53, times=None)
        fairlead.fault("campaign_monitor", fault="status", status=429, match=SEND, every=41, times=None)
        keep(fairlead, mapping, [one["Id"] for one in people])
        done = 0
        for number in range(kills):
            goal = sends * (number + 1) // (kills + 2)
            wait_until(lambda goal=goal: len(fairlead.rows(MESSAGES)) >= goal, 900)
            time.sleep(moments.uniform(0, 1.5))
            fairlead.kill_worker()
            fairlead.start_worker()
            done += 1
        wait_until(lambda: fairlead.rows(LEFT)[0][0] == 0, 2_400)
        assert done == kills
        assert fairlead.struck("campaign_monitor") > sends // 40
        fairlead.clear_faults()
        ended = dict(fairlead.rows(ENDED))
        assert ended.pop("refused", 0) == sends - len(mailed), "who has no address is told so, and nobody else"
        assert ended == {"done": len(mailed)}
        sent = Counter(log(fairlead))
        assert set(sent) == mailed
        assert set(sent.values()) == {1}
        tasks = Counter(
            one["CM_Smart_Email_Message_Id__c"]
            for one in fairlead.emulators.get(
                "salesforce", "/_control/records?object=Task&fields=CM_Smart_Email_Message_Id__c"
            )
        )
        assert set(tasks) == {row[0] for row in fairlead.rows(MESSAGES)}
        assert set(tasks.values()) == {1}
