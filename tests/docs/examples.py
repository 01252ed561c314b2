"""Write one example of each JSON form: `python -m tests.docs.examples` (`make generated`). The same bytes every time.

One story: a polytechnic issues a badge, a registry seals and anchors it, a verifier judges it, an auditor looks at a log.
The audit is that of `tests/vectors/published-2`, because a clean one has nothing to show.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from registry.adapters.published import open_published
from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.credential import FrozenAchievement, StatusPlace, build_credential
from registry.domain.cryptosuites import DEFAULT_SUITES
from registry.domain.errors import Malformed
from registry.domain.evidence import ChainBlock, KnownContract, Policy
from registry.domain.fields import read_time
from registry.domain.hashing import digest_from_hex, sha256
from registry.domain.manifest import LogFile
from registry.domain.promise import PromiseKind, choose_terms
from registry.domain.slot import Purpose, status_list_url
from registry.domain.status_tree import EMPTY_LIST
from registry.service.statuses import Statement, list_document
from registry.service.verifying import VerifyRequest
from registry.store_ports import DidMethod, IssuerRecord
from registry.web.problems import problem, status_of
from scripts.audit.chain import Anchored
from scripts.audit.finding import Ledger
from scripts.audit.run import EpochAudit
from scripts.audit.telling import as_json
from tests.badges import ACHIEVEMENT_ID, CREDENTIAL_ID, achievement, award, recipient
from tests.epochs import ISSUED_AT, NOW, STATUS_URL, Issued, Issuer, World, make_web_issuer, sign
from tests.frauds import unrevocation
from tests.memory_chain import MemoryChain, memory_chain
from tests.paths import REPO_ROOT, VECTORS
from tests.promises import COURT, promise_key
from tests.vectors.reading import read_members
from tests.vectors.scene import CONTRACT
from tests.verdicts import make_verifier

EXAMPLES: Final = REPO_ROOT / "docs" / "examples"
POLYTECHNIC: Final = "did:web:polytechnic.example"
SLOT: Final = 5 * 131_072 + 40_503


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What the examples are taken from."""

    chain: MemoryChain
    world: World
    issued: Issued

    @property
    def issuer(self) -> Issuer:
        """The polytechnic."""
        return self.issued.issuer


def examples() -> dict[str, bytes]:
    """Return every example by its file name."""
    story = _tell()
    receipt = story.world.receipt(story.issued).to_json()
    manifest = story.world.epochs[0].manifest
    documents: dict[str, Any] = {
        "credential.json": story.issued.document,
        "did-document.json": story.issuer.document,
        "batch-header.json": manifest.batches[0].header.to_json(),
        "promise.json": _promise(story),
        "receipt.json": receipt,
        "manifest.json": story.world.epochs[1].manifest.to_json(),
        "log.json": LogFile(log=story.world.log, deploy_block=1).to_json(),
        "status-list.json": _status_list(story),
        "verdict.json": _verdict(story, receipt),
        "recognition.json": [{"did": story.issuer.did, "name": "Example Polytechnic"}, "did:web:college.example"],
        "problem.json": json.loads(_problem()),
        "fraud-evidence.json": _fraud(),
    }
    written = {name: _pretty(document) for name, document in documents.items()}
    return {**written, "audit.json": _audit()}


def _tell() -> Story:
    chain = memory_chain(contract=CONTRACT)
    issuer = make_web_issuer(POLYTECHNIC, "examples: polytechnic", logs=[chain.log])
    world = World(chain=chain, issuers=(issuer,))
    badge = build_credential(
        credential_id=CREDENTIAL_ID,
        issuer={"id": issuer.did, "name": "Example Polytechnic", "url": "https://polytechnic.example"},
        achievement=FrozenAchievement(id=ACHIEVEMENT_ID, version=3, achievement=achievement(suspension=True)),
        recipient=recipient(),
        award=award(),
        status=StatusPlace(base_url=STATUS_URL, log=chain.log, slot=SLOT),
    )
    issued = Issued(document=sign(badge, issuer=issuer), issuer=issuer, slot=SLOT, suspendable=True)
    world.waiting.append(issued)
    others = [world.issue(f"Student {number}", slot=SLOT + 101 * number, issuer=issuer) for number in range(1, 4)]
    world.seal()
    world.mark(others[0], Purpose.REVOCATION)
    chain.next_time = NOW - timedelta(minutes=20)
    world.seal()
    chain.mine(NOW)
    return Story(chain=chain, world=world, issued=issued)


