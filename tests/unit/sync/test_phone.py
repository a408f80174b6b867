"""Numbers for text messages: national ones become those of the chosen country, and what is none says why."""

import phonenumbers
import pytest

from fairlead.domain.field_values import DoesNotFit
from fairlead.domain.phone import COUNTRIES, COUNTRY, NO_NUMBER, NOT_OF_COUNTRY, NOT_POSSIBLE, ONLY_INTERNATIONAL
from fairlead.domain.setting import Given
from fairlead.sync.phone import by_setting, e164


@pytest.mark.parametrize(
    ("text", "country", "sent"),
    [
        ("(201) 555-0123", "US", "+12015550123"), ("+47 406 12 345", "US", "+4740612345"), ("0047 406 12 345", "", "+4740612345"),
        ("0412 345 678", "AU", "+61412345678"), ("07400 123456", "GB", "+447400123456"), ("", "US", ""), ("  ", "", ""),
    ],
)  # fmt: skip
def test_a_number_is_sent_with_its_country(text: str, country: str, sent: str) -> None:
    assert e164(text, country) == sent


@pytest.mark.parametrize(
    ("text", "country", "why"),
    [
        ("(201) 555-0123", "", ONLY_INTERNATIONAL), ("call me", "US", NO_NUMBER), ("12", "US", NOT_POSSIBLE),
        ("+99 1234567890", "US", NO_NUMBER), ("(099) 555-0123", "US", NOT_OF_COUNTRY), ("201 555 0123 ext. 7", "US", NO_NUMBER),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_without_repeating_it(text: str, country: str, why: str) -> None:
    with pytest.raises(DoesNotFit) as wrong:
        e164(text, country)
    assert str(wrong.value) == why
    assert text not in str(wrong.value)


def test_the_country_is_the_chosen_one_and_every_country_has_numbers() -> None:
    assert by_setting(Given({(COUNTRY.name, ""): "NO"}))("406 12 345") == "+4740612345"
    assert {code for code, _ in COUNTRIES} <= phonenumbers.SUPPORTED_REGIONS
