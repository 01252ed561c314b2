"""One vector: a credential, its receipt, and what a verifier must say of them."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from registry.domain.canonical import JsonObject
from registry.domain.check import CheckId, Reason, Result
from registry.domain.verdict import Word
from tests.vectors.scene import SOURCE

# Documents are read by JSON path here, as a forger would.
Json: TypeAlias = dict[str, Any]

Outcome: TypeAlias = tuple[Word, CheckId, Result, Reason]

STATUS_CHECKS: Final = frozenset({CheckId.REVOCATION, CheckId.SUSPENSION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A file of `good/`, `bad/` or `light/`."""

    name: str
    description: str
    document: JsonObject | str
    """A string is the text of the file, where the spelling itself is the point."""
    receipt: JsonObject | str | None
    word: Word
    check: CheckId
    result: Result
    reason: Reason
    also: Mapping[CheckId, tuple[Result, Reason]] = field(default_factory=dict)
    """Whatever else does not pass: a consequence of the same change, never another fault."""
    did_document: JsonObject | None = None
    """Where the issuer's document is another one than in `issuers.json`."""
    block_hash: bytes | None = None
    """Judge by the light part at this block, with no chain."""
    code_hash: bytes | None = None
    """Of the contract, where a light part is judged."""

    def to_bytes(self) -> bytes:
        """Write the file: a member a line."""
        document = {"credentialText" if isinstance(self.document, str) else "credential": self.document}
        receipt = {"receiptText" if isinstance(self.receipt, str) else "receipt": self.receipt}
        expected = {"check": self.check, "result": self.result, "reason": self.reason}
        also = {check: [result, reason] for check, (result, reason) in self.also.items()}
        members = {
            "source": SOURCE,
            "description": self.description,
            "expected": {"verdict": self.word, **expected, "also": also},
            **({} if self.did_document is None else {"didDocument": self.did_document}),
            **({} if self.block_hash is None else {"blockHash": f"0x{self.block_hash.hex()}"}),
            **({} if self.code_hash is None else {"codeHash": f"0x{self.code_hash.hex()}"}),
            **document,
            **receipt,
        }
        return lines(members)


def lines(members: Mapping[str, object]) -> bytes:
    """Write an object with one member a line."""
    written = [f"{json.dumps(name)}: {compact(value)}" for name, value in members.items()]
    return ("{\n" + ",\n".join(written) + "\n}\n").encode()


def compact(value: object) -> str:
    """Write a value on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def changed(document: JsonObject) -> Json:
    """Return a copy to change."""
    return copy.deepcopy(document)


def flip(text: str, bit: int = 0) -> str:
    """Return hex digits with one bit changed."""
    data = bytearray.fromhex(text)
    data[bit // 8] ^= 0x80 >> bit % 8
    return data.hex()
