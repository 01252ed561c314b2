"""`python -m tests.bench rates latency million --rows 1000000 --database sqlite --database postgresql --out out/bench`."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import peers
from tests.bench.latency import measure_latency
from tests.bench.million import measure_million
from tests.bench.rates import measure_rates
from tests.bench.report import write_report

DATABASES = ("sqlite", "postgresql")


def main(arguments: list[str]) -> int:
    """Measure what was asked for, and write results.json and table.md."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("what", nargs="+", choices=["rates", "latency", "million"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", action="append", choices=DATABASES)
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    chosen = parser.parse_args(arguments)
    rates = measure_rates(rounds=chosen.rounds) if "rates" in chosen.what else []
    latencies = []
    if "latency" in chosen.what:
        with tempfile.TemporaryDirectory(prefix="credroot-latency-") as folder:
            latencies = measure_latency(Path(folder) / "stage")
    millions = []
    for database in (chosen.database or DATABASES) if "million" in chosen.what else ():
        with tempfile.TemporaryDirectory(prefix="credroot-million-") as folder:
            millions.append(measure_million(Path(folder) / "stage", database=database, rows=chosen.rows))
    table = write_report(chosen.out, rates=rates, latencies=latencies, millions=millions, peer=peers.SIGNS)
    sys.stdout.write(table.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
