"""The org's limits: API calls in 24 hours, data storage."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.state.org import Org

fact("limit_info_header")
fact("daily_api_limit")
fact("storage_per_record")
fact("limits_resource")
fact("concurrent_limit")

DAILY_API_REQUESTS: Final = 115_000
DATA_STORAGE_MB: Final = 10_240
BULK_BATCHES: Final = 15_000
SYNC_REPORT_RUNS: Final = 500
ASYNC_REPORT_RUNS: Final = 1_200


@dataclass(slots=True)
class Usage:
    """Calls and batches of the last 24 emulated hours, by minute."""

    minutes: deque[tuple[datetime, list[int]]] = field(default_factory=deque)
    runs: dict[str, deque[datetime]] = field(default_factory=dict)

    def add(self, now: datetime, calls: int = 0, batches: int = 0) -> None:
        """Counts calls and Bulk batches."""
        minute = now.replace(second=0, microsecond=0)
        if not self.minutes or self.minutes[-1][0] != minute:
            self.minutes.append((minute, [0, 0]))
        self.minutes[-1][1][0] += calls
        self.minutes[-1][1][1] += batches

    def totals(self, now: datetime) -> tuple[int, int]:
        """Calls and batches of the last 24 hours."""
        while self.minutes and self.minutes[0][0] <= now - timedelta(days=1):
            self.minutes.popleft()
        return sum(m[1][0] for m in self.minutes), sum(m[1][1] for m in self.minutes)

    def runs_of(self, kind: str, now: datetime) -> int:
        """Report runs of the last hour; `kind` is sync or async."""
        runs = self.runs.setdefault(kind, deque())
        while runs and runs[0] <= now - timedelta(hours=1):
            runs.popleft()
        return len(runs)

    def take_run(self, kind: str, now: datetime, limit: int, refusal: ApiError) -> None:
        """Counts a report run. Raises the refusal over the limit of an hour."""
        if self.runs_of(kind, now) >= limit:
            raise refusal
        self.runs[kind].append(now)

    def clear(self) -> None:
        """Forgets everything."""
        self.minutes.clear()
        self.runs.clear()


def daily_limit(org: Org) -> int:
    """API calls allowed in 24 hours."""
    return int(org.settings.get("daily_api_requests", DAILY_API_REQUESTS))


def report_runs(org: Org, kind: str) -> int:
    """Report runs allowed in an hour; `kind` is sync or async."""
    usual = {"sync": SYNC_REPORT_RUNS, "async": ASYNC_REPORT_RUNS}[kind]
    return int(org.settings.get(f"hourly_{kind}_report_runs", usual))


def storage_limit_kb(org: Org) -> int:
    """Data storage of the org, in KB."""
    return int(org.settings.get("data_storage_mb", DATA_STORAGE_MB)) * 1024


def storage_used_kb(org: Org) -> int:
    """2 KB a record, whatever it holds; some kinds take more, less or nothing."""
    objects = org.storage.whole.objects.values()
    return sum(o.storage_kb * org.storage.count(o) for o in objects if o.storage_kb)


def storage_left_kb(org: Org) -> int:
    """What new records may still take."""
    return storage_limit_kb(org) - storage_used_kb(org)


def count_call(org: Org, usage: Usage) -> str:
    """Counts one API call and gives the text of `Sforce-Limit-Info`. Raises ApiError 403 over the limit."""
    if org.faults.take("concurrent_requests") is not None:
        raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
    now = org.clock.now()
    used, _ = usage.totals(now)
    limit = daily_limit(org)
    if used >= limit or org.faults.take("request_limit") is not None:
        raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    usage.add(now, calls=1)
    return f"api-usage={used + 1}/{limit}"


def limits_body(org: Org, usage: Usage) -> dict[str, dict[str, Any]]:
    """The answer of `/limits`."""
    calls, batches = usage.totals(org.clock.now())
    left_mb = max(storage_left_kb(org), 0) // 1024

    def item(maximum: int, used: int = 0) -> dict[str, Any]:
        return {"Max": maximum, "Remaining": max(maximum - used, 0)}

    return {
        "DailyApiRequests": item(daily_limit(org), calls),
        "DailyAsyncApexExecutions": item(250_000),
        "DailyBulkApiBatches": item(BULK_BATCHES, batches),
        "DailyBulkV2QueryFileStorageMB": item(976_562),
        "DailyBulkV2QueryJobs": item(10_000),
        "DailyStreamingApiEvents": item(1_000_000),
        "DataStorageMB": {"Max": storage_limit_kb(org) // 1024, "Remaining": left_mb},
        "FileStorageMB": item(DATA_STORAGE_MB),
        "HourlyAsyncReportRuns": item(report_runs(org, "async"), usage.runs_of("async", org.clock.now())),
        "HourlySyncReportRuns": item(report_runs(org, "sync"), usage.runs_of("sync", org.clock.now())),
        "SingleEmail": item(5_000),
    }
