"""The same jobs by several contestants, side by side: `python -m bench [--rows N] [--million N] [--bench NAME …]`.

Everyone does the same job on the same prepared answers, in a process of its own, against a replay server on the loopback.
`script` is glue between two well-known clients, `dlt` a pipeline of that library, `bare` the least that a program
of Fairlead's libraries can do, `pump` only moves the bytes.
Writes `bench/results.json` after every contestant, and docs/reference/performance.md at the end.
`python -m bench pages` measures the pages instead (`bench/pages.py`).
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from bench import jobs, measure, pages, report
from bench.jobs import Bench

RESULTS = Path(__file__).with_name("results.json")
Results = dict[str, dict[str, dict[str, Any]]]


def main() -> int:
    if sys.argv[1:2] == ["pages"]:
        sys.argv.pop(1)
        pages.main()
        return 0
    wanted = arguments()
    try:
        benches = jobs.chosen(wanted.bench, wanted.rows, wanted.million)
        who = [name for name in wanted.only or jobs.ALL if name not in wanted.without]
        for one in who:
            measure.check_installed(one)
    except (ValueError, measure.CannotRun) as error:
        print(error, file=sys.stderr)
        return 2
    results: Results = json.loads(RESULTS.read_text()) if wanted.add and RESULTS.exists() else {}
    began, failed = time.monotonic(), 0
    for number, bench in enumerate(benches, 1):
        print(f"[{number}/{len(benches)}, {time.monotonic() - began:.0f} s] {bench.name}: {bench.title}", flush=True)
        results[bench.name] = {}
        try:
            for one, got in measure.measured(bench, [one for one in bench.who if one in who], wanted.flames):
                results[bench.name][one] = got
                RESULTS.write_text(json.dumps(results, indent=1) + "\n")
                print(line(bench, one, got), flush=True)
        except measure.RunFailed as error:
            print(error, file=sys.stderr)
            failed += 1
    for told in report.ratios(results):
        print(told)
    if not wanted.no_report:
        report.write()
    return 1 if failed else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows for everybody (default 100,000)")
    parser.add_argument("--million", type=int, default=1_000_000, help="rows for the fast; 0 leaves these benches out")
    parser.add_argument("--bench", nargs="+", default=[], metavar="NAME", help="only these benches")
    parser.add_argument("--only", nargs="+", choices=jobs.ALL, help="only these contestants")
    parser.add_argument("--without", nargs="+", choices=jobs.ALL, default=[], help="all contestants but these")
    parser.add_argument("--add", action="store_true", help="keep the results of other benches that are there")
    parser.add_argument(
        "--flames", type=Path, metavar="FOLDER", help="write Fairlead's stacks there (slows it a little)"
    )
    parser.add_argument("--no-report", action="store_true", help="leave docs/reference/performance.md as it is")
    return parser.parse_args()


def line(bench: Bench, who: str, got: dict[str, Any]) -> str:
    """A contestant's figures in a line."""
    text = (
        f"  {who:9}{got['rows']:>10,} rows {got['wall_s']:>8} s wall {got['cpu_s']:>8} s CPU "
        f"({got['start_cpu_s']} to start, {got['job_cpu_s']} for the job) "
        f"{report.speed(got):>11,.0f} rows/CPU-s {got['rss_mb']:>7} MB "
        f"{got['cm_calls']:>6} + {got['sf_calls']} calls (least {got['cm_least']} + {got['sf_least']})"
    )
    if "shortest_s" in got:
        text += f", {got['wall_s'] / got['shortest_s']:.2f} × the time on the wire"
    return text


if __name__ == "__main__":
    sys.exit(main())
