"""What lists and clients are called: as the last look at Campaign Monitor told."""

import pytest

from fairlead.domain.setting import Of
from fairlead.store import known
from fairlead.store.models import Org

pytestmark = pytest.mark.django_db


def test_lists_are_known_by_their_last_names_and_those_that_are_gone_are_not() -> None:
    org = Org.objects.create(name="test")
    known.note(org.pk, "c2", "Zoo", [("l3", "Animals")])
    known.note(org.pk, "c1", "Acme", [("l1", "News"), ("l2", "Old")])
    known.note(org.pk, "c1", "Acme Ltd", [("l1", "News of Acme"), ("l4", "x" * 300)])

    lists = known.subjects(org, Of.LIST)
    assert [(one.id, one.client) for one in lists] == [("l1", "Acme Ltd"), ("l4", "Acme Ltd"), ("l3", "Zoo")]
    assert [one.id for one in known.subjects(org, Of.CLIENT)] == ["c1", "c2"]
    assert known.subjects(org, Of.ORG) == []
    found = known.subject(org, "l1")
    assert found is not None
    assert (found.name, found.of) == ("News of Acme", Of.LIST)
    assert known.subject(org, "c2") == known.Subject("c2", "Zoo", Of.CLIENT)
    assert known.subject(org, "l2") is None
    assert known.subjects(Org.objects.create(name="other"), Of.LIST) == []
