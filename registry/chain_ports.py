"""What the chain is asked and told: reading it and the published files, and signing for it. Protocols, with their promises.

All chain reads of one verdict or audit are made at one block, named by its hash (protocol section 8).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from registry.domain.evidence import ChainBlock
from registry.domain.fraud import Mark
from registry.domain.hashing import Digest
from registry.domain.light import LightPart
from registry.domain.log_name import LogName
from registry.domain.manifest import LogFile, Manifest, ManifestBatch, ManifestList


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorTransaction:
    """An anchoring transaction before it is signed: EIP-1559, no value, no access list."""

    chain_id: int
    contract: str
    """Its address, lower-case hex with 0x."""
    calldata: bytes
    nonce: int
    gas: int
    max_fee_wei: int
    tip_wei: int


class AnchorSigner(Protocol):
    """The anchoring account's key, wherever it is kept. What it returns is decoded and compared before it is believed."""

    @property
    def address(self) -> str:
        """The account's address, lower-case hex with 0x."""
        ...

    def sign(self, transaction: AnchorTransaction) -> bytes:
        """Return the signed transaction as it is sent; tells nobody.

        Raises Unavailable when the key cannot be asked, Refused when it is another account's.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchoredEvent:
    """The event with which the contract stored an epoch's root."""

    epoch: int
    root: Digest
    transaction_hash: bytes
    block_number: int
    block_hash: bytes
    block_time: datetime


class LogView(Protocol):
    """Logs as they are at one block. Every answer is of that block, or an exception: never of another one.

    All methods raise Unavailable: `rpc-disagree` when nodes tell different stories, another code when one of them
    gives no usable answer.
    """

    @property
    def block(self) -> ChainBlock:
        """The block."""
        ...

    def code_hash(self, contract: str) -> bytes | None:
        """Return the keccak-256 of the code at an address, None where there is none."""
        ...

    def latest_epoch(self, log: LogName) -> int:
        """Return the number of epochs anchored; the code at the contract was checked before."""
        ...

    def root_at(self, log: LogName, epoch: int) -> Digest | None:
        """Return the root of an epoch, None when there is none."""
        ...

    def marks(self, court: str, log: LogName) -> tuple[Mark, ...]:
        """Return what a court has marked a log for; the code at the court's address was checked before."""
        ...

    def anchored(self, log: LogName, epoch: int, *, hint: int | None = None) -> AnchoredEvent | None:
        """Find the event of an epoch, None when it could not be found within bounded work.

        `hint` is a block number to look at first: somebody's word, which only saves time.
        """
        ...


class ChainReader(Protocol):
    """Chooses a block of a chain and reads there."""

    def at_final_block(self, *, before: datetime | None = None) -> LogView:
        """Return a view at the newest final block, or the last one before a date.

        Raises Unavailable as the methods of the view.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LightProof:
    """A light part that proves what was asked for, and the block that it is of."""

    block: ChainBlock
    latest_epoch: int
    """Of the log, in that block."""
    part: LightPart


class LightProver(Protocol):
    """Makes light parts of receipts."""

    def prove_newest(self, log: LogName, *, anchor_epoch: int, status_epoch: int) -> LightProof:
        """Prove the roots of two epochs, and the counter, at the newest final block.

        Raises Unavailable: no node answers, its proof does not hold, or an epoch is not in that block yet.
        """
        ...


class PublishedSource(Protocol):
    """Published files of one log, from a folder or a mirror. Sizes are checked before reading; no other path is read.

    All methods raise Malformed for a file of the wrong form or size, Unavailable when it cannot be had.
    """

    def log_file(self) -> LogFile:
        """Return `log.json`."""
        ...

    def manifest(self, epoch: int) -> Manifest | None:
        """Return the manifest of an epoch, None when the epoch is not published. It says it is of that epoch."""
        ...

    def entries(self, epoch: int, batch: ManifestBatch) -> bytes:
        """Return a batch's file, of exactly the size that its header's count demands. Not compared with the root."""
        ...

    def bits(self, item: ManifestList) -> bytes:
        """Return a list's 16,384 bytes, whose SHA-256 is the manifest's. Not compared with the root."""
        ...

    def issuer_document(self, digest: Digest) -> bytes:
        """Return the DID document with that SHA-256."""
        ...
