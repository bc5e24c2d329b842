"""Replays cases as `golden-lines` writes them, and compares with the bytes of the native engine. With two numbers as arguments: at
least so many decisions and runs there must be.

    cargo run -p faregate-tests --bin golden-lines | python crates/faregate-python/tests/conformance.py 600 150
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import faregate


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def same(what: str, native: str, got: str) -> None:
    if native != got:
        raise AssertionError(f"{what}\n  native: {native}\n  here:   {got}")


def values(text: str) -> Any:
    """The data as Python's values; a number that is no int as a Decimal, which loses nothing."""
    return json.loads(text, parse_float=Decimal)


def replay(line: str) -> tuple[int, int]:
    golden = json.loads(line)
    policies = [(name, text) for name, text in golden["policies"]]
    found = faregate.check(policies, golden["catalogs"], golden["today"])
    same(f"{golden['name']}: check", golden["findings"], compact(found))
    runs = 0
    if not golden["cases"]:
        return 0, 0
    engine = faregate.Engine(policies, golden["catalogs"])
    for case in golden["cases"]:
        where = f"{golden['name']}, {case['name']}"
        # Once as texts and once as values: both are the same decision.
        same(where, case["decision"], engine.decide_json(case["request"], case["context"]))
        decision = engine.decide(values(case["request"]), values(case["context"]))
        same(where, case["decision"], decision.json)
        same(where, case["decision"], compact(decision.to_dict()))
        if not case["run"]:
            continue
        runs += 1
        run = decision.run()
        assert run is not None, where
        for n, step in enumerate(case["run"]):
            run = engine.restore(run.save())
            same(f"{where}, step {n}", step["step"], run.step_json(step["at_ms"]))
            same(f"{where}, step {n}", step["step"], compact(run.step(step["at_ms"])))
            if step["outcome"] is not None:
                run.next(values(step["outcome"]), step["ended_ms"])
            if step["observe"] is not None:
                run.observe(values(step["observe"]))
    return len(golden["cases"]), runs


def main() -> None:
    # The lock is released while the engine works, so that threads help.
    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(replay, sys.stdin))
    cases, runs = sum(c for c, _ in counts), sum(r for _, r in counts)
    least = [int(number) for number in sys.argv[1:]] or [1, 1]
    if cases < least[0] or runs < least[1]:
        raise AssertionError(f"only {len(counts)} sets, {cases} cases, {runs} runs")
    print(f"{len(counts)} sets, {cases} decisions, {runs} runs: the bytes of the native engine")


main()
