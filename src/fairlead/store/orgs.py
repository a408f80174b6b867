"""Which org a request, a command or a job is about. Everybody asks `default_org`; who lets somebody in says it by `within`.

An installation begins with one org. Further ones are added by whoever runs it (`fairlead orgs add`).
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

from django.db import connection, transaction

from fairlead.domain.failure import FixTheSettings
from fairlead.store.models import Org

_MAKING_ORG: Final = 0x0FA2
_current: ContextVar[Org | None] = ContextVar("fairlead_org", default=None)
T = TypeVar("T")


class NoSuchOrg(FixTheSettings):
    """No org has this number or name."""

    code = "FL-650"
    next_step = "`fairlead orgs list` shows those there are."

    def __init__(self, wanted: str) -> None:
        super().__init__(f"There is no org {wanted!r}.")


class OrgNameTaken(FixTheSettings):
    """Another org has this name, or it is no name."""

    code = "FL-651"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} cannot be the name of an org: it is blank, a number, too long, or another's.",
            next_step="Choose another name of at most 120 characters.",
        )


class WhichOrg(FixTheSettings):
    """There are several orgs, and a command does not say which it is about."""

    code = "FL-652"
    next_step = "Say it: `fairlead --org NUMBER …`, or set FAIRLEAD_ORG. `fairlead orgs list` shows them."

    def __init__(self, many: int) -> None:
        super().__init__(f"There are {many} orgs here.")


def default_org() -> Org:
    """The org of this request, command or job; else the first, made on first use. Two first uses at once make one."""
    chosen = _current.get()
    if chosen is not None:
        return chosen
    found = Org.objects.order_by("id").first()
    if found is not None:
        return found
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_MAKING_ORG])
        return Org.objects.order_by("id").first() or Org.objects.create(name="Default")


@contextmanager
def within(org: Org) -> Iterator[None]:
    """What is done inside is about this org."""
    token = _current.set(org)
    try:
        yield
    finally:
        _current.reset(token)


def choose(org: Org) -> None:
    """What this process does from now on is about this org. For commands."""
    _current.set(org)


def kept_within(org: Org, pieces: Iterable[T]) -> Iterator[T]:
    """The same pieces, each made within the org, however late they are asked for."""
    iterator = iter(pieces)
    while True:
        with within(org):
            try:
                piece = next(iterator)
            except StopIteration:
                return
        yield piece


async def kept_within_async(org: Org, pieces: AsyncIterable[T]) -> AsyncIterator[T]:
    """`kept_within` for pieces that are waited for."""
    iterator = aiter(pieces)
    while True:
        with within(org):
            try:
                piece = await anext(iterator)
            except StopAsyncIteration:
                return
        yield piece


def every() -> list[Org]:
    """All orgs, the first one first."""
    return list(Org.objects.order_by("id"))


def find(wanted: str) -> Org:
    """The org of this number or name. Raises NoSuchOrg."""
    found = Org.objects.filter(pk=int(wanted)) if wanted.isdecimal() else Org.objects.filter(name=wanted)
    org = found.first()
    if org is None:
        raise NoSuchOrg(wanted)
    return org


def the_only() -> Org:
    """The org of a command that does not say which. Raises WhichOrg where there are several."""
    if _current.get() is None and (many := Org.objects.count()) > 1:
        raise WhichOrg(many)
    return default_org()


def lock(org_id: int) -> bool:
    """Until the transaction ends nobody else changes what is one of an org, such as its slots; False where it is gone.

    Rows that refer to the org are written meanwhile. Lock the org before a job of it, never after: two that lock in
    different order wait for one another.
    """
    return bool(Org.objects.select_for_update(no_key=True).filter(pk=org_id).values_list("pk"))


def add(name: str) -> Org:
    """A further org, in which nothing is connected yet. Raises OrgNameTaken."""
    default_org()  # the first is there before a second
    with _naming(name) as free:
        return Org.objects.create(name=free)


def rename(org: Org, name: str) -> None:
    """Call an org otherwise; its number stays. Raises OrgNameTaken."""
    with _naming(name, org) as free:
        org.name = free
        org.save(update_fields=["name"])


@contextmanager
def _naming(name: str, org: Org | None = None) -> Iterator[str]:
    """The name as it is kept, while nobody else gives one. Raises OrgNameTaken where it cannot be that org's."""
    name = name.strip()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_MAKING_ORG])
        named = Org.objects.filter(name=name).first()
        taken = named is not None and named != org
        if not name or name.isdecimal() or len(name) > 120 or taken:
            raise OrgNameTaken(name)
        yield name
