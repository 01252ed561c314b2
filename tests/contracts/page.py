"""Write the figures of docs/contracts.md: `python -m tests.contracts.page`.

Between `<!-- begin: NAME -->` and `<!-- end: NAME -->` the page is made from the artifacts, and from what transactions
take on anvil; a test compares. The rest of it is written by hand.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from registry.adapters.artifacts import CONTRACTS, load_artifact
from registry.adapters.rpc import connect
from tests.anvil import run_anvil
from tests.contracts.figures import measure
from tests.paths import REPO_ROOT

PAGE: Final = REPO_ROOT / "docs" / "contracts.md"

PROMISED: Final[Mapping[str, int]] = {
    "an anchor of a root without a zero byte": 51_500,
    "`reportUnrevocation`": 110_000,
    "`reportSlotReuse`": 120_000,
    "`reportBrokenRevocation`": 90_000,
    "`reportOverdueRevocation`": 90_000,
    "`challengeInclusion`": 100_000,
    "`answerChallenge`": 90_000,
    "`claimTimeout`": 60_000,
}
"""What a transaction takes at most, for good: whoever changes a contract keeps to it."""


def blocks(gas: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the generated parts of the page, by name, as lines."""
    return {"addresses": _addresses(), "gas": _gas(gas), "storage": _storage()}


def rewritten(page: str, generated: Mapping[str, list[str]]) -> str:
    """Return the page with its generated parts made anew.

    Raises KeyError for a part that the page does not have, or does not know.
    """
    names = re.findall(r"<!-- begin: (\w+) -->", page)
    if sorted(names) != sorted(generated):
        message = f"the page has {sorted(names)}, generated are {sorted(generated)}"
        raise KeyError(message)
    for name, lines in generated.items():
        begin, end = f"<!-- begin: {name} -->\n", f"<!-- end: {name} -->"
        before, rest = page.split(begin)
        page = before + begin + "\n" + "\n".join(lines) + "\n\n" + end + rest.split(end, 1)[1]
    return page


def measured() -> dict[str, int]:
    """Return what transactions take, on a node of our own."""
    with run_anvil() as node:
        return measure(connect(node.url))


def _addresses() -> list[str]:
    lines = [
        "| contract | address | init code, bytes | runtime code, bytes | keccak-256 of the runtime code |",
        "|---|---|---:|---:|---|",
    ]
    for name in CONTRACTS:
        artifact = load_artifact(name)
        sizes = f"{len(artifact.init_code):,} | {len(artifact.runtime_code):,}"
        lines.append(f"| {name} | `{artifact.address}` | {sizes} | `0x{artifact.runtime_code_hash.hex()}` |")
    return [
        *lines,
        "",
        f"solc {load_artifact().compiler}, optimizer with 10,000 runs, EVM version prague, no metadata.",
    ]


def _gas(gas: Mapping[str, int]) -> list[str]:
    lines = ["| transaction | gas | promised at most |", "|---|---:|---:|"]
    return lines + [f"| {row} | {taken:,} | {_promised(row)} |" for row, taken in gas.items()]


def _promised(row: str) -> str:
    return f"{PROMISED[row]:,}" if row in PROMISED else ""


def _storage() -> list[str]:
    lines = ["| contract | slot | variable | type |", "|---|---:|---|---|"]
    for name in CONTRACTS:
        layout = _layout(name)
        for entry in layout["storage"]:
            kind = layout["types"][entry["type"]]["label"]
            lines.append(f"| {name} | {entry['slot']} | `{entry['label']}` | `{kind}` |")
        if not layout["storage"]:
            lines.append(f"| {name} | | none | |")
    lines += ["", "| struct | word | bytes | member | type |", "|---|---:|---|---|---|"]
    for name in CONTRACTS:
        types = _layout(name)["types"] or {}
        for described in types.values():
            for member in described.get("members", []):
                size = int(types[member["type"]]["numberOfBytes"])
                span = f"{member['offset']} to {member['offset'] + size - 1}"
                kind = types[member["type"]]["label"]
                lines.append(
                    f"| `{described['label'][7:]}` | {member['slot']} | {span} | `{member['label']}` | `{kind}` |"
                )
    return lines


def _layout(name: str) -> Any:  # noqa: ANN401  # JSON that solc wrote
    content = (REPO_ROOT / "contracts" / "artifacts" / f"{name}.json").read_bytes()
    return json.loads(content)["storageLayout"]


def main(page: Path = PAGE) -> int:
    """Write the page."""
    page.write_text(rewritten(page.read_text(encoding="utf-8"), blocks(measured())), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
