"""Laws of the door for webhooks: who may post, what is kept of it, and what strangers learn."""

import json

import pytest
from django.core.management import call_command
from django.test import Client

from fairlead.features.webhooks import handling, receiving, repairing, rules
from fairlead.features.webhooks.models import Delivery, Endpoint
from fairlead.jobs.models import Job
from fairlead.store import secrets, setting_rows
from fairlead.store.models import Org

TOKEN = "t" * 43
PERSON = "somebody@example.com"
BODY = json.dumps({"ListID": "abc1", "Events": [{"Type": "Subscribe", "EmailAddress": PERSON}]})


@pytest.fixture
def endpoint(org: Org) -> Endpoint:
    setting_rows.put(org, rules.USE, value=True, by="test")
    return Endpoint.objects.create(
        org=org, client="c", list="abc1", name="News", token_hash=receiving.hash_of(TOKEN), state="active"
    )


def post(token: str, body: str | bytes) -> int:
    browser = Client(enforce_csrf_checks=True)
    return browser.post(f"/hooks/{token}", body, content_type="application/json").status_code


def test_a_post_is_kept_sealed_and_one_job_is_asked_for(endpoint: Endpoint) -> None:
    """Without sign-in and without a token of our pages; the address stands nowhere in clear."""
    assert [post(TOKEN, BODY) for _ in range(3)] == [200, 200, 200]
    kept = list(Delivery.objects.all())
    assert [secrets.unseal(bytes(each.body or b"")) for each in kept] == [BODY] * 3
    assert all(PERSON.encode() not in bytes(each.body or b"") for each in kept)
    job = Job.objects.get()
    assert (job.kind, job.key, job.args) == (receiving.LOOK, "abc1", {"list": "abc1"})
    endpoint.refresh_from_db()
    assert endpoint.received_at is not None


@pytest.mark.parametrize("token", ["x" * 43, "short", "t" * 44, "t" * 42 + "%00", "%E2%98%83" * 43])
def test_a_stranger_learns_nothing(endpoint: Endpoint, token: str) -> None:
    """An unknown token, and every other method, is an address of nothing."""
    assert post(token, BODY) == 404
    assert Client().get(f"/hooks/{TOKEN}").status_code == 404
    assert Delivery.objects.count() == 0


def test_an_option_that_is_off_keeps_nothing(endpoint: Endpoint, org: Org) -> None:
    setting_rows.put(org, rules.USE, value=False, by="test")
    assert post(TOKEN, BODY) == 404
    assert Delivery.objects.count() == 0


def test_too_many_that_wait_are_to_come_again_later(endpoint: Endpoint) -> None:
    Delivery.objects.bulk_create(Delivery(endpoint=endpoint) for _ in range(receiving.MOST_WAITING))
    assert post(TOKEN, BODY) == 429
    assert Delivery.objects.count() == receiving.MOST_WAITING


