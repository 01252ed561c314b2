"""Logs that somebody keeps by hand: a thief's, a holder's, a registry's that cheats.

Anybody may open a log in the one contract, and anchor in it whatever they like. What keeps such a log from making a
valid credential, and a cheating registry from staying unseen, is what the demonstration shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from eth_account.signers.local import LocalAccount
from web3 import Web3

from registry.adapters.artifacts import load_artifact
from registry.adapters.deployment import open_log
from registry.adapters.networks import DEVCHAIN
from registry.adapters.rpc import connect, translated_errors
from registry.adapters.transactions import LocalSigner, anchor_calldata, sign_transaction
from registry.chain_ports import AnchorTransaction
from registry.domain.batch import BatchHeader, Entry, encode_entries, tree_leaves
from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.epoch import credentials_root, epoch_root, path_above_batch, status_root
from registry.domain.hashing import Digest, sha256
from registry.domain.manifest import LogFile, Manifest, ManifestBatch, ManifestList, batch_file_name
from registry.domain.merkle import MerkleTree
from registry.domain.receipt import Anchor, Receipt
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import EMPTY_LIST, list_root, prove_status, purpose_root

GAS = 200_000
"""Four times what an anchor takes."""
TIP_WEI = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class HandMadeEpoch:
    """An anchored epoch, its one batch and the revocation list it commits to."""

    manifest: Manifest
    document: JsonObject
    """The DID document that the batch's header commits to."""
    data: bytes
    bits: bytes


