"""Every code has a class that says what happens next, words and a next step; nothing of the wire gets into a text."""

import json

import pytest

from fairlead.campaignmonitor.errors import (
    RecordRefused,
    RequestWrong,
    SetupRefused,
    SignInRefused,
    Unavailable,
    error_from,
    error_of,
    meanings,
)


def test_all_known_codes_are_in_the_table():
    known = meanings()
    assert len(known) == 325
    assert sum(meaning.documented for meaning in known.values()) == 240


@pytest.mark.parametrize("code", sorted(set(meanings()) - {0}))
def test_every_code_has_a_class_words_and_a_next_step(code):
    error = error_of(code, status=400)
    assert type(error) is meanings()[code].kind
    assert error.code == code
    assert error.step
    assert str(error).endswith(error.step)
    assert meanings()[code].says in error.text


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (100, 401, SignInRefused),
        (120, 401, SignInRefused),
        (121, 401, SignInRefused),
        (122, 401, SignInRefused),
        (60, 401, SetupRefused),
        (101, 401, SetupRefused),
        (101, 400, SetupRefused),
        (102, 401, SetupRefused),
        (403, 403, SetupRefused),
        (203, 400, RecordRefused),
        (206, 400, RecordRefused),
        (429, 429, Unavailable),
        (500, 500, Unavailable),
        (278, 400, Unavailable),
        (801, 400, RequestWrong),
    ],
)
def test_the_codes_that_matter_mean_what_they_should(code, status, kind):
    assert type(error_of(code, status=status)) is kind


def test_a_foreign_client_and_a_missing_right_are_told_from_dead_credentials():
    steps = {error_of(code, status=401).step for code in (60, 100, 102, 122)}
    assert len(steps) == 4


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_status_of_the_moment_wins_over_any_code(status):
    for code in (0, 1, 100, 99_999):
        assert type(error_of(code, status=status)) is Unavailable


@pytest.mark.parametrize(("status", "kind"), [(401, SignInRefused), (404, SetupRefused), (418, RequestWrong)])
def test_an_unknown_body_is_judged_by_its_status(status, kind):
    error = error_from(status, b"<html>no json</html>")
    assert type(error) is kind
    assert error.code == 0
    assert str(status) in error.text


def test_no_text_repeats_what_the_server_wrote():
    body = json.dumps(
        {"Code": 206, "Message": "ada@example.com is unsubscribed", "ResultData": {"x": "ada@example.com"}}
    )
    assert "ada" not in str(error_from(400, body.encode()))
    assert "ada" not in str(error_from(400, body.replace("206", "77777").encode()))


def test_a_code_given_as_text_behind_a_byte_order_mark_is_read():
    assert error_from(401, b'\xef\xbb\xbf{"Code":"121","Message":""}').code == 121
