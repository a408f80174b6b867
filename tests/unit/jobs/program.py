"""Worker programs that the tests start as processes of their own: `python program.py RUNNER`."""

import asyncio
import os
import sys
import time
from pathlib import Path

from fairlead import settings
from fairlead.store import boot


async def write_once(context):
    """Writes a line a step; the second process goes on to the end."""

    out = Path(context.args["out"])
    await context.stages([("work", "Work")])
    with out.open("a") as file:
        file.write(f"begin {context.attempt} {os.getpid()}\n")
    if context.attempt == 1:
        await asyncio.sleep(600)
    await context.stage("work", state="done", done=1)
    with out.open("a") as file:
        file.write(f"end {context.attempt} {os.getpid()}\n")


async def stall(context):
    """Stops its own process in the first attempt (SIGSTOP by the test), and tries to commit when it wakes up."""
    from django.db import transaction

    from fairlead.jobs.context import StaleAttempt, in_database
    from fairlead.store.models import AuditEntry

    out = Path(context.args["out"])
    with out.open("a") as file:
        file.write(f"begin {context.attempt} {os.getpid()}\n")
    if context.attempt == 1:
        time.sleep(float(context.args["blocked"]))

    def commit():
        with transaction.atomic():
            context.fence()
            AuditEntry.objects.create(org_id=context.org_id, who="runner", what="commit", subject=str(context.attempt))

    try:
        await in_database(commit)
        word = "committed"
    except StaleAttempt:
        word = "refused"
        raise
    finally:
        with out.open("a") as file:
            file.write(f"{word} {context.attempt} {os.getpid()}\n")


async def patient(context):
    """Runs until it is cancelled or its process is told to stop."""
    out = Path(context.args["out"])
    with out.open("a") as file:
        file.write(f"begin {context.attempt} {os.getpid()}\n")
    for _ in range(6000):
        await context.check_cancelled()
        await asyncio.sleep(0.05)
        if Path(context.args["out"] + ".go").exists():
            break
    with out.open("a") as file:
        file.write(f"end {context.attempt} {os.getpid()}\n")


def main():
    values = settings.load(os.environ)
    boot.prepare(values.home, embedded=not values.database_url, make_key=not values.secret_keys)
    from fairlead.jobs import registry
    from fairlead.jobs.worker import run_worker

    for runner in (write_once, stall, patient):
        registry.register(runner.__name__, runner.__name__, runner)
    asyncio.run(run_worker())


if __name__ == "__main__":
    sys.exit(main())
