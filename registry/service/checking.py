"""Verifying with what this registry knows: its own receipt, its own served lists, its own word of pending.

All of it is evidence like any other: the verdict compares receipts with the chain and lists with signatures.
"""

from dataclasses import dataclass, replace

from registry.domain.canonical import canonicalize
from registry.domain.errors import NotFound
from registry.domain.log_name import LogName
from registry.domain.presented import Presented, read_presented
from registry.domain.problem import Problem
from registry.domain.slot import LIST_SIZE
from registry.domain.verdict import Verdict
from registry.ports import Clock
from registry.service.proving import Receipts
from registry.service.served_lists import StatusListCopy
from registry.service.statuses import StatusLists
from registry.service.verifying import Verifier, VerifyRequest
from registry.store_ports import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWord:
    """What this registry can say of a credential itself."""

    store: Store
    clock: Clock
    receipts: Receipts
    status_lists: StatusLists


def verify_here(request: VerifyRequest, *, verifier: Verifier, own: OwnWord) -> Verdict:
    """Add what this registry knows of the credential to the request, and judge."""
    presented = read_presented(request.credential)
    return verifier.verify(_with_own_lists(_with_own_receipt(request, presented, own.receipts), presented, own))


def _with_own_receipt(request: VerifyRequest, presented: Presented, receipts: Receipts) -> VerifyRequest:
    if request.receipt is not None or isinstance(presented.leaf, Problem):
        return request
    try:
        receipt = receipts.of_leaf(presented.leaf)
    except NotFound as error:
        return replace(request, pending=error.code == "not-yet-anchored")
    return replace(request, receipt=canonicalize(receipt.to_json()))


def _with_own_lists(request: VerifyRequest, presented: Presented, own: OwnWord) -> VerifyRequest:
    slot = presented.log_slot
    if slot is None or slot.log != _own_log(own.store):
        return request
    served = []
    for purpose in slot.purposes:
        # Read now: that nothing has changed for a year makes it no older.
        now = own.clock.now()
        try:
            content = own.status_lists.serve(purpose, slot.slot // LIST_SIZE).content
        except NotFound:
            continue
        served.append(StatusListCopy(content=content, fetched_at=now))
    return replace(request, status_lists=(*request.status_lists, *served))


def _own_log(store: Store) -> LogName | None:
    with store.read() as unit:
        try:
            return unit.access.log().name
        except NotFound:
            return None
