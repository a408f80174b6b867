"""Numbers of an import follow the chosen country; what is none is told as such, and never raises."""

from fairlead.domain.phone import COUNTRY
from fairlead.domain.setting import Given, defaults
from fairlead.features.import_wizard import numbers


def test_a_national_number_is_one_of_the_chosen_country():
    number = numbers.to_e164(Given({(COUNTRY.name, ""): "US"}))
    assert number("(202) 555-0123") == "+12025550123"
    assert number("+61 2 5550 1234") == "+61255501234"


def test_without_a_country_only_international_numbers_pass():
    number = numbers.to_e164(defaults())
    assert number("(202) 555-0123") is None
    assert number("+12025550123") == "+12025550123"
    assert number("nobody") is None
