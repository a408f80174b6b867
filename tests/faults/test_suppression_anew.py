"""A suppression list that is read whole, day by day, in which one address is longer than the org takes."""

from datetime import datetime, timedelta

from fairlead.features.suppression import records
from fairlead.features.suppression.models import SuppressionReading
from tests.faults.whole import Whole

LONG = "x" * 75 + "@example.com"


def a_day_later(whole: Whole) -> None:
    """By the account's wall clock."""
    for row in SuppressionReading.objects.filter(org=whole.org):
        row.whole_at = (datetime.fromisoformat(row.whole_at) - timedelta(days=2)).isoformat()
        row.save()


def written(whole: Whole) -> dict[str, str]:
    """By the record's id, the run that wrote it last."""
    return {row["Id"]: row["Sync_Run__c"] for row in whole.rows("CM_Suppression__c", "Id", "Sync_Run__c")}


def test_an_address_that_the_org_refuses_makes_no_day_write_the_others_anew(whole: Whole) -> None:
    """It is told once. A record that the org has lost is there again after a day, all the same."""
    client = whole.clients()["One"]
    few = [f"blocked{number}@example.com" for number in range(5)]
    whole.api("POST", f"clients/{client}/suppress", {"EmailAddresses": [LONG, *few]})
    assert whole.sync().failure is None
    assert len(whole.refusals(records.KIND)) == 1
    before = written(whole)
    assert len(before) >= len(few)
    for _ in range(2):
        a_day_later(whole)
        assert whole.sync().failure is None
        assert written(whole) == before

    lost = next(iter(before))
    whole.act(act="delete", object="CM_Suppression__c", id=lost)
    a_day_later(whole)
    assert whole.sync().failure is None
    assert len(written(whole)) == len(before)
    assert len(whole.refusals(records.KIND)) == 1
    after = written(whole)
    a_day_later(whole)
    assert whole.sync().failure is None
    assert written(whole) == after
    assert whole.in_step()
