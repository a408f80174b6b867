"""Every scenario of the documentation, played on both emulators; repeated and killed runs end alike."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from fairlead.domain.consent import Opt
from fairlead.features.departures import rules
from fairlead.features.departures.flow import Departures
from fairlead.features.departures.settings import AT_MOST, ON_DELETE, ON_EMPTY, ON_MERGE
from fairlead.store.models import OptReview, OptShadow, SettingRow
from tests.faults import whole as wholes
from tests.faults.departure_scenarios import BEGIN, END, NEW, OLD, PAGE, SCENARIOS, Scenario, table
from tests.faults.reacting import changes, react
from tests.faults.whole import CM, SF, Killed, Whole

SEED = {
    CM: {"clients": [{"name": "One", "country": "Australia", "time_zone": wholes.ZONE, "lists": [
        {"title": one.name, "unsubscribe_setting": "OnlyThisList"} for one in (*SCENARIOS, *[])]}]},
    SF: {"contacts": []},
}  # fmt: skip


@dataclass
class Stage:
    """The people of the scenarios, in both sides and in step."""

    whole: Whole
    lists: dict[str, str]
    ids: dict[tuple[str, str], str]

    def address(self, one: Scenario, which: str) -> str:
        return f"{one.name}.{which}@example.com"

    def states(self, one: Scenario) -> dict[str, str]:
        """The states of a scenario's addresses on its list."""
        found = {}
        for state in ("active", "unsubscribed", "deleted", "unconfirmed", "bounced"):
            rows = self.whole.api("GET", f"lists/{self.lists[one.name]}/{state}")["Results"]
            found |= {row["EmailAddress"]: row["State"] for row in rows}
        names = {self.address(one, which): which for which in (OLD, NEW)}
        return {names[address]: state for address, state in found.items()}

    def recorded(self, one: Scenario) -> dict[str, str]:
        """The states of the records of a scenario's members in the org."""
        names = {self.address(one, which): which for which in (OLD, NEW)}
        rows = self.whole.rows("CM_Member__c", "Email__c", "State__c")
        return {names[row["Email__c"]]: row["State__c"] for row in rows if row["Email__c"] in names}

    def play(self, one: Scenario) -> None:
        """What somebody does in the org."""
        old, new = self.ids[one.name, OLD], self.ids.get((one.name, NEW), "")
        act = self.whole.act
        if one.act.startswith("delete") or one.act == "restore":
            act(act="delete", object="Contact", id=old)
            if one.act == "restore":
                act(act="undelete", object="Contact", id=old)
        elif one.act == "empty":
            act(act="edit", object="Contact", id=old, fields={"Email": None})
        elif one.act == "convert":
            act(act="convert", id=old)
        else:
            act(act="merge", object="Contact", id=new, losers=[old])


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    """Everybody is there and synced, and the reaction has noted from when on changes count."""
    with wholes.open_database(django_db_blocker), wholes.served(SEED) as whole:
        lists = whole.lists()
        found = Stage(whole, lists, {})
        for one in SCENARIOS:
            _people(found, one)
        assert whole.sync().failure is None
        react(Departures)
        assert changes(whole).failure is None
        assert changes(whole).failure is None
        yield found
        react()


def _people(stage: Stage, one: Scenario) -> None:
    same = one.act == "merge-same"
    for which in (OLD, NEW) if one.act.startswith("merge") else (OLD,):
        kind = "Lead" if one.act == "convert" else "Contact"
        fields = {"LastName": f"{one.name} {which}", "Email": stage.address(one, OLD if same else which)}
        fields |= {"Company": "C"} if kind == "Lead" else {}
        fields |= {"HasOptedOutOfEmail": True} if one.act == "merge-tick" and which == OLD else {}
        stage.ids[one.name, which] = str(stage.whole.act(act="create", object=kind, fields=fields)["id"])
    if one.act == "delete-shared":
        fields = {"LastName": "Other", "Company": "C", "Email": stage.address(one, OLD)}
        stage.whole.act(act="create", object="Lead", fields=fields)
    for which, state in one.before.items():
        address, of = stage.address(one, which), stage.lists[one.name]
        stage.whole.subscribe(of, address)
        if state == "Unsubscribed":
            stage.whole.api("POST", f"subscribers/{of}/unsubscribe", {"EmailAddress": address})


