"""RFC 8785's own vectors."""

import pytest

from registry.domain.canonical import canonicalize, parse_json
from tests.paths import SHARED_DATA

VECTORS = SHARED_DATA / "vectors" / "jcs-rfc8785"
NAMES = sorted(path.stem for path in (VECTORS / "input").glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_rfc_8785_vectors_come_out_to_the_byte(name: str) -> None:
    document = parse_json((VECTORS / "input" / f"{name}.json").read_bytes())

    canonical = canonicalize(document)

    assert canonical == (VECTORS / "output" / f"{name}.json").read_bytes()
    assert canonical == bytes.fromhex((VECTORS / "outhex" / f"{name}.txt").read_text())
