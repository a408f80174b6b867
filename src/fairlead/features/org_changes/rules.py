"""What the run over changes in Salesforce decides: which records to read, which are due to whom, and when to look again.

Nothing here reads or writes. A moment is aware, in UTC; a record maps field paths to values as the query gave them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fairlead.domain.failure import FixTheSettings, RefusedByGuard

KIND: Final = "org_changes"
TITLE: Final = "Changes in Salesforce"
STAGE_OF_READING: Final = "Changed records"

OVERLAP: Final = timedelta(minutes=10)
"""So much before the cursor is read again: a change may be committed later than the moment that it bears."""

STAMP: Final = "SystemModstamp"
CREATED: Final = "CreatedDate"
DELETED: Final = "IsDeleted"
MASTER: Final = "MasterRecordId"
PARENT_STAMP: Final = "Account.SystemModstamp"
EMAIL: Final = "Email"


class FieldsMissing(FixTheSettings):
    """Fields that a mapping or rule names are not there, or hidden from the sync user."""

    code = "FL-390"
    next_step = "Let the sync user read them in Salesforce, or take them out of the mapping or rule that names them."

    def __init__(self, title: str, object: str, missing: Iterable[str]) -> None:
        names = ", ".join(sorted(missing))
        super().__init__(f"“{title}” needs fields that {object} does not show: {names}.")


class NothingReacts(FixTheSettings):
    """A reaction was named that there is not."""

    code = "FL-391"

    def __init__(self, name: str, known: Collection[str]) -> None:
        there = ", ".join(sorted(known)) or "none"
        super().__init__(f"Nothing called {name!r} reacts to changes.", next_step=f"Those that there are: {there}.")


class Paused(RefusedByGuard):
    """The switch that pauses everything to Campaign Monitor is on."""

    code = "FL-545"
    next_step = "Turn “Pause everything to Campaign Monitor” off; what waits is done then."

    def __init__(self) -> None:
        super().__init__("Everything to Campaign Monitor is paused.")


class SandboxHeld(RefusedByGuard):
    """A sandbox is connected to a Campaign Monitor account that a production org uses."""

    code = "FL-547"
    next_step = (
        "Connect the sandbox to an account of its own. If it shall write to this one, confirm it on the page Changes in "
        "Salesforce, or with `fairlead changes confirm-sandbox`."
    )

    def __init__(self, used_by: str) -> None:
        super().__init__(
            "Nothing is written to Campaign Monitor: this Salesforce org is a sandbox, and the account is used by the "
            f"production org {used_by}."
        )


class NotHeld(FixTheSettings):
    """There is nothing to confirm."""

    code = "FL-132"
    next_step = "Nothing needs to be done."

    def __init__(self) -> None:
        super().__init__("No sandbox is held.")


MARKS: Final = "https://in-use.fairlead.invalid/"
"""Marks are addresses below it; a host of this ending exists nowhere (RFC 2606)."""


def mark_of(org_id: str, *, sandbox: bool) -> str:
    """The address by which an org (18 characters) marks a list of the account."""
    return f"{MARKS}{'sandbox' if sandbox else 'production'}/{org_id}"


def users_of(urls: Iterable[str]) -> set[str]:
    """The production orgs whose marks are among the addresses of webhooks."""
    before = mark_of("", sandbox=False)
    found = {url.removeprefix(before) for url in urls if url.startswith(before)}
    return {one for one in found if len(one) == 18 and one.isalnum()}


def used_by(orgs: Iterable[str], own: str) -> str:
    """Another org than our own that uses the account; blank for none."""
    return min((one for one in orgs if one[:15] != own[:15]), default="")


def moment(text: Any) -> datetime:
    """A moment as Salesforce writes it. Blank is long ago: an account that a contact does not have never changed."""
    return datetime.fromisoformat(str(text)).astimezone(UTC) if text else datetime.min.replace(tzinfo=UTC)


def literal(at: datetime) -> str:
    """A moment as SOQL takes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def flat(record: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """A record as nested by the query, by field paths; what hangs on a missing parent is None."""
    found: dict[str, Any] = {}
    for path in paths:
        value: Any = record
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        found[path] = value
    return found


def typed(text: str, kind: str) -> Any:
    """A text of a bulk query as a query would have given it; `kind` is the field's type as the org describes it."""
    if text == "":
        return None
    if kind == "boolean":
        return text == "true"
    if kind in ("double", "currency", "percent"):
        return float(text)
    return int(text) if kind in ("int", "long") else text


def last_change(record: Mapping[str, Any], *, by_account: bool) -> datetime:
    """When the record changed last, or, where accounts count, the account that is read with it."""
    own = moment(record.get(STAMP))
    return max(own, moment(record.get(PARENT_STAMP))) if by_account else own


def looked_at(paths: Iterable[str], *, by_account: bool) -> list[str]:
    """The fields that tell whether a record is as it was: its stamps, that it is deleted, and what is asked for.

    Stamps are whole seconds: the values tell of a second change within the same one. Values of the account count only
    where accounts do.
    """
    asked = {path for path in paths if by_account or not path.startswith("Account.")}
    return [STAMP, DELETED, MASTER, *([PARENT_STAMP] if by_account else []), *sorted(asked - {STAMP, PARENT_STAMP})]


def contents(record: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """These fields as texts."""
    return [text(record.get(name)) for name in names]


def text(value: Any) -> str:
    """A value as a text that tells it apart from others; null is blank."""
    return "" if value is None else str(value)


def is_new(record: Mapping[str, Any], since: datetime, *, known: bool) -> bool:
    """Whether it was made since what was read last. `known`: it was handed over before."""
    return not known and moment(record.get(CREATED)) >= since


def remember_from(until: datetime) -> datetime:
    """What bears an earlier moment is not read again, so that nothing of it need be remembered."""
    return until - OVERLAP


@dataclass(frozen=True, slots=True)
class Window:
    """What is read of an object: changes at or after `since`; everything that is there for None."""

    since: datetime | None

    def own(self) -> str:
        """The condition for records that changed themselves."""
        return f" WHERE {STAMP} >= {literal(self.since)}" if self.since else ""

    def by_account(self) -> str:
        """The condition for contacts of which only the account changed. Only for a window with a beginning."""
        assert self.since is not None
        at = literal(self.since)
        return f" WHERE {STAMP} < {at} AND AccountId IN (SELECT Id FROM Account WHERE {STAMP} >= {at})"


class Burst:
    """Changes come in bursts: one run is asked for when they have been quiet for a while, or have gone on for long.

    Times are seconds of any steady clock. `begin` is the first change that no run was asked for yet.
    """

    QUIET: Final = 2.0
    LONGEST: Final = 20.0

    def __init__(self, quiet: float = QUIET, longest: float = LONGEST) -> None:
        self._quiet, self._longest = quiet, longest
        self.begin: float | None = None
        self._last = 0.0

    def note(self, now: float) -> None:
        """Something changed."""
        self.begin = now if self.begin is None else self.begin
        self._last = now

    def wait(self, now: float) -> float | None:
        """Seconds until a run is to be asked for; None while nothing has changed."""
        if self.begin is None:
            return None
        return max(0.0, min(self._last + self._quiet, self.begin + self._longest) - now)

    def asked(self) -> None:
        """A run was asked for: it reads what was noted until now."""
        self.begin = None


def args_of(names: Collection[str], *, whole: bool) -> dict[str, Any]:
    """The arguments of a job over these reactions; over all for no names."""
    args: dict[str, Any] = {"whole": True} if whole else {}
    return {**args, "reactions": sorted(names)} if names else args
