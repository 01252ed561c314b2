"""One chain for all audits of a test process: each test opens a log of its own on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit_case import AuditCase, audit_case
from tests.audit_world import Node, serve_chain
from tests.court_case import CourtCase, CourtNode, court_case, serve_court


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """Serve a chain with the anchor log on it."""
    with serve_chain() as running:
        yield running


@pytest.fixture(scope="session")
def court_node() -> Iterator[CourtNode]:
    """Run a chain with the anchor log and the court on it."""
    with serve_court() as running:
        yield running


@pytest.fixture
def court(court_node: CourtNode, tmp_path: Path) -> CourtCase:
    """Return a registry with a bond and a promise key, and no epoch yet."""
    return court_case(court_node, tmp_path)


@pytest.fixture
def case(node: Node, tmp_path: Path) -> AuditCase:
    """Return a log with two honest epochs."""
    return audit_case(node, tmp_path)
