"""When Fairlead must not write: the older package works, and nobody chose Fairlead."""

from datetime import UTC, datetime, timedelta

import pytest

from fairlead.features.moving_in.rules import holding

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("there", "readable", "days_ago", "works"),
    [
        (False, True, 0, False),
        (True, True, 1, True),
        (True, True, 15, False),
        (True, True, None, False),
        (True, False, None, True),
    ],
)
def test_it_works_while_its_records_change_or_cannot_be_read(
    there: bool, readable: bool, days_ago: int | None, works: bool
) -> None:
    changed = None if days_ago is None else NOW - timedelta(days=days_ago)
    assert holding.works(changed, NOW, 14, there=there, readable=readable) is works


def test_only_a_package_that_works_holds_and_only_until_fairlead_is_chosen() -> None:
    assert holding.holds(working=True, chosen=holding.OLD_PACKAGE)
    assert not holding.holds(working=True, chosen=holding.FAIRLEAD)
    assert not holding.holds(working=False, chosen=holding.OLD_PACKAGE)


def test_it_is_looked_at_once_a_day_and_when_another_org_is_connected() -> None:
    assert holding.due(None, NOW, same_org=True)
    assert holding.due(NOW, NOW, same_org=False)
    assert not holding.due(NOW - timedelta(hours=23), NOW, same_org=True)
    assert holding.due(NOW - timedelta(hours=25), NOW, same_org=True)


def test_the_refusals_name_what_to_do() -> None:
    assert "move-in decide" in str(holding.OldPackageDecides())
    assert holding.OLD_PACKAGE in str(holding.NoSuchDecider("me"))
