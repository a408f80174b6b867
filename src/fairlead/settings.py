"""Deployment settings, read from the environment once.

Each field of `Settings` says its variable, its default and what it is for; the reference docs are made from them.
Every variable has a twin that ends with `_FILE`: the name of a file that holds the value.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from fairlead.domain.failure import FixTheSettings

KEY_LENGTH = 32
"""The least number of characters of a secret key."""
TOKEN_LENGTH = 16
"""The least number of characters of a token."""


class BadSetting(FixTheSettings):
    """A variable of the environment holds what cannot be used."""

    code = "FL-301"

    def __init__(self, variable: str, value: str, want: str) -> None:
        super().__init__(f"{variable} is {value}.", next_step=f"Set {variable} to {want}.")


def _text(variable: str, text: str) -> str:
    return text


def _path(variable: str, text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise BadSetting(variable, repr(text), "an absolute path")
    return path


def _url(variable: str, text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadSetting(variable, repr(text), "an address that begins with https:// or http://")
    return text.rstrip("/")


def _database(variable: str, text: str) -> str:
    if text and urlsplit(text).scheme not in ("postgresql", "postgres"):
        # The value may hold a password: it is not repeated.
        raise BadSetting(
            variable, "no PostgreSQL address", "postgresql://user:password@host:5432/name, or leave it empty"
        )
    return text


def _keys(variable: str, text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    if any(len(key) < KEY_LENGTH for key in keys):
        raise BadSetting(variable, "too short", f"one or more keys, by commas, each of {KEY_LENGTH} characters or more")
    return keys


def _token(variable: str, text: str) -> str:
    if len(text) < TOKEN_LENGTH or not text.isascii() or not text.isprintable() or " " in text:
        # The value is a secret: it is not repeated.
        raise BadSetting(variable, "no token that is safe", f"{TOKEN_LENGTH} or more letters, digits and signs")
    return text


def _names(variable: str, text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _plans(variable: str, text: str) -> tuple[tuple[int, str], ...]:
    """(people, price id) of each plan, upwards; 0 people for a last one without an end."""
    rows = [
        (people.strip(), price.strip()) for people, _, price in (part.partition("=") for part in _names(variable, text))
    ]
    known = [int(people) for people, _ in rows if people.isascii() and people.isdigit() and int(people)]
    ends = [people for people, _ in rows[-1:] if people == "more"]
    if len(known) + len(ends) < len(rows) or known != sorted(set(known)) or not all(price for _, price in rows):
        raise BadSetting(variable, repr(text), "plans such as 2500=price_1,5000=price_2,more=price_3, upwards")
    return tuple((0 if people == "more" else int(people), price) for people, price in rows)


def _whole(low: int, high: int) -> Callable[[str, str], int]:
    def read(variable: str, text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise BadSetting(variable, repr(text), f"a whole number from {low} to {high}")
        return int(text)

    return read


def _seconds(low: float, high: float) -> Callable[[str, str], float]:
    def read(variable: str, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise BadSetting(variable, repr(text), f"a number of seconds from {low:g} to {high:g}")
        return number

    return read


def _choice(*words: str) -> Callable[[str, str], str]:
    def read(variable: str, text: str) -> str:
        if text not in words:
            raise BadSetting(variable, repr(text), " or ".join(words))
        return text

    return read


def _default_home() -> Path:
    return Path(platformdirs.user_data_dir("fairlead", appauthor=False))


def _setting(variable: str, read: Callable[[str, str], Any], default: Any, description: str) -> Any:
    meta = {"variable": variable, "read": read, "help": description}
    if callable(default):
        return field(default_factory=default, metadata=meta)
    return field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment may set. Durations are in seconds, `history_days` in days."""

    home: Path = _setting("FAIRLEAD_HOME", _path, _default_home, "The data folder.")
    database_url: str = _setting(
        "FAIRLEAD_DATABASE_URL", _database, "", "Address of a PostgreSQL server; empty: the embedded one."
    )
    secret_keys: tuple[str, ...] = _setting(
        "FAIRLEAD_SECRET_KEY",
        _keys,
        (),
        "Keys that seal credentials, by commas: the first seals, all open. Empty: made once in the data folder.",
    )
    host: str = _setting("FAIRLEAD_HOST", _text, "127.0.0.1", "The network address the admin listens on.")
    port: int = _setting("FAIRLEAD_PORT", _whole(0, 65535), 8800, "The port the admin listens on; 0: any free one.")
    public_url: str = _setting(
        "FAIRLEAD_PUBLIC_URL", _url, "http://127.0.0.1:8800", "The address at which people open the admin."
    )
    allowed_hosts: tuple[str, ...] = _setting(
        "FAIRLEAD_ALLOWED_HOSTS", _names, (), "Further host names the admin answers to, by commas."
    )
    campaign_monitor_url: str = _setting(
        "FAIRLEAD_CAMPAIGN_MONITOR_URL", _url, "https://api.createsend.com", "The Campaign Monitor API."
    )
    campaign_monitor_client_id: str = _setting(
        "FAIRLEAD_CM_CLIENT_ID",
        _text,
        "",
        "Client id of an OAuth application of Campaign Monitor: people then sign in there instead of pasting a key.",
    )
    campaign_monitor_client_secret: str = _setting(
        "FAIRLEAD_CM_CLIENT_SECRET", _text, "", "The secret of that application."
    )
    salesforce_login_url: str = _setting(
        "FAIRLEAD_SALESFORCE_LOGIN_URL", _url, "https://login.salesforce.com", "Where Salesforce gives tokens."
    )
    salesforce_events_url: str = _setting(
        "FAIRLEAD_SALESFORCE_EVENTS_URL",
        _url,
        "https://api.pubsub.salesforce.com:7443",
        "Where Salesforce tells of changes and events (Pub/Sub); http:// only for a local org.",
    )
    salesforce_call_share: int = _setting(
        "FAIRLEAD_SALESFORCE_CALL_SHARE",
        _whole(1, 100),
        80,
        "Percent of the org's API calls in 24 hours, those of all programs, at which Fairlead stops; it slows down before.",
    )
    slots: int = _setting("FAIRLEAD_SLOTS", _whole(1, 100), 5, "Jobs of one org that may run at once.")
    concurrency: int = _setting("FAIRLEAD_CONCURRENCY", _whole(1, 100), 5, "Jobs that one worker runs at once.")
    history_days: int = _setting("FAIRLEAD_HISTORY_DAYS", _whole(1, 3650), 30, "Days for which ended jobs are kept.")
    heartbeat_seconds: float = _setting(
        "FAIRLEAD_HEARTBEAT_SECONDS", _seconds(0.1, 60), 5.0, "Time between two signs of life of a worker."
    )
    stale_seconds: float = _setting(
        "FAIRLEAD_STALE_SECONDS", _seconds(0.5, 600), 20.0, "Silence after which a worker counts as dead."
    )
    tick_seconds: float = _setting(
        "FAIRLEAD_TICK_SECONDS", _seconds(0.1, 60), 5.0, "Time between two looks at schedules and lost jobs."
    )
    retry_seconds: float = _setting(
        "FAIRLEAD_RETRY_SECONDS", _seconds(0, 3600), 10.0, "Wait before the first retry; doubled for each further one."
    )
    stop_seconds: float = _setting(
        "FAIRLEAD_STOP_SECONDS", _seconds(0, 600), 8.0, "Time that running jobs get to end when a worker is stopped."
    )
    metrics_token: str = _setting(
        "FAIRLEAD_METRICS_TOKEN",
        _token,
        "",
        "What Prometheus sends as bearer token to /metrics. Empty: only this machine may ask, and not through a proxy.",
    )
    stripe_secret_key: str = _setting(
        "FAIRLEAD_STRIPE_SECRET_KEY",
        _text,
        "",
        "Secret key at Stripe, for whoever runs Fairlead for others; empty: there is nothing to pay, and no Stripe code runs.",
    )
    stripe_webhook_secret: str = _setting(
        "FAIRLEAD_STRIPE_WEBHOOK_SECRET",
        _text,
        "",
        "Secret with which Stripe signs what it posts to /billing/stripe/; empty: Stripe is only asked, every few hours.",
    )
    stripe_plans: tuple[tuple[int, str], ...] = _setting(
        "FAIRLEAD_STRIPE_PLANS",
        _plans,
        (),
        "Plans by active people with their prices at Stripe, upwards: 2500=price_1,5000=price_2,more=price_3.",
    )
    stripe_url: str = _setting("FAIRLEAD_STRIPE_URL", _url, "https://api.stripe.com", "The Stripe API.")
    billing_trial_days: int = _setting(
        "FAIRLEAD_BILLING_TRIAL_DAYS", _whole(0, 365), 14, "Days for which nothing is to be paid at first."
    )
    billing_grace_days: int = _setting(
        "FAIRLEAD_BILLING_GRACE_DAYS",
        _whole(0, 365),
        14,
        "Days for which schedules go on after a payment failed, or the trial ended without a plan.",
    )
    log_format: str = _setting("FAIRLEAD_LOG_FORMAT", _choice("console", "json"), "console", "Form of the log lines.")
    log_level: str = _setting(
        "FAIRLEAD_LOG_LEVEL", _choice("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "The least level that is logged."
    )

    @property
    def https(self) -> bool:
        """Whether people reach the admin by https: cookies are then kept to it."""
        return self.public_url.startswith("https://")


@dataclass(frozen=True, slots=True)
class Description:
    """One setting as the reference shows it."""

    variable: str
    default: str
    help: str


def describe() -> list[Description]:
    """All settings in the order of the dataclass; computed defaults are shown as words."""
    rows = []
    for item in fields(Settings):
        default = "the user's data folder" if item.default is MISSING else item.default
        shown = ",".join(default) if isinstance(default, tuple) else str(default)
        rows.append(Description(item.metadata["variable"], shown, item.metadata["help"]))
    return rows


def load(environ: Mapping[str, str]) -> Settings:
    """Settings from the environment; raises `BadSetting` naming the variable, the value and what is wanted."""
    values = {}
    for item in fields(Settings):
        variable = item.metadata["variable"]
        text = _lookup(environ, variable)
        if text is not None:
            values[item.name] = item.metadata["read"](variable, text)
    settings = Settings(**values)
    if settings.stale_seconds < 2 * settings.heartbeat_seconds:
        raise BadSetting(
            "FAIRLEAD_STALE_SECONDS",
            f"{settings.stale_seconds:g}, less than twice FAIRLEAD_HEARTBEAT_SECONDS",
            f"{2 * settings.heartbeat_seconds:g} or more",
        )
    return settings


def _lookup(environ: Mapping[str, str], variable: str) -> str | None:
    """The value of a variable or of the file its twin names; blank means not set."""
    twin = f"{variable}_FILE"
    text, name = environ.get(variable, "").strip(), environ.get(twin, "").strip()
    if text and name:
        raise BadSetting(twin, f"set beside {variable}", "nothing, or remove the other")
    if not name:
        return text or None
    try:
        content = Path(name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            twin, f"{name!r}, which cannot be read ({type(error).__name__})", "a readable text file"
        ) from error
    if not content:
        raise BadSetting(twin, f"{name!r}, which is empty", "a file that holds the value")
    return content
