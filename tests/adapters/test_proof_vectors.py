"""Every vector of vc-di-eddsa and vc-di-ecdsa (selective disclosure aside) and the Open Badges ones of 1EdTech.

Each step is compared: canonical document and configuration, both hashes, the bytes signed, the signature. Then the whole
document is verified as anybody would. Vectors in contexts that are not stored begin at their canonical forms, and are
`unknown` when verified. Source: w3c/vc-di-eddsa and w3c/vc-di-ecdsa, 1EdTech; see the data's own README.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from registry.adapters.contexts import ContextLibrary
from registry.adapters.json_ld import PinnedJsonLd
from registry.domain.canonical import JsonObject, parse_object
from registry.domain.check import Reason, Result
from registry.domain.cryptosuites.cryptosuite import Covered
from registry.domain.cryptosuites.rdf_labels import label_by_sha384
from registry.domain.data_integrity import ASSERTION, cover, covered_document
from registry.domain.key_lookup import derived_keys, keys_at_hand
from registry.domain.multikey import KeyAlgorithm, PublicKey
from registry.domain.proof_checking import Expected, ProofsResult, verify_proofs
from registry.domain.signatures import verify_signature
from tests.paths import SHARED_DATA
from tests.proofs import first_proof

VECTORS = SHARED_DATA / "vectors"
EDDSA = VECTORS / "vc-di-eddsa"
ECDSA = VECTORS / "vc-di-ecdsa"
CHAIN = EDDSA / "proof-set-chain"
NOW = datetime(2026, 6, 1, tzinfo=UTC)

WHOLE = [
    EDDSA / "eddsa-rdfc-2022",
    EDDSA / "eddsa-jcs-2022",
    EDDSA / "Ed25519Signature2020",
    ECDSA / "ecdsa-rdfc-2019-p256",
    ECDSA / "ecdsa-rdfc-2019-p384",
    ECDSA / "ecdsa-jcs-2019-p256",
    ECDSA / "ecdsa-jcs-2019-p384",
]
FROM_CANONICAL = [
    EDDSA / "eddsa-rdfc-2022" / "employ",
    ECDSA / "ecdsa-rdfc-2019-p256" / "employ",
    ECDSA / "ecdsa-rdfc-2019-p384" / "employ",
]


def named(folder: Path) -> str:
    return "-".join(folder.relative_to(VECTORS).parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One folder of intermediate results."""

    folder: Path

    def text(self, beginning: str) -> str:
        (file,) = self.folder.glob(f"{beginning}*.txt")
        return file.read_text(encoding="utf-8")

    def hex(self, beginning: str) -> bytes:
        return bytes.fromhex(self.text(beginning).strip())

    @property
    def document(self) -> JsonObject:
        (file,) = self.folder.glob("signed*.json")
        return parse_object(file.read_bytes())

    @property
    def key(self) -> PublicKey:
        (key,) = derived_keys(first_proof(self.document).verification_method, purpose=ASSERTION)
        assert key.public_key is not None
        return key.public_key


@cache
def json_ld() -> PinnedJsonLd:
    manifest = json.loads((SHARED_DATA / "contexts" / "MANIFEST.json").read_text(encoding="utf-8"))
    known = {entry["url"]: SHARED_DATA / "contexts" / entry["file"] for entry in manifest}
    return PinnedJsonLd(ContextLibrary({url: json.loads(path.read_bytes()) for url, path in known.items()}))


def verify(document: JsonObject, *, controller: str | None = None) -> ProofsResult:
    return verify_proofs(
        document,
        expected=Expected(purpose=ASSERTION, moment=NOW, now=NOW),
        controller=controller,
        keys=keys_at_hand([], purpose=ASSERTION),
        canonical_nquads=json_ld().canonical_nquads,
    )


@pytest.mark.parametrize("folder", WHOLE, ids=named)
def test_a_vector_comes_out_at_every_step_and_verifies(folder: Path) -> None:
    vector = Vector(folder=folder)
    document = vector.document

    covered = cover(document, first_proof(document), canonical_nquads=json_ld().canonical_nquads)

    assert covered.document.decode() == vector.text("canonDoc")
    assert covered.configuration.decode() == vector.text("proofCanon")
    assert covered.hash_data(vector.key.algorithm) == vector.hex("combinedHash")
    assert verify(document).finding.result is Result.PASS


@pytest.mark.parametrize("folder", WHOLE + FROM_CANONICAL, ids=named)
def test_a_vectors_hashes_and_signature_follow_from_its_canonical_forms(folder: Path) -> None:
    vector = Vector(folder=folder)
    proof = first_proof(vector.document)
    covered = Covered(
        document=vector.text("canonDoc").encode(),
        configuration=vector.text("proofCanon").encode(),
        canonical_form=proof.suite.canonical_form,
    )
    signature = proof.signature

    data = covered.hash_data(vector.key.algorithm)

    assert data == vector.hex("proofHash") + vector.hex("docHash") == vector.hex("combinedHash")
    assert signature == vector.hex("sigHex")
    assert verify_signature(vector.key, signature=signature, data=data)
    assert not verify_signature(vector.key, signature=signature, data=data[:-1] + bytes([data[-1] ^ 1]))


