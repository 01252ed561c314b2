"""One credential of a did:key issuer in a log, on a chain that may be odd."""

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.evidence import Evidence, Policy
from registry.domain.verdict import Verdict, judge
from registry.service.verifying import VerifyRequest
from tests.epochs import NOW, Issued, World, build_world
from tests.memory_chain import MemoryChain, memory_chain
from tests.verdicts import default_policy, make_verifier, receipt_bytes


class Case:
    """One credential of a did:key issuer in a log, on a chain that may be odd."""

    def __init__(self, chain: MemoryChain | None = None) -> None:
        self.chain = memory_chain() if chain is None else chain
        self.world: World = build_world(self.chain)
        self.issued: Issued = self.world.issue("Ada")
        self.world.seal()
        self.chain.mine(NOW)

    def evidence(
        self,
        *,
        document: bytes | None = None,
        receipt: bytes | None = None,
        policy: Policy | None = None,
        pending: bool = False,
        with_receipt: bool = True,
    ) -> Evidence:
        whole = receipt_bytes(self.world.receipt(self.issued)) if receipt is None else receipt
        return make_verifier(chain=self.chain).gather(
            VerifyRequest(
                credential=self.issued.content if document is None else document,
                receipt=whole if with_receipt else None,
                policy=default_policy() if policy is None else policy,
                pending=pending,
            )
        )

    def verify(
        self,
        *,
        document: bytes | None = None,
        receipt: bytes | None = None,
        policy: Policy | None = None,
        pending: bool = False,
        with_receipt: bool = True,
    ) -> Verdict:
        return judge(
            self.evidence(document=document, receipt=receipt, policy=policy, pending=pending, with_receipt=with_receipt)
        )

    def unsigned(self, **members: JsonValue) -> JsonObject:
        return {name: member for name, member in {**self.issued.document, **members}.items() if name != "proof"}

    def proof(self) -> JsonObject:
        proofs = self.issued.document["proof"]
        assert isinstance(proofs, list)
        assert isinstance(proofs[0], dict)
        return proofs[0]
