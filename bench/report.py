"""Writes docs/reference/performance.md from what was measured: `python -m bench.report`.

Each part of the page comes from one file of results in `bench/`. Where a file is not there, its part stays as it was: so the
page can be written wherever any of them was measured. A test holds the page against the files that there are.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.jobs import benches

BENCH = Path(__file__).parent
DOCUMENT = BENCH.parent / "docs" / "reference" / "performance.md"
HEAD = """<!-- Written by `python -m bench.report`: do not edit. -->

# Performance

Measured with the code of this repository on one machine; other machines differ in seconds, less so in ratios. Each part
names the command that measures it again and writes this page anew. Where the time goes is explained in
[Where the time goes](../explanation/where-the-time-goes.md), many orgs in [How it grows](../explanation/scale.md).
"""
COMPARED = (
    "Fairlead against …", "× script", "(bare × script)", "× dlt", "(bare × dlt)", "of the bare", "of the pump", "calls", "wall",
    "peak MB",
)  # fmt: skip
SCRIPT_AIM, DLT_AIM, PUMP_AIM = 40, 20, 0.2
WALL_AIM, CALLS_AIM = 1.3, 1.05
MEMORY_MB, BYTES_A_PERSON = 150, 32
PAGES_AIM_MS = 100

Json = Any
Results = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Part:
    """A part of the page: which file of results it is made of, and how."""

    file: str
    text: Callable[[Json], str]

    @property
    def mark(self) -> str:
        return f"<!-- from bench/{self.file} -->\n"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    names = list(head)
    lines = [f"| {' | '.join(names)} |", f"| --- |{' --: |' * (len(names) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)]) + "\n"


def speed(got: Mapping[str, Any]) -> float:
    """Rows per second of the job's processor time: a process begins and ends once for many jobs."""
    return float(got["rows"]) / max(float(got["job_cpu_s"]), 0.001)


def against(results: Results, name: str, other: str, who: str = "fairlead") -> float | None:
    """Rows per CPU-second of Fairlead, or of `who`, over another's; None where one was not measured.

    Where the bench of many rows is too long for the other, its own of fewer rows stands for it.
    """
    mine = results[name].get(who)
    theirs = results[name].get(other) or results.get(name.removesuffix("_many"), {}).get(other)
    return speed(mine) / speed(theirs) if mine and theirs else None


def calls(got: Mapping[str, Any]) -> float | None:
    """Calls on both sides over the fewest that could do."""
    least = got.get("cm_least", 0) + got.get("sf_least", 0)
    return (got["cm_calls"] + got["sf_calls"]) / least if least else None


def wall(got: Mapping[str, Any]) -> float | None:
    """Wall time over what the fewest calls to the account take on the wire; None where answers come at once."""
    return got["wall_s"] / got["shortest_s"] if got.get("shortest_s") else None


def told(value: float | None, aim: float, *, most: bool = False) -> str:
    """A ratio, in bold where it meets its aim."""
    if value is None:
        return ""
    text = f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return f"**{text}**" if (value <= aim if most else value >= aim) else text


def ratios(results: Results) -> list[str]:
    """For the terminal: what matters of each bench."""
    lines = []
    for name, bench in results.items():
        mine = bench.get("fairlead", {})
        parts = (
            (against(results, name, "script"), f"× script (aim {SCRIPT_AIM})"),
            (against(results, name, "dlt"), f"× dlt (aim {DLT_AIM})"),
            (against(results, name, "bare"), "of the bare program"),
            (against(results, name, "pump"), f"of the pump (aim {PUMP_AIM})"),
            (calls(mine) if mine else None, f"× the fewest calls (aim {CALLS_AIM})"),
            (wall(mine) if mine else None, f"× the time on the wire (aim {WALL_AIM})"),
        )
        lines.append(f"{name:18} {', '.join(f'{value:.2f} {text}' for value, text in parts if value)}")
    if "fairlead" in results.get("members", {}) and "fairlead" in results.get("members_many", {}):
        few, many = results["members"]["fairlead"], results["members_many"]["fairlead"]
        lines.append(
            f"Peak memory grows by {many['rss_mb'] - few['rss_mb']:.0f} MB from {few['rows']:,} to {many['rows']:,}."
        )
    return lines


