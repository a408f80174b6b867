"""Lists and fields: what is sent, and that nothing is created twice or told to be missing that this call took away."""

import pytest

from fairlead.campaignmonitor import OutcomeUnknown, RequestWrong, SetupRefused
from fairlead.campaignmonitor.list_settings import DataType, FieldWish, ListWish, UnsubscribeSetting, bracketed
from tests.unit.campaignmonitor.script import Sent, script
from tests.unit.campaignmonitor.server import CLIENT, LIST, always, cut, raw, refuses, serve

NEWS = ListWish("News", UnsubscribeSetting.THIS_LIST, confirmed_opt_in=True, unsubscribe_page="https://example.com/bye")
COLOUR = FieldWish("Colour", DataType.SOME_OF, ["red", "blue"], visible=False)
LISTS = f"/lists/{CLIENT}"
OF_CLIENT = f"GET /clients/{CLIENT}/lists"
FIELDS = f"/lists/{LIST}/customfields"
KEY = "%5Bmy%20field%2Fx%5D"

NONE = always([])
OTHER = [{"ListID": "b" * 32, "Name": "Other"}]
MADE = [*OTHER, {"ListID": LIST, "Name": "News"}]
FIELD = {"FieldName": "Colour", "Key": "[Colour]", "DataType": "Text"}

LOST = {
    "cut connection": cut,
    "server error": refuses(500, 500),
    "gateway's time is up": raw(b"<html>", 504),
    "answer that cannot be read": raw(b'"a58', 201),
}


async def test_a_list_is_created_with_its_settings():
    play = script(**{OF_CLIENT: NONE, f"POST {LISTS}": always(LIST, 201)})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.list_settings.create(CLIENT, NEWS) == LIST
    assert play.of("POST") == [
        Sent(
            "POST",
            LISTS,
            {
                "Title": "News",
                "UnsubscribeSetting": "OnlyThisList",
                "ConfirmedOptIn": True,
                "UnsubscribePage": "https://example.com/bye",
                "ConfirmationSuccessPage": "",
            },
        )
    ]


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_a_list_whose_answer_was_lost_is_found_by_its_title(lost):
    play = script(**{OF_CLIENT: [always(OTHER), always(MADE)], f"POST {LISTS}": lost})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.list_settings.create(CLIENT, NEWS) == LIST
    assert len(play.of("POST")) == 1


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_a_list_that_was_not_created_is_tried_again(lost):
    play = script(**{OF_CLIENT: always(OTHER), f"POST {LISTS}": [lost, always(LIST, 201)]})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.list_settings.create(CLIENT, NEWS) == LIST
    assert len(play.of("POST")) == 2


async def test_a_list_that_shows_late_is_found_when_its_title_is_taken():
    """Read too early, the first attempt's list is not there; the second attempt hears of it."""
    reads = [always(OTHER), always(OTHER), always(MADE)]
    play = script(**{OF_CLIENT: reads, f"POST {LISTS}": [cut, refuses(400, 250)]})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.list_settings.create(CLIENT, NEWS) == LIST


async def test_a_list_of_that_title_from_before_is_not_taken_for_the_new_one():
    play = script(**{OF_CLIENT: always(MADE), f"POST {LISTS}": [cut, refuses(400, 250)]})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(SetupRefused) as caught:
            await account.list_settings.create(CLIENT, NEWS)
    assert caught.value.code == 250


async def test_a_refusal_is_told_at_once():
    play = script(**{OF_CLIENT: NONE, f"POST {LISTS}": refuses(400, 251)})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(SetupRefused):
            await account.list_settings.create(CLIENT, NEWS)
    assert len(play.sent) == 2


async def test_where_reading_fails_too_the_outcome_is_unknown():
    play = script(**{OF_CLIENT: [NONE, refuses(500, 500)], f"POST {LISTS}": cut})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(OutcomeUnknown, match="Look in Campaign Monitor"):
            await account.list_settings.create(CLIENT, NEWS)
    assert len(play.of("POST")) == 1


async def test_where_every_answer_is_lost_and_nothing_shows_the_outcome_is_unknown():
    play = script(**{OF_CLIENT: NONE, f"POST {LISTS}": cut})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(OutcomeUnknown):
            await account.list_settings.create(CLIENT, NEWS)
    assert len(play.of("POST")) == 4


async def test_a_list_is_changed_whole_and_its_unsubscribes_only_on_request():
    play = script(**{f"PUT /lists/{LIST}": [cut, raw(b"")]})
    async with serve(play) as fake, fake.connect() as account:
        await account.list_settings.update(LIST, NEWS)
        await account.list_settings.update(LIST, NEWS, suppress_unsubscribes=True, scrub_suppressed=False)
    first, again, asked = (each.body for each in play.sent)
    assert first == again == NEWS.wire()
    assert asked == NEWS.wire() | {"AddUnsubscribesToSuppList": True, "ScrubActiveWithSuppList": False}