@pytest.mark.parametrize("folder", FROM_CANONICAL, ids=named)
def test_a_vector_in_a_context_that_is_not_stored_is_neither_forged_nor_fine(folder: Path) -> None:
    finding = verify(Vector(folder=folder).document).finding

    assert (finding.result, finding.reason) == (Result.UNKNOWN, Reason.UNKNOWN_CONTEXT)


@pytest.mark.parametrize("folder", WHOLE, ids=named)
def test_no_value_of_a_signed_vector_can_be_changed(folder: Path) -> None:
    document = Vector(folder=folder).document

    for changed in changed_documents(document):
        assert verify(changed).finding.result is not Result.PASS, changed


def changed_documents(document: JsonObject) -> Iterator[JsonObject]:
    def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401  # any JSON
        inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for name, member in inside:
            yield from places(member, (*path, name))
        if not isinstance(value, dict | list):
            yield path

    for path in places(document):
        changed: Any = copy.deepcopy(document)
        place = changed
        for step in path[:-1]:
            place = place[step]
        text = place[path[-1]]
        at = text.find("3") if "3" in text else len(text) // 2
        place[path[-1]] = text[:at] + ("4" if text[at] == "3" else "x") + text[at + 1 :]
        yield cast("JsonObject", changed)


@pytest.mark.parametrize("name", ["signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2"])
def test_the_w3c_sets_and_chains_verify(name: str) -> None:
    result = verify(parse_object((CHAIN / f"{name}.json").read_bytes()))

    assert result.finding.result is Result.PASS
    assert all(proof.finding.reason is Reason.SIGNED for proof in result.results)


@pytest.mark.parametrize(("signed", "temporary", "at"), [(1, 1, 2), (2, 2, 3)])
def test_a_chained_proof_covers_what_the_vector_says(signed: int, temporary: int, at: int) -> None:
    document = parse_object((CHAIN / f"signedProofChain{signed}.json").read_bytes())
    proofs = document["proof"]
    assert isinstance(proofs, list)
    chained = proofs[at]
    assert isinstance(chained, dict)

    covered = covered_document(document, first_proof({"proof": [chained, *proofs[:at]]}))

    assert covered == parse_object((CHAIN / f"proofChainTempDoc{temporary}.json").read_bytes())


def test_a_link_taken_out_of_or_changed_in_a_chain_breaks_it() -> None:
    document = parse_object((CHAIN / "signedProofChain2.json").read_bytes())
    proofs = document["proof"]
    assert isinstance(proofs, list)

    for at in range(3):
        without: JsonObject = {**document, "proof": [proof for number, proof in enumerate(proofs) if number != at]}
        assert verify(without).finding.reason is Reason.MALFORMED_PROOF, at
    for at in range(4):
        proof = proofs[at]
        assert isinstance(proof, dict)
        later: JsonObject = {**proof, "created": "2023-02-27T00:00:00Z"}
        changed: JsonObject = {**document, "proof": [*proofs[:at], later, *proofs[at + 1 :]]}
        result = verify(changed)
        assert result.finding.result is Result.FAIL, at
        # What is built on the changed proof covers it, and falls with it; what it is built on stands.
        assert [found.finding.result is Result.PASS for found in result.results[:at]] == [True] * at


def test_the_two_1edtech_badge_pages_verify_whole() -> None:
    """The pages show the same key and proof in their final form; the CLR's own proof stands last."""
    import re  # only this test reads pages

    for name, folder in (("ob", "obv3p0"), ("clr", "clrv2p0")):
        page = (VECTORS / "ob3-1edtech" / f"linked-data-proof-{name}.html").read_text(encoding="utf-8")
        shown = re.search(r'title="Credential">\s*(\{.*?\n\s*\})\s*</pre', page, re.DOTALL)
        assert shown is not None
        document = parse_object(shown[1].encode())
        values = re.findall(r'"proofValue":\s*"(z[A-Za-z0-9]+)"', page)
        created = re.findall(r'"created":\s*"([^"]+)"', page)
        proof: JsonObject = {
            "type": "DataIntegrityProof",
            "created": created[-1],
            "verificationMethod": "https://example.edu/issuers/565049#z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi",
            "cryptosuite": "eddsa-rdfc-2022",
            "proofPurpose": "assertionMethod",
            "proofValue": values[-1],
        }
        secured: JsonObject = {**document, "proof": [proof]}
        (key,) = derived_keys(
            "did:key:z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi#z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi",
            purpose=ASSERTION,
        )
        assert key.public_key is not None

        covered = cover(secured, first_proof(secured), canonical_nquads=json_ld().canonical_nquads)

        canonical = (VECTORS / "ob3-1edtech" / folder / "document-canon.txt").read_text(encoding="utf-8")
        assert covered.document.decode().strip() == canonical.strip(), name
        assert verify_signature(
            key.public_key, signature=first_proof(secured).signature, data=covered.hash_data(KeyAlgorithm.ED25519)
        ), name


def test_blank_nodes_are_labelled_by_the_hash_of_the_keys_curve() -> None:
    """The same document under both keys: the vectors' lines differ, and each follows from the other's quads."""
    by_256 = Vector(folder=ECDSA / "ecdsa-rdfc-2019-p256" / "employ").text("canonDoc")
    by_384 = Vector(folder=ECDSA / "ecdsa-rdfc-2019-p384" / "employ").text("canonDoc")

    assert by_256 != by_384
    assert label_by_sha384(by_256.encode()).decode() == by_384
    assert label_by_sha384(by_384.encode()).decode() == by_384
