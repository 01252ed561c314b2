"""The figures of a run as a table for people and as JSON for the plot."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.latency import Latency
from tests.bench.million import Million


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many badges a second, the median of several rounds."""

    name: str
    per_second: float
    low: float
    high: float
    rounds: int
    ours: bool


def write_report(
    folder: Path, *, rates: Sequence[Rate], latencies: Sequence[Latency], millions: Sequence[Million], peer: str
) -> Path:
    """Write results.json and table.md; ratios are against the rate named `peer`. Return the table's path."""
    folder.mkdir(parents=True, exist_ok=True)
    results = {
        "machine": _machine(),
        "rates": [asdict(rate) for rate in rates],
        "latencies": [asdict(latency) for latency in latencies],
        "millions": [asdict(million) for million in millions],
    }
    (folder / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    table = folder / "table.md"
    table.write_text(
        "\n".join([_machine(), "", *_rates(rates, peer), "", *_latencies(latencies), "", *_millions(millions)]) + "\n",
        encoding="utf-8",
    )
    return table


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _rates(rates: Sequence[Rate], peer: str) -> list[str]:
    measure = next((rate.per_second for rate in rates if rate.name == peer), None)
    lines = ["| what | badges/s (median) | lowest - highest | rounds | ratio |", "|---|---:|---:|---:|---:|"]
    for rate in rates:
        ratio = "" if measure is None else f"{rate.per_second / measure:.1f}x"
        spread = f"{rate.low:,.0f} - {rate.high:,.0f}"
        lines.append(f"| {rate.name} | {rate.per_second:,.0f} | {spread} | {rate.rounds} | {ratio} |")
    return [*lines, "", f"Ratios are against: {peer}, in this run."] if rates else []


def _latencies(latencies: Sequence[Latency]) -> list[str]:
    lines = [
        "| a warm verification of a | requests | median | 95 of 100 within | slowest |",
        "|---|---:|---:|---:|---:|",
    ]
    for found in latencies:
        times = " | ".join(f"{value:,.0f} ms" for value in (found.median_ms, found.p95_ms, found.worst_ms))
        lines.append(f"| {found.name} | {found.requests} | {times} |")
    return lines if latencies else []


def _millions(millions: Sequence[Million]) -> list[str]:
    lines: list[str] = []
    for found in millions:
        mebibytes, theirs = found.peak_bytes / 2**20, found.database_peak_bytes / 2**20
        steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in found.seconds.items())
        lines += [
            f"{found.credentials:,} credentials on {found.database} ({found.durability}):",
            "",
            f"- from the first upload on: {steps}; {found.rows_per_second:,.0f} credentials/s up to the anchor",
            f"- {found.transactions} transaction, {found.gas:,} gas",
            f"- peak memory of service, pool and worker {mebibytes:,.0f} MiB, of the database server {theirs:,.0f} MiB",
            f"- {found.bytes_per_credential:,} bytes stored a credential",
            f"- {found.receipts_verified:,} receipts of random ones verified with hashlib, their root read from the chain",
            "",
        ]
    return lines
