"""docs/api.md has every code that a submitted credential is refused with."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.paths import REPO_ROOT

SECTION: Final = (
    (REPO_ROOT / "docs" / "api.md")
    .read_text(encoding="utf-8")
    .split("## Issuers that keep their own key\n")[1]
    .split("\n## ")[0]
)
SOURCES: Final = (
    *("domain/submission.py", "domain/submission_proof.py", "domain/submission_report.py"),
    *("service/submitting.py", "service/reserving.py"),
)
_CODE: Final = re.compile(r"[a-z]+(?:-[a-z]+)+")


def codes() -> Iterator[str]:
    """Yield the constants that are spelled like codes: nothing else in these files is."""
    for source in SOURCES:
        for node in ast.walk(ast.parse((REPO_ROOT / "registry" / source).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
                yield node.value


def test_every_code_of_a_submission_is_in_the_table() -> None:
    documented = set(re.findall(r"`([a-z-]+)`", SECTION))
    # Named by their families, as in the table of problems.
    families = tuple(name.removesuffix("...") for name in re.findall(r"`([a-z-]+\.\.\.)`", SECTION))

    missing = {code for code in codes() if code not in documented and not code.startswith(families)}
    assert missing == set()
    assert len(documented) >= 50
