"""Laws of kept settings: versions, who changed what, defaults, and two people at once."""

import pytest

from fairlead.domain.setting import BadSetting, Number, Of, Text
from fairlead.store import setting_rows
from fairlead.store.models import AuditEntry, Org, SettingRow
from fairlead.store.setting_rows import ChangedMeanwhile, NeedsSubject

DAYS = Number(name="t.days", title="Days to keep", help="h", default=180, unit="days", most=4_000)
NAME = Text(name="t.name", title="Name", help="h", default="", of=Of.LIST)

pytestmark = pytest.mark.django_db


@pytest.fixture
def org() -> Org:
    return Org.objects.create(name="test")


def audits(org: Org) -> list[tuple[str, str, object, object]]:
    found = AuditEntry.objects.filter(org=org, what="change setting").order_by("id")
    return [(one.who, one.subject, one.before, one.after) for one in found]


def test_what_nobody_chose_is_the_default_at_version_zero(org: Org) -> None:
    assert setting_rows.value(org, DAYS) == 180
    assert setting_rows.version(org, DAYS) == 0
    assert setting_rows.values(org).of(DAYS) == 180
    kept = setting_rows.kept(org, [DAYS])["t.days"]
    assert (kept.value, kept.chosen, kept.version, kept.changed_by) == (180, False, 0, "")


def test_a_change_is_read_as_typed_counted_and_audited(org: Org) -> None:
    assert setting_rows.put(org, DAYS, " 90 ", "ann") == 90
    assert setting_rows.put(org, DAYS, 30, "ben") == 30
    assert setting_rows.value(org, DAYS) == setting_rows.values(org).of(DAYS) == 30
    kept = setting_rows.kept(org, [DAYS])["t.days"]
    assert (kept.value, kept.chosen, kept.version, kept.changed_by) == (30, True, 2, "ben")
    assert audits(org) == [("ann", "t.days", 180, 90), ("ben", "t.days", 90, 30)]


def test_choosing_what_is_chosen_already_is_no_change_for_the_audit(org: Org) -> None:
    setting_rows.put(org, DAYS, 180, "ann")
    assert audits(org) == []


def test_what_is_refused_changes_nothing(org: Org) -> None:
    setting_rows.put(org, DAYS, 90, "ann")
    with pytest.raises(BadSetting):
        setting_rows.put(org, DAYS, 5_000, "ben")
    assert (setting_rows.value(org, DAYS), setting_rows.version(org, DAYS)) == (90, 1)


def test_the_second_of_two_people_is_told(org: Org) -> None:
    """With the version that both saw, the second change and a second reset are refused and name the first."""
    setting_rows.put(org, DAYS, 90, "ann", seen=0)
    for second in (
        lambda: setting_rows.put(org, DAYS, 30, "ben", seen=0),
        lambda: setting_rows.reset(org, DAYS, "ben", seen=0),
    ):
        with pytest.raises(ChangedMeanwhile, match="“Days to keep” was changed by ann meanwhile"):
            second()
    assert setting_rows.value(org, DAYS) == 90
    setting_rows.put(org, DAYS, 30, "ben", seen=1)
    assert setting_rows.value(org, DAYS) == 30


def test_a_reset_gives_the_default_back_and_no_version_comes_twice(org: Org) -> None:
    """Whoever saw the value before the reset is told, even if somebody chose anew since."""
    setting_rows.put(org, DAYS, 90, "ann")
    setting_rows.reset(org, DAYS, "ben")
    assert setting_rows.value(org, DAYS) == setting_rows.values(org).of(DAYS) == 180
    assert not setting_rows.kept(org, [DAYS])["t.days"].chosen
    setting_rows.put(org, DAYS, 30, "cid")
    with pytest.raises(ChangedMeanwhile):
        setting_rows.put(org, DAYS, 60, "ann", seen=1)
    assert audits(org) == [("ann", "t.days", 180, 90), ("ben", "t.days", 90, 180), ("cid", "t.days", 180, 30)]


def test_a_reset_of_what_nobody_chose_is_no_change(org: Org) -> None:
    setting_rows.reset(org, DAYS, "ann")
    setting_rows.put(org, DAYS, 90, "ann")
    setting_rows.reset(org, DAYS, "ann")
    setting_rows.reset(org, DAYS, "ann")
    assert setting_rows.version(org, DAYS) == 2
    assert len(audits(org)) == 2


def test_a_setting_of_a_list_is_each_lists_own(org: Org) -> None:
    setting_rows.put(org, NAME, "news", "ann", subject="l1")
    setting_rows.put(org, NAME, "old", "ann", subject="l2")
    setting_rows.reset(org, NAME, "ann", subject="l2")
    values = setting_rows.values(org)
    assert [values.of(NAME, one) for one in ("l1", "l2", "l3")] == ["news", "", ""]
    assert set(setting_rows.subjects(org, NAME)) == {"l1"}
    assert audits(org)[0][1] == "t.name of l1"
    kept = setting_rows.kept(org, [NAME, DAYS], "l1")
    assert (kept["t.name"].value, kept["t.days"].value) == ("news", 180)


def test_a_setting_of_a_list_is_not_asked_for_without_one(org: Org) -> None:
    for ask in (
        lambda: setting_rows.put(org, NAME, "x", "ann"),
        lambda: setting_rows.reset(org, NAME, "ann"),
        lambda: setting_rows.value(org, NAME),
    ):
        with pytest.raises(NeedsSubject, match=r"“t\.name” is chosen for each list"):
            ask()


def test_one_orgs_settings_are_not_anothers(org: Org) -> None:
    setting_rows.put(org, DAYS, 90, "ann")
    assert setting_rows.value(Org.objects.create(name="other"), DAYS) == 180


def test_what_is_kept_and_not_possible_any_more_is_told_where_it_is_shown_and_refused_where_it_is_used(
    org: Org,
) -> None:
    SettingRow.objects.create(org=org, name="t.days", value=9_000, version=3, changed_by="ann")
    kept = setting_rows.kept(org, [DAYS])["t.days"]
    assert (kept.value, kept.chosen, kept.version) == (180, False, 3)
    assert kept.problem is not None
    with pytest.raises(BadSetting):
        setting_rows.value(org, DAYS)
