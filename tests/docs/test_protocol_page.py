"""The worked numbers of docs/protocol.md are those of the vectors, every digit of them."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from registry.domain.canonical import canonicalize
from registry.domain.check import CheckId
from registry.domain.slot import HEADER_WORD
from registry.domain.verdict import Word
from tests.paths import REPO_ROOT, VECTORS
from tests.vectors.reading import read_members, read_vector

PAGE: Final = (REPO_ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
DIGESTS: Final = sorted(set(re.findall(r"\b[0-9a-f]{64}\b", PAGE)))
SHORTENED: Final = sorted(set(re.findall(r"\b([0-9a-f]{8})…", PAGE)))


def h2(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(left + right).digest()


def path_nodes(leaf: bytes, path: list[dict[str, str]]) -> Iterator[str]:
    yield leaf.hex()
    for step in path:
        ((side, sibling),) = step.items()
        yield sibling
        leaf = h2(leaf, bytes.fromhex(sibling)) if side == "right" else h2(bytes.fromhex(sibling), leaf)
        yield leaf.hex()


def status_nodes(proof: dict[str, Any], slot: int) -> Iterator[str]:
    zero, node, listed = bytes(32), bytes.fromhex(proof["chunk"]), list(proof["siblings"])
    yield from listed
    for level in range(29):
        sibling = bytes.fromhex(listed.pop(0)) if proof["siblingMap"] >> level & 1 else zero
        node = h2(sibling, node) if slot >> 8 >> level & 1 else h2(node, sibling)
        yield node.hex()
        zero = h2(zero, zero)
    status = h2(node, bytes.fromhex(proof["otherRoot"]))
    root = h2(bytes.fromhex(proof["credentialsRoot"]), status)
    yield from (proof["otherRoot"], proof["credentialsRoot"], status.hex(), root.hex())


def worked_nodes() -> set[str]:
    three = read_vector(VECTORS / "good" / "batch-of-three.json").members["receipt"]
    five = read_vector(VECTORS / "good" / "batch-of-five.json").members["receipt"]
    header = hashlib.sha256(canonicalize(three["batch"]["header"])).digest()
    zeros = read_members("status")["zeroRoots"]
    return {
        *path_nodes(bytes.fromhex(three["leaf"]), three["path"]),
        *path_nodes(header, three["batch"]["path"]),
        *status_nodes(five["status"][0], five["slot"]),
        *(item["leaf"] for item in read_members("leaves")["documents"]),
        zeros[1],
        zeros[29],
        HEADER_WORD.hex(),
    }


def test_there_are_worked_numbers() -> None:
    assert len(DIGESTS) >= 15


@pytest.mark.parametrize("digest", DIGESTS)
def test_every_hash_of_the_page_is_one_of_the_worked_vectors(digest: str) -> None:
    assert digest in worked_nodes()


@pytest.mark.parametrize("start", SHORTENED)
def test_every_shortened_hash_of_the_page_begins_one_of_the_worked_vectors(start: str) -> None:
    assert any(node.startswith(start) for node in worked_nodes())


def test_the_page_has_every_check_and_every_word() -> None:
    assert [check for check in CheckId if f"| {check.number} | `{check}` |" not in PAGE] == []
    assert [word for word in Word if f"`{word}`" not in PAGE] == []
