"""Laws of `python -m fairlead_emulators`: the JSON line, both services, a clean end."""

import json
import signal
import ssl
import subprocess
import sys
import urllib.request

import pytest

from fairlead_emulators.__main__ import arguments

COMMAND = [sys.executable, "-m", "fairlead_emulators", "--seed", "small"]
SERVICES = ("campaign-monitor", "salesforce", "salesforce-https", "salesforce-events")
PORTS = [word for each in SERVICES for word in (f"--{each}-port", "0")]


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    process = subprocess.Popen([*COMMAND, *PORTS, "--data", str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process, json.loads(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_line_has_what_clients_need(started):
    _, line = started
    assert set(line["campaign_monitor"]) >= {"url", "api_key", "client_id", "oauth_client_id", "oauth_client_secret"}
    assert set(line["salesforce"]) >= {
        "url", "https_url", "ca_file", "events", "access_token", "username", "client_id", "client_secret", "api_version",
    }  # fmt: skip


def test_both_emulators_answer_and_share_a_clock(started):
    _, line = started
    account, org = line["campaign_monitor"]["url"], line["salesforce"]["url"]
    posted = json.dumps({"advance_seconds": 86_400}).encode()
    moved = json.load(urllib.request.urlopen(f"{account}/_control/clock", data=posted))
    seen = json.load(urllib.request.urlopen(f"{org}/_control/clock"))
    assert moved["now"][:16] == seen["now"][:16]
    assert json.load(urllib.request.urlopen(f"{account}/_control/state"))["totals"]["subscribers"] == 1_200


def test_the_org_is_the_same_over_https_for_those_who_trust_it(started):
    _, line = started
    context = ssl.create_default_context(cafile=line["salesforce"]["ca_file"])
    plain = urllib.request.urlopen(f"{line['salesforce']['url']}/_control/state").read()
    assert urllib.request.urlopen(f"{line['salesforce']['https_url']}/_control/state", context=context).read() == plain


def test_a_termination_ends_it_cleanly(started):
    process, _ = started
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


def test_asked_to_it_stops_when_its_parent_is_gone():
    """A shell starts it and is killed: nobody is left to stop it, and it ends by itself."""
    shell = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess; subprocess.run({[*COMMAND, *PORTS, '--stop-with-parent']!r})"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdout is not None
    url = json.loads(shell.stdout.readline())["campaign_monitor"]["url"]
    assert urllib.request.urlopen(f"{url}/").status == 200
    shell.kill()
    shell.wait()
    assert shell.stdout.read() == "", "the pipe's other end is closed only when the emulators have ended"
    shell.stdout.close()


def test_the_command_line_has_the_published_ports():
    options = arguments([])
    assert (options.campaign_monitor_port, options.salesforce_port) == (8810, 8820)
    assert (options.salesforce_https_port, options.salesforce_events_port) == (8843, 8850)


def test_a_port_in_use_is_reported_by_name():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--campaign-monitor-port", port], capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 1
    assert f"port {port} cannot be used" in done.stderr
