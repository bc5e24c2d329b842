"""What `decide_batch` does with record batches of Arrow, and that it decides as `decide` does.

    cargo run -p faregate-tests --bin golden-lines | python crates/faregate-python/tests/batch.py
"""

from __future__ import annotations

import json
import random
import sys
import unittest
from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa

import faregate
from faregate import Engine, FaregateError

POLICY = """
policy p { language 1 }
declare {
  request.data set_of pii, health
  request.seats count default 0
  request.tier one_of gold, silver default silver
  key.cap money default $100
}
guardrail private { when request.data includes pii  require endpoint.provider == "north" }
workload gold {
  when request.tier == gold and request.seats > 4
  route { models "m/a", "m/b"  order by price }
}
workload capped { when key.cap <= $5  deny "capped" }
workload night { when time.hour between 22:00 and 23:00 in "UTC"  route { models "m/b" } }
workload rest {
  otherwise
  route { models requested  order by price }
  fallback { other provider on rate_limit }
}
"""
NOW = "2026-11-23T10:00:00Z"


def endpoint(name: str, price: str) -> dict[str, Any]:
    return {
        "id": name,
        "context_length": 9000,
        "max_output_tokens": 100,
        "modalities": ["text", "image"],
        "prices": {"prompt": price, "completion": "0.000002"},
    }


CATALOG = {
    "endpoints": [
        endpoint("m/a@north", "0.000003"),
        endpoint("m/a@south", "0.000001"),
        endpoint("m/b@south", "0.0000025"),
    ]
}


def engine() -> Engine:
    return Engine({"p.fare": POLICY}, [CATALOG])


