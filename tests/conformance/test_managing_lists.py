"""Managing a person's lists on both local sides: what is done, what is refused and why, and that nobody is brought back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from fairlead.domain.failure import Failure, FixTheSettings
from fairlead.domain.outward_settings import PAUSED
from fairlead.features.people import managing
from fairlead.features.people.managing import Done
from fairlead.features.people.rules.memberships import Act, NothingChosen
from fairlead.store import hashing, setting_rows
from fairlead.store.consent_models import OptShadow
from fairlead.store.models import AuditEntry, Org
from fairlead.sync.failures import SalesforceUnavailable
from tests.conformance import person_world
from tests.conformance.person_world import World, address

pytestmark = pytest.mark.django_db(transaction=True)
HERS = "new.person@example.com"


@pytest.fixture(scope="module")
def laid() -> Iterator[World]:
    with person_world.running() as world:
        yield world


@pytest.fixture
def world(laid: World) -> Iterator[World]:
    with person_world.opened(laid):
        yield laid


def do(world: World, act: Act, asked: str, *titles: str) -> dict[str, Done]:
    """What became of an act, by the title of the list."""
    lists = [world.lists[title] for title in titles]
    done = async_to_sync(managing.carry_out)(Org.objects.get(), asked, act, lists, by="somebody")
    return {one.step.place.name: one for one in done}


def code(one: Done) -> str:
    refused = one.problem or one.step.refused
    return refused.code if refused else ""


def test_a_contact_is_added_with_the_name_that_the_record_has(world: World) -> None:
    """By the record's id; on a list that asks for a confirmation the person waits for it."""
    contact = world.create("Contact", FirstName="New", LastName="Person", Email=HERS)
    plan = async_to_sync(managing.preview)(Org.objects.get(), contact, Act.ADD, [world.lists["Offers"]])
    assert "confirm" in plan.steps[0].will
    assert world.state("Offers", HERS) == ""
    done = do(world, Act.ADD, contact, "News", "Offers")
    assert [one.done for one in done.values()] == [True, True]
    assert (world.state("News", HERS), world.state("Offers", HERS)) == ("Active", "Unconfirmed")
    found = world.of_account(lambda account: account.subscriber(world.lists["News"], HERS))
    assert found.name == "New Person"
    again = do(world, Act.ADD, contact, "News")["News"]
    assert (again.done, code(again), again.step.why) == (False, "", "Is on it already.")


def test_who_was_removed_can_be_added_again_and_who_unsubscribed_cannot(world: World) -> None:
    """Removing is no opt-out; unsubscribing is one, whoever did it."""
    ann = world.subscribe("ann@example.com", "News")
    assert do(world, Act.REMOVE, ann, "News")["News"].done
    assert world.state("News", ann) == "Deleted"
    assert do(world, Act.ADD, ann, "News")["News"].done
    assert world.state("News", ann) == "Active"
    assert do(world, Act.UNSUBSCRIBE, ann, "News")["News"].done
    assert world.state("News", ann) == "Unsubscribed"
    refused = do(world, Act.ADD, ann, "News")["News"]
    assert (refused.done, code(refused)) == (False, "FL-620")
    assert code(do(world, Act.REMOVE, ann, "News")["News"]) == "FL-622"
    assert world.state("News", ann) == "Unsubscribed"


def test_to_unsubscribe_from_all_leaves_no_list_of_a_synced_client(world: World) -> None:
    """Shared lists and others; a client that is not synced is named and left alone; again, there is nothing to do."""
    ben = world.subscribe("ben@example.com", "News", "Members", "Extras", "Old news")
    plan = async_to_sync(managing.preview)(Org.objects.get(), ben, Act.UNSUBSCRIBE_ALL, [])
    assert {step.place.name for step in plan.steps} == {"News", "Members", "Extras"}
    assert list(plan.elsewhere) == ["Old news (Asleep)"]
    assert "all other lists of this client" in next(s.will for s in plan.steps if s.place.name == "Members")
    done = do(world, Act.UNSUBSCRIBE_ALL, ben)
    assert all(one.done for one in done.values())
    for title in ("News", "Members", "Extras"):
        assert world.state(title, ben) == "Unsubscribed"
    assert world.state("Old news", ben) == "Active"
    assert do(world, Act.UNSUBSCRIBE_ALL, ben) == {}


