"""Sign-ins that a person granted: many processes share them, and one refresh serves them all."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.faults.installation import Installation
from tests.faults.person import allow, connect, link_of

CM, SF = "campaign_monitor", "salesforce"
AT_ONCE = 4

CALLS = {
    CM: "wiring.open_campaign_monitor(org) as side: await asyncio.gather(*(side.system_date() for _ in range(6)))",
    SF: "wiring.open_salesforce(org) as side: await asyncio.gather(*(side.limits() for _ in range(6)))",
}
PROGRAM = """
import asyncio, sys
from fairlead.cli.house import open_house
open_house()
from fairlead import wiring
from fairlead.store.orgs import default_org
async def main():
    org = await asyncio.to_thread(default_org)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    async with {calls}
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def fairlead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation, connected in the plain way at first."""
    with Installation(tmp_path_factory.mktemp("sign-in") / "home") as made:
        yield made


def line(fairlead: Installation, side: str) -> dict[str, str]:
    assert fairlead.emulators is not None
    found: dict[str, str] = fairlead.emulators.line[side]
    return found


def control(fairlead: Installation, side: str, path: str, body: dict[str, Any]) -> None:
    assert fairlead.emulators is not None
    fairlead.emulators.post(side, f"/_control/{path}", body)


def token_calls(fairlead: Installation, side: str) -> int:
    assert fairlead.emulators is not None
    log = next(fairlead.emulators.get(side, "/_control/requests"))["requests"]
    return sum(
        each["method"] == "POST" and each["path"].endswith("oauth/token") or each["path"].endswith("oauth2/token")
        for each in log
    )


def by_paste(fairlead: Installation, *words: str, **more: str) -> dict[str, Any]:
    """Connect with a browser elsewhere: the address it ends at is pasted."""
    process = connect(fairlead, *words, "--paste", **more)
    out, err = process.communicate(allow(link_of(process)) + "\n", timeout=60)
    assert process.returncode == 0, err
    document: dict[str, Any] = json.loads(out)
    return document


def account_app(fairlead: Installation) -> dict[str, str]:
    of = line(fairlead, CM)
    return {"FAIRLEAD_CM_CLIENT_ID": of["oauth_client_id"], "FAIRLEAD_CM_CLIENT_SECRET": of["oauth_client_secret"]}


def org_app(fairlead: Installation) -> dict[str, str]:
    of = line(fairlead, SF)
    return {"FAIRLEAD_SF_CLIENT_ID": of["client_id"], "FAIRLEAD_SF_CLIENT_SECRET": of["client_secret"]}


def all_at_once(fairlead: Installation, side: str) -> None:
    """Several processes, each ready before any of them calls; all must succeed."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(calls=CALLS[side])], env=fairlead.environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(AT_ONCE)
    ]  # fmt: skip
    for each in started:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n", each.stderr and each.stderr.read()
    ended = [each.communicate("go\n", timeout=120) for each in started]
    assert [each.returncode for each in started] == [0] * AT_ONCE, [err for _, err in ended]


def test_an_expired_access_to_campaign_monitor_is_renewed_once_for_all_processes(fairlead: Installation) -> None:
    """Tokens end after two weeks. Whoever meets that first renews them; the others take what was kept."""
    assert by_paste(fairlead, "campaign-monitor", "--browser", **account_app(fairlead))["clients"]
    before = token_calls(fairlead, CM)
    control(fairlead, CM, "clock", {"advance_seconds": 15 * 86_400})
    for _ in range(2):
        all_at_once(fairlead, CM)
        assert token_calls(fairlead, CM) == before + 1
    control(fairlead, CM, "clock", {"set": datetime.now(UTC).isoformat()})


@pytest.mark.slow
def test_an_ended_session_of_salesforce_is_renewed_once_for_all_processes(fairlead: Installation) -> None:
    """With rotation a refresh token works once: a second refresh with it would lock everybody out."""
    control(fairlead, SF, "settings", {"rotate_refresh_tokens": True})
    by_paste(fairlead, "salesforce", "--flow", "browser", **org_app(fairlead))
    for _ in range(2):
        control(fairlead, SF, "expire_sessions", {})
        before = token_calls(fairlead, SF)
        all_at_once(fairlead, SF)
        assert token_calls(fairlead, SF) == before + 1
    control(fairlead, SF, "settings", {"rotate_refresh_tokens": False})


def test_a_signed_statement_signs_in_whenever_a_session_has_ended(fairlead: Installation, tmp_path: Path) -> None:
    """No secret and no refresh token is kept: each new session is asked for with a new statement."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.com")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=9))
    control(fairlead, SF, "settings", {
        "jwt_certificate": made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode(),
    })  # fmt: skip
    pem = tmp_path / "fairlead.key"
    kind = serialization.PrivateFormat.PKCS8
    pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()))
    words = ("--flow", "jwt", "--username", line(fairlead, SF)["username"], "--private-key", str(pem))
    only_id = {"FAIRLEAD_SF_CLIENT_ID": line(fairlead, SF)["client_id"]}
    assert fairlead.run("connect", "salesforce", *words, more=only_id)["ok"]
    pem.unlink()
    control(fairlead, SF, "expire_sessions", {})
    all_at_once(fairlead, SF)


def test_a_refused_sign_in_leaves_the_former_connection(fairlead: Installation) -> None:
    """Deny is told with the next step, and nothing that was kept is replaced."""
    process = connect(fairlead, "salesforce", "--flow", "browser", "--paste", **org_app(fairlead))
    link_of(process)
    state = "https://example.com/?error=access_denied&state="
    out, _ = process.communicate(state + "wrong\n", timeout=60)
    assert process.returncode == 1
    assert "does not belong to this browser's question" in json.loads(out)["error"]["text"]
    all_at_once(fairlead, SF)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--flow", "jwt"), 2),
        (("--flow", "browser", "--callback", "http://192.0.2.1/back"), 1),
        (("--flow", "browser", "--callback", "https://127.0.0.1/back"), 1),
    ],
)
def test_what_cannot_work_is_said_before_anybody_goes_to_the_browser(
    fairlead: Installation, words: tuple[str, ...], code: int
) -> None:
    """Wrong words end with 2; a callback that cannot be listened at names itself and the remedy."""
    process = connect(fairlead, "salesforce", *words, **org_app(fairlead))
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    if code == 1:
        assert json.loads(out)["error"]["code"] == "FL-318"
        assert "http" not in err