def test_a_post_that_is_too_long_is_not_kept_but_the_list_is_looked_at(endpoint: Endpoint, org: Org) -> None:
    assert post(TOKEN, b"x" * (receiving.LONGEST + 1)) == 200
    assert Delivery.objects.get().body is None
    assert handling.read(org, "abc1", lambda: None).whole


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00", b"{", b"[1]", b'{"ListID": "abc2", "Events": []}', b"[" * 100_000]
)
def test_what_cannot_be_read_is_kept_sealed_with_the_reason_and_is_no_end(
    endpoint: Endpoint, org: Org, body: bytes
) -> None:
    """The others are read; status tells; after the days it is gone."""
    assert post(TOKEN, body) == 200
    assert post(TOKEN, BODY) == 200
    read = handling.read(org, "abc1", lambda: None)
    assert (read.unread, read.addresses, len(read.ids)) == (1, {PERSON}, 1)
    (told,) = repairing.status(org)
    assert (told["waiting"], told["unreadable"]) == (1, 1)
    assert told["message"]
    assert handling.read(org, "abc1", lambda: None).unread == 0
    setting_rows.put(org, rules.KEEP_DAYS, value=0, by="test")
    handling.read(org, "abc1", lambda: None)
    assert Delivery.objects.count() == 1


def test_the_panel_shows_first_what_wants_a_look_and_says_how_many_there_are(
    endpoint: Endpoint, org: Org, admin: Client
) -> None:
    """Of thousands of lists a page shows few: a failing one and one with an unreadable post, then the others by name."""
    Endpoint.objects.bulk_create(
        Endpoint(org=org, client="c", list=f"l{n}", name=f"A{n:03}", token_hash=bytes([n, 1]), state="active")
        for n in range(60)
    )
    Endpoint.objects.filter(list="l55").update(state="failing", message="A test did not arrive.")
    Delivery.objects.create(endpoint=endpoint, problem="no JSON")
    shown, count = repairing.glance(org, 4)
    assert ([each["name"] for each in shown], count) == (["A055", "News", "A000", "A001"], 61)
    page = admin.get("/sync/").content.decode()
    assert "The first 50 of 61 lists" in page
    assert "A test did not arrive." in page and "no JSON" in page
    assert page.index(">A055<") < page.index(">News<") < page.index(">A000<")
    assert ">A059<" not in page


def test_a_post_sealed_with_a_key_that_is_gone_is_no_end(endpoint: Endpoint, org: Org) -> None:
    Delivery.objects.create(endpoint=endpoint, body=b"no token of ours")
    assert handling.read(org, "abc1", lambda: None).ids == []
    assert Delivery.objects.get().problem == handling.NO_KEY


def test_changed_addresses_are_read_as_pairs_and_are_both_looked_at(endpoint: Endpoint, org: Org) -> None:
    event = {"Type": "Update", "OldEmailAddress": "Old@example.com", "EmailAddress": PERSON}
    post(TOKEN, json.dumps({"ListID": "abc1", "Events": [event, 5]}))
    read = handling.read(org, "abc1", lambda: None)
    assert read.addresses == {"old@example.com", PERSON}
    assert read.changed == {("Old@example.com", PERSON)}
    assert read.unread == 1


def test_of_what_was_handled_only_changes_of_address_are_remembered_for_a_day(endpoint: Endpoint, org: Org) -> None:
    """Sealed, without names and values; they do not count as waiting, and are not looked at again."""
    event = {"Type": "Update", "OldEmailAddress": "old@example.com", "EmailAddress": PERSON, "Name": "Secret Name"}
    post(TOKEN, json.dumps({"ListID": "abc1", "Events": [event]}))
    post(TOKEN, BODY)
    handling._forget(handling.read(org, "abc1", lambda: None), lambda: None)
    kept = Delivery.objects.get()
    assert "Secret Name" not in secrets.unseal(bytes(kept.body or b""))
    again = handling.read(org, "abc1", lambda: None)
    assert (again.ids, again.addresses, again.earlier) == ([], set(), {("old@example.com", PERSON)})
    assert repairing.status(org)[0]["waiting"] == 0
    Delivery.objects.update(received_at=kept.received_at - 2 * handling.CHANGES_KEPT)
    assert handling.read(org, "abc1", lambda: None).earlier == set()


def test_jobs_that_gave_up_are_asked_for_again(endpoint: Endpoint, org: Org) -> None:
    Delivery.objects.create(endpoint=endpoint)
    repairing.ask_for_what_waits(org)
    repairing.ask_for_what_waits(org)
    assert [job.key for job in Job.objects.all()] == ["abc1"]


def test_the_panel_says_how_to_begin_and_what_each_webhook_does(admin: Client, org: Org) -> None:
    """Off, on without any, and with one; the button asks for the job."""
    assert "Webhooks are not used." in admin.get("/sync/").text
    setting_rows.put(org, rules.USE, value=True, by="test")
    assert "No list has a webhook yet" in admin.get("/sync/").text
    Endpoint.objects.create(org=org, client="c", list="l", name="News", token_hash=b"x" * 32, message="Not reached.")
    page = admin.get("/sync/").text
    assert "Webhooks of lists" in page
    assert "Not reached." in page
    answer = admin.post("/webhooks/repair/", follow=True)
    assert "looks at the webhooks of every list" in answer.text
    assert Job.objects.get().kind == repairing.KIND
    setting_rows.put(org, rules.USE, value=False, by="test")
    assert "were turned off" in admin.get("/sync/").text


def test_the_migration_says_what_the_models_say(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("makemigrations", "webhooks", "--check", "--dry-run")
    assert "No changes" in capsys.readouterr().out
