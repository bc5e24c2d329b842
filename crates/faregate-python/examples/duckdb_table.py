"""Decides a table of requests in DuckDB: what would this policy do with the traffic of yesterday, and what would it cost?

    python duckdb_table.py support.fare market.yaml data-terms.yaml

The table goes through in record batches as the query asks for them; nothing becomes an object of Python but the sums.
"""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

from faregate import Engine

# A table as a gateway's log might give it; here it is made up, the same in every run.
REQUESTS = """
CREATE TABLE log AS SELECT
  'req-' || i AS id,
  ['chat', 'incident', 'extract'][1 + i % 3] AS workload,
  CAST(200 + (i * 7919) % 6000 AS INTEGER) AS input_tokens,
  800 AS max_output_tokens,
  300 AS expected_output_tokens,
  CASE i % 4 WHEN 0 THEN ['pii'] WHEN 1 THEN NULL ELSE [] END AS data,
  ['free', 'pro', 'enterprise'][1 + (i // 3) % 3] AS tier,
  ['alpha', 'beta'][1 + i % 2] AS team,
  TIMESTAMPTZ '2026-11-23 08:00:00+00' + to_seconds(i) AS asked_at
FROM range($rows) t(i)
"""

# Names of columns are names of fields: of the request, or of the context of this row.
FIELDS = """
SELECT id, workload, input_tokens, max_output_tokens, expected_output_tokens, data,
  tier AS "attributes.tier", team AS "context.key.team", asked_at AS "context.now"
FROM log ORDER BY id
"""

REPORT = """
SELECT workload, coalesce(endpoint, denial) AS "where", count(*) AS requests, sum(expected_cost) AS expected
FROM decisions GROUP BY ALL ORDER BY ALL
"""

# What is the same for all rows; the columns of the context are laid over it.
CONTEXT = {
    "now": "2026-11-23T08:00:00Z",
    "key": {"environment": "production"},
    "budgets": [],
    "endpoints": {name: {"uptime": "99.9%"} for name in ("anthropic", "azure", "bedrock", "openai", "vertex")},
}


def decisions(engine: Engine, requests: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Returns a reader that decides each batch when it is read."""

    def decided() -> Iterator[pa.RecordBatch]:
        for batch in requests:
            yield pa.record_batch(engine.decide_batch(batch, CONTEXT))

    nothing = pa.RecordBatch.from_pylist([], schema=requests.schema)
    schema = pa.record_batch(engine.decide_batch(nothing, CONTEXT)).schema
    return pa.RecordBatchReader.from_batches(schema, decided())


def report(engine: Engine, rows: int) -> list[tuple[Any, ...]]:
    """Returns workload, endpoint or denial, number of requests, and dollars to expect, for each pair."""
    log = duckdb.connect()
    log.execute("SET TimeZone = 'UTC'")
    log.execute(REQUESTS, {"rows": rows})
    reader = decisions(engine, log.sql(FIELDS).to_arrow_reader(20_000))
    return duckdb.connect().register("decisions", reader).sql(REPORT).fetchall()


def main(policy: str, *catalogs: str, rows: int = 100_000) -> list[tuple[Any, ...]]:
    texts = [pathlib.Path(path).read_text(encoding="utf-8") for path in catalogs]
    engine = Engine({policy: pathlib.Path(policy).read_text(encoding="utf-8")}, texts)
    found = report(engine, rows)
    for workload, where, requests, expected in found:
        print(f"{workload or '-':10} {where:45} {requests:8} {'' if expected is None else f'${expected:.2f}':>12}")
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
