"""axe-core over a page as it stands in the browser: WCAG 2.2 A and AA and the best practices, no violation."""

from pathlib import Path
from typing import Final

from playwright.sync_api import Page

AXE: Final = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page, one line for each kind with the first elements it is about."""
    if not page.evaluate("() => 'axe' in globalThis"):
        # Evaluated by the debugger, not loaded by the page: the page's own policy stays as it is.
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']} ({each['impact']}): {each['help']}: "
        + " | ".join(node["html"][:200] for node in each["nodes"][:3])
        for each in found["violations"]
    ]
