"""Settings of sessions and of roles that come from the org. The room of permissions shows them; the furniture obeys them."""

from typing import Final

from fairlead.domain.setting import Number

RECHECK: Final = Number(
    name="permissions.recheck_minutes",
    title="Look at roles again after",
    help="How long a role that was read from Salesforce is trusted. A change made on the page User security counts at once; "
    "one made on Salesforce's own pages counts when the role is read again.",
    default=15,
    unit="minutes",
    least=1,
    most=1_440,
)
GRACE: Final = Number(
    name="permissions.grace_minutes",
    title="Trust roles while Salesforce is away for",
    help="How long after the last reading people keep their role while Salesforce does not answer. Then their sessions end; "
    "the local account still lets you in.",
    default=60,
    unit="minutes",
    least=1,
    most=10_080,
)
IDLE: Final = Number(
    name="permissions.idle_minutes",
    title="End a session that is not used for",
    help="Whoever leaves a browser open is signed out after this time without a click.",
    default=60,
    unit="minutes",
    least=5,
    most=1_440,
)
ABSOLUTE: Final = Number(
    name="permissions.session_hours",
    title="End every session after",
    help="However busy a session is, people sign in anew after this time.",
    default=12,
    unit="hours",
    least=1,
    most=168,
)
SETTINGS: Final = (RECHECK, GRACE, IDLE, ABSOLUTE)
