"""Proofs as they stand in documents (VC Data Integrity 1.0 section 2), of the suites in `cryptosuites`.

    proof set      proofs side by side, each over the document without proofs
    proof chain    a proof with `previousProof` covers the proofs it names too (section 2.1.2)

Reading tells three things apart: a proof that can be checked, one of a kind that is not known here, and one that is
broken. What breaks the proofs as a whole, such as a chain that leads nowhere, is raised. Whether they hold is judged in
`proof_checking`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.cryptosuites import find_suite
from registry.domain.cryptosuites.cryptosuite import CanonicalNquads, Covered, Cryptosuite
from registry.domain.errors import Malformed
from registry.domain.fields import write_time
from registry.domain.multikey import KeyAlgorithm, base58_decode, base58_encode
from registry.domain.one_or_many import as_items, objects_of
from registry.domain.problem import Problem
from registry.domain.signatures import SIGNATURE_SIZES
from registry.domain.timestamp import parse_time

ASSERTION: Final = "assertionMethod"
AUTHENTICATION: Final = "authentication"

MAX_PROOFS: Final = 16
"""A badge has one proof, a proof set a handful; each costs a canonicalization of its options."""
MAX_CHAINED: Final = 4
"""Proofs that build on others: each costs one of the whole document, up to a second where somebody means harm."""
MAX_DOMAINS: Final = 100
"""Domains of one proof: a presentation is made for one verifier, seldom for a few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One proof of a known suite, read from a secured document."""

    id: str | None
    suite: Cryptosuite
    verification_method: str
    """The DID URL of the key."""
    purpose: str
    created: datetime | None
    expires: datetime | None
    challenge: str | None
    domains: tuple[str, ...]
    previous: tuple[str, ...]
    """The ids of the proofs it builds on."""
    signature: bytes
    options: JsonObject
    """The proof as it stands in the document, without its value: what is signed beside the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadProof:
    """A proof that is not checked here: of an unknown kind, or broken."""

    problem: Problem
    """`proof-unsupported` for an unknown kind; any other code says what is broken."""
    id: str | None
    verification_method: str | None
    purpose: str | None


ReadProof: TypeAlias = Proof | UnreadProof


def proof_options(
    document: JsonObject,
    *,
    suite: Cryptosuite,
    verification_method: str,
    created: datetime,
    purpose: str = ASSERTION,
) -> JsonObject:
    """Write a proof that still lacks its value."""
    return {
        **suite.naming(),
        "created": write_time(created),
        "verificationMethod": verification_method,
        "proofPurpose": purpose,
        **suite.proof_context(document),
    }


def unsecured(document: JsonObject) -> JsonObject:
    """Return the document without its proofs: what a proof that stands alone covers."""
    return {name: member for name, member in document.items() if name != "proof"}


def covered_document(document: JsonObject, proof: Proof) -> JsonObject:
    """Return what a proof covers of a document: the document, and the proofs that it builds on."""
    if not proof.previous:
        return unsecured(document)
    matching: list[JsonValue] = [item for item in objects_of(document.get("proof")) if item.get("id") in proof.previous]
    return {**unsecured(document), "proof": matching}


def cover(document: JsonObject, proof: Proof, *, canonical_nquads: CanonicalNquads) -> Covered:
    """Work out what a proof of a document signs; `canonical_nquads` is the JSON-LD port's.

    Raises Malformed for a proof that does not fit the document, and what `canonical_nquads` raises, which says
    nothing about the signature.
    """
    return proof.suite.cover(covered_document(document, proof), proof.options, canonical_nquads=canonical_nquads)


def attach_proofs(document: JsonObject, proofs: Sequence[JsonObject], *, as_list: bool) -> JsonObject:
    """Return the document with these proofs in place of any others; several are a list whatever is asked for."""
    several: list[JsonValue] = list(proofs)
    return {**unsecured(document), "proof": several if as_list or len(several) != 1 else several[0]}


def encode_proof_value(signature: bytes) -> str:
    """Write a signature as multibase base58btc."""
    return "z" + base58_encode(signature)


def decode_proof_value(text: object, *, algorithms: Sequence[KeyAlgorithm]) -> bytes:
    """Read a signature from multibase base58btc, of a length that one of the algorithms has.

    Raises Malformed `malformed-proof-value`.
    """
    if not isinstance(text, str) or not text.startswith("z"):
        raise Malformed("malformed-proof-value", "expected base58btc beginning with z", where="proof.proofValue")
    try:
        signature = base58_decode(text[1:])
    except Malformed as error:
        raise Malformed("malformed-proof-value", error.message, where="proof.proofValue") from error
    sizes = sorted({SIGNATURE_SIZES[algorithm] for algorithm in algorithms})
    if len(signature) not in sizes:
        message = f"expected {' or '.join(map(str, sizes))} bytes, got {len(signature)}"
        raise Malformed("malformed-proof-value", message, where="proof.proofValue")
    return signature


