"""Decides a table of requests in Spark: each part of it loads the policy and decides the batches that Arrow brings it.

    spark-submit spark_table.py support.fare market.yaml data-terms.yaml
"""

from __future__ import annotations

import os
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from faregate import Engine

SCHEMA = """
request string, outcome string, status int, denial string, workload string, endpoint string, model string,
provider string, expected_cost decimal(38,24), worst_cost decimal(38,24), attempts array<string>
"""

# What is the same for all rows; the columns of the context are laid over it.
CONTEXT = {
    "now": "2026-11-23T08:00:00Z",
    "key": {"environment": "production"},
    "budgets": [],
    "endpoints": {name: {"uptime": "99.9%"} for name in ("anthropic", "azure", "bedrock", "openai", "vertex")},
}

Texts = tuple[tuple[str, str], ...]


def decided(table: DataFrame, policies: Texts, catalogs: tuple[str, ...]) -> DataFrame:
    """Returns a row of decision for each row of a table whose columns are called as the fields of a request."""

    def decide(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # An engine is not sent; its texts are, and each part of the table compiles them once.
        serving = Engine(policies, catalogs)
        for batch in batches:
            yield pa.record_batch(serving.decide_batch(batch, CONTEXT))

    return table.mapInArrow(decide, SCHEMA)


def requests(spark: SparkSession, rows: int) -> DataFrame:
    """Returns a table as a gateway's log might give it, the same in every run."""
    i = f.col("id")

    def one_of(at: Column, *names: str) -> Column:
        return f.element_at(f.array(*map(f.lit, names)), (at + 1).cast("int"))

    return spark.range(rows).select(
        f.concat(f.lit("req-"), i.cast("string")).alias("id"),
        one_of(i % 3, "chat", "incident", "extract").alias("workload"),
        (f.lit(200) + (i * 7919) % 6000).alias("input_tokens"),
        f.lit(800).alias("max_output_tokens"),
        f.lit(300).alias("expected_output_tokens"),
        f.when(i % 4 == 0, f.array(f.lit("pii"))).when(i % 4 > 1, f.array().cast("array<string>")).alias("data"),
        f.struct(one_of(f.floor(i / 3) % 3, "free", "pro", "enterprise").alias("tier")).alias("attributes"),
        f.struct(
            f.timestamp_seconds(f.lit(1_795_420_800) + i).alias("now"),
            f.struct(one_of(i % 2, "alpha", "beta").alias("team")).alias("key"),
        ).alias("context"),
    )


def main(policy: str, *catalogs: str, rows: int = 100_000) -> list[tuple[Any, ...]]:
    # The workers are to have the packages that this program has.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    policies = ((policy, pathlib.Path(policy).read_text(encoding="utf-8")),)
    layers = tuple(pathlib.Path(path).read_text(encoding="utf-8") for path in catalogs)
    table = decided(requests(spark, rows), policies, layers)
    where = f.coalesce("endpoint", "denial").alias("where")
    report = table.groupBy("workload", where).agg(f.count("*").alias("requests"), f.sum("expected_cost").alias("expected"))
    found = [tuple(row) for row in report.orderBy("workload", "where").collect()]
    for workload, place, count, expected in found:
        print(f"{workload or '-':10} {place:45} {count:8} {'' if expected is None else f'${expected:.2f}':>12}")
    spark.stop()
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
