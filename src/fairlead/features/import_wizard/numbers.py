"""How telephone numbers become international ones: who knows countries provides it; until then none is guessed."""

from collections.abc import Callable
from dataclasses import dataclass

from fairlead.domain.setting import Values
from fairlead.features.import_wizard.rules.rows import ToE164, only_e164

Maker = Callable[[Values], ToE164]


@dataclass(slots=True)
class _Provided:
    maker: Maker | None = None


_provided = _Provided()


def provide(maker: Maker | None) -> None:
    """Say who makes a function of the settings that gives a number as E.164, or None for what is none. None: nobody."""
    _provided.maker = maker


def to_e164(chosen: Values) -> ToE164:
    """The function for a run. Without a maker only numbers that are international already pass."""
    return only_e164 if _provided.maker is None else _provided.maker(chosen)
