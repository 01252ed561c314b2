"""Gathering what endorsements inside a badge are judged by: what their proofs cover, and their signers' DID documents.

Nothing is fetched unless the verifier allowed DIDs to be resolved, and then of a handful of signers only.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.did_document import DidDocument, parse_did_document
from registry.domain.endorsements import MAX_ENDORSEMENTS, Endorsement, FoundEndorsement, find_endorsements
from registry.domain.errors import CredrootError
from registry.domain.proof_checking import cover_document
from registry.domain.vc_form import issuer_id
from registry.ports import Clock, DidResolver, JsonLd

MAX_ENDORSERS: Final = 8
"""DIDs resolved for the endorsements of one document: a badge must not make a verifier call half the world."""
MAX_ENDORSERS_TIME: Final = timedelta(seconds=10)
"""For all of their DIDs, as for the issuer's: eight slow hosts would hold a thread for more than a minute. What was begun is ended."""
MAX_ENDORSED_BYTES: Final = 524_288
"""Of all endorsements that are looked at, each counted with those inside it: twice the largest document that is read.
Side by side they are no larger than the badge; one inside the other, thirty deep, each would cost as much as all of it."""


class EndorsementGatherer:
    """Gathers endorsements. Raises nothing: what cannot be had leaves an endorsement undecided."""

    def __init__(self, *, clock: Clock, json_ld: JsonLd, did_resolver: DidResolver) -> None:
        self._clock = clock
        self._json_ld = json_ld
        self._did_resolver = did_resolver

    def gather(self, document: JsonObject, *, resolve: bool) -> tuple[tuple[Endorsement, ...], tuple[str, ...]]:
        """Return the endorsements of a document and notes on what was left out."""
        found = find_endorsements(document)
        affordable = tuple(_affordable(found[:MAX_ENDORSEMENTS]))
        signers: dict[str, DidDocument | None] = {}
        until = self._clock.now() + MAX_ENDORSERS_TIME
        endorsements = tuple(
            Endorsement(
                where=item.where,
                document=item.document,
                covered=cover_document(item.document, canonical_nquads=self._json_ld.canonical_nquads),
                signer=self._signer(issuer_id(item.document), signers, until=until) if resolve else None,
            )
            for item in affordable
        )
        left_out = f"Only the first {len(affordable)} endorsements were looked at."
        return endorsements, (left_out,) if len(found) > len(affordable) else ()

    def _signer(
        self, did: str | None, signers: dict[str, DidDocument | None], *, until: datetime
    ) -> DidDocument | None:
        if did is None or not did.startswith("did:web:"):
            return None
        if did not in signers and len(signers) < MAX_ENDORSERS and self._clock.now() < until:
            try:
                signers[did] = parse_did_document(parse_object(self._did_resolver.resolve(did).content))
            except CredrootError:
                # The endorsement's proof is then by a key that is not at hand, and its note says so.
                signers[did] = None
        return signers.get(did)


def _affordable(found: Sequence[FoundEndorsement]) -> Iterator[FoundEndorsement]:
    """Yield endorsements as long as they are not too many bytes together."""
    size = 0
    for item in found:
        size += len(canonicalize(item.document))
        if size > MAX_ENDORSED_BYTES:
            return
        yield item