def _side_by_side(results: Results) -> str:
    titles = {one.name: one.title for one in benches(1, 1)}
    compared = [
        (
            titles.get(name, name),
            told(against(results, name, "script"), SCRIPT_AIM),
            told(against(results, name, "script", "bare"), float("inf")),
            told(against(results, name, "dlt"), DLT_AIM),
            told(against(results, name, "dlt", "bare"), float("inf")),
            told(against(results, name, "bare"), float("inf")),
            told(against(results, name, "pump"), PUMP_AIM),
            told(calls(bench["fairlead"]), CALLS_AIM, most=True),
            told(wall(bench["fairlead"]), WALL_AIM, most=True),
            told(bench["fairlead"]["rss_mb"], memory_aim(bench["fairlead"]["rows"]), most=True),
        )
        for name, bench in results.items()
        if "fairlead" in bench
    ]
    text = f"""## Side by side

The same jobs on the same prepared answers, each contestant in a process of its own: Fairlead; a plain *script* that glues
`createsend` to `simple-salesforce`; a *dlt* pipeline (its REST source, a destination of one's own with Bulk 2.0); a *bare*
program, which reads and writes with Fairlead's own code and does nothing else: nobody is matched, nothing compared, checked
or remembered; and a *pump* that asks for the same pages and drops the bytes. Compared are rows per second of processor time,
so that a machine with more cores changes nothing, from the beginning of the job to its end, of each alike: a worker starts
once for many jobs. Where script and pipeline would take many minutes, their speed with fewer rows stands for them. No
program with these libraries can be more times the script than the bare one is
([decision 19](../decisions/0019-speed-is-held-against-the-barest-program.md)).
In bold: the aim is met. Measure again: `make bench`.

{table(COMPARED, compared)}
The aims: at least {SCRIPT_AIM} × the script, {DLT_AIM} × dlt, a fifth of the pump; calls on both sides at most
{CALLS_AIM} × the fewest that could do; where each call takes 200 ms and bulk jobs 5 s, a wall time of at most {WALL_AIM} ×
(pages × 200 ms ÷ 8 at once), which few rows cannot reach, as the last bulk job alone takes longer; memory flat in rows,
at most {MEMORY_MB} MB and {BYTES_A_PERSON} bytes for each person to match with.

### Figures

CPU is that of the contestant's process, of which *start* is what came before the job, and *job* the job; what the
database used for a run is told apart.

"""
    rows = [
        (
            f"{name}, {who}",
            f"{got['rows']:,}",
            got["wall_s"],
            got["cpu_s"],
            got["start_cpu_s"],
            got["job_cpu_s"],
            got.get("db_cpu_s", ""),
            f"{speed(got):,.0f}",
            got["rss_mb"],
            f"{got['cm_calls']:,} + {got['sf_calls']:,}",
            f"{got.get('cm_least', 0):,} + {got.get('sf_least', 0):,}",
        )
        for name, bench in results.items()
        for who, got in bench.items()
    ]
    return text + table(
        ("bench", "rows", "wall s", "CPU s", "start", "job", "database", "rows/CPU-s", "peak MB", "calls", "fewest"),
        rows,
    )


def memory_aim(rows: int) -> float:
    """MB that a run over so many rows may take at most: seven persons in ten are matchable."""
    return MEMORY_MB + rows * 0.72 * BYTES_A_PERSON / 1e6


def _burst(got: Json) -> str:
    return f"""## A burst of changes in Salesforce

A bulk load gives {got["edited"]:,} contacts a new title; {
        got["members"]:,} of them are mailed, and a mapping carries the title
to Campaign Monitor. Fairlead hears of it by change events. Measure again: `make burst`.

{
        table(
            ("what", "measured", "aim"),
            (
                ("subscribers written", f"{got['written']:,}", f"{got['members']:,}"),
                ("import calls", _of(got["imports"], got["fewest"]), f"{CALLS_AIM} × {got['fewest']:,}"),
                ("other calls to Campaign Monitor", f"{got['others']:,}", ""),
                ("calls to Salesforce", f"{got['salesforce_calls']:,}", ""),
                ("seconds until all of it is there", got["seconds"], ""),
                ("import calls of a second run", got["again"], 0),
            ),
        )
    }"""


def _year(got: Json) -> str:
    total = got["in_all"]
    rows = [
        ("hours, each checked by an oracle", f"{total['hours']:,}"),
        ("hours after which anything was wrong", f"{total['wrong_hours']:,}"),
        ("records that changed", f"{total['changed']:,}"),
        ("records written", f"{total['written']:,}"),
        ("calls to Campaign Monitor", _of(total["cm_calls"], total["cm_least"])),
        ("calls to Salesforce", _of(total["sf_calls"], total["sf_least"])),
        ("processor seconds of an hour's sync", f"{total['cpu_s'] / max(total['hours'], 1):.1f}"),
        ("peak MB of the worker", total["peak_mb"]),
    ]  # fmt: skip
    return f"""## A year, then hour by hour

What [How a year is proven](../explanation/how-a-year-is-proven.md) tells of. Measure again: `make year`.

{table(("what", "measured"), rows)}"""


