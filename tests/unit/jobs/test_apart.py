"""Kinds of jobs that must not run side by side."""

from collections.abc import Iterator

import pytest

from fairlead.jobs import api, registry
from fairlead.jobs.dispatch import dispatch
from fairlead.jobs.models import Job, State


async def _nothing(context: object) -> None:
    pass


@pytest.fixture(autouse=True)
def kinds() -> Iterator[None]:
    registry.register("whole", "Whole", _nothing)
    registry.register("part", "Part", _nothing, apart_from=("whole",))
    yield
    del registry._entries["whole"], registry._entries["part"]


def _queued() -> list[str]:
    return list(Job.objects.filter(state=State.QUEUED).order_by("id").values_list("key", flat=True))


def _end(key: str) -> None:
    job = Job.objects.get(key=key, state=State.QUEUED)
    Job.objects.filter(pk=job.pk).update(state=State.DONE)
    dispatch(job.org_id)


def test_parts_run_side_by_side_and_never_beside_the_whole(org):
    """Whichever comes first, the other waits for its end."""
    for kind, key in (("part", "a"), ("part", "b"), ("whole", "w")):
        api.ask(org, kind, key=key)
    assert _queued() == ["a", "b"]
    _end("a")
    assert _queued() == ["b"]
    _end("b")
    assert _queued() == ["w"]


def test_what_waits_first_is_not_overtaken_for_ever(org):
    """A part that is asked for while the whole waits goes after it; other kinds pass."""
    for kind, key in (("part", "a"), ("whole", "w"), ("part", "c"), ("other", "o")):
        api.ask(org, kind, key=key)
    assert _queued() == ["a", "o"]
    _end("a")
    assert sorted(_queued()) == ["o", "w"]
    _end("w")
    assert sorted(_queued()) == ["c", "o"]


def test_both_kinds_know_of_it_though_one_has_said_it():
    assert registry.apart("part") == {"whole"}
    assert registry.apart("whole") == {"part"}
    assert registry.apart("other") == frozenset()
