"""The life of a subscriber: what each event does to its state and to the suppression list."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from fairlead_emulators.campaignmonitor.audience.entries import (
    NOTHING,
    Change,
    Entry,
    check_address,
    check_entry,
    check_mobile,
)
from fairlead_emulators.campaignmonitor.audience.fields import LONGEST_VALUE, Pairs, Sent, fields_of, merge
from fairlead_emulators.campaignmonitor.audience.rows import write
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Client, Store, Subscriber, SubscriberList
from fairlead_emulators.campaignmonitor.switches import Switches
from fairlead_emulators.clock import Clock

_REFUSED_ON: Final = {"Deleted": 205, "Unsubscribed": 206, "Bounced": 207, "Unconfirmed": 208}


__all__ = ["Change", "Entry", "Life", "check_address"]


class Life:
    """Carries out events on one account's store. Every method is one transaction."""

    def __init__(self, store: Store, clock: Clock, switches: Switches) -> None:
        self._store = store
        self._clock = clock
        self._switches = switches
        self._watchers: list[Callable[[Change], None]] = []

    def watch(self, watcher: Callable[[Change], None]) -> None:
        """Tells of every change from now on, within the change's transaction; seeding is not told."""
        self._watchers.append(watcher)

    def _keep(
        self,
        on: SubscriberList,
        old: Subscriber | None,
        new: Subscriber,
        *,
        at: float | None = None,
        said: Entry = NOTHING,
    ) -> None:
        write(self._store, new, self._client(on).zone, instead_of=old.address if old else None)
        if old is not None and old.state != new.state == "Active":
            self.active(on, new.address)
        change = Change(on, old, new, self._now() if at is None else at, said.ip, said.restart, said.quiet)
        for each in self._watchers:
            each(change)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _client(self, of: SubscriberList) -> Client:
        found = self._store.client(of.client)
        assert found is not None, "a list always has its client"
        return found

    @fact("add-rules")
    @fact("add-refused")
    def add(self, to: SubscriberList, entry: Entry, *, resubscribe: bool, at: float | None = None) -> bool:
        """Adds or updates; True when it is new. Raises Refusal 1, 204–208, 220, 221, 810."""
        now = self._now() if at is None else at
        refusal = None
        with self._store.transaction():
            try:
                old, new = self._added(to, entry, resubscribe, now)
            except Refusal as refused:
                old = self._store.subscriber(to.n, entry.address.strip())
                if (
                    old is None
                    or refused.code not in _REFUSED_ON.values()
                    or not self._switches.on("refused_add_updates")
                ):
                    raise
                refusal, new = refused, self._filled(to, old, entry)
            self._keep(to, old, new, at=now, said=entry)
            self._keep_consent(self._client(to), new.address, entry.consent)
        if refusal:
            raise refusal
        return old is None

    def check_add(self, to: SubscriberList, entry: Entry, *, resubscribe: bool) -> None:
        """Raises what `add` would raise, and changes nothing."""
        self._added(to, entry, resubscribe, self._now())

    def _added(
        self, to: SubscriberList, entry: Entry, resubscribe: bool, now: float
    ) -> tuple[Subscriber | None, Subscriber]:
        address = check_entry(entry)
        old = self._store.subscriber(to.n, address)
        if old is None:
            self._check_never_listed(to, address, resubscribe)
            new = Subscriber(to.n, address, "", "Unconfirmed" if to.confirmed_opt_in else "Active", now, now)
        elif old.state == "Active":
            new = old
        elif resubscribe:
            new = replace(old, state="Active", state_at=now)
        else:
            raise Refusal(self._refusal(to, old))
        return old, self._filled(to, new, entry)

    @fact("add-suppressed")
    def _check_never_listed(self, to: SubscriberList, address: str, resubscribe: bool) -> None:
        heeded = to.client_wide and self._switches.word("never_listed_suppressed") == "refused"
        if heeded and not resubscribe and self.suppressed(to.client, address):
            raise Refusal(204)

    def _refusal(self, to: SubscriberList, old: Subscriber) -> int:
        if old.state == "Deleted" and to.client_wide and self.suppressed(to.client, old.address):
            return 204
        return _REFUSED_ON[old.state]

    @fact("update-rules")
    def update(self, of: SubscriberList, old_address: str, entry: Entry) -> None:
        """Changes a subscriber in whatever state. Raises Refusal 1, 201, 203, 211, 220, 810."""
        old_address = check_address(old_address)
        address = check_address(entry.address or old_address, code=211)
        client = self._client(of)
        with self._store.transaction():
            old = self._store.subscriber(of.n, old_address)
            if old is None:
                raise Refusal(203)
            if address.lower() != old.key and self._store.subscriber(of.n, address):
                raise Refusal(201)
            self._keep(of, old, self._filled(of, replace(old, address=address), entry), said=entry)
            self._keep_consent(client, address, entry.consent)

    def _filled(self, on: SubscriberList, base: Subscriber, entry: Entry) -> Subscriber:
        check_mobile(entry.mobile)
        return replace(
            base,
            name=base.name if entry.name is None else entry.name,
            mobile=base.mobile if entry.mobile is None else entry.mobile,
            sms=base.sms if entry.sms is None else entry.sms,
            fields=self._merged(on, base, entry.sent) if entry.sent else base.fields,
        )

    @fact("long-values")
    def _merged(self, on: SubscriberList, base: Subscriber, sent: Sequence[Sent]) -> Pairs:
        if self._switches.word("long_values") == "cut":
            sent = [replace(each, value=each.value[:LONGEST_VALUE]) for each in sent]
        return merge(fields_of(self._store, on.n), base.fields, sent)

    @fact("consent-client-wide")
    def _keep_consent(self, client: Client, address: str, consent: str | None) -> None:
        if consent in ("Yes", "No"):
            self._store.db.execute(
                "INSERT OR REPLACE INTO consents VALUES (?, ?, ?)", (client.id, address.lower(), consent)
            )
            for each in self._store.lists(client.id):
                self._store.touch(each.n)

    def consent(self, client: str, address: str) -> str:
        """Yes or No; an address about which nothing was said counts as Yes."""
        found = self._store.db.execute(
            "SELECT consent FROM consents WHERE client = ? AND key = ?", (client, address.lower())
        ).fetchone()
        return str(found[0]) if found else "Yes"

    @fact("unsubscribe-scope")
    @fact("unsubscribe-again")
    def unsubscribe(self, of: SubscriberList, address: str, *, at: float | None = None) -> None:
        """Opts out: here, or on all lists of the client that heed its suppressions. Raises Refusal 1, 203."""
        address = check_address(address)
        now = self._now() if at is None else at
        with self._store.transaction():
            old = self._store.subscriber(of.n, address)
            if old is None or old.state == "Deleted":
                raise Refusal(203)
            if old.state == "Unsubscribed":
                if self._switches.word("unsubscribe_again") == "refused":
                    raise Refusal(203)
                return
            self._move(of, old, "Unsubscribed", now)
            if of.client_wide:
                self._suppress(of.client, old.address, now, "Unsubscribed")

    @fact("delete-rules")
    def delete(self, of: SubscriberList, address: str, *, at: float | None = None) -> None:
        """Moves to Deleted; not suppressed. Raises Refusal 1, 203."""
        old = self._store.subscriber(of.n, check_address(address))
        if old is None or old.state == "Deleted":
            raise Refusal(203)
        with self._store.transaction():
            self._move(of, old, "Deleted", self._now() if at is None else at)

    @fact("hard-bounce")
    def bounce(self, of: SubscriberList, address: str, *, at: float | None = None) -> None:
        """A hard bounce: Bounced and suppressed. Raises Refusal 1, 203."""
        now = self._now() if at is None else at
        old = self._store.subscriber(of.n, check_address(address))
        if old is None or old.state in ("Bounced", "Deleted"):
            raise Refusal(203)
        with self._store.transaction():
            self._move(of, old, "Bounced", now)
            self._entry(of.client, old.address, now, "Bounced")

    @fact("soft-bounces")
    @fact("soft-bounces-list")
    def soft_bounce(self, of: SubscriberList, address: str, *, at: float | None = None) -> None:
        """A soft bounce; after some without activity in between it becomes Bounced. Raises Refusal 1, 203."""
        old = self._store.subscriber(of.n, check_address(address))
        if old is None or old.state != "Active":
            raise Refusal(203)
        with self._store.transaction():
            (count,) = self._store.db.execute(
                "INSERT INTO soft_bounces VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count",
                (of.n, old.key),
            ).fetchone()
            if count < self._switches.number("soft_bounce_limit"):
                return
            self.active(of, address)
            now = self._now() if at is None else at
            self._move(of, old, "Bounced", now)
            if self._switches.on("soft_bounces_suppress"):
                self._entry(of.client, old.address, now, "Bounced")

    def active(self, of: SubscriberList, address: str) -> None:
        """The subscriber opened or clicked: soft bounces are counted anew."""
        self._store.db.execute("DELETE FROM soft_bounces WHERE list = ? AND key = ?", (of.n, address.lower()))

    @fact("complaint")
    def complain(self, of: SubscriberList, address: str, *, at: float | None = None) -> None:
        """A spam complaint: inactive and suppressed. Raises Refusal 1, 203."""
        now = self._now() if at is None else at
        old = self._store.subscriber(of.n, check_address(address))
        if old is None or old.state not in ("Active", "Unconfirmed"):
            raise Refusal(203)
        with self._store.transaction():
            self._move(of, old, self._switches.word("complaint_state"), now)
            self._suppress(of.client, old.address, now, "Unsubscribed")

    def confirm(self, of: SubscriberList, address: str, *, at: float | None = None) -> None:
        """The subscriber confirms its opt-in. Raises Refusal 1, 203."""
        old = self._store.subscriber(of.n, check_address(address))
        if old is None or old.state != "Unconfirmed":
            raise Refusal(203)
        with self._store.transaction():
            self._move(of, old, "Active", self._now() if at is None else at)

    def opt_out_here(self, of: SubscriberList, old: Subscriber) -> None:
        """Moves to Unsubscribed on this list alone."""
        with self._store.transaction():
            self._move(of, old, "Unsubscribed", self._now())

    def _move(self, of: SubscriberList, old: Subscriber, state: str, at: float) -> None:
        self._keep(of, old, replace(old, state=state, state_at=at), at=at)

    @fact("suppress")
    def suppress(self, client: str, address: str) -> None:
        """Adds to the client's suppression list and takes it off the lists that heed it. Raises Refusal 1."""
        address = check_address(address)
        with self._store.transaction():
            self._suppress(client, address, self._now(), "Unsubscribed")

    def _suppress(self, client: str, address: str, at: float, reason: str) -> None:
        self._entry(client, address, at, reason)
        for each in self._store.lists(client):
            found = self._store.subscriber(each.n, address) if each.client_wide else None
            if found is not None and found.state in ("Active", "Unconfirmed"):
                self._move(each, found, "Unsubscribed", at)

    def _entry(self, client: str, address: str, at: float, reason: str) -> None:
        self._store.db.execute(
            "INSERT OR IGNORE INTO suppressions VALUES (?, ?, ?, ?, ?)",
            (client, address.lower(), address, at, reason),
        )

    def suppressed(self, client: str, address: str) -> bool:
        """Whether the client's suppression list has the address."""
        found = self._store.db.execute(
            "SELECT 1 FROM suppressions WHERE client = ? AND key = ?", (client, address.lower())
        )
        return found.fetchone() is not None

    def unsuppress(self, client: str, address: str) -> None:
        """Takes an address off the suppression list. Raises Refusal 1, 176."""
        address = check_address(address)
        with self._store.transaction():
            gone = self._store.db.execute(
                "DELETE FROM suppressions WHERE client = ? AND key = ?", (client, address.lower())
            )
        if not gone.rowcount:
            raise Refusal(176)