def _promise(story: Story) -> JsonObject:
    """What the registry says when it has taken the credential, half an hour before that is anchored."""
    terms = choose_terms(
        PromiseKind.INCLUSION,
        log=story.world.log,
        court=COURT,
        leaf=story.issued.leaf,
        slot=SLOT,
        newest_epoch=0,
        now=story.world.epochs[0].manifest.anchor.block_time - timedelta(minutes=30),
    )
    return promise_key().sign(terms).to_json()


def _status_list(story: Story) -> JsonObject:
    log, bits = story.world.log, story.world.bits.get((Purpose.REVOCATION, SLOT // 131_072), EMPTY_LIST)
    url = status_list_url(STATUS_URL, log=log, purpose=Purpose.REVOCATION, number=SLOT // 131_072)
    record = IssuerRecord(
        id=UUID(int=0),
        slug="polytechnic",
        name="Example Polytechnic",
        kind="university",
        did=story.issuer.did,
        did_method=DidMethod.WEB,
        profile=b"{}",
        did_document=story.issuer.content,
        did_document_sha256=sha256(story.issuer.content),
        cryptosuites=DEFAULT_SUITES,
        created_at=ISSUED_AT,
    )
    statement = Statement.at(ISSUED_AT, changed_at=ISSUED_AT)
    document = list_document(url, issuer=record.did, purpose=Purpose.REVOCATION, bits=bits, statement=statement)
    signed = sign(document, issuer=story.issuer)
    proofs = signed["proof"]
    # As the service serves it: consumers of status lists expect a plain object.
    return {**signed, "proof": proofs[0] if isinstance(proofs, list) else proofs}


def _verdict(story: Story, receipt: JsonObject) -> JsonObject:
    policy = Policy(
        published_contract=KnownContract(address=CONTRACT, code_hash=story.chain.code_hash),
        recognised=frozenset({story.issuer.did}),
    )
    request = VerifyRequest(
        credential=story.issued.content, receipt=canonicalize(receipt), policy=policy, resolve_did=True
    )
    return make_verifier(chain=story.chain, issuers=[story.issuer]).verify(request).to_json()


def _problem() -> bytes:
    """What `GET /receipts/{leaf}` answers when asked for something that is no hash."""
    try:
        digest_from_hex("LEAF", "leaf")
    except Malformed as error:
        return bytes(problem(status_of(error), error.code, error.message, facts={"where": error.where}).body)
    raise AssertionError


def _fraud() -> JsonObject:
    """A revocation that epoch 2 has and epoch 3 has not."""
    chain = memory_chain(contract=CONTRACT)
    world = World(chain=chain, issuers=(make_web_issuer(POLYTECHNIC, "examples: polytechnic", logs=[chain.log]),))
    student = world.issue("Student", slot=SLOT)
    world.seal()
    for value in (True, False):
        world.mark(student, Purpose.REVOCATION, value=value)
        world.seal()
    return unrevocation(world, SLOT, revoked=2, unrevoked=3).to_json()


def _audit() -> bytes:
    published = VECTORS / "published-2"
    source = open_published(str(published))
    log = source.log_file().log
    ledger = Ledger()
    audit = EpochAudit(ledger, source, log=log)
    for event in read_members("chain")["logs"][str(log)]:
        manifest = source.manifest(event["epoch"])
        if manifest is None:
            raise LookupError(f"expected epoch {event['epoch']} in {published}")
        ledger.epochs, ledger.published = ledger.epochs + 1, ledger.published + 1
        audit.rebuild(manifest, root=digest_from_hex(event["root"], "root"), event=_anchored(event))
    audit.finish()
    stored = read_members("chain")["block"]
    block = ChainBlock(
        chain_id=log.chain_id,
        number=stored["number"],
        hash=bytes.fromhex(stored["hash"][2:]),
        time=read_time(stored["time"], "time"),
        final=True,
    )
    return as_json(ledger, log=log, block=block)


def _anchored(event: Mapping[str, Any]) -> Anchored:
    return Anchored(
        epoch=event["epoch"],
        root=digest_from_hex(event["root"], "root"),
        transaction=event["transaction"],
        block_number=event["blockNumber"],
        block_hash=event["blockHash"],
        block_time=read_time(event["blockTime"], "blockTime"),
    )


def _pretty(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def main() -> None:
    """Write the examples."""
    for name, content in examples().items():
        (EXAMPLES / name).write_bytes(content)


if __name__ == "__main__":
    main()
