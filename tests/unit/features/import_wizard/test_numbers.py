"""Who makes numbers international is provided from outside; without, only international ones pass."""

from fairlead.domain.setting import defaults
from fairlead.features.import_wizard import numbers


def test_numbers_are_made_by_who_was_provided() -> None:
    assert numbers.to_e164(defaults())("0412") is None
    assert numbers.to_e164(defaults())("+61412345678") == "+61412345678"
    numbers.provide(lambda chosen: lambda text: f"+61{text}")
    try:
        assert numbers.to_e164(defaults())("412") == "+61412"
    finally:
        numbers.provide(None)
