"""Draw the figures of a run: reads results.json, writes plot.svg beside it. Runs in an environment of its own."""

import json
import sys
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

WIDTH_INCHES: Final = 9
BAR_INCHES: Final = 0.5


def draw(results: Path) -> Path | None:
    """Draw the rates of a run, one bar each, on a logarithmic axis; None when it measured none."""
    rates: list[dict[str, Any]] = json.loads(results.read_text(encoding="utf-8"))["rates"]
    if not rates:
        return None
    # The same file from the same figures: no date, no random names of shapes.
    mpl.rcParams["svg.hashsalt"] = "credroot"
    figure, axes = plt.subplots(figsize=(WIDTH_INCHES, BAR_INCHES * len(rates) + 1.2), layout="constrained")
    names, values = [rate["name"] for rate in rates], [rate["per_second"] for rate in rates]
    bars = axes.barh(names, values, color=["#1f6f8b" if rate["ours"] else "#a0a7ab" for rate in rates])
    axes.bar_label(bars, [f"{value:,.0f}/s" for value in values], padding=4)
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.invert_yaxis()
    axes.set_xlabel("badges a second (logarithmic), medians of one run on one machine")
    axes.spines[["top", "right"]].set_visible(False)
    drawn = results.with_name("plot.svg")
    figure.savefig(drawn, metadata={"Date": None})
    return drawn


if __name__ == "__main__":
    sys.stdout.write(f"plot: {draw(Path(sys.argv[1])) or 'none, no rates were measured'}\n")
