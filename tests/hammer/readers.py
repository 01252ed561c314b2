"""Those who read: receipts, status lists, verdicts. Nothing is believed; each answer is proved, or compared with what was acknowledged."""

import base64
import gzip
import time
from dataclasses import dataclass
from datetime import datetime
from random import Random
from threading import local
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from web3 import Web3

from registry.adapters.artifacts import load_artifact
from registry.adapters.expiring_cache import FAILURE_SECONDS
from registry.adapters.rpc import connect
from registry.domain.slot import LIST_SIZE, Purpose
from tests.demo.hashlib_verifier import check_receipt
from tests.hammer.client import Answered, Client
from tests.hammer.ledger import Held
from tests.hammer.scene import CREDENTIALS, Scene

_threads = local()
PURPOSES: Final = (Purpose.REVOCATION, Purpose.SUSPENSION)
_Words: TypeAlias = set[str]


def read_something(scene: Scene, client: Client, chance: Random) -> None:
    """Read one thing about somebody, and check it."""
    held = scene.ledger.pick(chance)
    if held is None:
        scene.pause(chance, at_most=0.5)
        return
    reads = (read_receipt, read_list, read_verdict, read_document)
    chance.choices(reads, (6, 2, 2, 1))[0](scene, client, held)
    scene.pause(chance, at_most=0.25)


def read_receipt(scene: Scene, client: Client, held: Held) -> None:
    """Prove a receipt: by hashing alone to its roots, by the chain that these are the log's, by the ledger its bits."""
    known_at, was_revoked, status_known = held.anchored_at, held.seen_revoked.get("receipt"), held.status_epoch
    answered = client.send("receipt", "GET", f"/receipts/{held.leaf}")
    if not scene.expect(f"receipt of {held.leaf}", answered=answered, wanted=(200, 404)):
        return
    with scene.tally.checking(f"receipt of {held.leaf}"):
        if answered.response.status_code == 404:
            assert answered.code == "not-yet-anchored", answered.code
            assert known_at is None or known_at > answered.begun, "there was one before"
            scene.tally.count("receipts", "not yet")
            return
        receipt = answered.json
        bits = check_receipt(held.document, receipt)
        assert set(bits) == set(PURPOSES if held.suspendable else PURPOSES[:1]), bits
        node = _node(scene)
        _check_anchor(node, receipt, held)
        held.anchor, held.anchored_at = receipt["anchor"], held.anchored_at or answered.ended
        for proof in receipt["status"]:
            assert node.root(proof["epoch"]) == proof["root"], "the chain has another root, or none yet"
            _check_epoch_of_status(scene, client, held, proof, bits[proof["purpose"]])
        newest = min(proof["epoch"] for proof in receipt["status"])
        assert status_known[0] > answered.begun or newest >= status_known[1], "an older epoch than before"
        held.status_epoch = max(held.status_epoch, (answered.ended, newest), key=lambda known: known[1])
        _check_terminal(held, "receipt", was_revoked, answered, bits["revocation"])
        _check_place(scene, held, receipt["anchor"]["epoch"])
        scene.ledger.note_final(newest)
        scene.tally.count("receipts", "proved")


def read_list(scene: Scene, client: Client, held: Held) -> None:
    """Compare a served list, bit by bit, with everything that was acknowledged of it, and nothing else set."""
    was_revoked = held.seen_revoked.get("list")
    for entry in _entries(held.document):
        purpose = Purpose(entry["statusPurpose"])
        answered = client.send("list", "GET", urlsplit(entry["statusListCredential"]).path)
        if not scene.expect("list", answered=answered, wanted=(200,)):
            continue
        with scene.tally.checking(f"list {held.list_number} of {purpose}"):
            shown = _set_bits(answered.json)
            _compare_list(scene, held.list_number, purpose, shown, answered)
            if purpose is Purpose.REVOCATION:
                _check_terminal(held, "list", was_revoked, answered, held.list_index in shown)
            scene.tally.count("lists", "compared")


def read_verdict(scene: Scene, client: Client, held: Held) -> None:
    """Have the service verify: the word must be one that what was acknowledged allows."""
    known_at, cut = held.anchored_at, scene.ledger.newest_final_cut()
    trusted = {"trustLogs": [str(scene.fleet.log)]}
    answered = client.send("verify", "POST", "/v1/verify", json={"credential": held.document, "options": trusted})
    if not scene.expect("verify", answered=answered, wanted=(200,)):
        return
    word = answered.json["verdict"]
    scene.tally.count("verdicts", word)
    allowed = words_allowed(held, first=answered.begun, last=answered.ended, cut=cut)
    if known_at is not None and known_at < answered.begun:
        allowed.discard("not-yet-anchored")
    # A did:web document is fetched from the first service: while that is down, and while the failure is remembered, not
    # to know is the truth.
    if scene.outages.touch(0, first=answered.begun - FAILURE_SECONDS, last=answered.ended):
        allowed.add("indeterminate")
    if word not in allowed:
        told = [check for check in answered.json["checks"] if check["result"] not in {"pass", "skipped"}]
        scene.tally.violated(f"verdict on {held.leaf}: {word}, expected {' or '.join(sorted(allowed))}: {told}")


def read_document(scene: Scene, client: Client, held: Held) -> None:
    """Compare the stored document and its standing with what was acknowledged."""
    answered = client.send("document", "GET", f"{CREDENTIALS}/{held.id}/document")
    if scene.expect("document", answered=answered, wanted=(200,)) and answered.json != held.document:
        scene.tally.violated(f"the document of {held.id} is another one")


