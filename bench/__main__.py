"""Rows per CPU-second of the members' pull, side by side: `python -m bench [--rows N] [--million N] [--only WHO …]`.

Everyone does the same job on the same prepared answers, in a process of its own, against a fresh replay server on the
loopback. `script` is glue between two well-known clients; `pump` only reads the pages and drops them.
Writes `bench/results.json`. `python -m bench pages` measures the pages instead (`bench/pages.py`).
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bench import pages
from bench.measure import CONTESTANTS, available, run

RESULTS = Path(__file__).with_name("results.json")
SLOW = frozenset({"script"})


def main() -> None:
    if sys.argv[1:2] == ["pages"]:
        sys.argv.pop(1)
        pages.main()
        return
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="subscribers in the first bench (default 100,000)")
    parser.add_argument("--million", type=int, default=1_000_000, help="subscribers in the second; 0 leaves it out")
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, help="only these contestants")
    wanted = parser.parse_args()
    who = [name for name in wanted.only or CONTESTANTS if available(name)]
    results: dict[str, dict[str, Any]] = {"members": _bench("members", who, wanted.rows)}
    if wanted.million:
        fast = [name for name in who if name not in SLOW]
        results["members_many"] = _bench("members_many", fast, wanted.million)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    _compare(results)


def _bench(name: str, who: list[str], rows: int) -> dict[str, Any]:
    results = {}
    for one in who:
        got = results[one] = run(one, rows)
        print(
            f"{name:13}{one:9}{rows:>10,} rows {got['wall_s']:>8} s wall {got['cpu_s']:>8} s CPU "
            f"{rows / got['cpu_s']:>11,.0f} rows/CPU-s {got['rss_mb']:>7} MB "
            f"{got['cm_calls']:>6} + {got['sf_calls']} calls",
            flush=True,
        )
    return results


def _compare(results: dict[str, dict[str, Any]]) -> None:
    """The ratios that matter; the fast ones by the larger bench, where starting up weighs least."""
    speed: dict[str, float] = {}
    for bench in results.values():
        speed |= {who: got["rows"] / got["cpu_s"] for who, got in bench.items()}
    if "fairlead" in speed:
        if "script" in speed:
            print(f"fairlead / script = {speed['fairlead'] / speed['script']:.1f} (aim: 25 or more)")
        if "pump" in speed:
            print(f"pump / fairlead = {speed['pump'] / speed['fairlead']:.1f} (aim: 8 or less)")
        peaks = [bench["fairlead"]["rss_mb"] for bench in results.values() if "fairlead" in bench]
        print(f"fairlead's peak memory grows by {max(peaks) - min(peaks):.0f} MB (aim: 60 or less)")


if __name__ == "__main__":
    main()
