"""Phone numbers as people write them in the form of E.164, by Google's rules of numbers (`phonenumbers`)."""

from collections.abc import Callable
from typing import Final

import phonenumbers

from fairlead.domain.field_values import DoesNotFit
from fairlead.domain.phone import COUNTRY, NO_NUMBER, NOT_OF_COUNTRY, NOT_POSSIBLE, ONLY_INTERNATIONAL
from fairlead.domain.setting import Values

_ABROAD: Final = "00"


def by_setting(settings: Values) -> Callable[[str], str]:
    """What makes E.164 of a number, by the country that was chosen."""
    country = settings.of(COUNTRY)
    return lambda text: e164(text, country)


def e164(text: str, country: str) -> str:
    """`(555) 555-1234` of the country `US` as `+15555551234`; blank for blank.

    A number with its country before it (`+` or `00`) keeps it. Raises DoesNotFit, which never repeats the number.
    """
    text = text.strip()
    if not text:
        return ""
    if text.startswith(_ABROAD):
        text = f"+{text[len(_ABROAD) :]}"
    if not country and not text.startswith("+"):
        raise DoesNotFit(ONLY_INTERNATIONAL)
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        raise DoesNotFit(NO_NUMBER) from None
    if not phonenumbers.is_possible_number(number):
        raise DoesNotFit(NOT_POSSIBLE)
    if not phonenumbers.is_valid_number(number):
        raise DoesNotFit(NOT_OF_COUNTRY)
    if number.extension:
        raise DoesNotFit(NO_NUMBER)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
