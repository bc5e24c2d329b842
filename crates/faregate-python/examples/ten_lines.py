"""The lines of the README, as a program.

    python ten_lines.py examples/one-decision
"""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

from faregate import Engine

clock = [1_795_428_000_000]


def now() -> int:
    return clock[0]


def sleep_until(ms: int) -> None:
    clock[0] = ms


def send(attempt: dict[str, Any]) -> dict[str, Any]:
    """Stands for the HTTP client: the first provider is overloaded, the next answers."""
    if attempt["endpoint"] == "large/one@north":
        return {"error": "overloaded", "status": 529}
    return {"ok": {"input_tokens": 1200, "output_tokens": 80}}


def serve(policy: str, catalog: str, request: str, context: str) -> Any:
    # [readme]
    engine = Engine({"policy.fare": policy}, [catalog])        # FaregateError: every finding, with its place
    decision = engine.decide(request, context)                 # dictionaries or JSON; the lock is released
    run = decision.run()                                       # None: denied; decision.status is the HTTP status
    if run is None:
        raise PermissionError(decision.json)
    while (step := run.step(now()))["step"] in ("try", "wait"):
        if step["step"] == "try":
            run.next(send(step["attempt"]), now())             # {"ok": …}, or what classify_response says
        else:
            sleep_until(step["until_ms"])
    return step["record"]["steps"]
    # [/readme]


if __name__ == "__main__":
    names = ("policy.fare", "catalog.json", "request.json", "context.json")
    steps = serve(*[pathlib.Path(sys.argv[1], name).read_text(encoding="utf-8") for name in names])
    print(json.dumps(steps, separators=(",", ":")))
