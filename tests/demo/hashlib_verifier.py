"""An independent check of receipts: hashlib and json, and not one line of the project.

What protocol sections 1 to 5 and 7 say, written again by somebody who read only them. Documents of the demonstration
hold strings, integers and no floats, for which sorted keys and no spaces are RFC 8785.
"""

import hashlib
import json
from typing import Any

ZEROS = [bytes(32)]
for _ in range(29):
    ZEROS.append(hashlib.sha256(ZEROS[-1] * 2).digest())


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def jcs(value: object) -> bytes:
    _only_plain(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def fold(leaf: bytes, path: list[dict[str, str]]) -> bytes:
    node = leaf
    for step in path:
        ((side, sibling),) = step.items()
        other = bytes.fromhex(sibling)
        node = sha(other + node) if side == "left" else sha(node + other)
    return node


def slot_of(document: dict[str, Any]) -> int:
    entries = document["credentialStatus"]
    entry = entries[0] if isinstance(entries, list) else entries
    return int(entry["statusListCredential"].rsplit("/", 1)[1]) * 131_072 + int(entry["statusListIndex"])


def check_receipt(document: dict[str, Any], receipt: dict[str, Any]) -> dict[str, bool]:
    """Check everything of a receipt that needs no chain; return the bit of each purpose."""
    slot = slot_of(document)
    leaf = sha(jcs(document))
    path = receipt["path"]
    assert receipt["leaf"] == leaf.hex()
    assert receipt["slot"] == slot
    assert path[0] == {"right": (b"\0" * 4 + slot.to_bytes(28, "big")).hex()}
    assert fold(leaf, path).hex() == receipt["root"]

    header, header_path = receipt["batch"]["header"], receipt["batch"]["path"]
    inside = 1 + header["count"].bit_length()
    assert header_path[0] == {"right": "000000ff" + "00" * 28}
    assert all(list(step) == ["right"] for step in header_path[:inside])
    above = header_path[inside:]
    assert above
    assert path[-len(above) :] == above
    assert fold(sha(jcs(header)), header_path[:inside]) == fold(leaf, path[: -len(above)])
    assert sha(jcs(receipt["issuer"])).hex() == header["didDocument"]
    assert header["log"] == receipt["anchor"]["log"]

    return {proof["purpose"]: _check_status(proof, slot, receipt) for proof in receipt["status"]}


def _check_status(proof: dict[str, Any], slot: int, receipt: dict[str, Any]) -> bool:
    assert proof["log"] == receipt["anchor"]["log"]
    assert proof["epoch"] >= receipt["anchor"]["epoch"]
    listed = [bytes.fromhex(sibling) for sibling in proof["siblings"]]
    chunk = node = bytes.fromhex(proof["chunk"])
    for level in range(29):
        sibling = listed.pop(0) if proof["siblingMap"] >> level & 1 else ZEROS[level]
        node = sha(sibling + node) if slot >> 8 >> level & 1 else sha(node + sibling)
    assert listed == []
    other = bytes.fromhex(proof["otherRoot"])
    status_root = sha(node + other) if proof["purpose"] == "revocation" else sha(other + node)
    assert sha(bytes.fromhex(proof["credentialsRoot"]) + status_root).hex() == proof["root"]
    return bool(chunk[slot % 256 // 8] >> (7 - slot % 8) & 1)


def _only_plain(value: object) -> None:
    if isinstance(value, dict):
        # Sorting by code points is sorting by UTF-16 units only below the surrogates.
        assert all(name.isascii() for name in value)
        for member in value.values():
            _only_plain(member)
    elif isinstance(value, list):
        for member in value:
            _only_plain(member)
    else:
        assert value is None or isinstance(value, bool | int | str)
