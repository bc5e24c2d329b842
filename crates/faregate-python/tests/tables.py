"""Runs the examples for DuckDB and Spark over the same log: equal reports, and each row decided as `decide` does it."""

from __future__ import annotations

import pathlib

import duckdb
import duckdb_table
import spark_table

from faregate import Engine

ROOT = pathlib.Path(__file__).parents[3]
FILES = [str(ROOT / "policies" / name) for name in ("support.fare", "catalogs/market.yaml", "catalogs/data-terms.yaml")]
ROWS = 9_000


def one_by_one() -> list[tuple[object, ...]]:
    """The same report, from dictionaries."""
    policy, *catalogs = [pathlib.Path(path).read_text(encoding="utf-8") for path in FILES]
    engine = Engine({"p.fare": policy}, catalogs)
    log = duckdb.connect()
    log.execute("SET TimeZone = 'UTC'")
    log.execute(duckdb_table.REQUESTS, {"rows": ROWS})
    sums: dict[tuple[object, ...], list[object]] = {}
    for row in log.sql("SELECT *, strftime(asked_at, '%Y-%m-%dT%H:%M:%SZ') FROM log").fetchall():
        identity, workload, tokens, most, expected, data, tier, team, _, now = row
        request = {
            "id": identity,
            "workload": workload,
            "input_tokens": tokens,
            "max_output_tokens": most,
            "expected_output_tokens": expected,
            "data": data,
            "attributes": {"tier": tier},
        }
        key = {"environment": "production", "team": team}
        told = engine.decide(request, {**duckdb_table.CONTEXT, "key": key, "now": now}).to_dict()
        first = told["attempts"][0] if told["outcome"] == "route" else None
        where = first["endpoint"] if first else told["denial"]["code"]
        count = sums.setdefault((told["workload"], where), [0])
        count[0] = int(str(count[0])) + 1
    return [(*place, count[0]) for place, count in sorted(sums.items(), key=str)]


def main() -> None:
    of_duckdb = duckdb_table.main(*FILES, rows=ROWS)
    of_spark = spark_table.main(*FILES, rows=ROWS)
    assert of_duckdb == of_spark, (of_duckdb, of_spark)
    assert sum(row[2] for row in of_duckdb) == ROWS
    want = one_by_one()
    got = sorted((row[:3] for row in of_duckdb), key=str)
    assert got == want, (got, want)
    # A third asks for extraction, which this policy has only for the free tier.
    assert ("everything-else", "refused", ROWS * 2 // 9) in want, want
    print(f"{ROWS} requests in DuckDB, in Spark and one by one: the same decisions")


main()
