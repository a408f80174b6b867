"""The local Campaign Monitor account and Salesforce org, as a process of their own."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fairlead.domain.failure import FixTheSettings


class EmulatorsFailed(FixTheSettings):
    """The local account and org did not come up."""

    code = "FL-342"
    next_step = "Free the ports, or choose others; `fairlead emulators --help` lists them."


def command(ports: tuple[int, int, int, int], seed: str, data: str = "") -> list[str]:
    """The command line that serves them."""
    names = ("campaign-monitor", "salesforce", "salesforce-https", "salesforce-events")
    words = [sys.executable, "-m", "fairlead_emulators", "--seed", seed, "--json"]
    for name, port in zip(names, ports, strict=True):
        words += [f"--{name}-port", str(port)]
    return words + (["--data", data] if data else [])


@dataclass(slots=True)
class Emulators:
    """The running process, and the line it printed when it was ready."""

    process: subprocess.Popen[str]
    line: dict[str, Any]

    def url(self, side: str) -> str:
        """Where a side (`campaign_monitor` or `salesforce`) listens."""
        return str(self.line[side]["url"])

    def get(self, side: str, path: str) -> Iterator[Any]:
        """The rows of an NDJSON answer of a control route."""
        with urllib.request.urlopen(self.url(side) + path, timeout=300) as answer:
            for row in answer:
                if row.strip():
                    yield json.loads(row)

    def post(self, side: str, path: str, body: Any) -> Any:
        """Post JSON to a control route."""
        request = urllib.request.Request(
            self.url(side) + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            return json.loads(answer.read() or b"{}")

    def stop(self) -> None:
        """Stop them; harmless when repeated."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def start(ports: tuple[int, int], seed: str) -> Emulators:
    """Start and seed them, and wait until they are ready. Raises EmulatorsFailed."""
    process = subprocess.Popen(command((*ports, 0, 0), seed), stdout=subprocess.PIPE, text=True, start_new_session=True)
    began = time.monotonic()
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        ready = json.loads(line)
    except ValueError:
        process.terminate()
        process.wait(15)
        raise EmulatorsFailed(
            f"The emulators ended before they were ready, after {time.monotonic() - began:.0f} s."
        ) from None
    return Emulators(process, ready)
