"""Each worker looks after every org of the installation: one that cannot be listened to stops no other."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from fairlead import wiring
from fairlead.features.org_changes import listening
from fairlead.store import orgs
from fairlead.sync import standing

PATIENCE = 400


@pytest.mark.django_db(transaction=True)
async def test_every_org_is_looked_at_whatever_one_of_them_does() -> None:
    """The first breaks off, the second is not connected yet, the third comes while the others are listened to."""
    wiring.register_runners()
    first = await sync_to_async(orgs.default_org)()
    second = await sync_to_async(orgs.add)("Second")
    looked: list[int] = []

    def of(org_id: int) -> standing.Standing:
        looked.append(org_id)
        if org_id == first.pk:
            raise RuntimeError("its connections cannot be read")
        return standing.Standing()

    standing.provide(of)
    task = asyncio.create_task(listening.listen(0.02))
    try:
        await until(lambda: {first.pk, second.pk} <= set(looked))
        third = await sync_to_async(orgs.add)("Third")
        await until(lambda: third.pk in looked and looked.count(first.pk) > 1)
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(truth) -> None:
    for _ in range(PATIENCE):
        if truth():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(truth)
