"""How the telephone numbers of an import become international ones, by the country that was chosen (F54)."""

from fairlead.domain.field_values import DoesNotFit
from fairlead.domain.setting import Values
from fairlead.features.import_wizard.rules.rows import ToE164
from fairlead.sync import phone


def to_e164(chosen: Values) -> ToE164:
    """What gives a number as E.164, or None for what is none."""
    by_country = phone.by_setting(chosen)

    def number(text: str) -> str | None:
        try:
            return by_country(text)
        except DoesNotFit:
            return None

    return number