def decided(batch: Any, context: Any = None, **options: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pa.record_batch(engine().decide_batch(batch, context, **options)).to_pylist()
    return rows


class Batch(unittest.TestCase):
    def test_a_row_is_a_decision(self) -> None:
        batch = pa.record_batch(
            {
                "id": ["r1", "r2", "r3"],
                "input_tokens": [1000, 1000, 1000],
                "expected_output_tokens": [50, 50, 50],
                "model": ["m/a", "m/a", "m/c"],
                "data": pa.array([[], ["pii"], []], pa.list_(pa.string())),
            }
        )
        first, second, third = decided(batch, {"now": NOW})
        # 1,000 tokens of input at 1 and of 3 dollars per million; output is 100 tokens at most, at 2 dollars.
        self.assertEqual(
            first,
            {
                "request": "r1",
                "outcome": "route",
                "status": 200,
                "denial": None,
                "workload": "rest",
                "endpoint": "m/a@south",
                "model": "m/a",
                "provider": "south",
                "expected_cost": Decimal("0.0011"),
                "worst_cost": Decimal("0.0012"),
                "attempts": ["m/a@south", "m/a@north"],
            },
        )
        self.assertEqual((second["endpoint"], second["attempts"]), ("m/a@north", ["m/a@north"]))
        self.assertEqual(second["worst_cost"], Decimal("0.0032"))
        self.assertEqual((third["outcome"], third["status"], third["denial"]), ("deny", 503, "no_route"))
        self.assertEqual((third["endpoint"], third["expected_cost"], third["attempts"]), (None, None, []))

    def test_all_layouts_of_a_column_say_the_same(self) -> None:
        ids, tokens = ["a", "b", "c"], [5, 6, 7]
        models = ["m/a", None, "m/b"]
        plain = {"id": ids, "input_tokens": tokens, "model": models}
        want = decided(pa.record_batch(plain), {"now": NOW}, explain=True)
        for text in (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
            for count in (pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()):
                batch = pa.record_batch(
                    {
                        "id": pa.array(ids, text),
                        "input_tokens": pa.array(tokens, count),
                        "model": pa.array(models, text),
                        "caching": pa.nulls(3),
                    }
                )
                self.assertEqual(decided(batch, {"now": NOW}, explain=True), want, (text, count))
        # A part of a batch begins in the middle of its columns.
        self.assertEqual(decided(pa.record_batch(plain).slice(1, 2), {"now": NOW}, explain=True), want[1:])
        self.assertEqual(decided(pa.record_batch(plain).slice(3), {"now": NOW}), [])

    def test_columns_of_the_context_are_laid_over_it(self) -> None:
        night = datetime(2026, 11, 23, 22, 30, tzinfo=timezone.utc)
        for unit in ("s", "ms", "us", "ns"):
            now = pa.array([night, night.replace(hour=21)], pa.timestamp(unit, "UTC"))
            batch = pa.record_batch({"id": ["a", "b"], "input_tokens": [1, 1], "context.now": now, "model": ["m/a"] * 2})
            self.assertEqual([row["workload"] for row in decided(batch)], ["night", "rest"], unit)
        batch = pa.record_batch(
            {
                "id": ["a", "b", "c"],
                "input_tokens": [1, 1, 1],
                "model": ["m/a"] * 3,
                "context": pa.array(
                    [{"key": {"attributes": {"cap": cap}}} for cap in (Decimal("5.00"), Decimal("5.01"), None)],
                ),
            }
        )
        context = {"now": NOW, "key": {"attributes": {"cap": "1"}}}
        self.assertEqual([row["denial"] for row in decided(batch, context)], ["refused", None, None])

    def test_attributes_are_columns_or_a_map(self) -> None:
        rows = {"id": ["a", "b"], "input_tokens": [1, 1], "model": ["m/b", "m/b"]}
        of_columns = {**rows, "attributes.seats": pa.array([5, 4]), "attributes.tier": ["gold", "gold"]}
        self.assertEqual([row["workload"] for row in decided(pa.record_batch(of_columns), {"now": NOW})], ["gold", "rest"])
        prices = pa.array([[("prompt", "$1 per Mtok")], []], pa.map_(pa.string(), pa.string()))
        nothing = pa.array([[], []], pa.list_(pa.null()))
        of_map = {**rows, "model": ["m/a", "m/a"], "data": nothing, "max_price": prices}
        self.assertEqual(
            [row["attempts"] for row in decided(pa.record_batch(of_map), {"now": NOW})],
            [["m/a@south"], ["m/a@south", "m/a@north"]],
        )

    def test_what_is_wrong_is_told_with_column_and_row(self) -> None:
        good: dict[str, Any] = {"id": ["a", "b", "c"], "input_tokens": [1, 2, 3]}

        def told(columns: dict[str, Any], context: Any = {"now": NOW}) -> list[tuple[Any, Any]]:
            with self.assertRaises(FaregateError) as raised:
                engine().decide_batch(pa.record_batch(columns), context)
            self.assertEqual(raised.exception.code, "invalid_data")
            return [(issue["at"], issue["message"]) for issue in raised.exception.issues]

        self.assertEqual(
            told({**good, "max_ouput_tokens": [1, 2, 3]}),
            [("requests.max_ouput_tokens", "unknown field; a field with a similar name exists: max_output_tokens")],
        )
        self.assertEqual(
            told({"id": ["a", None, None], "input_tokens": [1, -2, 3]}),
            [
                ("requests[1].id", "every request needs one, and this row has none (and one more row)"),
                ("requests[1].input_tokens", "expected a whole number, not below zero, found -2"),
            ],
        )
        self.assertEqual(
            told({"id": ["a"]}),
            [("requests.input_tokens", "no such column, and every request needs one: tokens of input, cached ones included")],
        )
        self.assertEqual(
            told({**good, "input_tokens": [1.0, 2.0, 3.0]})[0],
            ("requests.input_tokens", "expected a whole number; cast the column to int64, found Float64"),
        )
        self.assertEqual(
            told({**good, "context.now": [datetime(2026, 11, 23)] * 3})[0],
            ("requests.context.now", "without a time zone nobody knows which instant is meant"),
        )
        self.assertEqual(told({**good, "team": ["x"] * 3})[0][1][:34], "unknown field; select the columns ")
        self.assertEqual(told({**good, "key.team": ["x"] * 3})[0][1], "unknown field; call the column `context.key.team`")
        self.assertIn("one for all rows", told({**good, "context.budgets": ["x"] * 3})[0][1])
        self.assertIn("no context is given", told(good, None)[0][1])
        self.assertEqual(told({**good, "tags": [["x"], [None], None]}), [("requests[1].tags", "a text of the list is null")])
        self.assertEqual(told(good, {})[0][0], "context.now")
        twice = pa.RecordBatch.from_arrays([pa.array(["a"]), pa.array([1]), pa.array([2])], ["id", "input_tokens", "input_tokens"])
        with self.assertRaisesRegex(FaregateError, "two columns fill this field"):
            engine().decide_batch(twice, {"now": NOW})
        with self.assertRaisesRegex(TypeError, "to_batches"):
            engine().decide_batch(pa.table(good), {"now": NOW})
        with self.assertRaisesRegex(TypeError, "expected a record batch of Arrow, found list"):
            engine().decide_batch([good], {"now": NOW})  # type: ignore[arg-type]
        with self.assertRaisesRegex(TypeError, "found an array of Int64"):
            engine().decide_batch(pa.array([1]), {"now": NOW})

    def test_batches_outlive_what_they_came_from(self) -> None:
        answers = engine().decide_batch(pa.record_batch({"id": ["a"] * 9, "input_tokens": [1] * 9}), {"now": NOW})
        self.assertEqual((len(answers), repr(answers)), (9, "<faregate.Decisions of 9 requests>"))
        one, two = pa.record_batch(answers), pa.record_batch(answers)
        del answers
        self.assertEqual(one, two)
        one.validate(full=True)

    def test_many_rows_at_once_are_the_rows_one_by_one(self) -> None:
        rng, serving = random.Random(7), engine()
        for n in range(40):
            rows = [drawn(rng, i) for i in range(rng.randrange(1, 40))]
            context = {"now": NOW, "endpoints": {"north": {"health": rng.choice(["up", "degraded", "down"])}}}
            batch = pa.RecordBatch.from_pylist(rows, schema=SCHEMA)
            got = pa.record_batch(serving.decide_batch(batch, context, explain=True)).column("decision").to_pylist()
            want = [serving.decide_json({k: v for k, v in row.items() if v is not None}, context) for row in rows]
            self.assertEqual(got, want, n)


SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("input_tokens", pa.int64()),
        ("model", pa.dictionary(pa.int32(), pa.string())),
        ("models", pa.list_(pa.string())),
        ("max_output_tokens", pa.int32()),
        ("cached_input_tokens", pa.uint16()),
        ("caching", pa.bool_()),
        ("stream", pa.bool_()),
        ("modalities", pa.large_list(pa.large_string())),
        ("data", pa.list_(pa.string())),
        ("only", pa.list_(pa.string_view())),
        ("attributes", pa.struct([("seats", pa.int16()), ("tier", pa.string())])),
        ("max_price", pa.map_(pa.string(), pa.string())),
    ]
)


