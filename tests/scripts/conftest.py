"""One chain for all audits of a test process: each test opens a log of its own on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit_case import AuditCase, audit_case
from tests.audit_world import Node, serve_chain


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """Serve a chain with the anchor log on it."""
    with serve_chain() as running:
        yield running


@pytest.fixture
def case(node: Node, tmp_path: Path) -> AuditCase:
    """Return a log with two honest epochs."""
    return audit_case(node, tmp_path)
