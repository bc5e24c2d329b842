"""What a program does with the module: values, errors, the tracker, replacement under traffic."""

from __future__ import annotations

import json
import pathlib
import sys
import threading
import unittest
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import faregate
from faregate import Engine, FaregateError, Live, Tracker

POLICY = """
policy p { language 1 }
budget team { per key.team  requests 6 per minute }
workload chat {
  otherwise
  route { models "m/a" }
  ceiling { attempt $0.01 }
  fallback { other provider on rate_limit, overloaded }
  retry { on rate_limit 1 time wait retry_after up to 2s  at most 3 calls }
}
"""
NOW = datetime(2026, 11, 23, 10, tzinfo=timezone.utc)
NOW_MS = 1_795_428_000_000
CATALOG: dict[str, Any] = {
    "endpoints": [
        {
            "id": f"m/a@{provider}",
            "context_length": 9000,
            "max_output_tokens": 100,
            "modalities": ("text",),
            "prices": {"prompt": Decimal("0.000001"), "completion": "0.000002"},
        }
        for provider in ("north", "south")
    ]
}
REQUEST: dict[str, Any] = {"id": "r1", "input_tokens": 100, "tags": {"support"}}
CONTEXT: dict[str, Any] = {"now": NOW, "key": {"team": "support"}, "budgets": []}


def engine() -> Engine:
    return Engine({"p.fare": POLICY}, [CATALOG])