def drawn(rng: random.Random, n: int) -> dict[str, Any]:
    def some(*values: Any) -> Any:
        return rng.choice([None, *values])

    def few(*values: str) -> Any:
        return some([v for v in values if rng.random() < 0.5])

    return {
        "id": f"r{n}",
        "input_tokens": rng.choice([0, 1, 1000, 8990, 20_000]),
        "model": some("m/a", "m/b", "m/c"),
        "models": few("m/a", "m/b"),
        "max_output_tokens": some(1, 100, 5000),
        "cached_input_tokens": some(0, 10),
        "caching": some(True, False),
        "stream": some(True, False),
        "modalities": few("text", "image", "audio"),
        "data": few("pii", "health"),
        "only": few("north", "south"),
        "attributes": some({"seats": some(3, 5), "tier": some("gold", "silver")}),
        "max_price": some({}, {"prompt": "$2 per Mtok"}, {"prompt": "cheap"}),
    }


def batch_of(request: dict[str, Any]) -> pa.RecordBatch:
    """One row; a set in no order and attributes of any type are what the types of Arrow make of them."""
    arrays = {}
    for name, value in request.items():
        if isinstance(value, dict):
            arrays.update({f"{name}.{key}": pa.array([part]) for key, part in value.items()})
        else:
            arrays[name] = pa.array([value])
    return pa.record_batch(arrays)


def golden(lines: Iterator[str]) -> int:
    """Each golden decision as a batch of one row."""
    cases = 0
    for line in lines:
        told = json.loads(line)
        if not told["cases"]:
            continue
        serving = faregate.Engine([(name, text) for name, text in told["policies"]], told["catalogs"])
        for case in told["cases"]:
            where = f"{told['name']}, {case['name']}"
            request = json.loads(case["request"], parse_float=Decimal)
            if any("." in name for part in request.values() if isinstance(part, dict) for name in part):
                continue
            decisions = pa.record_batch(serving.decide_batch(batch_of(request), case["context"], explain=True))
            row, native = decisions.to_pylist()[0], json.loads(case["decision"])
            if row["decision"] != case["decision"]:
                raise AssertionError(f"{where}\n  native: {case['decision']}\n  here:   {row['decision']}")
            attempts = native.get("attempts", [])
            brief = {
                "request": native["request"],
                "outcome": native["outcome"],
                "workload": native["workload"],
                "denial": (native.get("denial") or {}).get("code"),
                "status": (native.get("denial") or {"status": 200})["status"],
                "attempts": [attempt["endpoint"] for attempt in attempts],
                "endpoint": attempts[0]["endpoint"] if attempts else None,
                "model": attempts[0]["model"] if attempts else None,
                "provider": attempts[0]["provider"] if attempts else None,
            }
            costs = attempts[0]["cost"] if attempts else {}
            for name in ("expected", "worst"):
                cost = Decimal((costs or {}).get(name) or "Infinity")
                brief[f"{name}_cost"] = cost if cost < 10**14 else None
            if {name: row[name] for name in brief} != brief:
                raise AssertionError(f"{where}\n  native: {brief}\n  here:   {row}")
            cases += 1
    return cases


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    if not sys.stdin.isatty():
        count = golden(sys.stdin)
        if count < 600:
            raise AssertionError(f"only {count} golden decisions")
        print(f"{count} golden decisions, each a batch of one row: the bytes of the native engine")
