"""Reading vectors back: a file of `good/` or `bad/`, and a verifier over the chain that they are judged at."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from registry.adapters.artifacts import load_artifact
from registry.chain_ports import AnchoredEvent
from registry.domain.canonical import canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.evidence import ChainBlock, KnownContract, Policy
from registry.domain.fields import read_time
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.verdict import Verdict, Word
from registry.service.verifying import Verifier, VerifyRequest
from tests.epochs import json_ld
from tests.memory_chain import MemoryChain
from tests.paths import VECTORS
from tests.verdicts import FixedClock, KnownDids


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A vector as it is stored."""

    name: str
    members: dict[str, Any]

    @property
    def credential(self) -> bytes:
        """The bytes that are presented."""
        return self._bytes("credential")

    @property
    def receipt(self) -> bytes:
        """The receipt as a file."""
        return self._bytes("receipt")

    @property
    def word(self) -> Word:
        """The verdict that must be given."""
        return Word(self.members["expected"]["verdict"])

    @property
    def check(self) -> CheckId:
        """The check that the vector is about."""
        return CheckId(self.members["expected"]["check"])

    @property
    def not_passed(self) -> dict[CheckId, tuple[Result, Reason]]:
        """Every check that must not pass, and why."""
        expected = self.members["expected"]
        stated = {expected["check"]: [expected["result"], expected["reason"]], **expected["also"]}
        return {
            CheckId(check): (Result(result), Reason(reason))
            for check, (result, reason) in stated.items()
            if result != Result.PASS
        }

    def _bytes(self, name: str) -> bytes:
        text = self.members.get(f"{name}Text")
        return canonicalize(self.members[name]) if text is None else str(text).encode()


def read_vectors(kind: str) -> list[Stored]:
    """Read `good/`, `bad/` or `light/`."""
    return [read_vector(file) for file in sorted((VECTORS / kind).glob("*.json"))]


def read_vector(file: Path) -> Stored:
    """Read one file."""
    return Stored(name=file.stem, members=json.loads(file.read_bytes()))


def read_members(name: str) -> dict[str, Any]:
    """Read one of the files beside the folders."""
    members: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_bytes())
    return members


def judge_light_vector(vector: Stored) -> Verdict:
    """Judge a vector as tests/vectors/README.md says: by its light part at its block, with no chain."""
    code_hash, block_hash = (bytes.fromhex(vector.members[name][2:]) for name in ("codeHash", "blockHash"))
    policy = Policy(
        published_contract=KnownContract(address=_chain().log.contract, code_hash=code_hash), block_hash=block_hash
    )
    request = VerifyRequest(credential=vector.credential, receipt=vector.receipt, policy=policy, resolve_did=True)
    return _verifier().verify(request)


def judge_vector(vector: Stored) -> Verdict:
    """Judge a vector as tests/vectors/README.md says: DIDs resolved, the contract known, at the block of chain.json."""
    artifact = load_artifact()
    given = vector.members.get("didDocument")
    return _verifier().verify(
        VerifyRequest(
            credential=vector.credential,
            receipt=vector.receipt,
            policy=Policy(
                published_contract=KnownContract(address=_chain().log.contract, code_hash=artifact.runtime_code_hash)
            ),
            did_document=None if given is None else canonicalize(given),
            resolve_did=True,
        )
    )


@cache
def _verifier() -> Verifier:
    documents = read_members("issuers")["documents"]
    return Verifier(
        clock=FixedClock(moment=read_time(read_members("chain")["judgedAt"], "judgedAt")),
        json_ld=json_ld(),
        did_resolver=KnownDids(documents={did: canonicalize(document) for did, document in documents.items()}),
        chain=_chain(),
        published=None,
        keccak=keccak,
    )


@cache
def _chain() -> MemoryChain:
    stored = read_members("chain")
    logs = {LogName.parse(name): [_event(item) for item in events] for name, events in stored["logs"].items()}
    first = next(iter(logs))
    block = ChainBlock(
        chain_id=first.chain_id,
        number=stored["block"]["number"],
        hash=bytes.fromhex(stored["block"]["hash"][2:]),
        time=read_time(stored["block"]["time"], "time"),
        final=True,
    )
    return MemoryChain(log=first, blocks=[block], events=logs)


def _event(item: dict[str, Any]) -> AnchoredEvent:
    return AnchoredEvent(
        epoch=item["epoch"],
        root=Digest(bytes.fromhex(item["root"])),
        transaction_hash=bytes.fromhex(item["transaction"][2:]),
        block_number=item["blockNumber"],
        block_hash=bytes.fromhex(item["blockHash"][2:]),
        block_time=read_time(item["blockTime"], "blockTime"),
    )
