"""Nothing personal and no credential reaches a log line, by whatever way."""

import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as some

from fairlead.store import logs, scrub

PERSONAL = [
    "ada.lovelace+news@example.com",
    "O'Brien@sub.example.org",
    "ADA%40example.com",
    "+1 555-0100",
    "(212) 555-0123",
    "555-0199",
    "+442079460123",
    "2125550123",
    "00D5g000004ABCd!AQ4AQFakeFakeFake.fake_fake",
    "Bearer abc.def-ghi",
    "0123456789abcdef0123456789abcdef",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
]
HARMLESS = [
    "synced 25000 of 1000000 subscribers in 12.345678 s",
    "2026-11-23 22:30:00 next run 2026-11-23T23:00:00Z",
    "job 1234567 of org 12, attempt 3",
    "listening on 127.0.0.1:8800 and 192.168.100.200",
    "record 0015g00000XyZ12AAB refused: FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "HTTP 429 from https://api.createsend.com/api/v3.3/lists",
    "KeyError at jobs/run.py:41",
]


@pytest.fixture
def lines():
    root = logging.getLogger()
    before = root.handlers, root.level
    stream = io.StringIO()
    logs.configure(form="json", stream=stream)
    yield lambda: stream.getvalue()
    root.handlers, root.level = before[0], before[1]
    structlog.reset_defaults()


@pytest.mark.parametrize("value", PERSONAL)
def test_personal_data_and_credentials_are_masked_wherever_they_stand(lines, value):
    log = structlog.get_logger("fairlead.test")
    event = f"row of {value} refused"
    log.warning(
        event,
        text=value,
        nested={"list": [value, {"deep": value}], value: 1},
        raw=value.encode(),
    )
    log.warning("with arguments %s", value)
    logging.getLogger("somebody.else").error("they say %s", value, extra={"extra": value})
    try:
        raise ValueError(value)
    except ValueError as error:
        log.exception("it broke")
        log.error("an error as a value", error=error)
        logging.getLogger("somebody.else").exception("theirs broke")
    written = lines()
    assert len(written.splitlines()) == 6
    assert value not in written
    assert json.dumps(value)[1:-1] not in written
    assert "ValueError" in written


@pytest.mark.parametrize("text", HARMLESS)
def test_what_helps_a_reader_stays(text):
    assert scrub.text(text) == text


@pytest.mark.parametrize(
    "name", ["password", "api_key", "access_token", "client_secret", "email", "first_name", "Authorization"]
)
def test_a_field_whose_name_says_what_it_is_is_hidden_whole(lines, name):
    structlog.get_logger("fairlead.test").info("fields", **{name: "Zoë"})
    assert json.loads(lines())[name] == scrub.HIDDEN


@pytest.mark.parametrize(
    "text", ["password=hunter2 next", '{"api_key": "hunter2"}', "?token=hunter2&x=1", "secret: hunter2"]
)
def test_a_credential_that_is_named_in_a_text_is_hidden(text):
    assert "hunter2" not in scrub.text(text)


def test_a_login_in_an_address_is_hidden_and_its_host_stays():
    assert scrub.text("cannot reach postgresql://me:hunter2@db.example.com:5432/x") == (
        "cannot reach postgresql://[login]@db.example.com:5432/x"
    )


@given(
    before=some.text(max_size=20),
    name=some.from_regex(r"[a-z]{1,10}[.+_']?[a-z0-9]{1,10}", fullmatch=True),
    after=some.text(max_size=20),
)
def test_no_address_survives_in_whatever_text_it_stands(before, name, after):
    address = f"{name}@example.com"
    assert address not in scrub.text(before + address + after)


@given(text=some.text(max_size=200))
def test_scrubbing_twice_is_scrubbing_once(text):
    once = scrub.text(text)
    assert scrub.text(once) == once