@pytest.fixture
def ready(stage: Stage) -> Iterator[Stage]:
    """Options as by default, before and after."""
    SettingRow.objects.filter(org=stage.whole.org).delete()
    yield stage
    SettingRow.objects.filter(org=stage.whole.org).delete()


def choose(stage: Stage, chosen: dict[str, Any]) -> None:
    for setting in (ON_DELETE, ON_EMPTY, ON_MERGE):
        if setting.name in chosen:
            stage.whole.choose(setting, chosen[setting.name])


@pytest.mark.parametrize("one", SCENARIOS, ids=lambda one: one.name)
def test_each_scenario_ends_as_the_documentation_says(ready: Stage, one: Scenario) -> None:
    """And a second run, over the same changes, changes nothing more."""
    choose(ready, dict(one.chosen))
    assert ready.states(one) == one.before
    ready.play(one)
    told = changes(ready.whole)
    assert told.failure is None, told.failure
    assert ready.states(one) == one.after
    assert changes(ready.whole).failure is None
    assert ready.states(one) == one.after
    if one.act.startswith("merge"):
        assert ready.whole.sync().failure is None
        assert ready.recorded(one) == one.after
    if one.act == "convert":
        (member,) = [
            row for row in ready.whole.rows("CM_Member__c", "Email__c", "Contact__c", "Lead__c")
            if row["Email__c"] == ready.address(one, OLD)
        ]  # fmt: skip
        assert member["Contact__c"]
        assert not member["Lead__c"]
    if one.act == "merge-tick":
        assert OptShadow.objects.filter(org=ready.whole.org, agreed=Opt.OUT.value).exists()
        assert OptReview.objects.filter(org=ready.whole.org).exists()


def test_more_than_may_leave_at_once_are_held_until_the_number_is_raised(ready: Stage) -> None:
    """Nobody has left by then; nothing of it is forgotten."""
    whole, of = ready.whole, ready.lists["kept"]
    people = [f"many{n}@example.com" for n in range(3)]
    ids = []
    for address in people:
        fields = {"LastName": "Many", "Email": address}
        ids.append(whole.act(act="create", object="Contact", fields=fields)["id"])
        whole.subscribe(of, address)
    assert whole.sync().failure is None
    react(Departures)
    assert changes(whole).failure is None
    whole.choose(ON_DELETE, "delete")
    whole.choose(AT_MOST, 2)
    for one in ids:
        whole.act(act="delete", object="Contact", id=one)
    assert isinstance(changes(whole).failure, rules.TooManyLeave)
    gone = {row["EmailAddress"] for row in whole.api("GET", f"lists/{of}/deleted")["Results"]}
    assert not gone & set(people)
    whole.choose(AT_MOST, 3)
    with pytest.raises(Killed):
        changes(whole, dies_at=12)
    assert changes(whole).failure is None
    gone = {row["EmailAddress"] for row in whole.api("GET", f"lists/{of}/deleted")["Results"]}
    assert set(people) <= gone


@pytest.mark.parametrize("dies_at", [4, 9, 11])
def test_the_record_of_a_member_follows_a_merge_wherever_the_run_is_killed(ready: Stage, dies_at: int) -> None:
    """The subscriber has another address then, of which no date tells: without this, the record would stay behind."""
    whole, of = ready.whole, ready.lists["kept"]
    old, new = f"loser{dies_at}@example.com", f"winner{dies_at}@example.com"
    loser, winner = (
        whole.act(act="create", object="Contact", fields={"LastName": "Two", "Email": address})["id"]
        for address in (old, new)
    )
    whole.subscribe(of, old)
    assert whole.sync().failure is None
    react(Departures)
    assert changes(whole).failure is None
    whole.act(act="merge", object="Contact", id=winner, losers=[loser])
    with contextlib.suppress(Killed):
        changes(whole, dies_at=dies_at)
    assert changes(whole).failure is None
    assert whole.sync().failure is None
    rows = whole.rows("CM_Member__c", "Email__c", "State__c", "Contact__c")
    assert [(row["Email__c"], row["State__c"], row["Contact__c"]) for row in rows if row["Email__c"] in {old, new}] == [
        (new, "Active", winner)
    ]


def test_the_documentation_shows_these_scenarios() -> None:
    """Made from the list above: `python -m tests.faults.departure_page` writes it anew."""
    text = PAGE.read_text("utf-8")
    shown = text.partition(BEGIN)[2].partition(END)[0].strip()
    assert shown == table()
