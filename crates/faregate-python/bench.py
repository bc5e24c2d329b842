"""What one decision costs a program in Python: microseconds, the median of many rounds. Needs pyarrow.

    python crates/faregate-python/bench.py
"""

from __future__ import annotations

import json
import pathlib
import statistics
import time
from typing import Any, Callable

import pyarrow as pa

from faregate import Engine

# The world of all of these measurements.
WORLD = pathlib.Path(__file__).parents[2] / "examples/one-decision"


def microseconds(work: Callable[[], Any], decisions: int = 1) -> float:
    """Returns what a decision of `work` takes, where it makes several."""
    rounds = []
    times = max(1, 2000 // decisions)
    for _ in range(60):
        begun = time.perf_counter_ns()
        for _ in range(times):
            work()
        rounds.append((time.perf_counter_ns() - begun) / 1000 / times / decisions)
    return statistics.median(rounds[10:])


def tell(what: str, work: Callable[[], Any], decisions: int = 1) -> None:
    print(f"Python  {what:28} {microseconds(work, decisions):8.2f} µs")


def main() -> None:
    policy, catalog, *texts = [
        (WORLD / name).read_text(encoding="utf-8")
        for name in ("policy.fare", "catalog.json", "request.json", "context.json")
    ]
    engine = Engine({"policy.fare": policy}, [catalog])
    request, context = (json.loads(text) for text in texts)
    batch = pa.RecordBatch.from_pylist([{**request, "id": f"r{n}"} for n in range(10_000)])
    assert len(engine.decide(request, context).to_dict()["attempts"]) == 3
    tell("from values", lambda: engine.decide(request, context))
    tell("from texts, to text", lambda: engine.decide_json(*texts))
    tell("from values, to values", lambda: engine.decide(request, context).to_dict())
    tell("a batch of 10,000", lambda: engine.decide_batch(batch, context), 10_000)
    tell("a batch, explained", lambda: engine.decide_batch(batch, context, explain=True), 10_000)


main()
