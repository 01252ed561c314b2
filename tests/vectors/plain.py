"""Vectors without receipts: leaves, slots, trees, status proofs."""

from typing import Final

from registry.domain.canonical import canonicalize, parse_object
from registry.domain.hashing import hash_pair, sha256
from registry.domain.leaf import leaf_of_document, leaf_of_token
from registry.domain.log_name import LogName
from registry.domain.merkle import MerkleTree
from registry.domain.paths import path_to_json
from registry.domain.slot import LIST_SIZE, SLOT_LIMIT, Purpose, has_slot_word_form, slot_word, status_entry
from registry.domain.status import ZERO_ROOTS
from registry.domain.status_tree import EMPTY_LIST, list_root, prove_status, purpose_root, write_bit
from tests.vectors.scene import SOURCE

MAX_TREE: Final = 17
LOG: Final = LogName(chain_id=31_337, contract="0x" + "7c" * 20, number=1)

DOCUMENTS: Final = (
    "{}",
    '{"b":1,"a":[true,false,null]}',
    '{ "a" : "\\u00e9\\n\\"\\\\" , "é" : "\\u20ac" }',
    '{"\\ud83d\\ude00":1,"\\ufb33":2,"\\u00f6":3,"1":4,"\\r":5}',
    '{"n":[0,-0,1.0,0.1,1e21,1e-7,100,0.5,333333333.33333329,5e-324,9007199254740991]}',
    '{"n":-0.0,"m":1.7976931348623157e308}',
    '{"name":"Ὑπατία 김 José Слава \\u202fx"}',
)
NOT_IJSON: Final = (
    '{"a":1,"a":1}',
    '{"a":"\\ud800"}',
    '{"a":9007199254740992}',
    '{"a":9007199254740993.0}',
    '{"a":100000000000000000000}',
    '{"a":123456789012345680000000}',
    '{"a":1e20}',
    '{"a":1e400}',
    '{"a":NaN}',
    '{"a":01}',
    '{"a":1,}',
    "[]",
    "",
)
TOKENS: Final = ("eyJhbGciOiJFZERTQSJ9.e30.c2ln", "eyJhbGciOiJFZERTQSJ9.e30.c2ln~WyJzYWx0Il0~")
NOT_TOKENS: Final = ("", "a.b", "a.b.c.d", "a.b.", " a.b.c", "a.b.c\n", "a.b.ç", "a+b.c.d")
SLOTS: Final = (
    0,
    1,
    255,
    256,
    LIST_SIZE - 1,
    LIST_SIZE,
    LIST_SIZE + 1_000,
    2**32,
    SLOT_LIMIT - LIST_SIZE,
    SLOT_LIMIT - 1,
)
NODES: Final = (
    bytes(32),
    slot_word(SLOT_LIMIT - 1),
    slot_word(5, kind=1),
    slot_word(5, kind=0xFF),
    slot_word(5, kind=0x7F),
    bytes([1]) + bytes(31),
    bytes(2) + b"\x01" + bytes(29),
    bytes(4) + b"\x01" + bytes(27),
    bytes(26) + b"\x01" + bytes(5),
    bytes(27) + b"\x20" + bytes(4),
    ZERO_ROOTS[1],
)


def leaves_vectors() -> dict[str, object]:
    """Section 1: texts, their canonical form and their leaf; texts that have none."""
    return {
        "source": SOURCE,
        "documents": [_document(text) for text in DOCUMENTS],
        "notIJson": list(NOT_IJSON),
        "tokens": [{"token": token, "leaf": leaf_of_token(token).hex()} for token in TOKENS],
        "notTokens": list(NOT_TOKENS),
    }


def slot_vectors() -> dict[str, object]:
    """Section 2: slots, their words and status entries; nodes that have the form of a word or not."""
    base = "https://registry.example/status"
    return {
        "source": SOURCE,
        "slots": [
            {
                "slot": slot,
                "word": slot_word(slot).hex(),
                "entry": status_entry(base, log=LOG, purpose=Purpose.REVOCATION, slot=slot),
            }
            for slot in SLOTS
        ],
        "wordForm": [{"node": node.hex(), "isWord": has_slot_word_form(node)} for node in NODES],
    }


def tree_vectors() -> dict[str, object]:
    """Sections 3 and 5: trees of 1 to 17 leaves, their roots and all their paths."""
    trees = []
    for size in range(1, MAX_TREE + 1):
        leaves = [sha256(f"leaf {number}".encode()) for number in range(size)]
        tree = MerkleTree(leaves)
        trees.append(
            {"size": size, "root": tree.root.hex(), "paths": [path_to_json(tree.path(n)) for n in range(size)]}
        )
    return {
        "source": SOURCE,
        "leaves": [sha256(f"leaf {number}".encode()).hex() for number in range(MAX_TREE)],
        "trees": trees,
    }


def status_vectors() -> dict[str, object]:
    """Section 4: bits set in a sparse tree, the roots, and proofs of set and clear bits."""
    slots = (0, 1, 255, 256, 131_071, 131_072 + 7, 2 * LIST_SIZE + 4_096, 2**19 * LIST_SIZE, SLOT_LIMIT - 1)
    asked = (*slots, 2, 512, 3 * LIST_SIZE, SLOT_LIMIT - 2, SLOT_LIMIT - LIST_SIZE)
    bits: dict[int, bytes] = {}
    for slot in slots:
        number, index = divmod(slot, LIST_SIZE)
        bits[number] = write_bit(bits.get(number, EMPTY_LIST), index, value=True)
    roots = {number: list_root(content) for number, content in bits.items()}
    revocation, suspension, credentials = purpose_root(roots), purpose_root({}), sha256(b"credentials")
    root = hash_pair(credentials, hash_pair(revocation, suspension))
    return {
        "source": SOURCE,
        "zeroRoots": [node.hex() for node in ZERO_ROOTS],
        "setSlots": list(slots),
        "listRoots": {str(number): node.hex() for number, node in sorted(roots.items())},
        "revocationRoot": revocation.hex(),
        "suspensionRoot": suspension.hex(),
        "credentialsRoot": credentials.hex(),
        "root": root.hex(),
        "proofs": [
            {
                "slot": slot,
                "bit": int(slot in slots),
                "proof": prove_status(
                    purpose=Purpose.REVOCATION,
                    log=LOG,
                    epoch=1,
                    root=root,
                    slot=slot,
                    bits=bits.get(slot // LIST_SIZE, EMPTY_LIST),
                    list_roots=roots,
                    other_root=suspension,
                    credentials_root=credentials,
                ).to_json(),
            }
            for slot in asked
        ],
    }


def _document(text: str) -> dict[str, str]:
    document = parse_object(text.encode())
    return {
        "text": text,
        "canonical": canonicalize(document).decode(),
        "leaf": leaf_of_document(document).hex(),
    }