def words_allowed(held: Held, *, first: float, last: float, cut: float) -> _Words:
    """Return the words that a verdict given between two moments may have; `cut` is of the newest final epoch before."""
    revoked = held.possible(Purpose.REVOCATION, first=first, last=last)
    # A suspension holds while an epoch that is current has it, or the list that is served.
    suspended = held.possible(Purpose.SUSPENSION, first=min(cut, first), last=last)
    served = held.possible(Purpose.SUSPENSION, first=first, last=last)
    words: _Words = set()
    if True in revoked:
        words.add("revoked")
    if False in revoked:
        words |= {"suspended"} if True in suspended else set()
        words |= {"valid", "not-yet-anchored"} if False in served else set()
    return words


def note_epochs(scene: Scene, client: Client, chance: Random) -> None:
    """Follow the log: no number ever goes back, and every epoch is remembered with its moment."""
    before = scene.tally.number("epochs", "sealed"), scene.tally.number("epochs", "final")
    answered = client.send("log", "GET", "/v1/log")
    if not scene.expect("log", answered=answered, wanted=(200,)):
        return
    newest, final = answered.json["newestEpoch"], answered.json["newestFinalEpoch"]
    if newest < before[0] or final < before[1]:
        scene.tally.violated(f"the log went back from {before} to {(newest, final)}")
    for number in range(before[0] + 1, newest + 1):
        _epoch(scene, client, number, seen_at=answered.ended)
    scene.tally.count("epochs", "sealed", max(0, newest - before[0]))
    scene.tally.count("epochs", "final", max(0, final - before[1]))
    for number in range(before[1] + 1, final + 1):
        known = scene.ledger.epoch(number)
        if known is not None:
            scene.tally.time("an epoch from sealed to final", answered.ended - known[0])
    scene.ledger.note_final(final)
    scene.pause(chance, at_most=0.8)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """The chain, as one thread sees it: in its finalized block."""

    web3: Web3
    contract: Any  # Any: web3 gives it no type
    log: int

    def root(self, epoch: int) -> str:
        block = self.web3.eth.get_block("finalized")["number"]
        return bytes(self.contract.functions.rootAt(self.log, epoch).call(block_identifier=block)).hex()


def _node(scene: Scene) -> _Node:
    if not hasattr(_threads, "node"):
        web3, log = connect(scene.fleet.stage.rpc_url), scene.fleet.log
        contract = web3.eth.contract(address=Web3.to_checksum_address(log.contract), abi=load_artifact().abi)
        _threads.node = _Node(web3=web3, contract=contract, log=log.number)
    node: _Node = _threads.node
    return node


def _check_anchor(node: _Node, receipt: dict[str, Any], held: Held) -> None:
    anchor = receipt["anchor"]
    assert held.anchor in (None, anchor), f"it was anchored before as {held.anchor}, now as {anchor}"
    assert node.root(anchor["epoch"]) == receipt["root"], "the chain has another root, or none yet"
    mined = node.web3.eth.get_transaction_receipt(anchor["transaction"])
    assert (mined["blockNumber"], mined["status"]) == (anchor["blockNumber"], 1), mined
    assert "0x" + bytes(mined["blockHash"]).hex() == anchor["blockHash"], "another block"


def _check_epoch_of_status(scene: Scene, client: Client, held: Held, proof: dict[str, Any], bit: bool) -> None:
    sealed_at, seen_at = _epoch(scene, client, proof["epoch"], seen_at=time.time())
    possible = held.possible(Purpose(proof["purpose"]), first=sealed_at, last=seen_at)
    assert bit in possible, f"epoch {proof['epoch']} of {sealed_at} has {bit} for {proof['purpose']}: {held.changes}"


def _check_terminal(held: Held, source: str, before: float | None, answered: Answered, revoked: bool) -> None:
    assert revoked or before is None or before > answered.begun, "it was revoked before, and is not any more"
    if revoked and source not in held.seen_revoked:
        held.seen_revoked[source] = answered.ended


def _check_place(scene: Scene, held: Held, epoch: int) -> None:
    """What was acknowledged before an epoch was sealed is in that one or an earlier one."""
    before = scene.ledger.epoch(epoch - 1)
    assert before is None or held.acknowledged > before[0], f"epoch {epoch - 1} of {before} passed it over: {held}"


def _epoch(scene: Scene, client: Client, number: int, *, seen_at: float) -> tuple[float, float]:
    known = scene.ledger.epoch(number)
    if known is None:
        shown = client.send("epoch", "GET", f"/v1/epochs/{number}").json
        sealed_at = datetime.fromisoformat(shown["sealedAt"]).timestamp()
        scene.ledger.note_epoch(number, sealed_at=sealed_at, seen_at=seen_at)
        known = sealed_at, seen_at
    return known


def _compare_list(scene: Scene, number: int, purpose: Purpose, shown: set[int], answered: Answered) -> None:
    members = {held.list_index: held for held in scene.ledger.all() if held.list_number == number}
    assert shown <= set(members), f"bits that nobody asked for: {shown - set(members)}"
    for index, held in members.items():
        possible = held.possible(purpose, first=answered.begun, last=answered.ended)
        assert (index in shown) in possible, f"{held.leaf} is {index in shown}: {held.changes}"


def _set_bits(document: dict[str, Any]) -> set[int]:
    encoded = document["credentialSubject"]["encodedList"].removeprefix("u")
    data = gzip.decompress(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    assert len(data) * 8 == LIST_SIZE, len(data)
    return {8 * place + bit for place, byte in enumerate(data) if byte for bit in range(8) if byte >> (7 - bit) & 1}


def _entries(document: dict[str, Any]) -> list[dict[str, Any]]:
    status = document["credentialStatus"]
    return status if isinstance(status, list) else [status]
