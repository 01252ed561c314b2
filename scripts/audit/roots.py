"""The roots of one epoch, rebuilt from its manifest and compared with the chain (protocol section 5).

    lists -> revocation, suspension root -> status root \
                                                          root = rootAt(log, epoch)
    batches -> credentials root ------------------------ /

A manifest states every root on the way. Each edge is looked at by itself: where a stated value and the rebuilt one
differ, either may be what the next edge up leads from, so that one false value makes one finding. What counts against
the log later (slots, bits) must be proved: it leads from rebuilt values to the root on the chain.
"""

from dataclasses import dataclass
from itertools import product

from registry.domain.epoch import credentials_root, epoch_root, status_root
from registry.domain.hashing import Digest
from registry.domain.manifest import Manifest
from registry.domain.slot import Purpose
from registry.domain.status_tree import purpose_root
from scripts.audit.finding import Code, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """What of an epoch is proved to be what the log anchored."""

    credentials: bool
    """The batch roots."""
    revocation: bool
    """The roots of the revocation lists."""


def check_roots(ledger: Ledger, manifest: Manifest, *, anchored: Digest) -> Proved:
    """Rebuild the roots of an epoch from its batch roots and list roots up to the one that is anchored."""
    credentials = credentials_root([batch.root for batch in manifest.batches])
    revocation = purpose_root(manifest.list_roots(Purpose.REVOCATION))
    suspension = purpose_root(manifest.list_roots(Purpose.SUSPENSION))
    _compare(ledger, manifest, Code.CREDENTIALS_ROOT_DIFFERS, manifest.credentials_root, credentials)
    _compare(ledger, manifest, Code.REVOCATION_ROOT_DIFFERS, manifest.revocation_root, revocation)
    _compare(ledger, manifest, Code.SUSPENSION_ROOT_DIFFERS, manifest.suspension_root, suspension)
    revocations, suspensions = {manifest.revocation_root, revocation}, {manifest.suspension_root, suspension}
    statuses = _pairs(revocations, suspensions)
    _compare_edge(ledger, manifest, Code.STATUS_ROOT_DIFFERS, manifest.status_root, statuses)
    statuses = {manifest.status_root, *statuses}
    all_credentials = {manifest.credentials_root, credentials}
    _check_root(ledger, manifest, anchored=anchored, rebuilt=_epoch_roots(all_credentials, statuses))
    return Proved(
        credentials=anchored in _epoch_roots({credentials}, statuses),
        revocation=anchored in _epoch_roots(all_credentials, _pairs({revocation}, suspensions)),
    )


def _check_root(ledger: Ledger, manifest: Manifest, *, anchored: Digest, rebuilt: set[Digest]) -> None:
    if manifest.root == anchored:
        _compare_edge(ledger, manifest, Code.ROOT_DIFFERS, anchored, rebuilt)
    elif anchored in rebuilt:
        # The parts are those that were anchored; only the root is stated otherwise.
        _find(ledger, manifest, Code.ROOT_DIFFERS, anchored, manifest.root)
    else:
        _find(ledger, manifest, Code.ROOT_NOT_ANCHORED, anchored, manifest.root)


def _compare(ledger: Ledger, manifest: Manifest, code: Code, stated: Digest, rebuilt: Digest) -> None:
    _compare_edge(ledger, manifest, code, stated, {rebuilt})


def _compare_edge(ledger: Ledger, manifest: Manifest, code: Code, stated: Digest, rebuilt: set[Digest]) -> None:
    if stated in rebuilt:
        ledger.roots += 1
    else:
        _find(ledger, manifest, code, stated, min(rebuilt))


def _find(ledger: Ledger, manifest: Manifest, code: Code, expected: Digest, found: Digest) -> None:
    place = f"epochs/{manifest.epoch}/manifest.json"
    ledger.find(code, epoch=manifest.epoch, place=place, expected=expected, found=found)


def _pairs(revocations: set[Digest], suspensions: set[Digest]) -> set[Digest]:
    return {
        status_root(revocation_root=left, suspension_root=right) for left, right in product(revocations, suspensions)
    }


def _epoch_roots(credentials: set[Digest], statuses: set[Digest]) -> set[Digest]:
    return {epoch_root(credentials_root=left, status_root=right) for left, right in product(credentials, statuses)}
