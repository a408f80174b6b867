"""Worker programs that the tests start as processes of their own: `python program.py RUNNER`."""

import asyncio
import os
import sys
import time
from pathlib import Path

from fairlead import settings
from fairlead.store import boot


def say(context, word):
    with Path(context.args["out"]).open("a") as file:
        file.write(f"{word} {context.attempt} {os.getpid()}\n")


def may_end(context):
    return Path(context.args["out"] + ".go").exists()


async def write_once(context):
    """Waits to be killed in its first attempt; the second goes on to the end."""
    await context.stages([("work", "Work")])
    say(context, "begin")
    if context.attempt == 1:
        await asyncio.sleep(600)
    await context.stage("work", state="done", done=1)
    say(context, "end")


def block_the_loop(seconds):
    time.sleep(seconds)


async def stall(context):
    """Blocks its process in the first attempt (the test stops it meanwhile), and then tries to commit."""
    from django.db import transaction

    from fairlead.jobs.context import StaleAttempt, in_database
    from fairlead.store.models import AuditEntry

    def commit():
        with transaction.atomic():
            context.fence()
            AuditEntry.objects.create(org_id=context.org_id, who="runner", what="commit", subject=str(context.attempt))

    say(context, "begin")
    if context.attempt == 1:
        block_the_loop(float(context.args["blocked"]))
    try:
        await in_database(commit)
    except StaleAttempt:
        say(context, "refused")
        raise
    say(context, "committed")


async def busy(context):
    """Page work: the loop is blocked again and again, and gets its turn in between."""
    say(context, "begin")
    for _ in range(context.args["slices"]):
        block_the_loop(context.args["blocked"])
        await asyncio.sleep(0)
    say(context, "end")


async def patient(context):
    """Runs until it may end, is cancelled, or its process is told to stop."""
    say(context, "begin")
    for _ in range(6000):
        await context.check_cancelled()
        await asyncio.sleep(0.05)
        if may_end(context):
            break
    say(context, "end")


def main():
    values = settings.load(os.environ)
    boot.prepare(values.home, embedded=not values.database_url, make_key=not values.secret_keys)
    from fairlead.jobs import registry
    from fairlead.jobs.worker import run_worker

    for runner in (write_once, stall, busy, patient):
        registry.register(runner.__name__, runner.__name__, runner)
    asyncio.run(run_worker())


if __name__ == "__main__":
    sys.exit(main())
