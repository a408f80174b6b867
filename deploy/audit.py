"""Asks whether anything in the locks has a known vulnerability: `make audit`, and part of `make check`.

Found ones fail. Where the service cannot be reached it says so, loudly, and does not fail: a check must run on a train.
`--strict` fails then, too.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = ("runtime.txt", "develop.txt", "deploy.txt")
AWAY = (
    "connectionerror",
    "connection error",
    "max retries exceeded",
    "timed out",
    "name resolution",
    "proxyerror",
    "ssl",
)
WELL, FOUND, NOT_ASKED, BROKEN = "well", "found", "not asked", "broken"


def verdict(code: int, told: str, words: str) -> tuple[str, list[str]]:
    """What an end of pip-audit means: one of the four words above, and lines for people."""
    try:
        packages = json.loads(told)["dependencies"]
    except (ValueError, KeyError, TypeError):
        lowered = words.lower()
        last = words.strip().splitlines()[-1:] or ["no word"]
        return (NOT_ASKED if any(word in lowered for word in AWAY) else BROKEN), last
    skipped = [f"{one['name']}: not looked at: {one['skip_reason']}" for one in packages if "skip_reason" in one]
    wrong = [
        f"{one['name']} {one['version']}: {vuln['id']}, mended in {', '.join(vuln['fix_versions']) or 'no version yet'}"
        for one in packages
        for vuln in one.get("vulns", [])
    ]
    if wrong:
        return FOUND, wrong + skipped
    return (WELL if code == 0 else BROKEN), skipped or [f"{len(packages)} packages"]


def audit(lock: Path) -> tuple[str, list[str]]:
    """Ask for one lock."""
    words = [
        sys.executable,
        "-m",
        "pip_audit",
        "--disable-pip",
        "--require-hashes",
        "--no-deps",
        "--progress-spinner=off",
    ]
    words += ["--vulnerability-service=osv", "--timeout=10", "--format=json", f"--requirement={lock}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return verdict(done.returncode, done.stdout, done.stderr)


def main() -> int:
    """1 where something is wrong, or with `--strict` where nobody could be asked."""
    strict = "--strict" in sys.argv
    bad = False
    for name in LOCKS:
        state, lines = audit(ROOT / "requirements" / name)
        if state == NOT_ASKED:
            print(
                f"{name}: NOT AUDITED, the service of known vulnerabilities cannot be reached. Run `make audit` elsewhere."
            )
            if strict:
                return 1
            break
        print(f"{name}: {state}")
        for line in lines:
            print(f"  {line}")
        bad = bad or state != WELL
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
