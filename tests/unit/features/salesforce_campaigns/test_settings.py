"""The settings of the room, and the averages that the setting `industry` chooses among."""

import pytest

from fairlead.domain.setting import BadSetting
from fairlead.features.salesforce_campaigns import benchmarks, settings


def test_every_setting_is_of_the_room_and_explains_itself() -> None:
    names = [setting.name for setting in settings.SETTINGS]
    assert len(set(names)) == len(names) == 12
    for setting in settings.SETTINGS:
        assert setting.name.startswith("salesforce_campaigns.")
        assert setting.help.endswith(".")
        assert setting.read(setting.as_json(setting.default)) == setting.default


@pytest.mark.parametrize(("given", "kept"), [("2026-03-10", "2026-03-10"), ("", ""), (" 2026-03-10 ", "2026-03-10")])
def test_a_day_is_kept_as_iso(given: str, kept: str) -> None:
    assert settings.START_DATE.read(given) == kept


@pytest.mark.parametrize("given", ["10.3.2026", "2026-02-30", "soon", 3])
def test_what_is_no_day_is_refused(given: object) -> None:
    with pytest.raises(BadSetting, match="YYYY-MM-DD"):
        settings.START_DATE.read(given)


@pytest.mark.parametrize(("given", "fine"), [("701000000000001AAA", True), ("701000000000001", True), ("", True)])
def test_ids_have_fifteen_or_eighteen_characters(given: str, fine: bool) -> None:
    assert (settings.PARENT.read(given) == given) is fine


@pytest.mark.parametrize("given", ["701", "701-00000000001", "70100000000000é"])
def test_what_is_no_id_is_refused(given: str) -> None:
    with pytest.raises(BadSetting, match="15 or 18"):
        settings.RECORD_TYPE.read(given)


def test_the_averages_are_shares_with_a_source_and_a_year() -> None:
    """More open than click; each industry once; the average of all lies between the least and the most."""
    known = benchmarks.industries()
    assert len({industry.name for industry in known}) == len(known) == 19
    assert all(0 < industry.click < industry.open < 100 for industry in known)
    *each, whole = known
    assert whole.name == "all"
    assert min(one.open for one in each) < whole.open < max(one.open for one in each)
    assert benchmarks.source().published == 2022
    assert benchmarks.source().address.startswith("https://")
    assert benchmarks.of("education") == known[3]
    assert benchmarks.of("") is None