def read_proofs(document: JsonObject) -> tuple[ReadProof, ...]:
    """Return all proofs of a document in their order; `proof` may be an object or an array.

    Raises Malformed: `no-proof`, `too-many-proofs`, `malformed-proof` for what is no object, for ids that stand twice
    and for chains that lead nowhere or in a circle.
    """
    objects = _objects(document.get("proof"))
    proofs = tuple(_read(item) for item in objects)
    _check_chains(objects)
    return proofs


def _objects(value: JsonValue) -> list[JsonObject]:
    items = value if isinstance(value, list) else [] if value is None else [value]
    if not items:
        raise Malformed("no-proof", "expected a proof or a list of them", where="proof")
    if len(items) > MAX_PROOFS:
        raise Malformed("too-many-proofs", f"expected at most {MAX_PROOFS}, got {len(items)}", where="proof")
    objects = [item for item in items if isinstance(item, dict)]
    if len(objects) != len(items):
        raise Malformed("malformed-proof", "expected proofs that are objects", where="proof")
    return objects


def _read(proof: JsonObject) -> ReadProof:
    try:
        return _parse(proof)
    except Malformed as error:
        return UnreadProof(
            problem=Problem.of(error),
            id=_text_or_none(proof.get("id")),
            verification_method=_text_or_none(proof.get("verificationMethod")),
            purpose=_text_or_none(proof.get("proofPurpose")),
        )


def _parse(proof: JsonObject) -> Proof:
    _text(proof, "type")
    if proof["type"] == "DataIntegrityProof":
        _text(proof, "cryptosuite")
    suite = find_suite(proof)
    if suite is None:
        kind = proof.get("cryptosuite", proof["type"])
        raise Malformed("proof-unsupported", f"expected a proof of a known suite, got {kind}", where="proof")
    created, expires = proof.get("created"), proof.get("expires")
    return Proof(
        id=_text(proof, "id") if "id" in proof else None,
        suite=suite,
        verification_method=_text(proof, "verificationMethod"),
        purpose=_text(proof, "proofPurpose"),
        created=None if created is None else parse_time(created, "proof.created"),
        expires=None if expires is None else parse_time(expires, "proof.expires"),
        challenge=_text(proof, "challenge") if "challenge" in proof else None,
        domains=_texts(proof, "domain"),
        previous=_texts(proof, "previousProof"),
        signature=decode_proof_value(proof.get("proofValue"), algorithms=suite.algorithms),
        options={name: member for name, member in proof.items() if name != "proofValue"},
    )


def _check_chains(proofs: list[JsonObject]) -> None:
    """Refuse ids that stand twice, and chains with a missing link or without a beginning."""
    ids = [proof["id"] for proof in proofs if "id" in proof]
    if len({repr(identifier) for identifier in ids}) != len(ids):
        raise Malformed("malformed-proof", "expected each id once", where="proof.id")
    links = {number: _texts(proof, "previousProof") for number, proof in enumerate(proofs)}
    if any(name not in ids for names in links.values() for name in names):
        raise Malformed("malformed-proof", "expected the id of another proof", where="proof.previousProof")
    chained = sum(map(bool, links.values()))
    if chained > MAX_CHAINED:
        message = f"expected at most {MAX_CHAINED} that build on others, got {chained}"
        raise Malformed("too-many-proofs", message, where="proof.previousProof")
    settled: set[str] = set()
    waiting = dict(links)
    while waiting:
        ready = [number for number, names in waiting.items() if settled.issuperset(names)]
        if not ready:
            raise Malformed("malformed-proof", "expected a chain with a beginning", where="proof.previousProof")
        for number in ready:
            del waiting[number]
            identifier = proofs[number].get("id")
            if isinstance(identifier, str):
                settled.add(identifier)


def _text(proof: Mapping[str, JsonValue], name: str) -> str:
    value = proof.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed("malformed-proof", "expected a text", where=f"proof.{name}")
    return value


def _texts(proof: Mapping[str, JsonValue], name: str) -> tuple[str, ...]:
    items = as_items(proof.get(name, []))
    texts = tuple(item for item in items if isinstance(item, str) and item)
    if len(texts) != len(items) or len(texts) > MAX_DOMAINS:
        raise Malformed("malformed-proof", f"expected a text, or at most {MAX_DOMAINS}", where=f"proof.{name}")
    return texts


def _text_or_none(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None