GONE = {"list": (400, 101), "list, as a foreign one": (401, 101), "page": (404, 0)}


@pytest.mark.parametrize(("status", "code"), GONE.values(), ids=GONE)
async def test_what_this_call_has_deleted_is_not_told_to_be_missing(status, code):
    play = script(**{f"DELETE /lists/{LIST}": [cut, refuses(status, code)]})
    async with serve(play) as fake, fake.connect() as account:
        await account.list_settings.delete(LIST)
        with pytest.raises(SetupRefused):  # but what was missing at the first call is
            await account.list_settings.delete(LIST)
    assert len(play.sent) == 3


async def test_a_field_is_created_and_its_key_given():
    play = script(**{f"GET {FIELDS}": NONE, f"POST {FIELDS}": always("[Colour]", 201)})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.list_settings.create_field(LIST, COLOUR) == "[Colour]"
    assert play.of("POST")[0].body == {
        "FieldName": "Colour",
        "DataType": "MultiSelectMany",
        "Options": ["red", "blue"],
        "VisibleInPreferenceCenter": False,
    }


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_a_field_whose_answer_was_lost_is_found_by_its_name(lost):
    play = script(**{f"GET {FIELDS}": [NONE, always([FIELD])], f"POST {FIELDS}": lost})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.list_settings.create_field(LIST, COLOUR) == "[Colour]"
    assert len(play.of("POST")) == 1


@pytest.mark.parametrize("key", ["[my field/x]", "my field/x"])
async def test_a_key_goes_into_the_address_with_its_brackets_encoded(key):
    play = script(
        **{
            f"GET {FIELDS}": NONE,
            f"PUT {FIELDS}/{KEY}": always("[new]"),
            f"PUT {FIELDS}/{KEY}/options": raw(b""),
            f"DELETE {FIELDS}/{KEY}": raw(b""),
        }
    )
    async with serve(play) as fake, fake.connect() as account:
        assert await account.list_settings.update_field(LIST, key, "new", visible=True) == "[new]"
        await account.list_settings.set_options(LIST, key, ["a", "b"], keep_existing=True)
        await account.list_settings.delete_field(LIST, key)
    assert [(each.method, each.path, each.body) for each in play.sent[1:]] == [
        ("PUT", f"{FIELDS}/{KEY}", {"FieldName": "new", "VisibleInPreferenceCenter": True}),
        ("PUT", f"{FIELDS}/{KEY}/options", {"KeepExistingOptions": True, "Options": ["a", "b"]}),
        ("DELETE", f"{FIELDS}/{KEY}", None),
    ]
    assert {template for _, template, _ in fake.calls} >= {"/lists/{}/customfields/{}"}  # no key in what is reported


async def test_a_renamed_field_is_found_by_its_new_name_when_the_old_key_is_gone():
    after = [FIELD | {"FieldName": "Hue", "Key": "[Hue]"}]
    play = script(
        **{f"GET {FIELDS}": [always([FIELD]), always(after)], f"PUT {FIELDS}/%5BColour%5D": [cut, refuses(400, 253)]}
    )
    async with serve(play) as fake, fake.connect() as account:
        assert await account.list_settings.update_field(LIST, "[Colour]", "Hue", visible=True) == "[Hue]"


async def test_another_field_of_the_new_name_is_not_taken_for_the_renamed_one():
    fields = [FIELD, FIELD | {"FieldName": "Hue", "Key": "[Hue]"}]
    play = script(**{f"GET {FIELDS}": always(fields), f"PUT {FIELDS}/%5BColour%5D": [cut, refuses(400, 255)]})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(SetupRefused) as caught:
            await account.list_settings.update_field(LIST, "[Colour]", "Hue", visible=True)
    assert caught.value.code == 255


async def test_a_field_that_this_call_has_deleted_is_not_told_to_be_missing():
    play = script(**{f"DELETE {FIELDS}/%5BColour%5D": [cut, refuses(400, 253)]})
    async with serve(play) as fake, fake.connect() as account:
        await account.list_settings.delete_field(LIST, "Colour")
        with pytest.raises(RequestWrong):
            await account.list_settings.delete_field(LIST, "Colour")


@pytest.mark.parametrize("key", ["", " ", "[]", "[ ]"])
def test_a_blank_key_is_refused_by_name(key):
    with pytest.raises(ValueError, match="not the key"):
        bracketed(key)


@pytest.mark.parametrize("key", ["..", "[..]", ".", "a/../b", "a?b#c", "{}", "ü"])
async def test_no_key_leads_to_another_address(key):
    async with serve(raw(b"")) as fake, fake.connect() as account:
        await account.list_settings.delete_field(LIST, key)
    (asked,) = fake.asked
    assert asked.raw_path.startswith(f"/api/v3.3/lists/{LIST}/customfields/%5B")
    assert asked.raw_path.endswith("%5D.json")
    assert asked.raw_path.count("/") == 6
    assert not asked.query
