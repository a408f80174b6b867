"""Laws of the pages of options: each kind has its control, errors keep what was typed, and nobody overwrites another unseen."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from fairlead.domain.setting import Choice, Column, Flag, Number, Of, Several, Table, Text
from fairlead.store import known, setting_rows
from fairlead.store.models import Org, SettingRow
from fairlead.ui import rooms
from fairlead.ui.rooms import Room

KINDS = (("hard", "Hard bounce"), ("soft", "Soft bounce"))
FLAG = Flag(name="t.flag", title="Keep history", help="Whether history is kept.", default=True)
NUMBER = Number(name="t.days", title="Days to keep", help="How many days.", default=180, unit="days", most=4_000)
CHOICE = Choice(name="t.bounce", title="Bounce", help="Which one counts.", default="hard", choices=KINDS)
TEXT = Text(name="t.word", title="Word", help="A word.", default="", most=10)
SEVERAL = Several(name="t.types", title="Types", help="Which are read.", default=("hard",), choices=KINDS)
FIELDS = Several(
    name="t.fields",
    title="Address fields",
    help="In this order.",
    default=("hard", "soft"),
    choices=KINDS,
    ordered=True,
)
WORDS = Several(name="t.tags", title="Tags", help="Free words.", default=())
TABLE = Table(
    name="t.map",
    title="Status map",
    help="Which activity gives which status.",
    default=(),
    columns=(
        Column("activity", "Activity", choices=KINDS),
        Column("status", "Status"),
        Column("yes", "Responded", flag=True),
    ),
    unique="activity",
)
OF_LIST = Flag(name="t.prevent", title="Prevent member sync", help="No members.", default=False, of=Of.LIST)
OF_CLIENT = Text(name="t.owner", title="Owner", help="Who owns.", default="", of=Of.CLIENT)
PATH = "/settings/test_room/"


@pytest.fixture(autouse=True)
def room() -> Iterator[None]:
    settings = (FLAG, NUMBER, CHOICE, TEXT, SEVERAL, FIELDS, WORDS, TABLE, OF_LIST, OF_CLIENT)
    rooms.register(Room(name="test_room", title="Test room", settings=settings))
    yield
    rooms.withdraw("test_room")


def controls(page: str) -> dict[str, list[str]]:
    """What a browser would send of the form as it is: names and values of what is checked, selected or typed."""
    sent: dict[str, list[str]] = {}
    form = re.search(r'<form method="post" class="fl-card">(.*?)</form>', page, re.DOTALL)
    assert form is not None
    for tag in re.findall(r"<input [^>]*>", form[1]):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        box = 'type="checkbox"' in tag
        if name and (not box or " checked" in tag):
            sent.setdefault(name[1], []).append(html.unescape(value[1]) if value else "on")
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form[1], re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = [chosen[1] if chosen else ""]
    return sent


def save(admin: Client, path: str = PATH, page: str = "", **changes: Any) -> Any:
    """Change these controls of the form and send it; a change to None unchecks."""
    sent: dict[str, Any] = controls(page or admin.get(path).text)
    for name, value in changes.items():
        sent.pop(name.replace("__", "-"), None)
        if value is not None:
            sent[name.replace("__", "-")] = value
    return admin.post(path, sent)


def value(org: Org, setting: Any, subject: str = "") -> Any:
    return setting_rows.value(org, setting, subject)


def test_every_option_has_a_label_a_hint_its_unit_its_default_and_a_control_of_its_kind(admin: Client) -> None:
    page = admin.get(PATH).text
    for setting in (FLAG, NUMBER, CHOICE, TEXT, SEVERAL, WORDS, TABLE):
        name = setting.name.replace(".", "-")
        assert setting.title in page
        assert f'id="hint-{name}" class="fl-hint__text">{setting.help}' in page
        assert f'<label for="{name}"' in page or f"<legend>{setting.title}" in page
    assert "Default: on." in page
    assert "Default: 180 days." in page
    assert "Default: Hard bounce." in page
    assert 'role="switch"' in page
    assert '<option value="hard" selected>Hard bounce' in page


def test_an_untouched_form_changes_nothing(admin: Client, org: Org) -> None:
    assert save(admin).status_code == 302
    assert SettingRow.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "setting", "after"),
    [
        ({"t__flag": None}, FLAG, False),
        ({"t__days": "30"}, NUMBER, 30),
        ({"t__bounce": "soft"}, CHOICE, "soft"),
        ({"t__word": " word "}, TEXT, "word"),
        ({"t__types": ["soft", "hard"]}, SEVERAL, ("soft", "hard")),
        ({"t__types": None}, SEVERAL, ()),
        ({"t__tags": "a, b"}, WORDS, ("a", "b")),
        (
            {"t__map__0__activity": "soft", "t__map__0__status": "Bounced", "t__map__0__yes": "on"},
            TABLE,
            ({"activity": "soft", "status": "Bounced", "yes": True},),
        ),
    ],
)
def test_what_is_changed_is_saved_and_nothing_else(
    admin: Client, org: Org, changes: dict[str, Any], setting: Any, after: Any
) -> None:
    """One row, by whom it was, and the page shows it."""
    assert save(admin, **changes).status_code == 302
    assert value(org, setting) == after
    (row,) = SettingRow.objects.all()
    assert (row.name, row.changed_by) == (setting.name, "admin")
    assert "Last changed by admin" in admin.get(PATH).text
    assert save(admin).status_code == 302
    assert SettingRow.objects.get().version == 1


def test_an_order_that_matters_is_given_by_numbers(admin: Client, org: Org) -> None:
    save(admin, t__fields__place__hard="3", t__fields__place__soft="2")
    assert value(org, FIELDS) == ("soft", "hard")
    page = admin.get(PATH).text
    assert page.index("place of Soft bounce") < page.index("place of Hard bounce")
    save(admin, page=page)
    assert value(org, FIELDS) == ("soft", "hard")


def test_a_table_is_filled_emptied_and_lengthened_without_scripts(admin: Client, org: Org) -> None:
    """A line that is checked for deletion goes, a blank one is none, and more lines come without saving anything."""
    lines = [{"activity": "hard", "status": "A", "yes": False}, {"activity": "soft", "status": "B", "yes": True}]
    setting_rows.put(org, TABLE, lines, "ann")
    page = admin.get(PATH).text
    assert controls(page)["t-map-lines"] == ["4"]
    more = save(admin, more="t-map", t__map__2__status="C")
    assert more.status_code == 200
    assert "t-map-4-status" in more.text
    assert 'value="C"' in more.text
    assert value(org, TABLE) == tuple(lines)
    save(admin, t__map__0__delete="on")
    assert value(org, TABLE) == tuple(lines[1:])


def test_an_error_keeps_what_was_typed_names_the_option_and_says_the_fix(admin: Client, org: Org) -> None:
    """Nothing at all is saved then, and what else was typed is still there."""
    answer = save(admin, t__days="9000", t__word="kept")
    assert answer.status_code == 200
    assert "“Days to keep” cannot be &#x27;9000&#x27;. Give a whole number from 0 to 4,000." in answer.text
    assert 'value="9000" aria-invalid="true" aria-describedby="t-days-error"' in answer.text
    assert 'value="kept"' in answer.text
    assert '<a href="#setting-t-days">' in answer.text
    assert SettingRow.objects.count() == 0
    assert save(admin, page=answer.text, t__days="90").status_code == 302
    assert (value(org, NUMBER), value(org, TEXT)) == (90, "kept")


def test_the_second_of_two_admins_is_told_and_may_then_insist(admin: Client, org: Org) -> None:
    """Nothing is overwritten unseen: the page says who and what, keeps what was typed, and saves it when asked again."""
    page = admin.get(PATH).text
    setting_rows.put(org, NUMBER, 30, "ben")
    answer = save(admin, page=page, t__days="90")
    assert answer.status_code == 200
    assert "ben changed this meanwhile: it is 30 days now." in answer.text
    assert value(org, NUMBER) == 30
    assert 'value="90"' in answer.text
    assert save(admin, page=answer.text).status_code == 302
    assert value(org, NUMBER) == 90


def test_what_only_the_other_admin_changed_stays(admin: Client, org: Org) -> None:
    """A form that was opened before saves what was changed in it, not what it happened to show."""
    page = admin.get(PATH).text
    setting_rows.put(org, NUMBER, 30, "ben")
    assert save(admin, page=page, t__word="mine").status_code == 302
    assert (value(org, NUMBER), value(org, TEXT)) == (30, "mine")


def test_both_admins_choosing_the_same_is_no_quarrel(admin: Client, org: Org) -> None:
    page = admin.get(PATH).text
    setting_rows.put(org, NUMBER, 30, "ben")
    assert save(admin, page=page, t__days="30").status_code == 302


def test_what_is_kept_and_not_possible_any_more_is_said_and_put_right_by_saving(admin: Client, org: Org) -> None:
    SettingRow.objects.create(org=org, name=NUMBER.name, value=9_000, version=2)
    page = admin.get(PATH).text
    assert "What was chosen is not possible any more, so the default holds." in page
    assert save(admin, page=page).status_code == 302
    assert value(org, NUMBER) == 180


def test_lists_and_clients_are_picked_by_name_and_each_has_a_page(admin: Client, org: Org) -> None:
    empty = admin.get(PATH).text
    assert "No lists are known yet" in empty
    assert "No clients are known yet" in empty
    known.note(org.pk, "c1", "Acme", [("l1", "News"), ("l2", "<b>Old</b>")])
    page = admin.get(PATH).text
    assert f'<a href="{PATH}l1/">News</a>' in page
    assert "&lt;b&gt;Old&lt;/b&gt;" in page
    assert save(admin, f"{PATH}l1/", t__prevent="on").status_code == 302
    assert (value(org, OF_LIST, "l1"), value(org, OF_LIST, "l2")) == (True, False)
    assert "1 of 1" in admin.get(PATH).text
    of_list, of_client = admin.get(f"{PATH}l1/").text, admin.get(f"{PATH}c1/").text
    assert ("Prevent member sync" in of_list, "Owner" in of_list) == (True, False)
    assert ("Prevent member sync" in of_client, "Owner" in of_client) == (False, True)


@pytest.mark.parametrize("path", ["/settings/nowhere/", f"{PATH}nobody/", f"{PATH}a%20b/", "/settings/job_list/"])
def test_rooms_without_options_and_unknown_lists_are_nowhere(admin: Client, path: str) -> None:
    assert admin.get(path).status_code == 404


def test_a_panel_on_a_rooms_own_page_comes_back_to_it(admin: Client, org: Org) -> None:
    """Saved, the room's page is shown again; with an error, the page of options shows what was typed and still knows the way."""
    page = admin.get("/sync/").text
    assert 'name="next" value="/sync/"' in page
    assert 'href="/settings/primary_sync/"' in page
    sent = {"primary_sync-sweep_share": "30", "primary_sync-sweep_share-shown": "20", "next": "/sync/"}
    answer = admin.post("/settings/primary_sync/", {**sent, "primary_sync-sweep_share-version": "0"})
    assert (answer.status_code, answer["Location"]) == (302, "/sync/")
    wrong = admin.post("/settings/primary_sync/", {**sent, "primary_sync-sweep_share": "300"})
    assert wrong.status_code == 200
    assert 'name="next" value="/sync/"' in wrong.text
    elsewhere = admin.post("/settings/primary_sync/", {**sent, "next": "https://elsewhere.example/"})
    assert elsewhere.status_code in (200, 302)
    assert "elsewhere" not in elsewhere.headers.get("Location", "")


def test_all_rooms_with_options_are_listed(admin: Client) -> None:
    page = admin.get("/settings/").text
    assert f'<a href="{PATH}">Options of Test room</a>' in page
    assert "Deletions allowed unasked" in page
