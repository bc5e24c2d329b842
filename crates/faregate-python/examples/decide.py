"""What a gateway in Python does with one request: admit it, drive its run, write the record.

`send` stands for the HTTP client: it gets the attempt and returns the outcome. Turn its own retries off.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Optional

from faregate import Live, Tracker

Attempt = dict[str, Any]
Outcome = dict[str, Any]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def serve(
    live: Live,
    tracker: Tracker,
    request: dict[str, Any],
    key: dict[str, Any],
    send: Callable[[Attempt], Outcome],
    now: Callable[[], int] = now_ms,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[int, Optional[dict[str, Any]]]:
    """Returns the HTTP status of a denial, or 200 or 502 with the record of the run."""
    instant = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now() / 1000))
    decision, run = tracker.admit(live.engine(), request, {"now": instant, "key": key})
    if run is None:
        return decision.status, None
    while True:
        step = run.step(now())
        if step["step"] == "try":
            run.next(send(step["attempt"]), now())
        elif step["step"] == "wait":
            sleep(max(0, step["until_ms"] - now()) / 1000)
        else:
            return (200 if step["step"] == "done" else 502), step["record"]