def _of(made: int, least: int) -> str:
    return f"{made:,} ({made / max(least, 1):.2f} × the fewest)"


def _quiet_hour(got: Json) -> str:
    rows = [(name.replace("_", " "), value) for name, value in got.items() if not isinstance(value, dict | list)]
    return f"""## A quiet hour

An hourly run over an account in which nothing has changed. Calls are those that must be asked; processor time is to be
seconds.

{table(("what", "measured"), rows)}"""


def _workers(got: Json) -> str:
    rows = [
        (
            f"{row['workers']}: {row['load']}",
            row["jobs"],
            row["seconds"],
            row["jobs_per_s"],
            f"{row['writes_per_s']:,}",
            row["connections"],
            row["cpu_s_per_job"],
            " + ".join(map(str, row["jobs_of_workers"])),
            f"{row['wait_p50_s']}, {row['wait_most_s']}",
        )
        for row in got
    ]
    head = (
        "workers: load", "jobs", "seconds", "jobs/s", "rows written/s", "connections", "CPU s a job", "jobs of workers",
        "wait s: half, most",
    )  # fmt: skip
    return f"""## Several workers

Workers share one PostgreSQL: the first syncs of many orgs at once, the same an hour later when nothing has changed, and the
lists of one org, a job each. Seconds are from the first job asked for to the last one's end, most of them spent waiting for
bulk jobs; rows are those of Fairlead's own database. Measure again: `make workers`.

{table(head, rows)}"""


def _pages(got: Json) -> str:
    rows = [
        (f"`{row['path']}`", row["queries"], row["p50_ms"], row["p95_ms"], "live" if row["live"] else "")
        for row in sorted(got["pages"], key=lambda row: -row["p50_ms"])
    ]
    slow = sum(row["p50_ms"] > PAGES_AIM_MS for row in got["pages"])
    return f"""## Pages

Server time of each page with {got["lists"]:,} lists, {got["jobs"]:,} jobs, {got["messages"]:,} messages and {got["campaigns"]:,}
campaigns in the org; {got["times"]} requests each, one after the other, on one machine with the local org. *Live* pages read
Salesforce or Campaign Monitor while they are asked for, so their time holds the answer of the other side. The aim is
{PAGES_AIM_MS} ms; {slow} of {len(rows)} pages take longer. Measure again: `make pages`.

{table(("page", "queries", "p50 ms", "p95 ms", "read"), rows)}"""


PARTS = (
    Part("results.json", _side_by_side),
    Part("burst.json", _burst),
    Part("quiet_hour.json", _quiet_hour),
    Part("year.json", _year),
    Part("workers.json", _workers),
    Part("pages.json", _pages),
)


def kept(document: str) -> dict[str, str]:
    """The parts of a page by their files."""
    found = re.split(r"^<!-- from bench/(\S+) -->\n", document, flags=re.MULTILINE)[1:]
    return {file: text.strip() for file, text in zip(found[::2], found[1::2], strict=True)}


def page(results: Mapping[str, Json], before: str) -> str:
    """The whole page: of what was measured, and of what stood there before."""
    parts = kept(before) | {part.file: part.text(results[part.file]).strip() for part in PARTS if part.file in results}
    return HEAD + "".join(f"\n{part.mark}\n{parts[part.file]}\n" for part in PARTS if part.file in parts)


def placed(document: str, command: str, text: str) -> str:
    """A hand-written document with what a command has written in its place."""
    begin, end = f"<!-- Written by `{command}`: do not edit. -->\n", "<!-- Written until here. -->\n"
    before, found, rest = document.partition(begin)
    if not found:
        raise ValueError(f"The document has no place for what {command} writes.")
    return f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"


def there(folder: Path = BENCH) -> dict[str, Json]:
    """The results that there are, by file."""
    return {part.file: json.loads((folder / part.file).read_text()) for part in PARTS if (folder / part.file).exists()}


def write() -> None:
    """Write the page anew."""
    before = DOCUMENT.read_text() if DOCUMENT.exists() else ""
    DOCUMENT.write_text(page(there(), before))


if __name__ == "__main__":
    write()