class RogueLog:
    """A log of an account's own, with one issuer and one status list."""

    def __init__(self, rpc_url: str, account: LocalAccount) -> None:
        """Open the log, or find the one the account has."""
        self._web3 = connect(rpc_url)
        self._account = account
        self._artifact = load_artifact()
        self.name = open_log(self._web3, account, artifact=self._artifact, network=DEVCHAIN).name
        self.epochs: list[HandMadeEpoch] = []

    def seal(
        self,
        entries: Sequence[Entry],
        *,
        document: JsonObject,
        bits: bytes = EMPTY_LIST,
        shown: Sequence[Entry] | None = None,
    ) -> HandMadeEpoch:
        """Anchor an epoch of one batch; `shown` is what its files will show instead of what was anchored."""
        anchored = self._draft(entries, document, bits)
        anchor = self._anchor(anchored.root)
        files = anchored if shown is None else self._draft(shown, document, bits)
        epoch = HandMadeEpoch(manifest=files.manifest(anchor), document=document, data=files.data, bits=bits)
        self.epochs.append(epoch)
        return epoch

    def receipt(self, entry: Entry, epoch: HandMadeEpoch, *, purposes: Sequence[Purpose]) -> Receipt:
        """Return a receipt as a rogue writes it: correct in itself, of the wrong log."""
        tree = MerkleTree(tree_leaves(epoch.data))
        leaves = tree_leaves(epoch.data)[0::2]
        manifest = epoch.manifest
        above = path_above_batch([tree.root], 0, status_root=manifest.status_root)
        return Receipt(
            leaf=entry.leaf,
            leaf_kind=0,
            slot=entry.slot,
            path=tree.path(2 * leaves.index(entry.leaf)) + above,
            root=manifest.root,
            anchor=manifest.anchor,
            header=manifest.batches[0].header,
            header_path=tree.path(0) + above,
            issuer=epoch.document,
            status=tuple(
                prove_status(
                    purpose=purpose,
                    log=self.name,
                    epoch=manifest.epoch,
                    root=manifest.root,
                    slot=entry.slot,
                    bits=epoch.bits if purpose is Purpose.REVOCATION else EMPTY_LIST,
                    list_roots=manifest.list_roots(purpose),
                    other_root=_other(manifest, purpose),
                    credentials_root=manifest.credentials_root,
                )
                for purpose in purposes
            ),
        )

    def publish(self, folder: Path, epochs: Sequence[HandMadeEpoch]) -> None:
        """Write the files of some epochs, as a registry that hides the others does."""
        (folder / "issuers").mkdir(parents=True, exist_ok=True)
        (folder / "log.json").write_bytes(canonicalize(LogFile(log=self.name, deploy_block=0).to_json()))
        for epoch in epochs:
            place = folder / "epochs" / str(epoch.manifest.epoch)
            place.mkdir(parents=True, exist_ok=True)
            header = epoch.manifest.batches[0].header
            (folder / "issuers" / f"{header.did_document.hex()}.json").write_bytes(canonicalize(epoch.document))
            (place / batch_file_name(0)).write_bytes(epoch.data)
            for item in epoch.manifest.lists:
                (place / item.file_name()).write_bytes(epoch.bits)
            (place / "manifest.json").write_bytes(canonicalize(epoch.manifest.to_json()))

    def _draft(self, entries: Sequence[Entry], document: JsonObject, bits: bytes) -> "_Draft":
        number = len(self.epochs) + 1
        header = BatchHeader(
            log=self.name,
            issuer=str(document["id"]),
            id=f"batch-{number}",
            count=len(entries),
            sealed=self._block_time(),
            did_document=sha256(canonicalize(document)),
        )
        list_number = entries[0].slot // LIST_SIZE
        lists = {} if bits == EMPTY_LIST else {list_number: list_root(bits)}
        return _Draft(number=number, header=header, data=encode_entries(header, entries), bits=bits, lists=lists)

    def _block_time(self) -> datetime:
        with translated_errors("reading the newest block"):
            return datetime.fromtimestamp(self._web3.eth.get_block("latest")["timestamp"], UTC)

    def _anchor(self, root: Digest) -> Anchor:
        web3 = self._web3
        with translated_errors("anchoring by hand"):
            block = web3.eth.get_block("latest")
            transaction = AnchorTransaction(
                chain_id=self.name.chain_id,
                contract=self.name.contract,
                calldata=anchor_calldata(root, self._artifact),
                nonce=web3.eth.get_transaction_count(self._account.address),
                gas=GAS,
                max_fee_wei=2 * block["baseFeePerGas"] + TIP_WEI,
                tip_wei=TIP_WEI,
            )
            sent = web3.eth.send_raw_transaction(sign_transaction(LocalSigner(self._account), transaction).raw)
            mined = web3.eth.wait_for_transaction_receipt(sent)
            time = web3.eth.get_block(mined["blockHash"])["timestamp"]
        return Anchor(
            log=self.name,
            epoch=len(self.epochs) + 1,
            transaction=Web3.to_hex(mined["transactionHash"]),
            block_number=mined["blockNumber"],
            block_hash=Web3.to_hex(mined["blockHash"]),
            block_time=datetime.fromtimestamp(time, UTC),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """An epoch before it is anchored."""

    number: int
    header: BatchHeader
    data: bytes
    bits: bytes
    lists: Mapping[int, Digest]

    @property
    def revocation_root(self) -> Digest:
        return purpose_root(self.lists)

    @property
    def status_root(self) -> Digest:
        return status_root(revocation_root=self.revocation_root, suspension_root=purpose_root({}))

    @property
    def batch_root(self) -> Digest:
        return MerkleTree(tree_leaves(self.data)).root

    @property
    def root(self) -> Digest:
        return epoch_root(credentials_root=credentials_root([self.batch_root]), status_root=self.status_root)

    def manifest(self, anchor: Anchor) -> Manifest:
        return Manifest(
            epoch=self.number,
            root=self.root,
            credentials_root=credentials_root([self.batch_root]),
            status_root=self.status_root,
            revocation_root=self.revocation_root,
            suspension_root=purpose_root({}),
            batches=(ManifestBatch(header=self.header, root=self.batch_root, entries=batch_file_name(0)),),
            lists=tuple(
                ManifestList(
                    purpose=Purpose.REVOCATION,
                    number=number,
                    root=root,
                    sha256=sha256(self.bits),
                    file_epoch=self.number,
                )
                for number, root in self.lists.items()
            ),
            anchor=anchor,
        )


def _other(manifest: Manifest, purpose: Purpose) -> Digest:
    return manifest.suspension_root if purpose is Purpose.REVOCATION else manifest.revocation_root
