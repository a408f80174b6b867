"""General options gather what belongs to no page; billing says what there is to pay."""

from django.test import Client

from fairlead.domain.setting import Of
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.ui import rooms


def test_every_option_of_the_org_without_a_page_of_its_own_is_there_with_its_hint(admin: Client, org: Org) -> None:
    page = admin.get("/general/").text
    homeless = [one for one in rooms.rooms() if not one.entry and one.settings]
    assert len(homeless) >= 2
    for room in homeless:
        for setting in room.settings:
            if setting.of is Of.ORG:
                assert f'id="setting-{setting.name.replace(".", "-")}"' in page
    for room in rooms.rooms():
        if room.entry and room.settings:
            assert f'href="/settings/{room.name}/"' in page


def test_what_is_saved_there_comes_back_there(admin: Client, org: Org) -> None:
    sent = {
        "next": "/general/",
        "webhooks-keep_days-version": "0",
        "webhooks-keep_days-shown": str(_keep_days().default),
        "webhooks-keep_days": "3",
    }
    answer = admin.post("/settings/webhooks/", sent, follow=True)
    assert answer.redirect_chain[-1][0] == "/general/"
    assert "Saved." in answer.text
    assert setting_rows.value(org, _keep_days()) == 3


def _keep_days() -> object:
    found = rooms.find("webhooks")
    assert found is not None
    return next(one for one in found.settings if one.name == "webhooks.keep_days")


def test_there_is_nothing_to_pay(admin: Client) -> None:
    assert "Self-hosted: nothing to pay." in admin.get("/billing/").text


def test_the_menu_stands_in_groups_and_marks_where_one_is(admin: Client) -> None:
    page = admin.get("/billing/").text
    for group in ("Sync", "Audience", "E-mail and campaigns", "Running it", "More"):
        assert f">{group}</h2>" in page
    assert page.count('href="/billing/" aria-current="page"') == 2  # at the side, and behind the button of a phone
    assert page.count('aria-current="page"') == 2
