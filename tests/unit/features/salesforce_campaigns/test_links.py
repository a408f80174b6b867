"""Who belongs together: every word that people can say of a link, and which campaigns are created."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fairlead.features.salesforce_campaigns.rules.links import (
    Agreed,
    CrmCampaign,
    Filter,
    Sent,
    Verdict,
    agree,
    differing,
    tags_of,
)

NOON = datetime(2026, 3, 10, 12, 0, 30, tzinfo=UTC)
X, Y = "701X", "701Y"


def crm(id: str = X, named: str = "", key: str = "") -> CrmCampaign:
    return CrmCampaign(id, id, named, key)


def sent(id: str = "a", linked_to: str = "", **more: object) -> Sent:
    return Sent(f"a0{id}", id, f"Mail {id}", linked_to, **more)


def told(agreed: Agreed) -> dict[str, str]:
    return {crm_id: one.id if one else "" for crm_id, one in agreed.campaigns.items()}


@pytest.mark.parametrize(
    ("campaigns", "records", "known", "links", "crm_told", "records_told"),
    [
        pytest.param([crm(named="a", key="a")], [sent(linked_to=X)], {"a": X}, {"a": X}, {}, {}, id="nothing new"),
        pytest.param([crm(named="a")], [sent()], {}, {"a": X}, {X: "a"}, {"a0a": X}, id="the lookup was set"),
        pytest.param([crm(key="a")], [sent()], {}, {"a": X}, {X: "a"}, {"a0a": X}, id="the id was set"),
        pytest.param([], [sent(linked_to=X)], {}, {"a": X}, {X: "a"}, {}, id="the other lookup was set"),
        pytest.param(
            [crm(key="a")], [sent(linked_to=X)], {"a": X}, {}, {X: ""}, {"a0a": ""}, id="the lookup was cleared"
        ),
        pytest.param([], [sent(linked_to=X)], {"a": X}, {}, {}, {"a0a": ""}, id="both were cleared"),
        pytest.param([crm(key="a")], [sent()], {"a": X}, {"a": X}, {X: "a"}, {"a0a": X}, id="the record was made anew"),
        pytest.param([crm(key="a")], [], {"a": X}, {}, {}, {}, id="the record is not there yet"),
        pytest.param(
            [crm(named="a", key="a")], [sent()], {"a": X}, {"a": X}, {}, {"a0a": X}, id="the other was emptied"
        ),
        pytest.param(
            [crm(named="b", key="a")],
            [sent(linked_to=X), sent("b")],
            {"a": X},
            {"b": X},
            {X: "b"},
            {"a0a": "", "a0b": X},
            id="the lookup was moved to another",
        ),
        pytest.param(
            [crm(named="a", key="a")],
            [sent(linked_to=X), sent("b", linked_to=X)],
            {"a": X},
            {"a": X},
            {},
            {"a0b": ""},
            id="one cannot be named by two",
        ),
        pytest.param(
            [crm(named="a", key="a"), crm(Y, named="a", key="a")],
            [sent(linked_to=Y)],
            {"a": X},
            {"a": Y},
            {},
            {},
            id="of two the one that is named back",
        ),
        pytest.param(
            [crm(named="a", key="a"), crm(Y, named="a", key="a")],
            [sent()],
            {"a": Y},
            {"a": Y},
            {},
            {"a0a": Y},
            id="of two the one that was agreed",
        ),
    ],
)
def test_what_is_agreed_and_told(
    campaigns: list[CrmCampaign],
    records: list[Sent],
    known: dict[str, str],
    links: dict[str, str],
    crm_told: dict[str, str],
    records_told: dict[str, str],
) -> None:
    """The lookup on the Salesforce campaign counts most; after it both sides say the same, and nothing more is told."""
    agreed = agree(campaigns, records, known)
    assert agreed.links == links
    assert told(agreed) == crm_told
    assert agreed.records == records_told

    after = {one.id: one for one in campaigns}
    for crm_id, one in agreed.campaigns.items():
        after[crm_id] = crm(crm_id, one.id if one else "", one.id if one else "")
    named = [sent(one.id, agreed.records.get(one.record, one.linked_to)) for one in records]
    again = agree(after.values(), named, agreed.links or known)
    assert (again.links, again.campaigns, again.records) == (links, {}, {})


def test_a_named_campaign_that_is_not_there_is_waited_for() -> None:
    assert agree([crm(key="a")], [], {}).waiting == {"a"}


def test_that_two_name_one_is_said() -> None:
    agreed = agree([crm(named="a", key="a"), crm(Y, named="a", key="a")], [sent()], {})
    assert agreed.remarks == ["2 Salesforce campaigns name the campaign “Mail a”; its members go to 701X only."]
    assert agreed.all == {X: "a", Y: "a"}


def test_only_figures_that_differ_are_told() -> None:
    shown = {"CM_Num_Opens__c": 3, "CM_Num_Clicks__c": 1, "CM_Worldview__c": None}
    assert differing(shown, {"Opens__c": 3, "Clicks__c": 2, "Worldview__c": None}) == {"CM_Num_Clicks__c": 2}


WHOLE = Filter(frozenset({"c"}), NOON, date(2026, 3, 10), frozenset({"news"}))


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        (Verdict.CREATE, {}),
        (Verdict.CREATE, {"sent": NOON.replace(second=0)}),
        (Verdict.CLIENT, {"client": "other"}),
        (Verdict.EARLIER, {"sent": NOON - timedelta(minutes=1)}),
        (Verdict.EARLIER, {"sent": None}),
        (Verdict.TAGS, {"tags": frozenset({"sale"})}),
        (Verdict.TAGS, {"tags": frozenset()}),
    ],
)
def test_why_a_campaign_is_created_or_not(verdict: Verdict, changes: dict[str, object]) -> None:
    one = sent(**{"client": "c", "sent": NOON, "tags": frozenset({"news", "other"}), **changes})
    assert WHOLE.verdict(one, (), ()) is verdict


def test_the_start_date_is_a_filter_of_its_own() -> None:
    since_ever = Filter(frozenset({"c"}), None, date(2026, 3, 11), None)
    assert since_ever.verdict(sent(client="c", sent=NOON), (), ()) is Verdict.START
    assert since_ever.verdict(sent(client="c", sent=None), (), ()) is Verdict.START
    assert Filter(frozenset({"c"}), None, None, None).verdict(sent(client="c"), (), ()) is Verdict.CREATE


def test_what_is_linked_or_was_created_is_not_created_again() -> None:
    one = sent(client="c", sent=NOON, tags=frozenset({"news"}))
    assert WHOLE.verdict(one, {"a"}, {"a"}) is Verdict.LINKED
    assert WHOLE.verdict(one, (), {"a"}) is Verdict.BEFORE


def test_tags_are_read_without_blanks_and_capitals() -> None:
    assert tags_of(" News;;SALE ") == {"news", "sale"}
    assert tags_of(None) == frozenset()
