"""What the flows of opt status need of the book that remembers. Addresses are keyed hashes (32 bytes) throughout."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from fairlead.domain.consent import Evidence, Opt, Shadow
from fairlead.domain.consent_book import Answer, Entry, Settled, ToReview


class ConsentBook(Protocol):
    """Shadow, evidence, history and reviews of one org, by client.

    Fakes and tables obey one suite (`tests/conformance/test_shadow.py`). All but `settle` are transactions of their own.
    """

    async def scope(self, client: str) -> str:
        """`consent_guard.scope_hash` of the last commit; blank before the first. Raises ShadowOfAnotherKey."""
        ...

    async def counts(self, client: str) -> Mapping[Opt, int]:
        """How many addresses are agreed in and out, with those whose records are gone."""
        ...

    async def shadows(self, client: str, addresses: Collection[bytes]) -> Mapping[bytes, Shadow]:
        """What is remembered of these addresses. Raises ShadowOfAnotherKey."""
        ...

    async def record(self, client: str, address: bytes, evidence: Evidence) -> Evidence:
        """Keep a consent, and give it with its id. The same one (side, basis, source, moment) is kept once."""
        ...

    async def evidence(self, client: str, addresses: Collection[bytes]) -> Mapping[bytes, Sequence[Evidence]]:
        """Consents that no commit has used, the oldest first."""
        ...

    async def unseen(self, client: str, events: Collection[bytes]) -> Collection[bytes]:
        """Of these keys of events those that no commit has used: what an overlap reads again is known here."""
        ...

    async def start(self, client: str, addresses: Collection[bytes], job: str, at: datetime) -> None:
        """A write of these addresses is about to be sent: until it is settled or dropped they are not compared.

        Raises ShadowMoved where another job has one of them in flight.
        """
        ...

    async def in_flight(self, client: str) -> Mapping[str, Collection[bytes]]:
        """Addresses by the job that has them in flight: asked for first after a restart."""
        ...

    async def drop(self, client: str, job: str) -> None:
        """A job is known to have ended without anything to commit: its addresses are compared again."""
        ...

    def settle(self, client: str, settled: Sequence[Settled], *, job: str, at: datetime, scope: str = "") -> None:
        """Commit decisions that were carried out. Called in the transaction that moves the cursor (`Flow.also`).

        All or none: raises ShadowMoved where one address is no longer as it was read. `scope` blank leaves it.
        """
        ...

    async def commit(self, client: str, settled: Sequence[Settled], *, job: str, at: datetime) -> None:
        """`settle` in a transaction of its own: for the careful lane, which moves no cursor."""
        ...

    async def forget_events(self, client: str, before: datetime) -> None:
        """Forget events that happened before any overlap; shadows, consents and history stay."""
        ...

    async def history(self, client: str, address: bytes) -> Sequence[Entry]:
        """What was decided about an address and why, the latest first."""
        ...

    async def reviews(self, client: str, *, decided: bool = False) -> Sequence[ToReview]:
        """What waits for a person, or was decided, the oldest first."""
        ...

    async def answer(self, client: str, review: int, answer: Answer, *, by: str, at: datetime) -> None:
        """Note what a person (`by`, an id) decided; a contested address is released. Raises ReviewAnswered."""
        ...