class Usage(unittest.TestCase):
    def test_values_of_python_go_in_and_come_out(self) -> None:
        told = engine().decide(REQUEST, CONTEXT).to_dict()
        self.assertEqual([a["endpoint"] for a in told["attempts"]], ["m/a@north", "m/a@south"])
        self.assertEqual(told["attempts"][0]["cost"]["worst"], "0.0003")
        context = {**CONTEXT, "endpoints": {"north": {"latency_p90": timedelta(milliseconds=1500), "health": "down"}}}
        decision = engine().decide(REQUEST, context)
        self.assertEqual(decision.to_dict()["attempts"][0]["endpoint"], "m/a@south")
        # A float is read by its shortest text, never as binary.
        dear = {"endpoints": [{**CATALOG["endpoints"][0], "prices": {"prompt": 0.1, "completion": 1e-7}}]}
        denied = Engine({"p.fare": POLICY}, [dear]).decide(REQUEST, CONTEXT)
        self.assertEqual((denied.status, denied.run()), (503, None))

    def test_errors_are_exceptions_with_code_and_place(self) -> None:
        with self.assertRaises(FaregateError) as raised:
            Engine({"p.fare": "policy p { langage 1 }"})
        error = raised.exception
        self.assertIsInstance(error, ValueError)
        self.assertEqual((error.code, error.at), ("invalid_policy", "p.fare:1:12"))
        assert error.diagnostics is not None
        self.assertEqual(error.diagnostics["diagnostics"][0]["code"], "syntax")
        self.assertIn("--> p.fare:1:12", str(error))
        with self.assertRaises(FaregateError) as raised:
            engine().decide({"id": "r1", "input_tokens": 1, "max_ouput_tokens": 5}, CONTEXT)
        self.assertEqual((raised.exception.code, raised.exception.at), ("invalid_data", "request.max_ouput_tokens"))
        self.assertEqual(raised.exception.issues[0]["at"], "request.max_ouput_tokens")
        with self.assertRaises(FaregateError) as raised:
            engine().decide(REQUEST, {"now": datetime(2026, 11, 23)})
        self.assertEqual(raised.exception.at, "context.now")
        with self.assertRaises(TypeError):
            engine().decide({"id": object()}, CONTEXT)
        loop: list[Any] = []
        loop.append(loop)
        with self.assertRaises(FaregateError) as raised:
            engine().decide({"id": loop}, CONTEXT)
        self.assertEqual(raised.exception.code, "invalid_argument")

    def test_a_run_is_told_what_classification_says(self) -> None:
        run = engine().decide(REQUEST, CONTEXT).run()
        assert run is not None
        self.assertEqual(run.step(NOW)["attempt"]["endpoint"], "m/a@north")
        limited = faregate.classify_response("openai", 429, {"Retry-After": "1.5"}, b"{}", NOW)
        self.assertEqual(limited, {"error": "rate_limit", "status": 429, "retry_after": 1500})
        run.next(limited, NOW)
        wait = run.step(NOW_MS)
        self.assertEqual((wait["step"], wait["until_ms"]), ("wait", NOW_MS + 1500))
        self.assertIsNone(faregate.classify_event("openai", b'data: {"choices":[]}', NOW))
        self.assertEqual(faregate.classify_transport("refused"), {"error": "network"})

    def test_a_tracker_holds_what_runs_may_add(self) -> None:
        serving, tracker = engine(), Tracker()
        _, served = tracker.admit(serving, REQUEST, CONTEXT)
        _, dropped = tracker.admit(serving, REQUEST, CONTEXT)
        third, none = tracker.admit(serving, REQUEST, CONTEXT)
        self.assertEqual((third.status, none), (429, None), "two runs hold three calls each")
        assert served is not None and dropped is not None
        del dropped
        self.assertEqual(tracker.admit(serving, REQUEST, CONTEXT)[0].status, 200)
        served.step(NOW)
        served.next({"ok": {}}, NOW)
        self.assertEqual(served.step(NOW)["step"], "done")
        self.assertEqual(served.step(NOW)["step"], "done", "asked again it says the same")
        budget = tracker.fill(serving, REQUEST, CONTEXT)["budgets"][0]
        self.assertEqual((budget["requests"], budget.get("reserved")), (1, None))

    def test_an_engine_is_replaced_under_traffic(self) -> None:
        live = Live(engine())
        texts = [POLICY, POLICY.replace("per minute", "per day")]
        digests = {Engine({"p.fare": text}, [CATALOG]).policy_digest for text in texts}
        over, wrong = threading.Event(), []

        def decide() -> None:
            while not over.is_set():
                serving = live.engine()
                told = serving.decide(REQUEST, CONTEXT).to_dict()["digests"]["policy"]
                if told != serving.policy_digest or told not in digests:
                    wrong.append(told)

        threads = [threading.Thread(target=decide) for _ in range(3)]
        for thread in threads:
            thread.start()
        for n in range(20):
            live.load_policy({"p.fare": texts[n % 2]})
            with self.assertRaises(FaregateError):
                live.load_policy({"p.fare": "policy"})
        over.set()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        live.load_catalog([])
        self.assertEqual(live.engine().decide(REQUEST, CONTEXT).status, 503)
        live.replace(engine())
        self.assertEqual(live.engine().decide(REQUEST, CONTEXT).status, 200)

    def test_others_go_on_while_the_engine_works(self) -> None:
        """Were the lock held, this thread could count nothing while the other loads."""
        endpoints = [{"id": f"m/{n}@north", "context_length": 9000, "modalities": ["text"]} for n in range(20_000)]
        text = json.dumps({"endpoints": endpoints})
        begun, loaded = threading.Event(), threading.Event()

        def load() -> None:
            begun.set()
            Engine({"p.fare": POLICY}, [text])
            loaded.set()

        thread = threading.Thread(target=load)
        thread.start()
        begun.wait()
        counted = 0
        while not loaded.is_set():
            counted += 1
        thread.join()
        self.assertGreater(counted, 1000)

    def test_the_example_waits_and_tries_again(self) -> None:
        sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "examples"))
        from decide import serve

        clock = [NOW_MS]
        outcomes: list[dict[str, Any]] = [
            {"error": "rate_limit", "retry_after": "1s"},
            {"ok": {"input_tokens": 90, "output_tokens": 9}},
        ]

        def sleep(seconds: float) -> None:
            clock[0] += round(seconds * 1000)

        status, record = serve(
            Live(engine()), Tracker(), REQUEST, {"team": "support"}, lambda _: outcomes.pop(0), lambda: clock[0], sleep
        )
        assert record is not None
        self.assertEqual((status, record["steps"]), (200, ["try m/a@north", "wait 1s", "try m/a@north", "done"]))
        self.assertEqual(record["served"]["endpoint"], "m/a@north")

    def test_the_readme_does_what_it_says(self) -> None:
        text = pathlib.Path(__file__).parent.parent.joinpath("README.md").read_text()
        code = "\n".join(block.split("```")[0] for block in text.split("```python\n")[1:])
        exec(compile(code, "README.md", "exec"), {})  # it asserts


if __name__ == "__main__":
    unittest.main()
