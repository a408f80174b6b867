"""Runs the JavaScript clients against a local account of their own; ends with 1 if a call fails or is forgotten."""

import subprocess
import sys
from pathlib import Path

from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import spec
from fairlead_emulators.server import serving

HERE = Path(__file__).parent
SCRIPTS = ("modern.mjs", "older.mjs")


def main() -> int:
    """The exit status: 0 when every script ended well."""
    failed = 0
    for script in SCRIPTS:
        emulator = create(Clock())
        emulator.seed(spec("small", "campaign_monitor"))
        ready = emulator.ready()
        with serving(emulator.app) as url:
            print(f"{script}:", flush=True)
            command = ["node", "--no-deprecation", script, url, ready["api_key"], ready["client_id"]]
            failed |= subprocess.run(command, cwd=HERE, timeout=120, check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
