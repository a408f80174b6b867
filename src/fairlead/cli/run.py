"""Commands that run something until they are stopped: up, web, worker, emulators, demo; and migrate."""

import asyncio
import os
import sys
from typing import Annotated

import typer

from fairlead.cli import beating, show, supervise
from fairlead.cli.house import open_house, settings
from fairlead.cli.show import AsJson
from fairlead.store import tracing

Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port of the admin; 0: any free one. Default: FAIRLEAD_PORT.")
]
Check = Annotated[
    bool, typer.Option("--check", help="Start nothing: end with 0 if one runs well on this machine, else with 1.")
]


def up(port: Port = None, as_json: AsJson = False) -> None:
    """Run everything: database, admin, one worker. Until Ctrl-C."""
    from fairlead.cli import parts

    found = settings()
    chosen = parts.choose_port(found.host, found.port if port is None else port)
    parts.set_addresses(found.host, chosen)
    found = open_house(log_level=found.log_level)
    out = show.console(errors=True)

    link = parts.sign_in_link()

    async def work() -> None:
        stop = asyncio.Event()
        supervise.stop_on_signals(stop)
        running = asyncio.create_task(supervise.supervise(parts.children(), stop, out.print))
        if await parts.answers(found.host, chosen, stop):
            ready = {"ok": True, "url": parts.public_url(), "sign_in": link}
            show.document(ready) if as_json else parts.welcome(ready)
        elif not stop.is_set():
            out.print(f"The admin does not answer on port {chosen}: its lines above say why. Jobs run all the same.")
        await running

    asyncio.run(work())


def web(port: Port = None, check: Check = False, as_json: AsJson = False) -> None:
    """Run the admin's pages. Until Ctrl-C."""
    if check:
        beating.check_web(port, as_json=as_json)
        return
    supervise.leave_with_parent()
    found = settings()
    found = open_house(log_level=found.log_level)
    tracing.configure(os.environ)
    import uvicorn

    if as_json:
        show.document({"ok": True, "host": found.host, "port": found.port if port is None else port})
    uvicorn.run(
        "fairlead.web.asgi:application",
        host=found.host,
        port=found.port if port is None else port,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=5,
    )


def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=100, help="Jobs at once. Default: FAIRLEAD_CONCURRENCY.")
    ] = None,
    check: Check = False,
    as_json: AsJson = False,
) -> None:
    """Run jobs as they fall due. Any number of workers may run, on any number of machines. Until Ctrl-C."""
    if check:
        beating.check_worker(as_json=as_json)
        return
    supervise.leave_with_parent()
    open_house(log_level=settings().log_level)
    tracing.configure(os.environ)
    from fairlead.jobs.worker import run_worker

    if as_json:
        show.document({"ok": True, "pid": os.getpid()})
    asyncio.run(run_worker(concurrency=concurrency))


def sign_in(
    username: Annotated[str, typer.Option(help="Who signs in; made if there is nobody of this name.")] = "admin",
    as_json: AsJson = False,
) -> None:
    """Print a link that signs a person in to the admin, once, within 15 minutes."""
    from fairlead.cli import parts

    open_house()
    link = parts.sign_in_link(username)
    show.document({"ok": True, "link": link}) if as_json else show.console().print(link, soft_wrap=True)


def migrate(as_json: AsJson = False) -> None:
    """Bring the database's tables up to date."""
    open_house()
    if as_json:
        show.document({"ok": True})
    else:
        show.console().print("The database is up to date.")


def emulators(
    campaign_monitor_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8810,
    salesforce_port: Annotated[int, typer.Option(min=0, max=65535)] = 8820,
    salesforce_https_port: Annotated[int, typer.Option(min=0, max=65535)] = 8843,
    salesforce_events_port: Annotated[int, typer.Option(min=0, max=65535)] = 8850,
    seed: Annotated[
        str, typer.Option(help="What to start with: empty, small, old-package, demo, million or million-events.")
    ] = "empty",
    data: Annotated[str, typer.Option(help="Folder to keep state in. Default: in memory.")] = "",
    as_json: AsJson = False,
) -> None:
    """Serve a local Campaign Monitor account and a local Salesforce org; one JSON line says where. Until Ctrl-C."""
    from fairlead.cli.demo_emulators import command

    ports = (campaign_monitor_port, salesforce_port, salesforce_https_port, salesforce_events_port)
    words = command(ports, seed, data)
    sys.stdout.flush()
    os.execv(words[0], words)  # noqa: S606 - this process becomes the emulators


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Sync, sync again, change 1 %, sync, check everything, and end.")
    ] = False,
    seed: Annotated[str, typer.Option(help="What the local account and org start with: demo or small.")] = "demo",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the admin; 0: any free one.")] = 8800,
    campaign_monitor_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8810,
    salesforce_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8820,
    as_json: AsJson = False,
) -> None:
    """From nothing to a first sync between a local Campaign Monitor account and a local Salesforce org."""
    from fairlead.cli.demo import Demo, run_demo

    wanted = Demo(
        once=once, seed=seed, port=port, emulator_ports=(campaign_monitor_port, salesforce_port), quiet=as_json
    )
    code = run_demo(wanted)
    if code:
        raise typer.Exit(code)
