"""`fairlead demo`: two local sides, the real service between them, and with `--once` a check of every record."""

import asyncio
import fcntl
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlead.cli import demo_emulators, follow, parts, show, supervise
from fairlead.cli.demo_emulators import Emulators
from fairlead.cli.edge import Exit
from fairlead.cli.house import open_house, org, settings
from fairlead.domain.failure import FixTheSettings

if TYPE_CHECKING:
    from fairlead.jobs.models import Job

WHO = "demo"
LOG = "fairlead.log"
WORKER_WITHIN = 60.0
"""Seconds in which the worker has to be there."""


class DemoRuns(FixTheSettings):
    """Two demos would wipe each other's data."""

    code = "FL-343"
    next_step = "Stop it with Ctrl-C, then try again."


@dataclass(frozen=True, slots=True)
class Demo:
    """What was asked for. Ports: 0 means any free one."""

    once: bool
    seed: str
    port: int
    emulator_ports: tuple[int, int]
    quiet: bool


def run_demo(wanted: Demo) -> int:
    """Run it; the exit code. Ctrl-C ends it well."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            return _run(wanted, stack)
    except KeyboardInterrupt:
        _say(wanted)("Stopped.")
        return Exit.FAILED if wanted.once else Exit.DONE


def _say(wanted: Demo) -> Callable[[str], None]:
    return show.console(errors=wanted.quiet).print


def _run(wanted: Demo, stack: ExitStack) -> int:
    say, began = _say(wanted), time.monotonic()
    home = stack.enter_context(_own_home())
    say(f"Starting a local Campaign Monitor account and a local Salesforce org (seed {wanted.seed}) …")
    emulators = demo_emulators.start(wanted.emulator_ports, wanted.seed)
    stack.callback(emulators.stop)
    port = parts.choose_port("127.0.0.1", wanted.port)
    _point_here(home, port, emulators)
    say("Starting PostgreSQL, the admin and a worker …")
    open_house()
    stack.enter_context(_running(home))
    say("Connecting both sides and deploying Fairlead's objects into the org …")
    layouts = _connect(emulators)
    say(f"Fairlead's buttons and related lists are on {len(layouts)} page layouts: {', '.join(layouts)}.")
    say(f"Ready after {time.monotonic() - began:.0f} s. The first primary sync:")
    job = _sync(wanted)
    told: dict[str, Any] = {"layouts": layouts, "first": _facts(job)}
    code = Exit.DONE
    if job.state != "done":
        say(f"The log of the worker is in {home / LOG}.")
        code = Exit.FAILED
    elif wanted.once:
        from fairlead.cli.demo_once import go_on

        code = go_on(emulators, lambda: _sync(wanted), say, told)
    ready = {"url": parts.public_url(), **{side: emulators.url(side) for side in ("salesforce", "campaign_monitor")}}
    if wanted.quiet:
        show.document({"ok": code == Exit.DONE, **ready, **told})
    if not wanted.once:
        _stay(say, ready)
    return code


@contextmanager
def _own_home() -> Iterator[Path]:
    """The demo's data folder, wiped; nobody else's while it runs. Settings of a real deployment are put out of sight."""
    from fairlead.store import postgres

    base = settings().home
    home = base / "demo" if "FAIRLEAD_HOME" in os.environ else base.with_name(f"{base.name}-demo")
    for name in [name for name in os.environ if name.startswith("FAIRLEAD_")]:
        del os.environ[name]
    home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with home.with_name(f"{home.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoRuns(f"A demo already runs with the data folder {home}.") from None
        postgres.destroy(home)
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o700)
        try:
            yield home
        finally:
            postgres.leave(home)


def _point_here(home: Path, port: int, emulators: Emulators) -> None:
    os.environ.update(
        FAIRLEAD_HOME=str(home),
        FAIRLEAD_CAMPAIGN_MONITOR_URL=emulators.url("campaign_monitor"),
        FAIRLEAD_SALESFORCE_LOGIN_URL=emulators.url("salesforce"),
        FAIRLEAD_SALESFORCE_EVENTS_URL=f"http://{emulators.line['salesforce']['events']}",
        FAIRLEAD_TICK_SECONDS="1",
    )
    parts.set_addresses("127.0.0.1", port)


@contextmanager
def _running(home: Path) -> Iterator[None]:
    """Admin and worker as processes of their own, watched; their log lines go to a file of the data folder."""
    log = home / LOG
    started: dict[str, Any] = {}
    ready = threading.Event()

    async def work() -> None:
        stop = asyncio.Event()
        started.update(loop=asyncio.get_running_loop(), stop=stop)
        ready.set()
        with log.open("ab") as file:

            def note(text: str) -> None:
                file.write(f"{text}\n".encode())

            await supervise.supervise(parts.children(file), stop, note)

    thread = threading.Thread(target=lambda: asyncio.run(work()), name="parts")
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        started["loop"].call_soon_threadsafe(started["stop"].set)
        thread.join()


def _connect(emulators: Emulators) -> list[str]:
    """Connect both sides and install in the org; the layouts that got what is ours."""
    from fairlead.cli.salesforce import install_now
    from fairlead.features.connections import connecting, logins
    from fairlead.features.connections.credentials import AccountKey, OrgApp

    found, account, crm = settings(), emulators.line["campaign_monitor"], emulators.line["salesforce"]
    key, app = AccountKey(account["api_key"]), OrgApp(crm["client_id"], crm["client_secret"])
    clients = asyncio.run(connecting.read_clients(found.campaign_monitor_url, logins.to_account(org(), key)))
    connecting.store_campaign_monitor(org(), found.campaign_monitor_url, key, clients, (), WHO)
    told = asyncio.run(connecting.read_org(logins.to_org(org(), found.salesforce_login_url, app)))
    connecting.store_salesforce(org(), found.salesforce_login_url, app, told, WHO)
    return install_now()


def _sync(wanted: Demo) -> "Job":
    from fairlead.features.primary_sync import rules
    from fairlead.jobs import api

    job = follow.follow(api.ask(org(), rules.KIND, by=WHO).number, quiet=wanted.quiet, give_up=WORKER_WITHIN)
    if not wanted.quiet:
        follow.tell(job)
    return job


def _facts(job: "Job") -> dict[str, Any]:
    return {
        "state": job.state,
        "seconds": follow.seconds(job),
        "counts": job.counts,
        "reason": job.reason,
        "refused": follow.refusals(job),
    }


def _stay(say: Callable[..., None], ready: dict[str, str]) -> None:
    from fairlead.features.primary_sync import rules
    from fairlead.jobs import schedules

    schedules.set_frequency(org(), rules.KIND, "hourly", WHO)
    say("\nWhere to look:")
    say(f"  the admin, signed in, once    {parts.sign_in_link() or ready['url']}", soft_wrap=True)
    say(f"  the Salesforce explorer       {ready['salesforce']}/")
    say(f"  the Campaign Monitor explorer {ready['campaign_monitor']}/")
    say("The next sync comes at the full hour. Ctrl-C stops everything.")
    while True:
        time.sleep(3600)
