"""`python -m fairlead_emulators`: serves both emulators and prints one JSON line when they are ready."""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fairlead_emulators import seeds
from fairlead_emulators.campaignmonitor import app as campaign_monitor
from fairlead_emulators.clock import Clock
from fairlead_emulators.control import Emulator
from fairlead_emulators.salesforce import app as salesforce
from fairlead_emulators.salesforce.events import server as events
from fairlead_emulators.server import listen, serve_until_signalled
from fairlead_emulators.tls import certificate


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line: ports (0: any free one), the seed's name, the folder to keep state in."""
    parser = argparse.ArgumentParser(
        prog="fairlead_emulators",
        description="Serves a local Campaign Monitor account and a local Salesforce org until Ctrl-C.",
        epilog="Example: python -m fairlead_emulators --seed demo --campaign-monitor-port 0 --salesforce-port 0",
    )
    parser.add_argument("--campaign-monitor-port", type=int, default=8810, metavar="PORT")
    parser.add_argument("--salesforce-port", type=int, default=8820, metavar="PORT")
    parser.add_argument("--salesforce-https-port", type=int, default=8843, metavar="PORT")
    parser.add_argument("--salesforce-events-port", type=int, default=8850, metavar="PORT")
    parser.add_argument("--seed", default="empty", choices=seeds.names(), help="what to start with")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep state here (default: in memory)")
    parser.add_argument("--stop-with-parent", action="store_true", help="stop when the starting process is gone")
    parser.add_argument("--json", action="store_true", help="accepted for symmetry: the line is always JSON")
    return parser.parse_args(argv)


def _seed_unless_kept(emulator: Emulator, name: str) -> None:
    """Lays the seed, unless the data folder brought state along."""
    if not emulator.state().get("kept"):
        emulator.seed(seeds.spec(name, emulator.kind))


def _serve(options: argparse.Namespace, folder: Path) -> None:
    clock = Clock()
    account: Emulator = campaign_monitor.create(clock, options.data)
    org = salesforce.create(clock, options.data)
    shown = certificate(folder)
    # Ports first: a taken one is told before a seed is laid.
    web = listen(account.app, options.campaign_monitor_port)
    plain = listen(org.app, options.salesforce_port)
    secure = listen(org.app, options.salesforce_https_port, shown)
    address, stop_events = events.start(org.org, org.sessions, options.salesforce_events_port)
    both: tuple[Emulator, Emulator] = (account, org)
    for emulator in both:
        _seed_unless_kept(emulator, options.seed)
    line = {
        "campaign_monitor": {"url": web.url, **account.ready()},
        "salesforce": {
            "url": plain.url,
            "https_url": secure.url,
            "ca_file": str(shown.ca_file),
            "events": address,
            **org.ready(),
        },
    }
    serving = serve_until_signalled(
        [web, plain, secure],
        lambda: print(json.dumps(line), flush=True),
        with_parent=options.stop_with_parent,
    )
    try:
        asyncio.run(serving)
    finally:
        stop_events()


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until stopped. Exit code 0, or 1 when a port is taken."""
    options = arguments(argv)
    try:
        if options.data is None:
            with tempfile.TemporaryDirectory(prefix="fairlead-emulators-") as folder:
                _serve(options, Path(folder))
        else:
            options.data.mkdir(parents=True, exist_ok=True)
            _serve(options, options.data)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