def test_a_tick_box_or_a_remembered_opt_out_stands_in_the_way(world: World) -> None:
    """The box of any record with the address counts, and so does what is remembered of an address without a record."""
    world.create("Lead", LastName="Out", Company="X", Email="ticked@example.com", HasOptedOutOfEmail=True)
    assert code(do(world, Act.ADD, "ticked@example.com", "News")["News"]) == "FL-620"
    shadow = {"agreed": "out", "since": datetime(2026, 1, 1, tzinfo=UTC), "client": world.clients["Shop"]}
    OptShadow.objects.create(org=Org.objects.get(), address=hashing.keyed_hash("known@example.com"), **shadow)
    assert code(do(world, Act.ADD, "known@example.com", "News")["News"]) == "FL-620"
    assert world.state("News", "known@example.com") == ""
    assert do(world, Act.ADD, "known@example.com", "Members")["Members"].done  # what is agreed is agreed of a client


def test_who_is_suppressed_or_bounced_is_refused(world: World) -> None:
    """Whatever the list says."""
    shop = world.clients["Shop"]
    world.of_account(lambda account: account.suppression.suppress(shop, ["blocked@example.com"]))
    assert code(do(world, Act.ADD, "blocked@example.com", "News")["News"]) == "FL-624"
    cy = world.subscribe("cy@example.com", "News")
    world.emulators.post("campaign_monitor", "/_control/act", {"list": "News", "email": cy, "do": "bounce"})
    assert world.state("News", cy) == "Bounced"
    assert code(do(world, Act.ADD, cy, "News")["News"]) in ("FL-623", "FL-624")


def test_one_list_that_is_refused_stops_no_other(world: World) -> None:
    """A list of a client that is not synced, and one that is."""
    dan = world.subscribe("dan@example.com", "News", "Old news")
    done = async_to_sync(managing.carry_out)(
        Org.objects.get(), dan, Act.REMOVE, ["nosuch", world.lists["Old news"], world.lists["News"]], by="me"
    )
    assert [(one.done, code(one)) for one in done] == [(False, "FL-621"), (False, "FL-621"), (True, "")]


def test_while_everything_is_paused_people_are_unsubscribed_all_the_same(world: World) -> None:
    org = Org.objects.get()
    setting_rows.put(org, PAUSED, True, "somebody")
    eve = world.subscribe("eve@example.com", "News")
    assert code(do(world, Act.ADD, eve, "Offers")["Offers"]) == "FL-625"
    assert code(do(world, Act.REMOVE, eve, "News")["News"]) == "FL-625"
    assert do(world, Act.UNSUBSCRIBE, eve, "News")["News"].done


class Held(FixTheSettings):
    """What the wiring says of a sandbox."""

    code = "FL-395"


def test_an_installation_that_may_not_write_adds_nobody_and_still_unsubscribes(world: World) -> None:
    """A sandbox on an account of production."""

    async def held(*_: Any) -> None:
        raise Held("held")

    managing.provide(held)
    with pytest.raises(Held):
        do(world, Act.ADD, "nobody.yet@example.com", "News")
    assert world.state("News", "nobody.yet@example.com") == ""
    assert do(world, Act.UNSUBSCRIBE, world.subscribe("fay@example.com", "News"), "News")["News"].done


def test_without_salesforce_nobody_is_added_and_people_are_unsubscribed(world: World) -> None:
    """The tick box cannot be read: to add would be a guess. To stop mail needs no leave."""
    world.down.add("salesforce")
    with pytest.raises(SalesforceUnavailable):
        do(world, Act.ADD, address(7), "Offers")
    assert do(world, Act.UNSUBSCRIBE, world.subscribe("gus@example.com", "News"), "News")["News"].done


def test_nothing_chosen_is_told(world: World) -> None:
    with pytest.raises(NothingChosen):
        do(world, Act.ADD, address(8))


def test_the_audit_names_the_record_or_a_hash_and_never_the_address(world: World) -> None:
    """Who, what, which lists, what became of it."""
    contact = world.create("Contact", LastName="Audited", Email="audited@example.com")
    do(world, Act.ADD, contact, "News")
    do(world, Act.UNSUBSCRIBE, "audited@example.com", "News")
    entries = list(AuditEntry.objects.order_by("id").values("who", "what", "subject", "after"))
    assert [each["what"] for each in entries] == ["manage lists: add", "manage lists: unsubscribe"]
    assert entries[0]["subject"] == f"record {contact}"
    assert entries[0]["after"]["records"] == [contact]
    assert entries[0]["after"]["lists"] == [{"list": world.lists["News"], "done": True, "code": ""}]
    assert entries[1]["subject"].startswith("address ")
    assert "audited@" not in json.dumps(entries)


def test_what_the_account_refuses_is_told_of_the_list(world: World) -> None:
    """An address that Campaign Monitor takes for malformed."""
    done = do(world, Act.ADD, "a@b", "News")["News"]
    assert isinstance(done.problem, Failure)
    assert (done.done, code(done)) == (False, "FL-626")
